"""The clip itself: every frame from one exposed picture, shaken, dimmed, walked across, made grainy and encoded.

H.264 in MP4 (MPEG-4 Part 2 where the build has no x264); a key frame about every `key_every_s` seconds.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import av
import numpy as np
from PIL import Image

from edge_agent.samples.scene_camera import RIM, SIZE, grain
from edge_agent.samples.scene_walker import PHASES, Walk, dress, figures, passing


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """`crf` and `preset` are x264's: quality (lower is better) and effort. Another `codec`, or none of it here, is MPEG-4."""

    codec: str = "libx264"
    seconds: float = 32.0
    fps: int = 10
    key_every_s: float = 1.0
    crf: int = 30
    preset: str = "veryfast"


DEFAULT = Encoding()


def film(still: Any, path: Path, walk: Walk, rng: Random, encoding: Encoding) -> None:
    """Write the clip to `path`. `still` is the exposed bay, RIM pixels larger than SIZE on every side."""
    noise = grain(np.random.default_rng(rng.getrandbits(32)), rng.uniform(1.6, 2.6))
    walking, standing = figures(dress(rng), walk.ahead)
    shake, drift = _Shake(rng), _Drift(rng, encoding.seconds)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = _stream(container, encoding)
        for index in range(round(encoding.seconds * encoding.fps)):
            second = index / encoding.fps
            frame = drift.apply(shake.apply(still, second), second)
            where = walk.at(second)
            if where is not None:
                phase = int(where[0] / 34) % PHASES
                passing(frame, walking[phase] if where[1] else standing, where[0], where[1] / 60)
            picture = av.VideoFrame.from_ndarray(_grainy(frame, noise, rng), format="rgb24")
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def _stream(container: Any, encoding: Encoding) -> Any:
    key_every = round(encoding.fps * encoding.key_every_s)
    codec = encoding.codec if encoding.codec in av.codec.codecs_available else "mpeg4"
    stream = container.add_stream(codec, rate=encoding.fps)
    stream.width, stream.height = SIZE
    stream.pix_fmt = "yuv420p"
    stream.time_base = Fraction(1, encoding.fps)
    stream.gop_size = key_every
    if codec == "libx264":
        stream.options = {
            "crf": str(encoding.crf), "preset": encoding.preset, "sc_threshold": "0", "keyint_min": str(key_every),
        }  # fmt: skip
    else:
        stream.bit_rate = 1_200_000
    return stream


class _Shake:
    """Vibration handed on by the shop's floor: two slow swings, a fast small one, and a bump now and then.

    Shifts fall on quarter pixels, so that sixteen resampled stills serve every frame.
    """

    def __init__(self, rng: Random) -> None:
        self._swings = [(rng.uniform(0.2, 1.1), rng.uniform(0.4, 1.3), rng.uniform(0, 6.3)) for _ in range(4)]
        self._bumps = [(rng.uniform(2, 30), rng.uniform(-4, 4)) for _ in range(3)]
        self._shifted: dict[tuple[int, int], Any] = {}

    def apply(self, still: Any, second: float) -> Any:
        (a, b, c, d) = (size * np.sin(2 * np.pi * rate * second + start) for rate, size, start in self._swings)
        bump = sum(size * np.exp(-abs(second - at) * 3) * np.cos((second - at) * 25) for at, size in self._bumps)
        across, down = round(float(a + b) * 4), round(float(c + d * 0.5 + bump) * 4)
        x, y = RIM + across // 4, RIM + down // 4
        return self._still(still, across % 4, down % 4).crop((x, y, x + SIZE[0], y + SIZE[1]))

    def _still(self, still: Any, across: int, down: int) -> Any:
        if (across, down) not in self._shifted:
            matrix = (1.0, 0.0, across / 4, 0.0, 1.0, down / 4)
            self._shifted[across, down] = still.transform(still.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        return self._shifted[across, down]


class _Drift:
    """Daylight and the camera's own exposure: a slow change of level and tint, a few per cent."""

    def __init__(self, rng: Random, seconds: float) -> None:
        self._seconds = seconds
        self._level = (rng.uniform(-0.07, 0.07), rng.uniform(0.01, 0.03), rng.uniform(0, 6.3))
        self._warm = rng.uniform(-0.025, 0.025)

    def apply(self, frame: Any, second: float) -> Any:
        share = second / self._seconds
        level = 1 + self._level[0] * share + self._level[1] * np.sin(share * 9 + self._level[2])
        warm = self._warm * share
        ramp = np.arange(256)
        table = np.concatenate([ramp * level * gain for gain in (1 + warm, 1.0, 1 - warm)])
        return frame.point(np.clip(table, 0, 255).astype(int).tolist())


def _grainy(frame: Any, noise: Any, rng: Random) -> Any:
    x, y = rng.randrange(64), rng.randrange(64)
    cut = noise[y : y + SIZE[1], x : x + SIZE[0]]
    return np.clip(np.asarray(frame, np.int16) + cut, 0, 255).astype(np.uint8)
