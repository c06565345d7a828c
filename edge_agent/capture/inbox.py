"""The file inbox: a folder on tmpfs or an encrypted volume into which media and sidecar are renamed.

A name that starts with `.` or ends in `.part` or `.tmp` is still being written and does not exist for us. `call.wav` comes with
`call.wav.meta.toml` or `call.meta.toml`; without one it stays where it is, and `waiting` counts it once its grace is over. A
name may hold anything, also a newline, and is used for nothing but opening. What was refused is offered again only when it or
its sidecar changes, so that one bad file is said once and not at every look. Touch documents (`*.touch.json`), which need no
sidecar, are the `spool`'s.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from edge_agent.capture.arrival import META, TOUCH, FileArrival, Stamp, finished, sidecar_of, translated
from edge_agent.capture.sidecar import Pseudonym
from edge_agent.config import Limits

__all__ = ["FileArrival", "FileInbox"]


@dataclass(frozen=True, slots=True)
class _Entry:
    """`since_s`: since when it carries its name (ctime, which a rename sets), in seconds of the epoch."""

    since_s: float
    stamp: Stamp


class FileInbox:
    """Implements `ports.Inbox`. `grace` is how long a file may lie without a sidecar before it is reported."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        *,
        grace: timedelta = timedelta(minutes=10),
        now_s: Callable[[], float] = time.time,
        pseudonym: Pseudonym | None = None,
    ) -> None:
        self._folder = folder
        self._limits = limits
        self._grace = grace
        self._now_s = now_s
        self._pseudonym = pseudonym
        self._refused: dict[str, tuple[_Entry, _Entry]] = {}

    def arrivals(self) -> Sequence["FileArrival"]:
        """What is complete, oldest first. Things that are no files come too, so that their refusal is said."""
        found = dict(self._entries())
        self._refused = {name: entries for name, entries in self._refused.items() if name in found}
        offered = []
        for name, entry in found.items():
            meta = sidecar_of(name, found)
            if meta is None or self._refused.get(name) == (entry, found[meta]):
                continue
            refuse = partial(self._refused.__setitem__, name, (entry, found[meta]))
            arrival = FileArrival(
                path=self._folder / name,
                sidecar=self._folder / meta,
                max_bytes=self._limits.max_file_bytes,
                on_refusal=refuse,
                pseudonym=self._pseudonym,
            )
            offered.append(arrival)
        return offered

    def waiting(self) -> int:
        """How many lie here without a sidecar for longer than the grace."""
        found = dict(self._entries())
        late = self._now_s() - self._grace.total_seconds()
        return sum(
            sidecar_of(name, found) is None and entry.since_s < late for name, entry in found.items() if not name.endswith(META)
        )

    def _entries(self) -> list[tuple[str, "_Entry"]]:
        """Finished names with what they are now, oldest first."""
        try:
            with os.scandir(self._folder) as entries:
                names = [one.name for one in entries if finished(one.name) and not one.name.endswith(TOUCH)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise translated(error) from error
        found = []
        for name in names:
            try:
                stat_now = (self._folder / name).lstat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise translated(error) from error
            found.append((name, _Entry(stat_now.st_ctime, Stamp.of(stat_now))))
        return sorted(found, key=lambda one: (one[1].since_s, one[0]))
