"""What three switches of recognition change, one at a time and in one run: `speech.hints`, `speech.recovery`, `speech.filters`.

Small on purpose, and on development material: how well terms are heard is measured by `test_bench_terms_audio.py` on the sets
kept back, and that ten minutes of each sound leave nothing by `tests/integration/test_speech_nothing.py`. Here stands what each
switch adds and costs. `cpu` is processor time against everything off.
"""

import io
import json
import time
import tomllib
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import term_sets
from made_sound import RATE_HZ, babble, music, silence, white_noise
from speech_scoring import character_error_rate, plain
from voice_sets import decoded

from edge_agent import samples
from edge_agent.assets import path_of, store
from edge_agent.domain.transcript import Speaker
from edge_agent.speech.transcriber import WhisperTranscriber

pytestmark = [pytest.mark.bench, pytest.mark.model]

OFF = {"hints": False, "recovery": False, "filters": False, "hearing": False}
SENTENCES = 4
CALL_S = 20


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    store.install("whisper-base", folder)
    return path_of("whisper-base", folder)


def heard(model: Path, sound: np.ndarray, terms: tuple[str, ...] = (), **on: bool) -> tuple[str, float]:
    """What is written with these switches alone on, and the processor seconds it took."""
    media = io.BytesIO()
    with wave.open(media, "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    media.seek(0)
    transcriber = WhisperTranscriber(model, threads=2, workers=1, **(OFF | on))
    began = time.process_time()
    found = transcriber.transcribe(media, channels=(Speaker.UNKNOWN,), terms=terms)
    return "".join(one.text for one in found.utterances), time.process_time() - began


def test_hints_and_recovery_each_find_terms_and_together_most(model: Path) -> None:
    clips = term_sets.clips("fmcg", "alpha")[:SENTENCES]
    pause = silence(RATE_HZ)
    sound = np.concatenate([part for clip in clips for part in (decoded(clip.file)[0], pause)])
    terms = tuple(term for one in term_sets.industries("dev") for term in one.terms)
    said, truth = [term for clip in clips for term in clip.terms], "".join(clip.text for clip in clips)
    figures: dict[str, Any] = {"bench": "switches_terms", "active": len(terms), "said": len(said)}
    rows = {"off": {}, "hints": {"hints": True}, "recovery": {"recovery": True}, "both": {"hints": True, "recovery": True}}
    base = 0.0
    for name, on in rows.items():
        text, cpu_s = heard(model, sound, terms, **on)
        base = base or cpu_s
        figures[name] = {
            "found": sum(plain(term) in plain(text) for term in said),
            "cer": round(character_error_rate(truth, text), 4),
            "cpu": round(cpu_s / base, 2),
        }
    print(json.dumps(figures))
    off, hints, recovery, both = (figures[name]["found"] for name in rows)
    assert off < min(hints, recovery)
    assert max(hints, recovery) <= both


def test_filters_leave_nothing_of_noise_and_everything_of_a_talk(model: Path) -> None:
    noise = np.concatenate(
        [babble(30 * RATE_HZ, seed=28, talkers=6), silence(RATE_HZ), music(8 * RATE_HZ, seed=29), silence(RATE_HZ),
         white_noise(8 * RATE_HZ, seed=30)]
    )  # fmt: skip
    turns = tomllib.loads((samples.folder() / "call-2.dialogue.toml").read_text("utf-8"))["turn"]
    whole = [turn for turn in turns if turn["end_ms"] <= CALL_S * 1000]
    truth = "".join(turn["text"] for turn in whole)
    end = max(turn["end_ms"] for turn in whole) * RATE_HZ // 1000
    call = decoded(samples.folder() / "call-2.ogg")[:, :end].sum(axis=0)
    figures: dict[str, Any] = {"bench": "switches_filters", "noise_s": round(len(noise) / RATE_HZ), "call_s": CALL_S}
    for name, on in (("off", False), ("on", True)):
        (of_noise, noise_s), (of_call, call_s) = (heard(model, sound, filters=on) for sound in (noise, call))
        figures[name] = {
            "characters_of_noise": len(plain(of_noise)),
            "characters_of_call": len(plain(of_call)),
            "cer_of_call": round(character_error_rate(truth, of_call), 4),
            "cpu_s_per_s": {"noise": round(noise_s * RATE_HZ / len(noise), 3), "call": round(call_s / CALL_S, 3)},
        }
    figures["faster_whisper_vad_filter"] = {"characters_of_noise": len(plain(out_of_the_box(model, noise)))}
    print(json.dumps(figures))
    assert figures["on"]["characters_of_noise"] == 0
    assert figures["off"]["characters_of_noise"] > 0
    assert figures["on"]["characters_of_call"] == figures["off"]["characters_of_call"] > 0
    assert figures["faster_whisper_vad_filter"]["characters_of_noise"] > 0


def out_of_the_box(model: Path, sound: np.ndarray) -> str:
    """With its own voice detector, which is the way it offers to keep inventions out."""
    from faster_whisper import WhisperModel

    theirs = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)
    return "".join(segment.text for segment in theirs.transcribe(sound, language="zh", vad_filter=True, temperature=0.0)[0])
