"""The camera before the bay: pose, light, glare, people in the way, grain, compression; and who hides what in each frame."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

import av
import cv2
import numpy as np
from shop_people import shopper, trolley

FOCUS = 1.4
"""Focal length in picture widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Degrees; `zoom` about the middle; `at` = where on the view it looks (0..1), `shift` of the picture in its own widths."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    zoom: float = 1.0
    at: tuple = (0.5, 0.5)
    shift: tuple = (0.0, 0.0)

    def matrix(self, view, size):
        """Canvas pixels to picture pixels."""
        x0, y0, x1, y1 = view
        width, height = size
        focus = FOCUS * width
        a, b, c = np.radians((self.yaw, self.pitch, self.roll))
        turn = (
            np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
            @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
            @ np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        )
        scale = width / (x1 - x0)
        cx, cy = x0 + (x1 - x0) * self.at[0], y0 + (y1 - y0) * self.at[1]
        plane = np.array([[scale, 0, -scale * cx], [0, scale, -scale * cy], [0, 0, focus]])
        lens = np.array([[focus * self.zoom, 0, 0], [0, focus * self.zoom, 0], [0, 0, 1.0]])
        free = lens @ turn @ plane
        aim = free @ np.array([cx, cy, 1.0])
        centre = (width * (0.5 + self.shift[0]) - aim[0] / aim[2], height * 0.5 + width * self.shift[1] - aim[1] / aim[2])
        return np.array([[1, 0, centre[0]], [0, 1, centre[1]], [0, 0, 1.0]]) @ free


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """Gain, warmth (red up, blue down), slope across and down, spots (x, y, strength), noise in grey levels, vignette."""

    gain: float = 1.0
    warm: float = 0.0
    slope: tuple = (0.0, 0.0)
    spots: tuple = ()
    grain: float = 1.6
    vignette: float = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A cut-out and where its middle is at each frame (fraction of the picture's width, None = away); size in picture heights."""

    sprite: object
    path: tuple
    tall: float
    top: float


@dataclass(slots=True, kw_only=True)
class Take:
    """One clip: a pose per frame and what is in the way. `blur` = pixels of motion per frame, `smear` = soft focus."""

    poses: list
    light: Light
    every_s: float
    people: list = field(default_factory=list)
    blur: list = field(default_factory=list)
    glare: object = None
    crf: int = 24
    shrink: float = 1.0


def ambient(look, rng):
    """The usual light of a shop."""
    spots = tuple(
        (rng.uniform(-1, 1), rng.uniform(-1.1, 0.4), rng.uniform(0.08, 0.28)) for _ in range(4 if look.light == "spots" else 2)
    )
    return Light(
        gain=rng.uniform(0.92, 1.06),
        warm=rng.uniform(-0.03, 0.05) + 0.07 * (look.light == "spots"),
        slope=(rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.04)),
        spots=spots,
        grain=rng.uniform(1.2, 2.4),
    )


def lit(canvas, light):
    """The canvas under `light`, uint8."""
    height, width = canvas.shape[:2]
    down, across = np.mgrid[-1:1:36j, -1:1:64j].astype(np.float32)
    level = light.gain * (1 + light.slope[0] * across + light.slope[1] * down)
    for x, y, strength in light.spots:
        level = level + light.gain * strength * np.exp(-((across - x) ** 2 + (down - y) ** 2) / 0.3)
    level = level * (1 - light.vignette * (across**2 + down**2) / 2)
    gains = np.dstack([level * (1 + light.warm), level * (1 + 0.12 * light.warm), level * (1 - 1.2 * light.warm)])
    field = cv2.resize(gains.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    table = np.arange(0, 1024, dtype=np.float32)
    rolled = np.where(table > 205, 205 + 50 * (1 - np.exp(-(table - 205) / 50)), table).astype(np.uint8)
    seen = cv2.multiply(canvas, field, dtype=cv2.CV_16U) if canvas.dtype == np.uint16 else (canvas * field).astype(np.uint16)
    return rolled[np.minimum(seen, 1023)]


def shoot(canvas, matrix, size):
    """One sharp picture."""
    return cv2.warpPerspective(
        canvas, matrix, size, flags=cv2.INTER_AREA if False else cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def grainy(picture, light, noise, rng):
    y, x = rng.randrange(64), rng.randrange(64)
    return cv2.add(picture, noise[y : y + picture.shape[0], x : x + picture.shape[1]], dtype=cv2.CV_8U)


def grain_sheet(light, size, rng):
    numbers = np.random.default_rng(rng.getrandbits(31))
    shape = (size[1] + 64, size[0] + 64)
    grey = numbers.normal(0, light.grain, shape).astype(np.float32)
    colour = cv2.resize(numbers.normal(0, light.grain, (shape[0] // 2, shape[1] // 2, 3)).astype(np.float32), shape[::-1])
    return np.rint(grey[..., None] + colour).astype(np.int16)


def frames(canvas, view, size, take, rng):
    """Pictures (RGB uint8), what is hidden in each (quarter size: 1 = washed out, 2 = not to be seen), and canvas to picture."""
    scene = lit(canvas, take.light)
    wash = None
    if take.glare is not None:
        wash = take.glare
        white = np.asarray((246, 250, 252), np.float32)
        scene = (scene + (white - scene) * wash[..., None]).astype(np.uint8)
    noise = grain_sheet(take.light, size, rng)
    small = (size[0] // 4, size[1] // 4)
    for n, pose in enumerate(take.poses):
        matrix = pose.matrix(view, size)
        picture = shoot(scene, matrix, size)
        hidden = np.zeros((small[1], small[0]), np.uint8)
        if wash is not None:
            quarter = np.diag([0.25, 0.25, 1.0]) @ matrix
            level = cv2.warpPerspective(wash, quarter, small)
            hidden[level > 0.5] = 1
            hidden[level > 0.75] = 2
        for person in take.people:
            if person.path[n] is not None:
                hidden[_stand(picture, person, person.path[n], small, take.light)] = 2
        blur = take.blur[n] if take.blur else 0.0
        if blur > 1:
            kernel = np.zeros((1, int(blur) | 1), np.float32)
            kernel[:] = 1 / kernel.size
            picture = cv2.filter2D(picture, -1, kernel)
        yield grainy(picture, take.light, noise, rng), hidden, matrix


def _stand(picture, person, x, small, light):
    """Paste one person; the mask of what they hide."""
    height, width = picture.shape[:2]
    tall = round(height * person.tall)
    wide = round(person.sprite.shape[1] * tall / person.sprite.shape[0])
    sprite = cv2.resize(person.sprite, (wide, tall), interpolation=cv2.INTER_AREA)
    left, top = round(x * width - wide / 2), round(person.top * height)
    x0, x1, y0, y1 = max(0, left), min(width, left + wide), max(0, top), min(height, top + tall)
    mask = np.zeros((height, width), np.uint8)
    if x0 >= x1 or y0 >= y1:
        return np.zeros((small[1], small[0]), bool)
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left]
    alpha = part[..., 3:].astype(np.float32) / 255
    level = np.asarray((1 + light.warm, 1, 1 - light.warm)) * min(1.2, light.gain)
    under = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = np.clip(part[..., :3] * level * alpha + under * (1 - alpha), 0, 255).astype(np.uint8)
    mask[y0:y1, x0:x1] = part[..., 3]
    return cv2.resize(mask, small, interpolation=cv2.INTER_AREA) > 64


def crossing(rng, count, *, at=None, long=False):
    """A person's way through a clip: stands near `at` (or somewhere) in some or, `long`, in all frames."""
    stop = rng.uniform(0.15, 0.85) if at is None else at
    ahead = rng.choice((-1, 1))
    first = 0 if long else rng.randrange(0, max(1, count // 3))
    stay = count if long else rng.randint(max(2, count // 4), max(3, count // 2))
    path = []
    for n in range(count):
        if not first <= n < first + stay:
            path.append(None)
        elif long:
            path.append(stop + rng.uniform(-0.012, 0.012))
        else:
            path.append(stop + ahead * (n - first - stay / 2) * rng.uniform(0.08, 0.16))
    tall = rng.uniform(1.0, 1.25)
    return Person(sprite=shopper(rng), path=tuple(path), tall=tall, top=rng.uniform(0.06, 0.3))


def cart(rng, count):
    """A trolley left before the lower boards."""
    x = rng.uniform(0.2, 0.8)
    return Person(sprite=trolley(rng), path=(x,) * count, tall=rng.uniform(0.3, 0.42), top=rng.uniform(0.68, 0.8))


def reflections(shape, rng, *, strong):
    """Glare on a canvas: streaks of lamps in a glass door, or a blown-out patch. Values 0..1."""
    height, width = shape[:2]
    down, across = np.mgrid[0:1:90j, 0:1:160j].astype(np.float32)
    wash = np.zeros_like(down)
    for _ in range(rng.choice((2, 3))):
        x, lean, thick = rng.uniform(0.1, 0.9), rng.uniform(-0.25, 0.25), rng.uniform(0.006, 0.02)
        wash += rng.uniform(0.15, 0.35) * np.exp(-(((across - x - lean * (down - 0.5)) / thick) ** 2))
    for _ in range(rng.choice((1, 2)) if strong else 0):
        x, y, size = rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8), rng.uniform(0.04, 0.08)
        wash += 0.95 * np.exp(-((((across - x) / size) ** 2 + ((down - y) / (size * 1.4)) ** 2) ** 2))
    wash += 0.06 * (np.sin(across * 9 + down * 4) > 0)
    return np.clip(cv2.resize(wash, (width, height), interpolation=cv2.INTER_CUBIC), 0, 0.97)


def write(pictures, path, size, every_s, crf):
    """H.264 in MP4, every picture a key frame."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(1000, round(every_s * 1000)))
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = size[0], size[1], "yuv420p", 1
        stream.codec_context.thread_count = 1
        stream.options = {"crf": str(crf), "preset": "veryfast"}
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def fixed(look, rng, base, count, every_s):
    """A camera on the wall: the pose of the reference, trembling a little."""
    poses = [
        replace(
            base,
            shift=(base.shift[0] + rng.gauss(0, 0.0006), base.shift[1] + rng.gauss(0, 0.0005)),
            roll=base.roll + rng.gauss(0, 0.03),
        )
        for _ in range(count)
    ]
    return Take(poses=poses, light=ambient(look, rng), every_s=every_s, crf=look.crf)


def walked(look, rng, base, count, every_s):
    """A phone carried along the bay: a part of it at a time, swaying, turned, now and then blurred."""
    zoom, ahead = rng.uniform(1.3, 1.7), rng.choice((-1, 1))
    first, last = rng.uniform(0.2, 0.3), rng.uniform(0.7, 0.8)
    whole = rng.random() < 0.7
    poses, blur = [], []
    sway, phase = rng.uniform(0.1, 0.17), rng.uniform(0, 6)
    for n in range(count):
        share = n / (count - 1) if ahead > 0 else 1 - n / (count - 1)
        x = first + (last - first) * share * (1 if whole else 0.6)
        high = 0.5 + sway * np.sin(n * 0.9 + phase) + rng.gauss(0, 0.015)
        poses.append(
            Pose(
                yaw=rng.uniform(-6, 6),
                pitch=rng.uniform(-4, 4),
                roll=rng.gauss(0, 1.4),
                zoom=zoom * rng.uniform(0.93, 1.07),
                at=(x, float(np.clip(high, 0.28, 0.72))),
            )
        )
        blur.append(rng.choice((0, 0, 0, 0, 5, 17, 31)) if 0 < n < count - 1 else 0)
    return Take(poses=poses, light=ambient(look, rng), every_s=every_s, blur=blur, crf=look.crf)
