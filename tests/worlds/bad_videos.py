"""Foreign videos of every bad and odd kind, made on the spot, each with the outcomes that are right for it.

`DECODED` stands for at least one picture; anything else is a code of `edge_agent.sandbox.faults`.
"""

import io
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

DECODED = "decoded"
QUIET = {"libx265": {"x265-params": "log-level=none"}}
BROKEN = frozenset({"damaged", "truncated", "not-media"})


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[], bytes]
    outcomes: frozenset[str]


def pictures(count: int, width: int, height: int) -> Iterator[np.ndarray]:
    """Grey noise that drifts, so that no two are the same."""
    noise = np.random.default_rng(7).integers(0, 256, (height, width + count, 3)).astype(np.uint8)
    for number in range(count):
        yield np.ascontiguousarray(noise[:, number : number + width])


def film(
    container: str = "mp4", codec: str = "libx264", *, frames: int = 30, gop: int = 10, size: tuple[int, int] = (64, 48),
    pixels: str = "yuv420p", options: dict[str, str] | None = None, times: Sequence[int] | None = None, **muxing: str,
) -> bytes:  # fmt: skip
    """A film at 10 frames/s; `times`: presentation times in milliseconds instead."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        with av.open(str(path), "w", format=container, options=muxing) as writer:
            stream = writer.add_stream(codec, rate=10, options=QUIET.get(codec, {}) | (options or {}))
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, pixels, gop
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000 if times else 10)
            for number, picture in enumerate(pictures(frames, *size)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = times[number] if times else number
                frame.time_base = stream.codec_context.time_base
                writer.mux(stream.encode(frame))
            writer.mux(stream.encode(None))
        return path.read_bytes()


def repacked(content: bytes, container: str, change: Callable[[int, av.Packet], bool]) -> bytes:
    """The same packets in another container; `change` alters one, or drops it (False)."""
    out = io.BytesIO()
    with av.open(io.BytesIO(content)) as source, av.open(out, "w", format=container) as writer:
        stream = writer.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(one for one in source.demux(video=0) if one.size):
            if change(number, packet):
                packet.stream = stream
                writer.mux(packet)
    return out.getvalue()


def sound(container: str = "mp4", codec: str = "aac", *, cover: bool = False) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=16_000, layout="mono")
        picture = writer.add_stream("mjpeg", rate=1) if cover else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(next(pictures(1, 64, 48)), format="rgb24")
            packets = [*picture.encode(frame), *picture.encode(None)]
            writer.mux(packets)
        samples = (3000 * np.sin(np.arange(32_000) / 9)).astype(np.int16)
        heard = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        heard.sample_rate = 16_000
        resampler = av.AudioResampler(stream.format, "mono", 16_000, frame_size=stream.frame_size or 1024)
        for piece in [*resampler.resample(heard), *resampler.resample(None)]:
            writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))
    return out.getvalue()


def atom(name: bytes, body: bytes = b"", *, size: int | None = None) -> bytes:
    return struct.pack(">I", len(body) + 8 if size is None else size) + name + body


def at(content: bytes, mark: bytes, offset: int, layout: str, *values: int) -> bytes:
    """Values written so many bytes after a mark."""
    changed = bytearray(content)
    struct.pack_into(layout, changed, content.index(mark) + offset, *values)
    return bytes(changed)


def no_key_frames() -> bytes:
    return repacked(film("mpegts", gop=1000), "mpegts", lambda _, packet: not packet.is_keyframe)


def two_sizes(second: tuple[int, int]) -> bytes:
    """A transport stream whose pictures change their size, and whose clock begins anew there."""
    return film("mpegts", frames=20) + film("mpegts", size=second, frames=20)


def huge_jpeg_frames() -> bytes:
    """Motion JPEG whose pictures say 65500 x 65500 of themselves."""
    content = bytearray(film("avi", "mjpeg", pixels="yuvj420p", frames=5))
    start = 0
    while (start := content.find(b"\xff\xc0\x00\x11\x08", start)) >= 0:
        struct.pack_into(">HH", content, start + 5, 65_500, 65_500)
        start += 9
    return bytes(content)


def gif(size: tuple[int, int] | None = None, frames: int = 10) -> bytes:
    content = bytearray(film("gif", "gif", pixels="rgb8", frames=frames))
    if size is not None:
        struct.pack_into("<HH", content, 6, *size)
    return bytes(content)


def transport_times(value: int) -> bytes:
    """MPEG-TS in which every second picture's time is `value` (33 bits)."""
    content = bytearray(film("mpegts", options={"bf": "0"}))
    start, number = 0, 0
    while (start := content.find(b"\x00\x00\x01\xe0", start)) >= 0:
        number += 1
        if number % 2 == 0 and content[start + 7] & 0x80:
            stamp = value & (2**33 - 1)
            high, middle, low = 0x21 | stamp >> 29 & 0x0E, 0x01 | stamp >> 14 & 0xFE, 0x01 | stamp << 1 & 0xFE
            content[start + 9 : start + 14] = bytes([high, stamp >> 22 & 0xFF, middle, stamp >> 7 & 0xFF, low])
        start += 4
    return bytes(content)


def edited(mark: bytes, entries: int, layout: str, value: int) -> bytes:
    """An MP4 with a number of one of its tables overwritten (`entries` bytes after the table's name)."""
    return at(film(options={"bf": "0"}, movflags="faststart"), mark, entries, layout, value)


def noise_inside() -> bytes:
    content = bytearray(film(frames=100, size=(160, 120), movflags="faststart"))
    start = content.index(b"mdat") + 4
    middle = start + (len(content) - start) // 2
    content[middle : middle + 3000] = np.random.default_rng(3).bytes(3000)
    return bytes(content)


def garbage_between() -> bytes:
    packets, random = film("mpegts", frames=60), np.random.default_rng(4)
    pieces = [packets[start : start + 188 * 7] for start in range(0, len(packets), 188 * 7)]
    spoilt = (piece + (random.bytes(97) if number % 5 == 4 else b"") for number, piece in enumerate(pieces))
    return random.bytes(500) + b"".join(spoilt)


def turned() -> bytes:
    """A quarter turn in the track header's matrix."""
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    content = film()
    where = content.index(b"tkhd") + 4 + 40
    return content[:where] + matrix + content[where + 36 :]


def _cases() -> Iterator[Case]:
    def case(name: str, make: Callable[[], bytes], *outcomes: str) -> Case:
        return Case(name, make, frozenset(outcomes))

    good = ("libx264", "libx265", "libvpx-vp9", "libsvtav1")
    for codec in good:
        yield case(f"{codec} in Matroska", lambda codec=codec: film("matroska", codec, size=(128, 96)), DECODED)
    yield case("MJPEG in AVI", lambda: film("avi", "mjpeg", pixels="yuvj420p"), DECODED)
    yield case("an animated GIF", gif, DECODED)
    yield case("B-frames and open groups", lambda: film(options={"bf": "3", "x264-params": "open-gop=1"}, frames=60), DECODED)
    yield case("a group of 400 pictures", lambda: film(frames=400, gop=10_000), DECODED)
    yield case("variable frame rate", lambda: film("matroska", times=[n * n * 7 for n in range(30)]), DECODED)
    yield case("odd sizes", lambda: film("avi", "mjpeg", size=(65, 47), pixels="yuvj444p"), DECODED)
    yield case("one pixel", lambda: film("avi", "mjpeg", size=(1, 1), pixels="yuvj444p", frames=3), DECODED, *BROKEN)
    yield case("a quarter turn", turned, DECODED)
    yield case("no duration", lambda: edited(b"mvhd", 20, ">I", 0), DECODED)
    yield case("a single picture", lambda: film(frames=1), DECODED)
    yield case("sizes that change", lambda: two_sizes((96, 64)), DECODED)
    yield case("transport stream with garbage", garbage_between, DECODED)
    yield case("noise amid the pictures", noise_inside, DECODED, "damaged")
    yield case("times that jump back", lambda: transport_times(0), DECODED)
    yield case("times that end the clock", lambda: transport_times(2**33 - 1), DECODED, "too-long")
    yield case("sizes that grow to a bomb", lambda: two_sizes((2000, 1500)), DECODED, "too-many-pixels", "damaged")
    yield case("pictures of 65500 x 65500", huge_jpeg_frames, "too-many-pixels", *BROKEN)
    yield case("a GIF canvas of 65535 x 65535", lambda: gif((65_535, 65_535)), "too-many-pixels", *BROKEN)
    yield case("cut in the middle", lambda: (c := film(frames=300))[: len(c) // 2], "truncated")
    yield case("cut, its index in front", lambda: (c := film(frames=300, movflags="faststart"))[: len(c) * 2 // 3], "truncated")
    yield case("cut after 20 bytes", lambda: film()[:20], "truncated")
    yield case("no key frames", no_key_frames, "no-key-frames")
    yield case("only sound", sound, "no-video")
    yield case("only a cover", lambda: sound("mp3", "libmp3lame", cover=True), "no-video")
    yield case("a day and more", lambda: edited(b"mdhd", 20, ">I", 2**32 - 2), DECODED, "too-long", "truncated")
    yield case("times of 2^31", lambda: edited(b"stts", 16, ">I", 2**31 - 1), "too-long", *BROKEN)
    yield case("times before the beginning", lambda: edited(b"elst", 16, ">i", 2**31 - 1), DECODED, *BROKEN)
    yield case("two thousand million pictures", lambda: edited(b"stsz", 12, ">I", 2**31 - 1), *BROKEN)
    yield case("a table of sizes that are none", lambda: edited(b"stsz", 16, ">I", 2**32 - 1), *BROKEN)
    yield case("a table of places beyond the end", lambda: edited(b"stco", 12, ">I", 2**32 - 1), *BROKEN)
    yield case("a time scale of nothing", lambda: edited(b"mdhd", 16, ">I", 0), DECODED, "too-long", *BROKEN)
    yield case("nothing in it", lambda: atom(b"ftyp", b"isom\0\0\2\0isom") + atom(b"mdat"), *BROKEN)
    yield case(
        "a box larger than all",
        lambda: atom(b"ftyp", b"isom\0\0\2\0isom") + atom(b"moov", bytes(64), size=2**31),
        "no-video",
        *BROKEN,
    )
    yield case("boxes in boxes", lambda: atom(b"ftyp", b"isom\0\0\2\0isom") + nested(2000), *BROKEN)
    yield case("an empty Matroska", lambda: film("matroska")[:60], *BROKEN)
    yield case("a script", lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "not-media")


def nested(depth: int) -> bytes:
    found = b""
    for _ in range(depth):
        found = atom(b"moov", found)
    return found


CASES = tuple(_cases())
