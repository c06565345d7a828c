"""What the walls cost: a foreign file decoded in the confined child against decoded here with PyAV, same run."""

import json
import statistics
import time

import av
import numpy as np
import pytest

from edge_agent import samples, sandbox
from edge_agent.config import Limits

pytestmark = pytest.mark.bench


def seconds(work) -> float:
    def once() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    once()
    return statistics.median(once() for _ in range(5))


def test_the_walls_cost_less_than_a_second_a_file() -> None:
    call, shelf = samples.folder() / "call-1.ogg", samples.folder() / "shelf-1.mp4"

    def audio_here() -> None:
        with av.open(str(call)) as container:
            resampler = av.AudioResampler("flt", rate=16_000)
            np.concatenate([p.to_ndarray() for frame in container.decode(audio=0) for p in resampler.resample(frame)], axis=1)

    def audio_confined() -> None:
        with call.open("rb") as media:
            np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)

    def video_here() -> None:
        with av.open(str(shelf)) as container:
            container.streams.video[0].codec_context.skip_frame = "NONKEY"
            for frame in container.decode(video=0):
                frame.to_ndarray(format="rgb24")

    def video_confined() -> None:
        with shelf.open("rb") as media:
            for _ in sandbox.decode_key_frames(media, Limits()):
                pass

    figures = {
        "audio_here_s": round(seconds(audio_here), 3), "audio_confined_s": round(seconds(audio_confined), 3),
        "key_frames_here_s": round(seconds(video_here), 3), "key_frames_confined_s": round(seconds(video_confined), 3),
    }  # fmt: skip
    print(json.dumps({"bench": "confined_decoding", **figures}))
    assert figures["audio_confined_s"] - figures["audio_here_s"] < 1.5
    assert figures["key_frames_confined_s"] - figures["key_frames_here_s"] < 2.5
