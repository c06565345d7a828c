"""Tags of what was seen, with their evidence; and why an event at a place did not come about, from the observations.

Evidence, all of it local ids and numbers: `subject` (slot, SKU, zone; empty = the whole place), what the scan adds (`views`,
`reading` …), `scan` for each recording that showed it, the last one being the one that decided, `condition` with the value that
met it, `votes` and `sustain`. Offsets count from the start of the recording in which it was first seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edge_agent.domain.history import ms_of
from edge_agent.domain.observation import Scanned
from edge_agent.domain.tags import BehaviorTag, Evidence, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.domain.watching import Placed
from edge_agent.lexicon.conditions import Condition, Fact
from edge_agent.lexicon.model import Event
from edge_agent.tagging.explain import Explanation
from edge_agent.tagging.sight import words
from edge_agent.tagging.sight.model import Visual
from edge_agent.tagging.sight.names import unmeasured
from edge_agent.tagging.sight.run import HELD, LOOKS, Run

UNITS: Final = {
    "facings": "facings", "planned_facings": "facings", "category_facings": "facings", "eye_level_facings": "facings",
    "total_facings": "facings", "abs_price_diff": "CNY", "consistent_reads": "reads", "consecutive_audits": "scans",
    "increasing_samples": "scans", "queue_len": "persons", "customers": "persons", "staff": "persons", "counter_staff": "persons",
}  # fmt: skip


def tag_of(run: Run, event: Event, visual: Visual | None, digest: str, identity: str) -> BehaviorTag:
    """The tag of a run as it stands; provisional ones speak of the first look alone, whatever came since."""
    last = run.proven or run.first
    start = run.stamp_ms if run.stamp_ms is not None else run.first.since
    until = start if run.stamp_ms is not None else max(last.until, start)
    began = run.first.began_ms
    grounds = run.grounds
    sure = run.confidence if run.proven is not None else grounds.confidence
    return BehaviorTag(
        id=identity, code=event.id, speaker=Speaker.UNKNOWN, start_ms=start - began, end_ms=until - began,
        known_at_ms=max(last.until, until) - began, confidence=round(sure, 4), severity=event.severity, layer=event.layer,
        rule=event.rule, rule_digest=digest, status=Status.PROVISIONAL if run.proven is None else Status.FINAL,
        slots=grounds.slots, evidence=tuple(_evidence(run, visual, start - began, until - began)),
    )  # fmt: skip


def _evidence(run: Run, visual: Visual | None, start: int, end: int) -> Iterator[Evidence]:
    began = run.first.began_ms
    yield Evidence(kind="subject", detail=run.subject, start_ms=start, end_ms=end)
    for kind, detail in run.grounds.detail:
        yield Evidence(kind=kind, detail=detail, start_ms=start, end_ms=end)
    looks = [run.first] if run.proven is None else [*(one for one in run.scans if one != run.proven), run.proven]
    for look in looks:
        yield Evidence(kind="scan", detail=look.recording, start_ms=look.since - began, end_ms=look.until - began)
    for condition in visual.conditions if visual is not None else ():
        if condition.left in run.grounds.values:
            yield Evidence(kind="condition", detail=met(condition, run.grounds.values), start_ms=start, end_ms=end)
    if run.proven is None:
        held, looked, lasted = 1, 1, run.first.until - run.first.since
    else:
        held, looked, lasted = run.held, run.looks, run.proven.until - run.first.since
    yield Evidence(kind="votes", detail=f"{held} of {looked} scans", start_ms=start, end_ms=end)
    if visual is not None and visual.sustain_ms:
        detail = f"{lasted / 1000:.1f} s of {visual.sustain_ms / 1000:.0f} s"
        yield Evidence(kind="sustain", detail=detail, start_ms=start, end_ms=end)


def met(condition: Condition, values: Mapping[str, Fact]) -> str:
    """A condition with what was measured: `facings == 0 (0 facings)`."""
    value = values[condition.left]
    said = str(value).lower() if isinstance(value, bool) else f"{value:g} {UNITS.get(condition.left, '')}".strip()
    return f"{condition.left} {condition.sign} {condition.right} ({said})"


def key_of(placed: Placed) -> tuple[str, str, str] | None:
    """Which run a tag on record tells of; None for one that this judge never wrote."""
    subject = next((one.detail for one in placed.tag.evidence if one.kind == "subject"), None)
    first = next((one for one in placed.tag.evidence if one.kind == "scan"), None)
    if subject is None or first is None:
        return None
    return (placed.tag.code, subject, f"{placed.recording}@{first.start_ms}")


def decided_by(tag: BehaviorTag) -> str:
    """The recording of the scan that decided it."""
    return next((one.detail for one in reversed(tag.evidence) if one.kind == "scan"), "")


def why_not(event: Event, visual: Visual | None, scans: Sequence[Scanned]) -> Explanation:
    """Why an event did not come about in these scans of a place: for each subject the condition that failed last."""
    reason = unmeasured(event)
    if reason:
        return Explanation(zh=(f"{event.zh}：本机无法从画面测得（{reason}）",), en=(f"{event.en}: {reason}",))
    if visual is None:
        zh_, en_ = "由其他货架事件推出，请查看那些事件", "it follows from other events over scans; ask about those"
        return Explanation(zh=(f"{event.zh}：{zh_}",), en=(f"{event.en}: {en_}",))
    told = [_failed(visual, subject, values) for subject, values in sorted(_last_values(visual, scans).items())]
    told = told or [(f"{event.zh}：这些巡检没有测得相关数据", f"{event.en}: nothing that it asks for was measured")]
    return Explanation(zh=tuple(zh for zh, _ in told), en=tuple(en for _, en in told))


def _failed(visual: Visual, subject: str, values: Mapping[str, Fact]) -> tuple[str, str]:
    zh_place, en_place = subject or "整体", subject or "the whole place"
    failed = [one for one in visual.conditions if one.holds(values) is not True]
    if not failed:
        wait = f"{visual.sustain_ms / 1000:.0f}"
        return (
            f"{zh_place}：条件成立，但尚未持续 {wait} 秒（需最近 {LOOKS} 次巡检中 {HELD} 次成立）",
            f"{en_place}: it holds, but not yet for {wait} s ({HELD} of the last {LOOKS} scans)",
        )
    failing = [words.said(met(one, values) if one.left in values else f"{one.left} {one.sign} {one.right} (?)") for one in failed]
    return (
        f"{zh_place}：不满足 {'；'.join(zh for zh, _ in failing)}",
        f"{en_place}: fails {'; '.join(en for _, en in failing)}",
    )


def _last_values(visual: Visual, scans: Sequence[Scanned]) -> dict[str, dict[str, Fact]]:
    found: dict[str, dict[str, Fact]] = {}
    for scanned in sorted(scans, key=lambda one: ms_of(one.began_at)):
        for one in scanned.observations:
            values = dict(one.values)
            if visual.names & values.keys():
                found[one.subject] = values
    return found
