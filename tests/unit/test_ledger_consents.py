"""The employee register, withdrawals, holds and erasure in the ledger: each one transaction, each bound to the audit log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from box_world import BoxWorld, Party, Verb, WordTagger, script
from ledger_world import GATEWAY, analysis, memory_folder
from ledger_world import recording as ledger_recording

from edge_agent import app, duties, pipeline
from edge_agent.capture.inbox import FileInbox
from edge_agent.config import Config
from edge_agent.domain.recording import Recording, State
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.errors import LedgerBroken, NotAllowed, NotFound, Unavailable
from edge_agent.ids import new_id
from edge_agent.ledger.schema import STEPS

TALK = (("rep", 0, "您好，会录音"), ("customer", 3, "太贵了"))


@pytest.fixture
def box() -> Iterator[BoxWorld]:
    with memory_folder() as folder:
        made = BoxWorld(folder)
        yield made
        made.close()


def talk(box: BoxWorld, n: int = 0, **how: str) -> Recording:
    return box.call(*TALK, ("rep", 9, f"第{n}位"), name=f"{n}.wav", **how)


def kinds(box: BoxWorld) -> list[str]:
    return [kind for (kind,) in box.query("SELECT kind FROM audit ORDER BY seq")]


def test_a_rep_who_is_not_in_the_register_is_not_analysed(box: BoxWorld) -> None:
    waiting = talk(box, rep="E1")
    assert (waiting.state, waiting.parked) == (State.SEALED, "no-employee-consent")
    box.register("E2")
    assert box.parked(waiting) == "no-employee-consent"
    box.register("E1")
    assert box.parked(waiting) == ""
    box.work()
    assert box.ledger.recording(waiting.id).state is State.CLOSED


def test_an_employee_withdraws_for_the_future_only_by_default(box: BoxWorld) -> None:
    box.register("E1")
    done = talk(box, 1, rep="E1")
    assert box.withdraw(Party.REP, "E1", past=False) == ()
    assert talk(box, 2, rep="E1").parked == "no-employee-consent"
    assert box.ledger.recording(done.id).state is State.CLOSED
    assert box.withdraw(Party.REP, "E1") != ()
    assert box.ledger.recording(done.id).state is State.EXPIRED


def test_what_was_recorded_while_an_employee_had_withdrawn_stays_unread_when_they_agree_again(box: BoxWorld) -> None:
    box.register("E1")
    box.withdraw(Party.REP, "E1", past=False)
    box.clock.pass_(timedelta(hours=2))
    between = talk(box, 1, rep="E1")
    box.clock.pass_(timedelta(hours=2))
    agreed = box.clock.now()
    for _ in range(2):  # the second time the newest statement is no withdrawal any more
        said = box.ledger.stated(box.state(Party.REP, "E1", since=agreed - timedelta(days=1)))
        assert said.since == agreed
        box.work()
        assert (box.ledger.recording(between.id).state, box.parked(between)) == (State.SEALED, "no-employee-consent")
        box.clock.pass_(timedelta(hours=2))
    assert talk(box, 2, rep="E1").state is State.CLOSED
    assert box.ledger.verify_chain()


def test_an_expired_consent_of_an_employee_counts_no_longer(box: BoxWorld) -> None:
    box.register("E1", until=box.clock.now() + timedelta(days=1))
    assert talk(box, 1, rep="E1").state is State.CLOSED
    box.clock.pass_(timedelta(days=2))
    assert talk(box, 2, rep="E1").parked == "no-employee-consent"


def test_a_withdrawal_takes_the_tags_back_at_hq(box: BoxWorld, tmp_path: Path) -> None:
    done = talk(box, customer="C1")
    assert box.at_hq(tmp_path / "hq.db") == {"consent.recording_notice": "final", "price.objection": "final"}
    assert box.withdraw(Party.CUSTOMER, "C1") == [done.id]
    assert set(box.at_hq(tmp_path / "hq.db").values()) == {"withdrawn"}
    assert box.ledger.recording(done.id).state is State.EXPIRED
    assert box.vault.objects() == []
    assert kinds(box).count("tags.withdrawn") == 1
    assert box.ledger.verify_chain()


def test_one_recording_is_withdrawn_and_the_others_stay(box: BoxWorld) -> None:
    one, two = talk(box, 1, customer="C1"), talk(box, 2, customer="C1")
    box.withdraw(Party.RECORDING, one.id)
    assert [box.ledger.recording(each.id).state for each in (one, two)] == [State.EXPIRED, State.CLOSED]
    box.withdraw(Party.RECORDING, one.id)  # again: nothing more to do
    assert box.ledger.verify_chain()


def test_a_withdrawal_decided_is_not_analysed_before_it_is_shredded(box: BoxWorld) -> None:
    recording = talk(box, basis="none")
    box.ledger.keeping.expiring({recording.id: "withdrawn"})
    box.ledger.unparked(recording.id)
    assert box.ledger.unfinished() == []
    with pytest.raises(NotAllowed, match="being shredded"):
        box.ledger.analysed(recording.id, analysis())
    with pytest.raises(NotAllowed, match="too late"):
        box.ledger.stated(box.state(Party.RECORDING, recording.id))


def test_a_withdrawal_under_a_hold_stops_use_and_keeps_the_seal(box: BoxWorld, tmp_path: Path) -> None:
    done = talk(box, customer="C1")
    box.ledger.keeping.hold(done.id, "case-17")
    assert box.withdraw(Party.CUSTOMER, "C1") == [done.id]
    assert box.ledger.recording(done.id).state is State.CLOSED
    assert set(box.at_hq(tmp_path / "hq.db").values()) == {"withdrawn"}
    with pytest.raises(NotAllowed):
        box.ledger.analysed(done.id, analysis(rules="03" * 32))
    assert box.ledger.verify_chain()
    box.ledger.keeping.hold(done.id, "case-18")
    box.ledger.keeping.lift(done.id, "case-17")
    assert box.shred() == 0
    box.ledger.keeping.lift(done.id, "case-18")
    assert box.shred() == 1
    assert box.vault.objects() == []


def test_a_hold_blocks_erasure_before_anything_is_done(box: BoxWorld) -> None:
    talk(box, 1, customer="C1")
    held = talk(box, 2, customer="C1")
    box.ledger.keeping.hold(held.id, "case-17")
    before = box.ledger.verify_chain()
    with pytest.raises(NotAllowed, match=r"keeps 1 of 2 .* nothing was erased"):
        box.erase(Party.CUSTOMER, "C1")
    assert box.ledger.verify_chain() == before
    assert len(box.vault.objects()) == 4


def test_no_hold_on_what_is_gone_or_going(box: BoxWorld) -> None:
    gone, going = talk(box, 1), talk(box, 2)
    box.withdraw(Party.RECORDING, gone.id)
    box.ledger.keeping.expiring({going.id: "due.call"})
    for one in (gone, going):
        with pytest.raises(NotAllowed, match="shredded"):
            box.ledger.keeping.hold(one.id, "case-17")
    with pytest.raises(NotFound):
        box.ledger.keeping.hold(new_id(), "case-17")
    with pytest.raises(NotFound):
        box.ledger.keeping.lift(going.id, "case-17")


def test_after_an_erasure_nothing_leads_back_and_the_log_verifies(box: BoxWorld) -> None:
    box.register("E1")
    done = talk(box, rep="E1", customer="C1")
    box.ledger.stated(box.state(Party.CUSTOMER, "C1"))
    assert box.erase(Party.CUSTOMER, "C1") == [done.id]
    assert box.query("SELECT party FROM subjects") == [("rep",)]
    assert box.query("SELECT party FROM statements") == [("rep",)]
    assert box.ledger.verify_chain()
    assert box.erase(Party.REP, "E1") == []  # shredded before; only the link was left
    assert box.query("SELECT * FROM subjects") + box.query("SELECT * FROM statements") == []
    assert box.ledger.verify_chain()
    for party, code in ((Party.CUSTOMER, "C1"), (Party.REP, "E1")):
        with pytest.raises(NotFound):
            box.erase(party, code)
        files = b"".join(path.read_bytes() for path in box.path.parent.iterdir() if path.suffix != ".ballast")
        assert box.pseudonym(party.value, code).encode() not in files


def test_what_a_reader_kept_in_the_log_at_an_erasure_is_cut_off_afterwards(box: BoxWorld) -> None:
    box.drop(script(*TALK), customer="C1", basis="none")
    box.work()
    pseudonym = box.pseudonym("customer", "C1")

    def lies_somewhere() -> bool:
        return any(pseudonym.encode() in one.read_bytes() for one in box.path.parent.iterdir())

    with closing(sqlite3.connect(box.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        box.ledger.keeping.erase(Party.CUSTOMER, pseudonym)
        assert box.ledger.forget_deleted() is False
        reader.execute("ROLLBACK")
        assert lies_somewhere()
        settings = Config(gateway=GATEWAY, state=str(box.root))
        inbox = FileInbox(box.inbox, box.limits, pseudonym=box.pseudonym)
        running = app.Box(settings=settings, kit=box.kit, keys=box.keys, vault=box.vault, ledger=box.ledger, inbox=inbox)
        duties.forget(running)
        assert not lies_somewhere()
    assert box.query("SELECT value FROM meta WHERE key = 'forgetting'") == []


def test_a_withdrawal_outlives_the_erasure_so_that_it_is_still_heard(box: BoxWorld) -> None:
    talk(box, 1, customer="C1")
    box.withdraw(Party.CUSTOMER, "C1")
    box.erase(Party.CUSTOMER, "C1")
    assert box.query("SELECT verb FROM statements") == [("withdrawn",)]
    assert talk(box, 2, customer="C1").parked == "withdrawn"
    assert box.ledger.verify_chain()


def test_what_is_withdrawn_while_it_is_analysed_is_never_committed(box: BoxWorld, tmp_path: Path) -> None:
    class Meanwhile(WordTagger):
        def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
            box.withdraw(Party.CUSTOMER, "C1")
            return super().tag(conversation)

    box.drop(script(*TALK), customer="C1")
    kit = replace(box.kit, tagger=Meanwhile())
    (arrival,) = box.arrivals()
    recording = pipeline.take_in(kit, arrival)
    with pytest.raises(NotAllowed):
        pipeline.advance(kit, recording)
    assert box.ledger.recording(recording.id).state is State.EXPIRED
    assert box.vault.objects() == []
    assert box.at_hq(tmp_path / "hq.db") == {}
    assert box.ledger.verify_chain()


@pytest.mark.parametrize("party", [Party.REP, Party.CUSTOMER, Party.RECORDING])
def test_a_withdrawal_for_the_future_alone_also_stops_the_commit(box: BoxWorld, tmp_path: Path, party: Party) -> None:
    class Meanwhile(WordTagger):
        def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
            who = {Party.REP: "E1", Party.CUSTOMER: "C1", Party.RECORDING: recording.id}[party]
            assert box.withdraw(party, who, past=False) == ()
            return super().tag(conversation)

    box.register("E1")
    box.drop(script(*TALK), rep="E1", customer="C1")
    kit = replace(box.kit, tagger=Meanwhile())
    (arrival,) = box.arrivals()
    recording = pipeline.take_in(kit, arrival)
    waiting = pipeline.advance(kit, recording)
    reason = "no-employee-consent" if party is Party.REP else "withdrawn"
    assert (waiting.state, waiting.parked, box.parked(recording)) == (State.SEALED, reason, reason)
    assert box.vault.objects() == [recording.id]
    assert box.at_hq(tmp_path / "hq.db") == {}
    assert box.ledger.verify_chain()


def test_a_recording_that_is_being_taken_in_is_not_forgotten_half_way(box: BoxWorld) -> None:
    pseudonym = box.pseudonym("customer", "C1")
    box.ledger.captured(ledger_recording(customer=pseudonym))
    with pytest.raises(Unavailable, match="just being taken in"):
        box.ledger.keeping.erase(Party.CUSTOMER, pseudonym)


def test_a_ledger_from_before_there_were_consent_records_is_brought_forward(box: BoxWorld) -> None:
    done = talk(box)
    box.ledger.close()
    number = next(n for n, (name, _) in enumerate(STEPS) if name == "0003_consent")
    with sqlite3.connect(box.path) as raw:
        for table in ("subjects", "statements", "holds", "shredding"):
            raw.execute(f"DROP TABLE {table}")
        raw.execute("DELETE FROM _sqlite_migrations WHERE name = '0003_consent'")
        raw.execute(f"PRAGMA user_version = {number}")
    raw.close()
    reopened = BoxWorld(box.root, clock=box.clock)
    assert reopened.ledger.recording(done.id) == done
    assert reopened.ledger.verify_chain()
    reopened.close()


TAMPERED = {
    "a consent slipped in": "INSERT INTO statements SELECT 'x', party, '2', verb, basis, at, since, until, nonce FROM statements",
    "a statement taken away": "DELETE FROM statements",
    "a person exchanged": "UPDATE subjects SET pseudonym = 'other'",
    "a link taken away": "DELETE FROM subjects WHERE party = 'rep'",
    "a link slipped in": "INSERT INTO subjects SELECT id, 'customer', 'c', 'n', 0 FROM recordings",
    "a hold slipped in": "INSERT INTO holds SELECT 'x' || id, id, 'r', 't' FROM recordings",
    "a hold taken away": "DELETE FROM holds",
    "a hold moved to another recording": "UPDATE holds SET recording = (SELECT id FROM recordings WHERE parked = '')",
    "a decision taken away": "DELETE FROM shredding",
    "a decision slipped in": "INSERT INTO shredding SELECT id, 'r', 't' FROM recordings WHERE parked = ''",
}


@pytest.mark.parametrize("what", sorted(TAMPERED))
def test_what_is_changed_beside_the_log_shows(box: BoxWorld, what: str) -> None:
    box.register("E1")
    talk(box, 1, rep="E1")
    box.ledger.keeping.hold(talk(box, 2, basis="none").id, "case-17")
    box.ledger.keeping.expiring({talk(box, 3, basis="none").id: "due.grace"})
    assert box.ledger.verify_chain()
    box.ledger.close()
    with sqlite3.connect(box.path) as raw:
        raw.execute(TAMPERED[what])
    raw.close()
    reopened = BoxWorld(box.root, clock=box.clock)
    with pytest.raises(LedgerBroken):
        reopened.ledger.verify_chain()
    reopened.close()


def test_a_statement_is_never_changed(box: BoxWorld) -> None:
    box.register("E1")
    box.ledger.close()
    raw = sqlite3.connect(box.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE statements SET verb = 'given'")
    raw.close()


def test_no_audit_row_names_a_person_even_by_pseudonym(box: BoxWorld) -> None:
    box.register("E1")
    talk(box, rep="E1", customer="C1")
    box.withdraw(Party.CUSTOMER, "C1")
    box.withdraw(Party.REP, "E1")
    text = repr(box.query("SELECT body FROM audit"))
    assert box.pseudonym("rep", "E1") not in text
    assert box.pseudonym("customer", "C1") not in text
    assert Verb.WITHDRAWN.value in text
