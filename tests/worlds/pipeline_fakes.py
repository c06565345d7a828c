"""Fakes that implement the pipeline's ports, in memory."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from edge_agent.domain.consent import Standing
from edge_agent.domain.floor import Cell, Coverage, FloorPlan, FloorScore, Role, Zone, ZoneMinute, ZoneScore
from edge_agent.domain.insights import Insights
from edge_agent.domain.notes import Notes
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import LIFE, Circumstances, Consent, Kind, Recording, State, View
from edge_agent.domain.shelf import Share, ShelfScore
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import BadInput, NotAllowed
from edge_agent.pipeline import Kit
from edge_agent.ports import Analysis, FloorFindings, Historian, Sealed, ShelfFindings, Watch

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
        return _sealed(object_id, content)

    def recalled(self, object_id: str) -> Sealed | None:
        return _sealed(object_id, self.sealed[object_id]) if object_id in self.hot else None

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

    def shred(self, object_ids: Sequence[str]) -> None:
        for object_id in object_ids:
            self.sealed.pop(object_id, None)
            self.hot.discard(object_id)
            self.rejected.discard(object_id)


def _sealed(object_id: str, content: bytes) -> Sealed:
    digest = sha256(content).hexdigest()
    return Sealed(object_id=object_id, digest=digest, plain_bytes=len(content), sealed_bytes=len(content), sha256=digest)


@dataclass
class FakeLedger:
    rows: dict[str, Recording] = field(default_factory=dict)
    analyses: dict[tuple[str, str], Analysis] = field(default_factory=dict)
    stands: Standing = field(default_factory=Standing)
    late: list[timedelta] = field(default_factory=list)

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

    def judge(self, historian: Historian | None) -> int:
        return 0

    def watch(self, watch: Watch | None) -> int:
        return 0

    def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
        row = self.rows[recording_id]
        assert state in LIFE[row.state], f"{row.state} -> {state}"
        self.rows[recording_id] = replace(row, state=state, parked=reason)

    def parked(self, recording_id: str, reason: str) -> None:
        self.rows[recording_id] = replace(self.rows[recording_id], parked=reason)

    def seen_before(self, digest: str) -> str | None:
        return next((r.id for r in self.rows.values() if r.digest == digest and r.state is not State.REJECTED), None)

    def sent_before(self, reference: str) -> str | None:
        over = {State.CAPTURED, State.REJECTED}
        return next((r.id for r in self.rows.values() if r.circumstances.reference == reference and r.state not in over), None)

    def unfinished(self) -> Sequence[Recording]:
        over = {State.CLOSED, State.EXPIRED, State.REJECTED}
        return [r for r in self.rows.values() if r.state not in over and not r.parked]

    def lateness(self, count: int) -> Sequence[timedelta]:
        return self.late[:count]

    def recording(self, recording_id: str) -> Recording:
        return self.rows[recording_id]

    def standing(self, recording: Recording) -> Standing:
        return self.stands


@dataclass
class FakeArrival:
    content: bytes | None = b"media"
    consent: Consent = Consent.NOTICE
    kind: Kind = Kind.CALL
    discarded: bool = False
    rep: str = ""
    customer: str = ""
    path: Path = Path("/inbox/secret-name.wav")

    def circumstances(self) -> Circumstances:
        return Circumstances(
            kind=self.kind,
            started_at=NOON,
            consent=self.consent,
            channels=(Speaker.REP, Speaker.CUSTOMER),
            bay="bay-a",
            rep=self.rep,
            customer=self.customer,
        )

    def chunks(self) -> Iterator[bytes]:
        if self.content is None:
            raise BadInput("not-a-file", "not a regular file")
        yield self.content

    def discard(self) -> None:
        self.discarded = True


class FakeTranscriber:
    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        if media.read() == b"noise":
            raise BadInput("not-media", "no audio in it")
        said = Utterance(start_ms=0, end_ms=900, speaker=channels[0], text="太贵了")
        return Transcript(model="fake", model_digest="m" * 64, duration_ms=1000, rtf=0.1, utterances=(said,))


class FakeNotetaker:
    def note(self, transcript: Transcript, *, started_at: datetime) -> Notes:
        return Notes()


class FakeTagger:
    ruleset = "r" * 64

    def terms(self, circumstances: Circumstances) -> Sequence[str]:
        return ()

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        return tuple(
            BehaviorTag(
                id=f"tag-{n}",
                code="price.objection",
                speaker=u.speaker,
                start_ms=u.start_ms,
                end_ms=u.end_ms,
                known_at_ms=u.end_ms,
                confidence=1.0,
                severity="notice",
                layer="tip",
                rule="price.objection@1",
                rule_digest="d" * 64,
                turn=n,
            )
            for n, u in enumerate(conversation.utterances)
        )


class FakeReviewer:
    def review(self, conversation: Conversation, tags: Sequence[BehaviorTag], notes: Notes) -> Insights:
        return Insights()


class FakeShelf:
    def score(self, video: BinaryIO, planogram: Planogram, *, view: View = View.FIXED) -> ShelfFindings:
        share = Share(good=1, assessed=1, planned=1)
        score = ShelfScore(
            bay=planogram.bay,
            planogram_digest="p" * 64,
            model_digest="m" * 64,
            duration_ms=10,
            frames_used=1,
            osa=share,
            planogram=share,
            price=share,
            readings=(),
        )
        return ShelfFindings(score=score, picture=b"png")


class FakePlanograms:
    def load(self, bay: str) -> Planogram:
        return Planogram(bay=bay, version="1", reference=Path("r.jpg"), slots=(), skus=(), digest="p" * 64)


class FakeFloor:
    def score(self, video: BinaryIO, plan: FloorPlan, began_at: datetime) -> FloorFindings:
        zone = ZoneScore(
            zone="till", role=Role.QUEUE, person_s=90, visits=4, stay_s=22.5,
            minutes=(ZoneMinute(minute=0, assessed_s=60, person_s=90), ZoneMinute(minute=1, assessed_s=30, person_s=None)),
        )  # fmt: skip
        score = FloorScore(
            floor=plan.floor, plan_digest=plan.digest, model_digest="m" * 64, duration_ms=90_000, frames_seen=90,
            frames_searched=40, coverage=Coverage(seconds=90, assessed_s=90), person_s=None, arrivals=None, columns=8, rows=6,
            cell_m=0.5, zones=(zone,), cells=(Cell(column=1, row=2, person_s=90), Cell(column=2, row=2, person_s=None)),
        )  # fmt: skip
        return FloorFindings(score=score, picture=b"png")


class FakeFloorPlans:
    def load(self, floor: str) -> FloorPlan:
        zone = Zone(id="till", name="收银", role=Role.QUEUE, outline=((0, 0), (4, 0), (4, 3), (0, 3)))
        return FloorPlan(
            floor=floor, version="1", reference=Path("r.jpg"), to_floor=(4, 0, 0, 0, 3, 0, 0, 0, 1), width_m=4, depth_m=3,
            cell_m=0.5, zones=(zone,), digest="f" * 64,
        )  # fmt: skip


@dataclass
class FakeClock:
    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


def make_kit() -> Kit:
    return Kit(
        vault=FakeVault(),
        ledger=FakeLedger(),
        transcriber=FakeTranscriber(),
        notetaker=FakeNotetaker(),
        tagger=FakeTagger(),
        reviewer=FakeReviewer(),
        shelf=FakeShelf(),
        planograms=FakePlanograms(),
        floor=FakeFloor(),
        floor_plans=FakeFloorPlans(),
        clock=FakeClock(),
    )
