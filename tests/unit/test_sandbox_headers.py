"""Facts about files, told from their headers alone."""

import io
import struct
import wave

import pytest
from PIL import Image

from edge_agent.sandbox import headers
from edge_agent.sandbox.remote import AHEAD_BYTES, RemoteFile


def remote(content: bytes) -> RemoteFile:
    return RemoteFile(lambda offset, size: content[offset : offset + size], len(content))


def picture(which: str, size: tuple[int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, which, **options)
    return out.getvalue()


def wav(samples: int = 1000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setparams((1, 2, 16_000, samples, "NONE", ""))
        writer.writeframes(bytes(2 * samples))
    return out.getvalue()


@pytest.mark.parametrize(
    ("which", "options"),
    [
        ("png", {}),
        ("jpeg", {}),
        ("jpeg", {"progressive": True}),
        ("webp", {}),
        ("webp", {"lossless": True}),
        ("bmp", {}),
    ],
)
def test_size_from_the_header_is_the_size_that_pillow_wrote(which, options):
    file = remote(picture(which, (311, 77), **options))
    assert headers.picture_format(file) == which
    assert headers.picture_size(file, which) == (311, 77)
    assert headers.picture_is_whole(file, which)


@pytest.mark.parametrize("which", ["png", "jpeg", "webp", "bmp"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.97])
def test_a_picture_without_its_end_is_not_whole(which, kept):
    content = picture(which, (200, 100))
    assert not headers.picture_is_whole(remote(content[: int(len(content) * kept)]), which)


def test_a_jpeg_with_a_film_behind_it_is_whole():
    assert headers.picture_is_whole(remote(picture("jpeg", (200, 100)) + bytes(200_000)), "jpeg")


@pytest.mark.parametrize("kept", [3, 12, 20, 31])
def test_a_picture_cut_inside_its_header_is_a_broken_header(kept):
    with pytest.raises(headers.BrokenHeaderError):
        headers.picture_size(remote(picture("jpeg", (20, 10))[:kept]), "jpeg")


def test_a_picture_that_claims_no_width_is_a_broken_header():
    content = bytearray(picture("png", (20, 10)))
    content[16:20] = bytes(4)
    with pytest.raises(headers.BrokenHeaderError):
        headers.picture_size(remote(bytes(content)), "png")


def test_a_wav_that_promises_more_than_is_there_is_not_whole():
    content = bytearray(wav(50))
    struct.pack_into("<I", content, 40, 0x7FFFFFFF)
    assert len(content) == 144
    assert not headers.sound_is_whole(remote(bytes(content)))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_streamed_wav_of_unknown_size_is_taken_as_it_is(size):
    content = bytearray(wav())
    struct.pack_into("<I", content, 40, size)
    assert headers.sound_is_whole(remote(bytes(content)))


def test_a_wav_without_data_is_not_whole():
    assert not headers.sound_is_whole(remote(wav()[:36]))


def test_wav_chunks_before_the_data_are_stepped_over():
    content = wav()
    extra = content[:36] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + content[36:]
    assert headers.sound_is_whole(remote(extra))
    assert not headers.sound_is_whole(remote(extra[:-1]))


def test_remote_file_reads_seeks_and_ends_like_a_file():
    content = bytes(range(256)) * 5000
    asked = []

    def ask(offset, size):
        asked.append((offset, size))
        return content[offset : offset + size]

    file, oracle = RemoteFile(ask, len(content)), io.BytesIO(content)
    for offset, whence, size in [(0, 0, 10), (5, 1, 700_000), (-20, 2, 100), (-1, 2, 1), (0, 2, 5), (3, 0, 3)]:
        assert file.seek(offset, whence) == oracle.seek(offset, whence)
        assert file.read(size) == oracle.read(size)
        assert file.tell() == oracle.tell()
    assert all(size == AHEAD_BYTES for _, size in asked)
