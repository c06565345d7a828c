"""age's payload: STREAM of 64 KiB ChaCha20-Poly1305 chunks, written in order, read in order or anywhere.

Chunk i is sealed under the nonce (i as 11 bytes big endian, then 1 for the last chunk, else 0), without associated data; only an
empty plaintext has an empty chunk. A chunk is released after its tag verified, never before. In order, an authenticated prefix
appears before a later fault is met: bytes that appeared are not success. The seekable reader proves the end of the stream before
it releases the first byte, so there a cut file gives nothing.
"""

import io
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.vault.refusal import broken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES: Final = 64 * 1024
TAG_BYTES: Final = 16
SEALED_BYTES: Final = CHUNK_BYTES + TAG_BYTES


def seal(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Sealed chunks of the plaintext that `pieces` (any sizes) make together; memory = one piece + one chunk."""
    aead = ChaCha20Poly1305(key)
    pending, index = bytearray(), 0  # a full chunk waits: it may be the last one
    for piece in pieces:
        rest = memoryview(piece)
        if len(pending) + len(rest) > CHUNK_BYTES and pending:
            room = CHUNK_BYTES - len(pending)
            yield aead.encrypt(_nonce(index, last=False), pending + rest[:room], None)
            pending, index, rest = bytearray(), index + 1, rest[room:]
        while len(rest) > CHUNK_BYTES:
            yield aead.encrypt(_nonce(index, last=False), rest[:CHUNK_BYTES], None)
            index, rest = index + 1, rest[CHUNK_BYTES:]
        pending += rest
    yield aead.encrypt(_nonce(index, last=True), pending, None)


def unseal(key: bytes, source: BinaryIO) -> Iterator[bytes]:
    """Plaintext chunks in order, from a source that need not seek.

    Raises:
        SealBroken: "payload: …"; what was yielded before is an authentic prefix and must not be taken for the whole.
    """
    chunks = _Chunks(key)
    index, sealed = 0, _read_full(source)
    while True:
        following = _read_full(source) if len(sealed) == SEALED_BYTES else b""
        plain, marked_last = chunks.open(index, sealed, at_end=not following)
        yield plain
        _check_end(marked_last=marked_last, at_end=not following)
        if not following:
            return
        index, sealed = index + 1, following


class Reader(io.RawIOBase):
    """A read-only, seekable plaintext view of a seekable source; the payload starts at the source's position.

    It owns `source` and closes it. `read(n)` is short only at the end. One thread at a time. Keeps one plaintext chunk in memory.
    """

    def __init__(self, key: bytes, source: BinaryIO) -> None:
        """SealBroken unless the last chunk verifies as the last one, which also proves the length."""
        self._chunks = _Chunks(key)
        self._source = source
        self._start = source.tell()
        sealed_bytes = source.seek(0, os.SEEK_END) - self._start
        self._count = max(1, -(-sealed_bytes // SEALED_BYTES))
        self.size = max(0, sealed_bytes - self._count * TAG_BYTES)
        """Length of the plaintext in bytes."""
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")
        self._plain(self._count - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move; a place past the end is allowed and reads empty, one before the start is a ValueError, as for files."""
        self._check_open()
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}
        if whence not in base:
            raise ValueError("whence must be SEEK_SET, SEEK_CUR or SEEK_END")
        if base[whence] + offset < 0:
            raise ValueError("a place before the start")
        self._at = base[whence] + offset
        return self._at

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer` as far as the plaintext goes; SealBroken before any byte of a chunk that does not verify."""
        self._check_open()
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._at < self.size:
            index, offset = divmod(self._at, CHUNK_BYTES)
            part = memoryview(self._plain(index))[offset : offset + len(view) - done]
            view[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        return done

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes (all that is left for None or a negative number), never more memory than there is plaintext."""
        self._check_open()
        left = max(0, self.size - self._at)
        buffer = bytearray(left if size is None or size < 0 else min(size, left))
        return bytes(buffer[: self.readinto(buffer)])

    def readall(self) -> bytes:
        return self.read()

    def close(self) -> None:
        self._held = (-1, b"")
        self._source.close()
        super().close()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the reader is closed")

    def _plain(self, index: int) -> bytes:
        if self._held[0] != index:
            self._source.seek(self._start + index * SEALED_BYTES)
            at_end = index == self._count - 1
            plain, marked_last = self._chunks.open(index, _read_full(self._source), at_end=at_end)
            _check_end(marked_last=marked_last, at_end=at_end)
            self._held = (index, plain)
        return self._held[1]


class _Chunks:
    """Opens single chunks and names what is wrong with one."""

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)

    def open(self, index: int, sealed: bytes, *, at_end: bool) -> tuple[bytes, bool]:
        """Plaintext of chunk `index`, and whether its writer marked it as the last one."""
        if len(sealed) < TAG_BYTES:
            raise broken("payload: truncated inside a chunk" if sealed else "payload: truncated, no chunk")
        for last in (at_end, not at_end):
            try:
                plain = self._aead.decrypt(_nonce(index, last=last), sealed, None)
            except InvalidTag:
                continue
            if last and index and not plain:
                raise broken("payload: an empty last chunk")
            if not last and len(sealed) < SEALED_BYTES:
                break
            return plain, last
        else:
            raise broken(f"payload: chunk {index} does not verify")
        raise broken("payload: truncated, the last chunk is missing")


def _check_end(*, marked_last: bool, at_end: bool) -> None:
    if at_end and not marked_last:
        raise broken("payload: truncated, the last chunk is missing")
    if marked_last and not at_end:
        raise broken("payload: data after the last chunk")


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11) + bytes((last,))


def _read_full(source: BinaryIO) -> bytes:
    """A whole sealed chunk, or what is left; sources may read short."""
    sealed = source.read(SEALED_BYTES)
    while 0 < len(sealed) < SEALED_BYTES and (more := source.read(SEALED_BYTES - len(sealed))):
        sealed += more
    return sealed
