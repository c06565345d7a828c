"""What tests of several folders share: one PostgreSQL for the whole run, and an empty place in either of HQ's databases.

Whoever asks for `place` is run for both; the half on PostgreSQL carries the marker `postgres`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from postgres_world import Cluster, Place


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Cluster]":
    """Started by the first test that asks for it."""
    from postgres_world import Cluster

    made = Cluster().start()
    yield made
    made.drop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> "Place":
    from postgres_world import PostgresPlace, SqlitePlace

    return SqlitePlace(tmp_path) if request.param == "sqlite" else PostgresPlace(request.getfixturevalue("postgres"))
