"""One scan of one bay: which frames are used, and what each slot and tag shows in them.

The video is read once. Its key frames are thinned (`Pace`); each is registered and judged at low
resolution (`frames.clear`), and the few that can be used are held until the end, so memory is bounded however long the video is.
Then slots and tags are cut out of each slot's clearest frames only. A slot is judged once, on the median of its views, and each
view that shows the same is one vote for that opinion; views that differ are judged one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.frames.clear import Clear, Gate, Look
from edge_agent.shelf.frames.geometry import Matrix, alike, median, resized, through
from edge_agent.shelf.price_tags.reader import TagReader, TagView
from edge_agent.shelf.price_tags.reading import TagRead, tag_crop
from edge_agent.shelf.price_tags.settling import AGREEING
from edge_agent.shelf.products.facings import slot_picture
from edge_agent.shelf.products.verify import Opinion, Verifier
from edge_agent.shelf.setup.bay import Picture

VIEWS: Final = 3
"""Views of a slot that are compared, spread over its clearest; a tag may need more of them."""
SAME: Final = 0.7
SAME_OFF: Final = 5.0
SAME_TALL_PX: Final = 60
"""Smallest correlation with the median view, or largest mean difference, at which a view of this height shows the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many frames are looked at: at first one every `step_ms`, in the end at most `most`, evenly spread."""

    step_ms: int
    most: int


FIXED_PACE: Final = Pace(step_ms=1400, most=12)
WALK_PACE: Final = Pace(step_ms=700, most=24)


class Placer(Protocol):
    """Says of the frames of one video, in their order, where the bay lies in them (`frames.register`, `frames.walk`)."""

    def register(self, rgb: Picture) -> Matrix | None: ...


class KeyFrame(Protocol):
    """A decoded key frame: time from the video's start, RGB."""

    @property
    def at_ms(self) -> int: ...

    @property
    def rgb(self) -> Picture: ...


@dataclass(slots=True, kw_only=True)
class SlotEvidence:
    """Everything the scan learnt of one slot. `views` and `tags` are its clear cut-outs; `opinions` one per view."""

    clear: Clear
    opinions: list[Opinion] = field(default_factory=list)
    reads: list[TagRead] = field(default_factory=list)
    views: list[Picture] = field(default_factory=list)
    tags: list[Picture] = field(default_factory=list)
    at_ms: list[int] = field(default_factory=list)

    @property
    def view_occluded(self) -> bool:
        """Whether no frame shows the slot well enough to judge it."""
        return not self.at_ms

    @property
    def priced(self) -> bool:
        prices = [one.price.price for one in self.reads if one.price is not None]
        return len(prices) >= AGREEING and len(set(prices)) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Slots in the plan's order, the usable looks, and the time of the last key frame.

    `calibration_match` 0..1: how well the camera still sees the bay where the reference photo shows it, the median over the
    frames with light in them of `Look.agreement`, 0 for a frame in which the bay is not found; None when all are dark.
    `visible_ratio` 0..1: the share of the slots' area in the reference photo that was seen clearly.
    """

    slots: tuple[SlotEvidence, ...]
    looks: tuple[Look, ...]
    last_ms: int
    calibration_match: float | None
    visible_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One frame that was looked at. `look` None: the bay is not in it, or it is `dark`; then its picture is not kept."""

    rgb: Picture | None
    look: Look | None
    dark: bool


def scan(
    frames: Iterable[KeyFrame],
    placer: Placer,
    gate: Gate,
    verifier: Verifier,
    tags: TagReader,
    *,
    pace: Pace = FIXED_PACE,
) -> Scan:
    """Look at one video, given by its key frames."""
    tried, last_ms = _tried(frames, placer, gate, pace)
    seen = [(one.look, one.rgb) for one in tried if one.look is not None and one.rgb is not None]
    looks = [look for look, _ in seen]
    slots = tuple(SlotEvidence(clear=clear) for clear in gate.clear_views(looks))
    for slot in slots:
        _cut_out(slot, seen)
        _judge(slot, verifier)
    _read(slots, seen, tags)
    lit = [0.0 if one.look is None else one.look.agreement for one in tried if not one.dark]
    planned = sum(_area(one.clear.slot.area) for one in slots)
    clear = sum(_area(one.clear.slot.area) for one in slots if not one.view_occluded)
    return Scan(
        slots=slots,
        looks=tuple(looks),
        last_ms=last_ms,
        calibration_match=round(float(np.median(lit)), 4) if lit else None,
        visible_ratio=round(clear / planned, 4) if planned else 0.0,
    )


def _tried(frames: Iterable[KeyFrame], placer: Placer, gate: Gate, pace: Pace) -> tuple[list[_Tried], int]:
    """Register and relight key frames, thinning them so that at most `pace.most` remain, evenly spread."""
    tried: list[_Tried] = []
    step_ms, next_ms, last_ms = pace.step_ms, 0, 0
    for frame in frames:
        last_ms = max(last_ms, frame.at_ms)
        if frame.at_ms < next_ms:
            continue
        next_ms = frame.at_ms + step_ms
        homography = placer.register(frame.rgb)
        look = None if homography is None else gate.look(frame.rgb, frame.at_ms, homography)
        kept = None if look is None else frame.rgb
        tried.append(_Tried(rgb=kept, look=look, dark=look is None and gate.dark(frame.rgb)))
        if len(tried) > pace.most:
            tried, step_ms = tried[::2], 2 * step_ms
    return tried, last_ms


def _cut_out(evidence: SlotEvidence, seen: Sequence[tuple[Look, Picture]]) -> None:
    slot = evidence.clear.slot
    best = evidence.clear.best
    for number in sorted({round(n * (len(best) - 1) / (VIEWS - 1)) for n in range(VIEWS)}) if best else ():
        look, rgb = seen[best[number]]
        evidence.views.append(look.light.applied_at(slot_picture(rgb, slot, look.homography), _centre(slot.area)))
        evidence.at_ms.append(look.at_ms)


def _judge(evidence: SlotEvidence, verifier: Verifier) -> None:
    """One opinion on the median view when two thirds of the views show the same, else one on each view."""
    slot, usual = evidence.clear.slot, clear_view(evidence.views)
    if usual is None:
        return
    same = sum(_same(one, usual) for one in evidence.views)
    if same * 3 >= len(evidence.views) * 2:
        evidence.opinions = [verifier.opinion(slot, usual)] * same
    else:
        evidence.opinions = [verifier.opinion(slot, one) for one in evidence.views]


def _same(one: Picture, other: Picture) -> bool:
    """Whether two views show the same; small, so that noise does not count, and a bare wall is like itself."""
    wide = max(8, round(SAME_TALL_PX * one.shape[1] / one.shape[0]))
    small = [resized(each, wide, SAME_TALL_PX) for each in (one, other)]
    off = float(np.abs(small[0].astype(np.int16) - small[1]).mean())
    return off <= SAME_OFF or alike(*small) >= SAME


def _read(slots: Sequence[SlotEvidence], seen: Sequence[tuple[Look, Picture]], tags: TagReader) -> None:
    """Read the tags in rounds: one view of each tag whose price is not settled yet, all of a round together."""
    for turn in range(max((len(one.clear.best) for one in slots), default=0)):
        tagged = [(one, one.clear.slot.tag) for one in slots if turn < len(one.clear.best) and not one.priced]
        due = [(one, quad) for one, quad in tagged if quad is not None]
        views = [_tag_view(one, quad, *seen[one.clear.best[turn]]) for one, quad in due]
        for (slot, _), view, read in zip(due, views, tags.read_all(views), strict=True):
            slot.tags.append(view.tag)
            slot.reads.append(read)


def _tag_view(evidence: SlotEvidence, quad: Quad, look: Look, rgb: Picture) -> TagView:
    tag = tag_crop(rgb, through(look.homography, quad))
    return TagView(slot=evidence.clear.slot, tag=tag, at_ms=look.at_ms, reads=tuple(evidence.reads))


def _centre(quad: Quad) -> tuple[float, float]:
    x, y = np.mean(np.asarray(quad), axis=0)
    return (float(x), float(y))


def _area(quad: Quad) -> float:
    """Of the quad in fractions (shoelace formula)."""
    x, y = np.asarray(quad, dtype=np.float64).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def clear_view(views: Sequence[Picture]) -> Picture | None:
    """The pixel-wise median of a slot's clear cut-outs: what passed in one of them is gone."""
    if not views:
        return None
    first = views[0]
    same = [resized(one, first.shape[1], first.shape[0]) for one in views]
    return median(same)


def shown_view(views: Sequence[Picture], known: Picture) -> Picture | None:
    """What a person is shown of a slot or tag: the median view, or of two views at each pixel the one nearer to `known`.

    `known` is the same cut-out of the reference photo: whoever passes in one of two views is farther from it than the
    shelf is in the other, while the darker of both, which their median is, could show parts of them.
    """
    if not views or len(views) > 2:
        return clear_view(views)
    size = (views[0].shape[1], views[0].shape[0])
    same = np.stack([resized(one, *size) for one in views])
    off = np.abs(same.astype(np.int16) - resized(known, *size)).max(axis=3)
    return np.asarray(np.take_along_axis(same, off.argmin(axis=0)[None, :, :, None], axis=0)[0], dtype=np.uint8)
