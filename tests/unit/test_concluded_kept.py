"""Claims and moods in the ledger: codes, numbers and offsets without a word that was said, told by their commands."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from box_world import BoxWorld, script
from review_world import tagger

from edge_agent import app, cli, pipeline
from edge_agent.config import Config, Insights
from edge_agent.domain.recording import Recording

TALK = (
    ("customer", 0.0, "延长质保多少钱？"),
    ("rep", 3.0, "延长质保一百九十九块。"),
    ("customer", 6.0, "太贵了，我再看看别家。"),
)
ROW = '[[row]]\nid = "w1"\nkind = "price"\nsubject = "extended-warranty"\nvalue = 299\nunit = "CNY"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "prices.toml").write_text(ROW, "utf-8")
    return Config(
        state=str(tmp_path), inbox=str(tmp_path / "inbox"), insights=Insights(mood=True, scorecards=[], card=False)
    )  # fmt: skip


def concluded(tmp_path: Path, settings: Config) -> Recording:
    world = BoxWorld(tmp_path)
    kit = replace(world.kit, notetaker=app.Notepad(settings), reviewer=app.reviewer(settings, tagger()))
    world.drop(script(*TALK))
    (arrival,) = world.arrivals()
    recording = pipeline.advance(kit, pipeline.take_in(kit, arrival))
    world.close()
    return recording


def test_a_verdict_is_kept_and_told(tmp_path: Path, settings: Config, capsys: pytest.CaptureFixture[str]) -> None:
    recording = concluded(tmp_path, settings)
    assert cli.main(["--state", str(tmp_path), "claims", "list", recording.id, "--json"]) == 0
    ((claim,),) = (one["claims"] for one in json.loads(capsys.readouterr().out)["recordings"])
    assert (claim["verdict"], claim["row"], claim["subject"], claim["said"], claim["utterance"]) == (
        "wrong", "w1", "extended-warranty", "199", 1,
    )  # fmt: skip
    assert cli.main(["--state", str(tmp_path), "claims", "list"]) == 0
    assert "w1" in capsys.readouterr().out
    assert cli.main(["--state", str(tmp_path), "claims", "list", "nothing"]) == 1


def test_a_mood_is_told_only_where_it_is_switched_on(
    tmp_path: Path, settings: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = concluded(tmp_path, settings)
    config = tmp_path / "config.toml"
    config.write_text("[insights]\nmood = true\n", "utf-8")
    assert cli.main(["--config", str(config), "--state", str(tmp_path), "mood", recording.id, "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert (point["utterance"], point["reason"], point["probing"]) == (2, "cue:price-pain", True)
    assert cli.main(["--config", str(config), "--state", str(tmp_path), "mood", recording.id]) == 0
    assert "probing" in capsys.readouterr().out
    assert cli.main(["--state", str(tmp_path), "mood", recording.id]) == 1
    assert "没有启用" in capsys.readouterr().err


def test_no_word_that_was_said_is_kept_in_the_ledger(tmp_path: Path, settings: Config) -> None:
    concluded(tmp_path, settings)
    with closing(sqlite3.connect(settings.paths.ledger)) as ledger:
        ((kept,),) = ledger.execute("SELECT insights FROM analyses")
    assert '"verdict":"wrong"' in kept
    assert kept.isascii()
