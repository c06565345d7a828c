"""The documents by which a box gets its certificate: request, renewal, grant. Files that people carry; never an MQTT message.

Each is JSON whose last member is `signature`, as in `wire`: a request or renewal is signed by the box's signing key, a grant by
HQ's operations key. What makes strangers believe each other the first time is the claim code: `bound` is an HMAC under its key
over the whole document, in the request (HQ knows: the person with the code has this box) and in the grant (the box knows: these
are the CA and the HQ key of whoever gave out the code). A renewal needs no code: the present TLS key signs it as well.
"""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from edge_sync import signing, wire
from edge_sync.data import Closed
from edge_sync.scalars import BootId, Hash, Name, Time

Der = Annotated[bytes, Meta(min_length=64, max_length=8192)]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""An Ed25519 public key."""
Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}$(?!\n)")]
_UNBOUND: Final = "0" * 64


class _Asked(Closed, frozen=True, kw_only=True, tag_field="type"):
    gateway: Name
    tenant: Name
    boot_id: BootId
    at: Time
    csr: Der
    key: Key


class Request(_Asked, frozen=True, kw_only=True, tag="cn.sx.enrol.request.v1"):
    """A new box asks for the name it was promised."""

    bound: Hash = _UNBOUND


class Renewal(_Asked, frozen=True, kw_only=True, tag="cn.sx.enrol.renewal.v1"):
    """An enrolled box asks for its next certificate. `proof`: by the key of `certificate`, over this with an empty proof."""

    certificate: Der
    proof: Annotated[bytes, Meta(max_length=256)] = b""


class Grant(Closed, frozen=True, kw_only=True, tag_field="type", tag="cn.sx.enrol.grant.v1"):
    """HQ's answer. `request` = sha256 of the file it answers; `hq` = HQ's operations key; `bound` is zeros for a renewal."""

    gateway: Name
    tenant: Name
    at: Time
    request: Hash
    certificate: Der
    ca: Der
    hq: Key
    host: Host
    port: Annotated[int, Meta(ge=1, le=65535)]
    bound: Hash = _UNBOUND


Asked = Request | Renewal
_Bound = TypeVar("_Bound", Request, Grant)


def bind(document: _Bound, claim: bytes) -> _Bound:
    """The same document, bound to a claim's key."""
    return msgspec.structs.replace(document, bound=_binding(document, claim))


def is_bound(document: Request | Grant, claim: bytes) -> bool:
    return hmac.compare_digest(document.bound, _binding(document, claim))


def to_prove(renewal: Renewal) -> bytes:
    """What the present TLS key signs."""
    return msgspec.json.encode(msgspec.structs.replace(renewal, proof=b""))


def sealed(document: Asked | Grant, sign: wire.Sign) -> bytes:
    """The file: checked against its own type, then signed."""
    body = msgspec.json.encode(document)
    wire.parse(body, type(document))
    return wire.signed(body, sign)


def opened_request(payload: bytes) -> Asked:
    """A box's document, signed by the key it names; raises Malformed, BadSignature, Oversized."""
    asked: Asked = _opened(payload, Asked, lambda one: one.key)
    return asked


def opened_grant(payload: bytes) -> Grant:
    """HQ's document, signed by the key it names: whether that is HQ's key is for the caller to know. Raises as above."""
    grant: Grant = _opened(payload, Grant, lambda one: one.hq)
    return grant


def digest(payload: bytes) -> str:
    """How a grant names the request it answers."""
    return sha256(payload).hexdigest()


def _opened(payload: bytes, kind: Any, signer: Callable[[Any], bytes]) -> Any:
    document = wire.parse(wire.signed_part(payload, lambda _, __: True), kind)
    wire.signed_part(payload, signing.verifier(signer(document)))
    return document


def _binding(document: Request | Grant, claim: bytes) -> str:
    return hmac.new(claim, msgspec.json.encode(msgspec.structs.replace(document, bound=_UNBOUND)), sha256).hexdigest()
