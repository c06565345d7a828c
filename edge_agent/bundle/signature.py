"""Who made a bundle: Ed25519 over the bytes of SHA256SUMS, with a key file as `edge-hq keygen` writes it.

Use a key that does nothing else and lies offline. Here the wire's refusals about keys become ours.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from edge_agent.errors import BadInput
from edge_sync import signing
from edge_sync.errors import Refused


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """`public` is base64, as `bundle verify --key` takes it."""

    public: str
    sign: Callable[[bytes], bytes]


def signer(key: Path) -> Signer:
    """BadInput "key": the file is absent, open to others, or not a key."""
    try:
        private = signing.load(key)
    except Refused as error:
        raise BadInput("key", error.message, remedy=error.remedy, zh="签名私钥不可用") from error
    return Signer(public=signing.text_of(signing.public_of(private)), sign=signing.signer(private))


def matches(content: bytes, signature: bytes, public: str) -> bool:
    """Whether `signature` is by the key `public` (base64); BadInput "key" when that is not one."""
    try:
        key = signing.public_key(public)
    except Refused as error:
        raise BadInput("key", error.message, remedy=error.remedy, zh="签名公钥格式不对") from error
    return signing.verifier(key)(content, signature)
