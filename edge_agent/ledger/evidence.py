"""What an auditor takes away and brings along: heads as notes, the proof of one row, HQ's checkpoints held against this file.

Everything here reads through one connection in one view (`LedgerReader.viewing`). Ed25519 signatures are deterministic, so the
head of any size the log ever had can be signed again and is the one that was signed then.
"""

import base64
import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from edge_agent.errors import BadInput, LedgerBroken
from edge_agent.ledger import audit, witnessing
from edge_agent.ledger.audit import Row, Sign
from edge_agent.ledger.database import meta
from edge_agent.ledger.tree import Tree
from edge_sync import checkpoint, signing
from edge_sync.checkpoint import Cosignature, Head
from edge_sync.errors import SyncError
from edge_sync.witness import CheckpointLine, Verdict

LINE_BYTES: Final = 8192
_ZH: Final = "总部的检查点与本机审计记录不一致"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Public keys, 32 bytes each; `hq` is empty on a box that has no HQ."""

    gateway: bytes
    hq: bytes


def head(view: sqlite3.Connection, sign: Sign, size: int = 0) -> Head:
    """The signed head of that size, by default of the log as it stands."""
    size = size or Tree(view).size()
    root = Tree(view).root(size)
    signature = base64.b64decode(audit.head_signature(view, size, root, sign))
    return Head(origin=meta(view, "origin"), size=size, root=root, signature=signature)


def witnessed(view: sqlite3.Connection, sign: Sign, hq: bytes) -> Head | None:
    """The newest head that HQ cosigned with the key that is in force now (`hq`, 32 bytes; empty = there is no HQ), or None.

    Raises:
        LedgerBroken: HQ cosigned a history that is not the one in this file.
    """
    held = witnessing.newest(view)
    if held is None or not hq:
        return None
    text = checkpoint.text(held.origin, held.size, bytes.fromhex(held.root))
    cosignature = Cosignature(signed_s=held.signed_s, signature=base64.b64decode(held.cosignature))
    if not signing.verifier(hq)(checkpoint.cosigned_text(text, cosignature.signed_s), cosignature.signature):
        return None
    tree = Tree(view)
    if held.size > tree.size() or tree.root(held.size).hex() != held.root:
        raise _contradicted(held.size)
    ours = head(view, sign, held.size)
    return Head(origin=ours.origin, size=ours.size, root=ours.root, signature=ours.signature, cosignature=cosignature)


def rows(view: sqlite3.Connection, *, kind: str = "", since: str = "", about: str = "") -> Sequence[Row]:
    """Rows in their order: of a kind or of a family of kinds (`recording`), from a stamp on, that name an id."""
    return [
        row for row in audit.rows(view)
        if (not kind or row.kind == kind or row.kind.startswith(f"{kind}.")) and row.at >= since
        and (not about or json.dumps(about) in row.body)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """HQ's heads of this log, and what else HQ knows of this gateway: logs that were begun anew, before or after this one."""

    heads: Sequence[Head]
    others: Sequence[str]


def read_checkpoints(lines: Iterable[bytes], origin: str, keys: Keys) -> Brought:
    """The heads of the log `origin` in a file that HQ exported. Those of other logs must hold by the key that HQ kept of them.

    Raises:
        BadInput: "not-checkpoints", "bad-signature", "none-of-this-log".
    """
    hq_verify = signing.verifier(keys.hq) if keys.hq else None
    found, others = [], []
    for line in lines:
        said = _said(line)
        name = said.note.partition("\n")[0]
        try:
            key = keys.gateway if name == origin else signing.public_key(said.key)
            head = checkpoint.read(said.note, key, signing.verifier(key), hq_key=keys.hq, hq_verify=hq_verify)
        except SyncError as error:
            raise BadInput("bad-signature", error.message, remedy="fetch the file from HQ again", zh="检查点签名不成立") from None
        if name == origin:
            found.append(head)
        if name.rpartition("/")[0] == origin.rpartition("/")[0] and (name != origin or said.verdict == Verdict.REPLACED):
            others.append(f"{name} ({said.verdict}, {said.judged_at:%Y-%m-%dT%H:%M:%SZ})")
    if not found:
        raise BadInput("none-of-this-log", "that file holds no checkpoint of this box's log", remedy="ask HQ for this gateway's",
                       zh="文件中没有本机的检查点")  # fmt: skip
    return Brought(heads=found, others=others)


def compare(view: sqlite3.Connection, heads: Sequence[Head]) -> int:
    """Hold HQ's heads against the tree; the size up to which they vouch. LedgerBroken names the first that contradicts it."""
    tree = Tree(view)
    size = tree.size()
    for one in sorted(heads, key=lambda head: head.size):
        if one.size > size:
            raise LedgerBroken(f"HQ has seen audit row {one.size}, this log ends at row {size}", remedy=_REMEDY, zh=_ZH)
        if tree.root(one.size) != one.root:
            raise _contradicted(one.size)
    return max((one.size for one in heads), default=0)


def _said(line: bytes) -> CheckpointLine:
    try:
        if len(line) <= LINE_BYTES:
            return msgspec.json.decode(line, type=CheckpointLine)
    except (ValueError, RecursionError):
        pass
    raise BadInput("not-checkpoints", "that file is not one of HQ's checkpoints", remedy="edge-hq audit export makes it",
                   zh="这不是总部导出的检查点文件")  # fmt: skip


def _contradicted(size: int) -> LedgerBroken:
    return LedgerBroken(f"audit row {size} or one before it is not what HQ was shown", remedy=_REMEDY, zh=_ZH)


_REMEDY: Final = "keep the file as it is and call the compliance officer"
