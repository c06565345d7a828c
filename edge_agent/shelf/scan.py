"""One scan of one bay: which frames are used, and what each slot and tag shows in them.

The video is read twice. First every key frame is registered and judged at low resolution (`frames.clear`); then the few chosen
frames are decoded again and only slots and tags are cut out of them. So memory is bounded however long the video is, and
at most `MAX_LOOKS` frames are registered at any density.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.frames.clear import Clear, Gate, Look
from edge_agent.shelf.frames.geometry import resized, through
from edge_agent.shelf.frames.register import Registrar
from edge_agent.shelf.price_tags.reader import TagReader, TagView
from edge_agent.shelf.price_tags.reading import TagRead, tag_crop
from edge_agent.shelf.price_tags.settling import AGREEING
from edge_agent.shelf.products.verify import Opinion, Verifier, slot_picture
from edge_agent.shelf.setup.bay import Picture

MAX_LOOKS: Final = 40
FIRST_STEP_MS: Final = 1400
ENOUGH: Final = 3
"""Agreeing frames after which a slot is not looked at again."""


class KeyFrame(Protocol):
    """A decoded key frame: time from the video's start, RGB."""

    @property
    def at_ms(self) -> int: ...

    @property
    def rgb(self) -> Picture: ...


@dataclass(slots=True, kw_only=True)
class SlotEvidence:
    """Everything the scan learnt of one slot. `views` and `tags` are its clear cut-outs."""

    clear: Clear
    opinions: list[Opinion] = field(default_factory=list)
    reads: list[TagRead] = field(default_factory=list)
    views: list[Picture] = field(default_factory=list)
    tags: list[Picture] = field(default_factory=list)
    at_ms: list[int] = field(default_factory=list)

    @property
    def judged(self) -> bool:
        return len(self.opinions) >= ENOUGH and len({(one.seen, one.sku) for one in self.opinions}) == 1

    @property
    def priced(self) -> bool:
        prices = [one.price.price for one in self.reads if one.price is not None]
        return len(prices) >= AGREEING and len(set(prices)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Slots in the plan's order, the usable looks, and the time of the last key frame."""

    slots: tuple[SlotEvidence, ...]
    looks: tuple[Look, ...]
    last_ms: int


def scan(
    frames: Callable[[], Iterable[KeyFrame]],
    registrar: Registrar,
    gate: Gate,
    verifier: Verifier,
    tags: TagReader,
) -> Scan:
    """Look at one video. `frames` starts the key frames from the beginning each time it is called."""
    looks, last_ms = _looks(frames(), registrar, gate)
    slots = tuple(SlotEvidence(clear=clear) for clear in gate.clear_views(looks))
    wanted: dict[int, list[SlotEvidence]] = defaultdict(list)
    for slot in slots:
        for index in slot.clear.best:
            wanted[looks[index].at_ms].append(slot)
    by_time = {look.at_ms: look for look in looks}
    if wanted:
        for frame in frames():
            for slot in wanted.pop(frame.at_ms, ()):
                _examine(slot, frame, by_time[frame.at_ms], verifier, tags)
            if not wanted:
                break
    return Scan(slots=slots, looks=tuple(looks), last_ms=last_ms)


def _looks(frames: Iterable[KeyFrame], registrar: Registrar, gate: Gate) -> tuple[list[Look], int]:
    """Register and relight key frames, thinning them so that at most `MAX_LOOKS` remain, evenly spread."""
    looks: list[Look] = []
    step_ms, next_ms, last_ms = FIRST_STEP_MS, 0, 0
    for frame in frames:
        last_ms = max(last_ms, frame.at_ms)
        if frame.at_ms < next_ms:
            continue
        next_ms = frame.at_ms + step_ms
        homography = registrar.register(frame.rgb)
        look = None if homography is None else gate.look(frame.rgb, frame.at_ms, homography)
        if look is not None:
            looks.append(look)
        if len(looks) > MAX_LOOKS:
            looks, step_ms = looks[::2], 2 * step_ms
    return looks, last_ms


def _examine(evidence: SlotEvidence, frame: KeyFrame, look: Look, verifier: Verifier, tags: TagReader) -> None:
    slot = evidence.clear.slot
    picture = look.light.applied_at(slot_picture(frame.rgb, slot, look.homography), _centre(slot.area))
    evidence.views.append(picture)
    evidence.at_ms.append(frame.at_ms)
    if not evidence.judged:
        evidence.opinions.append(verifier.opinion(slot, picture))
    if slot.tag is not None and not evidence.priced:
        tag = tag_crop(frame.rgb, through(look.homography, slot.tag))
        evidence.tags.append(tag)
        view = TagView(slot=slot, tag=tag, at_ms=frame.at_ms, reads=tuple(evidence.reads))
        evidence.reads.extend(tags.read_all([view]))


def _centre(quad: Quad) -> tuple[float, float]:
    x, y = np.mean(np.asarray(quad), axis=0)
    return (float(x), float(y))


def clear_view(views: Sequence[Picture]) -> Picture | None:
    """The pixel-wise median of a slot's clear cut-outs: what passed in one of them is gone."""
    if not views:
        return None
    first = views[0]
    same = [resized(one, first.shape[1], first.shape[0]) for one in views]
    return np.asarray(np.median(np.stack(same), axis=0), dtype=np.uint8)
