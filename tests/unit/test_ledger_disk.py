"""When the disk fills: media stops first, then the ballast goes, tags stop last; and what a failure means."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_world import World, memory_folder

from edge_agent.config import Limits, Paths
from edge_agent.errors import LedgerBroken, NotAllowed, Unavailable
from edge_agent.ledger.ballast import BALLAST_BYTES, Ballast, disk_state
from edge_agent.ledger.database import Database, translated
from edge_agent.ledger.reading import LedgerReader
from edge_agent.ledger.schema import STEPS

PLENTY, NEVER = 0, 2**62


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


def limits(*, media: int = PLENTY, tags: int = PLENTY) -> Limits:
    return Limits(media_floor_bytes=media, tag_floor_bytes=tags)


def kinds(world: World) -> list[str]:
    connection = sqlite3.connect(world.path)
    found = [row[0] for row in connection.execute("SELECT kind FROM audit ORDER BY seq")]
    connection.close()
    return found


def test_the_ballast_lies_in_real_blocks(folder: Path) -> None:
    world = World(folder)
    found = (folder / "ledger.ballast").stat()
    assert found.st_blocks * 512 >= BALLAST_BYTES
    assert stat.S_IMODE(found.st_mode) == 0o600
    world.close()


def test_below_the_tag_floor_the_ballast_is_freed_and_it_is_said(folder: Path) -> None:
    world = World(folder)
    world.take_in()
    world.options["limits"] = limits(tags=NEVER)
    world.reopen()
    world.take_in()
    assert not (folder / "ledger.ballast").exists()
    assert world.reader.status().ballast == "freed"
    assert kinds(world).count("ballast.freed") == 1
    world.options["limits"] = limits()
    world.reopen()
    world.take_in()
    assert world.reader.status().ballast == "kept"
    world.close()


def test_media_stops_before_tags_and_each_change_is_said_once(folder: Path) -> None:
    world = World(folder)
    paths = Paths(root=folder)
    assert world.ledger.room_for_media(paths, limits()) is True
    for _ in range(3):
        assert world.ledger.room_for_media(paths, limits(media=NEVER)) is False
    assert world.reader.status().media == "stopped"
    world.analysed(1)
    assert world.ledger.room_for_media(paths, limits()) is True
    assert [kind for kind in kinds(world) if kind.startswith("media.")] == ["media.stopped", "media.open"]
    world.close()


def test_the_state_of_the_disk_needs_no_ledger(folder: Path) -> None:
    state = disk_state(Paths(root=folder / "not" / "there"), limits(media=NEVER))
    assert (state.media, state.tags, state.ballast) == (False, True, False)
    assert 0 < state.free_bytes <= os.statvfs(folder).f_blocks * os.statvfs(folder).f_frsize


def test_a_full_database_frees_the_ballast_and_the_write_goes_through(folder: Path) -> None:
    ballast = Ballast(folder / "ledger.ballast", size_bytes=1 << 16)
    assert ballast.tend(floor_bytes=0) == "kept"
    database = Database.open(folder / "ledger.db", ballast=ballast)
    tries = []

    def body(tx: sqlite3.Connection) -> int:
        tries.append(ballast.held())
        # SQLite's own limit of pages stands for the disk: it raises SQLITE_FULL until the ballast is gone.
        tx.execute(f"PRAGMA max_page_count = {1_000_000 if not ballast.held() else 1}")
        tx.execute("CREATE TABLE filler (x)")
        tx.execute("INSERT INTO filler VALUES (zeroblob(100000))")
        return 7

    assert database.write(body) == 7
    assert tries == [True, False]
    assert not ballast.held()
    database.close()


def test_a_disk_that_stays_full_is_unavailable_and_nothing_is_half_written(folder: Path) -> None:
    world = World(folder)
    made = world.take_in()
    database = world.ledger._writer.database

    def body(tx: sqlite3.Connection) -> None:
        tx.execute("UPDATE recordings SET state = 'closed'")
        tx.execute("PRAGMA max_page_count = 1")
        tx.execute("INSERT INTO meta VALUES ('filler', hex(zeroblob(1000000)))")

    with pytest.raises(Unavailable):
        database.write(body)
    database.write(lambda tx: tx.execute("PRAGMA max_page_count = 1000000"))
    assert world.ledger.recording(made.id).state.value == "sealed"
    world.analysed(1)
    assert world.ledger.verify_chain()
    world.close()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, Unavailable),
        (sqlite3.SQLITE_BUSY, Unavailable),
        (sqlite3.SQLITE_CANTOPEN, Unavailable),
        (sqlite3.SQLITE_IOERR_FSYNC, LedgerBroken),
        (sqlite3.SQLITE_IOERR_WRITE, LedgerBroken),
        (sqlite3.SQLITE_CORRUPT, LedgerBroken),
        (sqlite3.SQLITE_NOTADB, LedgerBroken),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, LedgerBroken),
    ],
)
def test_what_a_failure_of_sqlite_means(code: int, kind: type[Exception]) -> None:
    error = sqlite3.OperationalError("database row 客户说")
    error.sqlite_errorcode = code
    assert type(translated(error)) is kind
    assert "客户" not in str(translated(error))


def test_after_a_fatal_failure_nothing_is_written_any_more(folder: Path) -> None:
    world = World(folder)

    def failing(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    with pytest.raises(LedgerBroken):
        world.ledger._writer.database.write(failing)
    with pytest.raises(LedgerBroken):
        world.take_in()
    world.reopen()
    world.take_in()
    world.close()


def test_a_file_that_is_no_database_is_broken(folder: Path) -> None:
    (folder / "ledger.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(LedgerBroken):
        World(folder)


def test_a_file_of_a_newer_release_is_left_alone(folder: Path) -> None:
    World(folder).close()
    connection = sqlite3.connect(folder / "ledger.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NotAllowed):
        World(folder)


def test_the_schema_is_applied_once(folder: Path) -> None:
    for _ in range(3):
        World(folder).close()
    connection = sqlite3.connect(folder / "ledger.db")
    assert connection.execute("SELECT name FROM _sqlite_migrations").fetchall() == [(name,) for name, _ in STEPS]
    connection.close()


def test_a_reader_without_a_ledger_says_so(folder: Path) -> None:
    with pytest.raises(Unavailable):
        LedgerReader.open(folder / "ledger.db")


def test_the_files_are_not_for_everyone(folder: Path) -> None:
    world = World(folder)
    world.analysed(1)
    assert {stat.S_IMODE(one.stat().st_mode) & 0o007 for one in folder.iterdir()} == {0}
    world.close()
