"""The bundled calls and their truth: complete, consistent with each other, small, and true for the tagger on the text."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import shipped

from edge_agent import samples
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance

HERE = Path(samples.__file__).parent
CALLS = ("call-1", "call-2")


@cache
def read(name: str, kind: str) -> dict:
    return tomllib.loads((HERE / f"{name}.{kind}.toml").read_text("utf-8"))


@cache
def tags(name: str) -> tuple[BehaviorTag, ...]:
    said = read(name, "dialogue")
    turns = tuple(
        Utterance(
            start_ms=turn["start_ms"],
            end_ms=turn["end_ms"],
            speaker=Speaker(turn["speaker"]),
            text=turn["text"],
            backchannel=turn.get("backchannel", False),
        )
        for turn in said["turn"]
    )
    return shipped.tagger().tag(
        Conversation(
            utterances=turns,
            duration_ms=read(name, "truth")["duration_ms"],
            channel=said["channel"],
            industry=said["industry"],
            context=frozenset(said["context"]),
            own=tuple(said["own"]),
            competitors=tuple(said["competitors"]),
        )
    )


def planted(name: str) -> set[str]:
    return {tag["code"] for tag in read(name, "truth")["tag"]}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_stereo_opus_of_65_to_100_seconds_in_less_than_450_kilobytes(name):
    import av

    file = HERE / f"{name}.ogg"
    assert file.stat().st_size < 450_000
    with av.open(str(file)) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.codec_context.channels) in {("opus", 2), ("libopus", 2)}
        duration_ms = sum(frame.samples * 1000 / frame.sample_rate for frame in container.decode(stream))
    assert 65_000 <= duration_ms <= 100_000
    assert duration_ms == pytest.approx(read(name, "truth")["duration_ms"], abs=100)


@pytest.mark.parametrize("name", CALLS)
def test_each_line_is_loud_in_its_speakers_channel_and_quiet_in_the_other(name):
    import av
    import numpy as np

    with av.open(str(HERE / f"{name}.ogg")) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=16_000)
        parts = [out.to_ndarray() for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    call = np.concatenate(parts, axis=1)
    overlapping = [t for t in read(name, "truth")["turn"] if t.get("backchannel")]
    for turn in read(name, "truth")["turn"]:
        if any(turn["start_ms"] < o["end_ms"] and o["start_ms"] < turn["end_ms"] for o in overlapping):
            continue
        heard = call[:, turn["start_ms"] * 16 : turn["end_ms"] * 16]
        level = np.sqrt(np.mean(np.square(heard), axis=1))
        own, other = (level[0], level[1]) if turn["speaker"] == "rep" else (level[1], level[0])
        assert own > 10 * other, turn["text"]


@pytest.mark.parametrize("name", CALLS)
def test_dialogue_truth_and_sidecar_tell_the_same_call(name):
    dialogue, truth, meta = (read(name, kind) for kind in ("dialogue", "truth", "meta"))
    assert dialogue["turn"] == truth["turn"]
    assert meta["kind"] == "call"
    assert meta["channels"] == ["rep", "customer"]
    for key in ("industry", "channel", "context", "own", "competitors"):
        assert dialogue[key] == meta[key]
    starts = [turn["start_ms"] for turn in truth["turn"]]
    assert starts == sorted(starts)
    spoken = [turn for turn in truth["turn"] if not turn.get("backchannel")]
    events = shipped.lexicon().events
    for tag in truth["tag"]:
        turn, event = spoken[tag["turn"]], events[tag["code"]]
        # A derived event's speaker is whose behaviour it describes, not who spoke last.
        speaker = turn["speaker"] if event.kind in {"occurrence", "first"} else event.speaker
        assert (tag["start_ms"], tag["end_ms"], tag["speaker"]) == (turn["start_ms"], turn["end_ms"], speaker)


def test_the_two_calls_hold_what_a_visitor_should_see():
    left_open, closed = planted("call-1"), planted("call-2")
    assert {"risk.rebate_promise", "price.objection_unclosed", "objection.trust", "closing.no_next_step"} <= left_open
    assert {"risk.absolute_claim", "price.objection_resolved", "objection.trust", "closing.next_step_agreed"} <= closed
    assert {"competitor.named", "price.objection"} <= left_open & closed
    assert "price.objection_resolved" not in left_open
    assert "closing.no_next_step" not in closed
    assert all(read(name, "truth")["silence"] for name in CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_every_planted_behaviour_is_found_in_the_text_within_one_turn(name):
    found = [(tag.code, tag.turn) for tag in tags(name)]
    missed = [
        (tag["code"], tag["turn"])
        for tag in read(name, "truth")["tag"]
        if not any(code == tag["code"] and abs(turn - tag["turn"]) <= 1 for code, turn in found)
    ]
    assert missed == []


@pytest.mark.parametrize("name", CALLS)
def test_the_silence_brings_nothing_about(name):
    """Whatever is said, no finding starts inside the silence, and none names it as its evidence."""
    for silence in read(name, "truth")["silence"]:
        for tag in tags(name):
            assert not silence["start_ms"] < tag.start_ms < silence["end_ms"] or tag.code.startswith("metric.")
            assert all("silence" not in held.detail for held in tag.evidence) or tag.code.startswith("metric.")


@pytest.mark.parametrize("name", CALLS)
def test_the_only_accusation_is_the_planted_one(name):
    accused = {tag.code for tag in tags(name) if tag.code.startswith("risk.")}
    assert accused == {code for code in planted(name) if code.startswith("risk.")}


def test_scripts_are_the_source_of_what_is_bundled():
    scripts = Path(__file__).parents[1] / "samples"
    for name in CALLS:
        script = tomllib.loads((scripts / f"{name}.script.toml").read_text("utf-8"))
        spoken = [turn["text"] for turn in read(name, "truth")["turn"] if not turn.get("backchannel")]
        assert spoken == [turn["text"] for turn in script["turn"]]
        assert all(re.fullmatch(r"[一-鿿，。？！、]+", text) for text in spoken)  # Kokoro drops Latin letters and digits
