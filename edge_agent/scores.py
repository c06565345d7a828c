"""Scorecards and opportunity cards of recordings on this box, and a person's word on a score. Answers documents."""

from typing import TYPE_CHECKING

from edge_agent import answers, app, cards
from edge_agent.config import Config
from edge_agent.documents import OpportunityCard, ScorecardLine, ScoreWhy
from edge_agent.domain.insights import ItemScore
from edge_agent.domain.scores import Override, named
from edge_agent.errors import BadInput, NotFound
from edge_agent.ids import new_id
from edge_agent.subject.acting import acting

if TYPE_CHECKING:
    from edge_agent.ledger.reading import LedgerReader
    from edge_agent.lexicon.model import Lexicon


def scores(settings: Config, *, recording: str = "") -> list[ScorecardLine]:
    """The scorecards of one recording or of all, oldest first; NotFound when the one has none."""
    lexicon = app.tagger(settings).lexicon
    with answers.reader(settings) as book:
        ids = [one.id for one in book.recordings() if recording in {"", one.id}]
        lines = [line for one in ids for line in _of(book, lexicon, one)]
    if recording and not lines:
        raise NotFound("no scorecard of that recording", remedy="edge-agent scores lists them", zh="没有这个录音的评分卡")
    return lines


def why(settings: Config, recording: str, card: str) -> ScoreWhy:
    """What each item of one card rests on; NotFound."""
    lexicon = app.tagger(settings).lexicon
    with answers.reader(settings) as book:
        line = next((one for one in _of(book, lexicon, recording) if one.card == card), None)
    if line is None:
        raise NotFound("no such scorecard of that recording", remedy="edge-agent scores lists them", zh="该录音没有这张评分卡")
    return cards.why(lexicon, line)


def override(settings: Config, recording: str, card: str, item: str, points: float, *, reason: str, role: str) -> ScorecardLine:
    """Enter a person's points for one item; the card as it stands then.

    Raises:
        NotFound: no such recording, card or item. BadInput: more points than the item has. NotAllowed: it is shredded.
    """
    with acting(settings) as act:
        with answers.reader(settings) as book:
            scored = _item(book, recording, card, item)
        if not 0 <= points <= scored.most:
            raise BadInput(
                "points", f"item {item} has 0 to {scored.most:g} points", remedy="give points within that", zh="分数超出该项范围"
            )
        said = Override(
            id=new_id(), recording=recording, card=card, item=item, points=points, reason=reason, role=role,
            at=app.SystemClock().now(),
        )  # fmt: skip
        act.ledger.overridden(said)
        lexicon = app.tagger(settings).lexicon
        with answers.reader(settings) as book:
            return next(line for line in _of(book, lexicon, recording) if line.card == card)


def card(settings: Config, recording: str) -> OpportunityCard:
    """What one call tells about an opportunity; NotFound when nothing was concluded from it."""
    lexicon = app.tagger(settings).lexicon
    with answers.reader(settings) as book:
        found = book.insights(recording)
        gone = book.gone(named(found))
    if found is None:
        raise NotFound("nothing was concluded from that recording", remedy="edge-agent status", zh="该录音没有商机卡")
    return cards.opportunity(lexicon, found.card, recording, gone=gone)


def _of(book: "LedgerReader", lexicon: "Lexicon", recording: str) -> list[ScorecardLine]:
    found, said = book.insights(recording), book.overrides(recording)
    gone = book.gone(named(found))
    return [cards.scorecard(lexicon, one, said, recording, gone=gone) for one in (found.scorecards if found is not None else ())]


def _item(book: "LedgerReader", recording: str, card: str, item: str) -> ItemScore:
    found = book.insights(recording)
    scored = next((one for one in (found.scorecards if found is not None else ()) if one.card == card), None)
    line = next((one for one in (scored.items if scored is not None else ()) if one.item == item), None)
    if line is None:
        raise NotFound("no such item of that recording's scorecards", remedy="edge-agent scores lists them", zh="没有这一评分项")
    return line
