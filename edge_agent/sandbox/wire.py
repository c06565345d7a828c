"""What passes between this process and the decoding child: small framed messages over one socket pair.

A frame is `kind` (1 byte), payload length (4 bytes, little endian), payload. The child asks with READ and is given exactly
one DATA; everything else it sends is result. Each kind has a largest payload; a longer one ends the session.

    parent -> child   JOB (JSON, first and once)      DATA (bytes, shorter than asked only at the end)
    child -> parent   READ (offset u64, bytes u32)    INFO (JSON)    AUDIO (channels u32, samples u32, float32[])
                      FRAME (at_ms i64, height u32, width u32, uint8[])    ERROR (one code of `faults`)    END

Not here: sockets (`session` in the parent, `child` in the child).
"""

from enum import IntEnum
from struct import Struct as Layout
from typing import Final, Literal

import msgspec

HEADER: Final = Layout("<BI")
READ: Final = Layout("<QI")
AUDIO: Final = Layout("<II")
FRAME: Final = Layout("<qII")

MAX_READ_BYTES: Final = 1 << 20
MAX_TEXT_BYTES: Final = 4096
MAX_CHANNELS: Final = 8
RATE_HZ: Final = 16_000
BLOCK_SAMPLES: Final = 30 * RATE_HZ


class Kind(IntEnum):
    JOB = 1
    DATA = 2
    READ = 3
    INFO = 4
    AUDIO = 5
    FRAME = 6
    ERROR = 7
    END = 8


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the child shall do. `lacks` names the confinements this kernel is known not to have (see `confine`)."""

    operation: Literal["probe", "audio", "key-frames", "frames", "picture"]
    max_duration_ms: int
    max_px: int
    every_ms: int = 0
    """How far apart `frames` are wanted."""
    size_bytes: int = 0
    lacks: tuple[Literal["landlock", "seccomp"], ...] = ()


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the headers say. `container` is a short code; zeros where a kind has no such thing; duration None = not said."""

    container: str
    kind: Literal["audio", "video", "picture"]
    channels: int = 0
    rate_hz: int = 0
    duration_ms: int | None = None
    width: int = 0
    height: int = 0


def largest(kind: Kind, max_px: int) -> int:
    """The largest payload, in bytes, that a frame of this kind may have."""
    return {
        Kind.JOB: MAX_TEXT_BYTES,
        Kind.DATA: MAX_READ_BYTES,
        Kind.READ: READ.size,
        Kind.INFO: MAX_TEXT_BYTES,
        Kind.AUDIO: AUDIO.size + 4 * MAX_CHANNELS * BLOCK_SAMPLES,
        Kind.FRAME: FRAME.size + 3 * max_px,
        Kind.ERROR: 64,
        Kind.END: 0,
    }[kind]
