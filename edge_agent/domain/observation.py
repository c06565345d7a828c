"""What a scan measured, in the words of the event models: names, numbers and yes or no. Nothing is judged here.

The names are those that visual event models use in their conditions (`facings`, `view_occluded`, `queue_len` …). A name that is
absent is unknown: no condition on it holds, and none is refuted.
"""

from dataclasses import dataclass
from datetime import datetime

from edge_agent.domain.tags import SlotValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was measured of one subject in one scan.

    `subject`: "" = the whole place, else "slot:r1s2", "sku:…", "zone:…", "brand:…"; together with the place it is what events
    open and close for. `values` in the names of the event models. `from_ms` .. `until_ms`: over which stretch of the recording it
    held. `slots` go into the tag (sku, slot, bay, brand, price …); `detail` are ids and numbers with units for the evidence.
    """

    subject: str
    values: tuple[tuple[str, float | bool], ...]
    from_ms: int
    until_ms: int
    confidence: float = 1.0
    slots: tuple[tuple[str, SlotValue], ...] = ()
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One scan of a place: its recording, when it began, and all that was observed."""

    recording: str
    place: str
    began_at: datetime
    observations: tuple[Observation, ...]
