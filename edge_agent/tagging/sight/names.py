"""The names in which scans are told, and which of them anything on this box measures.

Shelf, per slot: `facings` (where they cannot be counted, 1 = at least one), `planned_facings`, `facing_ratio`, `view_occluded`,
`in_planned_slot` (true also where nothing stands: nothing is out of its place there), `confidence`, `tag_detected`; of its tag
`abs_price_diff` (yuan), `consistent_reads`, `promo_active`. Per SKU: `eye_level_facings`, `eye_level_agreed`, `total_facings`.
Per bay: `visible_ratio`, `calibration_match`, `compliance`, `empty_ratio`, `own_share`, `competitor_share`, `agreed_max_share`,
`category_facings`. Floor: see `shelf.floor.states`. What scans do not tell and `memory` derives is in `DERIVED`.

Not measured by anything here, so that their events are inert: `promo_items_missing` and `competitor_promo_items` (promotional
material is not recognised), and of the floor what would need a person to be followed: `unassisted_share`, and `arrivals`, which
only goes with it.
"""

from typing import Final

from edge_agent.lexicon.conditions import parse
from edge_agent.lexicon.model import Event

SHELF: Final = frozenset(
    {
        "facings", "planned_facings", "facing_ratio", "view_occluded", "in_planned_slot", "confidence", "tag_detected",
        "abs_price_diff", "consistent_reads", "promo_active", "compliance", "visible_ratio", "calibration_match",
        "competitor_share", "agreed_max_share", "category_facings", "eye_level_facings", "eye_level_agreed", "total_facings",
    }
)  # fmt: skip
FLOOR: Final = frozenset(
    {
        "customers", "staff", "counter_staff", "queue_len", "max_staff_in_zone", "unattended_waiting_zones",
        "dwell_vs_store_avg", "dwell_samples", "zone_staff_time_share", "zone_customer_dwell_share",
    }
)  # fmt: skip
DERIVED: Final = frozenset(
    {
        "consecutive_audits", "own_share_drop", "was_out_of_stock", "was_unstaffed", "increasing_samples", "empty_ratio_gain",
        "open_hours",
    }
)  # fmt: skip
MEASURED: Final = SHELF | FLOOR | DERIVED

AUDITS: Final = "consecutive_audits"
GATES: Final = frozenset(
    {"view_occluded", "visible_ratio", "confidence", "consistent_reads", "category_facings", "dwell_samples", "arrivals",
     AUDITS}
)  # fmt: skip
"""Whether a look may be judged at all: where such a condition does not hold nothing is known, so nothing is refuted either."""
WAS: Final = {"was_out_of_stock": "shelf.out_of_stock", "was_unstaffed": "floor.counter_unstaffed"}
"""Names that ask whether an event was there before; the event that asks is an answer to it, and over at once."""
SUSPENDING: Final = ("floor.camera_moved", "shelf.view_blocked")
"""While one of these holds nothing else is judged at its place, the later ones in this list included."""


def over_scans(event: Event) -> bool:
    """Whether the event is judged here, over scans."""
    waits = event.source in ("shelf", "floor") and event.kind == "sequence" and event.temporal.within_h is not None
    return event.kind == "visual" or waits


def asked(event: Event) -> frozenset[str]:
    """Every name in its conditions."""
    return frozenset(name for c in [*(event.temporal.all or []), *(event.temporal.any or [])] for name in parse(c).names)


def unmeasured(event: Event) -> str:
    """Why an event over scans cannot come about on any box, "" if it can."""
    missing = asked(event) - MEASURED
    return "no scan measures " + ", ".join(sorted(missing)) if missing else ""
