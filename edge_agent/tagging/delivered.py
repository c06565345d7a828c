"""Metrics that other systems measured and delivered with a touch: how long a document was open, how late a reply came.

An event is judged from what was delivered, wholly or not at all: a missing operand is no tag, never 0. It is stamped at the
touch's start, which is when its sender says that it held. What crosses talks (`per`, `after`, days, hours) is judged elsewhere.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from edge_agent.domain.tags import BehaviorTag, Conversation, Evidence
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import Condition, Fact, holds, parse
from edge_agent.lexicon.model import Event

SOURCES: Final = frozenset({"chat", "document", "process"})
_VOICES: Final = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER}
_TRUTHS: Final = frozenset({"true", "false"})


def names(events: Iterable[Event]) -> dict[str, type]:
    """Every fact that an event of these sources asks for, and whether it is a number (`float`) or true/false (`bool`)."""
    found: dict[str, type] = {}
    for event in events:
        if event.source in SOURCES:
            for one in _conditions(event):
                kind = bool if one.right in _TRUTHS else float
                found |= dict.fromkeys(one.names, kind)
    return dict(sorted(found.items()))


def judged(
    events: Iterable[Event], conversation: Conversation, digests: Mapping[str, str], make_id: Callable[[], str]
) -> Iterator[BehaviorTag]:
    """The metric events that hold for the facts delivered with a touch; a flag of its deployment is a fact, too."""
    if not conversation.facts:
        return
    facts: dict[str, Fact] = {**dict.fromkeys(conversation.context, True), **dict(conversation.facts)}
    for event in events:
        t = event.temporal
        on = conversation.context.issuperset(t.context)
        if event.kind != "metric" or event.source not in SOURCES or t.of is not None or t.after is not None or not on:
            continue
        every, some = [parse(c) for c in t.all or []], [parse(c) for c in t.any or []]
        if not (every or some) or holds(every, some, facts) is not True:
            continue
        yield BehaviorTag(
            id=make_id(), code=event.id, speaker=_VOICES.get(event.speaker, Speaker.UNKNOWN), start_ms=0, end_ms=0,
            known_at_ms=0, confidence=1.0, severity=event.severity, layer=event.layer, rule=event.rule,
            rule_digest=digests[event.id],
            evidence=tuple(
                Evidence(kind="measure", detail=f"{c.left} {c.sign} {c.right}", start_ms=0, end_ms=0)
                for c in (*every, *(c for c in some if c.holds(facts)))
            ),
        )  # fmt: skip


def _conditions(event: Event) -> Iterator[Condition]:
    for text in (*(event.temporal.all or []), *(event.temporal.any or [])):
        yield parse(text)
