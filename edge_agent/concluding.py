"""What was concluded from talks, as the command line asks: claims and moods kept in the ledger, or tried on a written talk.

A written talk is a dialogue file as `edge-agent tag` takes it; nothing of it is stored, and no text is printed again.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge_agent import answers, app, bench, privilege
from edge_agent.config import Config
from edge_agent.documents import (
    ClaimLine,
    ClaimsChecked,
    ClaimsList,
    ClaimsOfTalk,
    MoodCurve,
    MoodLine,
    TableProblem,
)
from edge_agent.domain.insights import Claim, Mood
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import Conversation
from edge_agent.domain.transcript import Utterance
from edge_agent.errors import BadInput, NotAllowed, NotFound
from edge_agent.lexicon.problems import Problem

if TYPE_CHECKING:
    from edge_agent.tagging.tagger import RuleTagger


def claims(settings: Config, *, recording: str = "") -> ClaimsList:
    """Claims of one call or of all that have any; NotFound when the one has none."""
    with answers.reader(settings) as book:
        kept = [(one.id, book.insights(one.id)) for one in book.recordings() if recording in {"", one.id}]
    found = [ClaimsOfTalk(recording=name, claims=_claims(one.claims)) for name, one in kept if one is not None and one.claims]
    if recording and not found:
        raise NotFound("no claims of that recording", remedy="edge-agent claims list", zh="这个录音没有可核对的说法")
    return ClaimsList(recordings=found)


def try_claims(settings: Config, talk: Path, *, facts: Path | None, at: datetime) -> ClaimsOfTalk:
    """The claims of a written talk that began `at`. BadFacts when the table is faulty; BadInput for the talk or the folder."""
    from edge_agent.review import claims as reading  # noqa: PLC0415
    from edge_agent.review import fact_files  # noqa: PLC0415

    folder = _folder(settings, facts)
    conversation = _conversation(talk, at)
    with privilege.raised():
        fact_files.load(folder)
        found = reading.checked(conversation, Notes(), app.tagger(settings), str(folder), zone=at.tzinfo)
    return ClaimsOfTalk(recording="", claims=_claims(found))


def check_facts(settings: Config, folder: Path | None = None) -> ClaimsChecked:
    """Every fault of a folder of fact tables at once, or what it holds."""
    from edge_agent.review import fact_checks, fact_files  # noqa: PLC0415

    place = _folder(settings, folder)
    with privilege.raised():
        found = fact_files.read_all(place)
        warned = list(fact_checks.warnings(found, app.tagger(settings).lexicon)) if found.rows or found.names else []
    problems = _problems([*found.problems, *fact_checks.conflicts(found)])
    rows = [row for _, _, row in found.rows]
    if problems:
        return ClaimsChecked(ok=False, digest="", rows={}, subjects=0, stale=0, problems=problems, warnings=_problems(warned))
    now = datetime.now().astimezone()
    return ClaimsChecked(
        ok=True, digest=found.digest, rows=dict(sorted(Counter(row.kind for row in rows).items())),
        subjects=len({row.subject for row in rows}), stale=sum(not row.in_force(now) for row in rows), problems=[],
        warnings=_problems(warned),
    )  # fmt: skip


def _problems(found: Iterable[Problem]) -> list[TableProblem]:
    return [
        TableProblem(file=p.file, line=p.line, entry=p.entry, message=p.message, remedy=p.remedy)
        for p in sorted(found, key=lambda p: (p.file, p.line, p.entry))
    ]


def mood(settings: Config, recording: str) -> MoodCurve:
    """The customer's mood along one call.

    Raises:
        NotAllowed: `insights.mood` is off, also for calls that were analysed while it was on. NotFound: nothing to tell by.
    """
    if not settings.insights.mood:
        raise NotAllowed(
            "the customer's mood is not read here", reason="mood-off", zh="本机没有启用客户情绪",
            remedy="set `mood = true` under [insights] if your rules allow it",
        )  # fmt: skip
    with answers.reader(settings) as book:
        kept = book.insights(recording)
    if kept is None or kept.mood is None:
        raise NotFound("no mood of that recording", remedy="nothing the customer said tells of one", zh="这个录音没有情绪数据")
    return _mood(kept.mood, recording)


def try_mood(settings: Config, talk: Path) -> MoodCurve:
    """The same for a written talk, for those who tend the cues; the switch is about recordings."""
    from edge_agent.review import mood as reading  # noqa: PLC0415

    conversation = _conversation(talk, None)
    tagger: RuleTagger = app.tagger(settings)
    found = reading.curve(conversation, tagger.tag(conversation), tagger)
    return _mood(found or Mood(points=(), coverage=0.0), "")


def _conversation(file: Path, at: datetime | None) -> Conversation:
    said = bench.dialogue(file)
    utterances = tuple(
        Utterance(start_ms=one.start_ms, end_ms=one.end_ms, speaker=one.speaker, text=one.text, backchannel=one.backchannel)
        for one in said.turn
    )
    return Conversation(
        utterances=utterances, duration_ms=max((one.end_ms for one in utterances), default=0), channel=said.channel,
        industry=said.industry, context=frozenset(said.context), own=tuple(said.own), competitors=tuple(said.competitors),
        started_at=at,
    )  # fmt: skip


def _folder(settings: Config, given: Path | None) -> Path:
    if given is not None:
        if not given.is_dir():
            raise BadInput("no-folder", "that is no folder", remedy="give the folder of the fact tables", zh="没有这个目录")
        return given
    return Path(settings.insights.facts) if settings.insights.facts else settings.paths.facts


def _claims(found: tuple[Claim, ...]) -> list[ClaimLine]:
    return [
        msgspec.convert(
            {
                "kind": one.kind, "subject": one.subject, "attribute": one.attribute, "said": one.said, "unit": one.unit,
                "verdict": one.verdict.value, "confidence": one.confidence, "row": one.row,
                "reason": one.reason, **dataclasses.asdict(one.at),
            },
            ClaimLine,
        )
        for one in found
    ]  # fmt: skip


def _mood(found: Mood, recording: str) -> MoodCurve:
    points = [
        MoodLine(
            **dataclasses.asdict(one.at), valence=one.valence, reason=one.reason, probing=one.probing, leaving=one.leaving
        )
        for one in found.points
    ]  # fmt: skip
    return MoodCurve(recording=recording, coverage=found.coverage, points=points)
