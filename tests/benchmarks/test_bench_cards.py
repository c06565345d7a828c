"""Entries of the opportunity card on labelled talks, against what a user would otherwise take: each tag with a number beside it.

`dev` was tuned on, `report` was not; its labels were opened once (see the head of report.toml). Prints one JSON line.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator

import card_talks
import pytest
from card_talks import Labelled

from edge_agent.domain.notes import FactKind

pytestmark = pytest.mark.bench

NAIVE = {
    "need.pain_stated": "need need.pain_stated", "need.quantity_stated": "need quantity", "budget.confirmed": "budget",
    "authority.decision_maker_identified": "decision-maker", "need.timeline_confirmed": "timing",
    "competitor.named": "competitor", "closing.next_step_agreed": "next-step closing.next_step_agreed",
    "closing.commit": "next-step order", "price.quote_promised": "action quote", "closing.contract_requested": "action contract",
}  # fmt: skip
VALUES = {"budget": FactKind.MONEY, "need quantity": FactKind.QUANTITY, "timing": FactKind.DATE, "action quote": FactKind.DATE}


def naive(one: Labelled) -> Iterator[str]:
    """Every tag is an entry, its value the first number or date of its sentence."""
    for tag in one.tags:
        what = NAIVE.get(tag.code)
        if what is None:
            continue
        number = next(n for n, said in enumerate(one.talk.utterances) if said.start_ms == tag.start_ms)
        fact = next((f for f in one.notes.facts if f.utterance == number and f.kind is VALUES.get(what)), None)
        brand = str(dict(tag.slots).get("brand", ""))
        value = "" if fact is None else f"@{fact.value}" if fact.kind is FactKind.DATE else f"{fact.value} {fact.unit}"
        yield " ".join(part for part in (what, brand, value) if part)


def f1(pairs: Iterable[tuple[Counter[str], Counter[str]]]) -> dict[str, float]:
    right = given = wanted = 0
    for got, label in pairs:
        right, given, wanted = right + (got & label).total(), given + got.total(), wanted + label.total()
    precision, recall = right / max(given, 1), right / wanted
    return {
        "precision": round(precision, 3), "recall": round(recall, 3),
        "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 3), "entries": wanted,
    }  # fmt: skip


def test_cards_beat_tags_with_a_number_beside_them() -> None:
    said = {}
    for half in ("dev", "report"):
        talks = list(card_talks.read(half))
        ours = f1((Counter(map(card_talks.line, one.entries())), Counter(one.label["entries"])) for one in talks)
        plain = f1((Counter(naive(one)), Counter(one.label["entries"])) for one in talks)
        said[half] = {"talks": len(talks), "card": ours, "tags_with_a_number": plain}
        assert ours["f1"] > plain["f1"]
    print(json.dumps({"bench": "cards", **said}))
