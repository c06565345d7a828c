"""What feeds the watchdog inside a long analysis: decoded blocks, recognised batches, key frames; and nothing while they hang."""

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker
from edge_agent.shelf.engine import ShelfEngine
from edge_agent.shelf.scan import KeyFrame
from edge_agent.speech import transcriber
from edge_agent.speech.clips import RATE_HZ, Samples

MINUTES = 5


class Deaf:
    """A recogniser that hears nothing, and counts how often it was asked."""

    asked = 0

    def __init__(self, model_dir: Path, *, threads: int, workers: int) -> None:
        pass

    def read(self, sounds: Sequence[Samples], terms: Sequence[str]) -> list[object]:
        Deaf.asked += 1
        return []


def _speechless(media: object, limits: Limits) -> Iterator[Samples]:
    for _ in range(MINUTES * 60):
        yield np.zeros((1, RATE_HZ), dtype=np.float32)


@pytest.fixture
def hearing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Iterator[Samples]]], list[int]]:
    def heard(decode: Callable[..., Iterator[Samples]]) -> list[int]:
        signs: list[int] = []
        monkeypatch.setattr(transcriber, "Recogniser", Deaf)
        monkeypatch.setattr(sandbox, "decode_audio", decode)
        engine = transcriber.WhisperTranscriber(Path(), progress=lambda: signs.append(1))
        engine.transcribe(io.BytesIO(), channels=(Speaker.REP,), terms=())
        return signs

    return heard


def test_every_second_of_a_long_silence_is_a_sign_of_life(hearing: Callable[..., list[int]]) -> None:
    assert len(hearing(_speechless)) >= MINUTES * 60


class HungError(Exception):
    pass


def test_a_decoder_that_hangs_gives_none(hearing: Callable[..., list[int]]) -> None:
    def hangs(media: object, limits: Limits) -> Iterator[Samples]:
        raise HungError
        yield

    with pytest.raises(HungError):
        hearing(hangs)


def test_every_key_frame_is_a_sign_of_life() -> None:
    signs: list[int] = []
    taken: list[int] = []

    def frames(_: object) -> Iterator[KeyFrame]:
        for number in range(7):
            taken.append(number)
            yield KeyFrame
        raise HungError

    engine = ShelfEngine(ocr=None, model_digest="", key_frames=frames, progress=lambda: signs.append(1))
    with pytest.raises(HungError):
        list(engine._frames(io.BytesIO()))
    assert (len(taken), len(signs)) == (7, 7)
