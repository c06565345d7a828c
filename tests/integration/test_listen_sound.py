"""A real microphone as far as there is one without a sound card: PortAudio hears what is played into a PulseAudio null sink."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from speech_scoring import character_error_rate

from edge_agent import app, config, provision, samples, sandbox
from edge_agent.assets import store
from edge_agent.config import Limits
from edge_agent.vault.x25519 import Identity

pytestmark = [pytest.mark.sound, pytest.mark.model]

SINK = ("module-null-sink", "sink_name=mic", "rate=48000", "channels=1", "norewinds=1")
PATIENCE_S = 90.0
TENTH = 1600
CONFIG = """
state = "{state}"
[limits]
media_floor_bytes = 0
[[capture.sources]]
name = "counter"
device = "counter"
speakers = ["rep"]
basis = "notice"
industry = "fmcg"
"""


def needed(*programs: str) -> None:
    missing = [one for one in programs if shutil.which(one) is None]
    assert not missing, f"install: apt-get install pulseaudio pulseaudio-utils libasound2-plugins libportaudio2 ({missing})"


def until(holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {patience_s} s for {what}")


class Sound:
    """A sound server with one microphone, `counter`: what is played is what it hears."""

    def __init__(self, home: Path) -> None:
        socket = home / "pulse.sock"
        (home / ".asoundrc").write_text("pcm.counter { type pulse device mic.monitor }\nctl.counter { type pulse }\n")
        self.env = os.environ | {
            "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PULSE_SERVER": f"unix:{socket}", "PULSE_RUNTIME_PATH": str(home),
            "PULSE_STATE_PATH": str(home), "PULSE_COOKIE": str(home / "cookie"),
        }  # fmt: skip
        doors = f"module-native-protocol-unix socket={socket} auth-anonymous=1"
        command = [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "-L",
            " ".join(SINK),
            "-L",
            doors,
        ]
        self._server = subprocess.Popen(command, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self._control("info", check=False).returncode == 0, "the sound server", 20)

    def _control(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["pactl", *words], env=self.env, capture_output=True, text=True, check=check, timeout=20)

    def unplug(self) -> None:
        self._control("unload-module", "module-null-sink")

    def plug_in(self) -> None:
        self._control("load-module", *SINK)

    def play(self, file: Path) -> None:
        subprocess.run(["paplay", "--device=mic", str(file)], env=self.env, check=True, timeout=60)

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)


class Listener:
    """`edge-agent listen` beside us, its lines as they come."""

    def __init__(self, configured: Path, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "edge_agent.cli", "--config", str(configured), "listen", "--json"]
        self._process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.printed: list[dict[str, Any]] = []
        self.noted: list[str] = []
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._note)]
        for one in self._threads:
            one.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            self.printed.extend(json.loads(line) for line in lines)

    def _note(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self.noted.extend(lines)

    def times(self, event: str) -> int:
        return sum(f'"event": "{event}"' in line for line in self.noted)

    def said(self) -> str:
        return "".join(one["text"] for one in self.printed if one["event"] == "utterance")

    def end(self) -> tuple[int, dict[str, Any]]:
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(60)
        for one in self._threads:
            one.join(20)
        return code, self.printed[-1]

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(20)
        for one in self._threads:
            one.join(20)


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[Sound]:
    needed("pulseaudio", "pactl", "paplay")
    made = Sound(tmp_path)
    yield made
    made.stop()


def part(call: np.ndarray, start_ms: int, end_ms: int, path: Path) -> np.ndarray:
    """A part of the call's rep, as a file."""
    chosen = np.rint(call[0, start_ms * 16 : end_ms * 16] * 32_767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(chosen.tobytes())
    return chosen


def alike(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))


def found(heard: np.ndarray, played: np.ndarray) -> tuple[float, list[int]]:
    """How alike what was played and what was heard are, at the place where they are most alike; and which tenths of a second are
    not there: a lost or doubled block would move all that follow. Silence is between two tenths that are. Hissing is smoothed
    away, since two resamplers lie in between.
    """
    size = 1 << (len(heard) + len(played)).bit_length()
    a, b = heard.astype(float), played.astype(float)
    product = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)[: len(heard)]
    at = int(np.argmax(product))
    there = a[at : at + len(b)]
    there = np.pad(there, (0, len(b) - len(there)))
    like = alike(there, b)
    there, b = (np.convolve(one, np.full(8, 1 / 8), "same") for one in (there, b))
    tenths = [(number, there[n : n + TENTH], b[n : n + TENTH]) for number, n in enumerate(range(0, len(b), TENTH))]
    audible = float(np.abs(b).max()) / 30
    return like, [number for number, one, two in tenths if np.abs(two).max() > audible and alike(one, two) < 0.95]


def test_a_microphone_is_heard_unplugged_and_heard_again(tmp_path: Path, sound: Sound) -> None:
    configured = tmp_path / "config.toml"
    configured.write_text(CONFIG.format(state=tmp_path / "state"))
    settings = config.load(configured)
    provision.provision(settings, legal=[str(Identity.generate().recipient)], hr=[str(Identity.generate().recipient)])
    store.install("whisper-base", settings.paths.models)
    with (samples.folder() / "call-1.ogg").open("rb") as media:
        call = np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)
    turns = tomllib.loads((samples.folder() / "call-1.dialogue.toml").read_text(encoding="utf-8"))["turn"]
    first, second = part(call, 0, 7800, tmp_path / "a.wav"), part(call, 10_300, 16_400, tmp_path / "b.wav")

    listener = Listener(configured, sound.env)
    try:
        until(lambda: listener.times("microphone.opened"), "the microphone")
        sound.play(tmp_path / "a.wav")
        until(lambda: "录音" in listener.said() or len(listener.said()) > 20, "the first words")
        sound.unplug()
        until(lambda: listener.times("microphone.lost"), "the loss of the microphone")
        sound.plug_in()
        until(lambda: listener.times("microphone.opened") == 2, "the microphone's return")
        before = len(listener.said())
        sound.play(tmp_path / "b.wav")
        until(lambda: len(listener.said()) > before + 8, "words after the return")
        code, ended = listener.end()
    finally:
        listener.kill()

    print(json.dumps({key: value for key, value in ended.items() if key != "recordings"}))
    assert code == 0, listener.noted
    assert (ended["text"], ended["gaps"], ended["lost_samples"], ended["xruns"]) == ("on", 1, 0, 0)
    assert character_error_rate(turns[0]["text"] + turns[2]["text"], listener.said()) < 0.35
    assert len(ended["recordings"]) == 2
    assert sum(one["frames"] for one in ended["recordings"]) * 1000 // 16_000 == ended["duration_ms"]
    vault = app.vault(settings, app.keys(settings))
    for one, played in zip(ended["recordings"], (first, second), strict=True):
        with vault.open_hot(one["id"]) as media:
            heard = np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)[0]
        assert len(heard) == one["frames"]
        like, missing = found(heard, played)
        assert like > 0.95
        assert missing == []
    noted = "".join(listener.noted)
    assert not [turn for turn in turns if re.search(re.escape(turn["text"][:6]), noted)]
