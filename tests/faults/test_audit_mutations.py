"""A 40-row log, changed in every way there is: the box's own check and the stand-alone verifier both find it, each time.

Every single-bit flip, deletion, duplication, swap and truncation of the exported rows goes through the verifier's own `whole`;
the same on the ledger file goes through `audit.verify`, every bit of every column of every row in a copy in memory. Samples
go through the real commands on real files. The last test prints what was counted.
"""

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from audit_world import Audited, unlock
from ledger_world import World, memory_folder

from edge_agent import auditing
from edge_agent.errors import BadInput, LedgerBroken
from edge_agent.ledger import audit, evidence
from edge_agent.ledger.audit import Row
from edge_agent.ledger.reading import LedgerReader
from edge_sync import signing, verify_audit
from edge_sync.verify_audit import WrongError

pytestmark = pytest.mark.fault
ROWS = 40
COLUMNS = ("seq", "at", "boot", "mono_ms", "kind", "body", "hash")
COUNTED: Counter[str] = Counter()
FOUND: Counter[str] = Counter()
REFUSALS = (WrongError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What the verifier's `main` turns into a sentence and exit code 1."""


@contextmanager
def counted(kind: str, *refusals: type[Exception]) -> Iterator[pytest.ExceptionInfo[Exception]]:
    """One mutation: within, it must be refused."""
    COUNTED[kind] += 1
    with pytest.raises(refusals) as caught:
        yield caught
    FOUND[kind] += 1


def refused_by(kind: str, *arguments: object) -> None:
    """One mutation, through the verifier's `main`."""
    COUNTED[kind] += 1
    assert verify_audit.main([str(one) for one in arguments]) == 1
    FOUND[kind] += 1


@pytest.fixture(scope="module")
def box() -> Iterator[Audited]:
    with memory_folder() as folder:
        made = Audited(folder)
        made.grown_to(ROWS - 2)
        assert made.reported() == ["first"]
        auditing.exported(made.settings, folder / "export")
        assert len(made.rows()) == ROWS
        yield made
        made.close()


@pytest.fixture(scope="module")
def export(box: Audited) -> Path:
    return box.folder / "export"


@pytest.fixture(scope="module")
def lines(export: Path) -> list[bytes]:
    return (export / "rows.jsonl").read_bytes().splitlines(keepends=True)


def heads(export: Path) -> list[verify_audit.Head]:
    keys = {name: verify_audit.decoded(text) for name, text in json.loads((export / "keys.json").read_bytes()).items()}
    return [verify_audit.note((export / name).read_text(), keys) for name in ("checkpoint.txt", "witnessed.txt")]


def flips(content: bytes) -> Iterator[bytes]:
    """Every single-bit change."""
    changed = bytearray(content)
    for place in range(len(content)):
        for bit in range(8):
            changed[place] ^= 1 << bit
            yield bytes(changed)
            changed[place] ^= 1 << bit


def arrangements(rows: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Every deletion, duplication (to every place), swap and cut of whole rows."""
    for n in range(len(rows)):
        yield "deletion", [*rows[:n], *rows[n + 1 :]]
        yield "truncation", list(rows[:n])
        for to in range(len(rows) + 1):
            yield "duplication", [*rows[:to], rows[n], *rows[to:]]
    for one, two in combinations(range(len(rows)), 2):
        swapped = list(rows)
        swapped[one], swapped[two] = rows[two], rows[one]
        yield "swap", swapped


def test_the_verifier_finds_every_mutation_of_the_exported_rows(export: Path, lines: list[bytes]) -> None:
    told = heads(export)
    content = b"".join(lines)
    assert verify_audit.whole(content, told)

    def found(kind: str, mutated: bytes) -> None:
        with counted(f"export {kind}", *REFUSALS):
            verify_audit.whole(mutated, told)

    for mutated in flips(content):
        found("bit flip", mutated)
    for kind, rows in arrangements(lines):
        found(kind, b"".join(rows))
    for cut in range(len(content)):
        found("byte truncation", content[:cut])
    assert COUNTED["export bit flip"] == 8 * len(content)


def test_the_verifier_finds_every_bit_flip_of_notes_and_keys(export: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    shutil.copytree(export, victim)
    for name in ("checkpoint.txt", "witnessed.txt", "keys.json"):
        true = (export / name).read_bytes()
        for mutated in flips(true):
            (victim / name).write_bytes(mutated)
            refused_by("export note or key bit flip", victim)
        (victim / name).write_bytes(true)
    assert verify_audit.main([str(victim)]) == 0


def test_the_verifier_and_the_box_find_every_bit_flip_of_every_note_in_hqs_file() -> None:
    """Of the box's own log and of the one that stood in its place before."""
    with memory_folder() as folder:
        box = Audited(folder)
        box.calls()
        box.reported()
        box.replaced()
        for _ in range(2):
            box.calls()
            box.reported()
        victim, brought = folder / "victim", box.hqs_file("--all")
        auditing.exported(box.settings, victim)
        true, origin = brought.read_bytes(), box.origin()
        keys = evidence.Keys(gateway=box.keys.public, hq=signing.public_of(signing.load(box.hq_key)))
        assert len(evidence.read_checkpoints(BytesIO(true), origin, keys).heads) == 2
        assert verify_audit.main([str(victim), "--checkpoints", str(brought)]) == 0
        spans = [found.span(1) for found in re.finditer(rb'"note":"([^"]*)"', true)]
        assert len(spans) == 3
        for start, end in spans:
            for mutated in flips(true[start:end]):
                content = true[:start] + mutated + true[end:]
                brought.write_bytes(content)
                refused_by("HQ's note bit flip", victim, "--checkpoints", brought)
                with counted("HQ's note bit flip, on the box", BadInput):
                    evidence.read_checkpoints(BytesIO(content), origin, keys)
        box.close()


@pytest.fixture(scope="module")
def copy(box: Audited) -> Iterator[sqlite3.Connection]:
    """The ledger in memory, without its triggers."""
    whole = sqlite3.connect(":memory:", isolation_level=None)
    with closing(sqlite3.connect(box.path)) as source:
        source.backup(whole)
    unlock(whole)
    yield whole
    whole.close()


def test_the_box_finds_every_bit_flip_of_every_column_of_every_row(box: Audited, copy: sqlite3.Connection) -> None:
    def refused(seq: int, named: int | None) -> None:
        with counted("ledger bit flip", LedgerBroken) as caught:
            audit.verify(copy, sign=box.keys.sign)
        assert named is None or f"audit row {named} " in str(caught.value), seq

    assert audit.verify(copy, sign=box.keys.sign) == ROWS
    for seq, *values in copy.execute(f"SELECT {', '.join(COLUMNS)} FROM audit ORDER BY seq").fetchall():
        copy.execute("SAVEPOINT true")
        for column, value in zip(COLUMNS, [seq, *values], strict=True):
            if isinstance(value, int):
                for bit in range(63):
                    flipped = value ^ (1 << bit)
                    if column == "seq" and 1 <= flipped <= ROWS:
                        continue  # the file itself refuses a number that is taken
                    copy.execute(f"UPDATE audit SET {column} = ? WHERE seq = ?", (flipped, seq))
                    refused(seq, None)
                    copy.execute("ROLLBACK TO true")
                continue
            raw, cast = (value, "?") if isinstance(value, bytes) else (str(value).encode(), "CAST(? AS TEXT)")
            for mutated in flips(raw):
                copy.execute(f"UPDATE audit SET {column} = {cast} WHERE seq = ?", (mutated, seq))
                refused(seq, seq)
            copy.execute("ROLLBACK TO true")
        copy.execute("RELEASE true")
    assert audit.verify(copy, sign=box.keys.sign) == ROWS


def test_the_box_finds_every_deletion_duplication_swap_and_truncation(box: Audited, copy: sqlite3.Connection) -> None:
    true = copy.execute("SELECT * FROM audit ORDER BY seq").fetchall()
    nodes = copy.execute("SELECT * FROM audit_nodes").fetchall()
    for kind, order in arrangements([str(n).encode() for n in range(ROWS)]):
        rows = [true[int(n)] for n in order]
        for renumbered in (False, True):  # rows as they were, or closed up so that no number is missing
            put = [(seq, *row[1:]) for seq, row in enumerate(rows, 1)] if renumbered else rows
            if len({row[0] for row in put}) != len(put) or put == true:
                continue
            copy.execute("SAVEPOINT true")
            copy.execute("DELETE FROM audit")
            copy.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", put)
            if kind == "truncation":
                copy.execute("DELETE FROM audit_nodes WHERE (place + 1) << level > ?", (len(put),))
            if copy.execute("SELECT * FROM audit ORDER BY seq").fetchall() != true:
                with counted(f"ledger {kind}", LedgerBroken):
                    audit.verify(copy, sign=box.keys.sign)
            copy.execute("ROLLBACK TO true")
            copy.execute("RELEASE true")
    assert copy.execute("SELECT * FROM audit_nodes").fetchall() == nodes
    assert audit.verify(copy, sign=box.keys.sign) == ROWS


def test_samples_on_real_files_through_the_real_commands(box: Audited, export: Path, tmp_path: Path) -> None:
    """The same verdict from `edge-agent audit verify` on the changed file and from the verifier's own process."""
    pick = random.Random(7)
    box.ledger.close()
    true = box.path.read_bytes()
    try:
        for n in range(12):
            seq, column = pick.randint(1, ROWS), pick.choice(["at", "kind", "body"])
            with closing(sqlite3.connect(box.path)) as connection:
                unlock(connection)
                connection.execute(f"UPDATE audit SET {column} = {column} || ? WHERE seq = ?", (str(n), seq))
                connection.commit()
            found = auditing.verified(box.settings)
            COUNTED["file sample"] += 1
            assert (found.intact, found.en) == (False, f"audit row {seq} was changed")
            FOUND["file sample"] += 1
            box.path.write_bytes(true)
        victim = tmp_path / "victim"
        shutil.copytree(export, victim)
        content = (export / "rows.jsonl").read_bytes()
        for _ in range(4):
            place = pick.randrange(len(content))
            (victim / "rows.jsonl").write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
            command = [sys.executable, "-I", str(victim / "verify_audit.py"), str(victim)]
            done = subprocess.run(command, capture_output=True, check=False)
            COUNTED["process sample"] += 1
            assert (done.returncode, done.stderr) == (1, b"")
            FOUND["process sample"] += 1
    finally:
        box.path.write_bytes(true)
        for suffix in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                box.path.with_name(box.path.name + suffix).unlink()
        box.ledger = box.opened()


def changed(rows: list[Row]) -> list[Row]:
    return [replace(row, at="2026-11-01T00:00:00.000Z") if row.seq == 6 else row for row in rows]


def removed(rows: list[Row]) -> list[Row]:
    return [replace(row, seq=n) for n, row in enumerate([*rows[:5], *rows[6:]], 1)]


def shortened(rows: list[Row]) -> list[Row]:
    return rows[:-4]


@pytest.mark.parametrize(
    ("change", "forgets", "verdict"),
    [
        (changed, False, "forked"), (changed, True, "unproved"), (removed, False, "forked"), (shortened, False, "shrunk"),
    ],
    ids=["rewritten", "rewritten, memory wiped", "one row taken away", "cut off"],
)  # fmt: skip
def test_hq_catches_the_insider_at_the_next_checkpoint_and_so_does_the_auditor(
    change: Callable[[list[Row]], list[Row]], forgets: bool, verdict: str
) -> None:
    with memory_folder() as folder:
        box = Audited(folder)
        box.grown_to(12)
        for _ in range(4):
            box.ledger.noted("worker.started")
        assert box.reported() == ["first"]
        brought = box.hqs_file()
        box.rewritten(change, forgets=forgets)
        if forgets:
            assert auditing.verified(box.settings).rows  # here alone nothing shows, unless a row speaks of a table
        if verdict != "shrunk":
            for _ in range(3):
                box.ledger.noted("worker.started")
        box.ledger._writer.write(lambda tx: tx.execute("UPDATE meta SET value = '' WHERE key = 'checkpoint'"))
        assert box.reported() == [verdict]
        assert box.box("verify", "--checkpoints", str(brought)) == 1
        later = box.hqs_file()
        assert box.box("verify", "--checkpoints", str(later)) == 1
        box.close()


WRITER = """
import sys
from pathlib import Path
from ledger_world import World
world = World(Path(sys.argv[1]))
while True:
    world.analysed(1)
    print(world.ledger.verify_chain(), Path(f"{world.path}-wal").stat().st_size, flush=True)
"""


def test_a_torn_tail_is_not_called_tampering_and_takes_only_what_was_not_committed(tmp_path: Path) -> None:
    """kill -9 while it writes; then the write-ahead log is cut and garbled at random places, as a power cut may leave it."""
    acked: list[tuple[int, int]] = []
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "worlds")}
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            rows, size = line.split()
            acked.append((int(rows), int(size)))
            if len(acked) == 12:
                writer.send_signal(signal.SIGKILL)
                break
    database, wal = (tmp_path / "ledger.db").read_bytes(), (tmp_path / "ledger.db-wal").read_bytes()
    (rows, size), pick = acked[-1], random.Random(11)
    lost = kept = 0
    for n in range(120):
        cut = pick.randrange(size, len(wal) + 1) if n % 2 else pick.randrange(len(wal) + 1)
        torn = wal[:cut] + pick.randbytes(pick.randrange(0, 5000)) * (n % 3 == 0)
        case = tmp_path / f"case-{n}"
        case.mkdir()
        (case / "ledger.db").write_bytes(database)
        (case / "ledger.db-wal").write_bytes(torn)
        if not _made(case / "ledger.db"):
            continue  # cut before the first commit: there is no ledger yet
        reader = LedgerReader.open(case / "ledger.db")
        found = reader.verify_chain(sign=signing.signer(bytes([1]) * 32))
        reader.close()
        if cut >= size:
            assert found >= rows, "a row whose commit was confirmed is gone"
            kept += 1
        lost += found < rows
        shutil.rmtree(case)
    assert kept >= 50
    assert lost > 10, "some cuts went through committed rows, and that was no tampering either"
    world = World(tmp_path)  # the true file, after the kill, goes on
    world.analysed(1)
    assert world.ledger.verify_chain() > rows
    world.close()
    print(json.dumps({"torn_tails_kept": kept, "torn_tails_lost": lost}))


def _made(path: Path) -> bool:
    """Whether the first commit of the ledger is in what is left."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'refusals'").fetchone()[0]
        return bool(tables and connection.execute("SELECT COUNT(*) FROM audit").fetchone()[0])


def test_what_was_counted() -> None:
    total, found = COUNTED.total(), FOUND.total()
    print(json.dumps({"audit_mutations": total, "undetected": total - found, **dict(sorted(COUNTED.items()))}))
    assert total == found
    assert total > 100_000, (
        "it counts what the tests above tried: run the whole file, pytest -m fault tests/faults/test_audit_mutations.py"
    )
