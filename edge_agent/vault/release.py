"""One officer's part, on the officer's own machine: open the share of one's role and seal it for the request's session.

Before anything is released: the request bears the signature of the box that the share itself names; the share is of the object
that the request names; where a manager asks, the request says what that manager signed, and the manager is not this officer; the
request has not expired. The release is bound to the request's exact bytes and authenticated by what only this officer's key and
the session key share (X25519), so the box knows which officer released it. Alone it opens nothing.
"""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec

from edge_agent.errors import BadInput, NotAllowed, SealBroken
from edge_agent.vault import age, intent, signed
from edge_agent.vault.intent import ObjectId
from edge_agent.vault.managers import BOX, Manager
from edge_agent.vault.refusal import broken
from edge_agent.vault.request import CONTEXT, Request, binding
from edge_agent.vault.shares import Role, Share
from edge_agent.vault.x25519 import Identity, Recipient

_INFO: Final = b"edge-agent release v1"


class Release(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes back to the box. `sealed` holds the share for the session; `mac` covers every other member."""

    request: ObjectId
    object: ObjectId
    binding: str
    role: Role
    officer: str
    sealed: bytes
    mac: bytes = b""

    def authenticated(self, own: Identity, other: Recipient) -> bytes:
        """The MAC, computable with the officer's and with the session's identity."""
        body = msgspec.json.encode(msgspec.structs.replace(self, mac=b""))
        return hmac.digest(own.agree(other, _INFO), body, sha256)


def read(document: bytes) -> Request:
    """What a request says, for showing it; nothing of it is verified yet."""
    return signed.unchecked(document, Request, CONTEXT)


def release(document: bytes, identity: Identity, *, now: datetime) -> Release:
    """Release the share that `identity` can open. `now` is the officer's clock, aware UTC.

    Raises:
        NotAllowed: the request has expired, this key opens no share of it, or it opens both; or it is the requester's own.
        SealBroken: the request was changed, is not the box's, says other than the manager signed, or has another object's share.
    """
    request = read(document)
    role, share = _own_share(request, identity)
    signed.check(document, Request, CONTEXT, share.box)
    if (share.role, share.object) != (role, request.object):
        raise broken("request: it carries a share of another object or role")
    _check_requester(request, identity)
    if now >= request.expires_at:
        raise NotAllowed("the request has expired", remedy="ask for a new one", zh="申请已过期，请让申请方重新发起")
    try:
        to = Recipient.parse(request.session)
    except BadInput as error:
        raise broken("request: its session key is not one") from error
    unsigned = Release(
        request=request.id, object=request.object, binding=binding(document), role=role,
        officer=str(identity.recipient), sealed=age.encrypt_bytes([to], share.share),
    )  # fmt: skip
    return msgspec.structs.replace(unsigned, mac=unsigned.authenticated(identity, to))


def box_of(document: bytes, identity: Identity) -> bytes:
    """Public key of the box that made a request, from the officer's own share in it; NotAllowed, SealBroken."""
    _, share = _own_share(read(document), identity)
    signed.check(document, Request, CONTEXT, share.box)
    return share.box


def _check_requester(request: Request, identity: Identity) -> None:
    if request.requester == BOX:
        if request.intent:
            raise broken("request: the box asks, and yet it carries an intent")
        return
    said = intent.read(request.intent)
    asked = (request.id, request.object, request.purpose, request.minutes, request.expires_at, request.requester)
    if (said.id, said.object, said.purpose, said.minutes, said.expires_at, said.manager) != asked:
        raise broken("request: it says other than the manager signed")
    if Manager.parse(said.manager).recipient == identity.recipient:
        raise NotAllowed("you asked for this yourself", remedy="another officer has to release it", zh="不能放行自己发起的申请")


def _own_share(request: Request, identity: Identity) -> tuple[Role, Share]:
    opened = []
    for role, wrapped in ((Role.LEGAL, request.legal), (Role.HR, request.hr)):
        try:
            opened.append((role, Share.unwrap(wrapped, identity)))
        except SealBroken:
            continue
    if len(opened) > 1:
        raise NotAllowed(
            "this key opens both shares", remedy="no one may hold LEGAL and HR", zh="同一把密钥不能同时担任法务与人事"
        )
    if not opened:
        raise NotAllowed(
            "this key opens no share of this request", remedy="use the key enrolled for this box, and an unchanged request",
            zh="这把密钥不能打开该申请中的任何份额",
        )  # fmt: skip
    return opened[0]
