"""What only HQ's SQLite file has: pragmas, and files that are something else. All other facts are in `test_sync_store`."""

from pathlib import Path

import pytest
from sync_world import an_hq

from edge_sync.errors import Refused, StoreBroken
from edge_sync.sqlite_store import SqliteStore


def test_a_missing_file_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        SqliteStore(tmp_path / "none.db", create=False)
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "hq.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreBroken):
        SqliteStore(tmp_path / "hq.db")


def test_rows_are_committed_with_full_synchronisation(tmp_path: Path) -> None:
    store = an_hq(tmp_path / "hq.db")
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
