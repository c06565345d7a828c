"""From slot verdicts to behaviour tags: out of stock, misplaced, tag missing, wrong price.

Rules: codes, conditions and sustain times are the catalogue's. One scan is shorter than `sustain_s`, so a condition that
held through the whole scan gives a PROVISIONAL tag, which a later scan makes final or withdraws. A wrong price needs three
agreeing reads in different frames and is FINAL. A promotion on the tag leaves the price undecided. What is unknown or
not assessable gives no tag at all.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Final

from edge_agent.domain.shelf import Seen
from edge_agent.domain.tags import BehaviorTag, Evidence, SlotValue, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.shelf.scoring.shares import Verdict

CONSISTENT_READS: Final = 3
MISPLACED_CONFIDENCE: Final = 0.8
STOCKED: Final = frozenset({Seen.EXPECTED, Seen.OTHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One shelf event as the catalogue defines it; `digest` is sha256 of its canonical JSON."""

    code: str
    version: int
    zh: str
    severity: str
    layer: str
    conditions: tuple[str, ...]
    sustain_s: int

    @property
    def name(self) -> str:
        return f"{self.code}@{self.version}"

    @property
    def digest(self) -> str:
        canonical = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return sha256(canonical.encode()).hexdigest()


OUT_OF_STOCK: Final = Rule(
    code="shelf.out_of_stock",
    version=1,
    zh="缺货空位",
    severity="warning",
    layer="alert",
    conditions=("facings == 0", "planned_facings >= 1", "view_occluded == false"),
    sustain_s=600,
)
MISPLACED: Final = Rule(
    code="shelf.misplaced",
    version=1,
    zh="错放",
    severity="notice",
    layer="tip",
    conditions=("in_planned_slot == false", "confidence >= 0.8"),
    sustain_s=900,
)
PRICE_TAG_MISMATCH: Final = Rule(
    code="shelf.price_tag_mismatch",
    version=1,
    zh="价签与系统价不符",
    severity="critical",
    layer="alert",
    conditions=("abs_price_diff >= 0.01", "consistent_reads >= 3", "promo_active == false"),
    sustain_s=0,
)
PRICE_TAG_MISSING: Final = Rule(
    code="shelf.price_tag_missing",
    version=1,
    zh="价签缺失",
    severity="warning",
    layer="tip",
    conditions=("tag_detected == false", "facings >= 1", "view_occluded == false"),
    sustain_s=1800,
)
RULES: Final = (OUT_OF_STOCK, MISPLACED, PRICE_TAG_MISSING, PRICE_TAG_MISMATCH)


def tags_of(verdicts: Sequence[Verdict], duration_ms: int) -> tuple[BehaviorTag, ...]:
    """The tags of one scan, ordered by (start, code, slot)."""
    found = [(tag.start_ms, tag.code, one.reading.slot, tag) for one in verdicts for tag in _of(one, duration_ms)]
    return tuple(tag for *_, tag in sorted(found, key=lambda item: item[:3]))


def _of(verdict: Verdict, duration_ms: int) -> Iterator[BehaviorTag]:
    reading = verdict.reading
    if reading.seen is Seen.EMPTY:
        yield _tag(OUT_OF_STOCK, verdict, duration_ms, (("sku", verdict.planned),))
    if reading.seen is Seen.OTHER and reading.confidence >= MISPLACED_CONFIDENCE:
        yield _tag(MISPLACED, verdict, duration_ms, (("sku", verdict.planned), ("seen_sku", reading.sku)))
    if reading.tag_visible is False and reading.seen in STOCKED:
        yield _tag(PRICE_TAG_MISSING, verdict, duration_ms, (("sku", verdict.planned),))
    if verdict.price_differs and reading.price_reads >= CONSISTENT_READS:
        slots = (
            ("sku", verdict.planned),
            ("price", reading.price),
            ("list_price", verdict.price_list),
        )
        yield _tag(PRICE_TAG_MISMATCH, verdict, duration_ms, slots)


def _tag(rule: Rule, verdict: Verdict, duration_ms: int, slots: tuple[tuple[str, SlotValue], ...]) -> BehaviorTag:
    reading = verdict.reading
    price = rule is PRICE_TAG_MISMATCH
    start = verdict.price_at_ms if price else verdict.seen_from_ms
    end = max(verdict.seen_to_ms, start)
    return BehaviorTag(
        id=new_id(),
        code=rule.code,
        speaker=Speaker.UNKNOWN,
        start_ms=start,
        end_ms=end,
        known_at_ms=start if price else max(end, duration_ms),
        confidence=reading.price_confidence if price else reading.confidence,
        severity=rule.severity,
        layer=rule.layer,
        rule=rule.name,
        rule_digest=rule.digest,
        status=Status.FINAL if price else Status.PROVISIONAL,
        slots=(("slot", reading.slot), *slots),
        evidence=tuple(_evidence(rule, verdict, start, end)),
    )


def _evidence(rule: Rule, verdict: Verdict, start: int, end: int) -> Iterator[Evidence]:
    reading = verdict.reading
    frames = reading.price_reads if rule is PRICE_TAG_MISMATCH else reading.frames
    yield Evidence(kind="slot", detail=reading.slot, start_ms=start, end_ms=end)
    yield Evidence(kind="views", detail=f"{frames} frames", start_ms=start, end_ms=end)
    if rule is PRICE_TAG_MISMATCH:
        yield Evidence(kind="reading", detail=f"{reading.price} CNY", start_ms=start, end_ms=end)
        yield Evidence(kind="reference", detail=f"{verdict.price_list} CNY", start_ms=start, end_ms=end)
    else:
        yield Evidence(kind="reference", detail=verdict.planned, start_ms=start, end_ms=end)
        yield Evidence(kind="held", detail=f"{(end - start) / 1000:.1f} s", start_ms=start, end_ms=end)
        yield Evidence(kind="sustain", detail=f"{rule.sustain_s} s", start_ms=start, end_ms=end)
