"""Measures in the ledger: bound to the audit leaf of their analysis, told by one command, absent when switched off."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from box_world import BoxWorld, script

from edge_agent import answers, app, cli, pipeline
from edge_agent.config import Config, Speech
from edge_agent.domain.metrics import measure
from edge_agent.domain.recording import Recording
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import LedgerBroken, NotFound
from edge_agent.ledger.reading import LedgerReader
from edge_agent.pipeline import Kit

TALK = (("rep", 0.0, "您平时怎么用"), ("customer", 3.0, "家里人多"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measured_call(world: BoxWorld, settings: Config) -> Recording:
    kit: Kit = replace(world.kit, notetaker=app.Notepad(settings))
    world.drop(script(*TALK))
    (arrival,) = world.arrivals()
    return pipeline.advance(kit, pipeline.take_in(kit, arrival))


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return Config(state=str(tmp_path), inbox=str(tmp_path / "inbox"))


def test_a_call_is_measured_once_and_told_by_the_command(
    tmp_path: Path, settings: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    world = BoxWorld(tmp_path)
    recording = measured_call(world, settings)
    world.close()
    (line,) = answers.metrics(settings, recording=recording.id)
    assert line.metrics.talk_ratio is not None
    assert line.metrics.rep_open_questions == 1
    assert cli.main(["--state", str(tmp_path), "metrics", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)["recordings"]
    assert shown["metrics"]["talk_ratio"] == line.metrics.talk_ratio
    assert cli.main(["--state", str(tmp_path), "metrics", recording.id]) == 0
    assert "通话指标" in capsys.readouterr().out


def test_switched_off_nothing_is_measured(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    off = Config(state=settings.state, inbox=settings.inbox, speech=Speech(metrics=False))
    recording = measured_call(world, off)
    world.close()
    assert answers.metrics(settings) == []
    with pytest.raises(NotFound):
        answers.metrics(settings, recording=recording.id)


def test_a_measure_changed_by_hand_breaks_the_log(tmp_path: Path, settings: Config) -> None:
    world = BoxWorld(tmp_path)
    measured_call(world, settings)
    world.close()
    with sqlite3.connect(settings.paths.ledger) as ledger:
        ledger.execute("UPDATE analyses SET metrics = replace(metrics, 'talk_ratio', 'talk-ratio')")
    with closing(LedgerReader.open(settings.paths.ledger)) as book, pytest.raises(LedgerBroken):
        book.verify_chain()


def test_the_notes_are_those_of_the_sealed_transcript(settings: Config) -> None:
    said = Utterance(start_ms=0, end_ms=1000, speaker=Speaker.REP, text="您平时怎么用")
    transcript = Transcript(model="m", model_digest="", duration_ms=1000, rtf=0.1, utterances=(said,))
    notes = app.Notepad(settings).note(transcript, started_at=NOW)
    sealed = json.loads(pipeline.written(transcript, notes))
    assert sealed["notes"]["metrics"]["rep_speed"] == measure((said,)).rep_speed
    assert sealed["utterances"][0]["text"] == "您平时怎么用"
