"""`edge-agent audit` and the stand-alone verifier, as a compliance officer uses them."""

import ast
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from audit_world import GATEWAY, Audited, last_line, rewrite, unlock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_world import memory_folder

from edge_agent import auditing
from edge_agent.errors import BadInput, LedgerBroken
from edge_agent.ledger import evidence
from edge_agent.ledger.audit import Row
from edge_sync import checkpoint, signing, verify_audit
from edge_sync.errors import SyncError


@pytest.fixture
def box() -> Iterator[Audited]:
    with memory_folder() as folder:
        made = Audited(folder)
        made.calls(3)
        yield made
        made.close()


def checked(*arguments: object) -> int:
    return verify_audit.main([str(one) for one in arguments])


def renamed(rows: list[Row]) -> list[Row]:
    """One row says something else, and no table tells."""
    return [replace(row, at="2001-01-01T00:00:00.000Z") if row.seq == 5 else row for row in rows]


def test_rows_are_told_in_words(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    assert box.box("list") == 0
    shown = capsys.readouterr().out
    assert "收到录音录像 recording taken in" in shown
    assert box.box("list", "--json") == 0
    told = last_line(capsys.readouterr().out)
    assert told["total"] == len(box.rows()) == len(told["rows"])  # type: ignore[arg-type]


def test_rows_are_chosen_by_kind_time_and_id(box: Audited) -> None:
    every = auditing.listed(box.settings).rows
    one = next(row.body["recording"] for row in every if row.kind == "recording.captured")
    told = auditing.listed(box.settings, about=str(one)).rows
    assert [row.kind for row in told] == ["recording.captured", "recording.sealed", "recording.analysed", "recording.closed"]
    assert {row.kind for row in auditing.listed(box.settings, kind="recording").rows} == {row.kind for row in told}
    assert auditing.listed(box.settings, kind="recordin").rows == []
    assert auditing.listed(box.settings, since="2999-01-01").rows == []
    assert auditing.listed(box.settings, since="2000-01-01T00:00:00Z").rows == every
    assert auditing.listed(box.settings, about=str(one)[:8]).rows == []
    with pytest.raises(BadInput):
        auditing.listed(box.settings, since="yesterday")


def test_every_kind_that_the_ledger_writes_has_words(box: Audited) -> None:
    assert {row.kind for row in box.rows()} <= auditing.WORDS.keys()


def test_an_untouched_log_verifies_and_says_how_far_hq_vouches(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    assert box.box("verify", "--json") == 0
    told = last_line(capsys.readouterr().out)
    assert (told["intact"], told["cosigned"], told["window"]) == (True, 0, len(box.rows()))
    assert box.reported() == ["first"]
    box.calls()
    assert box.box("verify", "--json") == 0
    told = last_line(capsys.readouterr().out)
    assert (told["window"], told["cosigned"]) == (5, len(box.rows()) - 5)


def test_a_changed_row_is_named(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(box.path)
    unlock(connection)
    connection.execute("UPDATE audit SET kind = 'recording.rejected' WHERE seq = 5")
    connection.commit()
    connection.close()
    assert box.box("verify", "--json") == 1
    told = last_line(capsys.readouterr().out)
    assert (told["intact"], told["en"]) == (False, "audit row 5 was changed")
    with pytest.raises(LedgerBroken):
        auditing.proved(box.settings, 5, box.folder / "proof.json")
    with pytest.raises(LedgerBroken):
        auditing.exported(box.settings, box.folder / "out")


def test_nothing_is_signed_on_top_of_a_file_that_was_edited(box: Audited) -> None:
    """Else the next commit would sign the forger's tree."""
    box.ledger.close()
    connection = sqlite3.connect(box.path)
    rewrite(connection, renamed, signing.signer(bytes(32)))
    connection.close()
    with pytest.raises(LedgerBroken):
        box.opened()


@pytest.mark.parametrize("change", [renamed, lambda rows: rows[:-2]], ids=["rewritten", "cut off"])
def test_an_insider_with_the_device_key_is_caught_by_hqs_checkpoints_alone(
    box: Audited, change: Callable[[list[Row]], list[Row]], capsys: pytest.CaptureFixture[str]
) -> None:
    box.ledger.noted("worker.started")
    assert box.reported() == ["first"]
    brought = box.hqs_file()
    assert box.box("verify", "--checkpoints", str(brought), "--json") == 0
    box.rewritten(change)
    box_alone = auditing.verified(box.settings)
    export = box.folder / "export"
    auditing.exported(box.settings, export)
    capsys.readouterr()
    assert box_alone.intact
    assert checked(export, "--key", box.key_text) == 0
    assert checked(export, "--key", box.key_text, "--checkpoints", brought) == 1
    assert box.box("verify", "--checkpoints", str(brought), "--json") == 1
    assert "DOES NOT FIT" in capsys.readouterr().out


def test_a_careless_insider_is_caught_by_hqs_word_that_the_box_keeps(box: Audited) -> None:
    box.reported()
    box.rewritten(renamed, forgets=False)
    found = auditing.verified(box.settings)
    assert (found.intact, found.en) == (False, f"audit row {found.rows - 1} or one before it is not what HQ was shown")


def test_what_happens_after_the_last_checkpoint_can_be_rewritten_unseen_until_the_link_is_back(box: Audited) -> None:
    """The honest statement: offline, the window is the outage. `window` says how many rows that is."""
    assert box.reported() == ["first"]
    for _ in range(20):
        box.ledger.noted("config.changed", before="aa", after="bb")
    window = auditing.verified(box.settings).window
    assert window == 21  # with the row of the checkpoint itself
    held = len(box.rows()) - window
    with_witness = box.hqs_file()

    def quieter(rows: list[Row]) -> list[Row]:
        return rows[: held + 1] + [replace(row, body='{"after":"cc","before":"aa"}') for row in rows[held + 1 :]]

    box.rewritten(quieter)
    found = auditing.verified(box.settings, checkpoints=with_witness)
    assert (found.intact, found.cosigned) == (True, held)


def test_one_row_is_proved_without_the_others(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    proof = box.folder / "proof.json"
    assert box.box("prove", "4", "-o", str(proof)) == 0
    assert "not yet cosigned" in capsys.readouterr().out
    assert checked(proof, "--key", box.key_text) == 0
    box.calls()
    box.reported()
    later = box.folder / "later.json"
    assert box.box("prove", "4", "-o", str(later), "--json") == 0
    assert checked(later, "--key", box.key_text, "--checkpoints", box.hqs_file()) == 0
    assert "which HQ cosigned" in capsys.readouterr().out
    assert checked(proof, "--key", box.key_text, "--checkpoints", box.hqs_file()) == 1
    said = json.loads(later.read_bytes())
    for changes in (
        {"seq": 5}, {"row": said["row"].replace("recording", "recordinG", 1)}, {"proof": said["proof"][1:]},
        {"proof": [*said["proof"], "00" * 32]}, {"checkpoint": said["checkpoint"].replace("\n1", "\n2", 1)}, {"row": "{}"},
    ):  # fmt: skip
        later.write_text(json.dumps(said | changes))
        assert checked(later) == 1, changes


@pytest.mark.parametrize("seq", [0, -1, 10**6])
def test_there_is_no_proof_of_a_row_that_is_not_there(box: Audited, seq: int) -> None:
    assert box.box("prove", str(seq), "-o", str(box.folder / "proof.json")) == 1


def test_the_exported_verifier_runs_alone(box: Audited) -> None:
    box.reported()
    export = box.folder / "export"
    assert box.box("export", "-o", str(export), "--json") == 0
    assert sorted(path.name for path in export.iterdir()) == [
        "checkpoint.txt", "keys.json", "rows.jsonl", "verify_audit.py", "witnessed.txt",
    ]  # fmt: skip
    brought = box.hqs_file()
    command = [sys.executable, "-I", str(export / "verify_audit.py"), str(export), "--key", box.key_text]
    done = subprocess.run([*command, "--checkpoints", str(brought)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{len(box.rows())} rows" in done.stdout
    wrong = subprocess.run([*command[:-1], signing.text_of(bytes(32))], capture_output=True, text=True, check=False)
    assert (wrong.returncode, wrong.stderr) == (1, "")


def test_the_verifier_imports_nothing_but_the_standard_library_and_cryptography() -> None:
    tree = ast.parse(Path(verify_audit.__file__).read_text(encoding="utf-8"))
    found = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in ([one.name for one in node.names] if isinstance(node, ast.Import) else
                     [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_cosignature_by_an_invented_hq_key_is_not_called_hqs(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """Who makes the export chooses the HQ key in it: only a key or a file that came from HQ speaks for HQ."""
    box.reported()
    genuine = signing.text_of(signing.public_of(signing.load(box.hq_key)))
    invented = bytes(range(32))
    export, proof = box.folder / "export", box.folder / "proof.json"
    auditing.exported(box.settings, export)
    auditing.proved(box.settings, 4, proof)
    public = signing.public_of(invented)

    def countersigned(note: str) -> str:
        head = checkpoint.read(note, box.keys.public, signing.verifier(box.keys.public))
        said = checkpoint.cosigned_text(head.text, 7)
        word = checkpoint.Cosignature(signed_s=7, signature=signing.signer(invented)(said))
        return checkpoint.written(replace(head, cosignature=word), box.keys.public, hq_key=public)

    brought = box.hqs_file()
    capsys.readouterr()
    for told in (export, proof):
        assert checked(told, "--key", box.key_text) == 0
        assert "key alone" in capsys.readouterr().out
        for vouching in (("--hq-key", genuine), ("--checkpoints", brought)):
            assert checked(told, "--key", box.key_text, *vouching) == 0
            said = capsys.readouterr().out
            assert "HQ vouches up to" in said or "which HQ cosigned" in said
    keys = {"gateway": box.key_text, "hq": signing.text_of(public)}
    (export / "keys.json").write_text(json.dumps(keys))
    (export / "witnessed.txt").write_text(countersigned((export / "witnessed.txt").read_text()))
    row = json.loads(proof.read_bytes())
    proof.write_text(json.dumps(row | {"keys": keys, "checkpoint": countersigned(row["checkpoint"])}))
    for told in (export, proof):
        assert checked(told, "--key", box.key_text) == 0
        said = capsys.readouterr().out
        assert "HQ vouches up to" not in said
        assert "which HQ cosigned" not in said
        assert signing.text_of(public) in said
        assert checked(told, "--key", box.key_text, "--hq-key", genuine) == 1
        assert checked(told, "--key", box.key_text, "--checkpoints", brought) == 1
        capsys.readouterr()


def test_an_export_is_never_written_over_something(box: Audited) -> None:
    assert box.box("export", "-o", str(box.folder)) == 1


def test_hqs_file_must_be_of_this_box(box: Audited, tmp_path: Path) -> None:
    box.reported()
    line = json.loads(box.hqs_file().read_bytes())
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text(json.dumps(line | {"note": line["note"].replace("gateway-1", "gateway-2")}))
    assert box.box("verify", "--checkpoints", str(foreign)) == 1
    other = tmp_path / "other.jsonl"
    origin = line["note"].split("\n")[0]
    other.write_text(json.dumps(line | {"note": line["note"].replace(origin, origin[:-4] + "feed")}))
    with pytest.raises(BadInput, match="another key"):
        auditing.verified(box.settings, checkpoints=other)
    export = box.folder / "export"
    auditing.exported(box.settings, export)
    for one in (foreign, other):
        assert checked(export, "--checkpoints", one) == 1


def test_a_replaced_box_and_the_one_before_it_both_pass_an_audit(box: Audited, capsys: pytest.CaptureFixture[str]) -> None:
    """Each log is held against the checkpoints of its own, by its own key; the other log is named."""
    box.reported()
    before, old_key = box.folder / "before", box.key_text
    auditing.exported(box.settings, before)
    box.replaced()
    box.calls()
    assert box.reported() == ["replaced"]
    after, origin = box.folder / "after", box.origin()
    brought, only = box.hqs_file(), box.hqs_file("--origin", origin)
    assert box.box("verify", "--checkpoints", str(brought), "--json") == 0
    told = last_line(capsys.readouterr().out)
    assert (told["window"], told["checkpoints"], len(told["others"])) == (1, 1, 2)  # type: ignore[arg-type]
    assert box.box("verify", "--checkpoints", str(brought)) == 0
    assert "begun anew" in capsys.readouterr().out
    auditing.exported(box.settings, after)
    for export, key in ((before, old_key), (after, box.key_text)):
        assert checked(export, "--key", key, "--checkpoints", brought) == 0
        said = capsys.readouterr().out
        assert "begun anew" in said
        assert origin in said
    assert checked(after, "--key", box.key_text, "--checkpoints", only) == 0
    assert checked(before, "--key", old_key, "--checkpoints", only) == 1
    assert checked(before, "--key", box.key_text, "--checkpoints", brought) == 1


def test_people_who_know_why_a_log_was_begun_say_so_and_the_alarm_ends(box: Audited) -> None:
    box.reported()
    assert box.at_hq("list") == 0
    first = box.origin()
    box.replaced()
    box.reported()
    assert box.at_hq("list") == 1
    assert box.at_hq("acknowledge", GATEWAY, "--origin", first) == 1, "the first log replaced nothing"
    assert box.at_hq("acknowledge", GATEWAY, "--origin", box.origin()) == 0
    assert box.at_hq("list") == 0
    assert [(str(one.verdict), one.acknowledged) for one in box.hq.checkpoints()] == [("first", False), ("replaced", True)]


NAMES = st.sampled_from(["note", "keys", "gateway", "hq", "checkpoint", "row", "seq", "proof", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
JUNK = st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | VALUES.map(lambda value: json.dumps(value).encode())


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Audited, Path, Path]]:
    with memory_folder() as folder:
        made = Audited(folder)
        made.calls(2)
        made.reported()
        export = folder / "export"
        auditing.exported(made.settings, export)
        yield made, export, made.hqs_file()
        made.close()


def meant(name: str, content: bytes) -> object:
    """What of such a file says something: the keys, or HQ's notes."""
    if name == "keys.json":
        said = json.loads(content)
        return said["gateway"], said["hq"]
    return [json.loads(line)["note"] for line in content.splitlines()]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["rows.jsonl", "checkpoint.txt", "witnessed.txt", "keys.json", "checkpoints", "proof"]), junk=JUNK,
    cut=st.integers(0, 2000), keep=st.booleans(),
)  # fmt: skip
def test_any_bytes_in_any_file_are_a_plain_refusal(
    whole: tuple[Audited, Path, Path], name: str, junk: bytes, cut: int, keep: bool
) -> None:
    box, export, brought = whole
    victim = box.folder / "victim"
    shutil.rmtree(victim, ignore_errors=True)
    shutil.copytree(export, victim)
    extra = box.folder / "extra"
    true = (export / name if (export / name).exists() else brought).read_bytes()
    content = true[:cut] + junk + true[cut + 1 :] if keep else junk
    (victim / name if name not in {"checkpoints", "proof"} else extra).write_bytes(content)
    given_files = {"checkpoints": [victim, "--checkpoints", extra], "proof": [extra]}.get(name, [victim])
    if keep and name in {"keys.json", "checkpoints"}:  # a space more changes nothing there
        assert checked(*given_files) == 1 or meant(name, content) == meant(name, true)
    else:
        assert checked(*given_files) == (0 if content == true and name != "proof" else 1)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=JUNK)
def test_any_bytes_as_hqs_file_are_a_plain_refusal_of_the_box_too(whole: tuple[Audited, Path, Path], junk: bytes) -> None:
    box, _, _ = whole
    extra = box.folder / "junk"
    extra.write_bytes(junk)
    with pytest.raises(BadInput):
        auditing.verified(box.settings, checkpoints=extra)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=200), cut=st.integers(0, 300))
def test_a_note_is_read_or_refused(whole: tuple[Audited, Path, Path], text: str, cut: int) -> None:
    box, export, _ = whole
    true = (export / "checkpoint.txt").read_text()
    verify = signing.verifier(box.keys.public)
    assert checkpoint.read(true, box.keys.public, verify).size == len((export / "rows.jsonl").read_bytes().splitlines())
    for note in (text, true[:cut] + text + true[cut:], true[:cut]):
        if note != true:
            with pytest.raises(SyncError):
                checkpoint.read(note, box.keys.public, verify)


def test_lines_are_bounded() -> None:
    keys = evidence.Keys(gateway=bytes(32), hq=b"")
    with pytest.raises(BadInput):
        evidence.read_checkpoints([b"[" * 100_000], "sx/v1/demo/gateway-1/feed", keys)
    with pytest.raises(BadInput):
        evidence.read_checkpoints([b'{"note":5}'], "sx/v1/demo/gateway-1/feed", keys)


def test_a_file_whose_rows_lost_their_owner_is_not_founded_anew(box: Audited) -> None:
    """Else taking `epoch` away would make the next start sign whatever rows lie there."""
    box.ledger.close()
    with closing(sqlite3.connect(box.path)) as connection:
        rewrite(connection, renamed, signing.signer(bytes(32)))
        connection.execute("DELETE FROM meta WHERE key IN ('epoch', 'head')")
        connection.commit()
    with pytest.raises(LedgerBroken):
        box.opened()


def test_the_word_of_an_hq_key_that_is_no_longer_in_force_counts_for_nothing(box: Audited) -> None:
    box.reported()
    assert auditing.verified(box.settings).cosigned > 0
    (box.settings.paths.keys / "hq.pub").write_text(signing.text_of(signing.public_of(bytes(32))) + "\n")
    assert auditing.verified(box.settings).cosigned == 0
    export = box.folder / "export"
    auditing.exported(box.settings, export)
    assert not (export / "witnessed.txt").exists()
    assert checked(export, "--key", box.key_text) == 0


@pytest.mark.parametrize("body", ["{}", "[]", "7", '{"rows":[1],"findings":2}', "{", '{"seq":{}}'])
def test_rows_that_only_the_holder_of_the_device_key_could_write_are_an_answer_not_a_crash(box: Audited, body: str) -> None:
    kinds = ["recording.sealed", "recording.analysed", "outbox.gap", "opening.requested", "object.opened", "checkpoint.sent"]
    for n, kind in enumerate(kinds, 1):
        box.rewritten(lambda rows, n=n, kind=kind: [replace(row, kind=kind, body=body) if row.seq == n else row for row in rows])
        found = auditing.verified(box.settings)
        assert not found.intact
        assert found.en.startswith("audit row ")
    assert box.box("list", "--json") == box.box("list") == 0
