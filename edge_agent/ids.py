"""Identifiers: UUIDv7 for all we name, a keyed digest that recognises the same content twice, keyed pseudonyms of persons.

A caller's file name never becomes an identifier, a path or a log value.
"""

import hmac
import re
import unicodedata
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

ID_PATTERN: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id() -> str:
    """A fresh UUIDv7 as lower-case text: sorts by creation time."""
    from uuid_utils import uuid7  # noqa: PLC0415 - a compiled library that `--help` does not need

    return str(uuid7())


def is_id(text: str) -> bool:
    """Whether `text` has exactly the shape that `new_id` gives."""
    return ID_PATTERN.fullmatch(text) is not None


def made_at(one: str) -> datetime:
    """When an id of ours was made, by the clock of that moment."""
    return datetime.fromtimestamp(int(one[:8] + one[9:13], 16) / 1000, tz=UTC)


class Pseudonyms:
    """Keyed pseudonyms of persons: HMAC-SHA256 under a key for each purpose (`rep`, `customer`), derived from the box's own.

    The same code gives the same pseudonym on this box only, and no pseudonym of one purpose can be matched with another's.
    Width, case and surrounding blanks of a code do not matter. Whoever holds the box's key can test a guess: it is no
    anonymisation.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, purpose: str, code: str) -> str:
        """64 hex digits."""
        own = hmac.new(self._key, f"edge-agent pseudonym v1 {purpose}".encode(), sha256).digest()
        return hmac.new(own, unicodedata.normalize("NFKC", code).strip().casefold().encode(), sha256).hexdigest()
