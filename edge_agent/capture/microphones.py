"""Sound devices through PortAudio (sounddevice): implements `line.Microphones`. The only importer of sounddevice.

A device is chosen by a part of its name, since its number changes when something is plugged in. PortAudio lists devices once:
while one is missing, a child process looks afresh, and only when that one sees it are our own streams closed and the list read
again. The stream of a device that was unplugged never comes back: a new one must be opened (measured).
"""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from edge_agent.config import Source
from edge_agent.errors import Unavailable

_HELD: Final = 512
"""Blocks that wait for the loop, about a minute of sound; more are counted as an overrun."""
_BLOCK_S: Final = 0.1
_JOIN_S: Final = 5.0
_LOOK_S: Final = 20.0
_LOOK: Final = (
    "import json, sounddevice\nprint(json.dumps([d['name'] for d in sounddevice.query_devices() if d['max_input_channels'] > 0]))"
)


def present(*, timeout_s: float = _LOOK_S) -> list[str] | None:
    """Names of the input devices that are there now, as a fresh process sees them; None when sound cannot be used at all."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _LOOK], capture_output=True, timeout=timeout_s, check=True, stdin=subprocess.DEVNULL
        )
        return [str(name) for name in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def fits(wanted: str, name: str) -> bool:
    return wanted.casefold() in name.casefold()


class PortAudio:
    """`look` gives the names that are there now; `library` stands in for sounddevice."""

    def __init__(self, *, look: Callable[[], Sequence[str] | None] = present, library: Any = None) -> None:
        self._look = look
        self._library = library
        self._streams: list[_PortAudioStream] = []

    def open(self, source: Source) -> "_PortAudioStream":
        """Open one source's device; Unavailable while it is not there, or does not record at that rate."""
        names = self._look()
        if names is None or not any(fits(source.device, name) for name in names):
            raise _away()
        sounddevice = self._library or _sounddevice()
        number = self._number(sounddevice, source.device)
        if number is None:
            self._read_list_again(sounddevice)
            number = self._number(sounddevice, source.device)
        if source.device and number is None:
            raise _away()
        try:
            stream = _PortAudioStream(sounddevice, number, source)
        except sounddevice.PortAudioError as error:
            raise _away() from error
        self._streams = [one for one in self._streams if one.alive] + [stream]
        return stream

    def _number(self, sounddevice: Any, wanted: str) -> int | None:
        """The first input device whose name holds `wanted`; None for the default one, or when there is none."""
        if not wanted:
            return None
        devices = enumerate(sounddevice.query_devices())
        return next((n for n, one in devices if one["max_input_channels"] > 0 and fits(wanted, one["name"])), None)

    def _read_list_again(self, sounddevice: Any) -> None:
        """PortAudio must be stopped for it; the other sources notice that their streams ended and open new ones."""
        for stream in self._streams:
            stream.close()
        self._streams = []
        sounddevice._terminate()  # noqa: SLF001 - documented as the way to refresh the list
        sounddevice._initialize()  # noqa: SLF001


class _PortAudioStream:
    """Implements `line.Stream`. A thread of its own waits for sound and puts it into a queue.

    Not PortAudio's callback: that needs memory which is writable and executable, and the unit forbids it.
    """

    def __init__(self, sounddevice: Any, number: int | None, source: Source) -> None:
        self._blocks: queue.Queue[bytes] = queue.Queue(_HELD)
        self._overruns = 0
        self._ended = threading.Event()
        self._failure = sounddevice.PortAudioError
        self._frames = int(source.rate_hz * _BLOCK_S)
        self._stream = sounddevice.RawInputStream(
            device=number, samplerate=source.rate_hz, channels=len(source.speakers), dtype="int16", latency="high"
        )
        self._stream.start()
        self._thread = threading.Thread(target=self._hear, name="microphone", daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        while not self._ended.is_set():
            try:
                data, overran = self._stream.read(self._frames)
            except self._failure:
                break
            self._overruns += bool(overran)
            try:
                self._blocks.put_nowait(bytes(data))
            except queue.Full:
                self._overruns += 1
        self._ended.set()

    def blocks(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self._blocks.get_nowait())
            except queue.Empty:
                return found

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    @property
    def overruns(self) -> int:
        return self._overruns

    def close(self) -> None:
        """Closed under a thread that still waits inside PortAudio it would crash, so a hung one is left alone."""
        self._ended.set()
        self._thread.join(_JOIN_S)
        if not self._thread.is_alive():
            self._stream.close(ignore_errors=True)


def _sounddevice() -> Any:
    import sounddevice  # noqa: PLC0415 - loads PortAudio; the other processes have no business with it

    return sounddevice


def _away() -> Unavailable:
    return Unavailable("the sound device is not there", remedy="plug it in; edge-agent doctor lists what is", zh="找不到录音设备")
