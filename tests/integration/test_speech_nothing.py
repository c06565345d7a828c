"""Ten minutes each of sound that holds no words leave no utterance; real speech beside and under it stays.

The babble is of stored talkers (`tests/samples/babble`) whom no threshold was chosen on, in two mixes.
"""

import io
import tomllib
import wave
from pathlib import Path

import numpy as np
import pytest
from made_sound import RATE_HZ, babble, music, silence, white_noise
from speech_scoring import plain

from edge_agent import samples
from edge_agent.assets import path_of, store
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.speech.transcriber import WhisperTranscriber

pytestmark = pytest.mark.model

TEN_MINUTES = 600 * RATE_HZ


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    store.install("whisper-base", folder)
    return path_of("whisper-base", folder)


@pytest.fixture(scope="module")
def transcriber(model: Path) -> WhisperTranscriber:
    return WhisperTranscriber(model, threads=2, batch=8)


def heard(transcriber: WhisperTranscriber, sound: np.ndarray) -> Transcript:
    """16 kHz mono of -1..1."""
    media = io.BytesIO()
    with wave.open(media, "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    media.seek(0)
    return transcriber.transcribe(media, channels=(Speaker.UNKNOWN,), terms=())


@pytest.mark.parametrize("kind", ["silence", "white noise", "music", "babble"])
def test_ten_minutes_without_words_leave_no_utterance(transcriber: WhisperTranscriber, kind: str) -> None:
    sound = {
        "silence": lambda: silence(TEN_MINUTES),
        "white noise": lambda: white_noise(TEN_MINUTES, seed=21),
        "music": lambda: music(TEN_MINUTES, seed=22),
        "babble": lambda: np.concatenate([babble(TEN_MINUTES // 2, seed=23, talkers=6), babble(TEN_MINUTES // 2, seed=24)]),
    }[kind]()
    found = heard(transcriber, sound)
    assert found.duration_ms == 600_000
    assert found.utterances == ()
    if kind == "babble":
        assert found.quality.draft
        assert found.quality.reasons == ("babble",)
        assert found.quality.left_out_ms > 300_000


@pytest.fixture(scope="module")
def call() -> np.ndarray:
    """Both sides of a bundled call on one channel, its first 40 s."""
    from edge_agent import sandbox

    with (samples.folder() / "call-2.ogg").open("rb") as media:
        blocks = list(sandbox.decode_audio(media, Limits()))
    return np.concatenate(blocks, axis=1)[:, : 40 * RATE_HZ].sum(axis=0)


def letters(found: Transcript) -> int:
    return len(plain("".join(one.text for one in found.utterances)))


def test_what_was_said_stays_with_the_filters_on(model: Path, transcriber: WhisperTranscriber, call: np.ndarray) -> None:
    """As it is, 35 dB below full scale, and in babble 10 dB below it: no character is lost."""
    without = WhisperTranscriber(model, threads=2, batch=8, filters=False)
    crowd = babble(len(call), seed=25) * np.float32(10 ** ((-10 + 3) / 20))  # the call's speech is at about -17 dBFS
    for sound in (call, call * np.float32(10 ** (-18 / 20)), call + crowd):
        assert letters(heard(transcriber, sound)) == letters(heard(without, sound)) > 0


def test_a_talk_after_babble_is_all_that_is_heard(transcriber: WhisperTranscriber, call: np.ndarray) -> None:
    said = "".join(
        turn["text"] for turn in tomllib.loads((samples.folder() / "call-2.dialogue.toml").read_text("utf-8"))["turn"]
        if turn["end_ms"] <= 40_000
    )  # fmt: skip
    found = heard(transcriber, np.concatenate([babble(45 * RATE_HZ, seed=26, talkers=6), silence(2 * RATE_HZ), call]))
    assert found.utterances[0].start_ms > 44_000
    assert letters(found) > 0.8 * len(plain(said))
    assert found.quality.left_out_ms > 20_000


def test_without_the_filters_babble_becomes_text(model: Path) -> None:
    plainly = WhisperTranscriber(model, threads=2, batch=8, filters=False)
    assert heard(plainly, babble(30 * RATE_HZ, seed=27, talkers=6)).utterances
