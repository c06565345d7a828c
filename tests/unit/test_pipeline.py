"""The four verbs against fakes: what is durable when, and what happens at every interruption."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from edge_agent import pipeline
from edge_agent.domain.recording import LIFE, Circumstances, Consent, Kind, Recording, State
from edge_agent.domain.shelf import Planogram, Share, ShelfScore
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import BadInput, NotAllowed
from edge_agent.pipeline import Kit
from edge_agent.ports import Analysis, Sealed, ShelfFindings

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)


@dataclass
class FakeVault:
    sealed: dict[str, bytes] = field(default_factory=dict)
    hot: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)

    def seal(self, object_id: str, chunks: Iterable[bytes], *, retention: str) -> Sealed:
        content = b"".join(chunks)
        self.sealed[object_id] = content
        self.hot.add(object_id)
        digest = sha256(content).hexdigest()
        return Sealed(
            object_id=object_id,
            digest=digest,
            plain_bytes=len(content),
            sealed_bytes=len(content),
            sha256=digest,
        )

    @contextmanager
    def open_hot(self, object_id: str) -> Iterator[BinaryIO]:
        if object_id not in self.hot:
            raise NotAllowed("closed")
        yield BytesIO(self.sealed[object_id])

    def close(self, object_id: str) -> None:
        self.hot.discard(object_id)

    def reject(self, object_id: str) -> None:
        self.rejected.add(object_id)
        self.hot.discard(object_id)


@dataclass
class FakeLedger:
    rows: dict[str, Recording] = field(default_factory=dict)
    analyses: dict[tuple[str, str], Analysis] = field(default_factory=dict)

    def captured(self, recording: Recording) -> None:
        self.rows[recording.id] = recording

    def sealed(self, recording_id: str, sealed: Sealed) -> None:
        self.moved(recording_id, State.SEALED)
        self.rows[recording_id] = replace(self.rows[recording_id], digest=sealed.digest)

    def analysed(self, recording_id: str, analysis: Analysis) -> bool:
        if (recording_id, analysis.ruleset) in self.analyses:
            return False
        self.analyses[recording_id, analysis.ruleset] = analysis
        self.moved(recording_id, State.ANALYSED)
        return True

    def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
        row = self.rows[recording_id]
        assert state in LIFE[row.state], f"{row.state} -> {state}"
        self.rows[recording_id] = replace(row, state=state, parked=reason)

    def parked(self, recording_id: str, reason: str) -> None:
        self.rows[recording_id] = replace(self.rows[recording_id], parked=reason)

    def seen_before(self, digest: str) -> str | None:
        return next((r.id for r in self.rows.values() if r.digest == digest and r.state is not State.REJECTED), None)

    def unfinished(self) -> Sequence[Recording]:
        over = {State.CLOSED, State.EXPIRED, State.REJECTED}
        return [r for r in self.rows.values() if r.state not in over and not r.parked]

    def recording(self, recording_id: str) -> Recording:
        return self.rows[recording_id]


@dataclass
class FakeArrival:
    content: bytes | None = b"media"
    consent: Consent = Consent.NOTICE
    kind: Kind = Kind.CALL
    discarded: bool = False
    path: Path = Path("/inbox/secret-name.wav")

    def circumstances(self) -> Circumstances:
        return Circumstances(
            kind=self.kind,
            started_at=NOON,
            consent=self.consent,
            channels=(Speaker.REP, Speaker.CUSTOMER),
            bay="bay-a",
        )

    def chunks(self) -> Iterator[bytes]:
        if self.content is None:
            raise BadInput("not-a-file", "not a regular file")
        yield self.content

    def discard(self) -> None:
        self.discarded = True


class FakeTranscriber:
    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], hotwords: Sequence[str]) -> Transcript:
        if media.read() == b"noise":
            raise BadInput("not-media", "no audio in it")
        said = Utterance(start_ms=0, end_ms=900, speaker=channels[0], text="太贵了")
        return Transcript(model="fake", model_digest="m" * 64, duration_ms=1000, rtf=0.1, utterances=(said,))


class FakeTagger:
    ruleset = "r" * 64

    def hotwords(self, circumstances: Circumstances) -> Sequence[str]:
        return ()

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        return tuple(
            BehaviorTag(
                id=f"tag-{n}", code="price.objection", speaker=u.speaker, start_ms=u.start_ms, end_ms=u.end_ms, known_at_ms=u.end_ms,
                confidence=1.0, severity="notice", layer="tip", rule="price.objection@1", rule_digest="d" * 64, turn=n,
            )
            for n, u in enumerate(conversation.utterances)
        )  # fmt: skip


class FakeShelf:
    def score(self, video: BinaryIO, planogram: Planogram) -> ShelfFindings:
        share = Share(good=1, assessed=1, planned=1)
        score = ShelfScore(
            bay=planogram.bay, planogram_digest="p" * 64, model_digest="m" * 64, duration_ms=10, frames_used=1, osa=share,
            planogram=share, price=share, readings=(),
        )  # fmt: skip
        return ShelfFindings(score=score, tags=(), picture=b"png")


class FakePlanograms:
    def load(self, bay: str) -> Planogram:
        return Planogram(bay=bay, version="1", reference=Path("r.jpg"), slots=(), skus=(), digest="p" * 64)


@dataclass
class FakeClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def kit() -> Kit:
    return Kit(
        vault=FakeVault(), ledger=FakeLedger(), transcriber=FakeTranscriber(), tagger=FakeTagger(), shelf=FakeShelf(),
        planograms=FakePlanograms(), clock=FakeClock(),
    )  # fmt: skip


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
