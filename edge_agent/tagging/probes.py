"""Ethics probes: does the outcome of any example move with gender, age, dialect, name, or a pause?

For each example of each event three things are tried: words of a pair are exchanged where they stand (`swap`); the words of one
side or of the other are put before the turn of the event's own speaker (`address`); pauses are put between turns. The outcome is
what was concluded: code, speaker, severity, layer and score of every tag. Both sides must give the same; a pause may bring
nothing but neutral marks, and what a rep owes by the clock (`until_s`, windows in seconds) is not held against it.

What this cannot show: a rule that prefers somebody by a word that is in no pair. Pairs are data, for that reason.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.check import SILENT
from edge_agent.lexicon.examples import Scene, is_facts, scene
from edge_agent.lexicon.model import Event
from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.probing import Difference, Pair, ProbesFile
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.trial import Trial, play, trials

PAUSE: Final = "silence"
PERSONS: Final = frozenset({"gender", "age", "origin"})
SLACK: Final = 0.03
"""A score may move by this much: 那口子 pins down one character more than 爱人, whoever is meant."""
Outcome = frozenset[tuple[str, str, str, str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One example whose outcome changed. `event`, `example` (its number in `trials`) name it; `codes` are what came or went."""

    event: str
    example: int
    difference: str
    pair: tuple[str, str]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """`tried` counts comparisons by difference; `moved` is what may not be."""

    examples: int
    tried: dict[str, int]
    moved: tuple[Moved, ...]


def probe(tagger: RuleTagger, *, every: int = 1, only: Collection[str] = ()) -> Probed:
    """Try all differences on every `every`-th example; of all events, or `only` of these."""
    file = tagger.lexicon.probes
    allowed = {(one.event, one.difference) for one in file.allowed}
    tried: dict[str, int] = {one.id: 0 for one in file.difference} | {PAUSE: 0}
    measures = {event.id for event in tagger.events if event.kind == "metric"}  # characters in a given time, whatever they say
    moved: list[Moved] = []
    examples = 0
    for number, trial in enumerate(trials(tagger)):
        if number % every or is_facts(trial.text) or (only and trial.event not in only):
            continue
        examples += 1
        event = tagger.lexicon.events[trial.event]
        acted = scene(trial.text, event.speaker)
        for difference, pair, sides in _sides(file, number, acted, event):
            tried[difference] += 1
            one, other = (_outcome(tagger, side, trial, event) for side in sides)
            codes = sorted(
                {code for code, *_ in _apart(one, other) if (code, difference) not in allowed and code not in measures}
            )
            if codes:
                moved.append(Moved(event=event.id, example=number, difference=difference, pair=pair, codes=tuple(codes)))
        if len(acted.utterances) > 1 and file.pauses_s:
            tried[PAUSE] += 1
            pause_s = file.pauses_s[number % len(file.pauses_s)]
            one, other = (_outcome(tagger, side, trial, event) for side in (acted, _paused(acted, pause_s)))
            codes = sorted({code for code, *_ in _apart(one, other) if not _on_the_clock(tagger.lexicon.events[code])})
            if codes:
                pair = ("", f"{pause_s}s")
                moved.append(Moved(event=event.id, example=number, difference=PAUSE, pair=pair, codes=tuple(codes)))
    return Probed(examples=examples, tried=tried, moved=tuple(moved))


def _sides(file: ProbesFile, number: int, acted: Scene, event: Event) -> Iterator[tuple[str, Pair, tuple[Scene, Scene]]]:
    for difference in file.difference:
        for pair in difference.swap:
            swapped = _swapped(acted, pair, difference)
            if swapped is not None:
                yield difference.id, pair, (acted, swapped)
        if difference.address:
            turn = number % len(difference.address)
            pairs = [*difference.address[turn:], *difference.address[:turn]]
            one, other = ("，".join(words) for words in zip(*pairs, strict=True))
            yield difference.id, (one, other), (_addressed(acted, one, event), _addressed(acted, other, event))


def _swapped(acted: Scene, pair: Pair, difference: Difference) -> Scene | None:
    """Each word of the pair for the other one; None where neither stands."""
    kept = sorted((word for word in difference.not_in if pair[0] in word or pair[1] in word), key=len, reverse=True)
    words = "|".join(map(re.escape, [*kept, *sorted(pair, key=len, reverse=True)]))
    other = {pair[0]: pair[1], pair[1]: pair[0]}
    said = [re.sub(words, lambda found: other.get(found[0], found[0]), one.text) for one in acted.utterances]
    if all(new == one.text for new, one in zip(said, acted.utterances, strict=True)):
        return None
    return replace(acted, utterances=tuple(replace(u, text=new) for u, new in zip(acted.utterances, said, strict=True)))


def _addressed(acted: Scene, word: str, event: Event) -> Scene:
    """The word before the first turn of the event's own speaker (of anyone, where it names none)."""
    wanted = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER}.get(event.speaker)
    said = list(acted.utterances)
    for place, one in enumerate(said):
        if one.text and wanted in (None, one.speaker):
            said[place] = replace(one, text=f"{word}，{one.text}")
            break
    return replace(acted, utterances=tuple(said))


def _outcome(tagger: RuleTagger, acted: Scene, trial: Trial, event: Event) -> Outcome:
    return _told(play(tagger, acted, trial.industry, event))


def _told(tags: Sequence[BehaviorTag]) -> Outcome:
    return frozenset((tag.code, tag.speaker.value, tag.severity, tag.layer, round(tag.confidence, 6)) for tag in tags)


def _apart(one: Outcome, other: Outcome) -> Outcome:
    """What only one of them has, another score included."""

    def lacks(tag: tuple[str, str, str, str, float], there: Outcome) -> bool:
        return not any(tag[:4] == same[:4] and abs(tag[4] - same[4]) <= SLACK for same in there)

    return frozenset([*(tag for tag in one if lacks(tag, other)), *(tag for tag in other if lacks(tag, one))])


def _paused(acted: Scene, pause_s: int) -> Scene:
    """A pause before every turn but the first."""
    later = [_later(one, at * pause_s * 1000) for at, one in enumerate(acted.utterances)]
    return replace(acted, utterances=tuple(later), duration_ms=acted.duration_ms + len(later) * pause_s * 1000)


def _later(one: Utterance, ms: int) -> Utterance:
    return replace(one, start_ms=one.start_ms + ms, end_ms=one.end_ms + ms)


def _on_the_clock(event: Event) -> bool:
    """Neutral marks, measures, and what a rep owes within some time. That a customer said nothing in time is no such thing."""
    t = event.temporal
    timed = t.until_s is not None or any(
        "_s" in condition or "_min" in condition for condition in [*(t.all or []), *(t.any or [])]
    )
    return event.id in SILENT or event.kind == "metric" or (timed and event.speaker != "customer")


def staff_emotion(tagger: RuleTagger) -> tuple[str, ...]:
    """Events that judge what anybody but the customer feels: there must be none."""
    return tuple(e.id for e in tagger.events if e.family == "sentiment" and e.speaker != "customer")


def person_words(tagger: RuleTagger) -> tuple[str, ...]:
    """Sayings, by event and name, that consist of a word about a person (先生, 大妈) alone: being somebody is no behaviour."""
    file = tagger.lexicon.probes
    telling = {fold(word) for one in file.difference if one.id in PERSONS for pair in (*one.swap, *one.address) for word in pair}
    return tuple(
        f"{way.guard.event} {way.name}"
        for way in tagger.matcher("*").ways
        if way.saying is not None and all(step.literals and not step.slots and step.words <= telling for step in way.saying.steps)
    )
