"""Erase and still verify: after an erasure no two officers open anything, HQ sees the tags withdrawn, and the log verifies."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from box_world import HR, LEGAL, BoxWorld, Party, script
from conftest import Box

from edge_agent import config
from edge_agent.domain.consent import Verb
from edge_agent.domain.recording import State
from edge_agent.errors import EdgeError, Refused
from edge_agent.subject.acting import acting
from edge_agent.vault import request, unseal
from edge_agent.vault.release import release

pytestmark = pytest.mark.acceptance

TALK = (("rep", 0, "您好，本次通话会录音"), ("customer", 4, "太贵了"), ("customer", 9, "我要投诉"))
META = 'kind = "call"\nstarted_at = 2026-11-20T09:30:00+08:00\ncustomer = "C-77"\n{}[consent]\nbasis = "{}"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[BoxWorld]:
    made = BoxWorld(tmp_path)
    yield made
    made.close()


def test_after_an_erasure_two_officers_open_nothing_and_the_log_verifies(world: BoxWorld, tmp_path: Path) -> None:
    world.register("E1")
    erased = world.call(*TALK, name="1.wav", customer="C1", rep="E1")
    other = world.call(*TALK[:2], name="2.wav", customer="C2", rep="E1")
    media, transcript = world.objects(erased.id)
    assert world.opened_by_two(media, tmp_path / "before") == script(*TALK)
    assert "投诉" in world.opened_by_two(transcript, tmp_path / "before.json").decode()
    hq = tmp_path / "hq.db"
    assert set(world.at_hq(hq).values()) == {"final"}

    # Everything an officer or a thief could have put aside: a pending request with both releases already given.
    now = world.clock.now()
    asked = request.ask(world.vault, media, purpose="put aside", hours=2, now=now)
    aside = [msgspec.json.encode(release(asked.document, officer, now=now)) for officer in (LEGAL, HR)]

    assert world.erase(Party.CUSTOMER, "C1") == [erased.id]
    for number, object_id in enumerate((media, transcript)):
        with pytest.raises(EdgeError):
            world.opened_by_two(object_id, tmp_path / f"after-{number}")
    with pytest.raises(EdgeError):
        unseal.combine(world.vault, media, aside, now=now).write(tmp_path / "after-aside")
    with pytest.raises(Refused), world.vault.open_hot(media):
        pass
    assert not list(tmp_path.glob("after*"))
    files = [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
    assert not [path for path in files if media in path.name or transcript in path.name]

    rows = world.ledger.verify_chain()
    assert rows == len(world.query("SELECT seq FROM audit"))
    assert world.ledger.recording(erased.id).state is State.EXPIRED
    assert set(world.at_hq(hq, erased.id).values()) == {"withdrawn"}
    assert set(world.at_hq(hq, other.id).values()) == {"final"}
    assert world.opened_by_two(other.id, tmp_path / "other") == script(*TALK[:2])
    world.ledger.close()
    assert BoxWorld(tmp_path, clock=world.clock).ledger.verify_chain() >= rows, "after a restart as well"


def test_the_commands_work_beside_a_running_worker(box: Box) -> None:
    """The commands as an installer has them: late consent is refused afterwards, a copy is given before, the log is intact."""
    box.start("worker")
    for n in range(2):
        box.drop(b"somebody's words %d" % n, f"{n}.wav", META.format('rep = "E1"\n' if n else "", "none"))
    box.until(lambda: len(box.query("SELECT 1 FROM recordings WHERE parked <> ''")) == 2)
    first, second = (row[0] for row in box.query("SELECT id FROM recordings ORDER BY id"))

    box.run("request", first, "--purpose", "complaint 17", "-o", box.root / "request.json")
    shares = []
    for role in ("legal", "hr"):
        shares += ["--share", box.root / f"{role}.share"]
        box.tool("edge-officer", "release", box.root / "request.json", "--key", box.key(role), "-o", shares[-1])
    box.run("unseal", first, *shares, "-o", box.root / "opened")

    box.run("subject", "export", "--customer", "C-77", "-o", box.root / "copy")
    copy = json.loads((box.root / "copy" / "subject.json").read_text())
    assert [one["recording"] for one in copy["recordings"]] == [first, second]
    assert all(one["parked"] == "no-consent" and one["shred_at"] and one["objects"] for one in copy["recordings"])
    opened, unopened = (one["openings"] for one in copy["recordings"])
    assert [one["kind"] for one in opened] == ["opening.requested", "object.opened", "opening.viewed", "opening.ended"]
    assert unopened == []
    assert not {"C-77", "complaint"} & set(json.dumps(copy).replace('"', " ").split())
    box.run("subject", "export", "--customer", "C-78", "-o", box.root / "none", code=1)
    assert not (box.root / "none").exists()

    hold = box.json("retention", "hold", "add", second, "--reason-code", "case-17")["holds"]
    assert [one["recording"] for one in hold] == [second]
    refused = box.run("subject", "erase", "--customer", "C-77", code=1)
    assert "nothing was erased" in refused.stderr
    done = box.json("consent", "withdraw", "--customer", "C-77")
    assert (done["recordings"], done["shredded"], done["held"], done["pending"]) == ([first, second], 1, 1, 0)
    box.run("consent", "record", first, "--basis", "written", code=1)
    box.run("retention", "hold", "lift", second, "--reason-code", "case-17")
    erased = box.json("subject", "erase", "--customer", "C-77")
    assert (erased["shredded"], erased["pending"]) == (1, 0) or erased["recordings"] == []
    assert box.json("status")["recordings"] == {"expired": 2}
    assert box.json("retention", "plan") == {"recordings": []}
    assert box.json("status")["audit_ok"] is True
    assert not list((box.state / "vault" / "objects").iterdir())
    assert box.stop("worker") == 0


def test_the_register_is_kept_by_pseudonym(box: Box) -> None:
    box.run("consent", "employee", "add", "E1024", "--on", "2026-11-01", "--expires", "2026-11-02")
    box.run("consent", "employee", "add", "E1025", "--basis", "collective", "--on", "2026-11-01")
    box.run("consent", "employee", "withdraw", "E1025", "--erase-past")
    box.run("consent", "employee", "add", "E1026")
    lines = box.json("consent", "employee", "list")["employees"]
    assert [one["status"] for one in lines] == ["expired", "withdrawn", "in-force"]
    table = box.run("consent", "employee", "list").stdout
    assert "E102" not in table + json.dumps(lines)
    shutil.rmtree(box.state / "run")
    for path in box.state.rglob("*"):
        assert not path.is_file() or b"E1024" not in path.read_bytes()


def test_the_worker_shreds_by_itself_what_is_due(box: Box) -> None:
    media, meta = box.root / "call.wav", box.root / "call.meta.toml"
    media.write_bytes(b"somebody's words")
    meta.write_text(META.format("", "none"))
    (line,) = box.json("ingest", media, "--meta", meta)["files"]
    (plan,) = box.json("retention", "plan")["recordings"]
    assert (plan["recording"], plan["rule"], plan["held"]) == (line["recording"], "grace", False)
    box.config.write_text(box.config.read_text() + "[consent]\ngrace_hours = 0\n")
    box.start("worker")
    box.until(lambda: box.query("SELECT state FROM recordings") == [("expired",)])

    # What another account decided, which may not touch the vault's files itself.
    box.drop(b"somebody else's words", "2.wav", META.format("", "none").replace("C-77", "C-78"))
    box.until(lambda: len(box.query("SELECT 1 FROM recordings WHERE parked <> ''")) == 1)
    with acting(config.load(box.config)) as act:
        customer = act.pseudonym(Party.CUSTOMER, "C-78")
        act.ledger.keeping.withdraw(act.statement(Party.CUSTOMER, customer, Verb.WITHDRAWN, ""))
    box.until(lambda: box.json("status")["recordings"] == {"expired": 2})
    assert box.stop("worker") == 0
    assert box.json("status")["audit_ok"] is True
