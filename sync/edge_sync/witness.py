"""HQ as witness: whether a gateway's new checkpoint grew out of the newest one that HQ holds. Pure; the store keeps the verdicts.

Checkpoints of a stream are judged in the order of their sequence, once everything before them has arrived, so that a late
row is never taken for a shrunk log. An alarm is kept as evidence and not cosigned, except `replaced`: a gateway that names a new
log was set up anew or wants to be rid of its history; people must ask which, and from then on the new log is followed.
A gateway whose rows go on coming while none of its checkpoints is followed is `silent`: nobody witnesses what it does now.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from msgspec import Struct

from edge_sync import checkpoint, merkle, signing
from edge_sync.checkpoint import Cosignature, Head
from edge_sync.data import Checkpoint
from edge_sync.messages import AuditEnvelope, Witness

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]


class Verdict(StrEnum):
    FIRST = "first"
    CONSISTENT = "consistent"
    REPEATED = "repeated"
    REPLACED = "replaced"
    FORKED = "forked"
    SHRUNK = "shrunk"
    UNPROVED = "unproved"
    BAD_SIGNATURE = "bad-signature"

    @property
    def alarming(self) -> bool:
        return self not in {Verdict.FIRST, Verdict.CONSISTENT, Verdict.REPEATED}

    @property
    def followed(self) -> bool:
        """Whether this head becomes the newest of its log, and is cosigned."""
        return self in {Verdict.FIRST, Verdict.CONSISTENT, Verdict.REPLACED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A checkpoint as HQ keeps it: where it came (`epoch`, `seq`), what it says (hex root, base64 signature), what HQ thinks.

    `key` is the public key by which it was judged, whatever this gateway signs with by now. `acknowledged`: people know why this
    log was begun. `counter` is for the signed `Witness` to send now; 0 = none is due.
    """

    tenant: str
    gateway: str
    epoch: str
    seq: int
    origin: str
    size: int
    root: str
    signature: str
    key: bytes
    verdict: Verdict
    judged_at: datetime
    acknowledged: bool = False
    counter: int = 0

    @property
    def alarming(self) -> bool:
        return self.verdict.alarming and not self.acknowledged

    @property
    def signed_s(self) -> int:
        """The second that HQ's cosignature names."""
        return int(self.judged_at.timestamp())

    def head(self, sign: Sign) -> Head:
        """With HQ's cosignature where it is followed; Ed25519 gives the same bytes each time."""
        root = bytes.fromhex(self.root)
        cosignature = None
        if self.verdict.followed:
            said = checkpoint.cosigned_text(checkpoint.text(self.origin, self.size, root), self.signed_s)
            cosignature = Cosignature(signed_s=self.signed_s, signature=sign(said))
        return Head(
            origin=self.origin, size=self.size, root=root, signature=base64.b64decode(self.signature), cosignature=cosignature
        )  # fmt: skip


class CheckpointLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One checkpoint as `edge-hq audit` shows and exports it; `key` is its log's, `note` the signed note, in an export."""

    gateway: str
    origin: str
    size: int
    root: str
    key: str
    verdict: str
    alarm: bool
    judged_at: datetime
    note: str = ""

    @classmethod
    def of(cls, kept: Kept, *, note: str = "") -> Self:
        return cls(
            gateway=kept.gateway, origin=kept.origin, size=kept.size, root=kept.root, key=signing.text_of(kept.key),
            verdict=str(kept.verdict), alarm=kept.alarming, judged_at=kept.judged_at, note=note,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When HQ took in the first and the newest row of a gateway's current stream."""

    gateway: str
    first_at: datetime
    last_at: datetime


class SilentLine(Struct, frozen=True, kw_only=True):
    """A gateway whose rows came until `heard_at`, long after its newest followed checkpoint (`judged_at`; null = none ever)."""

    gateway: str
    judged_at: datetime | None
    heard_at: datetime


class CheckpointsReport(Struct, frozen=True, kw_only=True):
    """`edge-hq audit list --json`. `n` counts all checkpoints of those gateways, `alarms` those that people must ask about."""

    checkpoints: tuple[CheckpointLine, ...]
    n: int
    alarms: int
    silent: tuple[SilentLine, ...]


def judge(newest: Kept | None, offered: Checkpoint, *, verify: Verify, other_log: bool = False) -> Verdict:
    """What to think of `offered`. `newest` = the newest followed one of the same origin; `other_log` = HQ follows another origin
    of this gateway; `verify` is the gateway's key.
    """
    root = bytes.fromhex(offered.root)
    if not verify(checkpoint.text(offered.origin, offered.size, root), base64.b64decode(offered.signature)):
        return Verdict.BAD_SIGNATURE
    if newest is None:
        return Verdict.REPLACED if other_log else Verdict.FIRST
    if offered.size < newest.size:
        return Verdict.SHRUNK
    if offered.size == newest.size:
        return Verdict.REPEATED if offered.root == newest.root else Verdict.FORKED
    proof = next((one for one in offered.proofs if one.size == newest.size), None)
    if proof is None:
        return Verdict.UNPROVED
    hashes = [bytes.fromhex(one) for one in proof.hashes]
    grown = merkle.extends(newest.size, bytes.fromhex(newest.root), offered.size, root, hashes)
    return Verdict.CONSISTENT if grown else Verdict.FORKED


def silent(found: Iterable[Kept], heard: Iterable[Heard], *, after: timedelta) -> tuple[SilentLine, ...]:
    """The gateways that sent rows for longer than `after` since the newest of `found` that was followed, or the first row."""
    newest = {one.gateway: one.judged_at for one in found if one.verdict.followed}
    return tuple(
        SilentLine(gateway=one.gateway, judged_at=newest.get(one.gateway), heard_at=one.last_at)
        for one in heard
        if one.last_at - newest.get(one.gateway, one.first_at) > after
    )


def examined(envelope: AuditEnvelope, newest: Kept | None, *, key: bytes, other_log: bool, at: datetime) -> Kept:
    """One checkpoint judged, ready to be kept. `key` is the gateway's now; a log that HQ follows keeps the key it began with."""
    said = envelope.data
    key = key if newest is None else newest.key
    verify = signing.verifier(key)
    return Kept(
        tenant=envelope.tenant, gateway=envelope.gateway, epoch=envelope.epoch, seq=envelope.seq, origin=said.origin,
        size=said.size, root=said.root, signature=said.signature, key=key, judged_at=at,
        verdict=judge(newest, said, verify=verify, other_log=other_log),
    )  # fmt: skip


def cosigned(kept: Kept, sign: Sign) -> Witness:
    """HQ's message to the gateway about a followed checkpoint; `sign` is the operations key."""
    cosignature = kept.head(sign).cosignature
    assert cosignature is not None, "only what is followed is cosigned"
    return Witness(
        gateway=kept.gateway, counter=kept.counter, origin=kept.origin, size=kept.size, root=kept.root,
        signed_s=cosignature.signed_s, cosignature=base64.b64encode(cosignature.signature).decode(),
    )  # fmt: skip
