"""How well behaviour is found in text, beside a plain list of keywords: a guard on what was learned, and what judging gave.

All of it was made up for this purpose. `severe.dev-*.toml` and `dialogues/e*.toml` were written for tuning. `severe.judge.toml`
and `dialogues/j*.toml` were written by another author, who saw neither the lexicons nor the tuning data, and were opened once:
`FIRST_OPENED` is what was found then, and the only figure here about talk that nobody tuned on. The lexicons have learned from
them since, so that what the tests assert guards what was learned and says nothing about unseen talk. `severe` are the events of
layer intercept and escalate that talk alone can bring about, with as many sentences that come close and are none (negated,
quoted, asked, said by the other side, another sense).

The keyword list is what one would set up otherwise: every phrase of the same lexicons, by the same speaker, without patterns,
word groups at a distance, vetoes, contexts and time.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from dialogue_scoring import LABELLED, Score, conversation, gold, predicted, read, wilson

from edge_agent.assets import bundled
from edge_agent.domain.tags import Conversation
from edge_agent.lexicon.examples import scene
from edge_agent.lexicon.notation import phrase
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.trial import staged

pytestmark = pytest.mark.bench

DATA = Path(__file__).parent / "behaviour"
FIRST_OPENED = {
    "severe": {
        "positives": 199, "negatives": 198, "precision": 0.873, "precision_95": (0.801, 0.921), "recall": 0.518,
        "recall_95": (0.448, 0.586),
    },
    "dialogues": {"precision": 0.764, "recall": 0.67, "f1": 0.714},
}  # fmt: skip
Codes = Callable[[Conversation], Iterable[tuple[str, int]]]
"""What a talk is given: (event, turn)."""


@pytest.fixture(scope="module")
def tagger() -> RuleTagger:
    return RuleTagger.load(bundled("lexicons"))


@pytest.fixture(scope="module")
def ours(tagger: RuleTagger) -> Codes:
    return lambda talk: [(tag.code, tag.turn) for tag in tagger.tag(talk)]


@pytest.fixture(scope="module")
def keywords(tagger: RuleTagger) -> Codes:
    groups = tagger.lexicon.terms.groups
    lists = []
    for event in tagger.events:
        words = [
            "".join(f"(?:{'|'.join(map(re.escape, step.literals))})" for step in phrase(text, groups, gap=0).steps)
            for match in event.matches()
            for text in match.phrases
            if "{" not in text and "…" not in text
        ]
        if words:
            lists.append((event, re.compile("|".join(words))))

    def found(talk: Conversation) -> Iterator[tuple[str, int]]:
        for turn, said in enumerate(talk.utterances):
            for event, one in lists:
                if event.speaker in (said.speaker.value, "either", "none") and one.search(said.text):
                    yield event.id, turn

    return found


def counted(codes: Codes, cases: Iterable[dict], tagger: RuleTagger) -> dict[str, object]:
    right = missed = false = true_negatives = 0
    wrong: list[str] = []
    for case in cases:
        event = tagger.lexicon.events[case["event"]]
        talk = staged(tagger, scene(case["text"], event.speaker), case["industry"], event)
        hit = event.id in {code for code, _ in codes(talk)}
        right += hit and case["must"]
        missed += not hit and case["must"]
        false += hit and not case["must"]
        true_negatives += not hit and not case["must"]
        if hit is not case["must"]:
            wrong.append(f"{'-' if case['must'] else '+'}{event.id}")
    return {
        "positives": right + missed, "negatives": false + true_negatives, "precision": round(right / max(right + false, 1), 3),
        "precision_95": wilson(right, right + false), "recall": round(right / max(right + missed, 1), 3),
        "recall_95": wilson(right, right + missed), "wrong": sorted(wrong),
    }  # fmt: skip


@pytest.mark.parametrize("which", ["judge", "dev"])
def test_intercept_and_escalate(which: str, tagger: RuleTagger, ours: Codes, keywords: Codes) -> None:
    cases = [case for path in sorted(DATA.glob(f"severe.{which}*.toml")) for case in read(path)["case"]]
    found, plain = counted(ours, cases, tagger), counted(keywords, cases, tagger)
    told = {"bench": "severe", "set": which, "ours": found, "keywords": {k: plain[k] for k in ("precision", "recall")}}
    print(json.dumps(told | ({"first_opened": FIRST_OPENED["severe"]} if which == "judge" else {})))
    assert found["positives"] >= 150
    assert found["negatives"] >= 150
    assert found["precision"] >= 0.95
    assert found["recall"] >= 0.9
    assert found["precision"] > plain["precision"]
    assert found["recall"] > plain["recall"]


@pytest.mark.parametrize("which", ["j", "e"])
def test_dialogues(which: str, tagger: RuleTagger, keywords: Codes) -> None:
    found, plain = Score(), Score()
    for path in sorted((DATA / "dialogues").glob(f"{which}*.toml")):
        talk = read(path)
        found.add(predicted(tagger.tag(conversation(talk))), gold(talk))
        plain.add([one for one in keywords(conversation(talk)) if one[0].partition(".")[0] in LABELLED], gold(talk))
    print(json.dumps({
        "bench": "behaviour", "dialogues": which, **found.figures(), "f1_by_family": found.families(),
        "keywords": plain.figures(), **({"first_opened": FIRST_OPENED["dialogues"]} if which == "j" else {}),
    }))  # fmt: skip
    print("wrong", dict(found.wrong.most_common()), "missed", dict(found.missed.most_common()))
    assert found.figures()["f1"] >= 0.8
    assert found.figures()["f1"] > plain.figures()["f1"] + 0.2
