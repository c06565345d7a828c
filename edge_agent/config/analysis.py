"""What is done with a recording: speech, live text, shelves, floors, what is concluded from a talk."""

from typing import Annotated

import msgspec

from edge_agent.config.scalars import Few, Portion, Size


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: str = "whisper-base"
    threads: Few = 2
    batch: Few = 3
    workers: Few = 2
    """Batches recognised side by side, on one set of weights; `threads` are shared out among them."""
    memory_bytes: Size = 1_400_000_000
    """What recognising may take; the batch is made smaller, then `workers`, to stay below it."""
    hints: bool = True
    """Terms of the trade are hinted at the recogniser, chosen for each recording."""
    recovery: bool = True
    """Terms that were misheard are put right by their sound."""
    filters: bool = True
    """Inventions of the recogniser (subtitles on silence, loops, babble) are kept out."""
    hearing: bool = True
    """Level and band of the sound are put right before recognition, where that was measured to help."""
    numbers: bool = True
    """Each utterance also with its numbers in digits."""
    roles: bool = True
    """One channel with several voices is told apart by voice, in memory, for the length of one call."""
    metrics: bool = True
    facts: bool = True


class Live(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`edge-agent listen`: text during the talk. The finished call is recognised again as a whole in any case."""

    pause_ms: Annotated[int, msgspec.Meta(ge=200, le=3000)] = 500
    """Silence that ends an utterance."""
    within_s: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 2.0
    """How soon after its end an utterance is to be out; what is three times as late is left to the analysis after the call."""


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the parts of the Perfect Shelf score count in it; together 1."""

    osa: Portion = 0.40
    facings: Portion = 0.15
    planogram: Portion = 0.15
    position: Portion = 0.05
    price: Portion = 0.15
    tags: Portion = 0.10


class Shelf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threads: Few = 2
    bays: str = ""
    """Folder of bay plans (`<bay>/bay.toml`); empty = `<state>/bays`."""
    weights: Weights = Weights()


class FloorCameras(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threads: Few = 1
    plans: str = ""
    """Folder of floor plans (`<floor>/floor.toml`); empty = `<state>/floors`."""


class Insights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is concluded from a talk besides its tags."""

    mood: bool = False
    """The customer's mood along the talk, from their words; never anything about staff."""
    claims: bool = True
    facts: str = ""
    """Folder of fact tables that claims are held against; empty = `<state>/facts`."""
    scorecards: list[str] = msgspec.field(default_factory=lambda: ["spin"])
    """Ids of the scorecards to fill in for each call."""
    card: bool = True
    history: bool = True
    """Whether what one customer or one rep did over days is judged (three complaints in 30 days, a promised quote that never
    came). Only where the recordings name them by a code; off = every recording stands alone."""
