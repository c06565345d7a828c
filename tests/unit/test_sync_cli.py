"""`edge-hq` as it is typed: exit codes, one document on stdout, keys that are never overwritten."""

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sync_world import BOX_PUBLIC, GATEWAY, NOON, TENANT, an_hq, box_sign, envelope, sealed

from edge_sync import errors, signing, wire
from edge_sync.cli import main
from edge_sync.errors import Refused, SyncError
from edge_sync.store import Accepted

HEAVY = ("paho", "cryptography", "structlog", "sqlite3", "msgspec", "zstandard", "edge_agent", "numpy")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys, edge_sync.cli\ntry: edge_sync.cli.main(['--help'])\nexcept SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "sink" in done.stdout
    assert {name.split(".")[0] for name in done.stderr.split()}.isdisjoint(HEAVY)


def test_keygen_prints_the_public_half_and_keeps_the_private_one_to_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "hq.key"
    assert main(["keygen", "-o", str(key)]) == 0
    printed = capsys.readouterr().out.strip()
    assert signing.public_key(printed) == signing.public_of(signing.load(key))
    assert key.stat().st_mode & 0o777 == 0o600


def test_keygen_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "hq.key"
    main(["keygen", "-o", str(key)])
    before = key.read_bytes()
    assert main(["keygen", "-o", str(key)]) == 1
    assert key.read_bytes() == before
    assert "never overwritten" in capsys.readouterr().err


def test_key_readable_by_others_is_refused(tmp_path: Path) -> None:
    signing.create(tmp_path / "hq.key")
    (tmp_path / "hq.key").chmod(0o644)
    with pytest.raises(Refused, match="chmod"):
        signing.load(tmp_path / "hq.key")


def test_rows_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = an_hq(tmp_path / "hq.db")
    store.commit([Accepted(envelope=envelope(n), payload=sealed(n)) for n in (1, 2, 4)], at=NOON)
    store.close()
    assert main(["rows", "--store", str(tmp_path / "hq.db"), "--json", "--limit", "2"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["n"], report["missing"], report["duplicates"], len(report["rows"])) == (3, 1, 0, 2)
    assert report["rows"][0]["data"]["tags"][0]["code"] == "price.objection"
    assert report["gateways"][0]["committed"] == 2


def test_rows_for_people_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = an_hq(tmp_path / "hq.db")
    store.commit([Accepted(envelope=envelope(1), payload=sealed(1))], at=NOON)
    store.close()
    assert main(["rows", "--store", str(tmp_path / "hq.db")]) == 0
    assert re.search(r"1 envelopes, 1 tags, 0 missing, 0 counted twice", capsys.readouterr().out)


def test_enrolled_gateway_is_in_the_store(tmp_path: Path) -> None:
    given = ["enrol", "gateway-7", "--tenant", "demo", "--key", signing.text_of(BOX_PUBLIC), "--store", str(tmp_path / "hq.db")]
    assert main(given) == 0
    store = an_hq(tmp_path / "hq.db")
    found = store.gateway("gateway-7")
    assert found is not None
    assert found.key == BOX_PUBLIC
    store.close()


def test_an_enrolled_name_keeps_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = str(tmp_path / "hq.db")
    ours, other = signing.text_of(BOX_PUBLIC), signing.text_of(signing.public_of(bytes(32)))
    assert main(["enrol", "gateway-7", "--tenant", "demo", "--key", ours, "--store", store]) == 0
    assert main(["enrol", "gateway-7", "--tenant", "demo", "--key", ours, "--store", store]) == 0
    assert main(["enrol", "gateway-7", "--tenant", "demo", "--key", other, "--store", store]) == 1
    assert "another box's key" in capsys.readouterr().err


REFUSED = {
    "rows of a database that is not there": (["rows", "--store", "{tmp}/none.db"], 1),
    "a gateway's name with a slash": (["enrol", "a/b", "--tenant", "d", "--key", "{key}", "--store", "{tmp}/hq.db"], 1),
    "a key that is none": (["enrol", "a", "--tenant", "d", "--key", "abc", "--store", "{tmp}/hq.db"], 1),
    "a sink without its key": (["sink", "--store", "{tmp}/hq.db", "--key", "{tmp}/none.key"], 1),
    "a store that is no database": (["rows", "--store", "{tmp}/text"], 70),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusal_has_its_exit_code_and_a_remedy(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, code = REFUSED[what]
    (tmp_path / "text").write_text("just text, no database" * 50)
    assert main([one.format(tmp=tmp_path, key=signing.text_of(BOX_PUBLIC)) for one in arguments]) == code
    assert " — " in capsys.readouterr().err


def test_usage_error_is_two() -> None:
    with pytest.raises(SystemExit) as left:
        main(["sink"])
    assert left.value.code == 2


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = re.findall(r"^ {4}[ │├└─]*([A-Z]\w+)  ", errors.__doc__ or "", re.MULTILINE)

    def below(kind: type[SyncError]) -> list[str]:
        return [kind.__name__, *(name for child in kind.__subclasses__() for name in below(child))]

    assert drawn == below(SyncError)


def a_checkpoint(seq: int, size: int, *, changed: bool = False) -> Accepted:
    """Of a log whose rows are numbers, without a proof."""
    import base64

    from edge_sync import checkpoint, merkle

    origin = f"sx/v1/{TENANT}/{GATEWAY}/0123abcd"
    root = merkle.root_of(merkle.leaf_hash(b"%d" % n + b"!" * changed) for n in range(size))
    signature = base64.b64encode(box_sign(checkpoint.text(origin, size, root))).decode()
    data = wire.Checkpoint(origin=origin, size=size, root=root.hex(), signature=signature)
    return Accepted(envelope=envelope(seq, data), payload=sealed(seq, data))


def test_checkpoints_are_listed_alarms_first_of_all_by_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = an_hq(tmp_path / "hq.db")
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db")]) == 0
    store.commit([a_checkpoint(1, 5)], at=NOON)
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(one["size"], one["verdict"], one["alarm"]) for one in told["checkpoints"]] == [(5, "first", False)]
    store.commit([a_checkpoint(2, 5, changed=True), a_checkpoint(3, 4)], at=NOON)
    store.close()
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db")]) == 1
    shown = capsys.readouterr().out
    assert "3 checkpoints, 2 alarms, 0 silent" in shown
    assert "forked" in shown
    assert "shrunk" in shown
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db"), "--gateway", "gateway-2"]) == 0


def test_a_gateway_whose_checkpoints_stopped_is_listed_as_silent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = an_hq(tmp_path / "hq.db")
    store.commit([a_checkpoint(1, 5)], at=NOON)
    for minutes in (10, 31):
        row = Accepted(envelope=envelope(1 + minutes), payload=sealed(1 + minutes))
        store.commit([row], at=NOON + timedelta(minutes=minutes))
        assert main(["audit", "list", "--store", str(tmp_path / "hq.db")]) == (minutes > 30)
    store.close()
    assert "1 checkpoints, 0 alarms, 1 silent" in capsys.readouterr().out
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db"), "--silence-minutes", "60"]) == 0
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db"), "--gateway", "gateway-2"]) == 0
    assert main(["audit", "list", "--store", str(tmp_path / "hq.db"), "--json"]) == 1
    (line,) = json.loads(capsys.readouterr().out.splitlines()[-1])["silent"]
    assert (line["gateway"], line["judged_at"]) == (GATEWAY, "2026-11-20T04:00:00Z")


def test_checkpoints_are_exported_as_cosigned_notes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from edge_sync import checkpoint

    store = an_hq(tmp_path / "hq.db")
    key, out = tmp_path / "hq.key", tmp_path / "checkpoints.jsonl"
    public = signing.create(key)
    command = ["audit", "export", "--store", str(tmp_path / "hq.db"), "--key", str(key), "-o", str(out)]
    assert main(command) == 1
    store.commit([a_checkpoint(1, 5), a_checkpoint(2, 5, changed=True)], at=NOON)
    store.close()
    assert main(command) == 0
    assert main(command) == 1, "it was written over an earlier export"
    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert [one["verdict"] for one in lines] == ["first", "forked"]
    verify, hq = signing.verifier(BOX_PUBLIC), signing.verifier(public)
    heads = [checkpoint.read(one["note"], BOX_PUBLIC, verify, hq_key=public, hq_verify=hq) for one in lines]
    assert [head.cosignature is not None for head in heads] == [True, False]
    assert capsys.readouterr().out.splitlines()[0] == "2 checkpoints"
