"""The box asks its officers to release one object: a signed request goes out, its session key stays here.

A request names object, purpose, expiry and who asks (with a manager's signed intent, where managers are enrolled), carries both
wrapped shares, and a recipient made for this request alone. It is signed by the box; its `binding` (sha256 of its exact bytes) is
what a release is bound to. The session's identity lies in `keys/sessions/`, 0600, until it is used or expired; turning the clock
back does not keep it (see `span`). The purpose is read by the officers and stays in these files; it is never logged or sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import ids
from edge_agent.errors import NotAllowed, NotFound
from edge_agent.vault import durable, intent, managers, signed
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.intent import MINUTES, Intent, Minutes, ObjectId, Purpose
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.managers import BOX, Manager
from edge_agent.vault.shares import Role
from edge_agent.vault.span import Moment, Span, Uptime
from edge_agent.vault.wraps import checked
from edge_agent.vault.x25519 import Identity

CONTEXT: Final = "request"


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officers get. `session` is an age recipient; `legal` and `hr` are the wrapped shares.

    `requester` is a manager, whose signed `intent` says the same as this request, or "box" and no intent.
    """

    id: ObjectId
    object: ObjectId
    purpose: Purpose
    minutes: Minutes
    requester: str
    intent: bytes
    created_at: Moment
    expires_at: Moment
    session: str
    legal: bytes
    hr: bytes

    def __post_init__(self) -> None:
        if not self.purpose.isprintable():
            raise ValueError("the purpose has characters that do not print")


class Session(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the box keeps of a request. `identity` is secret and opens the releases made for it."""

    id: str
    object: str
    purpose: str
    minutes: int
    requester: str
    span: Span
    binding: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was made; `document` is what goes to both officers."""

    id: str
    object_id: str
    requester: str
    minutes: int
    expires_at: datetime
    binding: str
    document: bytes


def ask(
    vault: DeviceVault, object_id: str, *, purpose: str, hours: float, now: datetime, minutes: int = MINUTES,
    up: Uptime | None = None,
) -> Asked:  # fmt: skip
    """The box's own request for one object, and its kept session. `now` is aware UTC.

    Raises:
        NotAllowed: managers are enrolled here, so that one of them has to ask.
        NotFound: no such object here. SealBroken: its manifest or a share is damaged. BadInput: see `intent.bounded`.
    """
    purpose = intent.bounded(purpose, hours, minutes)
    if managers.enrolled(vault.keys):
        raise NotAllowed(
            "on this box a manager asks", remedy="`edge-officer ask` on the manager's machine, then `request --intent`",
            zh="本机已登记经理，须由经理用自己的密钥发起申请", reason="manager-needed",
        )  # fmt: skip
    said = Intent(
        id=ids.new_id(), object=object_id, purpose=purpose, minutes=minutes, created_at=now,
        expires_at=now + timedelta(hours=hours), manager=BOX,
    )  # fmt: skip
    return _asked(vault, said, b"", now=now, up=up)


def ask_for(vault: DeviceVault, document: bytes, *, now: datetime, up: Uptime | None = None) -> Asked:
    """The request that a manager's signed intent asks for, and its kept session.

    Raises:
        NotAllowed: who signed it is not enrolled here or is an officer; it has expired or is in use.
        SealBroken: it was changed. NotFound: no such object here. BadInput: it would be valid for more than 168 hours.
    """
    said = intent.read(document)
    manager = Manager.parse(said.manager)
    if managers.is_officer(vault.keys, manager):
        raise NotAllowed(
            "an officer cannot ask", remedy="somebody who does not release has to ask", zh="法务或人事放行人不能自己发起申请",
            reason="requester-is-officer",
        )  # fmt: skip
    if manager not in managers.enrolled(vault.keys):
        raise NotAllowed(
            "who asks is no manager of this box", remedy="enrol the manager's key first: `edge-agent opening managers --add`",
            zh="申请人未在本机登记", reason="not-a-manager",
        )  # fmt: skip
    if now >= said.expires_at:
        raise NotAllowed("the intent has expired", remedy="ask again", zh="申请已过期，请重新发起", reason="expired")
    intent.bounded(said.purpose, (said.expires_at - now) / timedelta(hours=1), said.minutes)  # by our clock, not the manager's
    if durable.exists(_path(vault.keys, said.id)):
        raise NotAllowed("this intent was used", remedy="ask again", zh="该申请书已使用，请重新发起", reason="used")
    return _asked(vault, said, document.strip(), now=now, up=up)


def _asked(vault: DeviceVault, said: Intent, document: bytes, *, now: datetime, up: Uptime | None) -> Asked:
    vault.manifest(said.object)
    wrapped = vault.wrapped_shares(said.object)
    once = Identity.generate()
    request = Request(
        id=said.id, object=said.object, purpose=said.purpose, minutes=said.minutes, requester=said.manager, intent=document,
        created_at=now, expires_at=said.expires_at, session=str(once.recipient), legal=wrapped[Role.LEGAL], hr=wrapped[Role.HR],
    )  # fmt: skip
    sent = signed.sign(request, CONTEXT, vault.keys.sign)
    up = up or Uptime.here()
    session = Session(
        id=said.id, object=said.object, purpose=said.purpose, minutes=said.minutes, requester=said.manager,
        span=Span.begin(now, said.expires_at - now, up), binding=binding(sent), identity=once.text,
    )  # fmt: skip
    forget_expired(vault.keys, now=now, up=up)
    durable.write(_path(vault.keys, said.id), msgspec.json.encode(session))
    return Asked(
        id=said.id, object_id=said.object, requester=said.manager, minutes=said.minutes, expires_at=said.expires_at,
        binding=session.binding, document=sent + b"\n",
    )  # fmt: skip


def binding(document: bytes) -> str:
    """sha256 over a signed request: object, purpose, expiry, session and shares together."""
    return sha256(document.strip()).hexdigest()


def session(keys: DeviceKeys, request_id: str) -> Session:
    """The kept session; NotAllowed when it was used, has expired, or belongs to another box."""
    try:
        raw = durable.read(_path(keys, request_id))
        return msgspec.json.decode(raw, type=Session)
    except (NotFound, msgspec.DecodeError) as error:
        raise NotAllowed(
            "no open request here fits this share: it was used, has expired, or was made on another box",
            remedy="make a new request and ask both officers again", zh="没有对应的有效申请：已使用、已过期或不是本机发出的",
            reason="used",
        ) from error  # fmt: skip


def forget(keys: DeviceKeys, request_id: str) -> None:
    """Destroy a session: what was released for it opens nothing any more; idempotent."""
    durable.shred(_path(keys, request_id))


def forget_expired(keys: DeviceKeys, *, now: datetime, up: Uptime | None = None) -> int:
    """Destroy every session that has expired or cannot be read; gives their number."""
    gone, up = 0, up or Uptime.here()
    for name in durable.settled_names(_folder(keys)):
        stem = name.removesuffix(".json")
        try:
            expired = session(keys, stem).span.is_over(now, up)
        except (NotAllowed, NotFound):
            expired = True
        if expired:
            gone += durable.shred(_folder(keys) / name)
    return gone


def _path(keys: DeviceKeys, request_id: str) -> Path:
    return _folder(keys) / (checked(request_id) + ".json")


def _folder(keys: DeviceKeys) -> Path:
    return durable.folder(keys.folder / "sessions")
