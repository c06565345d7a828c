"""Whatever a card asks for and whatever was seen: an unknown voice never lowers a score, and totals stay within their bounds."""

import card_talks
import msgspec
from card_talks import tagger
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import tag

from edge_agent.domain.insights import Scorecard
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.scorecards import CardItem, Level, OnlyIf, ScorecardFile
from edge_agent.review import scorecards
from edge_agent.tagging.tagger import RuleTagger

CODES = ("budget.asked", "budget.confirmed", "price.objection", "manner.rude")
SAID = tuple(
    Utterance(start_ms=n * 2000, end_ms=n * 2000 + 1000, speaker=[Speaker.REP, Speaker.CUSTOMER][n % 2], text="一句话")
    for n in range(6)
)
TALK = Conversation(utterances=SAID, duration_ms=12_000, started_at=card_talks.AT)
some = st.lists(st.sampled_from(CODES), max_size=2, unique=True)
levels = st.builds(Level, share=st.sampled_from([0.25, 0.5, 1.0]), any=some, all=some, count=st.integers(1, 2)).filter(
    lambda level: level.any or level.all
)
items = st.builds(
    CardItem, id=st.sampled_from("abcdef"), zh=st.just("项"), en=st.just("item"), weight=st.sampled_from([5.0, 10.0]),
    level=st.lists(levels, max_size=2), forbidden=some, penalty=st.sampled_from([0.5, 1.0]), critical=st.booleans(),
    only_if=st.builds(OnlyIf, any=some),
)  # fmt: skip
files = st.builds(
    ScorecardFile, id=st.just("own"), zh=st.just("卡"), en=st.just("card"), item=st.lists(items, min_size=1, max_size=4)
)  # fmt: skip
hits = st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 5)), max_size=4)


def tagged(found: list[tuple[str, int]], *, known: bool) -> list[BehaviorTag]:
    events = tagger().lexicon.events
    return [
        tag(code, at * 2000, speaker=Speaker(events[code].speaker) if known else Speaker.UNKNOWN, slots=()) for code, at in found
    ]


def scored(file: ScorecardFile, tags: list[BehaviorTag]) -> Scorecard:
    lexicon = msgspec.structs.replace(tagger().lexicon, scorecards={"own": file}, scorecard_digests={"own": "d"})
    (card,) = scorecards.scored(TALK, tags, Notes(), RuleTagger(lexicon), ["own"])
    return card


@settings(max_examples=60)
@given(file=files, known=hits, unknown=hits)
def test_an_unknown_voice_never_lowers_a_score(
    file: ScorecardFile, known: list[tuple[str, int]], unknown: list[tuple[str, int]]
) -> None:
    before = scored(file, tagged(known, known=True))
    after = scored(file, [*tagged(known, known=True), *tagged(unknown, known=False)])
    assert after.total is None or before.total is None or after.total >= before.total
    for card in (before, after):
        assert card.total is None or 0 <= card.total <= 100
        assert 0 <= card.coverage <= 1
        assert all(item.points is None or 0 <= item.points <= item.most for item in card.items)
        assert (card.total is None) == all(item.points is None for item in card.items)
