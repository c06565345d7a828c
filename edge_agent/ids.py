"""Identifiers: UUIDv7 for everything we name, and a keyed digest that recognises the same content twice.

A caller's file name never becomes an identifier, a path or a log value.
"""

import hmac
import re
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


class ContentDigest:
    """HMAC-SHA256 of content under a device key: equal content is recognised, its plain hash is never stored."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod=sha256)

    def update(self, chunk: bytes) -> None:
        self._mac.update(chunk)

    def hexdigest(self) -> str:
        return self._mac.hexdigest()
