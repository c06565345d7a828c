"""The seekable reader is a real file object, at any size, and gives nothing that does not verify."""

import io
import os
import wave

import av
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.errors import SealBroken
from edge_agent.vault import age, stream
from edge_agent.vault.x25519 import Identity

KEY = bytes(range(32))
CHUNK = stream.CHUNK_BYTES


def sealed(content: bytes) -> io.BytesIO:
    return io.BytesIO(b"".join(stream.seal(KEY, [content])))


def test_it_is_a_read_only_seekable_raw_file() -> None:
    reader = stream.Reader(KEY, sealed(b"hello"))
    assert isinstance(reader, io.RawIOBase)
    assert (reader.readable(), reader.seekable(), reader.writable(), reader.size) == (True, True, False, 5)
    with pytest.raises(io.UnsupportedOperation):
        reader.fileno()


def test_open_sealed_gives_a_buffered_binary_file() -> None:
    identity = Identity.generate()
    with age.open_sealed([identity], io.BytesIO(age.encrypt_bytes([identity.recipient], b"a\nb\n"))) as file:
        assert isinstance(file, io.BufferedIOBase)
        assert file.readlines() == [b"a\n", b"b\n"]


def test_closing_it_closes_its_source_and_forbids_reading() -> None:
    source = sealed(b"hello")
    reader = stream.Reader(KEY, source)
    reader.close()
    assert source.closed
    for use in (reader.read, reader.tell, lambda: reader.seek(0), lambda: reader.readinto(bytearray(1))):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_places_past_the_end_read_empty_and_before_the_start_are_errors() -> None:
    reader = stream.Reader(KEY, sealed(b"hello"))
    assert reader.seek(100) == 100
    assert reader.read(10) == b""
    assert reader.seek(-2, os.SEEK_END) == 3
    assert reader.read(1 << 50) == b"lo"  # asks for no more memory than there is plaintext
    with pytest.raises(ValueError, match="before the start"):
        reader.seek(-6, os.SEEK_END)
    with pytest.raises(ValueError, match="whence"):
        reader.seek(0, 9)


def test_a_short_reading_source_is_read_on() -> None:
    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1000) if size and size > 0 else size)

    content = os.urandom(CHUNK + 5)
    dribble = Dribble(sealed(content).getvalue())
    assert b"".join(stream.unseal(KEY, dribble)) == content
    dribble.seek(0)
    assert stream.Reader(KEY, dribble).read() == content


def test_a_damaged_chunk_leaves_the_others_readable_and_gives_nothing_itself() -> None:
    content = os.urandom(3 * CHUNK)
    damaged = bytearray(sealed(content).getvalue())
    damaged[stream.SEALED_BYTES + 7] ^= 1
    reader = stream.Reader(KEY, io.BytesIO(bytes(damaged)))
    assert reader.read(CHUNK) == content[:CHUNK]
    with pytest.raises(SealBroken, match="chunk 1 does not verify"):
        reader.read(1)
    reader.seek(2 * CHUNK)
    assert reader.read() == content[2 * CHUNK :]


def test_a_read_that_meets_a_damaged_chunk_raises_and_returns_nothing() -> None:
    damaged = bytearray(sealed(bytes(3 * CHUNK)).getvalue())
    damaged[stream.SEALED_BYTES + 7] ^= 1
    reader = stream.Reader(KEY, io.BytesIO(bytes(damaged)))
    with pytest.raises(SealBroken):
        reader.read()


class Eight(io.RawIOBase):
    """The sealed form of 8 GiB + 5 bytes, each chunk made when it is read: all of it verifies, none of it is kept."""

    plain = 8 * 2**30 + 5
    count = plain // CHUNK + 1
    size = plain + count * stream.TAG_BYTES

    def __init__(self) -> None:
        self.at = 0
        self.most = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self.at = offset if whence == os.SEEK_SET else self.size + offset
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1, /) -> bytes:
        index, offset = divmod(self.at, stream.SEALED_BYTES)
        last = index == self.count - 1
        plain = index.to_bytes(5) * (1 if last else CHUNK // 5) + (b"" if last else b"!")
        nonce = index.to_bytes(11) + bytes((last,))
        content = ChaCha20Poly1305(KEY).encrypt(nonce, plain, None)[offset : offset + size]
        self.at += len(content)
        self.most = max(self.most, len(content))
        return content


def test_eight_gigabytes_are_read_anywhere_without_being_held() -> None:
    source = Eight()
    reader = stream.Reader(KEY, source)  # type: ignore[arg-type]
    assert reader.size == Eight.plain
    for index in (0, 70_000, Eight.count - 2):
        reader.seek(index * CHUNK)
        assert reader.read(5) == index.to_bytes(5)
    reader.seek(-5, os.SEEK_END)
    assert reader.read() == (Eight.count - 1).to_bytes(5)
    assert source.most <= stream.SEALED_BYTES


def test_sealing_pulls_one_piece_at_a_time() -> None:
    pulled = 0

    def pieces() -> object:
        nonlocal pulled
        for _ in range(64):
            pulled += 1
            yield bytes(CHUNK)

    sealing = stream.seal(KEY, pieces())  # type: ignore[arg-type]
    next(sealing)
    assert pulled == 2  # the first chunk waits until it is known not to be the last


def test_pyav_decodes_from_the_decrypting_stream() -> None:
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(os.urandom(2 * 16000 * 10))
    identity = Identity.generate()
    source = io.BytesIO(age.encrypt_bytes([identity.recipient], wav.getvalue()))
    with age.open_sealed([identity], source) as media, av.open(media) as container:
        container.seek(5_000_000)
        samples = sum(frame.samples for frame in container.decode(audio=0))
        container.seek(0)
        whole = sum(frame.samples for frame in container.decode(audio=0))
    assert whole == 160_000
    assert 0 < samples < whole
