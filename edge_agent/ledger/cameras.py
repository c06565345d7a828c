"""What the ledger knows of each camera: recordings that wait, that were dropped unread, and its gaps from the audit log."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from edge_agent.domain.recording import DROPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCounts:
    """`last_gap`: from and to, as they were entered; empty where there never was one."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    gaps: Mapping[str, int] = field(default_factory=dict)
    last_gap: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def counts(view: sqlite3.Connection) -> CameraCounts:
    """Of all cameras that ever delivered anything here."""
    gaps: Counter[str] = Counter()
    last: dict[str, tuple[str, str]] = {}
    for (body,) in view.execute("SELECT body FROM audit WHERE kind = 'camera.gap' ORDER BY seq"):
        said = json.loads(body)
        gaps[said["camera"]] += 1
        last[said["camera"]] = (said["from"], said["to"])
    return CameraCounts(
        waiting=_count(view, "state = 'sealed' AND parked = ''"), dropped=_count(view, f"reason = '{DROPPED}'"), gaps=gaps,
        last_gap=last,
    )  # fmt: skip


def last_seen(view: sqlite3.Connection) -> Mapping[str, datetime]:
    """When each camera was there for the last time: the end of its last recording, or since when it was lost or unwatched."""
    owners = dict(
        view.execute("SELECT id, json_extract(circumstances, '$.camera') AS camera FROM recordings WHERE camera <> ''").fetchall()
    )
    wanted = set(owners.values())
    found: dict[str, datetime] = {}
    rows = view.execute(
        "SELECT at, body FROM audit WHERE kind IN ('recording.sealed', 'camera.lost', 'camera.unwatched') ORDER BY seq DESC"
    )
    for at, body in rows:
        said = json.loads(body)
        camera = said.get("camera") or owners.get(said.get("recording", ""), "")
        if camera and camera not in found:
            found[camera] = datetime.fromisoformat(said.get("from", at))
            if wanted <= set(found):
                break
    return found


def _count(view: sqlite3.Connection, which: str) -> dict[str, int]:
    found = view.execute(
        f"SELECT json_extract(circumstances, '$.camera') AS camera, COUNT(*) FROM recordings WHERE {which} "  # noqa: S608 - our own
        "AND camera <> '' GROUP BY camera"
    )
    return dict(found.fetchall())
