"""What the recogniser passed over is read once more in a window of its own, and only that."""

import io
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from live_world import LEVELS, WORDS, ScriptReader

from edge_agent.domain.transcript import Speaker, Transcript
from edge_agent.speech import lanes, transcriber
from edge_agent.speech.clips import RATE_HZ, Clip, Clipper, Samples
from edge_agent.speech.pieces import Piece
from edge_agent.speech.recogniser import Reading
from edge_agent.speech.skipped import skipped
from edge_agent.speech.transcriber import WhisperTranscriber
from edge_agent.speech.windows import Window, joined

SECOND = RATE_HZ


def clip(start_s: float, length_s: float = 1.0, *, level: float = 0.2) -> Clip:
    start, length = int(start_s * SECOND), int(length_s * SECOND)
    return Clip(start=start, end=start + length, before=0, sound=np.full(length, level, np.float32))


def told(one: Clip, text: str = "这样说话") -> Piece:
    loud = float((one.sound**2).mean())
    return Piece(channel=0, start=one.start, end=one.end, text=text, logprob=-0.2, loud=loud)


def left(window: Window, *found: Piece) -> list[Clip]:
    again = skipped(window, found)
    return [] if again is None else list(again.clips)


class TestWhatCountsAsPassedOver:
    def test_a_second_of_speech_without_text(self) -> None:
        first, second = clip(0), clip(2)
        assert left(joined(0, [first, second]), told(first)) == [second]

    def test_a_long_clip_with_hardly_any_text(self) -> None:
        first, second = clip(0), clip(2, 4)
        assert left(joined(0, [first, second]), told(first), told(second, "好的。")) == [second]

    def test_several_short_ones_in_a_row_but_not_one_alone(self) -> None:
        first, *rest = clip(0), clip(2, 0.6), clip(3, 0.6)
        assert left(joined(0, [first, *rest]), told(first)) == rest
        assert left(joined(0, [first, rest[0]]), told(first)) == []

    def test_not_what_is_far_quieter_than_the_rest(self) -> None:
        first, second = clip(0), clip(2, level=0.02)
        assert left(joined(0, [first, second]), told(first)) == []

    def test_nothing_of_a_window_that_gave_nothing(self) -> None:
        assert left(joined(0, [clip(0), clip(2)])) == []

    def test_nothing_of_a_window_that_was_read_to_its_end(self) -> None:
        clips = [clip(0), clip(2), clip(4)]
        assert left(joined(0, clips), *map(told, clips)) == []


class Tired(ScriptReader):
    """Reads no more than two words of any window, each as three characters; from the second time on as sure as `later`."""

    def __init__(self, later: float = -0.2) -> None:
        super().__init__()
        self.later = later

    def __call__(self, model_dir: Path, *, threads: int, workers: int) -> "Tired":
        return self

    def read(self, sounds: Sequence[Samples], hotwords: Sequence[str]) -> list[Reading]:
        found = super().read(sounds, hotwords)
        self.logprob = self.later
        return [replace(one, words=tuple(replace(word, text=word.text * 3) for word in one.words[:2])) for one in found]


def by_loudness(sound: Samples) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.abs(sound) > 0.04, prepend=False, append=False))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch):
    def done(reader: Tired, words: int) -> Transcript:
        monkeypatch.setattr(transcriber, "Recogniser", reader)
        monkeypatch.setattr(lanes, "Clipper", lambda: Clipper(by_loudness))
        sound = np.concatenate([np.pad(np.full(SECOND, LEVELS[n]), (SECOND, SECOND)) for n in range(words)])
        media = io.BytesIO()
        with wave.open(media, "wb") as writer:
            writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            writer.writeframes((sound * 32767).astype("<i2").tobytes())
        media.seek(0)
        return WhisperTranscriber(Path(), hearing=False).transcribe(media, channels=(Speaker.REP,), terms=())

    return done


def bare(found: Transcript) -> list[str]:
    return [one.text.rstrip("。？") for one in found.utterances]


def test_what_was_passed_over_is_read_again_and_told_in_its_place(heard) -> None:
    reader = Tired()
    found = heard(reader, 4)
    assert bare(found) == [word * 3 for word in WORDS[:4]]
    assert [one.start_ms // 1000 for one in found.utterances] == [1, 4, 7, 10]
    assert reader.heard == [WORDS[:4], WORDS[2:4]]


def test_it_is_read_once_more_only(heard) -> None:
    reader = Tired()
    assert bare(heard(reader, 5)) == [word * 3 for word in WORDS[:4]]
    assert len(reader.heard) == 2


def test_a_window_read_to_its_end_is_read_once(heard) -> None:
    reader = Tired()
    assert bare(heard(reader, 2)) == [word * 3 for word in WORDS[:2]]
    assert reader.calls == [1]


@pytest.mark.parametrize("sure", [-0.8, -2.5])
def test_an_unsure_second_reading_changes_nothing(heard, sure) -> None:
    found = heard(Tired(later=sure), 4)
    assert bare(found) == [word * 3 for word in WORDS[:2]]
    assert found.quality.left_out_ms == 0


def test_a_window_that_was_unsure_itself_is_read_once(heard) -> None:
    reader = Tired()
    reader.logprob = -0.8
    heard(reader, 4)
    assert len(reader.heard[0]) == len(WORDS[:4])
    assert WORDS[2:4] not in reader.heard
