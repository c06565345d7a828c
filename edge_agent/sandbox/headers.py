"""What file headers say, read before any decoder sees a byte: picture sizes, and whether a file is all there.

Decoders believe headers and decode what they can; here a 30000x30000 picture, a 2 GB promise on 144 bytes and a missing tail
are noticed first. Formats: PNG (W3C PNG 3), JPEG (ITU T.81), WebP (RFC 9649), BMP; RIFF/WAVE, Ogg (RFC 3533), MP3 (Xing/Info).
Sizes are bytes, pictures (width, height) pixels. Reads a bounded head or tail, except a JPEG or PNG, which is read once.
"""

import os
from collections.abc import Iterator
from struct import unpack, unpack_from
from typing import Final, Literal

from edge_agent.sandbox.remote import RemoteFile

PictureFormat = Literal["png", "jpeg", "webp", "bmp"]

UNKNOWN_SIZES: Final = (0, 0xFFFFFFFF)
"""What a recorder writes as WAV data size when it streams and cannot know."""

JPEG_SIZED: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers: they carry the size (the three left out are tables)."""


class BrokenHeaderError(Exception):
    """The header contradicts itself or the file ends inside it."""


def picture_format(file: RemoteFile) -> PictureFormat | None:
    """Which of the four picture formats this is, by its first bytes."""
    head = _at(file, 0, 16)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return "bmp" if head.startswith(b"BM") else None


def picture_size(file: RemoteFile, which: PictureFormat) -> tuple[int, int]:
    """(width, height) from the header; BrokenHeaderError when it ends too soon or makes no sense."""
    head = _at(file, 0, 32)
    if len(head) < 32:
        raise BrokenHeaderError
    if which == "png":
        size = unpack(">II", head[16:24])
    elif which == "bmp":
        width, height = unpack("<ii", head[18:26])
        size = (abs(width), abs(height))
    elif which == "webp":
        size = _webp_size(head)
    else:
        size = next((unpack(">HH", body[1:5])[::-1] for marker, body, _ in _jpeg_segments(file) if marker in JPEG_SIZED), (0, 0))
    if 0 in size:
        raise BrokenHeaderError
    return (size[0], size[1])


def picture_is_whole(file: RemoteFile, which: PictureFormat) -> bool:
    """Whether the file reaches its own end mark."""
    if which == "png":
        return _png_is_whole(file)
    if which == "jpeg":
        scan = next((at for marker, _, at in _jpeg_segments(file) if marker == 0xDA), 0)
        return scan > 0 and b"\xff\xd9" in _at(file, scan, file.size_bytes)
    says = unpack("<I", _at(file, 4, 4))[0] if which == "webp" else unpack("<I", _at(file, 2, 4))[0] - 8
    return bool(says + 8 <= file.size_bytes)


def sound_is_whole(file: RemoteFile) -> bool:
    """False where a WAV promises more than is there or an Ogg lacks its last page; True for what cannot be told here."""
    head = _at(file, 0, 12)
    if head.startswith(b"RIFF") and head[8:] == b"WAVE":
        return _wav_is_whole(file)
    if head.startswith(b"OggS"):
        return _ogg_is_whole(file)
    return True


def looks_cut(file: RemoteFile) -> bool:
    """For a file that no demuxer opens: whether it begins like a known container, so that its rest is missing."""
    head = _at(file, 0, 16)
    return head[4:8] == b"ftyp" or head.startswith((b"RIFF", b"fLaC", b"OggS", b"\x1a\x45\xdf\xa3", b"ID3"))


def mp3_frames(file: RemoteFile) -> int | None:
    """Frames an MP3's Xing/Info header promises, None without one (then nothing says how long it should be)."""
    head = _at(file, 0, 10)
    start = 0
    if head.startswith(b"ID3") and len(head) == 10:
        start = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    frame = _at(file, start, 256)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if at < 0 or len(frame) < at + 12 or not frame[at + 7] & 1:
        return None
    return int(unpack_from(">I", frame, at + 8)[0])


def _at(file: RemoteFile, offset: int, size: int) -> bytes:
    file.seek(offset, os.SEEK_SET)
    return file.read(size)


def _webp_size(head: bytes) -> tuple[int, int]:
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _jpeg_segments(file: RemoteFile) -> Iterator[tuple[int, bytes, int]]:
    """(marker, first bytes of its body, offset of its end) up to and including the first scan."""
    at = 2
    while at < file.size_bytes:
        head = _at(file, at, 12)
        if len(head) < 4 or head[0] != 0xFF:
            raise BrokenHeaderError
        if head[1] == 0xFF:  # fill byte
            at += 1
            continue
        at += 2 + unpack(">H", head[2:4])[0]
        yield head[1], head[4:], at
        if head[1] == 0xDA:
            return
    raise BrokenHeaderError


def _png_is_whole(file: RemoteFile) -> bool:
    at = 8
    while (head := _at(file, at, 8)) and len(head) == 8:
        at += 12 + int(unpack(">I", head[:4])[0])
        if head[4:] == b"IEND":
            return at <= file.size_bytes
    return False


def _wav_is_whole(file: RemoteFile) -> bool:
    at = 12
    for _ in range(1000):
        head = _at(file, at, 8)
        if len(head) < 8:
            return False
        size = unpack("<I", head[4:])[0]
        if head[:4] == b"data":
            return size in UNKNOWN_SIZES or at + 8 + size <= file.size_bytes
        at += 8 + size + size % 2
    return False


def _ogg_is_whole(file: RemoteFile) -> bool:
    start = max(0, file.size_bytes - 2 * 65_307)  # two pages of the largest size
    tail = _at(file, start, 2 * 65_307)
    at = tail.rfind(b"OggS")
    if at < 0 or len(tail) < at + 27:
        return False
    segments = tail[at + 27 : at + 27 + tail[at + 26]]
    whole = len(segments) == tail[at + 26] and at + 27 + len(segments) + sum(segments) <= len(tail)
    return whole and tail[at + 5] & 4 != 0
