"""Who may ask for an opening: managers, each with a key file of the usual kind (age), from which a signing key is derived.

A manager is written "edge-manager1…": the Ed25519 key that signs what they ask for, and the age recipient of the same key
file. So somebody who asks with the key file of a LEGAL or HR officer is recognised as that officer, and refused. That two key
files belong to two persons no cryptography can show: it is decided where managers are enrolled.

The box's list is `managers.json` in its key folder, signed by the box. Without that file nobody is enrolled and the box
itself asks: requests, log and receipts then say "box". Whoever deletes the list cannot open anything by it, and the officers
see who asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.errors import BadConfig, BadInput
from edge_agent.vault import bech32, durable, signed
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.x25519 import Identity, Recipient

BOX: Final = "box"
"""Who asks where no manager is enrolled."""
_PREFIX: Final = "edge-manager"
_FILE: Final = "managers.json"
_CONTEXT: Final = "managers"
_INFO: Final = b"edge-agent manager signature v1"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Manager:
    """Public: `signing` is Ed25519, 32 bytes; `recipient` says which key file it is."""

    signing: bytes
    recipient: Recipient

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "edge-manager1…"; BadInput "not-a-manager" for anything else."""
        try:
            prefix, content = bech32.decode(text)
            if prefix == _PREFIX and len(content) == 2 * _KEY_BYTES:
                recipient = Recipient.parse(bech32.encode("age", content[_KEY_BYTES:]))
                return cls(signing=content[:_KEY_BYTES], recipient=recipient)
        except (ValueError, BadInput):
            pass
        raise BadInput(
            "not-a-manager", "not a manager's key", remedy="paste the whole line edge-manager1… that keygen --manager printed",
            zh="不是有效的经理公钥，请粘贴完整的 edge-manager1… 一行",
        )  # fmt: skip

    @classmethod
    def of(cls, identity: Identity) -> Self:
        return cls(signing=_key(identity).public_key().public_bytes_raw(), recipient=identity.recipient)

    def __str__(self) -> str:
        return bech32.encode(_PREFIX, self.signing + self.recipient.point)


class _Enrolled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    managers: list[str]


def signer(identity: Identity) -> Callable[[bytes], bytes]:
    """Signs as the manager whose key file this is."""
    return _key(identity).sign


def named(requester: str) -> str:
    """A requester as ledger and receipts name it: "box", or the fingerprint of the manager's key."""
    return BOX if requester == BOX else Manager.parse(requester).recipient.fingerprint


def enrolled(keys: DeviceKeys) -> tuple[Manager, ...]:
    """The box's managers; none when it has no list. SealBroken when the list is not the one this box signed."""
    path = keys.folder / _FILE
    if not durable.exists(path):
        return ()
    return tuple(map(Manager.parse, signed.check(durable.read(path), _Enrolled, _CONTEXT, keys.public).managers))


def digest(keys: DeviceKeys) -> str:
    """sha256 of the list, empty or not: a change of it is an audit event."""
    return sha256("\n".join(sorted(map(str, enrolled(keys)))).encode()).hexdigest()


def enrol(keys: DeviceKeys, texts: Sequence[str]) -> tuple[Manager, ...]:
    """Put a new list in place of the old, durably; the caller logs the change.

    Raises:
        BadInput: "not-a-manager". BadConfig: a key twice, or one of an officer.
    """
    found = tuple(Manager.parse(text.strip()) for text in texts)
    for number, one in enumerate(found, 1):
        if is_officer(keys, one):
            raise BadConfig(
                f"manager[{number}]: this is an officer's key", remedy="one person, one role, one key",
                zh="申请人不能是法务或人事放行人",
            )  # fmt: skip
        if one in found[: number - 1]:
            raise BadConfig(f"manager[{number}]: given twice", remedy="give each key once", zh="同一把公钥不能重复")
    durable.write(keys.folder / _FILE, signed.sign(_Enrolled(managers=[str(one) for one in found]), _CONTEXT, keys.sign))
    return found


def is_officer(keys: DeviceKeys, manager: Manager) -> bool:
    """Whether the manager's key file is that of an officer on the box's lists."""
    return manager.recipient in (*keys.recipients.legal, *keys.recipients.hr)


def _key(identity: Identity) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(identity.derive(_INFO))
