"""What a message from the link is, before anything is stored: accepted, or rejected with a reason. No I/O, never raises.

The topic says who speaks (the broker's access rules pin it to a certificate), the signature proves it, and the envelope must
say the same. A message that is signed but not understood is kept whole and its sequence counts as arrived, so that one bad row
cannot hold up the ones behind it; one that is not signed by the gateway's key leaves only its digest.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from edge_sync import topics, wire
from edge_sync.errors import Malformed, WireError
from edge_sync.scalars import LAST_SEQ
from edge_sync.signing import verifier
from edge_sync.store import Accepted, Arrival, Born, Gateway, Rejected, Seen

_ID: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,62})/([0-9a-f][0-9a-f-]{3,35})/([1-9][0-9]{0,15})")


class _Named(msgspec.Struct):
    """Only who and which: read from signed bytes whose contract we do not know."""

    id: str
    source: str


def examine(topic: str, payload: bytes, registry: Callable[[str], Gateway | None]) -> Arrival:
    """Classify one message; `registry` finds an enrolled gateway by name."""
    address = topics.parse(topic)
    if address is None or address.leaf not in topics.UP_LEAVES:
        return _rejected("", "topic", "unknown-topic", payload)
    gateway = registry(address.gateway)
    if gateway is None or gateway.tenant != address.tenant:
        return _rejected("", address.leaf, "unknown-gateway", payload)
    if gateway.revoked:
        return _rejected(gateway.name, address.leaf, "revoked", payload)
    try:
        return _signed_or_liveness(gateway, address.leaf, payload)
    except WireError as error:
        return _rejected(gateway.name, address.leaf, error.reason, payload)


def _signed_or_liveness(gateway: Gateway, leaf: str, payload: bytes) -> Arrival:
    match leaf:
        case "birth":
            return _birth(gateway, payload)
        case "state":
            return Seen(gateway=gateway.name, state=wire.parse(payload, wire.State).state)
        case "health":
            return Seen(gateway=gateway.name, health=wire.parse(payload, wire.Health))
        case _:
            return _envelope(gateway, leaf, payload)


def _birth(gateway: Gateway, payload: bytes) -> Arrival:
    birth = wire.open_birth(payload, verifier(gateway.key))
    if (birth.gateway, birth.tenant) != (gateway.name, gateway.tenant):
        return _rejected(gateway.name, "birth", "wrong-sender", payload)
    return Born(birth=birth, payload=payload)


def _envelope(gateway: Gateway, leaf: str, payload: bytes) -> Arrival:
    verify = verifier(gateway.key)
    try:
        envelope = wire.open(payload, verify)
    except Malformed as error:
        return _settled(gateway, leaf, error.reason, payload, verify)
    if (envelope.gateway, envelope.tenant) != (gateway.name, gateway.tenant):
        return _rejected(gateway.name, leaf, "wrong-sender", payload)
    return Accepted(envelope=envelope, payload=payload)


def _settled(gateway: Gateway, leaf: str, reason: str, payload: bytes, verify: wire.Verify) -> Rejected:
    """Signed by this gateway but outside our contract: kept as a dead letter under its own sequence."""
    try:
        named = msgspec.json.decode(wire.signed_part(payload, verify), type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError):
        return _rejected(gateway.name, leaf, reason, payload)
    found = _ID.fullmatch(named.id)
    if (
        found is None
        or found[1] != gateway.name
        or int(found[3]) > LAST_SEQ
        or named.source != f"urn:sx:{gateway.tenant}:{gateway.name}"
    ):
        return _rejected(gateway.name, leaf, reason, payload)
    return Rejected(
        gateway=gateway.name,
        leaf=leaf,
        reason=reason,
        sha256=sha256(payload).hexdigest(),
        size_bytes=len(payload),
        epoch=found[2],
        seq=int(found[3]),
        payload=payload,
    )


def _rejected(gateway: str, leaf: str, reason: str, payload: bytes) -> Rejected:
    digest = sha256(payload).hexdigest()
    return Rejected(gateway=gateway, leaf=leaf, reason=reason, sha256=digest, size_bytes=len(payload))
