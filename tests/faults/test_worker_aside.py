"""The worker, whole, amid an analysis that stands aside for a live talk: what arrives is sealed, what is due is done."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent import config, provision
from edge_agent.ledger.reading import LedgerReader
from edge_agent.vault.x25519 import Identity

pytestmark = [pytest.mark.fault, pytest.mark.alone]

CONFIG = """
state = "{state}"
[limits]
media_floor_bytes = 0
"""
META = """kind = "call"
started_at = 2026-11-20T09:00:00+08:00
channels = ["rep", "customer"]
[consent]
basis = "notice"
"""
WORKER = """
import os, signal, sys, threading, time
from pathlib import Path
from edge_agent import app, config, processes
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.listening.first import Precedence

settings = config.load(Path(sys.argv[1]))
inbox, first = settings.paths.inbox, Precedence(settings.paths.live_lock)

class Ear(app.Speech):
    def transcribe(self, media, *, channels, terms):
        if media.read() == b"early":
            first.hold()
            (inbox / "late.wav.meta.toml").write_bytes(Path(sys.argv[2]).read_bytes())
            (inbox / "late.wav").write_bytes(b"late")
            talk = threading.Thread(target=self.talk)
            talk.start()
            self._progress()
            talk.join()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
        said = Utterance(start_ms=0, end_ms=900, speaker=Speaker.CUSTOMER, text="太贵了")
        return Transcript(model="quick", model_digest="ab" * 32, duration_ms=1000, rtf=0.01, utterances=(said,))

    def talk(self):
        until = time.monotonic() + 20
        while (inbox / "late.wav").exists() and time.monotonic() < until:
            time.sleep(0.02)
        print("sealed meanwhile" if not (inbox / "late.wav").exists() else "left lying", flush=True)
        first.release()

app.Speech = Ear
processes.run_worker(settings)
"""


def test_amid_an_analysis_a_live_talk_does_not_keep_arrivals_unsealed(tmp_path: Path) -> None:
    configured, meta = tmp_path / "config.toml", tmp_path / "meta.toml"
    configured.write_text(CONFIG.format(state=tmp_path / "state"))
    meta.write_text(META)
    settings = config.load(configured)
    provision.provision(settings, legal=[str(Identity.generate().recipient)], hr=[str(Identity.generate().recipient)])
    settings.paths.inbox.mkdir(parents=True, exist_ok=True)
    (settings.paths.inbox / "early.wav.meta.toml").write_text(META)
    (settings.paths.inbox / "early.wav").write_bytes(b"early")
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(configured), str(meta)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "sealed meanwhile\n"
    reader = LedgerReader.open(settings.paths.ledger)
    assert [one.parked for one in reader.recordings()] == ["", ""]
    reader.close()
