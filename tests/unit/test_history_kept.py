"""Conclusions over days in a real ledger: given once, whatever the order, withdrawn when they fall, forgotten with the person."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
import shipped
from ledger_world import NEW_RULES, NOON, World, analysis, memory_folder, opened, tag

from edge_agent.domain.consent import Party, Statement, Verb
from edge_agent.domain.contests import Reason, Role, Stage
from edge_agent.domain.history import History, Judgement, ms_of
from edge_agent.domain.recording import Kind, Recording
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.ledger import history
from edge_agent.ledger.findings import StoredTag
from edge_agent.ledger.schema import STEPS
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.explain import explain

LEXICON = shipped.lexicon()
HISTORIAN = Historian(LEXICON)
CODE = "aftersales.complaint_3x_30d"
CUSTOMER, REP = "aa" * 16, "bb" * 16


@pytest.fixture
def world() -> Iterator[World]:
    with memory_folder() as folder:
        made = World(folder)
        yield made
        made.close()


def complaint(**changes) -> BehaviorTag:
    return tag("service.complaint_raised", **{"severity": "warning", "layer": "alert", "slots": (), **changes})


def call(world: World, day: float, **around) -> Recording:
    return world.take_in(**{"customer": CUSTOMER, "rep": REP, "started_at": NOON + timedelta(days=day), **around})


def judged(world: World, recording: Recording, *tags: BehaviorTag, rules: str = "01" * 32) -> None:
    world.ledger.analysed(recording.id, analysis(tags, rules=rules))
    world.ledger.judge(HISTORIAN)


def standing(world: World, code: str = CODE) -> Sequence[StoredTag]:
    return [one for one in world.reader.tags() if one.tag.code == code]


def test_third_complaint_within_30_days_is_escalated_once(world):
    calls = [call(world, day) for day in (0, 10, 30)]
    for one in calls:
        judged(world, one, complaint())
    (found,) = standing(world)
    assert (found.recording, found.tag.layer, found.tag.severity) == (calls[2].id, "escalate", "critical")
    assert found.tag.start_ms == 1000
    assert dict(found.tag.slots) == {"count": 3}
    assert [held.kind for held in found.tag.evidence] == ["earlier", "earlier", "reference"]
    assert world.ledger.judge(HISTORIAN) == 0
    world.ledger.verify_chain()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_order_of_analysis_changes_nothing(world, order):
    calls = [call(world, day) for day in (0, 10, 20)]
    for place in order:
        judged(world, calls[place], complaint())
    (found,) = standing(world)
    assert found.recording == calls[2].id
    assert world.reader.tags(superseded=True) == world.reader.tags()


def test_late_recording_withdraws_what_no_longer_follows(world):
    calls = [call(world, day) for day in (0, 20, 40, 45)]
    for place in (0, 1, 3):
        judged(world, calls[place], complaint())
    assert standing(world) == []
    judged(world, calls[2], complaint())
    (found,) = standing(world)
    assert found.recording == calls[3].id  # days 20, 40, 45
    late = call(world, 10)
    judged(world, late, complaint())
    (found,) = standing(world)
    assert found.recording == calls[1].id  # days 0, 10, 20; then from zero
    assert len(world.reader.tags(superseded=True)) == 5 + 3
    world.ledger.verify_chain()


def test_restart_between_analysis_and_judgement_loses_nothing(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        world.ledger.analysed(one.id, analysis((complaint(),)))
    world.reopen()
    world.ledger.judge(HISTORIAN)
    world.reopen()
    world.ledger.judge(HISTORIAN)
    assert len(standing(world)) == 1


@pytest.mark.parametrize(
    "around", [{"customer": ""}, {"customer": "cc" * 16}, {"started_at": NOON + timedelta(days=30, seconds=2)}]
)
def test_nobody_known_or_somebody_else_or_too_late_counts_not(world, around):
    judged(world, call(world, 0), complaint())
    judged(world, call(world, 10), complaint())
    judged(world, call(world, 20, **around), complaint())
    assert standing(world) == []


def test_same_conversation_counts_once_and_unknown_voices_never(world):
    judged(world, call(world, 0), complaint(), complaint(start_ms=5000), complaint(start_ms=9000))
    judged(world, call(world, 1), complaint(speaker=Speaker.UNKNOWN))
    judged(world, call(world, 2), complaint())
    assert standing(world) == []


def test_conclusion_reaches_hq_under_the_plain_ruleset(world):
    for day in (0, 1, 2):
        judged(world, call(world, day), complaint())
    outbox = OutboxReader(world.path, world.path)
    envelopes = [opened(row.payload) for row in outbox.after(0, 100)]
    outbox.close()
    told = [tag for one in envelopes for tag in one.data.tags if tag.code == CODE]
    assert [(one.severity, one.slots.count, [held.kind for held in one.evidence]) for one in told] == [
        ("critical", 3, ["earlier", "earlier", "reference"])
    ]
    assert {one.data.ruleset for one in envelopes} == {"01" * 32, HISTORIAN.ruleset}


def test_analysis_anew_keeps_the_conclusion_until_it_no_longer_follows(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        judged(world, one, complaint())
    before = standing(world)
    judged(world, calls[2], complaint(), rules=NEW_RULES)
    assert standing(world) == before
    judged(world, calls[1], rules=NEW_RULES)
    assert standing(world) == []
    world.ledger.verify_chain()


def test_changed_rule_takes_the_place_of_its_conclusion_only_where_something_changed(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        judged(world, one, complaint())
    digests = {**LEXICON.event_digests, CODE: "f" * 64}
    changed = Historian(type(LEXICON)(**{**fields(LEXICON), "digest": "e" * 64, "event_digests": digests}))
    assert world.ledger.judge(changed) == 0
    world.ledger.analysed(calls[2].id, analysis((complaint(),), rules=NEW_RULES))
    world.ledger.judge(changed)
    (found,) = standing(world)
    assert (found.tag.rule_digest, found.ruleset) == ("f" * 64, "e" * 64)
    assert found.tag.supersedes


def fields(lexicon) -> dict:
    return {name: getattr(lexicon, name) for name in lexicon.__struct_fields__}


def test_erased_customer_has_no_history_and_the_log_still_verifies(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        judged(world, one, complaint())
    world.ledger.keeping.erase(Party.CUSTOMER, CUSTOMER)
    world.ledger.judge(HISTORIAN)
    assert standing(world) == []
    judged(world, call(world, 3), complaint())
    assert standing(world) == []
    world.ledger.verify_chain()


def test_erased_customer_counts_no_longer_in_the_history_of_the_rep(world):
    for day, customer in ((0, "c1" * 16), (1, "c2" * 16), (2, "c3" * 16)):
        judged(world, call(world, day, customer=customer), tag("risk.fake_stock", speaker=Speaker.REP, slots=()))
    assert len(standing(world, "risk.repeat_30d")) == 1
    world.ledger.keeping.erase(Party.CUSTOMER, "c1" * 16)
    world.ledger.judge(HISTORIAN)
    assert standing(world, "risk.repeat_30d") == []
    world.ledger.verify_chain()


def test_shredded_recording_still_counts_and_may_carry_a_conclusion(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    judged(world, calls[0], complaint())
    judged(world, calls[2], complaint())
    world.ledger.keeping.expiring({calls[2].id: "due.call"})
    world.ledger.keeping.shredded([calls[2].id])
    judged(world, calls[1], complaint())
    assert [one.recording for one in standing(world)] == [calls[2].id]
    world.ledger.verify_chain()


def test_nothing_new_is_concluded_about_whoever_takes_consent_back(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        world.ledger.analysed(one.id, analysis((complaint(),)))
    said = Statement(
        id=new_id(), party=Party.CUSTOMER, subject=CUSTOMER, verb=Verb.WITHDRAWN, basis="", at=NOON, since=NOON
    )  # fmt: skip
    world.ledger.keeping.withdraw(said, past=False)
    world.ledger.judge(HISTORIAN)
    assert standing(world) == []


def test_switched_off_nothing_is_judged_and_nothing_waits(world):
    for day in (0, 1, 2):
        world.ledger.analysed(call(world, day).id, analysis((complaint(),)))
        world.ledger.judge(None)
    assert world.ledger.judge(HISTORIAN) == 0
    assert standing(world) == []


def brand(code: str) -> BehaviorTag:
    return tag("competitor.alternative_mentioned", slots=(("brand", code),))


def test_numbered_brands_are_compared_by_what_they_stand_for(world):
    """rival-1 of one recording is not rival-1 of the next: the numbers count each recording's own list."""
    code = "competitor.mentioned_3x_30d"
    judged(world, call(world, 0, competitors=("澜星",)), brand("rival-1"))
    judged(world, call(world, 1, competitors=("金谷", "澜星")), brand("rival-1"))
    judged(world, call(world, 2, competitors=("澜星",)), brand("rival-1"))
    assert standing(world, code) == []
    judged(world, call(world, 3, competitors=("金谷", "澜星")), brand("rival-2"))
    (found,) = standing(world, code)
    assert dict(found.tag.slots) == {"brand": "rival-2", "count": 3}


OPTED_OUT = "consent.marketing_opt_out"
ACTED = "process.contact_after_opt_out"


def touch(world: World, day: float, **facts: bool) -> Recording:
    made = call(world, day)
    world.ledger.analysed(made.id, analysis((), facts=tuple(facts.items())))
    world.ledger.judge(HISTORIAN)
    return made


def test_every_marketing_touch_after_an_opt_out_is_intercepted(world):
    touch(world, 0, outbound_marketing=True, re_consented=False)
    judged(world, call(world, 1), tag(OPTED_OUT, slots=()))
    hot = [touch(world, day, outbound_marketing=True, re_consented=False) for day in (4, 400)]
    touch(world, 5, outbound_marketing=False, re_consented=False)
    touch(world, 6, outbound_marketing=True, re_consented=True)
    touch(world, 7, outbound_marketing=True)
    found = standing(world, ACTED)
    assert [one.recording for one in found] == [one.id for one in hot]
    assert {(one.tag.start_ms, one.tag.layer, one.tag.severity) for one in found} == {(0, "intercept", "critical")}
    assert [held.kind for held in found[0].tag.evidence] == ["earlier", "measure", "measure"]
    world.ledger.verify_chain()


def test_unknown_voice_forbids_nothing_and_a_withdrawn_touch_says_nothing(world):
    judged(world, call(world, 1), tag(OPTED_OUT, slots=(), speaker=Speaker.UNKNOWN))
    made = touch(world, 2, outbound_marketing=True, re_consented=False)
    assert standing(world, ACTED) == []
    said = Statement(
        id=new_id(), party=Party.RECORDING, subject=made.id, verb=Verb.WITHDRAWN, basis="", at=NOON, since=NOON
    )  # fmt: skip
    world.ledger.keeping.withdraw(said)
    judged(world, call(world, 1.5), tag(OPTED_OUT, slots=()))
    assert standing(world, ACTED) == []


@pytest.mark.parametrize("complained", [True, False])
def test_only_what_was_complained_of_can_be_late(world, complained):
    if complained:
        judged(world, call(world, -200), complaint())
        judged(world, call(world, -199), complaint(speaker=Speaker.UNKNOWN))
    for day in (-150, -2):
        touch(world, day, hours_past_sla=6.0, closed=False)
    assert len(standing(world, "process.complaint_sla_breached")) == 2 * complained


class Refuses:
    """A historian whose word on one recording may not leave the box."""

    ruleset, heard, judged, lasting = HISTORIAN.ruleset, HISTORIAN.heard, HISTORIAN.judged, HISTORIAN.lasting

    def __init__(self, recording: str) -> None:
        self.recording = recording

    def judge(self, history: History) -> Judgement:
        found = HISTORIAN.judge(history)
        wrong = [replace(one, tag=replace(one.tag, rule="no digest@0")) for one in found.new if one.recording == self.recording]
        return replace(found, new=[*wrong, *(one for one in found.new if one.recording != self.recording)])


def test_what_may_not_leave_is_tried_later_and_holds_nobody_else_up(world):
    for customer in (CUSTOMER, "dd" * 16):
        calls = [call(world, day, customer=customer) for day in (0, 1, 2)]
        for one in calls:
            world.ledger.analysed(one.id, analysis((complaint(),)))
    world.ledger.judge(Refuses(calls[2].id))
    assert len(standing(world)) == 1
    world.ledger.judge(HISTORIAN)
    assert len(standing(world)) == 1
    world.clock.pass_(timedelta(hours=1))
    world.ledger.judge(HISTORIAN)
    assert len(standing(world)) == 2
    world.ledger.verify_chain()


def test_why_names_the_earlier_talks_in_both_languages(world):
    for day in (0, 1, 2):
        judged(world, call(world, day), complaint())
    (found,) = standing(world)
    told = explain(found.tag, LEXICON.events)
    assert len(told.zh) == len(told.en) == 4
    assert sum("另一次对话" in line and "客户投诉" in line for line in told.zh) == 2
    assert sum("in another talk" in line for line in told.en) == 2


class Stumbles(Historian):
    """Its rules break on whoever `bad` is."""

    bad = ""

    def judge(self, history: History) -> Judgement:
        if history.hits[0].recording == self.bad:
            raise IndexError("他说太贵了")
        return super().judge(history)


def test_a_rule_that_breaks_holds_nobody_else_up_and_is_tried_again(world):
    theirs = [call(world, day, customer="cc" * 16, rep="") for day in (0, 1, 2)]
    ours = [call(world, day, rep="") for day in (0, 1, 2)]
    for one in (*theirs, *ours):
        world.ledger.analysed(one.id, analysis((complaint(),)))
    stumbles = Stumbles(LEXICON)
    stumbles.bad = theirs[0].id
    world.ledger.judge(stumbles)
    assert [one.recording for one in standing(world)] == [ours[2].id]
    world.clock.pass_(timedelta(hours=1))
    world.ledger.judge(HISTORIAN)
    assert sorted(one.recording for one in standing(world)) == sorted([ours[2].id, theirs[2].id])
    world.ledger.verify_chain()


MISSED = "process.quote_promised_not_sent"


def written(world: World, day: float) -> None:
    """A chat of somebody else comes in."""
    made = call(world, day, kind=Kind.CHANNEL, channel="wechat", customer="ee" * 16)
    judged(world, made)


def test_box_that_is_told_of_no_chat_cannot_miss_a_quote(world):
    written(world, -8)
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    for _ in range(20):
        world.clock.pass_(timedelta(hours=12))
        world.ledger.judge(HISTORIAN)
    assert standing(world, MISSED) == []
    assert not world.ledger._read(lambda tx: tx.execute("SELECT 1 FROM to_judge").fetchall())  # it stays undetermined


def test_quote_is_missing_once_a_chat_of_anybody_has_come(world):
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    world.clock.pass_(timedelta(hours=30))
    world.ledger.judge(HISTORIAN)
    assert standing(world, MISSED) == []
    written(world, 1.2)
    world.clock.pass_(timedelta(minutes=15))
    world.ledger.judge(HISTORIAN)
    (found,) = standing(world, MISSED)
    assert (found.tag.start_ms, found.tag.layer) == (24 * 3_600_000 + 1000, "alert")


def test_writing_from_before_the_deadline_tells_nothing_of_the_time_until_then(world):
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    written(world, 0.9)
    world.clock.pass_(timedelta(hours=24, minutes=1))
    world.ledger.judge(HISTORIAN)
    assert standing(world, MISSED) == []
    written(world, 1.001)
    world.clock.pass_(timedelta(minutes=15))
    world.ledger.judge(HISTORIAN)
    assert len(standing(world, MISSED)) == 1


def test_writing_from_the_future_tells_nothing(world):
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    written(world, 36_500)
    world.clock.pass_(timedelta(hours=30))
    world.ledger.judge(HISTORIAN)
    assert standing(world, MISSED) == []


def test_any_number_of_till_slips_hides_no_writing(world):
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    written(world, 1.001)
    for _ in range(210):
        call(world, 1.1, kind=Kind.CHANNEL, channel="pos", customer="")
    world.ledger._writer.write(lambda tx: tx.execute("UPDATE recordings SET state = 'closed'"))
    world.clock.pass_(timedelta(hours=30))
    world.ledger.judge(HISTORIAN)
    assert len(standing(world, MISSED)) == 1
    plan = world.ledger._read(lambda tx: tx.execute("EXPLAIN QUERY PLAN " + history._WRITTEN, (0,)).fetchall())
    assert "recordings_written" in str([tuple(row) for row in plan])


def test_a_parked_recording_of_the_same_customer_may_hold_what_is_missing(world):
    judged(world, call(world, 0), tag("price.quote_promised", speaker=Speaker.REP, slots=()))
    world.ledger.parked(call(world, 0.5).id, "no-consent")
    written(world, 1.001)
    world.clock.pass_(timedelta(hours=30))
    world.ledger.judge(HISTORIAN)
    assert standing(world, MISSED) == []


def test_a_touch_of_a_week_is_read_whole(world):
    """What it holds at its end is within reach, though it began long before."""
    late = int(timedelta(days=5).total_seconds() * 1000)
    for day, start_ms in ((0, late), (20, 1000), (34, 1000)):
        judged(world, call(world, day), complaint(start_ms=start_ms, end_ms=start_ms + 900, known_at_ms=start_ms + 900))
    assert len(standing(world)) == 1


def test_ledger_of_an_earlier_release_learns_when_its_recordings_began():
    """The step is taken on rows that the release before it wrote."""
    view = sqlite3.connect(":memory:")
    for name, statements in STEPS:
        if name == "0010_history":
            began = '{"started_at":"2026-11-20T12:00:00.250+08:00"}'
            view.execute("INSERT INTO recordings VALUES ('r', 'call', 'closed', '', '', '', 0, '', ?)", (began,))
            view.execute("INSERT INTO subjects VALUES ('r', 'customer', 'p', 'n')")
            amid = '{"started_at":"2026-11-20T04:00:00.000999Z"}'
            view.execute("INSERT INTO recordings VALUES ('s', 'call', 'closed', '', '', '', 0, '', ?)", (amid,))
            view.execute("INSERT INTO subjects VALUES ('s', 'customer', 'p', 'n')")
        for statement in statements:
            view.execute(statement)
    assert view.execute("SELECT began_ms FROM subjects ORDER BY recording").fetchall() == [(ms_of(NOON) + 250,), (ms_of(NOON),)]
    chat = '{"started_at":"2026-11-20T12:00:00.250+08:00","channel":"wechat"}'
    columns = "id, kind, state, digest, size_bytes, captured_at, circumstances"
    view.execute(f"INSERT INTO recordings ({columns}) VALUES ('c', 'channel', '', '', 0, '', ?)", (chat,))
    assert view.execute("SELECT id, written_ms FROM recordings ORDER BY id").fetchall() == [
        ("c", ms_of(NOON) + 250), ("r", None), ("s", None),
    ]  # fmt: skip
    view.close()


def test_overturned_conclusion_does_not_come_back_by_the_same_rule(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        judged(world, one, complaint())
    (found,) = standing(world)
    world.ledger.contests.open(found.tag.id, Reason.CONTEXT, by=Role.REP)
    world.ledger.contests.decide(found.tag.id, Stage.OVERTURNED, by=Role.COMPLIANCE)
    assert standing(world) == []
    analyses = sqlite3.connect(world.path).execute("SELECT COUNT(*) FROM analyses").fetchone()
    assert world.ledger.judge(HISTORIAN) == 0
    judged(world, calls[1], complaint(), rules=NEW_RULES)
    assert standing(world) == []
    assert sqlite3.connect(world.path).execute("SELECT COUNT(*) FROM analyses").fetchone() == (analyses[0] + 1,)
    world.ledger.verify_chain()


def test_conclusion_falls_with_a_finding_that_was_overturned(world):
    calls = [call(world, day) for day in (0, 1, 2)]
    for one in calls:
        judged(world, one, complaint())
    (first,) = world.reader.tags(calls[0].id)
    world.ledger.contests.open(first.tag.id, Reason.NOT_SAID, by=Role.REP)
    world.ledger.contests.decide(first.tag.id, Stage.OVERTURNED, by=Role.MANAGER)
    assert world.ledger.judge(HISTORIAN) == 1
    assert standing(world) == []
    world.ledger.verify_chain()
