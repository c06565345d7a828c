"""A recording and its life: captured -> sealed -> analysed -> closed -> expired, or captured/sealed -> rejected.

`LIFE` is the whole lifecycle; the ledger refuses every step that is not in it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from edge_agent.domain.transcript import Speaker


class Kind(StrEnum):
    CALL = "call"
    SHELF = "shelf"
    FLOOR = "floor"
    CHANNEL = "channel"
    """A touch point that is no media: see `domain.touch`."""


class View(StrEnum):
    """How a shelf video looks at its bay."""

    FIXED = "fixed"
    """From where the reference photo was taken, give or take a little."""
    WALK = "walk"
    """From a phone that passes by: a part of the bay at a time."""


class State(StrEnum):
    CAPTURED = "captured"
    SEALED = "sealed"
    ANALYSED = "analysed"
    CLOSED = "closed"
    EXPIRED = "expired"
    REJECTED = "rejected"


DROPPED: Final = "dropped"
"""Why a recording is rejected unread: more of its camera's wait for analysis than may."""

LIFE: Final[dict[State, frozenset[State]]] = {
    State.CAPTURED: frozenset({State.SEALED, State.REJECTED}),
    State.SEALED: frozenset({State.ANALYSED, State.REJECTED, State.EXPIRED}),
    State.ANALYSED: frozenset({State.CLOSED}),
    State.CLOSED: frozenset({State.EXPIRED}),
    State.EXPIRED: frozenset(),
    State.REJECTED: frozenset({State.EXPIRED}),
}


class Consent(StrEnum):
    """On what ground this recording may be analysed; `NONE` is sealed and kept unread."""

    NOTICE = "notice"
    SPOKEN = "spoken"
    """The notice is in the recording itself; only an analysis that finds it may stand."""
    WRITTEN = "written"
    NOT_PERSONAL = "not-personal"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the sidecar file or a touch document says of a recording: who stands on which channel, which trade, which consent.

    `channels` names the speaker of each audio channel, left first; empty = unknown. `context` holds deployment flags
    (`outbound`, `recorded`, `dual_record`, `b2b`). `own` and `competitors` are brand names. `bay` names a shelf bay.
    `channel` is `call` or `visit`, or of a touch what `domain.touch.Channel` names.
    `rep` and `customer` are keyed pseudonyms (hex), never a name or a number somebody is known by; empty = unknown.
    """

    kind: Kind
    started_at: datetime
    consent: Consent
    channels: tuple[Speaker, ...] = ()
    industry: str = ""
    channel: str = "call"
    context: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    bay: str = ""
    floor: str = ""
    """Names a floor: what a camera shows from above, see `domain.floor`."""
    view: View = View.FIXED
    rep: str = ""
    customer: str = ""
    camera: str = ""
    """The camera that saw it, a name of the configuration; empty for everything else."""
    reference: str = ""
    """Of a touch: a keyed digest of the id that its sender gave it; one id stands for one touch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording as the ledger knows it. `digest` is keyed (see `vault.content`); `parked` says why it waits."""

    id: str
    state: State
    circumstances: Circumstances
    digest: str
    size_bytes: int
    captured_at: datetime
    parked: str = ""
