"""The four verbs against fakes: what is durable when, and what happens at every interruption."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pipeline_fakes import NOON, FakeArrival, FakeLedger, make_kit

from edge_agent import pipeline
from edge_agent.domain.recording import Consent, Kind, State
from edge_agent.errors import BadInput
from edge_agent.pipeline import Kit
from edge_agent.ports import Sealed


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
        kit.ledger.rows[recording.id] = replace(recording, state=State.CAPTURED)
    if stopped_after is State.ANALYSED:
        pipeline.commit(kit, recording, pipeline.analyse(kit, recording))
    (left,) = kit.ledger.unfinished()
    assert left.state is stopped_after
    ended = pipeline.advance(kit, left)
    assert ended.state is (State.REJECTED if stopped_after is State.CAPTURED else State.CLOSED)
    assert kit.ledger.unfinished() == []
    assert kit.vault.hot == set()


def test_hot_window_keeps_it_open_until_it_is_over(kit: Kit) -> None:
    held = replace(kit, hot_for=timedelta(hours=1))
    recording = pipeline.advance(held, pipeline.take_in(held, FakeArrival()))
    assert recording.state is State.ANALYSED
    assert recording.id in kit.vault.hot
    kit.clock.at = NOON + timedelta(hours=1)
    assert pipeline.advance(held, recording).state is State.CLOSED
    assert kit.vault.hot == set()
