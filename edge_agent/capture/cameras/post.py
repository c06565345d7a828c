"""How the cameras stand, said by who watches them in a small file of the run folder: names, times, codes and counts only."""

from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import msgspec

FILE: Final = "cameras.json"


class CameraPost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`since`: when it came into this state. `reason`: why it is lost. Counts are of this run. Gap: the last one that ended."""

    id: str
    state: Literal["starting", "recording", "lost", "closed"]
    since: str
    reason: str = ""
    recordings: int = 0
    gaps: int = 0
    gap_from: str = ""
    gap_to: str = ""
    seen_at: str = ""


class Posted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: str
    cameras: list[CameraPost]


def put(run: Path, posted: Posted) -> None:
    """Replace the file whole; what cannot be written is not known, and no recording is worth it."""
    file = run / FILE
    part = file.with_suffix(".part")
    with suppress(OSError):
        part.write_bytes(msgspec.json.encode(posted))
        part.replace(file)


def read(run: Path) -> Posted | None:
    """What was said last; None where nobody ever watched here or it cannot be read."""
    try:
        return msgspec.json.decode((run / FILE).read_bytes(), type=Posted)
    except (OSError, msgspec.MsgspecError):
        return None
