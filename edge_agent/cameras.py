"""How the cameras of this box stand: what is configured, what who watches them says, and what the ledger counts. Read-only."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_agent import locks
from edge_agent.capture.cameras import post
from edge_agent.config import Config
from edge_agent.documents import CameraLine

if TYPE_CHECKING:
    from edge_agent.ledger.cameras import CameraCounts

OFF: Final = "off"
STALE_S: Final = 60.0


def standing(settings: Config, counted: "CameraCounts") -> list[CameraLine]:
    """One line for each configured camera. A word that is older than a minute, or of a process that ended, is none."""
    said = post.read(settings.paths.run)
    fresh = said is not None and locks.held(settings.paths.watching_lock) and _age_s(said.at) <= STALE_S
    posts = {one.id: one for one in said.cameras} if said is not None and fresh else {}
    lines = []
    for camera in settings.cameras:
        now = posts.get(camera.id)
        begun, over = counted.last_gap.get(camera.id, ("", ""))
        lines.append(
            CameraLine(
                id=camera.id, shows=camera.bay or camera.floor, state=OFF if now is None else now.state,
                since="" if now is None else now.since, reason="" if now is None else now.reason,
                waiting=counted.waiting.get(camera.id, 0), dropped=counted.dropped.get(camera.id, 0),
                gaps=counted.gaps.get(camera.id, 0), last_gap_from=begun, last_gap_to=over,
            )
        )  # fmt: skip
    return lines


def lost(settings: Config) -> int:
    """How many cameras deliver nothing though they should, for who may read no lock; all of them, where nobody watches."""
    said = post.read(settings.paths.run)
    if said is None or _age_s(said.at) > STALE_S:
        return len(settings.cameras)
    delivering = {one.id for one in said.cameras if one.state != "lost"}
    return sum(one.id not in delivering for one in settings.cameras)


def _age_s(at: str) -> float:
    try:
        return abs((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    except (TypeError, ValueError):
        return float("inf")
