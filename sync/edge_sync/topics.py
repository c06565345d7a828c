"""The topic tree `sx/v1/{tenant}/{gateway}/{leaf}`: built and taken apart in one place."""

import re
from dataclasses import dataclass
from typing import Final

ROOT: Final = "sx/v1"
ROW_LEAVES: Final = frozenset({"tags", "backfill", "audit", "case"})
"""Leaves that carry signed envelopes of the outbox."""
UP_LEAVES: Final = ROW_LEAVES | {"birth", "state", "health"}
KEPT_LEAVES: Final = frozenset({"committed", "witness"})
"""Leaves that HQ writes retained: a gateway that comes back learns where it stands."""
GATEWAY_WRITES: Final = UP_LEAVES
"""What a broker's access rules let a gateway write."""
GATEWAY_READS: Final = ("committed", "witness", "cmd/+")
"""What they let it read, and never write."""
_TOPIC: Final = re.compile(r"sx/v1/([a-z0-9][a-z0-9-]{0,62})/([a-z0-9][a-z0-9-]{0,62})/([a-z]{1,16}(?:/[a-z]{1,16})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Who a topic belongs to, and its last part (`tags`, `cmd/replay` …)."""

    tenant: str
    gateway: str
    leaf: str

    @property
    def topic(self) -> str:
        return f"{ROOT}/{self.tenant}/{self.gateway}/{self.leaf}"


def parse(topic: str) -> Address | None:
    """The address in a topic, or None when it is not of this tree."""
    found = _TOPIC.fullmatch(topic)
    return None if found is None else Address(tenant=found[1], gateway=found[2], leaf=found[3])
