"""The switches `speech.filters` and `speech.hearing` on a real talk in noise, with a recogniser that says what it is told to."""

import io
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from spoilt_sound import RATE_HZ, noisy

from edge_agent import samples, sandbox
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker
from edge_agent.speech import transcriber
from edge_agent.speech.clips import Samples
from edge_agent.speech.recogniser import Reading, Word
from edge_agent.speech.transcriber import WhisperTranscriber

PER_S = 4
TEXT = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光"


class Parrot:
    """Says the same of every sound to its end, as sure as `logprob`; a quicker sound it does not understand at all."""

    def __init__(self, logprob: float) -> None:
        self.logprob = logprob
        self.read_s: list[float] = []

    def __call__(self, model_dir: Path, *, threads: int, workers: int) -> "Parrot":
        return self

    def read(self, sounds: Sequence[Samples], terms: Sequence[str]) -> list[Reading]:
        return [self._reading(sound) for sound in sounds]

    def _reading(self, sound: Samples) -> Reading:
        again = bool(self.read_s) and len(sound) / RATE_HZ not in self.read_s
        self.read_s.append(len(sound) / RATE_HZ)
        said = "不明白" if again else TEXT[: len(sound) * PER_S // RATE_HZ]
        words = [Word(text=c, start_s=n / PER_S, end_s=(n + 1) / PER_S, logprob=self.logprob) for n, c in enumerate(said)]
        return Reading(words=tuple(words), logprob=self.logprob, no_speech=0.1)


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """20 s of one side of a bundled call."""
    with (samples.folder() / "call-1.ogg").open("rb") as media:
        return np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)[0, : 20 * RATE_HZ]


@pytest.fixture
def transcribe(monkeypatch: pytest.MonkeyPatch) -> Callable[..., object]:
    def done(sound: np.ndarray, parrot: Parrot, **switches: bool) -> object:
        monkeypatch.setattr(transcriber, "Recogniser", parrot)
        media = io.BytesIO()
        with wave.open(media, "wb") as writer:
            writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            writer.writeframes((sound * 32767).astype("<i2").tobytes())
        media.seek(0)
        return WhisperTranscriber(Path(), **switches).transcribe(media, channels=(Speaker.REP,), terms=())

    return done


def test_with_filters_what_nobody_can_have_said_is_left_out_and_counted(talk, transcribe) -> None:
    found = transcribe(talk, Parrot(-1.8), filters=True)
    assert found.utterances == ()
    assert found.quality.reasons == ("babble",)
    assert found.quality.left_out_ms > 500


def test_without_filters_it_is_text(talk, transcribe) -> None:
    found = transcribe(talk, Parrot(-1.8), filters=False)
    said = "".join(c for one in found.utterances for c in one.text if c.isalnum())
    assert len(said) > 10
    assert TEXT.startswith(said)
    assert found.quality.left_out_ms == 0
    assert "unsure" in found.quality.reasons


@pytest.mark.parametrize(("hearing", "times"), [(True, 2), (False, 1)])
def test_hearing_takes_a_noisy_talk_twice(talk, transcribe, hearing, times) -> None:
    noise = np.random.default_rng(4).standard_normal(len(talk), np.float32)
    parrot = Parrot(-0.2)
    transcribe(noisy(talk, 12, noise), parrot, hearing=hearing, filters=False)
    assert len(parrot.read_s) == times * len(set(parrot.read_s))


def test_a_clear_talk_is_heard_once_in_any_case(talk, transcribe) -> None:
    parrot = Parrot(-0.2)
    transcribe(talk, parrot, hearing=True, filters=False)
    assert len(parrot.read_s) == len(set(parrot.read_s))
