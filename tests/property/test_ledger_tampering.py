"""Any single change to any row that history rests on is found."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ledger_world import BOX_KEY, NEW_RULES, World, analysis, memory_folder, score, tag

from edge_agent.domain.recording import Kind, State
from edge_agent.errors import LedgerBroken
from edge_agent.ledger.integrity import verify_chain
from edge_agent.ledger.tree import Tree
from edge_sync import signing

SIGN = signing.signer(BOX_KEY)
COLUMNS = {
    "audit": ["seq", "at", "boot", "mono_ms", "kind", "body", "hash"],
    "tags": [
        "id", "analysis", "recording", "code", "speaker", "start_ms", "end_ms", "known_at_ms", "confidence", "severity", "layer",
        "rule", "rule_digest", "turn", "status", "supersedes", "slots", "evidence",
    ],
    "analyses": ["recording", "ruleset", "models", "at", "duration_ms", "utterances", "doubtful", "score", "metrics"],
    "recordings": ["id", "kind", "state", "reason", "parked", "digest", "size_bytes", "captured_at", "circumstances"],
    "objects": ["id", "recording", "kind", "sha256", "plain_bytes", "sealed_bytes"],
    "outbox": ["payload"],
}  # fmt: skip


@pytest.fixture(scope="module")
def history() -> Iterator[sqlite3.Connection]:
    """A ledger with some of everything, as a database in memory without its triggers."""
    with memory_folder() as folder:
        world = World(folder)
        made = world.analysed(3)
        world.ledger.analysed(made.id, analysis((tag(), tag("stock.asked")), rules=NEW_RULES))
        world.ledger.moved(made.id, State.CLOSED)
        scan = world.take_in(kind=Kind.SHELF)
        world.ledger.analysed(scan.id, analysis((tag("shelf.out_of_stock"),), score=score(), transcript_object=""))
        world.ledger.moved(world.take_in().id, State.REJECTED, reason="not-media")
        world.ledger.parked(world.take_in().id, "no-model")
        world.ledger.started({"ruleset": "aa"})
        whole = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(world.path)) as source:
            source.backup(whole)
        world.close()
    for (name,) in whole.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        whole.execute(f"DROP TRIGGER {name}")
    whole.commit()
    assert verify_chain(whole, sign=SIGN) > 10
    yield whole
    whole.close()


def copy(history: sqlite3.Connection) -> sqlite3.Connection:
    other = sqlite3.connect(":memory:")
    history.backup(other)
    return other


def changed(value: object, by: int) -> object:
    if isinstance(value, int | float):
        return value + by
    if isinstance(value, bytes):
        place = by % len(value)
        return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    text = str(value)
    place = by % (len(text) + 1)
    return text[:place] + ("x" if by % 2 else "0") + text[place + by % 2 :]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), by=st.integers(1, 500))
def test_a_changed_field_is_found(history: sqlite3.Connection, data: st.DataObject, by: int) -> None:
    table = data.draw(st.sampled_from(["audit", *COLUMNS]))
    column = data.draw(st.sampled_from(COLUMNS[table]))
    with closing(copy(history)) as victim:
        victim.execute("PRAGMA foreign_keys = OFF")
        rows = victim.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        row, value = data.draw(st.sampled_from(rows))
        new = changed(value, by)
        assume(new != value)
        try:
            victim.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new, row))
        except sqlite3.IntegrityError:
            assume(condition=False)  # the new value collides with another row's key: the file itself refuses it
        with pytest.raises(LedgerBroken, match=r"audit row \d+ "):
            verify_chain(victim, sign=SIGN)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_missing_row_is_found(history: sqlite3.Connection, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(["audit", "audit", "tags", "analyses", "recordings", "objects"]))
    with closing(copy(history)) as victim:
        rows = [row for (row,) in victim.execute(f"SELECT rowid FROM {table}")]
        row = data.draw(st.sampled_from(rows))
        victim.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        with pytest.raises(LedgerBroken) as found:
            verify_chain(victim, sign=SIGN)
        if table == "audit":
            assert f"audit row {row} " in str(found.value)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_cut_off_tail_is_found(history: sqlite3.Connection, data: st.DataObject) -> None:
    with closing(copy(history)) as victim:
        (length,) = victim.execute("SELECT MAX(seq) FROM audit").fetchone()
        keep = data.draw(st.integers(0, length - 1))
        victim.execute("DELETE FROM audit WHERE seq > ?", (keep,))
        with pytest.raises(LedgerBroken, match=f"audit row {keep + 1} is missing"):
            verify_chain(victim)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_swapped_rows_are_found(history: sqlite3.Connection, data: st.DataObject) -> None:
    with closing(copy(history)) as victim:
        (length,) = victim.execute("SELECT MAX(seq) FROM audit").fetchone()
        one, two = data.draw(st.lists(st.integers(1, length), min_size=2, max_size=2, unique=True))
        for old, new in ((one, -1), (two, one), (-1, two)):
            victim.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))
        with pytest.raises(LedgerBroken, match=f"audit row {min(one, two)} "):
            verify_chain(victim, sign=SIGN)


def test_an_added_tag_is_found(history: sqlite3.Connection) -> None:
    with closing(copy(history)) as victim:
        victim.execute("UPDATE tags SET id = id")  # harmless
        assert verify_chain(victim, sign=SIGN)
        columns = ", ".join(COLUMNS["tags"][1:])
        victim.execute(f"INSERT INTO tags (id, {columns}) SELECT 'planted', {columns} FROM tags LIMIT 1")
        with pytest.raises(LedgerBroken):
            verify_chain(victim, sign=SIGN)


def test_a_planted_recording_or_analysis_is_found(history: sqlite3.Connection) -> None:
    for statement in (
        "INSERT INTO recordings SELECT 'planted', kind, state, '', '', '', 0, captured_at, circumstances FROM recordings LIMIT 1",
        (
            "INSERT INTO analyses (recording, ruleset, models, at, duration_ms, utterances, doubtful) "
            "SELECT recording, 'new', models, at, duration_ms, 0, 0 FROM analyses LIMIT 1"
        ),
    ):
        with closing(copy(history)) as victim:
            victim.execute(statement)
            with pytest.raises(LedgerBroken):
                verify_chain(victim, sign=SIGN)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE recordings SET captured_at = '2001-01-01T00:00:00.000Z'",
        "UPDATE recordings SET kind = 'shelf' WHERE kind = 'call'",
        "UPDATE recordings SET digest = 'of another one' WHERE state = 'sealed'",
        "UPDATE recordings SET size_bytes = 1 << 40",
        "UPDATE recordings SET parked = 'no-consent' WHERE state = 'sealed'",
        "UPDATE recordings SET reason = 'due.grace' WHERE state = 'rejected'",
        "DELETE FROM objects WHERE kind = 'transcript'",
        "DELETE FROM objects WHERE kind = 'media'",
        "UPDATE objects SET recording = (SELECT MIN(recording) FROM objects)",
        "UPDATE objects SET sealed_bytes = 0",
        "INSERT INTO objects SELECT 'planted', recording, kind, sha256, plain_bytes, sealed_bytes FROM objects LIMIT 1",
    ],
)
def test_no_row_that_decides_what_is_shredded_changes_unseen(history: sqlite3.Connection, statement: str) -> None:
    with closing(copy(history)) as victim:
        victim.execute("PRAGMA foreign_keys = OFF")
        assert victim.execute(statement).rowcount
        with pytest.raises(LedgerBroken, match=r"audit row \d+ "):
            verify_chain(victim, sign=SIGN)


def test_a_changed_missing_or_planted_node_is_found(history: sqlite3.Connection) -> None:
    nodes = history.execute("SELECT level, place FROM audit_nodes").fetchall()
    for level, place in nodes:
        for statement in ("UPDATE audit_nodes SET hash = x'00' WHERE", "DELETE FROM audit_nodes WHERE"):
            with closing(copy(history)) as victim:
                victim.execute(f"{statement} level = ? AND place = ?", (level, place))
                with pytest.raises(LedgerBroken, match=f"audit row {(place << level) + 1} "):
                    verify_chain(victim, sign=SIGN)
    with closing(copy(history)) as victim:
        victim.execute("INSERT INTO audit_nodes VALUES (60, 0, x'00')")
        with pytest.raises(LedgerBroken):
            verify_chain(victim, sign=SIGN)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), by=st.integers(1, 500))
def test_a_changed_head_or_name_of_the_log_is_found(history: sqlite3.Connection, data: st.DataObject, by: int) -> None:
    key = data.draw(st.sampled_from(["head", "origin"]))
    with closing(copy(history)) as victim:
        (value,) = victim.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        assume(changed(value, by) != value)
        victim.execute("UPDATE meta SET value = ? WHERE key = ?", (changed(value, by), key))
        with pytest.raises(LedgerBroken, match=r"audit row \d+ "):
            verify_chain(victim, sign=SIGN)


def test_a_rewritten_tail_with_a_right_tree_fails_at_its_signature(history: sqlite3.Connection) -> None:
    """Somebody without the device key removes the last leaf and repairs tree and head."""
    with closing(copy(history)) as victim:
        (seq,) = victim.execute("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit) RETURNING seq - 1").fetchone()
        victim.execute("DELETE FROM audit_nodes WHERE (place + 1) << level > ?", (seq,))
        (head,) = victim.execute("SELECT value FROM meta WHERE key = 'head'").fetchone()
        named = f"{seq} {Tree(victim).root(seq).hex()}"
        victim.execute("UPDATE meta SET value = ? WHERE key = 'head'", (f"{named} {head.rpartition(' ')[2]}",))
        assert verify_chain(victim) == seq
        with pytest.raises(LedgerBroken, match="not signed by this device"):
            verify_chain(victim, sign=SIGN)
