"""From event models to rules: which machine runs an event, and why some are loaded but inert.

Inert is said, not silent: cross-recording windows wait for a history store, visual and unmeasured conditions for their
sensors, and an event whose deployment flag is not set for this talk is off.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.lexicon.conditions import parse
from edge_agent.lexicon.model import Event, expand
from edge_agent.tagging.rules import counting, following, measuring, waiting
from edge_agent.tagging.rules.base import Rule

CROSS: Final = "crosses recordings: inert until a history of earlier talks exists"
UNSEEN: Final = "judged from pictures: the shelf engine gives these tags, not the tagger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What runs in one talk: occurrences that are on, rules (all unresolved events share one), and what is inert, and why."""

    occurrences: frozenset[str]
    rules: Sequence[Rule]
    inert: Mapping[str, str]


def plan(events: Mapping[str, Event], context: Collection[str]) -> Plan:
    """Fresh rules for one talk with these deployment flags."""
    off = {i: reason for i, e in events.items() if (reason := inert(e, context))}
    rules: list[Rule] = []
    docket = {}
    for event in events.values():
        if event.id in off or event.kind == "occurrence":
            continue
        if event.kind == "unresolved":
            t = event.temporal
            docket[event.id] = (event, expand(events, t.opened_by, exclude=t.exclude), expand(events, t.closed_by))
        else:
            rules.append(_rule(event, events))
    if docket:
        rules.append(waiting.Docket(docket))
    on = frozenset(e.id for e in events.values() if e.kind == "occurrence" and e.id not in off)
    return Plan(occurrences=on, rules=rules, inert=off)


def inert(event: Event, context: Collection[str]) -> str:
    """Why the event cannot fire in this talk, "" if it can."""
    t = event.temporal
    missing = [flag for flag in t.context if flag not in context]
    if missing:
        return f"off: the talk is not marked {', '.join(missing)}"
    if event.kind == "visual":
        return UNSEEN
    if t.window_days or t.within_h or t.per in ("account", "rep") or t.distinct == "conversation":
        return CROSS
    names = {name for c in [*(t.all or []), *(t.any or [])] for name in parse(c).names}
    unknown = names - _measured(event)
    if unknown:
        return f"not measured here: {', '.join(sorted(unknown))}"
    return ""


def _measured(event: Event) -> frozenset[str]:
    if event.kind == "metric":
        return measuring.OF_HIT if event.temporal.of else measuring.AT_END | measuring.LIVE
    if event.kind == "sequence":
        return following.Holding.KNOWN
    return measuring.AT_END


def _rule(event: Event, events: Mapping[str, Event]) -> Rule:
    match event.kind:
        case "first":
            return counting.First(event, _ids(events, event, "of"))
        case "repeat":
            return _repeat(event, events)
        case "sequence":
            return _sequence(event, events)
        case "absence":
            return _absence(event, events)
        case _:
            return _metric(event, events)


def _repeat(event: Event, events: Mapping[str, Event]) -> Rule:
    of, reset_by = _ids(events, event, "of"), _ids(events, event, "reset_by")
    if event.temporal.n_in_a_row is None:
        return counting.Count(event, of, reset_by)
    if event.temporal.opportunity is None:
        return counting.Row(event, of, reset_by)
    return counting.Trials(event, of, reset_by, _ids(events, event, "opportunity"))


def _sequence(event: Event, events: Mapping[str, Event]) -> Rule:
    t = event.temporal
    if t.chain is not None:
        return following.Chain(event, [expand(events, link, own=event.id, exclude=t.exclude) for link in t.chain])
    if t.any_order is not None:
        return following.Gathered(event, _ids(events, event, "any_order"))
    after = _ids(events, event, "after")
    if t.followed_by is not None:
        return following.Followed(event, after, _ids(events, event, "followed_by"), _ids(events, event, "unless"))
    if t.not_followed_by is not None:
        return following.NotFollowed(event, after, _ids(events, event, "not_followed_by"))
    if t.not_preceded_by is not None:
        return following.NotPreceded(event, after, _ids(events, event, "not_preceded_by"))
    return following.Holding(event, after)


def _absence(event: Event, events: Mapping[str, Event]) -> Rule:
    t = event.temporal
    if t.not_followed_by is not None:
        return following.NotFollowed(event, _ids(events, event, "after"), _ids(events, event, "not_followed_by"))
    key = "of" if t.all_required is None else "all_required"
    wanted, live_on = _ids(events, event, key), _ids(events, event, "live_on")
    return waiting.Missing(event, wanted, every=t.all_required is not None, live_on=live_on)


def _metric(event: Event, events: Mapping[str, Event]) -> Rule:
    if event.temporal.of is not None:
        return measuring.Paced(event, _ids(events, event, "of"))
    return measuring.Measured(event, [parse(c).left for c in event.temporal.all or []])


def _ids(events: Mapping[str, Event], event: Event, key: str) -> list[str]:
    return expand(events, getattr(event.temporal, key), own=event.id, exclude=event.temporal.exclude)
