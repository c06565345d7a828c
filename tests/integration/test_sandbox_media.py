"""Foreign files of every kind through the real, confined child."""

import io
import struct
import tempfile
import wave
import zlib
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.errors import BadInput

LIMITS = Limits()


def tone(seconds: float, rate: int, channels: int) -> np.ndarray:
    """A different tone on each channel: (samples, channels) in -0.5..0.5."""
    t = np.arange(int(seconds * rate)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * 220 * (c + 1) * t) for c in range(channels)], axis=1)


def wav(seconds: float = 2.0, rate: int = 16_000, channels: int = 1) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setparams((channels, 2, rate, 0, "NONE", ""))
        writer.writeframes((tone(seconds, rate, channels) * 32767).astype("<i2").tobytes())
    return out.getvalue()


def float_wav(samples: np.ndarray, rate: int = 16_000) -> bytes:
    data = samples.astype("<f4").tobytes()
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVE" + head + b"data" + struct.pack("<I", len(data)) + data


def sound(container: str, codec: str, seconds: float = 4.0, rate: int = 16_000, channels: int = 1, **options: str) -> bytes:
    layout = {1: "mono", 2: "stereo"}[channels]
    with written(container, options) as (writer, out):
        stream = writer.add_stream(codec, rate=rate, layout=layout)
        samples = (tone(seconds, rate, channels) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(stream.format, layout, rate, frame_size=stream.frame_size or 1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))
    return out[0]


@contextmanager
def written(container: str, options: dict[str, str]):
    """A writer on a file (some options read it back) and a list that holds its bytes afterwards."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "media"
        with av.open(str(path), "w", format=container, options=options) as writer:
            yield writer, out
        out.append(path.read_bytes())


def film(container: str = "mp4", codec: str = "libx264", frames: int = 40, gop: int = 10, **options: str) -> bytes:
    """A film at 10 frames/s whose brightness counts its frames."""
    with written(container, options) as (writer, out):
        stream = writer.add_stream(codec, rate=10)
        stream.width, stream.height, stream.gop_size = 320, 240, gop
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if codec == "libx264":
            stream.options = {"sc_threshold": "0"}
        for number in range(frames):
            picture = np.full((240, 320, 3), 20 + 5 * (number % 40), np.uint8)
            picture[:, :160, 0] = 250
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out[0]


def picture(which: str, size: tuple[int, int] = (64, 48), colour: tuple[int, int, int] = (200, 100, 50)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, which, quality=95)
    return out.getvalue()


def samples(content: bytes, limits: Limits = LIMITS) -> np.ndarray:
    return np.concatenate(list(sandbox.decode_audio(io.BytesIO(content), limits)), axis=1)


def paced(media: io.BytesIO, limits: Limits):
    return sandbox.decode_frames(media, limits, 500)


def refusal(operation, content: bytes, limits: Limits = LIMITS) -> str:
    streams = operation in {sandbox.decode_audio, sandbox.decode_key_frames, paced}
    with pytest.raises(BadInput) as caught:
        list(operation(io.BytesIO(content), limits)) if streams else operation(io.BytesIO(content), limits)
    assert caught.value.remedy
    assert caught.value.zh
    return caught.value.kind


def peak_hz(signal: np.ndarray, rate: int = 16_000) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(signal * np.hanning(len(signal))))) * rate / len(signal))


@pytest.mark.parametrize(
    ("container", "codec", "rate", "channels"),
    [
        ("wav", "pcm_s16le", 8_000, 2), ("wav", "pcm_mulaw", 8_000, 1), ("flac", "flac", 44_100, 2),
        ("mp3", "libmp3lame", 48_000, 2),
        ("mp4", "aac", 44_100, 1), ("ogg", "libopus", 48_000, 2), ("ogg", "flac", 22_050, 2), ("webm", "libopus", 16_000, 1),
        ("adts", "aac", 16_000, 1), ("mov", "pcm_s16le", 11_025, 1), ("matroska", "flac", 32_000, 2),
    ],
)  # fmt: skip
def test_every_usual_sound_file_gives_its_tones_back(container, codec, rate, channels):
    try:
        content = sound(container, codec, 4.0, rate, channels)
    except av.error.EncoderNotFoundError:
        pytest.skip("this build of libav cannot write that codec")
    info = sandbox.probe(io.BytesIO(content), LIMITS)
    assert (info.kind, info.channels) == ("audio", channels)
    got = samples(content)
    assert got.dtype == np.float32
    assert got.shape[0] == channels
    assert got.shape[1] == pytest.approx(64_000, abs=2_000)
    for channel in range(channels):
        assert peak_hz(got[channel, 8_000:56_000]) == pytest.approx(220 * (channel + 1), abs=1)
        assert np.abs(got[channel, 8_000:56_000]).max() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("rate", [4_000, 8_000, 12_345, 96_000, 192_000])
def test_other_rates_are_resampled(rate):
    assert peak_hz(samples(wav(2.0, rate))[0]) == pytest.approx(220, abs=1)


@pytest.mark.parametrize("channels", [3, 8])
def test_more_than_two_channels_are_all_kept(channels):
    got = samples(wav(1.0, channels=channels))
    assert [round(peak_hz(c) / 220) for c in got] == list(range(1, channels + 1))


def test_blocks_are_thirty_seconds_and_join_without_a_seam():
    blocks = list(sandbox.decode_audio(io.BytesIO(wav(70.0)), LIMITS))
    assert [b.shape for b in blocks] == [(1, 480_000), (1, 480_000), (1, 160_000)]
    joined = np.concatenate(blocks, axis=1)[0]
    assert np.abs(joined - tone(70.0, 16_000, 1)[:, 0]).max() < 1e-3


def patched(content: bytes, at: int, layout: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(layout, changed, at, value)
    return bytes(changed)


def _refused():
    whole_mp3 = sound("mp3", "libmp3lame", 60.0)
    m4a, flac, ogg = sound("mp4", "aac", 30.0), sound("flac", "flac", 30.0), sound("ogg", "libopus", 30.0, 48_000)
    fast = sound("mp4", "aac", 30.0, movflags="faststart")
    infinite = tone(1.0, 16_000, 1)[:, 0].copy()
    infinite[5_000] = np.inf
    yield "empty", "no bytes", b""
    yield "empty", "a WAV without samples", wav(0)
    yield "not-media", "text", "这不是录音\n".encode() * 500
    yield "not-media", "noise", np.random.default_rng(1).bytes(50_000)
    yield "not-media", "a playlist", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"
    yield "not-media", "a concat script", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "not-media", "a zip", b"PK\3\4" + bytes(2000)
    yield "no-audio", "a film without sound", film()
    yield "truncated", "a 2 GB header on 144 bytes", patched(wav(50 / 16_000), 40, "<I", 0x7FFFFFFF)
    yield "truncated", "half a WAV", wav()[:30_000]
    yield "truncated", "a WAV header alone", wav()[:44]
    yield "truncated", "half an M4A", m4a[: len(m4a) // 2]
    yield "truncated", "half an M4A with its index in front", fast[: len(fast) // 2]
    yield "truncated", "half a FLAC", flac[: len(flac) // 2]
    yield "truncated", "half an Ogg", ogg[: len(ogg) // 2]
    yield "truncated", "half an MP3 with a frame count", whole_mp3[: len(whole_mp3) // 2]
    yield "non-finite", "NaN samples", float_wav(np.full(16_000, np.nan))
    yield "non-finite", "one infinite sample", float_wav(infinite)
    yield "bad-rate", "one sample per second", patched(wav(), 24, "<I", 1)
    yield "too-many-channels", "nine channels", wav(0.5, channels=9)
    yield (
        "damaged truncated",
        "a FLAC with noise in the middle",
        flac[:9000] + np.random.default_rng(2).bytes(len(flac) // 2) + flac[9000 + len(flac) // 2 :],
    )


@pytest.mark.parametrize(("kind", "content"), [pytest.param(k, c, id=name) for k, name, c in _refused()])
def test_sound_that_cannot_be_used_is_refused_by_name(kind, content):
    assert refusal(sandbox.decode_audio, content) in kind.split()


def test_samples_far_too_loud_are_clipped_not_refused():
    got = samples(float_wav(tone(1.0, 16_000, 1)[:, 0] * 1e6))
    assert np.abs(got).max() == 1.0


def test_a_recording_over_the_limit_is_refused_before_it_is_decoded():
    assert refusal(sandbox.decode_audio, wav(10.0), Limits(max_call_hours=5 / 3600)) == "too-long"
    assert refusal(sandbox.probe, wav(10.0), Limits(max_call_hours=5 / 3600, max_video_hours=5 / 3600)) == "too-long"


def test_a_file_over_the_byte_limit_is_refused():
    assert refusal(sandbox.probe, wav(10.0), Limits(max_file_bytes=1000)) == "too-large"


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx264"), ("matroska", "libx264"), ("mpegts", "libx264"), ("avi", "mpeg4")]
)
def test_key_frames_come_with_their_times(container, codec):
    try:
        content = film(container, codec)
    except av.error.EncoderNotFoundError:
        pytest.skip("this build of libav cannot write that codec")
    with av.open(io.BytesIO(content)) as oracle:
        every = [number for number, frame in enumerate(oracle.decode(video=0)) if frame.key_frame]
    keys: list[int] = []
    for number in every:
        if not keys or number >= keys[-1] + 2:  # 200 ms apart
            keys.append(number)
    frames = list(sandbox.decode_key_frames(io.BytesIO(content), LIMITS))
    assert len(keys) >= 4
    assert [f.at_ms for f in frames] == pytest.approx([100 * number for number in keys], abs=1)
    for number, frame in zip(keys, frames, strict=True):
        assert frame.rgb.shape == (240, 320, 3)
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb[120, 300].tolist() == pytest.approx([20 + 5 * number] * 3, abs=6)
        assert frame.rgb[120, 10, 0] > 200 > frame.rgb[120, 10, 2]


def test_a_film_of_key_frames_only_is_thinned():
    frames = list(sandbox.decode_key_frames(io.BytesIO(film("avi", "mjpeg", frames=20)), LIMITS))
    assert [f.at_ms for f in frames] == list(range(0, 2000, 200))


def test_frames_come_at_a_low_pace_with_the_last_one_where_key_frames_are_rare():
    frames = list(paced(io.BytesIO(film(frames=44, gop=1000)), LIMITS))
    assert [f.at_ms for f in frames] == [*range(0, 4400, 500), 4300]
    assert frames[1].rgb[120, 300].tolist() == pytest.approx([45] * 3, abs=6)


def test_only_key_frames_are_decoded_where_they_come_often_enough():
    frames = list(paced(io.BytesIO(film(frames=44, gop=5)), LIMITS))
    assert [f.at_ms for f in frames] == list(range(0, 4400, 500))


def test_a_paced_video_that_cannot_be_used_is_refused_by_name():
    whole = film(frames=300)
    assert refusal(paced, sound("mp4", "aac")) == "no-video"
    assert refusal(paced, whole[: len(whole) // 2]) == "truncated"
    assert refusal(paced, film(), Limits(max_picture_px=1000)) == "too-many-pixels"
    assert refusal(paced, film(), Limits(max_video_hours=2 / 3600)) == "too-long"


def test_video_that_cannot_be_used_is_refused_by_name():
    whole, fast = film(frames=300), film(frames=300, movflags="faststart")
    assert refusal(sandbox.decode_key_frames, sound("mp4", "aac")) == "no-video"
    assert refusal(sandbox.decode_key_frames, whole[: len(whole) // 2]) == "truncated"
    assert refusal(sandbox.decode_key_frames, fast[: len(fast) * 2 // 3]) == "truncated"
    assert refusal(sandbox.decode_key_frames, film(), Limits(max_picture_px=1000)) == "too-many-pixels"
    assert refusal(sandbox.decode_key_frames, film(), Limits(max_video_hours=2 / 3600)) == "too-long"


def test_a_video_without_key_frames_is_refused():
    source, out = io.BytesIO(film("mpegts", gop=1000)), io.BytesIO()
    with av.open(source) as reader, av.open(out, "w", format="mpegts") as writer:
        stream = writer.add_stream_from_template(reader.streams.video[0])
        for packet in reader.demux(video=0):
            if packet.size and not packet.is_keyframe:
                packet.stream = stream
                writer.mux(packet)
    assert refusal(sandbox.decode_key_frames, out.getvalue()) == "no-key-frames"


@pytest.mark.parametrize("which", ["png", "jpeg", "webp", "bmp"])
def test_a_picture_comes_back_as_it_was(which):
    content = picture(which)
    info = sandbox.probe(io.BytesIO(content), LIMITS)
    assert (info.kind, info.width, info.height) == ("picture", 64, 48)
    got = sandbox.decode_picture(io.BytesIO(content), LIMITS)
    assert got.shape == (48, 64, 3)
    assert got[24, 32].tolist() == pytest.approx([200, 100, 50], abs=6)


def test_a_picture_lying_on_its_side_is_turned_upright():
    image = Image.new("RGB", (64, 48), (10, 10, 10))
    image.paste((250, 0, 0), (0, 0, 32, 48))  # red on the left of the sensor
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to view: left becomes top
    image.save(out, "jpeg", exif=exif, quality=95)
    got = sandbox.decode_picture(io.BytesIO(out.getvalue()), LIMITS)
    assert got.shape == (64, 48, 3)
    assert got[10, 24, 0] > 200
    assert got[54, 24, 0] < 100


def png_bomb(side: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_bomb_is_refused_from_its_header():
    bomb = png_bomb(30_000)
    assert len(bomb) < 200_000
    assert refusal(sandbox.decode_picture, bomb) == "too-many-pixels"
    assert refusal(sandbox.probe, bomb) == "too-many-pixels"


def test_a_picture_bomb_with_the_limit_lifted_is_stopped_by_the_childs_memory():
    kind = refusal(sandbox.decode_picture, png_bomb(30_000), Limits(max_picture_px=10**9))
    assert kind in {"decode-limit", "damaged"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture("jpeg", (640, 480))[:3000], "truncated"),
        (picture("png")[:60], "truncated"),
        (wav(), "no-picture"),
        (b"GIF89a" + bytes(50), "no-picture"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
    ],
)
def test_a_picture_that_cannot_be_used_is_refused_by_name(content, kind):
    assert refusal(sandbox.decode_picture, content) == kind


def test_a_picture_whose_head_lies_about_its_body_is_damaged():
    content = bytearray(picture("png"))
    content[41:60] = bytes(19)
    assert refusal(sandbox.decode_picture, bytes(content)) == "damaged"


def test_random_flips_never_give_anything_but_media_or_bad_input():
    random, whole = np.random.default_rng(5), sound("mp4", "aac", 3.0)
    for _ in range(8):
        content = bytearray(whole)
        for at in random.integers(0, len(content), 40):
            content[at] ^= int(random.integers(1, 256))
        try:
            got = samples(bytes(content))
        except BadInput as error:
            assert error.kind  # noqa: PT017 - either outcome is a fact
        else:
            assert np.isfinite(got).all()
