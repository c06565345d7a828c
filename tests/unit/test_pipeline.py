"""The four verbs against fakes: what is durable when, and what happens at every interruption."""

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

import pytest
from ledger_world import NO_FLOOR, World, memory_folder, score, tag
from pipeline_fakes import NOON, FakeArrival, FakeLedger, FakeTagger, make_kit
from shipped import lexicon, tagger
from sight_world import slot

from edge_agent import pipeline
from edge_agent.domain.consent import NOTICE, REFUSED, Party, Policy, Standing, Statement, Verb
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import Consent, Kind, State, View
from edge_agent.domain.tags import BehaviorTag, Conversation, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import BadInput, NotAllowed
from edge_agent.pipeline import Kit
from edge_agent.ports import Analysis, Sealed, ShelfFindings
from edge_agent.tagging.sight.watch import Watch


@pytest.fixture
def kit() -> Kit:
    return make_kit()


def test_call_goes_all_the_way(kit: Kit) -> None:
    arrival = FakeArrival()
    done = pipeline.advance(kit, pipeline.take_in(kit, arrival))
    assert done.state is State.CLOSED
    assert arrival.discarded
    assert kit.vault.hot == set()
    (analysis,) = kit.ledger.analyses.values()
    assert [tag.code for tag in analysis.tags] == ["price.objection"]
    assert "太贵了" in kit.vault.sealed[analysis.transcript_object].decode()


def test_shelf_video_goes_all_the_way(kit: Kit) -> None:
    done = pipeline.advance(kit, pipeline.take_in(kit, FakeArrival(kind=Kind.SHELF)))
    (analysis,) = kit.ledger.analyses.values()
    assert done.state is State.CLOSED
    assert analysis.score is not None
    assert kit.vault.sealed[analysis.picture_object] == b"png"


def test_nothing_is_unlinked_before_the_seal_is_recorded(kit: Kit) -> None:
    class Broken(FakeLedger):
        def sealed(self, recording_id: str, sealed: Sealed) -> None:
            raise OSError("no space")

    arrival = FakeArrival()
    with pytest.raises(OSError, match="no space"):
        pipeline.take_in(replace(kit, ledger=Broken()), arrival)
    assert not arrival.discarded


def test_without_consent_it_is_sealed_and_never_analysed(kit: Kit) -> None:
    recording = pipeline.take_in(kit, FakeArrival(consent=Consent.NONE))
    assert pipeline.advance(kit, recording).state is State.SEALED
    assert kit.ledger.analyses == {}
    assert kit.ledger.unfinished() == []


def test_same_content_twice_is_rejected_and_names_the_first(kit: Kit) -> None:
    first = pipeline.take_in(kit, FakeArrival())
    again = FakeArrival()
    with pytest.raises(BadInput, match=first.id) as caught:
        pipeline.take_in(kit, again)
    assert caught.value.kind == "duplicate"
    assert again.discarded
    states = [row.state for row in kit.ledger.rows.values()]
    assert states == [State.SEALED, State.REJECTED]


def test_a_second_copy_whose_rejection_was_interrupted_is_still_rejected(kit: Kit) -> None:
    first = pipeline.advance(kit, pipeline.take_in(kit, FakeArrival(content=b"same")))
    with pytest.raises(BadInput):
        pipeline.take_in(kit, FakeArrival(content=b"same"))
    (second,) = (one for one in kit.ledger.rows.values() if one.id != first.id)  # type: ignore[attr-defined]
    kit.ledger.rows[second.id] = second = replace(second, state=State.SEALED)  # type: ignore[attr-defined]
    assert pipeline.advance(kit, second).state is State.REJECTED
    assert [identity for identity, _ in kit.ledger.analyses] == [first.id]  # type: ignore[attr-defined]


def test_unusable_media_is_kept_sealed_in_rejected(kit: Kit) -> None:
    recording = pipeline.take_in(kit, FakeArrival(content=b"noise"))
    with pytest.raises(BadInput, match="no audio"):
        pipeline.advance(kit, recording)
    assert kit.vault.rejected == {recording.id}
    assert kit.ledger.recording(recording.id).state is State.REJECTED
    assert kit.ledger.recording(recording.id).parked == "not-media"


def test_what_is_not_a_file_is_refused_and_not_unlinked(kit: Kit) -> None:
    arrival = FakeArrival(content=None)
    with pytest.raises(BadInput, match="regular file"):
        pipeline.take_in(kit, arrival)
    assert not arrival.discarded


@pytest.mark.parametrize("stopped_after", [State.CAPTURED, State.SEALED, State.ANALYSED])
def test_every_interruption_is_resumed(kit: Kit, stopped_after: State) -> None:
    recording = pipeline.take_in(kit, FakeArrival())
    if stopped_after is State.CAPTURED:
        kit.ledger.rows[recording.id] = replace(recording, state=State.CAPTURED, digest="")
        kit.vault.shred([recording.id])
    if stopped_after is State.ANALYSED:
        pipeline.commit(kit, recording, pipeline.analyse(kit, recording))
    (left,) = kit.ledger.unfinished()
    assert left.state is stopped_after
    ended = pipeline.advance(kit, left)
    assert ended.state is (State.REJECTED if stopped_after is State.CAPTURED else State.CLOSED)
    assert kit.ledger.unfinished() == []
    assert kit.vault.hot == set()


class Killed(BaseException):
    """As good as a kill: nothing of the pipeline's catches it."""


class Killing(FakeLedger):
    """Killed once, between the seal and the ledger's word of it."""

    killed = False

    def sealed(self, recording_id: str, sealed: Sealed) -> None:
        if not self.killed:
            self.killed = True
            raise Killed
        super().sealed(recording_id, sealed)


def test_what_was_durably_sealed_when_it_was_interrupted_is_analysed_after_all(kit: Kit) -> None:
    kit = replace(kit, ledger=Killing())
    with pytest.raises(Killed):
        pipeline.take_in(kit, FakeArrival())
    (left,) = kit.ledger.unfinished()
    resumed = pipeline.advance(kit, left)
    assert (resumed.state, resumed.digest != "", kit.ledger.analyses) == (State.SEALED, True, {})
    with pytest.raises(BadInput, match=left.id):  # the file still lay in the inbox
        pipeline.take_in(kit, FakeArrival())
    assert pipeline.advance(kit, resumed).state is State.CLOSED
    assert [identity for identity, _ in kit.ledger.analyses] == [left.id]


def test_a_file_taken_in_again_before_its_interrupted_self_is_looked_at_counts_once(kit: Kit) -> None:
    kit = replace(kit, ledger=Killing())
    with pytest.raises(Killed):
        pipeline.take_in(kit, FakeArrival())
    (left,) = kit.ledger.unfinished()
    again = pipeline.advance(kit, pipeline.take_in(kit, FakeArrival()))
    assert again.state is State.CLOSED
    assert pipeline.advance(kit, left).state is State.REJECTED
    assert kit.ledger.recording(left.id).parked == "duplicate"
    assert [identity for identity, _ in kit.ledger.analyses] == [again.id]


def test_a_recording_that_moved_on_under_the_worker_waits_for_its_own_turn(kit: Kit) -> None:
    recording = pipeline.take_in(kit, FakeArrival())
    seen = replace(recording, state=State.CAPTURED, digest="")  # as the worker read it before its owner sealed it
    assert pipeline.advance(kit, seen).state is State.SEALED
    assert kit.ledger.analyses == {}


def test_hot_window_keeps_it_open_until_it_is_over(kit: Kit) -> None:
    held = replace(kit, hot_for=timedelta(hours=1))
    recording = pipeline.advance(held, pipeline.take_in(held, FakeArrival()))
    assert recording.state is State.ANALYSED
    assert recording.id in kit.vault.hot
    kit.clock.at = NOON + timedelta(hours=1)
    assert pipeline.advance(held, recording).state is State.CLOSED
    assert kit.vault.hot == set()


class Hears(FakeTagger):
    def __init__(self, *codes: str) -> None:
        self.codes = codes

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        return tuple(tag(code, 2_000, speaker=Speaker.REP) for code in self.codes)


def test_a_spoken_notice_that_is_heard_lets_the_call_go_on(kit: Kit) -> None:
    heard = replace(kit, tagger=Hears(NOTICE, "price.objection"))
    done = pipeline.advance(heard, pipeline.take_in(heard, FakeArrival(consent=Consent.SPOKEN)))
    assert done.state is State.CLOSED
    (analysis,) = kit.ledger.analyses.values()
    assert len(analysis.tags) == 2


@pytest.mark.parametrize(("heard", "reason"), [((), "no-notice"), ((NOTICE, REFUSED), "recording-refused")])
def test_of_a_call_without_its_spoken_notice_nothing_is_kept(kit: Kit, heard: tuple[str, ...], reason: str) -> None:
    deaf = replace(kit, tagger=Hears(*heard, "price.objection"))
    recording = pipeline.advance(deaf, pipeline.take_in(deaf, FakeArrival(consent=Consent.SPOKEN)))
    assert (recording.state, kit.ledger.recording(recording.id).parked) == (State.SEALED, reason)
    assert kit.ledger.analyses == {}
    assert list(kit.vault.sealed) == [recording.id], "a transcript was kept"
    assert kit.ledger.unfinished() == []


def test_a_basis_that_does_not_suffice_here_waits_like_none(kit: Kit) -> None:
    in_eu = replace(kit, policy=Policy(jurisdiction="eu"))
    recording = pipeline.take_in(in_eu, FakeArrival(consent=Consent.NOTICE))
    assert pipeline.advance(in_eu, recording).state is State.SEALED
    assert kit.ledger.recording(recording.id).parked == "basis-insufficient"
    assert kit.ledger.analyses == {}


def test_consent_is_asked_again_before_the_analysis(kit: Kit) -> None:
    recording = pipeline.take_in(kit, FakeArrival(customer="c"))
    assert recording.parked == ""
    gone = Statement(
        id="1", party=Party.CUSTOMER, subject="c", verb=Verb.WITHDRAWN, basis="", at=NOON, since=NOON
    )  # fmt: skip
    kit.ledger.stands = Standing(customer=gone)
    assert pipeline.advance(kit, recording).parked == "withdrawn"
    assert kit.ledger.analyses == {}


def test_what_is_withdrawn_during_its_analysis_leaves_no_transcript(kit: Kit) -> None:
    class Withdrawn(FakeLedger):
        def analysed(self, recording_id: str, analysis: Analysis) -> bool:
            raise NotAllowed("being shredded")

    late = replace(kit, ledger=Withdrawn())
    recording = pipeline.take_in(late, FakeArrival())
    with pytest.raises(NotAllowed):
        pipeline.advance(late, recording)
    assert list(kit.vault.sealed) == [recording.id]


class SeeingShelf:
    """Sees one slot empty in every video."""

    def score(self, video: BinaryIO, planogram: Planogram, *, view: View = View.FIXED) -> ShelfFindings:
        return ShelfFindings(score=score(), picture=b"png", observations=slot("E"))


def test_a_shelf_video_is_scored_and_what_it_shows_is_judged_over_scans() -> None:
    with memory_folder() as folder:
        world = World(folder, options={"limits": NO_FLOOR})
        kit = replace(make_kit(), ledger=world.ledger, shelf=SeeingShelf(), tagger=tagger(), watch=Watch(lexicon()))
        recording = pipeline.take_in(kit, FakeArrival(kind=Kind.SHELF))
        pipeline.advance(kit, recording)
        (found,) = world.reader.tags()
        assert (found.tag.code, found.tag.status, found.recording) == ("shelf.out_of_stock", Status.PROVISIONAL, recording.id)
        assert world.ledger.verify_chain()
