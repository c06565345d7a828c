"""When keys are shredded: the longest period that any finding asks for, with a clock one can turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from box_world import BoxWorld, Party, Verb, script
from hypothesis import given
from hypothesis import strategies as st
from ledger_world import NOON, TurnableClock, memory_folder
from pipeline_fakes import FakeVault

from edge_agent import retention
from edge_agent.config import Retention
from edge_agent.domain.consent import Policy, Waits
from edge_agent.domain.recording import Kind, State
from edge_agent.errors import NotAllowed
from edge_agent.ids import made_at, new_id
from edge_agent.ports import Kept

RULES, POLICY = Retention(channel_days=20.0, events={"risk": 365.0, "price.objection": 45.0}), Policy()
CALM = (("rep", 0, "您好，会录音"), ("customer", 3, "好"))


def kept(*findings: tuple[str, str], **changes: object) -> Kept:
    plain = Kept(
        recording=new_id(), kind=Kind.CALL, state=State.CLOSED, parked="", captured_at=NOON, findings=frozenset(findings)
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("one", "days", "rule"),
    [
        (kept(), 30, "call"),
        (kept(kind=Kind.SHELF), 14, "shelf"),
        (kept(("need.stated", "info")), 30, "call"),
        (kept(("price.objection", "notice")), 45, "price.objection"),
        (kept(("manner.rude", "warning"), ("need.stated", "info")), 180, "warning"),
        (kept(("risk.complaint", "warning")), 365, "risk"),
        (kept(("risk.complaint", "warning"), ("closing.lie", "critical")), 1095, "critical"),
        (kept(("shelf.gap", "warning"), kind=Kind.SHELF), 14, "shelf"),
        (kept(kind=Kind.CHANNEL), 20, "channel"),
        (kept(("document.forwarded", "notice"), kind=Kind.CHANNEL), 20, "channel"),
        (kept(("chat.unanswered", "critical"), kind=Kind.CHANNEL), 1095, "critical"),
        (kept(state=State.REJECTED), 7, "rejected"),
        (kept(state=State.SEALED, parked="no-consent"), 3, "grace"),
        (kept(state=State.SEALED, parked="no-employee-consent"), 3, "grace"),
        (kept(state=State.SEALED, parked="withdrawn"), 0, "withdrawn"),
        (kept(state=State.SEALED, parked="ZeroDivisionError"), 30, "call"),
    ],
)
def test_the_longest_period_that_applies_counts(one: Kept, days: int, rule: str) -> None:
    found = retention.due(RULES, POLICY, one)
    assert (found.at - NOON, found.rule) == (timedelta(days=days), rule)


def test_every_code_that_waits_has_a_grace_period() -> None:
    for reason in Waits:
        assert retention.due(RULES, POLICY, kept(state=State.SEALED, parked=reason)).rule in {"grace", "withdrawn"}


@given(st.lists(st.tuples(st.sampled_from(["risk.a", "need.b"]), st.sampled_from(["info", "warning", "critical"])), max_size=4))
def test_a_further_finding_never_shortens_the_period(findings: list[tuple[str, str]]) -> None:
    periods = [retention.due(RULES, POLICY, kept(*findings[:n])).at for n in range(len(findings) + 1)]
    assert periods == sorted(periods)


@dataclass
class FakeKeeper:
    rows: list[Kept]
    decided: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def settled(self) -> bool:
        return True

    def kept(self) -> list[Kept]:
        return [one for one in self.rows if one.recording not in self.done]

    def expiring(self, recordings: dict[str, str]) -> None:
        self.decided |= recordings

    def to_shred(self) -> dict[str, list[str]]:
        return {one: [one] for one in self.decided if one not in self.done}

    def shredded(self, recordings: list[str]) -> None:
        self.done += recordings


def test_a_full_disk_brings_nothing_forward_unless_configured_and_then_only_the_ordinary() -> None:
    rows = [
        kept(("closing.lie", "critical"), bytes=100),
        kept(bytes=100, captured_at=NOON - timedelta(days=2)),
        kept(bytes=100, held=True),
        kept(bytes=100),
        kept(bytes=100, state=State.SEALED, parked="no-consent"),
    ]
    plain = FakeKeeper(rows)
    assert retention.tick(plain, FakeVault(), TurnableClock(), rules=Retention(), policy=POLICY, missing_bytes=10**9) == 0
    early = FakeKeeper(rows)
    rules = Retention(when_full="early")
    assert retention.tick(early, FakeVault(), TurnableClock(), rules=rules, policy=POLICY, missing_bytes=50) == 1
    assert early.decided == {rows[1].recording: "disk-full"}, "next due first, and no more than needed"
    retention.tick(early, FakeVault(), TurnableClock(), rules=rules, policy=POLICY, missing_bytes=10**9)
    assert set(early.decided) == {rows[1].recording, rows[3].recording}


def test_what_belongs_to_nothing_is_swept_once_it_is_old_enough() -> None:
    vault, lost, known = FakeVault(), new_id(), new_id()
    for one in (lost, known):
        vault.seal(one, [b"x"], retention="call")
    for age, left in ((timedelta(minutes=30), {lost, known}), (timedelta(hours=2), {known})):
        retention.sweep(list(vault.sealed), {known}, vault, now=made_at(lost) + age)
        assert set(vault.sealed) == left


def test_a_lost_ledger_does_not_take_the_vault_with_it() -> None:
    vault = FakeVault()
    for _ in range(17):
        vault.seal(new_id(), [b"x"], retention="call")
    assert retention.sweep(list(vault.sealed), set(), vault, now=NOON + timedelta(days=9000)) == 0
    assert len(vault.sealed) == 17


@pytest.fixture
def box() -> Iterator[BoxWorld]:
    with memory_folder() as folder:
        made = BoxWorld(folder)
        yield made
        made.close()


def age(box: BoxWorld, **by: float) -> int:
    box.clock.pass_(timedelta(**by))
    return box.tick()


def test_a_call_goes_with_its_transcript_when_its_days_are_over(box: BoxWorld) -> None:
    done = box.call(*CALM)
    assert done.state is State.CLOSED
    assert len(box.objects(done.id)) == 2
    assert age(box, days=29.9) == 0
    assert age(box, days=0.2) == 1
    assert box.ledger.recording(done.id).state is State.EXPIRED
    assert box.vault.objects() == []
    assert box.ledger.verify_chain()
    assert age(box, days=400) == 0


def test_a_call_with_a_critical_finding_stays_years(box: BoxWorld) -> None:
    box.call(("rep", 0, "给您回扣"), name="a.wav")
    box.call(*CALM, name="b.wav")
    assert age(box, days=31) == 1
    assert age(box, days=1000) == 0
    assert age(box, days=100) == 1


def test_a_rejected_file_expires_too(box: BoxWorld) -> None:
    box.call(("noise", 0, "x"))
    assert len(box.vault.objects()) == 1
    assert age(box, days=6.9) == 0
    assert age(box, days=0.2) == 1
    assert box.vault.objects() == []


def test_without_consent_it_waits_its_grace_and_is_shredded(box: BoxWorld) -> None:
    done = box.call(*CALM, basis="none")
    assert box.vault.is_hot(done.id), "a record may still come"
    assert age(box, hours=71) == 0
    assert age(box, hours=2) == 1
    assert (box.ledger.recording(done.id).state, box.vault.objects()) == (State.EXPIRED, [])


def test_a_record_that_comes_within_grace_lets_it_go_on(box: BoxWorld) -> None:
    done = box.call(*CALM, basis="none")
    age(box, hours=71)
    box.ledger.stated(box.state(Party.RECORDING, done.id))
    box.work()
    assert box.ledger.recording(done.id).state is State.CLOSED
    assert box.ledger.recording(done.id).circumstances.consent == "written"
    assert age(box, hours=3) == 0
    assert box.ledger.verify_chain()


def test_a_record_that_comes_too_late_is_refused(box: BoxWorld) -> None:
    done = box.call(*CALM, basis="none")
    age(box, hours=73)
    with pytest.raises(NotAllowed, match="too late"):
        box.ledger.stated(box.state(Party.RECORDING, done.id))


def test_a_legal_hold_survives_expiry_until_it_is_lifted(box: BoxWorld) -> None:
    done, other = box.call(*CALM, name="a.wav"), box.call(("rep", 0, "录音"), name="b.wav")
    transcript = box.objects(done.id)[1]
    box.ledger.keeping.hold(transcript, "case-17")
    box.rules = Retention(when_full="early")
    box.clock.pass_(timedelta(days=31))
    assert box.tick(missing_bytes=10**12) == 1
    assert box.ledger.recording(other.id).state is State.EXPIRED
    assert set(box.vault.objects()) == {done.id, transcript}
    box.ledger.keeping.lift(done.id, "case-17")
    assert box.tick() == 1
    assert box.vault.objects() == []
    assert box.ledger.verify_chain()


def test_a_withdrawn_customers_new_call_is_shredded_at_once(box: BoxWorld) -> None:
    box.withdraw(Party.CUSTOMER, "C1")
    done = box.call(*CALM, customer="C1")
    assert (done.state, done.parked) == (State.SEALED, "withdrawn")
    assert box.tick() == 1
    box.ledger.stated(box.state(Party.CUSTOMER, "C1", Verb.GIVEN))
    assert box.call(("rep", 0, "再次录音"), customer="C1", name="b.wav").state is State.CLOSED


def test_what_went_for_want_of_consent_may_be_delivered_again_with_one_but_nothing_else_may(box: BoxWorld) -> None:
    box.call(*CALM, basis="none")
    age(box, days=4)
    done = box.call(*CALM, basis="written", name="again.wav")
    assert done.state is State.CLOSED
    age(box, days=31)
    assert box.ledger.recording(done.id).state is State.EXPIRED
    box.drop(script(*CALM), basis="written", name="once-more.wav")
    assert box.work() == []
    assert box.query("SELECT reason FROM recordings WHERE state = 'rejected'") == [("duplicate",)]


def test_a_withdrawal_in_the_hot_window_closes_and_ends_it(box: BoxWorld) -> None:
    box.hot_for = timedelta(hours=4)
    done = box.call(*CALM, customer="C1")
    assert (done.state, box.vault.is_hot(done.id)) == (State.ANALYSED, True)
    box.withdraw(Party.CUSTOMER, "C1")
    assert (box.ledger.recording(done.id).state, box.vault.objects()) == (State.EXPIRED, [])
    assert box.ledger.verify_chain()


YEARS = timedelta(days=56 * 365)


def restarted(box: BoxWorld, boot: str, *, jump: timedelta = timedelta()) -> BoxWorld:
    """The machine starts again, its clock `jump` away from where it was."""
    box.close()
    box.clock.step(jump)
    box.clock.mono_ms = 5_000
    return BoxWorld(box.root, clock=box.clock, boot=boot)


def test_a_clock_that_is_put_right_makes_nothing_old(box: BoxWorld) -> None:
    """The battery is dead: it is 1970 until the time server answers."""
    before = box.call(*CALM, name="before.wav")
    box = restarted(box, "1" * 8, jump=-YEARS)
    during = box.call(("rep", 0, "录音，一九七〇"), name="during.wav")
    assert box.tick() == 0
    box.clock.step(YEARS)
    assert age(box, minutes=5) == 0, "it is five minutes old, not 56 years"
    assert age(box, days=29) == 0
    assert age(box, days=2) == 2
    assert {box.ledger.recording(one.id).state for one in (before, during)} == {State.EXPIRED}
    box.close()


def test_a_start_with_the_clock_far_ahead_destroys_nothing_for_a_day(box: BoxWorld) -> None:
    box.call(*CALM)
    box = restarted(box, "1" * 8, jump=YEARS)
    assert box.tick() == 0
    assert age(box, hours=23) == 0
    box.clock.step(-YEARS)  # put right in time
    assert age(box, hours=2) == 0
    box.clock.step(YEARS)
    assert age(box, hours=1) == 0, "a step is no age"
    assert age(box, days=30) == 1
    box.close()


def test_a_box_that_was_switched_off_for_long_goes_on_after_a_day(box: BoxWorld) -> None:
    box.call(*CALM)
    box = restarted(box, "1" * 8, jump=timedelta(days=60))
    box.withdraw(Party.CUSTOMER, "C1")
    assert age(box, hours=1) == 0
    assert age(box, hours=24) == 1
    box.close()
