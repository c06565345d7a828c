"""One officer's share opens nothing; both together give exactly the original bytes, also to the stock `age` tool."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ORIGINAL = (b"not media, but somebody's words all the same \x00\xff" * 4096)[:-7]
META = 'kind = "call"\nstarted_at = 2026-11-20T09:30:00+08:00\n[consent]\nbasis = "none"\n'


def test_two_officers_open_exactly_the_original(box) -> None:
    media, meta = box.root / "call.wav", box.root / "call.meta.toml"
    media.write_bytes(ORIGINAL)
    meta.write_text(META)
    (line,) = box.json("ingest", media, "--meta", meta)["files"]
    assert line["state"] == "sealed"
    target = line["recording"]

    request = box.root / "request.json"
    box.run("request", target, "--purpose", "complaint 17", "-o", request)
    shares = {}
    for role in ("legal", "hr"):
        shares[role] = box.root / f"{role}.share"
        box.tool("edge-officer", "release", request, "--key", box.key(role), "-o", shares[role])

    opened = box.root / "opened"
    box.run("unseal", target, "--share", shares["legal"], "--share", shares["legal"], "-o", opened, code=1)
    box.run("unseal", target, "--share", shares["hr"], "-o", opened, code=1)
    assert not opened.exists()
    for role in ("legal", "hr"):
        assert b"AGE-SECRET-KEY" not in shares[role].read_bytes()

    identity = box.root / "identity.txt"
    both = ("--share", shares["legal"], "--share", shares["hr"])
    box.run("unseal", target, *both, "--identity", "-o", identity)
    assert shutil.which("age"), "needs the age tool: apt-get install age"
    sealed = box.state / "vault" / "objects" / f"{target}.age"
    stock = subprocess.run(["age", "-d", "-i", identity, sealed], capture_output=True, check=True)
    assert stock.stdout == ORIGINAL

    box.run("request", target, "--purpose", "complaint 17", "-o", box.root / "again.json")
    for role in ("legal", "hr"):
        shares[role] = box.root / f"{role}.again"
        box.tool("edge-officer", "release", box.root / "again.json", "--key", box.key(role), "-o", shares[role])
    box.run("unseal", target, "--share", shares["legal"], "--share", shares["hr"], "-o", opened)
    assert opened.read_bytes() == ORIGINAL

    kinds = [kind for (kind,) in box.query("SELECT kind FROM audit ORDER BY seq")]
    assert kinds.count("opening.requested") == 2
    assert kinds.count("object.opened") == 2
    assert box.json("status")["audit_ok"] is True


def test_a_manager_asks_and_everybody_is_told(box) -> None:
    media, meta = box.root / "call.wav", box.root / "call.meta.toml"
    media.write_bytes(ORIGINAL)
    meta.write_text(META)
    target = box.json("ingest", media, "--meta", meta)["files"][0]["recording"]
    manager = box.tool("edge-officer", "keygen", "--manager", "-o", box.key("manager")).split()[-1]
    (fingerprint,) = box.json("opening", "managers", "--add", manager)["managers"]

    request, intent = box.root / "request.json", box.root / "intent.json"
    box.run("request", target, "--purpose", "complaint 17", "-o", request, code=1)
    asking = ("--purpose", "complaint 17", "--minutes", 5, "-o", intent)
    box.tool("edge-officer", "ask", target, *asking, "--key", box.key("manager"))
    name = box.json("request", "--intent", intent, "-o", request)["request"]
    shares = {}
    for role in ("legal", "hr"):
        shares[role] = box.root / f"{role}.share"
        box.tool("edge-officer", "release", request, "--key", box.key(role), "-o", shares[role])
    box.start("worker")  # its duty ends windows; opening and viewing go on beside it
    box.run("opening", "open", name, "--share", shares["legal"], "--share", shares["hr"])
    for view in (1, 2):
        assert box.json("opening", "view", name, "-o", box.root / f"view{view}")["views"] == view
        assert (box.root / f"view{view}").read_bytes() == ORIGINAL
    assert box.json("opening", "end", name)["reason"] == "ended"
    box.run("opening", "view", name, "-o", box.root / "late", code=1)
    assert not (box.root / "late").exists()
    assert box.stop("worker") == 0

    told = box.root / "told"
    box.run("opening", "receipts", name, "-o", told)
    for role in ("legal", "hr"):
        key = ("--request", request, "--key", box.key(role))
        said = json.loads(box.tool("edge-officer", "receipt", told / f"receipt-{role}.json", *key, "--json"))
        assert (said["object"], said["requester"], said["views"], said["ended"]) == (target, fingerprint, 2, "ended")
    (line,) = box.json("opening", "list")["openings"]
    assert (line["state"], line["views"], line["requester"]) == ("ended", 2, fingerprint)
    kinds = [kind for (kind,) in box.query("SELECT kind FROM audit WHERE kind LIKE 'op%' OR kind = 'object.opened' ORDER BY seq")]
    assert kinds == [
        "opening.refused", "opening.requested", "object.opened", "opening.viewed", "opening.viewed", "opening.ended",
        "opening.refused",
    ]  # fmt: skip
    assert box.query("SELECT COUNT(*) FROM audit WHERE body LIKE '%complaint%'") == [(0,)]
    assert box.json("status")["audit_ok"] is True
    for folder in (Path("/dev/shm"), box.state):
        assert not list(folder.glob(f"**/{name}.json"))


def test_without_consent_nothing_is_analysed(box) -> None:
    media, meta = box.root / "call.wav", box.root / "call.meta.toml"
    media.write_bytes(ORIGINAL)
    meta.write_text(META)
    box.json("ingest", media, "--meta", meta)
    now = box.json("status")
    assert now["recordings"] == {"sealed": 1}
    assert [line["parked"] for line in now["parked"]] == ["no-consent"]
    assert box.query("SELECT COUNT(*) FROM tags") == [(0,)]
