"""From event models to rules: which machine runs an event, and why some are loaded but inert.

Inert is said, not silent: unmeasured conditions wait for their sensors, and an event whose deployment flag is not set for this
talk is off. What runs over days is not inert, but left to the second stage (`across`); what is seen is left to `sight`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import parse
from edge_agent.lexicon.model import Event, expand
from edge_agent.tagging.delivered import SOURCES
from edge_agent.tagging.rules import composite, counting, following, measuring, waiting, windows
from edge_agent.tagging.rules.base import Rule
from edge_agent.tagging.sight.names import over_scans, unmeasured

PER_DAYS: Final = "counts over days without saying of whom or how many: give `per` and `window_days`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What runs in talks with the same deployment flags. `heard`: occurrences each voice can bring about;"""

    heard: Mapping[Speaker, frozenset[str]]
    makers: Sequence[Callable[[], Rule]]

    def rules(self) -> list[Rule]:
        """Fresh rules for one talk."""
        return [make() for make in self.makers]


def plan(events: Mapping[str, Event], context: Collection[str]) -> Plan:
    """How talks with these deployment flags are judged; all unresolved events share one docket."""
    on = [event for event in events.values() if not later(event) and not inert(event, context)]
    makers = [_rule(e, events) for e in on if e.kind not in ("occurrence", "unresolved")]
    docket = {e.id: (e, _ids(events, e, "opened_by"), _ids(events, e, "closed_by")) for e in on if e.kind == "unresolved"}
    if docket:
        makers.append(partial(waiting.Docket, docket))
    said = [e for e in on if e.kind == "occurrence"]
    heard = {
        voice: frozenset(e.id for e in said if voice is Speaker.UNKNOWN or e.speaker in (voice.value, "either", "none"))
        for voice in Speaker
    }
    return Plan(heard=heard, makers=makers)


def inert(event: Event, context: Collection[str]) -> str:
    """Why the event cannot fire in this talk, "" if it can."""
    t = event.temporal
    missing = [flag for flag in t.context if flag not in context]
    if missing:
        return f"off: the talk is not marked {', '.join(missing)}"
    if over_scans(event):
        return unmeasured(event)
    if over_days(event):
        return _unjudged(event)
    names = {name for c in [*(t.all or []), *(t.any or [])] for name in parse(c).names}
    unknown = names - _measured(event, names)
    return measuring.lacking(unknown) if unknown else ""


def over_days(event: Event) -> bool:
    """Whether the event is judged in the second stage (`across`), over a person's recordings, and not inside one talk."""
    t = event.temporal
    if event.when is not None:
        return composite.is_over_days(event.when)
    if over_scans(event):
        return False
    acts = event.kind == "metric" and event.source in SOURCES and t.after is not None  # what comes before was in another talk
    return acts or bool(t.window_days or t.within_h or t.per in ("account", "rep") or t.distinct == "conversation")


def later(event: Event) -> bool:
    """Whether the event is not judged inside one talk: over days (`across`), or over the scans of a place (`sight`)."""
    return over_days(event) or over_scans(event)


def _unjudged(event: Event) -> str:
    """Why the second stage cannot judge it either."""
    t = event.temporal
    if event.when is not None:
        return composite.inert(event.when)
    if event.kind == "repeat" and t.count is not None:
        return "" if t.window_days else PER_DAYS
    if (t.not_followed_by or t.followed_by) is not None and t.within_h is not None:
        return ""
    acts = event.kind in ("sequence", "metric") and event.source in SOURCES and t.after is not None and t.all is not None
    return "" if acts else f"{event.kind} is not judged over days"


def _measured(event: Event, names: Collection[str]) -> frozenset[str]:
    if event.kind == "metric":
        return measuring.OF_HIT if event.temporal.of else measuring.measured(names)
    if event.kind == "sequence":
        return following.Holding.KNOWN
    return measuring.AT_END


def machine(event: Event, events: Mapping[str, Event]) -> Rule:
    """A fresh rule of one event that is judged inside a talk, whatever its flags."""
    if event.kind == "unresolved":
        return waiting.Docket({event.id: (event, _ids(events, event, "opened_by"), _ids(events, event, "closed_by"))})
    return _rule(event, events)()


def _rule(event: Event, events: Mapping[str, Event]) -> Callable[[], Rule]:
    if event.when is not None:
        return partial(composite.Composite, event, event.when, events, _rule)
    match event.kind:
        case "first":
            return partial(counting.First, event, _ids(events, event, "of"))
        case "repeat":
            return _repeat(event, events)
        case "sequence":
            return _sequence(event, events)
        case "absence":
            return _absence(event, events)
        case _:
            return _metric(event, events)


def _repeat(event: Event, events: Mapping[str, Event]) -> Callable[[], Rule]:
    of, reset_by = _ids(events, event, "of"), _ids(events, event, "reset_by")
    if event.temporal.n_in_a_row is None:
        return partial(counting.Count, event, of, reset_by)
    if event.temporal.opportunity is None:
        return partial(counting.Row, event, of, reset_by)
    return partial(counting.Trials, event, of, reset_by, _ids(events, event, "opportunity"))


def _sequence(event: Event, events: Mapping[str, Event]) -> Callable[[], Rule]:
    t = event.temporal
    if t.chain is not None:
        return partial(following.Chain, event, [expand(events, link, own=event.id, exclude=t.exclude) for link in t.chain])
    if t.any_order is not None:
        return partial(following.Gathered, event, _ids(events, event, "any_order"))
    after = _ids(events, event, "after")
    if t.followed_by is not None:
        return partial(following.Followed, event, after, _ids(events, event, "followed_by"), _ids(events, event, "unless"))
    if t.not_followed_by is not None:
        return partial(following.NotFollowed, event, after, _ids(events, event, "not_followed_by"))
    if t.not_preceded_by is not None:
        return partial(following.NotPreceded, event, after, _ids(events, event, "not_preceded_by"))
    return partial(following.Holding, event, after)


def _absence(event: Event, events: Mapping[str, Event]) -> Callable[[], Rule]:
    t = event.temporal
    if t.not_followed_by is not None:
        return partial(following.NotFollowed, event, _ids(events, event, "after"), _ids(events, event, "not_followed_by"))
    key = "of" if t.all_required is None else "all_required"
    wanted, live_on = _ids(events, event, key), _ids(events, event, "live_on")
    return partial(waiting.Missing, event, wanted, every=t.all_required is not None, live_on=live_on)


def _metric(event: Event, events: Mapping[str, Event]) -> Callable[[], Rule]:
    if event.temporal.of is not None:
        return partial(measuring.Paced, event, _ids(events, event, "of"))
    names = [parse(c).left for c in [*(event.temporal.all or []), *(event.temporal.any or [])]]
    if gauge := measuring.gauge_of(names):
        return partial(windows.Windowed, event, gauge)
    return partial(measuring.Measured, event, names)


def _ids(events: Mapping[str, Event], event: Event, key: str) -> list[str]:
    return expand(events, getattr(event.temporal, key), own=event.id, exclude=event.temporal.exclude)
