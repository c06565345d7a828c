"""A person's points for an item: append-only, bound to the log, the latest counts, the machine's stay beside them."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import card_talks
import pytest
from box_world import BoxWorld
from card_talks import tagger
from ledger_world import NEW_RULES, analysis

from edge_agent import cli, scores
from edge_agent.config import Config
from edge_agent.domain.consent import Party
from edge_agent.domain.insights import Insights, Scorecard
from edge_agent.domain.recording import Recording
from edge_agent.domain.scores import Override, overridden, summed
from edge_agent.errors import BadInput, LedgerBroken, NotAllowed, NotFound
from edge_agent.ids import new_id
from edge_agent.review import scorecards
from edge_agent.subject import rights


@cache
def row() -> card_talks.Labelled:
    return next(row for row in card_talks.read("dev") if row.id == "meter-plant")


@cache
def card() -> Scorecard:
    """A machine's BANT: 25 + 25 + 0 + 25 or the like, of a labelled talk."""
    (found,) = scorecards.scored(row().talk, row().tags, row().notes, tagger(), ["bant"])
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return Config(state=str(tmp_path))


def scored(world: BoxWorld, **who: str) -> Recording:
    """A call with a scorecard in the ledger."""
    recording = world.call(("rep", 0.0, "您好"), **who)
    world.ledger.analysed(recording.id, analysis(row().tags, rules=NEW_RULES, insights=Insights(scorecards=(card(),))))
    return recording


def override(settings: Config, recording: str, points: float, item: str = "need") -> None:
    scores.override(settings, recording, "bant", item, points, reason="not-recognised", role="manager")


def test_the_latest_word_counts_and_the_machines_points_stay(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world)
    before = scores.scores(settings, recording=recording.id)[0]
    override(settings, recording.id, 10)
    override(settings, recording.id, 25)
    (line,) = scores.scores(settings, recording=recording.id)
    item = next(one for one in line.items if one.item == "need")
    assert (item.points, item.machine_points) == (25, card().items[2].points)
    assert item.override is not None
    assert (item.override.role, item.override.reason) == ("manager", "not-recognised")
    assert (line.machine_total, line.total) == (before.total, 100.0)
    assert world.ledger.verify_chain() > 0
    world.close()


def test_a_later_analysis_keeps_what_a_person_said(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world)
    override(settings, recording.id, 20)
    again = replace(card(), items=tuple(replace(one, points=0.0) for one in card().items))
    world.ledger.analysed(
        recording.id,
        analysis(tuple(replace(one, id=new_id()) for one in row().tags), rules="03" * 32, insights=Insights(scorecards=(again,))),
    )
    (line,) = scores.scores(settings, recording=recording.id)
    assert [one.points for one in line.items] == [0, 0, 20, 0]
    assert [one.machine_points for one in line.items] == [0, 0, 0, 0]
    world.close()


def test_a_word_on_a_critical_item_lifts_the_zero() -> None:
    zeroed = summed(replace(card(), items=tuple(replace(one, points=0.0, critical=n == 0) for n, one in enumerate(card().items))))
    assert zeroed.zeroed_by == "budget"
    said = Override(
        id="o", recording="r", card="bant", item="budget", points=25.0, reason="other", role="coach", at=datetime.now(UTC)
    )  # fmt: skip
    lifted = overridden(zeroed, [said])
    assert (lifted.total, lifted.zeroed_by) == (25.0, "")


def test_more_than_there_is_and_what_is_not_there_is_refused(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world)
    for points in (-1, 26, float("nan")):
        with pytest.raises(BadInput):
            override(settings, recording.id, points)
    with pytest.raises(NotFound):
        override(settings, recording.id, 1, item="nothing")
    with pytest.raises(NotFound):
        override(settings, "nobody", 1)
    world.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE overrides SET hundredths = hundredths + 1",
        "UPDATE overrides SET role = 'compliance'",
        "DELETE FROM overrides",
        "INSERT INTO overrides SELECT id || 'x', recording, card, item, 0, reason, role, at FROM overrides",
    ],
)
def test_a_score_changed_by_hand_breaks_the_log(tmp_path: Path, settings: Config, change: str) -> None:
    world = BoxWorld(tmp_path)
    override(settings, scored(world).id, 5)
    with sqlite3.connect(settings.paths.ledger) as ledger:
        if not change.startswith("INSERT"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                ledger.execute(change)
        ledger.execute("DROP TRIGGER overrides_keep")
        ledger.execute("DROP TRIGGER overrides_stay")
        ledger.execute(change)
    with pytest.raises(LedgerBroken):
        world.ledger.verify_chain()
    world.close()


def test_once_a_customer_withdrew_there_is_no_score(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world, customer="C-1")
    override(settings, recording.id, 5)
    world.withdraw(Party.CUSTOMER, "C-1")
    assert scores.scores(settings) == []
    with pytest.raises((NotFound, NotAllowed)):
        override(settings, recording.id, 6)
    assert world.ledger.verify_chain() > 0
    world.close()


def test_a_copy_for_a_person_holds_their_scores(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world, customer="C-1")
    override(settings, recording.id, 5)
    rights.export(settings, Party.CUSTOMER, "C-1", tmp_path / "copy")
    world.close()
    (line,) = json.loads((tmp_path / "copy" / "subject.json").read_text("utf-8"))["recordings"]
    assert [one["points"] for one in line["scorecards"][0]["items"]][2] == 5


def test_the_commands_show_explain_and_change(tmp_path: Path, settings: Config, capsys: pytest.CaptureFixture[str]) -> None:
    world = BoxWorld(tmp_path)
    recording = scored(world).id
    world.close()
    where = ["--state", str(tmp_path)]

    def run(*words: str) -> str:
        assert cli.main([*where, *words]) == 0
        return capsys.readouterr().out

    change = ("score", "override", recording, "bant", "need", "12.5", "--reason", "seen-elsewhere", "--by", "coach")
    assert json.loads(run(*change, "--json"))["items"][2]["points"] == 12.5
    assert "BANT" in run("scores")
    assert json.loads(run("scores", recording, "--json"))["scorecards"][0]["items"][2]["override"]["role"] == "coach"
    told = json.loads(run("score", "why", recording, "bant", "--json"))
    assert len(told["zh"]) == len(told["en"]) == 4
    assert "人工改分" in told["zh"][2]
    with pytest.raises(NotFound):
        scores.why(settings, recording, "nothing")
