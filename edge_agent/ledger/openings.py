"""Openings: who asked for which object, who released it, since when, until when, how often it was viewed. Never what for.

One row for each request, and a leaf of the audit log for each thing that happens to it: `opening.requested`, `object.opened`,
`opening.viewed`, `opening.ended` (reason `ended`, `expired` when its time was over, `lapsed` when it was never opened), and
`opening.refused` with a reason code for each attempt that was turned away. A row says nothing that its leaves do not: `replayed`
makes the rows of the leaves, and the integrity check compares them.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from edge_agent.errors import NotAllowed, NotFound
from edge_agent.ledger.audit import Chain
from edge_agent.ledger.database import Transaction

Wrote = Literal["content", "masked", "identity", "reasons"]
"""What somebody gets: `reasons` are codes and places alone, read from the content in memory."""
ASKED: Final = "asked"
OPEN: Final = "open"
ENDED: Final = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    """`requester`, `legal`, `hr` are key fingerprints ("box" where the box asked); times are UTC text, empty for not yet.

    `key_views`: how many of the views handed out the object's own key, which opens it for good.
    """

    request: str
    object: str
    requester: str
    binding: str
    minutes: int
    asked_at: str
    expires_at: str
    state: str = ASKED
    legal: str = ""
    hr: str = ""
    opened_at: str = ""
    until: str = ""
    views: int = 0
    key_views: int = 0
    ended_at: str = ""
    ended: str = ""


_SAYS: Final[dict[str, dict[str, str]]] = {
    "opening.requested": {
        name: name for name in ("request", "object", "requester", "binding", "minutes", "asked_at", "expires_at")
    },
    "object.opened": {"legal": "legal_key", "hr": "hr_key", "opened_at": "opened_at", "until": "until"},
    "opening.viewed": {"views": "view", "key_views": "key_views"},
    "opening.ended": {"ended": "reason", "ended_at": "ended_at"},
}
"""Kind of leaf -> column and the member of the leaf that says it."""
_STATES: Final = {"object.opened": {"state": OPEN}, "opening.ended": {"state": ENDED}}
COLUMNS: Final = ", ".join(f'"{column.name}"' for column in fields(OpeningRow))


def ask(tx: Transaction, chain: Chain, row: OpeningRow) -> None:
    """A request was made; NotAllowed when there was one with this id."""
    if find(tx, row.request) is not None:
        raise NotAllowed("this intent was used", remedy="ask again", zh="该申请书已使用，请重新发起", reason="used")
    values = [getattr(row, column.name) for column in fields(OpeningRow)]
    tx.execute(f"INSERT INTO openings ({COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - constants
    chain.append(
        tx, "opening.requested", object=row.object, request=row.request, requester=row.requester, binding=row.binding,
        minutes=row.minutes, asked_at=row.asked_at, expires_at=row.expires_at,
    )  # fmt: skip


def opened(
    tx: Transaction, chain: Chain, request: str, *, legal: tuple[str, str], hr: tuple[str, str], at: str, until: str
) -> None:
    """Both officers released it. `legal` and `hr` are (recipient, fingerprint). A second time only while it is open."""
    row = get(tx, request)
    if row.state == ENDED:
        raise NotAllowed("this request has ended", remedy="make a new request", zh="该申请已结束", reason="used")
    body = {"legal_key": legal[1], "hr_key": hr[1], "opened_at": at, "until": until}
    tx.execute(
        "UPDATE openings SET state = ?, legal = ?, hr = ?, opened_at = ?, until = ? WHERE request = ?",
        (OPEN, *body.values(), request),
    )
    chain.append(
        tx, "object.opened", object=row.object, request=request, requester=row.requester, legal=legal[0], hr=hr[0], **body
    )


def viewed(tx: Transaction, chain: Chain, request: str, wrote: Wrote) -> int:
    """Somebody is about to get its content, or its key; gives how often that was. NotAllowed when it is not open."""
    row = get(tx, request)
    if row.state != OPEN:
        raise NotAllowed("this request is not open", remedy="make a new request", zh="该申请未打开", reason="window-over")
    views, keys = row.views + 1, row.key_views + (wrote == "identity")
    tx.execute("UPDATE openings SET views = ?, key_views = ? WHERE request = ?", (views, keys, request))
    chain.append(tx, "opening.viewed", object=row.object, request=request, view=views, wrote=wrote, key_views=keys)
    return row.views + 1


def ended(tx: Transaction, chain: Chain, request: str, *, at: str, reason: str) -> bool:
    """It is over; False when it was already."""
    row = get(tx, request)
    if row.state == ENDED:
        return False
    tx.execute("UPDATE openings SET state = ?, ended_at = ?, ended = ? WHERE request = ?", (ENDED, at, reason, request))
    chain.append(tx, "opening.ended", object=row.object, request=request, reason=reason, views=row.views, ended_at=at)
    return True


def due(connection: sqlite3.Connection, at: str, over: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Requests that are to end at the time `at`, with the reason; `over` are those whose window is gone."""
    rows = connection.execute(
        "SELECT request, CASE state WHEN 'open' THEN 'expired' ELSE 'lapsed' END FROM openings "
        "WHERE (state = 'open' AND until <= ?) OR (state = 'asked' AND expires_at <= ?)", (at, at),
    ).fetchall()  # fmt: skip
    found = {str(request): str(reason) for request, reason in rows}
    for request in over:
        row = find(connection, request)
        if row is not None and row.state == OPEN:
            found[request] = "expired"
    return sorted(found.items())


def every(connection: sqlite3.Connection) -> list[OpeningRow]:
    """All openings, oldest request first."""
    return [_row(values) for values in connection.execute(f"SELECT {COLUMNS} FROM openings ORDER BY asked_at, request")]  # noqa: S608


def get(connection: sqlite3.Connection, request: str) -> OpeningRow:
    row = find(connection, request)
    if row is None:
        raise NotFound("no such request here", remedy="`edge-agent opening list` shows them", zh="本机没有这份申请")
    return row


def find(connection: sqlite3.Connection, request: str) -> OpeningRow | None:
    values = connection.execute(f"SELECT {COLUMNS} FROM openings WHERE request = ?", (request,)).fetchone()  # noqa: S608
    return None if values is None else _row(values)


def replayed(connection: sqlite3.Connection) -> dict[str, OpeningRow]:
    """What the leaves of the audit log say the rows are. A leaf of no request that was made here says nothing."""
    rows: dict[str, dict[str, Any]] = {}
    for kind, text in connection.execute(
        f"SELECT kind, body FROM audit WHERE kind IN ({', '.join('?' * len(_SAYS))}) ORDER BY seq", (*_SAYS,)  # noqa: S608 - marks
    ):  # fmt: skip
        body = json.loads(text)
        said = {column: body[member] for column, member in _SAYS[kind].items() if member in body}
        if kind == "opening.requested" and len(said) == len(_SAYS[kind]):
            rows[body["request"]] = {}
        if body.get("request") in rows:
            rows[body["request"]] |= said | _STATES.get(kind, {})
    return {request: OpeningRow(**row) for request, row in rows.items()}


def _row(values: tuple[Any, ...]) -> OpeningRow:
    return OpeningRow(**dict(zip((column.name for column in fields(OpeningRow)), values, strict=True)))
