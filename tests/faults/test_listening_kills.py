"""Listening live is killed, and a worker starts beside it: what was closed stays, what was torn goes, nothing else is touched."""

import json
import signal
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest

from edge_agent import app, config, pipeline, provision, sandbox
from edge_agent.capture.claim import Claimed
from edge_agent.capture.microphones import PortAudio
from edge_agent.config import Config, Limits
from edge_agent.domain.recording import State
from edge_agent.vault.x25519 import Identity

pytestmark = pytest.mark.fault

CONFIG = """
state = "{state}"
[limits]
media_floor_bytes = 0
[capture]
minutes = 0.02
[[capture.sources]]
name = "counter"
speakers = ["rep", "customer"]
basis = "none"
"""
EACH = 1.2


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    configured = tmp_path / "config.toml"
    configured.write_text(CONFIG.format(state=tmp_path / "state"))
    settings = config.load(configured)
    provision.provision(settings, legal=[str(Identity.generate().recipient)], hr=[str(Identity.generate().recipient)])
    return settings


@pytest.fixture
def talk(tmp_path: Path) -> np.ndarray:
    samples = np.random.default_rng(1).integers(-9000, 9000, (2, 16_000 * 7)).astype("<i2")
    with wave.open(str(tmp_path / "talk.wav"), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples.T.tobytes())
    return samples


@contextmanager
def pumping(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A file pumped at the speed of speech, sealed every 1.2 s; without consent, so that no model is loaded."""
    command = [
        sys.executable, "-m", "edge_agent.cli", "--config", str(tmp_path / "config.toml"),
        "listen", "--json", "--pump", str(tmp_path / "talk.wav"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "microphone.opened" in line:
                break
        yield process
        process.kill()


@pytest.fixture
def listening(tmp_path: Path, talk: np.ndarray, settings: Config) -> Iterator[subprocess.Popen[str]]:
    with pumping(tmp_path) as process:
        yield process


def until_sealed(settings: Config, count: int) -> None:
    manifests, waited = settings.paths.vault / "manifests", Event()
    for _ in range(600):
        if manifests.is_dir() and len(list(manifests.glob("*.json"))) >= count:
            return
        waited.wait(0.05)
    pytest.fail("nothing was sealed")


def samples_of(box: app.Box, recording: str) -> np.ndarray:
    with box.vault.open_hot(recording) as media:
        whole = np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)
    return np.rint(whole * 32_768).astype("<i2")


def test_a_source_that_is_recorded_already_is_refused_with_a_word(tmp_path: Path, settings: Config) -> None:
    recording = Claimed(PortAudio(), settings.paths.inbox)
    recording.claim(settings.capture.sources[0])
    command = [sys.executable, "-m", "edge_agent.cli", "--config", str(tmp_path / "config.toml"), "listen", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    recording.release()
    assert done.returncode == 75
    assert "请先结束它" in done.stderr
    assert "another process records this source" in done.stderr
    assert done.stdout == ""


def test_a_kill_costs_no_more_than_the_recording_that_was_open(settings, listening, talk) -> None:
    until_sealed(settings, 3)
    listening.kill()
    listening.wait()
    with app.box(settings) as box:
        sealed = box.vault.objects()
        torn = [one for one in box.kit.ledger.unfinished() if one.state is State.CAPTURED]
        assert len(torn) <= 1
        assert all(pipeline.advance(box.kit, one).state is State.REJECTED for one in torn)
        heard = np.concatenate([samples_of(box, one) for one in sealed], axis=1)
        assert heard.shape[1] >= 3 * int(EACH * 16_000)
        assert np.array_equal(heard, talk[:, : heard.shape[1]])
        assert not list(settings.paths.vault.glob("**/*.part"))


def test_a_torn_seal_is_cleared_by_a_worker_that_was_there_before(settings, listening, talk) -> None:
    with app.box(settings) as box:
        until_sealed(settings, 1)
        listening.kill()
        listening.wait()
        for one in box.kit.ledger.unfinished():
            pipeline.advance(box.kit, one)
        assert not list(settings.paths.vault.glob("**/*.part"))
        assert box.vault.sweep() == ()


def test_what_a_killed_listener_left_is_cleared_while_the_next_one_listens(settings, listening, talk, tmp_path) -> None:
    vault = settings.paths.vault
    until_sealed(settings, 1)
    while not list(vault.glob("objects/*.part")):  # the next recording has begun
        assert listening.poll() is None
        Event().wait(0.02)
    listening.kill()
    listening.wait()
    left = {path.name.split(".")[0] for path in vault.glob("objects/*.part")}
    sealed = len(list(vault.glob("manifests/*.json")))
    assert len(left) == 1
    with pumping(tmp_path) as again:
        until_sealed(settings, sealed + 1)
        with app.box(settings) as box:
            for one in box.kit.ledger.unfinished():
                pipeline.advance(box.kit, one)
            assert {box.kit.ledger.recording(one).state for one in left} == {State.REJECTED}
        assert not left & {path.name.split(".")[0] for path in vault.glob("objects/*")}
        again.send_signal(signal.SIGINT)
        printed, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert json.loads(printed.splitlines()[-1])["lost_samples"] == 0
    with app.box(settings) as box:
        for one in box.vault.objects():
            box.vault.verify(one)


def test_a_worker_that_starts_meanwhile_leaves_alone_what_is_being_heard(settings, listening, talk) -> None:
    until_sealed(settings, 1)
    for _ in range(3):
        with app.box(settings) as box:
            for one in box.kit.ledger.unfinished():
                pipeline.advance(box.kit, one)
    printed, _ = listening.communicate(timeout=60)
    ended = json.loads(printed.splitlines()[-1])
    assert listening.returncode == 0
    assert ended["lost_samples"] == 0
    assert {(one["state"], one["parked"]) for one in ended["recordings"]} == {("sealed", "no-consent")}
    with app.box(settings) as box:
        heard = np.concatenate([samples_of(box, one["id"]) for one in ended["recordings"]], axis=1)
    assert np.array_equal(heard, talk)
