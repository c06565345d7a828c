"""How this box is doing, as far as the process with the network can see: backlog, age, disk, temperature, cameras."""

import shutil
from datetime import datetime
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType

from edge_sync.messages import Health
from edge_sync.outbox import Outbox

_SENSOR = Path("/sys/class/thermal/thermal_zone0/temp")


class Cameras(Struct, frozen=True, kw_only=True):
    """`lost`: cameras of which nothing is recorded that should be. `dropped`: recordings left unread."""

    lost: int
    dropped: int


def report(outbox: Outbox, *, committed: int, boot_id: str, state: Path, at: datetime, cameras: Cameras | None = None) -> Health:
    """A health report; `state` is any folder on the disk that matters. May raise OutboxAway."""
    oldest = outbox.after(committed, 1)
    age_s = max(0, int((at - oldest[0].created_at).total_seconds())) if oldest else 0
    return Health(
        boot_id=boot_id,
        at=at,
        backlog=max(0, outbox.highest() - committed),
        oldest_s=age_s,
        disk_free_bytes=shutil.disk_usage(state).free,
        temperature_c=_temperature_c(),
        cameras_lost=UNSET if cameras is None else cameras.lost,
        recordings_dropped=UNSET if cameras is None else cameras.dropped,
    )


def _temperature_c() -> float | UnsetType:
    try:
        return int(_SENSOR.read_text()) / 1000
    except (OSError, ValueError):
        return UNSET
