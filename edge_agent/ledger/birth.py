"""The birth message: who this box is right now, signed by the worker because the uplink holds no key."""

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Final, Literal

import msgspec

from edge_agent.errors import BadConfig
from edge_agent.ledger.database import Transaction, meta
from edge_agent.ledger.terms import Terms
from edge_sync import wire
from edge_sync.errors import WireError

SCHEMAS: Final = ("cn.sx.tags.v1", "cn.sx.shelf.v1", "cn.sx.floor.v1", "cn.sx.case.v1", "cn.sx.gap.v1", "cn.sx.audit.v1")
_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What the app knows of this box: versions, digests (hex), and what it can do. All of it is told to HQ."""

    software: str
    models: tuple[str, ...]
    """`name` or `name@digest`, as in the manifest."""
    lexicons: str
    ruleset: str
    recipients: str
    """Digest of the signed set of officers."""
    capabilities: tuple[str, ...] = ("calls", "shelf", "floor", "channel")
    privacy: str = "tags-only"


def sealed(tx: Transaction, terms: Terms, presence: Presence) -> bytes:
    """A birth with the outbox as it is now; BadConfig when a fact of the box does not fit the contract."""
    highest, committed = int(meta(tx, "highest")), int(meta(tx, "committed"))
    first, depth = tx.execute(
        "SELECT COALESCE(MIN(seq), 0), COUNT(*) FILTER (WHERE committed_at = '') FROM outbox WHERE state = 'live'"
    ).fetchone()
    facts = {
        "type": "cn.sx.birth.v1", "tenant": terms.tenant, "gateway": terms.gateway, "boot_id": terms.boot.id,
        "epoch": meta(tx, "epoch"), "at": terms.clock.now().astimezone(UTC), "software": presence.software,
        "models": presence.models, "lexicons": presence.lexicons, "ruleset": presence.ruleset,
        "recipients": presence.recipients, "schemas": SCHEMAS, "capabilities": presence.capabilities,
        "outbox_depth": depth, "first_seq": first, "last_seq": highest, "committed": committed, "clock": clock_state(),
        "privacy": presence.privacy,
    }  # fmt: skip
    try:
        return wire.seal(msgspec.convert(facts, wire.Birth), terms.sign)
    except (msgspec.ValidationError, WireError) as error:
        raise BadConfig(
            "birth: a fact of this box does not fit the contract", remedy="check gateway, tenant and versions"
        ) from error


def clock_state() -> Literal["synchronised", "unknown"]:
    """Whether systemd's time client has a server; without it nothing is claimed."""
    return "synchronised" if _SYNCHRONISED.exists() else "unknown"
