"""The lexicons' examples put to the test: each is a talk (or a measured fact) that must or must not bring its event about.

Deployment flags an event asks for are taken as set. Examples of what is inert here or judged later (see `rules.build`) are
read and, where they are facts, judged; talk examples of such events are skipped, and `trials` says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.lexicon.conditions import holds, parse
from edge_agent.lexicon.examples import BadExample, Scene, facts, is_facts, scene
from edge_agent.lexicon.model import Event, Temporal
from edge_agent.tagging.rules.build import inert, later
from edge_agent.tagging.tagger import WRITTEN, RuleTagger


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One example of one event (or of an extension of it, for `industry`)."""

    event: str
    text: str
    must: bool
    industry: str = "*"

    def __str__(self) -> str:
        return f"{self.event} {'must' if self.must else 'must not'} match: {self.text}"


def trials(tagger: RuleTagger) -> Iterator[Trial]:
    """Every example of every event and extension, in order."""
    for event in tagger.events:
        yield from (Trial(event=event.id, text=text, must=True) for text in event.examples.must)
        yield from (Trial(event=event.id, text=text, must=False) for text in event.examples.must_not)
    extensions = [("*", x) for x in tagger.lexicon.extends]
    extensions += [(f.id, x) for f in tagger.lexicon.industries.values() for x in f.extend]
    for industry, extend in extensions:
        for must, texts in ((True, extend.must), (False, extend.must_not)):
            yield from (Trial(event=extend.event, text=text, must=must, industry=industry) for text in texts)


def passes(tagger: RuleTagger, trial: Trial) -> bool | None:
    """Whether the example holds; None when the event is inert here and the example is no measured fact.

    Raises:
        BadExample: the example breaks the notation.
    """
    event = tagger.lexicon.events[trial.event]
    if is_facts(trial.text):
        verdict = judge(event, trial.text)
        return None if verdict is None else verdict == trial.must
    acted = scene(trial.text, event.speaker)
    if later(event) or inert(event, event.temporal.context):
        return None
    return any(tag.code == event.id for tag in play(tagger, acted, trial.industry, event)) == trial.must


def play(tagger: RuleTagger, acted: Scene, industry: str, event: Event | None = None) -> tuple[BehaviorTag, ...]:
    """The tags of an example talk, with the example brands and the flags `event` asks for."""
    return tagger.tag(staged(tagger, acted, industry, event))


def staged(tagger: RuleTagger, acted: Scene, industry: str, event: Event | None = None) -> Conversation:
    """An example talk as a conversation."""
    setting = tagger.lexicon.terms.examples
    return Conversation(
        utterances=acted.utterances,
        duration_ms=acted.duration_ms,
        channel=event.source if event is not None and event.source in WRITTEN else "call",
        industry=industry,
        context=frozenset(event.temporal.context if event is not None else ()),
        own=tuple(setting.own),
        competitors=tuple(setting.competitors),
        ended=acted.ended,
    )


def judge(event: Event, text: str) -> bool | None:
    """A measured-fact example against the event's conditions, windows of days included; None if it has none."""
    given, t = facts(text), event.temporal
    listed = re.search(r"hits_days=([\d.,]+)", text)
    days = [float(d) for d in listed[1].split(",")] if listed is not None else []
    if days:
        return _within(t, sorted(days)) and _extras(t, given)
    if "missing_items" in given:
        return given["missing_items"] > 0 and all(given.get(f"context_{flag}") for flag in t.context)
    if t.all is None and t.any is None:
        return _expired(t, given) if t.within_h is not None else None
    verdict = holds([parse(c) for c in t.all or []], [parse(c) for c in t.any or []], given)
    return verdict is True and (t.sustain_s is None or given.get("held_s", 0) >= t.sustain_s)


def _expired(t: Temporal, given: dict[str, float | bool]) -> bool:
    """Whether the time for what had to follow is over and it did not: hours since (or past the time named), and true or false.

    `promised` (if given) is what it waits upon, every other truth is something awaited.
    """
    waited = [value - (0 if "past" in name else t.within_h or 0) for name, value in given.items() if "hours" in name]
    came = [value for name, value in given.items() if isinstance(value, bool) and name != "promised"]
    return bool(waited and came) and waited[0] >= 0 and not any(came) and given.get("promised", True) is True


def _within(t: Temporal, days: list[float]) -> bool:
    count, window = t.count or 1, t.window_days or 0
    return any(days[i + count - 1] - days[i] <= window for i in range(len(days) - count + 1))


def _extras(t: Temporal, given: dict[str, float | bool]) -> bool:
    return (
        (t.distinct != "conversation" or given.get("distinct_conversations", 0) >= (t.count or 1))
        and (not t.same_slot or given.get("same_brand") is True)
        and (t.min_gap_min is None or given.get("gap_ok") is True)
        and (t.reset_by is None or given.get("quoted") is not True)
    )


__all__ = ["BadExample", "Trial", "judge", "passes", "play", "staged", "trials"]
