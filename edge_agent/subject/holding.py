"""Legal holds, and what is shredded when and why."""

from edge_agent import answers, app, retention
from edge_agent.config import Config
from edge_agent.documents import HoldLine, PlanLine
from edge_agent.subject.acting import acting


def add(settings: Config, object_or_recording: str, *, reason: str) -> HoldLine:
    """Keep a recording and all that was made of it until the hold is lifted. NotFound, NotAllowed."""
    with acting(settings) as act:
        made = act.ledger.keeping.hold(object_or_recording, reason)
    return HoldLine(hold=made.id, recording=made.recording, reason=made.reason, at=made.at.isoformat())


def lift(settings: Config, object_or_recording: str, *, reason: str) -> list[HoldLine]:
    """Lift the holds with this reason; what waited for it is shredded now or by the worker. NotFound."""
    with acting(settings) as act:
        lifted = act.ledger.keeping.lift(object_or_recording, reason)
        act.carry_out([one.recording for one in lifted])
    return [HoldLine(hold=one.id, recording=one.recording, reason=one.reason, at=one.at.isoformat()) for one in lifted]


def holds(settings: Config) -> list[HoldLine]:
    from edge_agent.ledger import keeping  # noqa: PLC0415 - after parsing

    with answers.reader(settings) as book:
        found = book.viewing(keeping.holds)
    return [HoldLine(hold=one.id, recording=one.recording, reason=one.reason, at=one.at.isoformat()) for one in found]


def plan(settings: Config) -> list[PlanLine]:
    """Every recording that still has keys, next due first, with the rule that keeps it so long."""
    from edge_agent.ledger import keeping  # noqa: PLC0415

    with answers.reader(settings) as book:
        kept = book.viewing(keeping.kept)
    planned = retention.plan(settings.retention, app.policy(settings), kept)
    return [
        PlanLine(
            recording=one.kept.recording, kind=one.kept.kind.value, state=one.kept.state.value, parked=one.kept.parked,
            captured_at=one.kept.captured_at.isoformat(), shred_at=one.at.isoformat(), rule=one.rule, held=one.kept.held,
            decided=one.kept.going,
        )
        for one in planned
    ]  # fmt: skip
