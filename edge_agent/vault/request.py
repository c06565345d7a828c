"""The box asks its officers to release one object: a signed request goes out, its session key stays here.

A request names object, purpose and expiry, carries both wrapped shares, and a recipient made for this request alone. It is signed
by the box; its `binding` (sha256 of its exact bytes) is what a release is bound to. The session's identity lies in
`keys/sessions/`, 0600, until it is used or expired. The purpose is read by the officers and stays in these files; it is never
logged or sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec

from edge_agent import ids
from edge_agent.errors import BadInput, NotAllowed, NotFound
from edge_agent.vault import durable, signed
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.shares import Role
from edge_agent.vault.wraps import checked
from edge_agent.vault.x25519 import Identity

CONTEXT: Final = "request"
LONGEST_HOURS: Final = 168.0
_LONGEST_PURPOSE: Final = 300
ObjectId = Annotated[str, msgspec.Meta(pattern=f"^{ids.ID_PATTERN.pattern}$(?!\\n)")]
Purpose = Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_PURPOSE)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the officers get. `session` is an age recipient; `legal` and `hr` are the wrapped shares."""

    id: ObjectId
    object: ObjectId
    purpose: Purpose
    created_at: _Moment
    expires_at: _Moment
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
    expires_at: _Moment
    binding: str
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that was made; `document` is what goes to both officers."""

    id: str
    object_id: str
    expires_at: datetime
    document: bytes


def ask(vault: DeviceVault, object_id: str, *, purpose: str, hours: float, now: datetime) -> Asked:
    """Make a request for one object and keep its session. `now` is aware UTC.

    Raises:
        NotFound: no such object here. SealBroken: its manifest or a share is damaged.
        BadInput: "bad-purpose" (1 to 300 printable characters), "bad-hours" (above 0, up to 168).
    """
    purpose = purpose.strip()
    if not (purpose.isprintable() and 0 < len(purpose) <= _LONGEST_PURPOSE):
        raise BadInput(
            "bad-purpose",
            "the purpose is 1 to 300 printable characters",
            remedy="say it in one line",
            zh="用途应为一行文字，1 到 300 字",
        )
    if not 0 < hours <= LONGEST_HOURS:
        raise BadInput(
            "bad-hours",
            "a request is valid for more than 0 and at most 168 hours",
            remedy="choose --hours",
            zh="有效期须在 168 小时以内",
        )
    vault.manifest(object_id)
    wrapped = vault.wrapped_shares(object_id)
    once = Identity.generate()
    request = Request(
        id=ids.new_id(), object=object_id, purpose=purpose, created_at=now, expires_at=now + timedelta(hours=hours),
        session=str(once.recipient), legal=wrapped[Role.LEGAL], hr=wrapped[Role.HR],
    )  # fmt: skip
    document = signed.sign(request, CONTEXT, vault.keys.sign)
    session = Session(
        id=request.id,
        object=object_id,
        purpose=purpose,
        expires_at=request.expires_at,
        binding=binding(document),
        identity=once.text,
    )
    forget_expired(vault.keys, now=now)
    durable.write(_path(vault.keys, request.id), msgspec.json.encode(session))
    return Asked(id=request.id, object_id=object_id, expires_at=request.expires_at, document=document + b"\n")


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
        ) from error  # fmt: skip


def forget(keys: DeviceKeys, request_id: str) -> None:
    """Destroy a session: what was released for it opens nothing any more; idempotent."""
    durable.destroy(_path(keys, request_id))


def forget_expired(keys: DeviceKeys, *, now: datetime) -> int:
    """Destroy every session that has expired or cannot be read; gives their number."""
    gone = 0
    for name in durable.names(_folder(keys)):
        stem = name.removesuffix(".json")
        try:
            expired = now >= session(keys, stem).expires_at
        except (NotAllowed, NotFound):
            expired = True
        if expired:
            gone += durable.destroy(_folder(keys) / name)
    return gone


def _path(keys: DeviceKeys, request_id: str) -> Path:
    return _folder(keys) / (checked(request_id) + ".json")


def _folder(keys: DeviceKeys) -> Path:
    return durable.folder(keys.folder / "sessions")
