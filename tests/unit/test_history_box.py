"""Talks of one customer through a whole box: what follows over days reaches HQ once, whatever happens in between."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import pytest
import shipped
from box_world import BoxWorld, Party, script
from ledger_world import TurnableClock, memory_folder
from msgspec.structs import replace

from edge_agent import app, duties, pipeline
from edge_agent.config import Config
from edge_agent.lexicon.model import Event, Match, Temporal
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.tagger import RuleTagger

CODE, MISSED = "aftersales.complaint_3x_30d", "process.quote_promised_not_sent"


def lexicon():
    """The shipped one, and a promise that can be kept or not."""
    known = shipped.lexicon()
    sent = Event(
        id="document.quote_sent", zh="已发送报价单", en="Quote sent", definition="", speaker="rep", kind="occurrence",
        severity="info", layer="none", match=Match(phrases=["报价单已经发出"]),
    )  # fmt: skip
    missed = Event(
        id=MISSED, zh="承诺报价未发", en="Promised quote not sent", definition="", speaker="rep", kind="absence",
        severity="critical", layer="alert",
        temporal=Temporal(after="price.quote_promised", not_followed_by="document.quote_sent", within_h=24, deadline_slot="due"),
    )  # fmt: skip
    events = {**known.events, sent.id: sent, missed.id: missed}
    return replace(known, events=events, event_digests={**known.event_digests, sent.id: "a" * 64, missed.id: "b" * 64})


TAGGER = RuleTagger(lexicon())
HISTORIAN = Historian(TAGGER.lexicon)
COMPLAINT = next(text for text in TAGGER.lexicon.events["service.complaint_raised"].examples.must if " / " not in text)
PROMISE = "这个配置我得算一下，我两小时内给您报个价。"


def opened(root: Path, clock: TurnableClock | None = None) -> BoxWorld:
    return BoxWorld(root, clock=clock or TurnableClock(), tagger=TAGGER, historian=HISTORIAN)


@pytest.fixture
def box() -> Iterator[BoxWorld]:
    with memory_folder() as folder:
        made = opened(folder)
        yield made
        made.close()


def deliver(box: BoxWorld, n: int, text: str, speaker: str = "customer", customer: str = "K1") -> None:
    box.drop(script(("rep", 0, "您好"), (speaker, 3, text), ("rep", 9, f"第{n}位")), name=f"{n}.wav", customer=customer)


def standing(box: BoxWorld, code: str) -> int:
    rows = box.query(
        f"SELECT COUNT(*) FROM tags WHERE code = '{code}' AND status = 'final' AND id NOT IN (SELECT supersedes FROM tags)"
    )
    return int(rows[0][0])


def test_three_complaints_in_30_days_are_escalated_once_and_after_a_restart_still(box, tmp_path):
    for day in range(3):
        deliver(box, day, COMPLAINT)
        box.work()
        assert standing(box, CODE) == (day == 2)
        box.clock.pass_(timedelta(days=14))
    box.close()
    again = opened(box.root, box.clock)
    pipeline.conclude(again.kit)
    deliver(again, 9, COMPLAINT, customer="K2")
    again.work()
    assert standing(again, CODE) == 1
    assert again.at_hq(tmp_path / "hq.db")[CODE] == "final"
    assert again.ledger.verify_chain()
    box.ledger = again.ledger


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_backlog_in_any_order_ends_the_same(box, order):
    taken = []
    for day in range(3):
        deliver(box, day, COMPLAINT)
        (arrival,) = box.arrivals()
        taken.append(pipeline.take_in(box.kit, arrival))
        box.clock.pass_(timedelta(days=10))
    for place in order:
        pipeline.advance(box.kit, taken[place])
    assert standing(box, CODE) == 1
    assert box.query(f"SELECT recording FROM tags WHERE code = '{CODE}'") == [(taken[2].id,)]


def test_promise_that_is_not_kept_is_found_by_time_alone(box, tmp_path):
    deliver(box, 1, PROMISE, "rep")
    box.work()
    box.clock.pass_(timedelta(minutes=59))
    pipeline.conclude(box.kit)
    assert standing(box, MISSED) == 0
    box.clock.pass_(timedelta(minutes=2))
    pipeline.conclude(box.kit)
    pipeline.conclude(box.kit)
    assert standing(box, MISSED) == 1
    assert box.at_hq(tmp_path / "hq.db")[MISSED] == "final"


def test_promise_that_was_kept_is_not_missed_even_if_that_is_learnt_late(box, tmp_path):
    deliver(box, 1, PROMISE, "rep")
    box.work()
    box.clock.pass_(timedelta(minutes=50))
    deliver(box, 2, "报价单已经发出。", "rep")
    (late,) = box.arrivals()
    box.clock.pass_(timedelta(days=1))
    pipeline.conclude(box.kit)
    assert standing(box, MISSED) == 1
    kept = pipeline.take_in(box.kit, late)
    pipeline.advance(box.kit, kept)
    assert standing(box, MISSED) == 0
    assert box.at_hq(tmp_path / "hq.db")[MISSED] == "withdrawn"
    assert box.ledger.verify_chain()


def test_nothing_is_missing_while_a_talk_of_that_customer_waits_to_be_analysed(box):
    deliver(box, 1, PROMISE, "rep")
    box.work()
    box.clock.pass_(timedelta(minutes=50))
    deliver(box, 2, "报价单已经发出。", "rep")
    (arrival,) = box.arrivals()
    waiting = pipeline.take_in(box.kit, arrival)
    box.clock.pass_(timedelta(days=1))
    pipeline.conclude(box.kit)
    assert standing(box, MISSED) == 0
    pipeline.advance(box.kit, waiting)
    box.clock.pass_(timedelta(days=1))
    pipeline.conclude(box.kit)
    assert standing(box, MISSED) == 0


def test_erasing_a_customer_takes_their_conclusions_back(box, tmp_path):
    for day in range(3):
        deliver(box, day, COMPLAINT)
        box.work()
    box.erase(Party.CUSTOMER, "K1")
    pipeline.conclude(box.kit)
    assert standing(box, CODE) == 0
    assert box.at_hq(tmp_path / "hq.db")[CODE] == "withdrawn"
    assert box.query("SELECT COUNT(*) FROM to_judge") == [(0,)]
    assert box.ledger.verify_chain()


def test_switch_decides_whether_anything_is_judged_over_days():
    on = Config()
    off = replace(on, insights=replace(on.insights, history=False))
    assert app.historian(on, TAGGER) is not None
    assert app.historian(off, TAGGER) is None


def test_worker_judges_what_a_kill_left_between_analysis_and_judgement(box):
    for day in range(3):
        deliver(box, day, COMPLAINT)
        (arrival,) = box.arrivals()
        recording = pipeline.take_in(box.kit, arrival)
        pipeline.commit(box.kit, recording, pipeline.analyse(box.kit, recording))
    assert standing(box, CODE) == 0
    around = SimpleNamespace(settings=Config(), kit=box.kit, ledger=box.ledger)
    for duty in duties.of(around, None):  # type: ignore[arg-type]
        if duty.every_s == duties.CONCLUDE_S:
            duty.tend(0.0)
    assert standing(box, CODE) == 1
