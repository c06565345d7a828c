"""What tests of several folders share: one PostgreSQL for the whole run, and an empty place in either of HQ's databases.

Whoever asks for `place` is run for both; the half on PostgreSQL carries the marker `postgres`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from postgres_world import Cluster, Place

# A busy machine stretches an example; what is too slow shows in the run's durations.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Cluster]":
    """Started by the first test that asks for it; in memory where there is room, since none of them is about the disk."""
    from postgres_world import Cluster

    shm = Path("/dev/shm")
    roomy = shm.is_dir() and shutil.disk_usage(shm).free > 2**31
    made = Cluster(inside=shm if roomy else None).start()
    yield made
    made.drop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> "Place":
    from postgres_world import PostgresPlace, SqlitePlace

    return SqlitePlace(tmp_path) if request.param == "sqlite" else PostgresPlace(request.getfixturevalue("postgres"))
