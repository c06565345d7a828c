"""An object's secret identity in two shares: LEGAL holds one, HR the other, neither alone says anything about it.

The identity's text (74 characters) is split by XOR: HR's half is random, LEGAL's is the text XOR it. Each half is locked
under the object's own key, which only the box has and can destroy (see `epochs`): so two officers cannot open behind the
box's back, and a share that survives its object's shredding, on the disk or in an old request, opens nothing even for both.

A share is wrapped (age) for every recipient of its role, as JSON that also names its object, its role and the box that made it:
age has no associated data and no sender, but nobody without an officer's key can change these words around a share they cannot
read. So an officer's tool knows, from the share itself, which object it opens and whose signature a request for it must bear.

Without any of our software: two officers decrypt their share with the stock `age` tool; the object's key (48-byte entries of the
epoch record) opens both base64 `share` fields (nonce, ChaCha20-Poly1305); XOR gives the identity.
"""

import secrets
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from edge_agent.errors import BadInput, SealBroken
from edge_agent.vault import age, epochs
from edge_agent.vault.refusal import broken
from edge_agent.vault.x25519 import Identity, Recipient


class Role(StrEnum):
    LEGAL = "legal"
    HR = "hr"


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One half: the object's id, whose half it is, the box's Ed25519 public key (32 bytes), and the locked half itself."""

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


def split(identity: Identity, *, object_id: str, box: bytes, key: bytes) -> dict[Role, Share]:
    """Two fresh halves of `identity`, locked under the object's `key`."""
    secret = identity.text.encode()
    pad = secrets.token_bytes(len(secret))
    halves = {Role.LEGAL: _xor(secret, pad), Role.HR: pad}
    return {
        role: Share(object=object_id, role=role, box=box, share=epochs.lock_away(key, _context(object_id, role), half))
        for role, half in halves.items()
    }


def join(locked: Mapping[Role, bytes], *, object_id: str, key: bytes) -> Identity:
    """The identity again; SealBroken when the halves are not this object's (its text carries a checksum)."""
    try:
        halves = {role: epochs.take_out(key, _context(object_id, role), half) for role, half in locked.items()}
        return Identity.parse(_xor(halves[Role.LEGAL], halves[Role.HR]).decode("ascii"))
    except (SealBroken, UnicodeDecodeError, ValueError, BadInput) as error:
        raise broken("share: the two shares do not belong together") from error


def _context(object_id: str, role: Role) -> str:
    return f"edge-agent share {object_id} {role}"


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
