"""What the command line (and later the console) asks of a box: read-only, beside a working worker."""

import dataclasses
import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_agent import app, cameras, waiting
from edge_agent.answers.reading import reader
from edge_agent.answers.sight import floor_line, floor_scores, shelf_line, shelf_scores
from edge_agent.config import Config
from edge_agent.documents import (
    Condition,
    MetricsLine,
    RecordingLine,
    SealedLine,
    Status,
    TagLine,
    TalkMetrics,
    Why,
    WhyNot,
)
from edge_agent.domain.contests import Stage
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.recording import Recording, State
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.watching import place_of
from edge_agent.errors import LedgerBroken, NotFound, Unavailable

if TYPE_CHECKING:
    from edge_agent.ledger.findings import StoredTag
    from edge_agent.lexicon.model import Event
    from edge_agent.tagging.explain import Explanation
    from edge_agent.tagging.tagger import RuleTagger

__all__ = [
    "event_names",
    "event_of",
    "floor_line",
    "floor_scores",
    "metrics",
    "not_so",
    "picture_of",
    "reader",
    "recordings",
    "sealed",
    "shelf_line",
    "shelf_scores",
    "status",
    "tag_line",
    "tags",
    "talk_metrics",
    "why",
    "why_not",
    "worker_runs",
]


def recordings(settings: Config) -> list[RecordingLine]:
    """Every recording, oldest first."""
    with reader(settings) as book:
        return [
            RecordingLine(
                id=one.id,
                kind=one.circumstances.kind.value,
                state=one.state.value,
                parked=one.parked,
                captured_at=one.captured_at.isoformat(),
            )
            for one in book.recordings()
        ]


def tags(settings: Config, *, recording: str = "") -> list[TagLine]:
    """Tags in force, by recording and time."""
    with reader(settings) as book:
        over = book.closings(recording or None)
        return [tag_line(one.recording, one.tag, over.get(one.tag.id, "")) for one in book.tags(recording or None)]


def tag_line(recording: str, tag: BehaviorTag, closed_by: str = "") -> TagLine:
    return TagLine(
        closed_by=closed_by,
        id=tag.id,
        code=tag.code,
        recording=recording,
        start_ms=tag.start_ms,
        end_ms=tag.end_ms,
        known_at_ms=tag.known_at_ms,
        turn=tag.turn,
        speaker=tag.speaker.value,
        confidence=round(tag.confidence, 4),
        severity=tag.severity,
        layer=tag.layer,
        status=tag.status.value,
        rule=tag.rule,
        slots=dict(tag.slots),
    )


def event_names(settings: Config) -> dict[str, tuple[str, str]]:
    """Chinese and English name of every event code in force."""
    return {event.id: (event.zh, event.en) for event in app.tagger(settings).events}


def why(settings: Config, tag_id: str) -> Why:
    """The conditions that held for one tag; NotFound when there is no such tag, or more than one."""
    from edge_agent.ledger.contests import of_line  # noqa: PLC0415 - after parsing

    with reader(settings) as book:
        stored = book.tag(tag_id)
        models = book.models(stored.recording)
        contested = book.viewing(lambda view: of_line(view, stored.tag.id))
        closed_by = book.closings(stored.recording).get(stored.tag.id, "")
    rules = app.tagger(settings)
    tag = stored.tag
    explained = rules.explain(tag)
    event = next((event for event in rules.events if event.id == tag.code), None)
    return Why(
        tag=tag_line(stored.recording, tag, closed_by),
        name_zh=event.zh if event else "",
        name_en=event.en if event else "",
        definition=event.definition if event else "",
        rule_digest=tag.rule_digest,
        ruleset=stored.ruleset,
        models=list(models),
        contest=contested[-1].stage.value if contested else "",
        conditions=[
            Condition(
                kind=held.kind,
                detail=held.detail,
                start_ms=held.start_ms,
                end_ms=held.end_ms,
                turn=held.turn,
                char_start=held.char_start,
                char_end=held.char_end,
            )
            for held in tag.evidence
        ],
        zh=[*explained.zh, *([f"后来的巡检已不再看到，已关闭（{closed_by}）"] if closed_by else [])],
        en=[*explained.en, *([f"closed: a later scan no longer shows it ({closed_by})"] if closed_by else [])],
    )


def why_not(settings: Config, recording: str, code: str) -> WhyNot:
    """Why an event is not among a recording's tags, from the ledger: its transcript is sealed. NotFound."""
    from edge_agent.ledger.contests import cases  # noqa: PLC0415
    from edge_agent.tagging.sight.names import over_scans  # noqa: PLC0415

    rules = app.tagger(settings)
    event = event_of(rules, code)
    with reader(settings) as book:
        one = next((one for one in book.recordings() if one.id == recording), None)
        if one is None:
            raise NotFound("no such recording here", remedy="edge-agent status", zh="本机没有这个录音")
        stored = book.tags(recording, superseded=True)
        seen = book.scans(one, SCANS) if over_scans(event) else ()
        overturned = any(c.recording == recording and c.code == code and c.stage is Stage.OVERTURNED for c in book.viewing(cases))
    around = one.circumstances
    talk = Conversation(
        utterances=(), duration_ms=0, channel=around.channel, industry=around.industry,
        context=around.context, own=around.own, competitors=around.competitors,
    )  # fmt: skip
    found = [had.tag for had in stored if had.current]
    if any(tag.code == code for tag in found):
        return not_so(event, rules.why_not_of(event, talk, found), basis="ledger", fired=True)
    told = list(_stored_reasons(one, event, stored, overturned=overturned))
    if not told and over_scans(event) and place_of(around):
        return not_so(event, app.watch(settings, rules).why_not(event, seen), basis="ledger", fired=False)
    if not told:
        said = rules.why_not_of(event, talk, found)
        told = (
            list(zip(said.zh, said.en, strict=True))
            if event.kind != "occurrence" or rules.inert(around.context).get(code)
            else []
        )
    return WhyNot(
        event=code, name_zh=event.zh, name_en=event.en, definition=event.definition, basis="ledger", fired=False,
        zh=[zh for zh, _ in told or (SEALED,)], en=[en for _, en in told or (SEALED,)],
    )  # fmt: skip


SCANS = 5
"""Why an event over scans did not come about is told from so many scans, up to the one that is asked about."""
SEALED = (
    "这是从话里直接听出的事件，而转写已封存：两人放行打开后，用 edge-agent opening why-not 申请 事件 查看",
    "heard in what was said; the transcript is sealed: once two persons opened it, edge-agent opening why-not REQUEST EVENT",
)


def _stored_reasons(
    one: Recording, event: "Event", stored: "Sequence[StoredTag]", *, overturned: bool
) -> Iterator[tuple[str, str]]:
    """What the ledger itself says against it, before any rule is asked."""
    if one.state in {State.CAPTURED, State.SEALED, State.REJECTED}:
        reason = one.parked or one.state.value
        yield f"录音没有分析（{reason}）", f"the recording was not analysed ({reason})"
        return
    if overturned:
        yield "曾经识别到，经异议复核后撤销", "it was found, contested and overturned"
    elif any(had.tag.code == event.id for had in stored):
        yield "曾经识别到，后来的分析或撤回同意使它失效", "it was found, and another analysis or a withdrawal took it back"


def event_of(rules: "RuleTagger", code: str) -> "Event":
    """NotFound when the rules in force have no such event."""
    event = rules.lexicon.events.get(code)
    if event is None:
        raise NotFound("there is no such event", remedy="edge-agent lexicon check", zh="没有这个事件")
    return event


def not_so(event: "Event", told: "Explanation", *, basis: str, fired: bool) -> WhyNot:
    return WhyNot(
        event=event.id, name_zh=event.zh, name_en=event.en, definition=event.definition, basis=basis, fired=fired,
        zh=list(told.zh), en=list(told.en),
    )  # fmt: skip


def metrics(settings: Config, *, recording: str = "") -> list[MetricsLine]:
    """How calls were conducted, of one or of all that were measured; NotFound when the one was not."""
    with reader(settings) as book:
        measured = ((one.id, book.metrics(one.id)) for one in book.recordings() if recording in {"", one.id})
        lines = [MetricsLine(recording=name, metrics=talk_metrics(found)) for name, found in measured if found is not None]
    if recording and not lines:
        raise NotFound("no metrics of that recording", remedy="edge-agent metrics lists them", zh="没有这个录音的通话指标")
    return lines


def talk_metrics(found: Metrics) -> TalkMetrics:
    return TalkMetrics(**dataclasses.asdict(found))


def sealed(settings: Config) -> list[SealedLine]:
    """Everything the vault holds, and what this box can still open by itself."""
    held = app.vault(settings, app.keys(settings))
    lines = []
    for object_id in held.objects():
        said = held.manifest(object_id)
        lines.append(SealedLine(object=object_id, kind=said.retention, bytes=said.bytes, hot=held.is_hot(object_id)))
    return lines


def picture_of(settings: Config, recording: str) -> str:
    """Object id of a shelf recording's evidence picture; NotFound."""
    with reader(settings) as book:
        found = book.objects(recording).get("picture")
    if found is None:
        raise NotFound("that recording has no evidence picture", remedy="edge-agent tags lists what was found")
    return found


def status(settings: Config) -> Status:
    """The box at a glance; a chain that does not verify is said, not raised."""
    from edge_agent.ledger.ballast import disk_state  # noqa: PLC0415
    from edge_agent.ledger.cameras import counts  # noqa: PLC0415

    keys = app.keys(settings)
    stats = app.vault(settings, keys).stats()
    running = worker_runs(settings)
    with reader(settings) as book:
        now = book.status()
        seen = cameras.standing(settings, book.viewing(counts)) if settings.cameras else []
        line = waiting.queue(book.recordings(), settings.paths.run, now=datetime.now(UTC), working=running)
        parked = [line for line in recordings(settings) if line.parked and line.state == "sealed"]
        try:
            book.verify_chain(sign=keys.sign)
            intact = True
        except LedgerBroken:
            intact = False
    disk = disk_state(settings.paths, settings.limits)
    oldest = None if stats.oldest_hot_at is None else int((datetime.now(UTC) - stats.oldest_hot_at).total_seconds())
    return Status(
        gateway=now.gateway,
        tenant=now.tenant,
        recordings=now.states,
        parked=parked,
        hot=stats.hot,
        oldest_hot_s=oldest,
        outbox_pending=now.outbox.pending,
        outbox_highest=now.outbox.highest,
        committed=now.outbox.committed,
        dead_letters=now.outbox.dead,
        audit_rows=now.audit_rows,
        audit_ok=intact,
        disk_free_bytes=disk.free_bytes,
        takes_media=disk.media,
        ruleset=app.tagger(settings).ruleset,
        worker_running=running,
        queue=line,
        touches=_touches(settings),
        cameras=tuple(seen),
    )


def _touches(settings: Config) -> int | None:
    """Touch documents that lie in the spool; None where they are switched off, or this account may not look."""
    from edge_agent.capture.spool import waiting as lying  # noqa: PLC0415

    try:
        return lying(settings.spool) if settings.channel.accept else None
    except Unavailable:
        return None


def worker_runs(settings: Config) -> bool:
    """Whether a worker holds this state directory."""
    try:
        handle = os.open(settings.paths.worker_lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)
