"""Scans in the ledger: judged in one transaction with what follows, closed by a later scan, told to HQ, and killed in between."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from ledger_world import NO_FLOOR, NOON, RULES, World, analysis, memory_folder, opened, recording, score
from shipped import lexicon
from sight_world import ALWAYS, saw, slot

from edge_agent.domain.consent import Party, Statement, Verb
from edge_agent.domain.contests import Reason, Role, Stage
from edge_agent.domain.history import ms_of
from edge_agent.domain.observation import Observation
from edge_agent.domain.planogram import Side
from edge_agent.domain.recording import Kind
from edge_agent.domain.shelf import BrandShare, FacingIndex, Measured, Share
from edge_agent.domain.tags import Status
from edge_agent.domain.watching import Series, Watched, place_of
from edge_agent.errors import LedgerBroken
from edge_agent.ids import new_id
from edge_agent.ledger import scans
from edge_agent.ledger.scans import CHUNK
from edge_agent.tagging.sight.watch import Watch
from edge_sync import wire

WATCH = Watch(lexicon(), ALWAYS)
OOS = "shelf.out_of_stock"


@pytest.fixture
def world() -> Iterator[World]:
    with memory_folder() as folder:
        yield World(folder, options={"limits": NO_FLOOR})


def scanned(world: World, minute: float, state: str, *, judge: bool = True, us: int = 0) -> str:
    """Analyse one scan of the bay, and judge; its recording."""
    made = world.take_in(kind=Kind.SHELF, started_at=NOON + timedelta(minutes=minute, microseconds=us))
    seen: tuple[Observation, ...] = slot(state)
    assert world.ledger.analysed(made.id, analysis((), rules=RULES, observations=seen, transcript_object=""))
    if judge:
        world.ledger.watch(WATCH)
    return made.id


def stands(world: World) -> list[tuple[str, str, str]]:
    over = world.reader.closings()
    return [
        (one.tag.code, "closed" if one.tag.id in over else one.tag.status.value, one.recording) for one in world.reader.tags()
    ]


def sent(world: World) -> list[wire.Envelope]:
    rows = world.ledger._read(lambda tx: tx.execute("SELECT payload FROM outbox ORDER BY seq").fetchall())
    return [opened(payload) for (payload,) in rows]


def test_an_event_is_provisional_then_final_then_closed_and_hq_is_told_of_each(world: World) -> None:
    first = scanned(world, 0, "E")
    assert stands(world) == [(OOS, "provisional", first)]
    scanned(world, 10, "E")
    scanned(world, 20, "E")
    assert stands(world) == [(OOS, "final", first)]
    scanned(world, 30, "F")
    over = scanned(world, 40, "F")
    (found,) = [one for one in world.reader.tags() if one.tag.code == OOS]
    assert world.reader.closings() == {found.tag.id: over}
    tags = [tag for one in sent(world) if isinstance(one.data, wire.TagsData) for tag in one.data.tags]
    assert [(tag.code, tag.status) for tag in tags if tag.code == OOS] == [(OOS, "provisional"), (OOS, "final")]
    (case,) = [one.data for one in sent(world) if isinstance(one.data, wire.CaseData)]
    assert (case.event_id, case.state, case.reason, case.recording) == (found.tag.id, "closed", "scan", first)
    assert world.ledger.verify_chain()


def test_a_late_scan_withdraws_and_reopens_what_no_longer_follows(world: World) -> None:
    first = scanned(world, 0, "E")
    for minute, state in ((10, "E"), (20, "E"), (30, "F"), (50, "F")):
        scanned(world, minute, state)
    assert (OOS, "closed", first) in stands(world)
    scanned(world, 40, "E")
    assert (OOS, "final", first) in stands(world)
    assert [one.data.state for one in sent(world) if isinstance(one.data, wire.CaseData)] == ["closed", "reopened"]
    for minute in (5, 6):
        scanned(world, minute, "F")
    assert (OOS, "final", first) not in stands(world)
    withdrawn = [one.tag for one in world.reader.tags(superseded=True) if one.tag.status is Status.WITHDRAWN]
    assert sorted(tag.code for tag in withdrawn) == [OOS, "shelf.restocked"]
    assert world.ledger.verify_chain()


def test_scans_analysed_in_any_order_give_the_same(world: World) -> None:
    with memory_folder() as folder:
        other = World(folder, options={"limits": NO_FLOOR})
        states = list(enumerate("EEFEE?FFEEFEFFE"))
        for number, state in states:
            scanned(world, 10 * number, state)
        for number, state in [*states[1::2], *states[::-2]]:
            scanned(other, 10 * number, state)
        found = [
            sorted((code, status, next(r.circumstances.started_at for r in w.reader.recordings() if r.id == one))
                   for code, status, one in stands(w))
            for w in (world, other)
        ]  # fmt: skip
    assert found[0] == found[1]


def test_a_kill_between_analysis_and_judgement_loses_and_doubles_nothing(world: World) -> None:
    for minute in (0, 10, 20):
        scanned(world, minute, "E", judge=False)
    world.reopen()
    assert stands(world) == []
    assert world.ledger.watch(WATCH) == 1
    assert world.ledger.watch(WATCH) == 0
    assert [status for _, status, _ in stands(world)] == ["final"]


class Broken:
    """A judge that fails at what it was given."""

    ruleset, basis, codes = "0" * 64, "0" * 64, frozenset({OOS})

    def judge(self, series: Series) -> Watched:
        raise ZeroDivisionError(series.place)


def test_what_cannot_be_judged_is_put_off_and_the_analysis_stays(world: World) -> None:
    scanned(world, 0, "E", judge=False)
    assert world.ledger.watch(Broken()) == 0
    assert world.ledger.watch(WATCH) == 0
    world.clock.pass_(timedelta(hours=2))
    assert world.ledger.watch(WATCH) == 1


class Killed(Watch):
    """Judges, and then the power goes: nothing of that transaction was written."""

    def judge(self, series: Series) -> Watched:
        super().judge(series)
        raise KeyboardInterrupt


def test_a_kill_amid_the_judgement_leaves_its_marks(world: World) -> None:
    for minute in (0, 10, 20):
        scanned(world, minute, "E", judge=False)
    with pytest.raises(KeyboardInterrupt):
        world.ledger.watch(Killed(lexicon(), ALWAYS))
    world.reopen()
    assert stands(world) == []
    assert world.ledger.watch(WATCH) == 1
    assert [status for _, status, _ in stands(world)] == ["final"]
    assert world.ledger.verify_chain()


class Looking(Watch):
    """Notes which scans it was given, after it did something of its own the first time."""

    def __init__(self, meanwhile: Callable[[], object] = list) -> None:
        super().__init__(lexicon(), ALWAYS)
        self.meanwhile, self.given = [meanwhile], list[list[str]]()

    def judge(self, series: Series) -> Watched:
        given = list(series.scans)
        self.given.append([one.recording for one in given])
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().judge(replace(series, scans=given))


def test_others_write_to_the_ledger_while_a_place_is_judged(world: World) -> None:
    scanned(world, 0, "E", judge=False)

    def camera() -> None:
        other = sqlite3.connect(world.path, timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
        other.close()

    assert world.ledger.watch(Looking(camera)) == 1


@pytest.mark.parametrize("again", [False, True])
def test_a_place_is_judged_again_when_a_scan_came_or_was_analysed_anew_meanwhile(world: World, again: bool) -> None:
    first = scanned(world, 0, "E", judge=False)
    anew = analysis((), rules="02" * 32, observations=slot("F"), transcript_object="")
    judge = Looking(lambda: world.ledger.analysed(first, anew) if again else scanned(world, -10, "E", judge=False))
    world.ledger.watch(judge)
    assert len(judge.given) == 2
    earliest = min(world.reader.recordings(), key=lambda one: one.circumstances.started_at).id
    assert stands(world) == ([] if again else [(OOS, "provisional", earliest)])
    assert world.ledger.watch(WATCH) == 0
    assert world.ledger.verify_chain()


def test_more_scans_than_are_read_at_once_are_judged_in_their_order(world: World) -> None:
    made = [scanned(world, number, "F", judge=False) for number in range(2 * CHUNK + 1)]
    judge = Looking()
    world.ledger.watch(judge)
    assert judge.given == [made]


def test_a_floor_is_judged_from_a_day_before_where_the_rules_are_new_and_a_shelf_from_its_first_scan(world: World) -> None:
    given = []
    for kind in (Kind.SHELF, Kind.FLOOR):
        days = [world.take_in(kind=kind, floor="hall", bay="", started_at=NOON + timedelta(hours=hour)) for hour in (0, 30, 50)]
        for one in days:
            assert world.ledger.analysed(one.id, analysis((), observations=slot("F"), transcript_object=""))
            world.ledger.watch(WATCH)
        last = Looking()
        last.basis = "other rules"
        world.ledger._writer.write(lambda tx, one=days[-1].id: scans.mark(tx, one))
        world.ledger.watch(last)
        given += [[days.index(next(one for one in days if one.id == name)) for name in names] for names in last.given]
    assert given == [[0, 1, 2], [1, 2]]


def test_nothing_is_judged_and_nothing_kept_due_without_a_judge(world: World) -> None:
    scanned(world, 0, "E", judge=False)
    assert world.ledger.watch(None) == 0
    assert world.ledger.watch(WATCH) == 0


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE observations SET said = '[]'", "UPDATE observations SET nonce = ''", "DELETE FROM observations",
        "UPDATE analyses SET observed = ''", "INSERT INTO observations SELECT MAX(id), 'n', '[]' FROM analyses",
        "INSERT INTO observations VALUES (99, 'n', '[]')",
    ],
)  # fmt: skip
def test_an_observation_that_is_changed_in_the_file_is_found(world: World, tampering: str) -> None:
    scanned(world, 0, "E")
    other = sqlite3.connect(world.path, isolation_level=None)
    other.executescript(f"DROP TRIGGER observations_keep; {tampering}")
    other.close()
    with pytest.raises(LedgerBroken):
        world.ledger.verify_chain()


def kept(world: World) -> list[str]:
    rows = world.ledger._read(
        lambda tx: tx.execute("SELECT recording FROM observations JOIN analyses ON analyses.id = analysis ORDER BY 1").fetchall()
    )
    return [recording for (recording,) in rows]


def test_what_a_scan_observed_goes_with_its_recording_and_the_log_still_verifies(world: World) -> None:
    made = [scanned(world, 10 * number, state) for number, state in enumerate("EEE")]
    assert stands(world) == [(OOS, "final", made[0])]
    world.ledger.keeping.expiring({made[0]: "shelf", made[1]: "shelf"})
    assert kept(world) == made
    world.ledger.keeping.shredded(made[:2])
    assert kept(world) == made[2:]
    states = world.ledger._read(lambda tx: tx.execute("SELECT recording FROM watched").fetchall())
    assert states == [(made[2],)]
    assert world.ledger.verify_chain()
    assert world.ledger.forget_deleted()
    assert b"planned_facings" not in world.path.with_name("ledger.db-wal").read_bytes()
    scanned(world, 30, "F")
    over = scanned(world, 40, "F")
    assert (OOS, "closed", made[0]) in stands(world)
    assert list(world.reader.closings().values()) == [over]
    assert world.ledger.verify_chain()


def test_a_closing_that_no_row_speaks_of_is_found(world: World) -> None:
    first = scanned(world, 0, "E")
    tag = world.reader.tags()[0].tag.id
    row = ("00000000-0000-7000-8000-000000000000", tag, first, first, "closed", "scan", 0, "")
    world.ledger._writer.database.write(lambda tx: tx.execute("INSERT INTO closings VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row))
    with pytest.raises(LedgerBroken):
        world.ledger.verify_chain()


def test_states_are_kept_for_the_last_scans_and_for_each_day(world: World) -> None:
    for hour in range(0, 60, 2):
        scanned(world, 60 * hour, "F")
    ((count,),) = world.ledger._read(lambda tx: tx.execute("SELECT COUNT(*) FROM watched").fetchall())
    assert 16 <= count <= 18


def test_place_and_beginning_are_found_by_an_index_as_the_circumstances_say(world: World) -> None:
    shop = timezone(timedelta(hours=8))
    made = [
        world.take_in(kind=Kind.SHELF, started_at=NOON.astimezone(shop) + timedelta(milliseconds=123)),
        world.take_in(kind=Kind.SHELF, bay=""), world.take_in(), world.take_in(kind=Kind.CHANNEL, channel="wechat"),
    ]  # fmt: skip
    rows = dict(
        world.ledger._read(lambda tx: [(r[0], r[1:]) for r in tx.execute("SELECT id, place, scanned_ms FROM recordings")])
    )
    assert [rows[one.id][0] or "" for one in made] == [place_of(one.circumstances) for one in made] == ["shelf:bay-a", "", "", ""]
    assert rows[made[0].id][1] == ms_of(made[0].circumstances.started_at)


@pytest.mark.parametrize("us", [0, 400, 600, 999_600])
def test_scans_that_began_amid_a_millisecond_count_once_and_close(world: World, us: int) -> None:
    first = scanned(world, 0, "E", us=us)
    scanned(world, 10, "E", us=us)
    assert stands(world) == [(OOS, "provisional", first)]
    scanned(world, 20, "E", us=us)
    assert stands(world) == [(OOS, "final", first)]
    scanned(world, 30, "F", us=us)
    over = scanned(world, 40, "F", us=us)
    assert list(world.reader.closings().values()) == [over]


def test_the_ledger_and_the_code_mean_the_same_millisecond(world: World) -> None:
    chance = random.Random(13)
    moments = [
        datetime(1960, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(10**15 * 4)) for _ in range(800)
    ] + [NOON + timedelta(seconds=chance.randrange(10**8)) for _ in range(200)]  # fmt: skip
    moments += [NOON + timedelta(seconds=59, microseconds=us) for us in (1, 499, 500, 999, 1000, 999_499, 999_500, 999_999)]
    zones = [UTC, *(timezone(timedelta(minutes=15 * chance.randint(-56, 56))) for _ in range(20))]
    made = [recording(kind=Kind.SHELF, started_at=at.astimezone(chance.choice(zones))) for at in moments]
    encode = msgspec.json.Encoder(order="deterministic").encode
    rows = [(one.id, encode(one.circumstances).decode()) for one in made]

    def both(tx: sqlite3.Connection) -> dict[str, int]:
        tx.executemany("INSERT INTO recordings (id, kind, state, digest, size_bytes, captured_at, circumstances) "
                       "VALUES (?, 'shelf', 'captured', '', 0, '', ?)", rows)  # fmt: skip
        return dict(tx.execute("SELECT id, scanned_ms FROM recordings"))

    assert world.ledger._writer.database.write(both) == {one.id: ms_of(one.circumstances.started_at) for one in made}


def test_the_last_scans_up_to_one_are_read_alone(world: World) -> None:
    made = [scanned(world, 10 * number, "F", judge=False) for number in range(9)]
    other = world.take_in(kind=Kind.SHELF, bay="bay-b")
    assert world.ledger.analysed(other.id, analysis((), observations=slot("F"), transcript_object=""))
    found = {one.id: one for one in world.reader.recordings()}
    assert [one.recording for one in world.reader.scans(found[made[6]], 5)] == made[2:7]
    assert [one.recording for one in world.reader.scans(found[made[1]], 5)] == made[:2]
    assert not world.reader.scans(world.take_in(), 5)


def queue(zone: str, length: int) -> tuple[Observation, ...]:
    return (saw(f"zone:{zone}", until_s=300, queue_len=length),)


def test_a_contest_of_one_zone_leaves_the_other_zones_of_that_time(world: World) -> None:
    made = world.take_in(kind=Kind.FLOOR, floor="hall")
    assert world.ledger.analysed(made.id, analysis((), observations=queue("a", 7), transcript_object=""))
    world.ledger.watch(WATCH)
    (first,) = [one.tag.id for one in world.reader.tags() if one.tag.code == "floor.queue_long"]
    world.ledger.contests.open(first, Reason.CONTEXT, by=Role.REP)
    world.ledger.contests.decide(first, Stage.OVERTURNED, by=Role.MANAGER)
    both = (*queue("a", 7), *queue("b", 8))
    assert world.ledger.analysed(made.id, analysis((), rules="02" * 32, observations=both, transcript_object=""))
    world.ledger.watch(WATCH)
    standing = [one.tag for one in world.reader.tags() if one.tag.code == "floor.queue_long"]
    assert [(one.kind, one.detail) for tag in standing for one in tag.evidence if one.kind == "subject"] == [
        ("subject", "zone:b")
    ]
    assert world.ledger.verify_chain()


def test_hq_is_told_scores_with_coverage_and_only_listed_brands(world: World) -> None:
    brand = BrandShare(
        brand="maitian", side=Side.OWN, facings=3, sos=Measured(value=0.6, coverage=0.8, n=5), linear_sos=Measured()
    )
    told = replace(
        score(), oos=Share(good=1, assessed=4, planned=5), brands=(brand, replace(brand, brand="麦田")),
        competitor_index=FacingIndex(own=3, competitor=6, coverage=0.8), visible=0.7,
    )  # fmt: skip
    made = world.take_in(kind=Kind.SHELF)
    assert world.ledger.analysed(made.id, analysis((), score=told, transcript_object=""))
    (data,) = [one.data for one in sent(world) if isinstance(one.data, wire.ShelfData)]
    assert [(one.name, one.value, one.n) for one in data.scores] == [("oos", 0.25, 4), ("competitor_index", 2.0, 9)]
    assert [(one.brand, one.side, one.sos, one.linear_sos) for one in data.brands] == [("maitian", "own", 0.6, None)]
    assert data.visible == 0.7
    assert world.reader.score(made.id) == told


def other_rules(sustain_s: float) -> Watch:
    known = lexicon()
    event = known.events[OOS]
    changed = msgspec.structs.replace(event, version=2, temporal=msgspec.structs.replace(event.temporal, sustain_s=sustain_s))
    digests = {**known.event_digests, OOS: "9" * 64}
    return Watch(
        msgspec.structs.replace(known, events={**known.events, OOS: changed}, digest="8" * 64, event_digests=digests), ALWAYS
    )


def test_other_rules_rewrite_nothing_that_was_decided_and_go_on_with_what_is_open(world: World) -> None:
    first = ""
    for minute, state in enumerate("EEEFFFFEEE"):
        recording = scanned(world, 10 * minute, state)
        first = first or recording
    old = {one.tag.id for one in world.reader.tags()}
    made = world.take_in(kind=Kind.SHELF, started_at=NOON + timedelta(minutes=100))
    assert world.ledger.analysed(made.id, analysis((), rules="8" * 64, observations=slot("F"), transcript_object=""))
    world.ledger.watch(other_rules(60))
    kept = [one.tag for one in world.reader.tags() if one.recording == first]
    assert {tag.id for tag in kept} <= old
    (going,) = [one.tag for one in world.reader.tags() if one.tag.code == OOS and one.recording != first]
    assert (going.status, going.rule) == (Status.FINAL, "shelf.out_of_stock@2")
    assert world.ledger.verify_chain()


def test_a_scan_that_may_no_longer_be_used_counts_no_more(world: World) -> None:
    scanned(world, 0, "E")
    scanned(world, 10, "E")
    third = scanned(world, 20, "E")
    assert [status for _, status, _ in stands(world)] == ["final"]
    world.ledger.keeping.withdraw(
        Statement(id=new_id(), party=Party.RECORDING, subject=third, verb=Verb.WITHDRAWN, basis="", at=NOON, since=NOON)
    )
    world.ledger.watch(WATCH)
    assert [status for _, status, _ in stands(world)] == ["provisional"]
