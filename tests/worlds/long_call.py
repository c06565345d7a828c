"""Recognises a made-up stereo call in a process of its own and prints its size: `long_call.py MODEL_DIR HOURS TALK_S EVERY_S`.

The WAV is made as it is read: TALK_S seconds of the bundled call in every EVERY_S, silence between. What is measured is the
resident memory of this process and its decoding child together, sampled every 0.3 s.
"""

import io
import json
import os
import sys
import threading
import time
import wave
from pathlib import Path

import numpy as np

from edge_agent import samples, sandbox, seclusion
from edge_agent.config import Limits
from edge_agent.domain.transcript import Speaker
from edge_agent.speech.transcriber import WhisperTranscriber

BYTES_PER_S = 16_000 * 2 * 2


class LongCall(io.RawIOBase):
    """A seekable stereo WAV whose bytes exist only while they are read."""

    def __init__(self, talk: bytes, seconds: int, every_s: int) -> None:
        head = io.BytesIO()
        with wave.open(head, "wb") as writer:
            writer.setparams((2, 2, 16_000, 0, "NONE", ""))
        self.length = seconds * BYTES_PER_S
        self.head = head.getvalue()[:40] + self.length.to_bytes(4, "little")
        self.talk = talk
        self.every = every_s * BYTES_PER_S
        self.at = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = (0, self.at, len(self.head) + self.length)[whence] + offset
        return self.at

    def read(self, size: int = -1) -> bytes:
        first, last = self.at, min(self.at + size, len(self.head) + self.length)
        out = bytearray(last - first)
        self.paste(out, first, self.head, 0)
        for start in range(max(0, first - len(self.head)) // self.every * self.every, max(0, last - len(self.head)), self.every):
            self.paste(out, first, self.talk, len(self.head) + start)
        self.at = last
        return bytes(out)

    @staticmethod
    def paste(out: bytearray, out_at: int, what: bytes, at: int) -> None:
        low, high = max(out_at, at), min(out_at + len(out), at + len(what))
        if low < high:
            out[low - out_at : high - out_at] = what[low - at : high - at]


class Peak(threading.Thread):
    """The most this process and its children held together, in kB."""

    kb = 0

    def run(self) -> None:
        while True:
            self.kb = max(self.kb, sum(self.held()))
            time.sleep(0.3)

    def held(self):
        mine = str(os.getpid())
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                lines = status.read_text().splitlines()
            except OSError:
                continue
            fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            if mine in {fields["Pid"], fields["PPid"]}:
                yield int(fields.get("VmRSS", "0 kB").split()[0])


def main(model: Path, hours: float, talk_s: int, every_s: int) -> None:
    seclusion.enter()  # no network from here on, as in the worker
    with (samples.folder() / "call-1.ogg").open("rb") as media:
        sound = np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)[:, : talk_s * 16_000]
    call = LongCall((sound.T * 32767).astype("<i2").tobytes(), round(hours * 3600), every_s)
    peak = Peak(daemon=True)
    peak.start()
    began = time.process_time()
    said = WhisperTranscriber(model).transcribe(call, channels=(Speaker.REP, Speaker.CUSTOMER), terms=())
    figures = {
        "duration_ms": said.duration_ms,
        "utterances": len(said.utterances),
        "last_ms": max(u.end_ms for u in said.utterances),
        "peak_mb": peak.kb // 1024,
        "rtf": said.rtf,
        "cpu_s": round(time.process_time() - began),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
