"""The scans of one place in a row: what they showed, what was concluded from that, and what follows now.

Times are ms since 1970 (UTC). An event belongs to the recording of the scan in which it was first seen, and is a tag like any
other: provisional when first seen, final once it was sustained, withdrawn where it was refuted before. A final one may be
*closed* by a later scan; the tag stands, only its matter is over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.observation import Scanned
from edge_agent.domain.recording import Circumstances, Kind
from edge_agent.domain.tags import BehaviorTag

FIRST: Final = (-(2**62), "")
"""Before every scan."""
BY_SCAN: Final = "scan"
"""Why an event is closed: a later scan no longer shows it."""


def place_of(around: Circumstances) -> str:
    """Whose scan a recording is: `shelf:<bay>`, `floor:<floor>`; "" for what is no scan of any place."""
    name = around.bay or around.floor
    return "" if around.kind in {Kind.CALL, Kind.CHANNEL} or not name else f"{around.kind.value}:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A tag and the recording it belongs to, which began `began_ms`."""

    recording: str
    began_ms: int
    tag: BehaviorTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """That a later scan, of recording `by`, ended the matter of a tag, at `at_ms`. `case` names this closing for ever."""

    tag: str
    recording: str
    by: str
    at_ms: int
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What is remembered after a scan, so that the next one needs no earlier scan: opaque text of who judges.

    `since_ms`: no tag that may still change belongs to a recording that began before.
    """

    began_ms: int
    recording: str
    state: str
    since_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What there is to judge: the scans after `state` ("" = from nothing), and what stands of this place.

    Each recording comes once, in order (began, recording): they are read as they are judged, all of them are never held at once.

    Nothing that was decided by a scan before `since` (began, recording) is judged anew: what stood then stands, also where the
    rules have changed. `changed`: recordings whose scans are new, or are none any more.
    """

    place: str
    scans: Iterable[Scanned]
    since: tuple[int, str] = FIRST
    changed: Sequence[str] = ()
    state: str = ""
    stood: Sequence[Placed] = ()
    closed: Sequence[Closed] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What follows: tags that did not stand just so, tags that fell, closings that are new and those that no longer hold."""

    new: Sequence[Placed] = ()
    gone: Sequence[Placed] = ()
    closed: Sequence[Closed] = ()
    reopened: Sequence[Closed] = ()
    after: Sequence[After] = ()
