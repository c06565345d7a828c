"""The half of listening that must never wait: takes every block from the line and hands it to the seal and to the text.

A thread of its own that does nothing else. It ends when it is told to, or when a file in place of a microphone is at its end.
"""

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_agent.capture.line import Clocks, Line
    from edge_agent.capture.reel import Reel
    from edge_agent.listening.text import Text

POLL_S: Final = 0.02
RETRY_S: Final = 3.0
"""How soon a device that went away is looked for again: a talk may go on meanwhile."""


class Ear:
    """`text` None: only the seal listens. `over` says that no more will come; `away` hears once each time it is missing."""

    def __init__(
        self, line: "Line", reel: "Reel", text: "Text | None", clocks: "Clocks", *, frame_bytes: int,
        over: Callable[[], bool] = lambda: False, away: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._line, self._reel, self._text, self._clocks, self._over = line, reel, text, clocks, over
        self._frame_bytes, self._away = frame_bytes, away
        self.frames = 0
        self.gaps = 0

    def run(self, stop: Event) -> None:
        try:
            while not stop.is_set() and not self._over():
                self.turn()
                stop.wait(POLL_S)
            self._hand_on(self._line.end())
        finally:
            self._reel.end()
            if self._text is not None:
                self._text.end()

    def turn(self) -> None:
        was_open, was_missed = self._line.open, self._line.missed
        self._hand_on(self._line.turn())
        if self._line.missed and not was_missed and not self._over():
            self._away()
        if was_open and not self._line.open and not self._over():
            self.gaps += 1
            self._reel.gap()
            if self._text is not None:
                self._text.gap()

    def _hand_on(self, blocks: list[bytes]) -> None:
        for block in blocks:
            self.frames += len(block) // self._frame_bytes
            self._reel.put(block, ended_at=self._clocks.now())
            if self._text is not None:
                self._text.put(block)
