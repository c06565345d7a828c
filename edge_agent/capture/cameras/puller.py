"""The child that has the network: opens one stream, repacks its packets, hands the bytes on, and ends with the connection.

It holds no key, opens no file of this box (landlock), starts nothing (seccomp), and decodes nothing: packets of the first video
stream go into Matroska, which is written in one pass; each recording begins with a key frame. Sound is left where it is. Times
are the camera's own while they go on sensibly, else the clock's. A camera that hangs sends the same picture for ever: key frames
that repeat one of the last ones, byte for byte, count as no picture (the noise of a living sensor never repeats).

Standard input: one `wire.Job`; standard output: the socket. Not here: when to try again (`nursery`).
"""

import io
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

import av
import av.audio.stream
import av.subtitles.stream
import av.video.stream
import msgspec
import pyseccomp  # noqa: F401 - runs helpers at import, which the walls would forbid

from edge_agent.capture.cameras.wire import PART_BYTES, Job, Kind, frame
from edge_agent.sandbox.confine import NotConfinedError, Reach, confine

CODECS: Final = frozenset({"h264", "hevc", "mjpeg", "vp8", "vp9", "av1", "mpeg4", "mpeg2video"})
OPEN_S: Final = 10.0
SAME: Final = 4
"""At least so many key frames in a row must repeat one of the four before them until the camera counts as hanging."""
TICK: Final = Fraction(1, 1000)
LEAP_MS: Final = 10_000
"""A larger step of the camera's clock between two packets is a fault of it."""


class LostError(Exception):
    """The connection ended; `code` is one of `wire.CODES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Outlet:
    """What libav writes a container to: bytes go on as they come. Not seekable, so that the container is written in one pass."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def write(self, content: bytes) -> int:
        view = memoryview(content)
        for at in range(0, len(view), PART_BYTES):
            self.say(Kind.PART, bytes(view[at : at + PART_BYTES]))
        return len(view)

    def say(self, kind: Kind, payload: bytes = b"") -> None:
        left = memoryview(frame(kind, payload))
        while left:
            left = left[os.write(self._handle, left) :]


class Clock:
    """Times of packets in milliseconds from the recording's first, always forward."""

    def __init__(self) -> None:
        self._dts_ms: int | None = None
        self._arrived = 0.0
        self.at_ms = 0

    def heed(self, dts_ms: int | None, now: float) -> int:
        """The time of the packet that came just now."""
        waited_ms = max(1, int((now - self._arrived) * 1000)) if self._arrived else 0
        step_ms = waited_ms if dts_ms is None or self._dts_ms is None else dts_ms - self._dts_ms
        if self._arrived and not 0 < step_ms <= LEAP_MS:
            step_ms = min(waited_ms, LEAP_MS)
        self._dts_ms, self._arrived = dts_ms, now
        self.at_ms += step_ms if self.at_ms or step_ms >= 0 else 0
        return self.at_ms


class Still:
    """Whether the same picture comes over and over, for `after_s` seconds."""

    def __init__(self, after_s: float) -> None:
        self._last: deque[bytes] = deque(maxlen=4)
        self._same, self._since, self._after_s = 0, 0.0, after_s

    def heed(self, key_frame: bytes, now: float) -> bool:
        digest = sha256(key_frame).digest()
        if digest not in self._last:
            self._same, self._since = 0, now
        else:
            self._same += 1
        self._last.append(digest)
        return self._same >= SAME and now - self._since >= self._after_s


def main() -> None:
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    outlet = Outlet(1)
    av.logging.set_level(None)  # libav's messages quote the address
    try:
        pull(job, outlet)
        code = "ended"
    except LostError as error:
        code = error.code
    except BrokenPipeError:
        return
    except NotConfinedError:
        code = "not-confined"
    try:
        outlet.say(Kind.GONE, code.encode())
    except OSError:
        return


def pull(job: Job, outlet: Outlet) -> None:
    """Until the connection ends. LostError, NotConfinedError."""
    if job.kind != "network" and not os.path.exists(job.url):  # noqa: PTH110 - before the walls
        raise LostError("not-found")
    _rehearse()
    device = job.url if job.kind == "device" else ""
    if over_tls(job) and not (job.ca and os.path.isfile(job.ca)):  # noqa: PTH113 - before the walls
        raise LostError("no-ca")  # without it libav would tell the password to anybody
    read = (job.url,) if job.kind == "file" else (job.ca,) if over_tls(job) else ()
    confine(job.lacks, Reach(read=read, device=device, network=job.kind == "network", processor_s=0))
    try:
        with av.open(job.url, format=demuxer(job), options=options(job), timeout=(OPEN_S, job.silent_s)) as source:
            stream = next((one for one in source.streams.video), None)
            if stream is None:
                raise LostError("no-video")
            if stream.codec_context.name not in CODECS:
                raise LostError("codec")
            outlet.say(Kind.OPEN)
            _hand_on(paced(source.demux(stream)) if job.kind == "file" else source.demux(stream), stream, job, outlet)
    except (av.error.FFmpegError, ValueError) as error:
        raise LostError(reason(error)) from error


def demuxer(job: Job) -> str | None:
    return {"network": "rtsp", "device": "video4linux2", "file": None}[job.kind]


def over_tls(job: Job) -> bool:
    return job.url.lower().startswith("rtsps://")


def options(job: Job) -> dict[str, str]:
    """What libav is told. RTSP over TCP only: no packet is lost unseen, and nothing has to be let in from outside.

    Over TLS the camera must prove who it is, by its name or address; left alone libav believes anybody.
    """
    if job.kind == "network":
        wait_us = str(int(job.silent_s * 1_000_000))
        vouched = {"tls_verify": "1", "ca_file": job.ca} if over_tls(job) else {}
        return vouched | {
            "rtsp_transport": "tcp",
            "timeout": wait_us,
            "allowed_media_types": "video",
            "fflags": "+genpts+discardcorrupt",
        }
    if job.kind == "device":
        return {"input_format": "mjpeg"}
    return {}


def reason(error: Exception) -> str:
    """A short code; the error's own words quote the address."""
    for kinds, code in (
        ((av.error.ExitError, av.error.TimeoutError, TimeoutError), "silent"),
        ((av.error.HTTPUnauthorizedError,), "unauthorised"),
        ((av.error.HTTPForbiddenError,), "forbidden"),
        ((av.error.HTTPNotFoundError, av.error.FileNotFoundError), "not-found"),
        ((av.error.ConnectionRefusedError,), "refused"),
        ((av.error.PermissionError,), "forbidden"),
        ((av.error.InvalidDataError,), "damaged"),
    ):
        if isinstance(error, kinds):
            return code
    return {16: "busy"}.get(getattr(error, "errno", 0) or 0, "unreachable")


def paced(packets: Iterator[Any]) -> Iterator[Any]:
    """A file's packets at the speed of its own clock."""
    began, first = time.monotonic(), None
    for packet in packets:
        if packet.dts is not None:
            at = float(packet.dts * packet.time_base)
            first = at if first is None else first
            time.sleep(max(0.0, at - first - (time.monotonic() - began)))
        yield packet


def _hand_on(packets: Iterator[Any], stream: Any, job: Job, outlet: Outlet) -> None:
    recording: _Recording | None = None
    still, heard = Still(job.silent_s), time.monotonic()
    try:
        for packet in packets:
            now = time.monotonic()
            if now - heard > job.silent_s:
                raise LostError("silent")
            if not packet.size or packet.is_corrupt:
                continue
            heard = now
            if packet.is_keyframe:
                hangs = still.heed(bytes(packet), now)
                if recording is not None and (hangs or recording.clock.at_ms >= job.segment_s * 1000):
                    recording.close()
                    recording = None
                if hangs:
                    outlet.say(Kind.STILL)
                elif recording is None:
                    recording = _Recording(stream, outlet)
            if recording is not None:  # what comes before a key frame shows nothing
                recording.add(packet, now)
    finally:
        if recording is not None:
            recording.close()


class _Recording:
    """One container, from its first key frame on."""

    def __init__(self, stream: Any, outlet: Outlet) -> None:
        outlet.say(Kind.NEW)
        self.clock = Clock()
        self._container = av.open(outlet, "w", format="matroska", options={"live": "1", "flush_packets": "1"})
        self._stream = self._container.add_stream_from_template(stream)

    def add(self, packet: Any, now: float) -> None:
        base = packet.time_base or TICK
        dts = packet.dts if packet.dts is not None else packet.pts
        at_ms = self.clock.heed(None if dts is None else int(dts * base * 1000), now)
        ahead_ms = int((packet.pts - packet.dts) * base * 1000) if None not in {packet.pts, packet.dts} else 0
        packet.time_base = TICK
        packet.dts = at_ms
        packet.pts = at_ms + (ahead_ms if 0 <= ahead_ms <= LEAP_MS else 0)
        packet.stream = self._stream
        self._container.mux(packet)

    def close(self) -> None:
        self._container.close()


def _rehearse() -> None:
    """Repack a picture of our own and look up a name: what Python and the C library load for it they cannot load afterwards."""
    kept = io.BytesIO()
    with av.open(kept, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuvj420p"
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuvj420p")))
        container.mux(stream.encode(None))
    kept.seek(0)
    with av.open(kept) as source, av.open(io.BytesIO(), "w", format="matroska") as container:
        copied = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = copied
                container.mux(packet)
    try:
        socket.getaddrinfo("localhost", 554)
    except OSError:
        return


if __name__ == "__main__":
    main()
