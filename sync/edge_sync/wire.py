"""The only way in and out: `seal` turns a message into signed bytes, `open` and `open_order` turn bytes into a message.

A signed message is UTF-8 JSON whose LAST member is `,"signature":"<88 base64 characters>"}`; the Ed25519 signature covers
exactly the bytes before that member, plus `}`. Rules:
- what leaves is decoded again before it leaves, so nothing outside the closed types can be sent;
- what comes up must be byte for byte what our encoder writes: a second key, a space or an escape has no room to hide in;
- more than `PACK_BYTES` may be zstd-compressed (magic 28 B5 2F FD); unpacking is bounded and takes one frame, no more;
- messages of errors name the place, never the value. Keys are the caller's: this module only sees `sign` and `verify`.
"""

import base64
import binascii
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from edge_sync.data import (
    CaseData,
    Checkpoint,
    Evidence,
    FloorData,
    FloorZone,
    Gap,
    Proof,
    Range,
    Rule,
    Share,
    ShelfBrand,
    ShelfData,
    ShelfMeasure,
    ShelfReading,
    Slots,
    Tag,
    TagsData,
)
from edge_sync.errors import BadSignature, Malformed, Oversized, Unlisted
from edge_sync.messages import (
    AuditEnvelope,
    Birth,
    CaseEnvelope,
    Command,
    Committed,
    Envelope,
    FloorEnvelope,
    GapEnvelope,
    Health,
    Order,
    Rebirth,
    Replay,
    ShelfEnvelope,
    State,
    TagsEnvelope,
    Witness,
)

__all__ = [
    "AuditEnvelope", "Birth", "CaseData", "CaseEnvelope", "Checkpoint", "Command", "Committed", "Envelope", "Evidence",
    "FloorData", "FloorEnvelope", "FloorZone", "Gap", "GapEnvelope", "Health", "Order", "Proof", "Range", "Rebirth", "Replay",
    "Rule", "Share", "ShelfBrand", "ShelfData", "ShelfEnvelope", "ShelfMeasure", "ShelfReading", "Slots", "State", "Tag",
    "TagsData", "TagsEnvelope", "Witness", "envelope", "open", "open_birth", "open_order", "parse", "plain", "seal", "signed",
]  # fmt: skip

Sign = Callable[[bytes], bytes]
"""Message -> 64 bytes of Ed25519."""
Verify = Callable[[bytes, bytes], bool]
"""(message, signature) -> whether it holds."""

MAX_BYTES: Final = 2**20
"""Largest message, unpacked."""
PACK_BYTES: Final = 4096
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_MARK: Final = b',"signature":"'
_SIGNATURE_CHARS: Final = 88
_TAIL: Final = len(_MARK) + _SIGNATURE_CHARS + 2

Signed = Envelope | Birth | Order
_T = TypeVar("_T")
_TYPES: Final[dict[type, Any]] = {
    TagsData: TagsEnvelope,
    ShelfData: ShelfEnvelope,
    FloorData: FloorEnvelope,
    CaseData: CaseEnvelope,
    Gap: GapEnvelope,
    Checkpoint: AuditEnvelope,
}


def envelope(
    *,
    tenant: str,
    gateway: str,
    epoch: str,
    seq: int,
    time: datetime,
    recorded: datetime,
    data: TagsData | ShelfData | FloorData | CaseData | Gap | Checkpoint,
) -> Envelope:
    """The CloudEvents envelope of one outbox row; `time` and `recorded` are aware, `seq` starts at 1.

    Raises:
        Malformed: a part is outside its pattern (checked fully only by `seal`).
    """
    try:
        made: Envelope = _TYPES[type(data)](
            id=f"{gateway}/{epoch}/{seq}",
            source=f"urn:sx:{tenant}:{gateway}",
            time=time,
            recordedtime=recorded,
            sequence=f"{seq:020}",
            data=data,
        )
    except ValueError as error:
        raise Malformed("envelope: id, source and sequence disagree, or a time or sequence is out of range") from error
    return made


def seal(message: Signed, sign: Sign, *, codes: Container[str] | None = None, values: Container[str] | None = None) -> bytes:
    """Signed bytes of a message, ready to publish; the same bytes every time.

    `codes` is the closed set of event ids of the ruleset in force; `values` the closed set of SKUs, brands, topics, bays,
    slots, floors and zones. Either may be None: then only the patterns hold.

    Raises:
        Malformed: the message breaks its own type.
        Unlisted: a code or value is outside the closed set given.
        Oversized: more than `MAX_BYTES`.
    """
    kind = type(message)
    # A caller's ints in float fields and other spellings of the same value are gone after one decode.
    checked: Signed = _decode(_encode(message), kind)
    _check_listed(checked, codes, values)
    body = _encode(checked)
    if _decode(body, kind) != checked:
        raise Malformed(f"{kind.__name__}: does not survive its own encoding")
    payload = signed(body, sign)
    if len(payload) > MAX_BYTES:
        raise Oversized(f"{kind.__name__}: {len(payload)} bytes", remedy="split the batch")
    return _pack(payload) if len(payload) > PACK_BYTES else payload


def signed(body: bytes, sign: Sign) -> bytes:
    """A JSON object with its signature as last member; `signed_part` is the way back."""
    return body[:-1] + _MARK + base64.b64encode(sign(body)) + b'"}'


def plain(message: State | Health) -> bytes:
    """Unsigned bytes of a liveness message, checked like all others."""
    body = _encode(_decode(_encode(message), type(message)))
    _decode(body, type(message))
    return body


def open(payload: bytes, verify: Verify) -> Envelope:  # noqa: A001 - it is what one does with an envelope
    """The envelope in `payload`, after its signature.

    Raises:
        BadSignature, Malformed, Oversized: see `errors`.
    """
    message: Envelope = _open_exact(payload, verify, Envelope)
    return message


def open_birth(payload: bytes, verify: Verify) -> Birth:
    """The birth in `payload`, after its signature; raises like `open`."""
    message: Birth = _open_exact(payload, verify, Birth)
    return message


def open_order(payload: bytes, verify: Verify) -> Order:
    """HQ's watermark or command; raises like `open`. Its JSON need not be spelled as ours: HQ may be anyone's software."""
    order: Order = _decode(signed_part(payload, verify), Order)
    return order


def parse(payload: bytes, kind: type[_T]) -> _T:
    """Bytes without a signature, or whose signature is another's concern; raises Malformed or Oversized."""
    message: _T = _decode(unpack(payload), kind)
    return message


def signed_part(payload: bytes, verify: Verify) -> bytes:
    """The bytes that the signature covers, once it holds; for what is signed but may be malformed."""
    raw = unpack(payload)
    mark, rest = raw[-_TAIL : -_TAIL + len(_MARK)], raw[-_TAIL + len(_MARK) :]
    if mark != _MARK or rest[_SIGNATURE_CHARS:] != b'"}':
        raise BadSignature("message: no signature as its last member")
    try:
        signature = base64.b64decode(rest[:_SIGNATURE_CHARS], validate=True)
    except binascii.Error:
        raise BadSignature("message: signature is not base64") from None
    body = raw[:-_TAIL] + b"}"
    canonical = base64.b64encode(signature) == rest[:_SIGNATURE_CHARS]
    if len(signature) != 64 or not canonical or not verify(body, signature):
        raise BadSignature("message: signature does not verify", remedy="check that gateway's enrolled key")
    return body


def unpack(payload: bytes) -> bytes:
    """The JSON bytes of a payload, packed or not; at most `MAX_BYTES`."""
    if len(payload) > MAX_BYTES:
        raise Oversized(f"message: {len(payload)} bytes")
    if not payload.startswith(ZSTD_MAGIC):
        return payload
    import zstandard  # noqa: PLC0415 - most messages are small, and `--help` needs none

    try:
        # The frame's own claim bounds the buffer, and a frame that lies about it is refused by the library.
        if zstandard.frame_content_size(payload) not in range(1, MAX_BYTES + 1):
            raise Oversized("message: unpacks beyond the limit, or does not say how far")
        raw: bytes = zstandard.ZstdDecompressor().decompress(payload, allow_extra_data=False)
    except zstandard.ZstdError:
        raise Malformed("message: not one whole zstd frame") from None
    return raw


def _pack(raw: bytes) -> bytes:
    import zstandard  # noqa: PLC0415

    return zstandard.ZstdCompressor(level=3, write_content_size=True).compress(raw)


def _open_exact(payload: bytes, verify: Verify, kind: Any) -> Any:
    body = signed_part(payload, verify)
    message = _decode(body, kind)
    if _encode(message) != body:
        raise Malformed("message: not spelled as our encoder spells it")
    return message


def _encode(message: object) -> bytes:
    try:
        return msgspec.json.encode(message)
    except (TypeError, ValueError) as error:
        raise Malformed(f"{type(message).__name__}: cannot be encoded") from error


def _decode(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # The library's own text may quote a value; the path in it is ours.
        _, _, place = str(error).rpartition(" - at ")
        where = place.strip("`") if place.startswith("`$") else "$"
        raise Malformed(f"message: outside the contract at {where}") from None


def _check_listed(message: Signed, codes: Container[str] | None, values: Container[str] | None) -> None:
    if codes is not None and isinstance(message, TagsEnvelope):
        for tag in message.data.tags:
            if tag.code not in codes or tag.rule.id not in codes:
                raise Unlisted("tag: its code is not of the ruleset in force", remedy="publish the ruleset first")
            if isinstance(tag.slots.missing, str) and tag.slots.missing not in codes:
                raise Unlisted("tag: names an event that is not of the ruleset in force")
    if values is not None and not all(value in values for value in _named(message)):
        raise Unlisted("message: a SKU, brand, topic, bay, slot, floor or zone outside the closed lists")


def _named(message: Signed) -> Iterator[str]:
    """Every open-ended code of a message: what a pattern alone cannot close."""
    if isinstance(message, TagsEnvelope):
        found: list[object] = [
            value
            for tag in message.data.tags
            for value in (
                tag.slots.sku, tag.slots.seen_sku, tag.slots.brand, tag.slots.topic, tag.slots.bay, tag.slots.slot
            )
        ]  # fmt: skip
    elif isinstance(message, ShelfEnvelope):
        found = [message.data.bay, *(v for one in message.data.readings for v in (one.slot, one.sku))]
    elif isinstance(message, FloorEnvelope):
        found = [message.data.floor, *(one.zone for one in message.data.zones)]
    else:
        found = []
    return (value for value in found if isinstance(value, str))
