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
from ledger_world import NEW_RULES, NOON, World, analysis, memory_folder, opened, recording, sealed, tag

from edge_agent import cli
from edge_agent.domain.consent import Party, Statement, Verb
from edge_agent.domain.contests import ENOUGH, Case, Precision, Reason, Role, Stage, deciders, may_decide, precision, wilson
from edge_agent.domain.recording import State
from edge_agent.domain.tags import Status
from edge_agent.errors import LedgerBroken, NotAllowed, NotFound
from edge_agent.ids import new_id
from edge_agent.ledger.contests import cases
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


def test_another_analysis_does_not_bring_it_back_by_the_same_rule(world: World) -> None:
    recording, _ = overturned(world)
    assert world.ledger.analysed(recording, analysis(2, rules=NEW_RULES))
    assert [one.tag.start_ms for one in world.reader.tags(recording)] == [2000]


def test_another_analysis_may_bring_it_back_by_another_rule(world: World) -> None:
    recording, _ = overturned(world)
    again = analysis((tag(start_ms=1200, rule_digest="cd" * 32), tag(start_ms=2000)), rules=NEW_RULES)
    assert world.ledger.analysed(recording, again)
    assert [one.tag.start_ms for one in world.reader.tags(recording)] == [1200, 2000]


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
    some = [case("a.b", Stage.UPHELD)] * 3 + [case("a.b", Stage.OVERTURNED, 40)] * 2 + [case("c.d", Stage.CONTESTED)]
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
