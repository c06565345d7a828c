"""Measures of a talk from recognised speech against the same measures from the bundled calls' true lines (synthetic speech).

What a user would otherwise pick: counting utterances (talk ratio) and looking for question marks. Prints one JSON line.
"""

import json
import re
import tomllib
from pathlib import Path

import pytest

from edge_agent import samples
from edge_agent.assets import path_of, store
from edge_agent.domain.metrics import Metrics, measure
from edge_agent.domain.questions import asking
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.speech.transcriber import WhisperTranscriber

pytestmark = [pytest.mark.bench, pytest.mark.model]

MEASURES = ("talk_ratio", "longest_monologue_s", "longest_story_s", "interactivity_per_min", "patience_s", "rep_speed")
NEAR = {
    "talk_ratio": 0.05,
    "longest_monologue_s": 0.25,
    "longest_story_s": 0.25,
    "interactivity_per_min": 0.25,
    "rep_speed": 0.25,
}
"""How far a measure may be off: the ratio absolutely, the others as a share."""


def true_lines(call: str) -> list[Utterance]:
    turns = tomllib.loads((samples.folder() / f"{call}.dialogue.toml").read_text(encoding="utf-8"))["turn"]
    return [
        Utterance(
            start_ms=one["start_ms"], end_ms=one["end_ms"], speaker=Speaker(one["speaker"]), text=one["text"],
            backchannel=one.get("backchannel", False),
        )
        for one in turns
    ]  # fmt: skip


def by_counting(said: list[Utterance]) -> float:
    return sum(one.speaker is Speaker.REP for one in said) / len(said)


def off(name: str, found: Metrics, true: Metrics) -> float:
    a, b = getattr(found, name), getattr(true, name)
    return abs(a - b) if name == "talk_ratio" else abs(a - b) / max(b, 0.5)


def question_scores(lines: list[Utterance]) -> tuple[int, int, int]:
    """(found, invented, missed) among sentences whose marks were taken away."""
    found = invented = missed = 0
    for said in lines:
        for sentence in re.findall(r"[^。？！]+[。？！]*", said.text):
            asks, seen = "？" in sentence, bool(asking(sentence.replace("？", "")))
            found, invented, missed = found + (asks and seen), invented + (seen and not asks), missed + (asks and not seen)
    return found, invented, missed


def test_measures_of_recognised_speech_come_close_to_the_true_ones(tmp_path: Path) -> None:
    store.install("whisper-base", tmp_path)
    transcriber = WhisperTranscriber(path_of("whisper-base", tmp_path))
    figures: dict[str, object] = {"bench": "talk_metrics", "data": "synthetic speech, bundled calls"}
    marks = [0, 0, 0]
    for call in ("call-1", "call-2"):
        true = true_lines(call)
        with (samples.folder() / f"{call}.ogg").open("rb") as media:
            heard = transcriber.transcribe(media, channels=(Speaker.REP, Speaker.CUSTOMER), terms=())
        wanted, found = measure(true), measure(heard.utterances)
        figures[call] = {
            "true": {name: getattr(wanted, name) for name in MEASURES},
            "heard": {name: getattr(found, name) for name in MEASURES},
            "talk_ratio_by_counting_utterances": round(by_counting(list(heard.utterances)), 3),
        }
        marks = [a + b for a, b in zip(marks, question_scores(true), strict=True)]
        assert off("talk_ratio", found, wanted) < abs(by_counting(list(heard.utterances)) - (wanted.talk_ratio or 0))
        for name, allowed in NEAR.items():
            assert off(name, found, wanted) <= allowed, name
    hits, invented, missed = marks
    figures["questions_without_marks"] = {
        "precision": round(hits / (hits + invented), 3), "recall": round(hits / (hits + missed), 3), "by_marks_recall": 0.0,
    }  # fmt: skip
    print(json.dumps(figures, ensure_ascii=False))
    assert hits / (hits + invented) >= 0.8
    assert hits / (hits + missed) >= 0.7
