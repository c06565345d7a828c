"""What everybody who took part is told: a signed receipt of one opening, for the requester, for LEGAL and for HR.

It says who asked, who released, which object, since when, until when and how often it was viewed; persons are fingerprints of
their keys. The box signs it; who holds it checks that against what they know: an officer against the request they released and
the box that their own share of it names, anybody against the box's public key.
"""

from datetime import datetime
from typing import Final

import msgspec

from edge_agent.errors import NotAllowed
from edge_agent.vault import release, request, signed
from edge_agent.vault.intent import ObjectId
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.refusal import broken
from edge_agent.vault.span import Moment
from edge_agent.vault.x25519 import Identity

CONTEXT: Final = "receipt"
READERS: Final = ("requester", "legal", "hr")


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`to` is whom it is for. `binding` is the sha256 of the request. `ended_at` is None and `ended` empty while it is open.

    `key_views`: how many of the views handed out the object's own key, which opens it for good, not its content alone.
    `requester`, `legal` and `hr` are key fingerprints ("box" where no manager is enrolled; empty: nobody released).
    """

    to: str
    request: ObjectId
    object: ObjectId
    binding: str
    requester: str
    legal: str
    hr: str
    asked_at: Moment
    opened_at: Moment | None
    until: Moment | None
    ended_at: Moment | None
    ended: str
    views: int
    key_views: int
    issued_at: Moment
    box: bytes


def sign(said: Receipt, keys: DeviceKeys) -> bytes:
    return signed.sign(said, CONTEXT, keys.sign) + b"\n"


def check(document: bytes, box: bytes) -> Receipt:
    """The receipt, if the box with this public key (32 bytes) signed it; else SealBroken."""
    said = signed.check(document, Receipt, CONTEXT, box)
    if said.box != box:
        raise broken("receipt: it names another box")
    return said


def check_against(document: bytes, asked: bytes, identity: Identity) -> Receipt:
    """The receipt, if it is of the request `asked` and signed by the box that the officer's own share in there names.

    Raises:
        SealBroken: it is not, or was changed. NotAllowed: it is of another request, or this key opens no share of it.
    """
    said = check(document, release.box_of(asked, identity))
    if (said.request, said.binding) != (release.read(asked).id, request.binding(asked)):
        raise NotAllowed(
            "this receipt is of another request", remedy="give the request that you released", zh="回执属于另一份申请"
        )
    return said


def moment(text: str) -> datetime | None:
    """A time as the ledger keeps it; empty is None."""
    return datetime.fromisoformat(text) if text else None
