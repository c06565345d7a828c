"""One person's talks in a row: what was found in them, what was concluded from that, and what follows now.

Times are milliseconds since 1970 (UTC): the start of the recording plus the offset in it. No pseudonym, no history.
What is concluded belongs to one recording, the one its anchor stands in, and is a tag like any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from edge_agent.domain.recording import Circumstances
from edge_agent.domain.tags import BehaviorTag, SlotValue
from edge_agent.domain.transcript import Speaker

DAY_MS: Final = 86_400_000
LONGEST_MS: Final = 7 * DAY_MS
"""So long after its start something may still be in a recording: a call or a video lasts a day at most, a touch a week."""
DELIVERED: Final = ""
"""The code of what is no tag: that a touch brought facts, at its start."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def ms_of(at: datetime) -> int:
    """An aware time as whole milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


class Whose(StrEnum):
    """Whose recordings are read in a row."""

    CUSTOMER = "customer"
    REP = "rep"


@dataclass(frozen=True, kw_only=True)
class Past:
    """A tag in force, at its place in time. `brand` is what a numbered brand (`rival-2`) stands for in its own recording.

    Or, under the code `DELIVERED`, a touch with the `facts` that another system delivered with it.
    """

    recording: str
    began_ms: int
    tag: BehaviorTag
    brand: str = ""
    facts: Mapping[str, float | bool] = field(default_factory=dict)

    @cached_property
    def at_ms(self) -> int:
        return self.began_ms + self.tag.start_ms

    @property
    def code(self) -> str:
        return self.tag.code

    @cached_property
    def order(self) -> tuple[int, int, int, str, str]:
        """The catalogue's order, over recordings."""
        rank = {Speaker.CUSTOMER: 0, Speaker.REP: 1, Speaker.UNKNOWN: 2}[self.tag.speaker]
        return (self.at_ms, self.began_ms + self.tag.end_ms, rank, self.code, self.recording)

    def value(self, slot: str) -> SlotValue | None:
        """A slot's value as it may be compared between recordings; None when it is not known."""
        found = next((value for name, value in self.tag.slots if name == slot), None)
        if slot != "brand" or not isinstance(found, str) or not is_numbered(found):
            return found
        return self.brand or None


def delivered(recording: str, began_ms: int, facts: Mapping[str, float | bool]) -> Past:
    """A touch with facts as something that happened."""
    nothing = BehaviorTag(
        id="", code=DELIVERED, speaker=Speaker.UNKNOWN, start_ms=0, end_ms=0, known_at_ms=0, confidence=1.0, severity="info",
        layer="none", rule="", rule_digest="",
    )  # fmt: skip
    return Past(recording=recording, began_ms=began_ms, tag=nothing, facts=facts)


def is_numbered(brand: str) -> bool:
    """Whether a brand code counts the brands of its own recording, and so means nothing beside it."""
    side, _, number = brand.partition("-")
    return side in ("own", "rival") and number.isdecimal()


def stands_for(brand: SlotValue | None, around: Circumstances) -> str:
    """What a numbered brand means in its recording, whose own lists it counts; empty for any other."""
    if not isinstance(brand, str) or not is_numbered(brand):
        return ""
    side, _, number = brand.partition("-")
    names = around.own if side == "own" else around.competitors
    return f"{side}:{names[int(number) - 1]}" if 0 < int(number) <= len(names) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What there is to judge. `hits` and `stood` (conclusions in force) are in order and reach back before `since_ms`.

    Nothing before `since_ms` is judged anew: what stood then stands. `waiting_ms` is when the earliest recording of this person
    began that is not analysed yet, `parked_ms` when those did that wait for a consent or for a repair. `written_ms` is when the
    newest touch in writing began, whoever's it is: what was written until then is known here. `settled`: the clock may be
    believed that time has passed.
    """

    whose: Whose
    since_ms: int
    now_ms: int
    hits: Sequence[Past]
    stood: Sequence[Past] = ()
    waiting_ms: int | None = None
    parked_ms: Sequence[int] = ()
    written_ms: int | None = None
    settled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`new` are conclusions that did not stand yet (with `supersedes` where they take the place of one), `gone` those that fell.

    `due`: (recording, ms) when to judge again by time alone, from the start of that recording.
    """

    new: Sequence[Past] = ()
    gone: Sequence[Past] = ()
    due: Sequence[tuple[str, int]] = field(default_factory=tuple)
