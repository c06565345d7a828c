"""One listening from its first sample to its last: three threads, and what they did.

The ear and the text have a thread each; the main one, which the ledger belongs to, seals. Whatever becomes of the text, the sound
goes on; whatever ends the sound ends the listening, and is said. Whether what is said may be understood is asked every
`CONSENT_S`, also within a recording: a consent that is taken back ends the text, one that comes begins it.
"""

import os
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import msgspec

from edge_agent import app, documents, errors, log, pipeline
from edge_agent.capture.line import Clocks, Line
from edge_agent.capture.reel import Reel, StreamedSound, circumstances
from edge_agent.capture.segment import WIDTH_BYTES
from edge_agent.config import Source
from edge_agent.domain.recording import Circumstances, Consent, Recording, State
from edge_agent.domain.transcript import LOW_CONFIDENCE, Utterance
from edge_agent.errors import BadInput, EdgeError, Unavailable
from edge_agent.ids import new_id
from edge_agent.listening.ear import RETRY_S, Ear
from edge_agent.listening.first import Precedence
from edge_agent.listening.text import Recognises, Text

if TYPE_CHECKING:
    from edge_agent.capture.line import Microphones

CONSENT_S: Final = 2.0
SPOKEN: Final = "notice-not-yet-heard"
ON: Final = "on"
OFF: Final = "off"
_MS: Final = 1000


@dataclass(kw_only=True)
class Listening:
    """One source from `run` to its stop. `load` gives the recogniser once it is needed; None: sealed only.

    `told` hears, as a code, why there is no text from now on, or `ON`; `behind` that text came too late; `away` that the device
    is not there.
    """

    box: "app.Box"
    source: Source
    microphones: "Microphones"
    load: Callable[[], Recognises] | None
    emit: Callable[[msgspec.Struct], None]
    behind: Callable[[], None] = lambda: None
    told: Callable[[str], None] = lambda _why: None
    away: Callable[[], None] = lambda: None
    over: Callable[[], bool] = lambda: False
    clocks: Clocks = field(default_factory=Clocks)
    held_s: float = 300.0
    ask_s: float = CONSENT_S
    stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        frame_bytes = WIDTH_BYTES * len(self.source.speakers)
        settings = self.box.settings
        each = max(1, int(settings.capture.minutes * 60 * self.source.rate_hz))
        self.reel = Reel(self.source, frames_each=each, held_s=self.held_s)
        self.text = None if self.load is None else self._text(self.load, frame_bytes)
        self.line = Line(self.source, self.microphones, self.clocks, retry_s=RETRY_S)
        self.ear = Ear(self.line, self.reel, self.text, self.clocks, frame_bytes=frame_bytes, over=self.over, away=self.away)
        self._pseudonym = app.pseudonyms(self.box.keys)
        self._recordings: list[documents.LiveRecording] = []
        self._sealed_frames = 0
        self._failed: list[BaseException] = []
        self._broken = self._without = ""
        self._why = "" if self.load is not None else OFF
        self._asked_s = float("-inf")

    def run(self) -> None:
        """Listen until `stop`, or until the file is over; what was heard is durable when this returns, and said last.

        Raises:
            Unavailable: the disk is nearly full or fails. LedgerBroken. What was sealed before stays so.
        """
        self._ask(self._unnamed(circumstances(self.source, self.clocks.now(), self._pseudonym)))  # before the first word
        if self.text is not None and not self._why:
            self._safely(self.text.ready)
        began, cpu = self.clocks.monotonic(), time.process_time()
        threads = [Thread(target=copy_context().run, args=(self._hear,), name="ear")]
        if self.text is not None and not self._broken:
            threads.append(Thread(target=copy_context().run, args=(self._understand, self.text), name="text"))
        for one in threads:
            one.start()
        try:
            self._seal_all()
        finally:
            self.stop.set()
            for one in threads:
                one.join()
            self._end(max(1e-6, self.clocks.monotonic() - began), time.process_time() - cpu)
        if self._failed:
            raise self._failed[0]

    def _seal_all(self) -> None:
        unsealed = None
        try:
            for sound in self.reel.recordings():
                unsealed = sound
                need_room(self.box)
                sound.pseudonym = self._pseudonym
                self._seal(sound)
                unsealed = None
        except BaseException:
            self.stop.set()
            self.reel.drop(unsealed)
            raise

    def _seal(self, sound: StreamedSound) -> None:
        start_ms = self._sealed_frames * _MS // self.source.rate_hz
        asked, self._without = self._unnamed(sound.circumstances()), ""
        self._ask(asked)
        sound.before_each = lambda: self._ask_again(asked)
        try:
            taken = pipeline.take_in(self.box.kit, sound)
            line = (taken.id, taken.state.value, taken.parked)
        except BadInput as error:  # the same sound again: a file pumped twice
            line = ("", State.REJECTED.value, error.kind)
        self._sealed_frames += sound.frames
        duration_ms = sound.frames * _MS // self.source.rate_hz
        self._recordings.append(
            documents.LiveRecording(
                id=line[0], start_ms=start_ms, duration_ms=duration_ms, frames=sound.frames, state=line[1], parked=line[2],
                text=self._without or ON,
            )
        )  # fmt: skip

    def _ask(self, recording: Recording) -> None:
        """Whether what comes now may be understood while it is said. Where that cannot be known it may not; the sound goes on."""
        if self.text is None:
            return
        self._asked_s = self.clocks.monotonic()
        try:
            why = refusal(self.box.kit, recording)
        except EdgeError as error:
            why = errors.code(error)
        self.text.allow(allowed=not why)
        if why != self._why:
            self._why = why
            self._tell(why or ON)

    def _ask_again(self, recording: Recording) -> None:
        """Every few seconds while it is sealed."""
        if self.clocks.monotonic() - self._asked_s >= self.ask_s:
            self._ask(recording)
        self._without = self._without or self._broken or self._why

    def _unnamed(self, around: Circumstances) -> Recording:
        """A recording that is to come."""
        now = self.box.kit.clock.now()
        return Recording(id=new_id(), state=State.CAPTURED, circumstances=around, digest="", size_bytes=0, captured_at=now)

    def _tell(self, why: str) -> None:
        if not self._broken:
            self.told(why)

    def _text(self, load: Callable[[], Recognises], frame_bytes: int) -> Text:
        from edge_agent.speech.live.rate import Hearing  # noqa: PLC0415 - numpy

        return Text(
            load, Hearing(len(self.source.speakers), self.source.rate_hz), within_s=self.box.settings.live.within_s,
            frames_per_s=self.source.rate_hz, frame_bytes=frame_bytes, monotonic=self.clocks.monotonic, emit=self._said,
            behind=self.behind, first=Precedence(self.box.settings.paths.live_lock),
        )  # fmt: skip

    def _said(self, one: Utterance, latency_ms: int) -> None:
        try:
            self.emit(
                documents.LiveUtterance(
                    start_ms=one.start_ms, end_ms=one.end_ms, speaker=one.speaker.value, text=one.text,
                    confidence=round(one.confidence, 4), doubtful=one.confidence < LOW_CONFIDENCE, latency_ms=latency_ms,
                    corrections=[
                        documents.Correction(
                            start=put.start, end=put.end, term=put.term, raw=put.raw, score=put.score, reason=put.reason
                        )
                        for put in one.corrections
                    ],
                )
            )  # fmt: skip
        except BrokenPipeError:  # who read it is gone; what was heard is still sealed
            self.stop.set()

    def _hear(self) -> None:
        """A thread that dies ends the listening; the main thread says why."""
        try:
            self.ear.run(self.stop)
        except BaseException as error:  # noqa: BLE001 - handed over, not swallowed
            self._failed.append(error)

    def _understand(self, text: Text) -> None:
        self._safely(text.run)

    def _safely(self, step: Callable[[], None]) -> None:
        """Whatever goes wrong with the text, the sound is still sealed."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - said by its class; its message could quote what was said
            log.get().error("text.ended", error=type(error).__name__)
            why = errors.code(error)
            self._tell(why)
            self._broken = why

    def _end(self, lasted_s: float, cpu_s: float) -> None:
        latencies = sorted(self.text.latencies_ms) if self.text is not None else []
        counts = self.text.counts if self.text is not None else None
        processors = len(os.sched_getaffinity(0))
        left_out, unheard = (self.text.left_out, self.text.unheard_frames) if self.text is not None else (0, 0)
        lost = self.reel.lost_frames
        ended = documents.LiveEnded(
            text=self._broken or self._why or ON, utterances=len(latencies),
            left_out=left_out, unheard_ms=unheard * _MS // self.source.rate_hz,
            p50_ms=quantile(latencies, 0.5), p95_ms=quantile(latencies, 0.95),
            duration_ms=self.ear.frames * _MS // self.source.rate_hz, gaps=self.ear.gaps, xruns=self.line.overruns,
            lost_samples=lost, cpu_s=round(cpu_s, 2), cpu_share=round(cpu_s / lasted_s / processors, 4), processors=processors,
            windows=counts.windows if counts else 0, thrown_away=counts.thrown_away if counts else 0,
            recordings=self._recordings,
        )  # fmt: skip
        log.get().info("listening.ended", count=len(self._recordings), duration_ms=ended.duration_ms, pending=lost)
        try:
            self.emit(ended)
        except BrokenPipeError:
            return


def need_room(box: "app.Box") -> None:
    """Unavailable when the disk takes no more media."""
    if not box.room():
        raise Unavailable("the disk is nearly full, no new media is taken in", remedy="free space", zh="磁盘空间不足，暂停接收")


def refusal(kit: pipeline.Kit, asked: Recording) -> str:
    """Why a call gives no text while it lasts, as a code; empty when it may."""
    return pipeline.unconsented(kit, asked) or (SPOKEN if asked.circumstances.consent is Consent.SPOKEN else "")


def quantile(ordered: list[int], share: float) -> int | None:
    """The smallest value that at least this share does not exceed."""
    return ordered[max(0, -(-int(len(ordered) * share * 1000) // 1000) - 1)] if ordered else None
