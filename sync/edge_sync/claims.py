"""Claim codes: what HQ reads to the person at the box, once, so that only that box can ask for that name.

A code is 18 random and 2 checking characters of Crockford's base32 in four groups: 90 bits, and a slip of the pen is noticed
before anything is sent. HQ keeps the key derived from it, never the code: both ends bind their documents with that key.
"""

import hmac
import secrets
from hashlib import sha256
from typing import Final

from edge_sync.errors import Refused

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011", "- \t\r\n")
_RANDOM, _CHECK, _GROUP = 18, 2, 5


def draw() -> str:
    """A fresh code, `XXXXX-XXXXX-XXXXX-XXXXX`."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    text = drawn + _check(drawn)
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def key_of(code: str) -> bytes:
    """The 32 bytes both ends bind with. O counts as 0, I and L as 1; case, spaces and hyphens do not count.

    Raises:
        Refused: this is not a whole code, or a character is wrong.
    """
    text = code.upper().translate(_READ_AS)
    if len(text) != _RANDOM + _CHECK or not set(text) <= set(_ALPHABET) or _check(text[:_RANDOM]) != text[_RANDOM:]:
        raise Refused("claim code is mistyped", remedy="it is four groups of five, as `edge-hq claim` printed it")
    return hmac.digest(text.encode(), b"sx/v1 claim", "sha256")


def _check(drawn: str) -> str:
    value = int.from_bytes(sha256(drawn.encode()).digest()[:2])
    return _ALPHABET[value & 31] + _ALPHABET[(value >> 5) & 31]
