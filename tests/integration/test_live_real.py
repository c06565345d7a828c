"""Live recognition with the real networks: the voice detector frame by frame, and short windows against long ones."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from speech_scoring import character_error_rate

from edge_agent import samples, sandbox
from edge_agent.assets import path_of, store
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker
from edge_agent.speech.live.endpoints import FRAME, Silero
from edge_agent.speech.live.talk import Live
from edge_agent.speech.recogniser import Recogniser
from edge_agent.speech.writing import Writing

pytestmark = [pytest.mark.model, pytest.mark.alone]


@pytest.fixture(scope="module")
def call() -> np.ndarray:
    with (samples.folder() / "call-1.ogg").open("rb") as media:
        return np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)


@pytest.mark.parametrize("frames", [1, 3, 50])
def test_a_voice_is_the_same_heard_at_once_or_little_by_little(call, frames):
    from faster_whisper.vad import get_vad_model

    sound = call[0, : 600 * FRAME]
    whole = get_vad_model()(sound.copy()).reshape(-1)
    voice = Silero()
    parts = [voice(sound[at : at + frames * FRAME].reshape(-1, FRAME)) for at in range(0, len(sound), frames * FRAME)]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-3)


def test_what_was_said_before_makes_an_utterance_clearer(call, tmp_path: Path):
    """Half a minute of both speakers; the windows hold up to ten seconds of what was said before, or nothing."""
    store.install("whisper-base", tmp_path)
    reader, write = Recogniser(path_of("whisper-base", tmp_path), threads=2, short=True), Writing()
    said = tomllib.loads((samples.folder() / "call-1.dialogue.toml").read_text(encoding="utf-8"))["turn"]
    truth = "".join(turn["text"] for turn in said if turn["end_ms"] < 53_500)

    def errors(before: int) -> float:
        live = Live(reader, (Speaker.REP, Speaker.CUSTOMER), voice=Silero, pause_ms=500, write=write, before=before)
        found = []
        for at in range(0, 53_500 * 16, 1600):
            live.hear(call[:, at : at + 1600])
            found += live.turn() if live.waiting else []
        live.flush()
        while live.waiting:
            found += live.turn()
        return character_error_rate(truth, "".join(one.text for one in sorted(found, key=lambda one: one.start_ms)))

    assert errors(10 * 16_000) < errors(0)
