"""Rules over days inside a live talk: what completes a count is shown as it is said, and nobody else's past counts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import shipped
from ledger_world import NOON, World, analysis, memory_folder, tag

from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.across.live import remembered
from edge_agent.tagging.engine import Engine

TAGGER = shipped.tagger()
HISTORIAN = Historian(TAGGER.lexicon)
CODE = "aftersales.complaint_3x_30d"
COMPLAINT = next(text for text in TAGGER.lexicon.events["service.complaint_raised"].examples.must if " / " not in text)
CUSTOMER = "aa" * 16


@pytest.fixture
def world() -> Iterator[World]:
    with memory_folder() as folder:
        made = World(folder)
        for day in (1, 2):
            one = made.take_in(customer=CUSTOMER, started_at=NOON + timedelta(days=day))
            made.ledger.analysed(one.id, analysis((tag("service.complaint_raised", slots=()),)))
            made.ledger.judge(HISTORIAN)
        yield made
        made.close()


def engine(world: World, *, day: float = 9, customer: str = CUSTOMER) -> Engine:
    around = Circumstances(
        kind=Kind.CALL, started_at=NOON + timedelta(days=day), consent=Consent.NOTICE, customer=customer, own=("恒拓",)
    )
    rules = remembered(HISTORIAN, world.reader.histories(HISTORIAN, around), around)
    return TAGGER.engine(own=around.own, remembered=rules)


def say(running: Engine, text: str, at_s: int, speaker: Speaker = Speaker.CUSTOMER) -> list[BehaviorTag]:
    said = Utterance(start_ms=at_s * 1000, end_ms=at_s * 1000 + 900, speaker=speaker, text=text)
    return [one for one in running.feed(said) if one.code == CODE]


def test_third_complaint_is_known_as_it_is_said(world):
    (found,) = say(engine(world), COMPLAINT, 5)
    assert (found.status, found.layer, found.start_ms, dict(found.slots)) == (Status.PROVISIONAL, "escalate", 5000, {"count": 3})
    assert [held.kind for held in found.evidence] == ["earlier", "earlier", "reference"]


@pytest.mark.parametrize("around", [{"customer": "bb" * 16}, {"customer": ""}, {"day": 40}])
def test_nobody_elses_past_and_no_old_past_counts(world, around):
    assert say(engine(world, **around), COMPLAINT, 5) == []


def test_one_talk_counts_once_also_when_it_goes_on_elsewhere(world):
    running = engine(world)
    assert len(say(running, COMPLAINT, 5)) == 1
    state = running.state()
    again = engine(world)
    again.resume(state)
    assert again.state() == state
    assert say(again, "销售马上处理", 9, Speaker.REP) == []
    assert say(again, COMPLAINT, 12) == []


def test_what_is_provisional_live_is_final_in_the_ledger(world):
    (live,) = say(engine(world), COMPLAINT, 5)
    one = world.take_in(customer=CUSTOMER, started_at=NOON + timedelta(days=9))
    world.ledger.analysed(one.id, analysis((tag("service.complaint_raised", 5000, slots=()),)))
    world.ledger.judge(HISTORIAN)
    (final,) = [stored.tag for stored in world.reader.tags() if stored.tag.code == CODE]
    assert (final.status, final.start_ms, final.slots) == (Status.FINAL, live.start_ms, live.slots)
