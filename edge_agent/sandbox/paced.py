"""Frames of a video at a low, steady pace: one about every `job.every_ms` and the last one, upright, RGB.

Where key frames come at least that often nothing else is decoded; else every frame is, and the others are not turned into
pictures. Which it is, the first half minute tells. Runs in the confined child only.
"""

from collections.abc import Iterator
from typing import Any, Final

from edge_agent.sandbox.containers import FaultyError, bounded, declared_ms, decoded, opened, slack_ms, to_ms, video_of
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.vision import Picture, check_video, upright
from edge_agent.sandbox.wire import Job

PROBED_MS: Final = 30_000
SLACK: Final = 1.25
"""Key frames this much rarer than asked for still will do."""


def frames(file: RemoteFile, job: Job) -> Iterator[Picture]:
    """Frames at least `every_ms` apart, the first one among them; FaultyError `no-video`, `damaged`, `too-long`, `truncated` …"""
    keys_do = _keys_do(file, job)
    with opened(file, job) as container:
        stream, promised_ms = video_of(container), declared_ms(container)
        check_video(stream, promised_ms, job)
        context = stream.codec_context
        context.thread_count = 1
        context.skip_frame = "NONKEY" if keys_do else "DEFAULT"
        context.options = bounded(job)
        start, end_ms, next_ms, shown, shown_ms = stream.start_time or 0, 0, 0, 0, 0
        last: tuple[int, Any] | None = None
        for packet in container.demux(stream):
            if packet.pts is not None:
                end_ms = max(end_ms, to_ms(packet.pts + (packet.duration or 0) - start, stream.time_base))
            if end_ms > job.max_duration_ms:
                raise FaultyError("too-long")
            for frame in decoded(packet):
                at_ms = max(0, to_ms((frame.pts or start) - start, frame.time_base or stream.time_base))
                last = at_ms, frame
                if at_ms >= next_ms:
                    yield Picture(at_ms=at_ms, rgb=upright(frame, job.max_px))
                    shown, shown_ms = shown + 1, at_ms
                    # On the beat, so that a frame that comes a little late does not delay all that follow.
                    next_ms = max(next_ms + job.every_ms, at_ms + job.every_ms // 2)
        if last is not None and shown and last[0] > shown_ms:
            yield Picture(at_ms=last[0], rgb=upright(last[1], job.max_px))
        if not shown:
            raise FaultyError("damaged")
        if promised_ms is not None and end_ms < promised_ms - slack_ms(promised_ms):
            raise FaultyError("truncated")


def _keys_do(file: RemoteFile, job: Job) -> bool:
    """Whether key frames come about every `every_ms` in the first half minute; nothing is decoded for that."""
    with opened(file, job) as container:
        stream: Any = video_of(container)
        check_video(stream, declared_ms(container), job)
        last_ms, widest_ms, end_ms = 0, 0, 0
        for packet in container.demux(stream):
            if packet.pts is None:
                continue
            end_ms = max(0, to_ms(packet.pts - (stream.start_time or 0), stream.time_base))
            if packet.is_keyframe:
                widest_ms, last_ms = max(widest_ms, end_ms - last_ms), end_ms
            if end_ms > PROBED_MS:
                break
    return max(widest_ms, end_ms - last_ms) <= SLACK * job.every_ms
