"""What is known from earlier scans of a place, and the facts that follow from it. All that is derived is derived here.

- `consecutive_audits`: how many looks in a row, this one included, met the event's other conditions; what was not assessable
  counts as no look. Below what the event asks for, nothing is refuted: it is only not yet known.
- `own_share_drop`: mean of `own_share` in the scans of the 7 days before, minus the one now; unknown below `MIN_SHARES` scans.
- `increasing_samples`: how many samples of `empty_ratio` the rising run counts that this scan ends, its first one included;
  `empty_ratio_gain`: how much it rose over that run.
- `was_out_of_stock`, `was_unstaffed`: the event was final in an earlier scan and was not answered since.
- `open_hours`: whether the shop is open when the look begins, as configured; unknown where nobody said.

What a scan itself measured under one of these names is not derived again.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from edge_agent.domain.history import DAY_MS
from edge_agent.domain.hours import OpenHours
from edge_agent.domain.observation import Observation
from edge_agent.lexicon.conditions import Fact
from edge_agent.tagging.sight.model import Visual
from edge_agent.tagging.sight.names import AUDITS, WAS
from edge_agent.tagging.sight.run import Grounds, Look, Run

SHARES_MS: Final = 7 * DAY_MS
MIN_SHARES: Final = 3
DIGITS: Final = 6
"""Shares are compared as decimals: 0.45 - 0.35 is 0.1."""


class Rising(Struct, kw_only=True):
    """A rising run of `empty_ratio`."""

    first: float
    last: float
    samples: int = 1


class Pending(Struct, kw_only=True):
    """Something that has to be answered by `by_ms`, since the look that began it; `fired` once it was found unanswered."""

    first: Look
    by_ms: int
    grounds: Grounds
    fired: Run | None = None


class Memory(Struct, kw_only=True):
    """All that goes from one scan of a place to the next."""

    runs: dict[str, Run] = field(default_factory=dict)
    shares: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    rising: dict[str, Rising] = field(default_factory=dict)
    audits: dict[str, int] = field(default_factory=dict)
    unanswered: dict[str, list[str]] = field(default_factory=dict)
    """Event -> subjects at which it was final and was not answered since."""
    pending: dict[str, Pending] = field(default_factory=dict)

    def enriched(self, one: Observation, look: Look, hours: OpenHours) -> dict[str, Fact]:
        """The values of an observation with what follows from earlier scans; the observation is remembered by that."""
        return {**dict(self._derived(one.subject, dict(one.values), look, hours)), **dict(one.values)}

    def _derived(self, subject: str, said: Mapping[str, Fact], look: Look, hours: OpenHours) -> Iterator[tuple[str, Fact]]:
        is_open = hours.open_at(look.since)
        if is_open is not None:
            yield "open_hours", is_open
        for name, event in WAS.items():
            yield name, subject in self.unanswered.get(event, ())
        if "own_share" in said:
            drop = self._drop(subject, float(said["own_share"]), look.since)
            if drop is not None:
                yield "own_share_drop", drop
        if "empty_ratio" in said and not said.get("view_occluded"):
            rising = self._risen(subject, float(said["empty_ratio"]))
            yield "increasing_samples", rising.samples
            yield "empty_ratio_gain", round(rising.last - rising.first, DIGITS)

    def _drop(self, subject: str, share: float, at_ms: int) -> float | None:
        before = [(at, one) for at, one in self.shares.get(subject, ()) if at_ms - SHARES_MS <= at]
        self.shares[subject] = [*before, (at_ms, share)]
        if len(before) < MIN_SHARES:
            return None
        return round(sum(one for _, one in before) / len(before) - share, DIGITS)

    def _risen(self, subject: str, ratio: float) -> Rising:
        run = self.rising.get(subject)
        if run is None or ratio <= run.last:
            run = self.rising[subject] = Rising(first=ratio, last=ratio)
        else:
            run.last, run.samples = ratio, run.samples + 1
        return run

    def audited(self, event: Visual, subject: str, values: Mapping[str, Fact]) -> Mapping[str, Fact]:
        """The values with the event's own `consecutive_audits`, where that is asked for and not measured."""
        if not event.counts or AUDITS in values:
            return values
        shown, key = event.shown(values), f"{event.id}|{subject}"
        if shown is None:
            return values
        self.audits[key] = self.audits.get(key, 0) + 1 if shown else 0
        return {**values, AUDITS: self.audits[key]}
