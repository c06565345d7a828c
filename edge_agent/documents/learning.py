"""What reviewers taught the local lexicon, and what it changed. These print text: it is their own."""

from edge_agent.documents.base import Document


class Learned(Document, frozen=True, kw_only=True):
    """`kind`: `phrase` is one more way to say the event, `veto` rules it out. `examples` of the whole lexicon were run;
    `elsewhere`: in so many examples of other events the saying stands too, so it may be too broad.
    """

    event: str
    kind: str
    by: str
    reason: str
    file: str
    examples: int
    elsewhere: int


class ChangedExample(Document, frozen=True, kw_only=True):
    """An example whose outcome the learned entries changed; `found` is what it is with them."""

    event: str
    text: str
    must: bool
    found: bool


class EventGain(Document, frozen=True, kw_only=True):
    """Precision and recall without and with what was learned; null where nothing was found, or nothing was to be found."""

    event: str
    examples: int
    precision_before: float | None
    precision: float | None
    recall_before: float | None
    recall: float | None


class LearningGain(Document, frozen=True, kw_only=True):
    """`basis` `set`: examples that somebody else judged. `own-lines`: the lines that came with what was learned; that they go
    right now is no measure of how well others will.
    """

    basis: str
    learned: int
    events: list[EventGain]
    total: EventGain
    changed: list[ChangedExample]
