"""From event models to rules over days; `rules.build` says which events these are, and which nothing can judge."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial

from edge_agent.domain.history import Whose
from edge_agent.lexicon.model import Event, expand
from edge_agent.tagging.across import together
from edge_agent.tagging.across.base import Over
from edge_agent.tagging.across.counting import Counted
from edge_agent.tagging.across.following import Acted, Followed
from edge_agent.tagging.across.waiting import Awaited, Until
from edge_agent.tagging.rules.build import inert, over_days


def makers(events: Mapping[str, Event], until: Until, zone: tzinfo | None = None) -> list[Callable[[], Over]]:
    """What makes a fresh rule of each event that is judged over days, those first that others refer to."""
    judged = [e for e in events.values() if over_days(e) and not inert(e, e.temporal.context)]
    return [partial(_rule, event, events, until, zone) for event in judged]


def whose(event: Event) -> Whose:
    """Whose recordings belong together; an event that does not say is about the customer."""
    if event.when is not None:
        return together.whose(event.when)
    return Whose.REP if event.temporal.per == "rep" else Whose.CUSTOMER


def _rule(event: Event, events: Mapping[str, Event], until: Until, zone: tzinfo | None) -> Over:
    def ids(key: str) -> list[str]:
        return expand(events, getattr(event.temporal, key), own=event.id, exclude=event.temporal.exclude)

    if event.when is not None:
        return together.Together(event, events, whose(event), node=event.when, zone=zone)
    if event.kind == "repeat":
        return Counted(event, events, whose(event), of=ids("of"), reset_by=ids("reset_by"))
    if event.temporal.followed_by is not None:
        after, by, unless = ids("after"), ids("followed_by"), ids("unless")
        return Followed(event, events, whose(event), after=after, followed_by=by, unless=unless)
    if event.temporal.not_followed_by is None:
        return Acted(event, events, whose(event), after=ids("after"))
    return Awaited(event, events, whose(event), after=ids("after"), awaited=ids("not_followed_by"), until=until)
