"""Contests: who may decide, what an overturned finding leaves behind, what HQ hears, and how often an event was right."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from box_world import BoxWorld
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import DIGEST, NEW_RULES, NOON, World, analysis, memory_folder, opened, recording, sealed, tag

from edge_agent import answers, cli, config
from edge_agent.domain.consent import Party, Statement, Verb
from edge_agent.domain.contests import ENOUGH, Case, Precision, Reason, Role, Stage, deciders, may_decide, precision, wilson
from edge_agent.domain.insights import CardEntry, Field, Ground, Insights, ItemScore, Outcome, Place, Scorecard
from edge_agent.domain.recording import State
from edge_agent.domain.tags import BehaviorTag, Evidence, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import LedgerBroken, NotAllowed, NotFound
from edge_agent.ids import new_id
from edge_agent.ledger.contests import cases, of_line
from edge_sync import wire


@pytest.fixture
def world() -> Iterator[World]:
    with memory_folder() as folder:
        made = World(folder)
        yield made
        made.close()


def envelopes(world: World) -> list[wire.Envelope]:
    rows = sqlite3.connect(world.path).execute("SELECT payload FROM outbox ORDER BY seq").fetchall()
    return [opened(payload) for (payload,) in rows]


def tags_sent(world: World) -> list[wire.Tag]:
    return [tag for one in envelopes(world) if isinstance(one, wire.TagsEnvelope) for tag in one.data.tags]


def told(world: World) -> list[str]:
    return [one.data.state for one in envelopes(world) if isinstance(one, wire.CaseEnvelope)]


def found(world: World, recording: str) -> list[str]:
    return [one.tag.code for one in world.reader.tags(recording)]


def overturned(world: World) -> tuple[str, str]:
    """A recording of two findings whose first was overturned, and that finding."""
    recording = world.analysed().id
    first = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(first, Reason.NOT_SAID, by=Role.REP)
    world.ledger.contests.decide(first, Stage.OVERTURNED, by=Role.MANAGER)
    return recording, first


def test_nobody_decides_their_own_objection_and_a_rep_none() -> None:
    assert {(one, by) for one, by in product(Role, Role) if may_decide(one, by)} == {
        (Role.REP, Role.MANAGER), (Role.REP, Role.COMPLIANCE), (Role.MANAGER, Role.COMPLIANCE), (Role.COMPLIANCE, Role.MANAGER),
    }  # fmt: skip
    assert all(deciders(one) for one in Role)


@pytest.mark.parametrize(("one", "by"), [pair for pair in product(Role, Role) if not may_decide(*pair)])
def test_decision_in_the_wrong_role_is_refused_and_changes_nothing(world: World, one: Role, by: Role) -> None:
    recording = world.analysed().id
    contested = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(contested, Reason.CONTEXT, by=one)
    with pytest.raises(NotAllowed):
        world.ledger.contests.decide(contested, Stage.OVERTURNED, by=by)
    assert len(found(world, recording)) == 2
    assert [case.stage for case in world.reader.viewing(cases)] == [Stage.CONTESTED]


def test_overturned_finding_is_superseded_by_a_withdrawn_one_here_and_at_hq(world: World) -> None:
    recording, first = overturned(world)
    assert first not in [one.tag.id for one in world.reader.tags(recording)]
    gone = [one.tag for one in world.reader.tags(recording, superseded=True) if one.tag.status is Status.WITHDRAWN]
    assert [one.supersedes for one in gone] == [first]
    assert [(one.event_id, one.status, one.supersedes) for one in tags_sent(world)[2:]] == [(gone[0].id, "withdrawn", first)]
    assert told(world) == ["contested", "overturned"]


def test_case_goes_out_on_its_own_topic_without_a_role(world: World) -> None:
    recording, first = overturned(world)
    rows = sqlite3.connect(world.path).execute("SELECT leaf, payload FROM outbox ORDER BY seq").fetchall()
    assert [leaf for leaf, _ in rows] == ["tags", "case", "tags", "case"]
    data = json.loads(rows[-1][1])["data"]
    assert data == {**data, "event_id": first, "recording": recording, "state": "overturned", "reason": "not-said"}
    assert set(data) == {"case", "event_id", "recording", "state", "reason"}


def test_upheld_finding_stands_and_is_not_contested_again(world: World) -> None:
    recording = world.analysed().id
    contested = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(contested, Reason.OTHER, by=Role.MANAGER)
    world.ledger.contests.decide(contested, Stage.UPHELD, by=Role.COMPLIANCE)
    assert len(found(world, recording)) == 2
    assert told(world) == ["contested", "upheld"]
    with pytest.raises(NotAllowed):
        world.ledger.contests.open(contested, Reason.OTHER, by=Role.REP)
    with pytest.raises(NotFound):
        world.ledger.contests.decide(contested, Stage.OVERTURNED, by=Role.COMPLIANCE)


def test_what_is_not_in_force_cannot_be_contested(world: World) -> None:
    _, first = overturned(world)
    for name in (first, new_id()):
        with pytest.raises(NotAllowed):
            world.ledger.contests.open(name, Reason.OTHER, by=Role.REP)


@pytest.mark.parametrize("rule", [DIGEST, "cd" * 32])
def test_no_later_analysis_brings_it_back_by_whatever_rule(world: World, rule: str) -> None:
    recording, _ = overturned(world)
    again = analysis((tag(start_ms=1200, rule_digest=rule), tag(start_ms=2000)), rules=NEW_RULES)
    assert world.ledger.analysed(recording, again)
    assert [one.tag.start_ms for one in world.reader.tags(recording)] == [2000]


def test_what_begins_where_the_overturned_one_ends_or_is_of_another_speaker_is_another_finding(world: World) -> None:
    recording, _ = overturned(world)
    again = analysis((tag(start_ms=1900), tag(start_ms=1000, speaker=Speaker.REP)), rules=NEW_RULES)
    assert world.ledger.analysed(recording, again)
    assert [one.tag.start_ms for one in world.reader.tags(recording)] == [1000, 1900]


def concluded() -> tuple[BehaviorTag, ...]:
    """Two objections; the first was left open, which was counted; and that something is missing, which rests on nothing."""

    def rests(kind: str, code: str, start_ms: int = 1000) -> tuple[Evidence, ...]:
        return (Evidence(kind=kind, detail=code, start_ms=start_ms, end_ms=start_ms + 900),)

    return (
        tag(), tag(start_ms=2000),
        tag("price.objection_unclosed", 5000, evidence=rests("opened", "price.objection")),
        tag("quality.misses", 9000, evidence=rests("miss", "price.objection_unclosed", 5000)),
        tag("quality.absent", 9000, evidence=rests("absent", "price.objection")),
        tag("quality.other", 9000, evidence=rests("reference", "need.pain_stated")),
    )  # fmt: skip


def test_what_was_concluded_from_an_overturned_finding_is_taken_back_with_it_here_and_at_hq(world: World) -> None:
    recording = world.take_in().id
    assert world.ledger.analysed(recording, analysis(concluded()))
    first = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(first, Reason.NOT_SAID, by=Role.REP)
    world.ledger.contests.decide(first, Stage.OVERTURNED, by=Role.MANAGER)
    left = ["price.objection", "quality.absent", "quality.other"]
    gone = {"price.objection", "price.objection_unclosed", "quality.misses"}
    assert sorted(found(world, recording)) == left
    assert {one.code for one in tags_sent(world) if one.status == "withdrawn"} == gone
    assert world.ledger.verify_chain()
    assert world.ledger.analysed(recording, analysis(concluded(), rules=NEW_RULES))
    assert sorted(found(world, recording)) == left
    alone = tag("price.objection_unclosed", 5000)
    assert world.ledger.analysed(recording, analysis((*concluded()[:2], alone), rules="03" * 32))
    assert found(world, recording) == ["price.objection", "price.objection_unclosed"]  # nobody took this one back itself


def test_conclusion_stands_while_another_finding_stands_at_its_place(world: World) -> None:
    recording = world.take_in().id
    assert world.ledger.analysed(recording, analysis((tag(turn=4), *concluded())))
    first = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(first, Reason.NOT_SAID, by=Role.REP)
    world.ledger.contests.decide(first, Stage.OVERTURNED, by=Role.MANAGER)
    assert "quality.misses" in found(world, recording)


def test_upheld_finding_is_contested_again_only_by_another_rule_and_counts_once(world: World) -> None:
    recording = world.analysed(1).id

    def now() -> str:
        return world.reader.tags(recording)[0].tag.id

    first = now()
    world.ledger.contests.open(first, Reason.NOT_SAID, by=Role.REP)
    world.ledger.contests.decide(first, Stage.UPHELD, by=Role.MANAGER)
    assert world.ledger.analysed(recording, analysis(1, rules=NEW_RULES))
    with pytest.raises(NotAllowed, match="already"):
        world.ledger.contests.open(now(), Reason.NOT_SAID, by=Role.REP)
    assert [(one.tag, one.stands) for one in world.reader.viewing(cases)] == [(first, now())]
    for name in (first, now()):  # so that `why` of either speaks of it
        assert [one.tag for one in world.reader.viewing(lambda view, tag=name: of_line(view, tag))] == [first]
    assert world.ledger.analysed(recording, analysis((tag(rule_digest="cd" * 32),), rules="03" * 32))
    world.ledger.contests.open(now(), Reason.NOT_SAID, by=Role.REP)
    assert precision(world.reader.viewing(cases)) == (Precision(code="price.objection", upheld=1, overturned=0),)
    world.clock.pass_(timedelta(days=1))
    world.ledger.contests.decide(now(), Stage.OVERTURNED, by=Role.MANAGER)
    assert precision(world.reader.viewing(cases)) == (Precision(code="price.objection", upheld=0, overturned=1),)


def resting_on(one: str, other: str) -> Insights:
    """A card of three items, and one entry, as the machine scored and kept them."""
    at = Place(utterance=0, char_start=0, char_end=1, start_ms=1000)

    def item(name: str, points: float, tag: str, outcome: Outcome) -> ItemScore:
        return ItemScore(
            item=name, points=points, most=10, outcome=outcome, critical=name == "critical",
            grounds=(Ground(code="price.objection", tag=tag, at=at, against=not points),),
        )  # fmt: skip

    items = (
        item("critical", 0, one, Outcome.FORBIDDEN), item("good", 10, other, Outcome.MET), item("more", 5, one, Outcome.PARTLY),
    )  # fmt: skip
    card = Scorecard(card="own", digest=DIGEST, total=0.0, coverage=1.0, items=items, zeroed_by="critical")
    entries = [
        CardEntry(field=Field.NEED, code="price.objection", at=at, side=Speaker.CUSTOMER, confidence=1.0, tag=name)
        for name in (one, other, "")
    ]
    return Insights(scorecards=(card,), card=tuple(entries))


def test_points_that_rest_on_an_overturned_finding_are_not_judged_and_the_machines_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = BoxWorld(tmp_path)
    call, tags = recording(), (tag(), tag(start_ms=2000))
    box.ledger.captured(call)
    box.ledger.sealed(call.id, sealed(call.id))
    kept = resting_on(tags[0].id, tags[1].id)
    box.ledger.analysed(call.id, analysis(tags, insights=kept))
    box.close()
    where = ("--state", str(tmp_path))
    said(capsys, "contest", "open", tags[0].id, "--reason", "not-said", *where)
    (before,) = said(capsys, "scores", call.id, *where)["scorecards"]
    assert (before["total"], before["zeroed_by"]) == (0.0, "critical")
    (line,) = said(capsys, "contest", "decide", tags[0].id, "overturned", "--by", "manager", *where)["contests"]
    assert (line["tag"], line["stands"]) == (tags[0].id, "")
    (card,) = said(capsys, "scores", call.id, *where)["scorecards"]
    assert (card["total"], card["machine_total"], card["zeroed_by"], card["coverage"]) == (100.0, 0.0, "", 0.3333)
    assert [(one["outcome"], one["points"], one["machine_points"], one["grounds"][0]["gone"]) for one in card["items"]] == [
        ("contested", None, 0.0, True), ("met", 10.0, 10.0, False), ("contested", None, 5.0, True),
    ]  # fmt: skip
    assert [one["tag"] for one in said(capsys, "card", call.id, *where)["entries"]] == [tags[1].id, ""]
    override = ("score", "override", call.id, "own", "more", "0", "--reason", "other", "--by", "manager")
    card = said(capsys, *override, *where)
    assert (card["total"], card["items"][2]["points"]) == (50.0, 0.0)
    assert cli.main(["scores", call.id, *where]) == 0
    assert "已撤销" in capsys.readouterr().out
    with answers.reader(config.Config(state=str(tmp_path))) as book:
        assert book.insights(call.id) == kept


def test_the_same_event_elsewhere_in_the_talk_is_another_finding(world: World) -> None:
    recording, _ = overturned(world)
    again = analysis((tag(start_ms=2000), tag(start_ms=9000)), rules=NEW_RULES)
    assert world.ledger.analysed(recording, again)
    assert [one.tag.start_ms for one in world.reader.tags(recording)] == [2000, 9000]


def test_decision_after_another_analysis_takes_back_what_stands_now(world: World) -> None:
    recording = world.analysed(1).id
    (first,) = world.reader.tags(recording)
    world.ledger.contests.open(first.tag.id, Reason.WRONG_SPEAKER, by=Role.REP)
    assert world.ledger.analysed(recording, analysis(1, rules=NEW_RULES))
    (second,) = world.reader.tags(recording)
    assert second.tag.supersedes == first.tag.id
    with pytest.raises(NotAllowed):
        world.ledger.contests.open(second.tag.id, Reason.OTHER, by=Role.MANAGER)
    assert world.ledger.contests.decide(second.tag.id, Stage.OVERTURNED, by=Role.MANAGER).tag == first.tag.id
    assert found(world, recording) == []
    assert tags_sent(world)[-1].supersedes == second.tag.id


def test_contest_of_what_went_by_itself_is_void(world: World) -> None:
    recording = world.analysed(1).id
    (first,) = world.reader.tags(recording)
    world.ledger.contests.open(first.tag.id, Reason.NOT_SAID, by=Role.REP)
    assert world.ledger.analysed(recording, analysis((), rules=NEW_RULES))
    assert [one.stage for one in world.reader.viewing(cases)] == [Stage.VOID]
    with pytest.raises(NotAllowed):
        world.ledger.contests.decide(first.tag.id, Stage.OVERTURNED, by=Role.MANAGER)
    assert told(world) == ["contested"]


@pytest.mark.parametrize("decided", [True, False])
def test_withdrawal_and_shredding_go_on_after_a_contest(world: World, decided: bool) -> None:
    recording = world.analysed().id
    first = world.reader.tags(recording)[0].tag.id
    world.ledger.contests.open(first, Reason.CONSENT, by=Role.REP)
    if decided:
        world.ledger.contests.decide(first, Stage.OVERTURNED, by=Role.COMPLIANCE)
    said = Statement(
        id=new_id(), party=Party.RECORDING, subject=recording, verb=Verb.WITHDRAWN, basis="", at=NOON, since=NOON, until=None
    )
    world.ledger.keeping.withdraw(said)
    world.ledger.keeping.shredded([recording])
    assert found(world, recording) == []
    assert world.ledger.recording(recording).state is State.EXPIRED
    assert [one.stage for one in world.reader.viewing(cases)] == [Stage.OVERTURNED if decided else Stage.VOID]
    assert {one.status for one in tags_sent(world)[2:]} == {"withdrawn"}
    world.ledger.verify_chain()


def test_contests_are_bound_by_the_log(world: World) -> None:
    overturned(world)
    assert world.ledger.verify_chain()
    world.reopen()
    thief = sqlite3.connect(world.path)
    for statement in ("UPDATE contests SET stage = 'upheld'", "DELETE FROM contests"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            thief.execute(statement)
        thief.rollback()
    thief.execute("DROP TRIGGER contests_keep")
    thief.execute("UPDATE contests SET reason = 'other' WHERE stage = 'overturned'")
    thief.commit()
    with pytest.raises(LedgerBroken):
        world.ledger.verify_chain()


def test_contest_that_no_row_speaks_of_is_seen(world: World) -> None:
    recording = world.analysed().id
    first = world.reader.tags(recording)[0].tag.id
    thief = sqlite3.connect(world.path)
    row = (new_id(), first, recording, str(NOON))
    thief.execute("INSERT INTO contests VALUES (?, ?, ?, 'contested', 'other', 'rep', ?)", row)
    thief.commit()
    with pytest.raises(LedgerBroken):
        world.ledger.verify_chain()


def test_restored_box_says_its_cases_again_on_their_topic(world: World) -> None:
    _, first = overturned(world)
    with sqlite3.connect(world.path) as copy:  # as it is once HQ turned out to know more than this copy of the box
        copy.execute("INSERT OR REPLACE INTO meta VALUES ('beyond', '9')")
    world.reopen()
    rows = sqlite3.connect(world.path).execute("SELECT leaf, payload FROM outbox ORDER BY seq").fetchall()
    again = [(leaf, opened(payload).data) for leaf, payload in rows]
    assert [(leaf, data.event_id) for leaf, data in again if isinstance(data, wire.CaseData)] == [("case", first)] * 2


def case(code: str, stage: Stage, days_ago: float = 0) -> Case:
    at = None if stage is Stage.CONTESTED else NOON - timedelta(days=days_ago)
    return Case(
        id=new_id(), tag=new_id(), recording=new_id(), code=code, stage=stage, reason=Reason.OTHER, opened_by=Role.REP,
        opened_at=NOON, decided_by=Role.MANAGER if at else None, decided_at=at,
    )  # fmt: skip


def test_precision_counts_decided_contests_per_event_and_time() -> None:
    told = [("a.b", Stage.UPHELD, 0), ("a.b", Stage.OVERTURNED, 40), ("c.d", Stage.CONTESTED, 0)]
    some = [case(*one) for one, times in zip(told, (3, 2, 1), strict=True) for _ in range(times)]
    assert precision(some) == (Precision(code="a.b", upheld=3, overturned=2),)
    assert precision(some, since=NOON - timedelta(days=30)) == (Precision(code="a.b", upheld=3, overturned=0),)


@pytest.mark.parametrize("reviewed", range(ENOUGH))
def test_precision_of_few_decisions_is_unknown(reviewed: int) -> None:
    few = Precision(code="a.b", upheld=reviewed, overturned=0)
    assert (few.value, few.interval) == (None, None)


def test_wilson_interval_is_the_published_one() -> None:
    """E. B. Wilson's interval for 8 of 10, as in R's prop.test(8, 10, correct = FALSE)."""
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_interval_holds_the_share(pair: tuple[int, int]) -> None:
    good, of = pair
    low, high = wilson(good, of)
    assert 0 <= low <= good / of + 1e-9
    assert good / of - 1e-9 <= high <= 1


def said(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    capsys.readouterr()
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_command_line_goes_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = BoxWorld(tmp_path)
    call = recording()
    box.ledger.captured(call)
    box.ledger.sealed(call.id, sealed(call.id))
    box.ledger.analysed(call.id, analysis(6))
    box.close()
    where = ("--state", str(tmp_path))
    tags = [one["id"] for one in said(capsys, "tags", *where)["tags"]]
    for number, name in enumerate(tags):
        (line,) = said(capsys, "contest", "open", name[-12:], "--reason", "not-said", *where)["contests"]
        assert (line["stage"], line["opened_by"], line["may_decide"]) == ("contested", "rep", ["manager", "compliance"])
        outcome = "overturned" if number < 2 else "upheld"
        if number < 4:
            said(capsys, "contest", "decide", name, outcome, "--by", "manager", *where)
    (line,) = said(capsys, "precision", *where)["events"]
    assert line == {
        "code": "price.objection", "reviewed": 4, "upheld": 2, "overturned": 2, "precision": None, "low": None, "high": None,
    }  # fmt: skip
    assert cli.main(["contest", "decide", tags[4], "upheld", "--by", "rep", *where]) == 1
    assert "不能自己复核" in capsys.readouterr().err
    said(capsys, "contest", "decide", tags[4], "upheld", "--by", "manager", *where)
    (line,) = said(capsys, "precision", "--days", "7", *where)["events"]
    assert (line["reviewed"], line["precision"]) == (5, 0.6)
    assert line["low"] < 0.6 < line["high"]
    assert len(said(capsys, "contest", "list", "--open", *where)["contests"]) == 1
    assert len(said(capsys, "tags", *where)["tags"]) == 4
    assert cli.main(["contest", "list", *where]) == 0
    assert cli.main(["precision", *where]) == 0
    assert "60%" in capsys.readouterr().out


def test_why_and_why_not_of_a_sealed_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = BoxWorld(tmp_path)
    call, other = recording(), recording()
    for one in (call, other):
        box.ledger.captured(one)
        box.ledger.sealed(one.id, sealed(one.id))
    box.ledger.analysed(call.id, analysis((tag(turn=1), tag("need.pain_stated", 5000, turn=2))))
    box.close()
    where = ("--state", str(tmp_path))
    named = {one["code"]: one["id"] for one in said(capsys, "tags", *where)["tags"]}

    def why_not(recording_id: str, event: str) -> dict:
        return said(capsys, "why-not", recording_id, event, *where)

    assert why_not(call.id, "price.objection")["fired"]
    assert "it takes 3, 1 came" in " ".join(why_not(call.id, "price.objection_repeated")["en"])
    assert "the transcript is sealed" in why_not(call.id, "closing.commit")["en"][0]
    assert "not analysed (sealed)" in why_not(other.id, "price.objection")["en"][0]
    assert said(capsys, "why", named["price.objection"], *where)["contest"] == ""
    said(capsys, "contest", "open", named["price.objection"], "--reason", "context", *where)
    said(capsys, "contest", "decide", named["price.objection"], "overturned", "--by", "compliance", *where)
    assert said(capsys, "why", named["price.objection"], *where)["contest"] == "overturned"
    assert "contested and overturned" in why_not(call.id, "price.objection")["en"][0]
    assert cli.main(["why-not", new_id(), "price.objection", *where]) == 1
    assert cli.main(["why-not", call.id, "no.such", *where]) == 1
