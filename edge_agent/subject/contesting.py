"""Contests of findings, and what they tell about an event."""

from datetime import timedelta

from edge_agent import answers, app
from edge_agent.config import Config
from edge_agent.documents import ContestLine, PrecisionLine, PrecisionList
from edge_agent.domain.contests import Case, Reason, Role, Stage, deciders, precision
from edge_agent.subject.acting import acting


def contest(settings: Config, tag: str, *, reason: Reason, by: Role) -> ContestLine:
    """Object to a finding; `tag` may be the last characters of its id. NotFound, NotAllowed."""
    with answers.reader(settings) as book:
        found = book.tag(tag).tag.id
    with acting(settings) as act:
        return _line(act.ledger.contests.open(found, reason, by=by))


def decide(settings: Config, tag: str, stage: Stage, *, by: Role) -> ContestLine:
    """Uphold or overturn; an overturned finding is withdrawn here and at HQ. NotFound, NotAllowed."""
    with answers.reader(settings) as book:
        found = book.tag(tag).tag.id
    with acting(settings) as act:
        return _line(act.ledger.contests.decide(found, stage, by=by))


def contests(settings: Config, *, waiting: bool = False) -> list[ContestLine]:
    """All contests, oldest first; with `waiting` only those that nobody decided yet."""
    return [_line(one) for one in _cases(settings) if not waiting or one.stage is Stage.CONTESTED]


def precisions(settings: Config, *, days: int = 0) -> PrecisionList:
    """How often each event was right among the contests decided in the last `days` (0 = ever)."""
    since = app.SystemClock().now() - timedelta(days=days) if days else None
    lines = [
        PrecisionLine(
            code=one.code, reviewed=one.reviewed, upheld=one.upheld, overturned=one.overturned,
            precision=_rounded(one.value), low=_rounded(one.interval and one.interval[0]),
            high=_rounded(one.interval and one.interval[1]),
        )
        for one in precision(_cases(settings), since=since)
    ]  # fmt: skip
    return PrecisionList(days=days, events=lines)


def _cases(settings: Config) -> list[Case]:
    from edge_agent.ledger.contests import cases  # noqa: PLC0415 - after parsing

    with answers.reader(settings) as book:
        return list(book.viewing(cases))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _line(one: Case) -> ContestLine:
    return ContestLine(
        case=one.id, tag=one.tag, recording=one.recording, code=one.code, stage=one.stage.value, reason=one.reason.value,
        opened_by=one.opened_by.value, opened_at=one.opened_at.isoformat(),
        decided_by=one.decided_by.value if one.decided_by else "",
        decided_at=one.decided_at.isoformat() if one.decided_at else "",
        stands=one.stands,
        may_decide=[role.value for role in deciders(one.opened_by)] if one.stage is Stage.CONTESTED else [],
    )  # fmt: skip
