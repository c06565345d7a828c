"""The ledger, opened for one question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge_agent.config import Config

if TYPE_CHECKING:
    from edge_agent.ledger.reading import LedgerReader


@contextmanager
def reader(settings: Config) -> "Iterator[LedgerReader]":
    from edge_agent.ledger.reading import LedgerReader  # noqa: PLC0415

    opened = LedgerReader.open(settings.paths.ledger)
    try:
        yield opened
    finally:
        opened.close()
