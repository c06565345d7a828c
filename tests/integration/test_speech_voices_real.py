"""Voices on one channel with the real encoder: who is right, what it may cost in wrong ones, and that nothing of it stays."""

import io
import json
import logging
import wave
from pathlib import Path

import msgspec
import numpy as np
import pytest
from voice_sets import Talk, bundled, shares

from edge_agent import app
from edge_agent.assets import path_of, store
from edge_agent.config import Config, Speech
from edge_agent.domain.transcript import Speaker, Transcript, Way
from edge_agent.errors import MissingAsset
from edge_agent.speech.lanes import Ear
from edge_agent.speech.timbre import Timbre
from edge_agent.speech.transcriber import WhisperTranscriber

pytestmark = pytest.mark.model

BOTH = (Speaker.REP, Speaker.CUSTOMER)
HINT = "install the weights as a user would: pip install --no-deps resemblyzer==0.1.4"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    store.install("whisper-base", folder)
    try:
        store.install("ge2e-voices", folder)
    except MissingAsset as error:
        pytest.fail(f"{error}; {HINT}")
    return folder


@pytest.fixture(scope="module")
def timbre(models: Path) -> Timbre:
    return Timbre(path_of("ge2e-voices", models))


@pytest.fixture(scope="module")
def transcriber(models: Path, timbre: Timbre) -> WhisperTranscriber:
    return WhisperTranscriber(path_of("whisper-base", models), ear=Ear(encoder=timbre, reason=""))


@pytest.fixture(scope="module")
def call_1() -> Talk:
    return next(bundled())


def wav(channels: np.ndarray) -> io.BytesIO:
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setparams((len(channels), 2, 16_000, 0, "NONE", ""))
        writer.writeframes((np.clip(channels, -1, 1).T * 32767).astype("<i2").tobytes())
    out.seek(0)
    return out


def names(said: Transcript) -> list[tuple[int, int, str]]:
    return [(u.start_ms, u.end_ms, "" if u.speaker is Speaker.UNKNOWN else u.speaker.value) for u in said.utterances]


@pytest.fixture(scope="module")
def mixed(transcriber, call_1) -> Transcript:
    return transcriber.transcribe(wav(call_1.mono), channels=BOTH, terms=())


def test_the_two_people_of_a_mixed_call_are_told_apart_and_named(mixed, call_1):
    found = shares(call_1, names(mixed))
    assert found["heard"] >= 0.9
    assert found["right"] >= 0.97
    assert found["wrong"] <= 0.02
    assert (mixed.separation.way, mixed.separation.voices) == (Way.VOICES, 2)


def test_a_transcript_holds_the_number_of_a_voice_and_nothing_of_its_sound(mixed):
    assert {u.voice for u in mixed.utterances} <= {0, 1, 2}

    def numbers(value) -> int:
        if isinstance(value, dict):
            return max([0, *(numbers(one) for one in value.values())])
        if isinstance(value, list):
            plain = sum(isinstance(one, (int, float)) for one in value)
            return max([plain, *(numbers(one) for one in value)])
        return 0

    assert numbers(json.loads(msgspec.json.encode(mixed))) == 0


def test_on_a_mono_recording_written_twice_voices_are_told_apart_too(transcriber, call_1):
    twice = np.repeat(call_1.mono[:, : 60 * 16_000], 2, axis=0)
    said = transcriber.transcribe(wav(twice), channels=BOTH, terms=())
    assert said.separation.same_sound
    found = shares(Talk(name="", sound=twice, turns=[turn for turn in call_1.turns if turn[2] < 60_000]), names(said))
    assert found["wrong"] <= 0.02
    assert found["right"] >= 0.9
    assert found["heard"] >= 0.9


def test_speech_that_leaks_into_the_other_channel_stays_its_speakers(transcriber, call_1):
    sound = call_1.sound[:, : 45 * 16_000]
    leaked = np.pad(sound[::-1], ((0, 0), (60 * 16, 0)))[:, : sound.shape[1]] * 10 ** (-12 / 20)
    said = transcriber.transcribe(wav(sound + leaked), channels=BOTH, terms=())
    found = shares(Talk(name="", sound=sound, turns=[turn for turn in call_1.turns if turn[2] < 45_000]), names(said))
    assert found["right"] >= 0.98
    assert found["heard"] >= 0.9


@pytest.fixture
def box(tmp_path: Path, models: Path):
    """(settings, engine's ear) for a switch, with or without weights."""

    def made(*, roles: bool, weights: bool = True) -> Ear:
        settings = Config(state=str(tmp_path), speech=Speech(roles=roles))
        if weights and not settings.paths.models.exists():
            settings.paths.models.symlink_to(models)
        return app.Speech(settings)._ear()

    return made


def test_the_switch_decides_whether_voices_are_told_apart(box):
    assert box(roles=True).encoder is not None
    assert (box(roles=False).encoder, box(roles=False).reason) == (None, "switched-off")


def test_damaged_weights_leave_everybody_unknown_and_say_so(tmp_path):
    settings = Config(state=str(tmp_path))
    (settings.paths.models / "ge2e-voices").mkdir(parents=True)
    (settings.paths.models / "ge2e-voices" / "pretrained.pt").write_bytes(b"damaged")
    ear = app.Speech(settings)._ear()
    assert (ear.encoder, ear.reason) == (None, "no-model")


def test_telling_voices_apart_writes_no_file_and_logs_nothing(timbre, call_1, tmp_path, monkeypatch, caplog):
    from edge_agent.speech.clips import Clipper
    from edge_agent.speech.voices import Voices

    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    clipper, voices = Clipper(), Voices(timbre)
    voices.hear([*clipper.push(call_1.mono[0]), *clipper.flush()])
    assert voices.tell().count == 2
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
