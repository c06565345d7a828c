"""Recognises the same content twice, under the box's key, at a cost that does not show beside the encryption.

Poly1305 of each `BLOCK_BYTES` under one secret key, then HMAC-SHA256 over those tags and the length: a universal hash whose
values nobody sees, under a pseudo-random function (Carter and Wegman 1981; Bernstein 2005, "The Poly1305-AES
message-authentication code", theorem 3.3). Without the key nothing can be said of the content, and no two contents can be made
to collide.
"""

import hmac
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.poly1305 import Poly1305

BLOCK_BYTES: Final = 1 << 20


class ContentDigest:
    """`key` is the box's own, 32 bytes. Equal content gives an equal digest, however it is cut into chunks."""

    def __init__(self, key: bytes) -> None:
        self.length = 0
        """Bytes seen so far."""
        self._block_key = hmac.digest(key, b"edge-agent content block v1", sha256)
        self._mac = hmac.new(hmac.digest(key, b"edge-agent content v1", sha256), digestmod=sha256)
        self._block = Poly1305(self._block_key)
        self._room = BLOCK_BYTES

    def update(self, chunk: bytes) -> None:
        self.length += len(chunk)
        rest = memoryview(chunk)
        while len(rest) >= self._room:
            self._block.update(rest[: self._room])
            rest = rest[self._room :]
            self._mac.update(self._block.finalize())
            self._block, self._room = Poly1305(self._block_key), BLOCK_BYTES
        self._block.update(rest)
        self._room -= len(rest)

    def hexdigest(self) -> str:
        """64 hex digits; the object takes no more afterwards."""
        self._mac.update(self._block.finalize() + self.length.to_bytes(8, "big"))
        return self._mac.hexdigest()
