"""Which recording is being analysed, for whoever has to end the worker over it: two small files in the run folder."""

from contextlib import suppress
from pathlib import Path
from typing import Final

FATAL_TRIES: Final = 3


class Trail:
    """Which recording is being analysed, said in a file that outlives this process.

    The service manager adds it to `fatal` when it had to end a worker that hung or took too much memory (the unit's
    ExecStopPost); a kill or a power cut is no recording's fault and does not count. On an installed box both lie in memory.
    While they cannot be read or written, nothing is held against a recording.
    """

    def __init__(self, folder: Path) -> None:
        self._now, self._fatal = folder / "analysing", folder / "fatal"

    def begin(self, recording: str) -> bool:
        """False when it ended the worker too often; then its record is cleared, so that a person may try it again."""
        deaths = self._deaths()
        if deaths.count(recording) >= FATAL_TRIES:
            self.end()
            with suppress(OSError):
                self._fatal.write_text("".join(f"{one}\n" for one in deaths if one != recording), encoding="ascii")
            return False
        with suppress(OSError):
            self._now.write_text(f"{recording}\n", encoding="ascii")
        return True

    def end(self) -> None:
        with suppress(OSError):
            self._now.unlink(missing_ok=True)

    def _deaths(self) -> list[str]:
        try:
            return self._fatal.read_text(encoding="ascii", errors="replace").split()
        except OSError:
            return []
