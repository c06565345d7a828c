"""`edge-agent demo`: the whole product on bundled samples, as the separate processes it really is.

An embedded broker, HQ's sink, the worker and the uplink are started; two sales calls and a shelf video are renamed into the
inbox; the rest is waiting and reading what came out. A listener on the broker keeps every byte that left. The demo holds the
two officers' keys, which no one person does outside it, to show the evidence picture the way two officers would open it.
"""

from dataclasses import dataclass, field
from pathlib import Path

GATEWAY = "demo-gateway"
TENANT = "demo"
PATIENCE_S = 900.0


@dataclass(slots=True)
class Stage:
    """The demo's folders and what it learns on the way."""

    root: Path
    sample_of: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.root / "box"

    @property
    def hq(self) -> Path:
        return self.root / "hq"

    @property
    def officers(self) -> Path:
        return self.root / "officers"
