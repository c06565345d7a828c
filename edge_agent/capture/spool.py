"""The spool: touch documents (`touch`) as files `*.touch.json`, renamed into a folder; by default the inbox itself.

The rules are the inbox's: what starts with `.` or ends in `.part` or `.tmp` is still being written; a name is used for nothing
but opening; what is refused stays where it is and is offered again only when it changes. Taken in, it is sealed (with pseudonyms
in place of codes), and only then is the file forgotten. `Touching` is the same for a document that comes as bytes.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from edge_agent.capture import touch
from edge_agent.capture.arrival import TOUCH, FileArrival, Stamp, finished, translated
from edge_agent.domain.recording import Circumstances
from edge_agent.errors import BadInput
from edge_agent.ports import Arrival, Inbox

Reader = Callable[[bytes], touch.Read]
"""`touch.read` with this box's pseudonyms and the facts that its event models know."""
NOWHERE = Path()


class TouchFile:
    """Implements `ports.Arrival` for one file of the spool."""

    def __init__(self, path: Path, read: Reader, on_refusal: Callable[[], None]) -> None:
        self._file = FileArrival(path=path, sidecar=path, max_bytes=touch.MAX_BYTES)
        self._read, self._on_refusal = read, on_refusal
        self._content = b""

    @property
    def path(self) -> Path:
        return self._file.path

    def circumstances(self) -> Circumstances:
        """What the document says.

        Raises:
            BadInput: "touch" (all of its mistakes at once), or what `FileArrival` says of a file.
        """
        try:
            around, self._content = self._read(b"".join(self._file.chunks()))
        except BadInput:
            self._on_refusal()
            raise
        return around

    def chunks(self) -> Iterator[bytes]:
        """What is sealed: no code of a person is in it. After `circumstances`."""
        yield self._content

    def discard(self) -> None:
        self._file.discard()


class Touching:
    """Implements `ports.Arrival` for a document that lies nowhere."""

    def __init__(self, given: bytes, read: Reader) -> None:
        self._given, self._read = given, read
        self._content = b""

    @property
    def path(self) -> Path:
        return NOWHERE

    def circumstances(self) -> Circumstances:
        """What the document says; BadInput as `touch.read`."""
        around, self._content = self._read(self._given)
        return around

    def chunks(self) -> Iterator[bytes]:
        yield self._content

    def discard(self) -> None:
        pass


class Spool:
    """Implements `ports.Inbox` over one folder."""

    def __init__(self, folder: Path, read: Reader) -> None:
        self._folder, self._read = folder, read
        self._refused: dict[str, tuple[int, Stamp]] = {}

    def arrivals(self) -> Sequence[TouchFile]:
        """What is complete and was not refused as it is, oldest first."""
        found = {name: (changed_ns, stamp) for changed_ns, name, stamp in _found(self._folder)}  # a right given shows in ctime
        self._refused = {name: state for name, state in self._refused.items() if name in found}
        return [
            TouchFile(self._folder / name, self._read, partial(self._refused.__setitem__, name, state))
            for name, state in found.items()
            if self._refused.get(name) != state
        ]


def _found(folder: Path) -> list[tuple[int, str, Stamp]]:
    """Finished touch files (since when they carry their name, the name, what they are now), oldest first."""
    try:
        with os.scandir(folder) as listed:
            names = [one.name for one in listed if one.name.endswith(TOUCH) and finished(one.name)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise translated(error) from error
    found = []
    for name in names:
        try:
            stat_now = (folder / name).lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise translated(error) from error
        found.append((stat_now.st_ctime_ns, name, Stamp.of(stat_now)))
    return sorted(found, key=lambda one: one[:2])


def waiting(folder: Path, *, since_s: float = 0.0, now_s: Callable[[], float] = time.time) -> int:
    """How many documents have been lying here for so long: refused ones, and all of them while no worker runs."""
    before_ns = (now_s() - since_s) * 1e9
    return sum(changed_ns <= before_ns for changed_ns, _, _ in _found(folder))


class Together:
    """Several inboxes as one."""

    def __init__(self, *inboxes: Inbox) -> None:
        self._inboxes = inboxes

    def arrivals(self) -> Sequence[Arrival]:
        return [arrival for inbox in self._inboxes for arrival in inbox.arrivals()]
