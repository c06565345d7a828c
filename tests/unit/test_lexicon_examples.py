"""Every example in `lexicons/` is a test: it must (or must not) bring its event about, with whatever data there is."""

from functools import cache

import pytest
import shipped

from edge_agent.tagging.rules.build import later
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.trial import passes, trials


@cache
def tagger() -> RuleTagger:
    return shipped.tagger()


@cache
def by_event() -> dict:
    found: dict = {}
    for trial in trials(tagger()):
        found.setdefault(trial.event, []).append(trial)
    return found


@cache
def verdict_on(trial) -> bool | None:
    return passes(tagger(), trial)


@pytest.mark.parametrize("event", sorted(by_event()))
def test_examples_hold(event):
    verdicts = {str(trial): verdict_on(trial) for trial in by_event()[event]}
    assert [text for text, verdict in verdicts.items() if verdict is False] == []


def test_every_talk_event_has_examples_that_are_really_played():
    """What cannot fire here is inert for a stated reason, and its fact examples are judged all the same."""
    flags = {"outbound", "recorded", "dual_record", "b2b"}
    played = {i for i, ts in by_event().items() if any(verdict_on(t) is not None for t in ts)}
    elsewhere = {event.id for event in tagger().events if later(event)}
    assert tagger().codes - played <= tagger().inert(flags).keys() | elsewhere


def test_no_phrase_names_a_brand():
    """Brands come from the recording's own lists: a phrase that names one would only work in one town."""
    examples = tagger().lexicon.terms.examples
    names = [*examples.own, *examples.competitors]
    phrases = [
        text
        for event in tagger().events
        for match in event.matches()
        for text in [*match.phrases, *match.whole, *match.exclude, *match.patterns, *(w for c in match.combos for w in c)]
    ]
    assert [text for text in phrases if any(name in text for name in names)] == []
