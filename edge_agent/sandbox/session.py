"""The parent's side of one decoding: starts the child, serves byte ranges of the stream, checks every answer.

One child decodes one file and is gone with the session, whatever happened. Its answers are foreign input: lengths, shapes and
order are checked before memory is taken. Time counts only while this side waits, so that a slow consumer harms nothing.

Not here: what the child does (`child`, `decoding`), the words of errors (`faults`).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import msgspec

from edge_agent import log
from edge_agent.errors import BadInput, EdgeError, Unavailable
from edge_agent.sandbox import wire
from edge_agent.sandbox.faults import fault
from edge_agent.sandbox.wire import Job, Kind, MediaInfo

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ROOT: Final = Path(__file__).resolve().parents[2]
CHILD: Final = (
    sys.executable, "-I", "-c",
    "import sys; sys.path.insert(0, sys.argv[1]); from edge_agent.sandbox.child import main; main()", str(ROOT),
)  # fmt: skip
ENVIRONMENT: Final = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
}  # fmt: skip
"""All the child gets: no secret of this process's environment, and no second thread (the walls are per thread)."""

LACKS: Final = "EDGE_AGENT_SANDBOX_LACKS"
"""Environment variable: what this kernel is known not to have, `landlock`, `seccomp` or both with a comma."""

STALL_S: Final = 60.0
WALL_S: Final = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One picture of a video: `at_ms` on the video's clock, `rgb` uint8 (height, width, 3)."""

    at_ms: int
    rgb: "npt.NDArray[np.uint8]"


class Session:
    """One child and one file; a context manager. `stall_s` bounds one wait, `wall_s` all waits together."""

    def __init__(
        self,
        media: BinaryIO,
        job: Job,
        *,
        max_file_bytes: int,
        command: tuple[str, ...] = CHILD,
        stall_s: float = STALL_S,
        wall_s: float = WALL_S,
    ) -> None:
        self._media = media
        self._max_px = job.max_px
        self._size = _size(media, max_file_bytes)
        self._job = msgspec.structs.replace(job, size_bytes=self._size, lacks=_lacks())
        self._command = command
        self._stall_s = stall_s
        self._left_s = wall_s
        self._trusted = True  # until the child has seen a byte of the file

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            ours, theirs = socket.socketpair()
            undo.callback(ours.close)
            with theirs:
                self._child: subprocess.Popen[bytes] = subprocess.Popen(
                    self._command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    cwd="/", env=dict(ENVIRONMENT),
                )  # fmt: skip
            undo.callback(self._end_child)
            self._socket = ours
            self._undo = undo.pop_all()
        self._send(Kind.JOB, msgspec.json.encode(self._job))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._undo.close()

    def info(self) -> MediaInfo:
        """The one INFO of a probe."""
        for kind, payload in self._results():
            if kind is Kind.INFO:
                try:
                    return msgspec.json.decode(payload, type=MediaInfo)
                except msgspec.MsgspecError as error:
                    raise fault("decoder-misbehaved") from error
            break
        raise fault("decoder-misbehaved")

    def blocks(self) -> "Iterator[npt.NDArray[np.float32]]":
        """AUDIO messages as float32 (channels, n); the number of channels never changes."""
        import numpy as np  # noqa: PLC0415 - a heavy library that `--help` does not need

        seen = 0
        for kind, payload in self._results():
            if kind is not Kind.AUDIO or len(payload) < wire.AUDIO.size:
                raise fault("decoder-misbehaved")
            channels, samples = wire.AUDIO.unpack_from(payload)
            if (
                not 1 <= channels <= wire.MAX_CHANNELS
                or (seen and channels != seen)
                or len(payload) != wire.AUDIO.size + 4 * channels * samples
            ):
                raise fault("decoder-misbehaved")
            seen = channels
            block = np.frombuffer(payload, dtype=np.float32, offset=wire.AUDIO.size).reshape(channels, samples)
            if not np.isfinite(block).all():
                raise fault("decoder-misbehaved")
            yield block

    def frames(self) -> Iterator[Frame]:
        """FRAME messages as pictures, within the pixel limit, in the order of their time."""
        import numpy as np  # noqa: PLC0415

        last_ms, none_yet = 0, True
        for kind, payload in self._results():
            if kind is not Kind.FRAME or len(payload) < wire.FRAME.size:
                raise fault("decoder-misbehaved")
            at_ms, height, width = wire.FRAME.unpack_from(payload)
            if at_ms < last_ms or not height or not width or len(payload) != wire.FRAME.size + 3 * height * width:
                raise fault("decoder-misbehaved")
            last_ms, none_yet = at_ms, False
            rgb = np.frombuffer(payload, dtype=np.uint8, offset=wire.FRAME.size).reshape(height, width, 3)
            yield Frame(at_ms=at_ms, rgb=rgb)
        if none_yet:
            raise fault("decoder-misbehaved")

    def _results(self) -> Iterator[tuple[Kind, bytearray]]:
        """The child's results until END; READ is answered on the way, ERROR raised."""
        while True:
            kind, payload = self._receive()
            if kind is Kind.READ and len(payload) == wire.READ.size:
                self._trusted = False
                self._send(Kind.DATA, self._range(*wire.READ.unpack(payload)))
            elif kind is Kind.ERROR:
                raise fault(payload.decode("ascii", "replace"), trusted=self._trusted)
            elif kind is Kind.END:
                return
            elif kind in {Kind.INFO, Kind.AUDIO, Kind.FRAME}:
                yield kind, payload
            else:
                raise fault("decoder-misbehaved")

    def _range(self, offset: int, size: int) -> bytes:
        """Bytes of the stream; at its end fewer. Errors of our own vault pass through as they are."""
        if size > wire.MAX_READ_BYTES or offset > self._size:
            raise fault("decoder-misbehaved")
        try:
            self._media.seek(offset)
            return self._media.read(size)
        except EdgeError:
            raise
        except OSError as error:
            raise Unavailable("the recording cannot be read from its storage", remedy="check the disk") from error

    def _receive(self) -> tuple[Kind, bytearray]:
        code, length = wire.HEADER.unpack(self._exactly(wire.HEADER.size))
        try:
            kind = Kind(code)
        except ValueError as error:
            raise fault("decoder-misbehaved") from error
        if length > wire.largest(kind, self._max_px):
            raise fault("decoder-misbehaved")
        return kind, self._exactly(length)

    def _exactly(self, length: int) -> bytearray:
        buffer = bytearray(length)
        view, got = memoryview(buffer), 0
        while got < length:
            self._socket.settimeout(max(0.001, min(self._stall_s, self._left_s)))
            began = time.monotonic()
            try:
                count = self._socket.recv_into(view[got:])
            except TimeoutError as error:
                raise fault("decode-timeout") from error
            except OSError as error:
                raise self._how_it_died() from error
            self._left_s -= time.monotonic() - began
            if not count:
                raise self._how_it_died()
            if self._left_s <= 0:
                raise fault("decode-timeout")
            got += count
        return buffer

    def _send(self, kind: Kind, payload: bytes) -> None:
        self._socket.settimeout(self._stall_s)
        try:
            self._socket.sendall(wire.HEADER.pack(kind, len(payload)) + payload)
        except TimeoutError as error:
            raise fault("decode-timeout") from error
        except OSError as error:
            raise self._how_it_died() from error

    def _how_it_died(self) -> EdgeError:
        """The socket closed before END: a limit's signal, a crash, or a child that never came up."""
        try:
            status = self._child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return fault("decoder-misbehaved")
        log.get().warning("decoder.died", exit_code=status)
        if -status in {signal.SIGXCPU, signal.SIGKILL}:
            return fault("decode-limit")
        if status > 0 and self._trusted:
            return Unavailable("the media decoder could not be started", remedy="install edge-agent[appliance] completely")
        return fault("decoder-died")

    def _end_child(self) -> None:
        self._child.kill()
        self._child.wait()


def _size(media: BinaryIO, max_file_bytes: int) -> int:
    """Length of the stream in bytes; refuses an empty or too large one before a child is started."""
    try:
        size = media.seek(0, os.SEEK_END)
        media.seek(0)
    except OSError as error:
        raise Unavailable("the recording cannot be read from its storage", remedy="check the disk") from error
    if size == 0:
        raise fault("empty")
    if size > max_file_bytes:
        raise fault("too-large")
    return size


def _lacks() -> tuple[str, ...]:
    """What the installer says this kernel lacks; said in the log each time, because it weakens every decoding."""
    named = tuple(word for word in os.environ.get(LACKS, "").replace(" ", "").split(",") if word)
    if not set(named) <= {"landlock", "seccomp"}:
        raise Unavailable(f"{LACKS} names something unknown", remedy="use landlock, seccomp or both with a comma")
    for name in named:
        log.get().warning("sandbox.weakened", kind=name)
    return named


__all__ = ["BadInput", "Frame", "Session"]
