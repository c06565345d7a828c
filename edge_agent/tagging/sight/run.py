"""One event at one subject, from the first look that shows it to its end.

A *look* is one assessed observation; what is not assessable is no look, and neither opens nor closes nor breaks a run. A run is
**open since** its first look. It is *proven*, and its tag final, once it is sustained: either the looks of one uninterrupted
stretch span `sustain_s` by themselves, or 3 of its last 5 looks held and the last of them ended `sustain_s` after the first
began. It is *refuted* by two looks in a row, or by 3 of its last 5: before it was proven that withdraws the tag, afterwards it
closes the event. So a single wrong look opens nothing for good and closes nothing. Without `sustain_s` one look proves it.

On a floor things move: a run that nobody looked at for `LAPSE_MS` is over before it was proven. A shelf stays as it was.
"""

from typing import Final

from msgspec import Struct, field

from edge_agent.lexicon.conditions import Fact

LOOKS: Final = 5
HELD: Final = 3
IN_A_ROW: Final = 2
TOUCH_MS: Final = 5_000
"""Two stretches that lie no further apart are one: where a stream was cut into recordings."""
LAPSE_MS: Final = {"floor": 120_000}
KEPT: Final = 8
"""So many looks are named in the evidence, the first and the last ones."""

Value = str | int | float


class Look(Struct, kw_only=True, frozen=True):
    """Where a look lies: offsets are into its recording."""

    recording: str
    began_ms: int
    from_ms: int
    until_ms: int

    @property
    def since(self) -> int:
        return self.began_ms + self.from_ms

    @property
    def until(self) -> int:
        return self.began_ms + self.until_ms


class Grounds(Struct, kw_only=True, frozen=True):
    """What a look showed: the values that the event asks for, how sure, and what goes into tag and evidence."""

    values: dict[str, Fact]
    confidence: float = 1.0
    slots: tuple[tuple[str, Value], ...] = ()
    detail: tuple[tuple[str, str], ...] = ()


class Run(Struct, kw_only=True):
    """`scans` and the counts stop growing once it is proven, so that its tag stays what it was."""

    event: str
    subject: str
    first: Look
    grounds: Grounds
    """Of the first look, or of the one that proved it."""
    stretch_since: int
    last_until: int
    verdicts: list[bool] = field(default_factory=list)
    scans: list[Look] = field(default_factory=list)
    held: int = 0
    looks: int = 0
    confidence: float = 1.0
    proven: Look | None = None
    stamp_ms: int | None = None
    """Where the event stands, when that is not its first look: ms since 1970."""

    @property
    def key(self) -> str:
        return f"{self.event}|{self.subject}"

    def holds(self, look: Look, grounds: Grounds, sustain_ms: int) -> bool:
        """Another look that shows it (the first one included); whether that proves it now."""
        if look.since - self.last_until > TOUCH_MS or not self.verdicts or not self.verdicts[-1]:
            self.stretch_since = look.since
        self._vote(verdict=True)
        self.last_until = max(self.last_until, look.until)
        if self.proven is not None:
            return False
        self.held += 1
        self.looks += 1
        self.scans = [*self.scans, look] if len(self.scans) < KEPT else [self.scans[0], *self.scans[2:], look]
        self.confidence = min(self.confidence, grounds.confidence)
        alone = look.until - self.stretch_since >= sustain_ms
        together = sum(self.verdicts) >= HELD and look.until - self.first.since >= sustain_ms
        if alone or together:
            self.proven, self.grounds = look, grounds
        return self.proven is not None

    def fails(self) -> bool:
        """Another look that does not show it; whether that refutes it."""
        self._vote(verdict=False)
        if self.proven is None:
            self.looks += 1
        return not any(self.verdicts[-IN_A_ROW:]) or self.verdicts.count(False) >= HELD

    def lapsed(self, look: Look, place: str) -> bool:
        """Whether it was lost sight of before it was proven."""
        limit = LAPSE_MS.get(place.partition(":")[0])
        return limit is not None and self.proven is None and look.since - self.last_until > limit

    def _vote(self, *, verdict: bool) -> None:
        self.verdicts = [*self.verdicts, verdict][-LOOKS:]


def begun(event: str, subject: str, look: Look, grounds: Grounds) -> Run:
    """A run at its first look, which is yet to be counted."""
    return Run(
        event=event, subject=subject, first=look, grounds=grounds, stretch_since=look.since, last_until=look.until,
        confidence=grounds.confidence,
    )  # fmt: skip
