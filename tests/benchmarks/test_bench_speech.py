"""Recognising a call: ours against `WhisperModel.transcribe` as it comes out of the box, same weights, same audio, same run."""

import json
import time
import tomllib
from pathlib import Path

import pytest
from speech_scoring import character_error_rate

from edge_agent import samples
from edge_agent.assets import path_of, store
from edge_agent.domain.transcript import Speaker
from edge_agent.speech.transcriber import WhisperTranscriber

pytestmark = [pytest.mark.bench, pytest.mark.model]


def test_our_recognition_is_faster_and_no_worse_than_out_of_the_box(tmp_path: Path) -> None:
    from faster_whisper import WhisperModel, decode_audio

    store.install("whisper-base", tmp_path)
    model = path_of("whisper-base", tmp_path)
    call = samples.folder() / "call-1.ogg"
    said = tomllib.loads((samples.folder() / "call-1.dialogue.toml").read_text(encoding="utf-8"))["turn"]
    truth = "".join(turn["text"] for turn in said)

    ours = WhisperTranscriber(model, threads=2, batch=8)
    theirs = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=2, local_files_only=True)

    began = time.process_time()
    with call.open("rb") as media:
        transcript = ours.transcribe(media, channels=(Speaker.REP, Speaker.CUSTOMER), terms=())
    ours_s = time.process_time() - began
    began = time.process_time()
    channels = decode_audio(str(call), split_stereo=True)
    segments = sorted(
        (segment.start, segment.text) for channel in channels for segment in theirs.transcribe(channel, language="zh")[0]
    )
    theirs_s = time.process_time() - began

    seconds = transcript.duration_ms / 1000
    figures = {
        "ours": {
            "cer": round(character_error_rate(truth, "".join(u.text for u in transcript.utterances)), 4),
            "cpu_s_per_s": round(ours_s / seconds, 4),
            "utterances": len(transcript.utterances),
        },
        "faster_whisper_default": {
            "cer": round(character_error_rate(truth, "".join(text for _, text in segments)), 4),
            "cpu_s_per_s": round(theirs_s / seconds, 4),
            "utterances": len(segments),
        },
    }
    print(json.dumps({"bench": "speech_recognition", "audio_s": round(seconds, 1), "rtf": transcript.rtf, **figures}))
    assert figures["ours"]["cer"] <= figures["faster_whisper_default"]["cer"] + 0.02
    assert figures["ours"]["cpu_s_per_s"] < figures["faster_whisper_default"]["cpu_s_per_s"]
