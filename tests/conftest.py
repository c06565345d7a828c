"""What tests of several folders share: one PostgreSQL for the whole run, started by the first test that asks for it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from postgres_world import Cluster


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Cluster]":
    from postgres_world import Cluster

    made = Cluster().start()
    yield made
    made.drop()
