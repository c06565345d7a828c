"""Labelled talks: what an opportunity card must hold, and the points each preset must give."""

import tomllib
from collections import Counter
from collections.abc import Iterable

import card_talks
import pytest
from card_talks import FOLDER, Labelled

from edge_agent.review import scorecards

SCORED = tomllib.loads((FOLDER / "scores.toml").read_text("utf-8"))["talk"]


def counted(talks: Iterable[Labelled]) -> tuple[float, float]:
    """Precision and recall of the entries."""
    right = given = wanted = 0
    for one in talks:
        got, label = Counter(map(card_talks.line, one.entries())), Counter(one.label["entries"])
        right, given, wanted = right + (got & label).total(), given + got.total(), wanted + label.total()
    return right / given, right / wanted


@pytest.mark.parametrize(("half", "floor"), [("dev", (0.85, 0.75)), ("report", (0.75, 0.7))])
def test_cards_hold_what_was_said_and_little_else(half: str, floor: tuple[float, float]) -> None:
    precision, recall = counted(card_talks.read(half))
    assert precision >= floor[0]
    assert recall >= floor[1]


def test_every_entry_points_to_its_words() -> None:
    for one in card_talks.read("dev"):
        for entry in one.entries():
            said = one.talk.utterances[entry.at.utterance]
            assert 0 <= entry.at.char_start < entry.at.char_end <= len(said.text)
            assert entry.at.start_ms == said.start_ms


@pytest.mark.parametrize("row", SCORED, ids=lambda row: row["id"])
def test_presets_give_these_points(row: dict) -> None:
    one = card_talks.labelled(row)
    (card,) = scorecards.scored(one.talk, one.tags, one.notes, card_talks.tagger(), [row["card"]])
    points = {item.item: "-" if item.points is None else item.points for item in card.items}
    assert {name: points[name] for name in row["points"]} == row["points"]
    assert row.get("total", card.total) == card.total
    assert card.zeroed_by == row.get("zeroed_by", "")
