"""One recogniser in a process of its own: a path on each line of input, a line of figures back. `speech_race.py WHO MODEL_DIR`

WHO: `ours` as configured by default (`ours:BYTES` with another `memory_bytes`); `plain`, `WhisperModel.transcribe` channel by
channel with its VAD, as people use it from the command line; `batched`, its `BatchedInferencePipeline`. All of them int8 on two
threads, beam 5, the same weights. `peak_mb` is the most this process and its children held together so far.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from long_call import Peak

from edge_agent.config import Speech
from edge_agent.domain.transcript import Speaker

THREADS = 2


def ours(model: Path, bound: str) -> Callable[[str], list[str]]:
    from edge_agent.speech.transcriber import WhisperTranscriber

    said = Speech()
    engine = WhisperTranscriber(
        model, threads=said.threads, workers=said.workers, batch=said.batch, memory_bytes=int(bound or said.memory_bytes)
    )

    def hear(path: str) -> list[str]:
        with Path(path).open("rb") as media:
            found = engine.transcribe(media, channels=(Speaker.REP, Speaker.CUSTOMER), terms=()).utterances
        return ["".join(one.text for one in found if one.speaker is who) for who in (Speaker.REP, Speaker.CUSTOMER)]

    return hear


def theirs(model: Path, *, batched: bool) -> Callable[[str], list[str]]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel, decode_audio

    plain = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=THREADS, local_files_only=True)
    chosen = BatchedInferencePipeline(plain) if batched else plain

    def hear(path: str) -> list[str]:
        return [
            "".join(segment.text for segment in chosen.transcribe(channel, language="zh", beam_size=5, vad_filter=True)[0])
            for channel in decode_audio(path, split_stereo=True)
        ]

    return hear


def main(who: str, model: Path) -> None:
    name, _, bound = who.partition(":")
    hear = ours(model, bound) if name == "ours" else theirs(model, batched=name == "batched")
    peak = Peak(daemon=True)
    peak.start()
    print("ready", flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), sum(os.times()[:4])
        text = hear(line.strip())
        figures = {"wall_s": time.perf_counter() - wall, "cpu_s": sum(os.times()[:4]) - cpu, "text": text}
        print(json.dumps(figures | {"peak_mb": peak.kb // 1024}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
