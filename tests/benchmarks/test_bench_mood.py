"""How well the customer's mood is read: sentences of several trades as good, bad or neither, and probing told from leaving.

Cues were written while looking at `mood.dev.toml`; `mood.report.toml` was written after they were fixed and opened once, they
are as they were then. Three sets opened before it joined those for tuning: what they showed is that cues do not reach wording
they have never met. On one written to be unlike them, when they were fewer, 61 of 123 came out right; on the next 105 of 125.

Beside it stands what one would otherwise pick: snownlp's sentiment, with those of four pairs of thresholds that suit it best on
the very set that is reported. Loading its model takes most of the time.
"""

import json
import tomllib
import warnings
from collections.abc import Callable
from functools import partial

import pytest
from review_world import BEHAVIOUR, felt, tagger

from edge_agent.review.mood_examples import point, verdicts

pytestmark = pytest.mark.bench

CLASS = {"probing": "neutral", "leaving": "negative"}
CUTS = ((0.4, 0.6), (0.3, 0.7), (0.2, 0.8), (0.1, 0.9))
SIDES = ("positive", "negative", "neutral")


def test_mood_is_read_better_than_by_general_sentiment() -> None:
    measured = {name: measure(name) for name in ("dev", "report")}
    snownlp = best([(CLASS.get(label, label), text) for label, text in sentences("report")], general())
    print(json.dumps({"bench": "mood", **measured, "snownlp": snownlp}))
    assert measured["report"]["accuracy"] >= snownlp + 0.15
    assert measured["report"]["accuracy"] >= 0.8
    assert measured["report"]["probing_or_leaving"] >= 0.7
    assert measured["report"]["wrong_side"] <= 0.04


def measure(name: str) -> dict[str, float]:
    said = sentences(name)
    assert len(said) >= 120
    look = felt if name == "dev" else partial(point, tagger())  # with the tags where it is reported
    found = [(label, verdicts(look(text))) for label, text in said]
    sides = [(CLASS.get(label, label), next(side for side in SIDES if side in signs)) for label, signs in found]
    signs = [label in signs for label, signs in found if label in CLASS]
    opposite = {("positive", "negative"), ("negative", "positive")}
    return {
        "sentences": len(said),
        "accuracy": share([wanted == got for wanted, got in sides]),
        "wrong_side": share([pair in opposite for pair in sides]),
        "probing_or_leaving": share(signs),
        "false_signs": share([not {"probing", "leaving"}.isdisjoint(signs) for label, signs in found if label not in CLASS]),
    }


def sentences(name: str) -> list[tuple[str, str]]:
    sets = tomllib.loads((BEHAVIOUR / f"mood.{name}.toml").read_text("utf-8"))
    return [(label, text) for label, texts in sets.items() for text in texts]


def general() -> Callable[[str], float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from snownlp import SnowNLP

    return lambda text: float(SnowNLP(text).sentiments)


def best(said: list[tuple[str, str]], score: Callable[[str], float]) -> float:
    scores = [(wanted, score(text)) for wanted, text in said]
    return max(
        share([wanted == ("positive" if got > high else "negative" if got < low else "neutral") for wanted, got in scores])
        for low, high in CUTS
    )


def share(held: list[bool]) -> float:
    return round(sum(held) / len(held), 4)
