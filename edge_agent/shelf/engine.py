"""The shelf engine: a video and a plan in, a score, observations and an evidence picture out.

`ShelfEngine` implements `ports.ShelfScorer`. What a plan's pictures teach is kept for the `KEPT` plans last used, so that a
bay's next scan starts at once. The text reader, its digest and the number of threads are given; decoding of foreign
pictures and videos happens in the limited child of `edge_agent.sandbox`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import BinaryIO, Final

import cv2

from edge_agent.config import Limits
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import View as Seeing
from edge_agent.domain.shelf import WEIGHTS, Seen, SlotReading
from edge_agent.ports import ShelfFindings
from edge_agent.sandbox import decode_key_frames, decode_picture
from edge_agent.shelf.frames.clear import Gate
from edge_agent.shelf.frames.register import Follower, Registrar
from edge_agent.shelf.frames.walk import Walker, WalkMap
from edge_agent.shelf.pictures.evidence import View, draw
from edge_agent.shelf.price_tags.photo import Finder, TagReading, find_tags
from edge_agent.shelf.price_tags.reader import TagReader
from edge_agent.shelf.price_tags.reading import Ocr, tag_crop
from edge_agent.shelf.price_tags.settling import TagStyle, settle, style_of
from edge_agent.shelf.products.facings import slot_picture
from edge_agent.shelf.products.verify import Verifier, vote
from edge_agent.shelf.scan import FIXED_PACE, WALK_PACE, KeyFrame, Placer, Scan, SlotEvidence, scan, shown_view
from edge_agent.shelf.scoring.observing import observed
from edge_agent.shelf.scoring.score import scored
from edge_agent.shelf.scoring.shares import Verdict
from edge_agent.shelf.setup.bay import Decode, Picture, read_picture

KEPT: Final = 4
"""Plans whose pictures are kept as learnt: about 20 MB each."""

KeyFrames = Callable[[BinaryIO], Iterable[KeyFrame]]


class _Learnt:
    """What one plan's pictures teach."""

    def __init__(self, plan: Planogram, decode: Decode, ocr: Ocr) -> None:
        self.reference = read_picture(plan.reference, decode)
        photos = {sku.id: [read_picture(photo, decode) for photo in sku.photos] for sku in plan.skus}
        self.registrar = Registrar(self.reference)
        self.gate = Gate(self.reference, plan.slots)
        self.tags = TagReader(ocr, self.reference, plan)
        self.verifier = Verifier(plan, self.reference, photos)

    @cached_property
    def walk(self) -> WalkMap:
        return WalkMap(self.reference)


class ShelfEngine:
    """Scores videos of fixed cameras and of walks along the bay.

    `ocr` reads tag crops (`edge_agent.infer.ocr_engine`); `model_digest` names its weights. `decode` and `key_frames`
    default to the sandbox. `progress` is called after every key frame. `weights` of the Perfect Shelf score sum to 1.
    """

    def __init__(
        self,
        *,
        ocr: Ocr,
        model_digest: str,
        threads: int = 1,
        limits: Limits | None = None,
        decode: Decode | None = None,
        key_frames: KeyFrames | None = None,
        progress: Callable[[], None] = lambda: None,
        weights: Mapping[str, float] | None = None,
    ) -> None:
        bounds = limits or Limits()
        self._ocr = ocr
        self._model_digest = model_digest
        self._decode: Decode = decode or partial(decode_picture, limits=bounds)
        self._key_frames: KeyFrames = key_frames or partial(decode_key_frames, limits=bounds)
        self._progress = progress
        self._learnt: dict[str, _Learnt] = {}
        self._weights = dict(WEIGHTS) if weights is None else weights
        cv2.setNumThreads(threads)

    def score(self, video: BinaryIO, planogram: Planogram, *, view: Seeing = Seeing.FIXED) -> ShelfFindings:
        """Score one seekable video (at its start) against the plan.

        Raises:
            BadInput: the video cannot be used. BadConfig: a picture of the plan cannot.
        """
        learnt = self._learn(planogram)
        walk = view is Seeing.WALK
        placer: Placer = Walker(learnt.walk) if walk else Follower(learnt.registrar)
        pace = WALK_PACE if walk else FIXED_PACE
        scanned = scan(self._frames(video), placer, learnt.gate, learnt.verifier, learnt.tags, pace=pace)
        verdicts = verdicts_of(scanned, planogram)
        score = scored(
            planogram, verdicts, model_digest=self._model_digest, duration_ms=scanned.last_ms,
            frames_used=len({at for one in scanned.slots for at in one.at_ms}), weights=self._weights,
            visible=scanned.visible_ratio,
        )  # fmt: skip
        views = {one.clear.slot.id: _shown(one, learnt.reference) for one in scanned.slots}
        picture = draw(
            learnt.reference,
            planogram.slots,
            verdicts,
            views,
            (score.osa, score.planogram, score.price),
        )
        dark = not scanned.looks and scanned.calibration_match is None
        seen = () if dark else observed(
            planogram, verdicts, score, visible_ratio=scanned.visible_ratio,
            calibration_match=None if walk else scanned.calibration_match,
        )  # fmt: skip
        return ShelfFindings(score=score, picture=picture, observations=seen)

    def read_tags(self, photo: BinaryIO, finder: Finder) -> Sequence[TagReading]:
        """The price tags of any photo (see `price_tags.photo` for what that can and cannot do); BadInput for a bad photo."""
        return find_tags(self._decode(photo), finder, self._ocr)

    def _frames(self, video: BinaryIO) -> Iterator[KeyFrame]:
        video.seek(0)
        for frame in self._key_frames(video):
            self._progress()
            yield frame

    def _learn(self, plan: Planogram) -> _Learnt:
        learnt = self._learnt.pop(plan.digest, None) or _Learnt(plan, self._decode, self._ocr)
        self._learnt[plan.digest] = learnt
        for oldest in list(self._learnt)[:-KEPT]:
            del self._learnt[oldest]
        return learnt


def _shown(evidence: SlotEvidence, reference: Picture) -> View:
    slot = evidence.clear.slot
    tag = None if slot.tag is None else shown_view(evidence.tags, tag_crop(reference, slot.tag))
    return View(slot=shown_view(evidence.views, slot_picture(reference, slot)), tag=tag)


def verdicts_of(scanned: Scan, plan: Planogram) -> list[Verdict]:
    """The verdict on each slot of a scan, in the plan's order."""
    prices = {sku.id: sku.price for sku in plan.skus}
    style = style_of([read for one in scanned.slots for read in one.reads])
    return [_verdict(one, scanned, prices[one.clear.slot.sku], style) for one in scanned.slots]


def _verdict(evidence: SlotEvidence, scanned: Scan, price_list: str, style: TagStyle) -> Verdict:
    slot = evidence.clear.slot
    opinion = vote(evidence.opinions)
    tag = settle(evidence.reads, price_list, style)
    assessable = bool(evidence.at_ms)
    times = [look.at_ms for look in scanned.looks]
    reading = SlotReading(
        slot=slot.id,
        seen=opinion.seen if assessable else Seen.NOT_ASSESSABLE,
        sku=opinion.sku,
        confidence=opinion.confidence,
        frames=len(evidence.opinions),
        at_ms=evidence.at_ms[0] if assessable else 0,
        price=tag.price,
        price_confidence=tag.confidence,
        price_reads=tag.reads if tag.price else 0,
        tag_visible=tag.visible,
        facings=opinion.facings if assessable else None,
        promotion=tag.promotion if tag.price else None,
        tag_sku=tag.sku,
        member_price=tag.member,
        offer_price=tag.offer,
        unit_price=tag.unit,
        priced_per=tag.per,
        planned=slot.sku,
    )
    return Verdict(
        reading=reading,
        planned=slot.sku,
        holds_planned=opinion.holds_planned,
        has_tag=slot.tag is not None,
        price_list=price_list,
        price_settled=bool(tag.price) and not tag.promotion,
        seen_from_ms=times[evidence.clear.first] if assessable else 0,
        seen_to_ms=times[evidence.clear.last] if assessable else 0,
        price_at_ms=tag.settled_at_ms,
    )
