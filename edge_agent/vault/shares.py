"""An object's secret identity in two shares: LEGAL holds one, HR the other, neither alone says anything about it.

The identity's text (74 characters) is split by XOR: HR's share is random, LEGAL's is the text XOR it. A share is wrapped (age)
for every recipient of its role, as JSON that also names its object, its role and the box that made it: age has no associated data
and no sender, but nobody without an officer's key can change these words around a share they cannot read. So an officer's tool
knows, from the share itself, which object it opens and whose signature a request for it must bear.

Without any of our software: two officers decrypt their share with the stock `age` tool and XOR the two base64 `share` fields.
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from edge_agent.errors import BadInput
from edge_agent.vault import age
from edge_agent.vault.refusal import broken
from edge_agent.vault.x25519 import Identity, Recipient


class Role(StrEnum):
    LEGAL = "legal"
    HR = "hr"


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One half: the object's id, whose half it is, the box's Ed25519 public key (32 bytes), and the half itself."""

    object: str
    role: Role
    box: bytes
    share: bytes

    def wrap(self, recipients: tuple[Recipient, ...]) -> bytes:
        """Sealed for any one of `recipients`."""
        return age.encrypt_bytes(recipients, msgspec.json.encode(self))

    @classmethod
    def unwrap(cls, sealed: bytes, identity: Identity) -> "Share":
        """Open a wrapped share; SealBroken when it is not for `identity` or was changed."""
        try:
            return msgspec.json.decode(age.decrypt_bytes([identity], sealed), type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise broken("share: not the document it should be") from error


def split(identity: Identity, *, object_id: str, box: bytes) -> dict[Role, Share]:
    """Two fresh halves of `identity`."""
    secret = identity.text.encode()
    pad = secrets.token_bytes(len(secret))
    return {
        Role.LEGAL: Share(object=object_id, role=Role.LEGAL, box=box, share=_xor(secret, pad)),
        Role.HR: Share(object=object_id, role=Role.HR, box=box, share=pad),
    }


def join(halves: Mapping[Role, bytes]) -> Identity:
    """The identity again; SealBroken when the halves are not of one whole (its text carries a checksum)."""
    legal, hr = halves[Role.LEGAL], halves[Role.HR]
    if len(legal) != len(hr):
        raise broken("share: the two shares do not belong together")
    try:
        return Identity.parse(_xor(legal, hr).decode("ascii"))
    except (UnicodeDecodeError, BadInput) as error:
        raise broken("share: the two shares do not belong together") from error


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
