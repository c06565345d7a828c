"""A read-only, seekable file whose bytes are asked from the parent, with one read-ahead buffer."""

import io
import os
from collections.abc import Callable
from typing import Final

AHEAD_BYTES: Final = 256 * 1024


class RemoteFile:
    """What libav reads from: `read`, `seek`, `tell`. `ask(offset, size)` gives the bytes, fewer only at the end."""

    def __init__(self, ask: Callable[[int, int], bytes], size_bytes: int) -> None:
        self._ask = ask
        self.size_bytes = size_bytes
        self._at = 0
        self._buffer = b""
        self._buffer_at = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0:
            size = self.size_bytes - self._at
        size = min(size, self.size_bytes - self._at)
        parts = []
        while size > 0:
            skip = self._at - self._buffer_at
            part = self._buffer[skip : skip + size] if 0 <= skip < len(self._buffer) else b""
            if not part:
                self._buffer_at, self._buffer = self._at, self._ask(self._at, AHEAD_BYTES)
                if not self._buffer:
                    break
                continue
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size_bytes}[whence]
        if base + offset < 0:
            raise io.UnsupportedOperation
        self._at = min(base + offset, self.size_bytes)
        return self._at

    def tell(self) -> int:
        return self._at
