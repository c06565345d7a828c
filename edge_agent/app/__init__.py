"""Builds the Kit: the only place where engines and adapters are constructed, each of them when it is first needed.

`box` opens everything the worker needs; `engines` are built when first used, `bays` reads the plans of this store. `bench` has
the bench tools' engines; the questions of the command line need neither.
"""

import os
import pwd
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge_agent import __version__, locks
from edge_agent.app.bays import Bays, Listed, bays_folder
from edge_agent.app.engines import (
    OCR,
    PEOPLE,
    TAGS,
    VAD,
    VOICES,
    Floor,
    Notepad,
    Position,
    Shelf,
    Speech,
    live,
    model,
    nothing,
    zone,
)  # fmt: skip
from edge_agent.app.floors import Floors, floors_folder
from edge_agent.assets import bundled
from edge_agent.assets.manifest import shipped
from edge_agent.config import Config
from edge_agent.domain.consent import Policy
from edge_agent.domain.recording import Recording
from edge_agent.errors import BadConfig
from edge_agent.ids import Pseudonyms
from edge_agent.pipeline import Kit

if TYPE_CHECKING:
    from edge_agent.capture.door import Door
    from edge_agent.capture.sidecar import Pseudonym
    from edge_agent.capture.spool import Reader
    from edge_agent.ledger.book import SqliteLedger
    from edge_agent.ledger.watermarks import WatermarkServer
    from edge_agent.ports import Inbox
    from edge_agent.review.reviewer import Reviewer
    from edge_agent.tagging.across.historian import Historian
    from edge_agent.tagging.sight.watch import Watch
    from edge_agent.tagging.tagger import RuleTagger
    from edge_agent.touches import Reception
    from edge_agent.vault.device import DeviceVault
    from edge_agent.vault.keys import DeviceKeys


__all__ = [
    "OCR",
    "PEOPLE",
    "TAGS",
    "VAD",
    "VOICES",
    "Bays",
    "Box",
    "Floor",
    "Floors",
    "Listed",
    "Notepad",
    "Position",
    "Shelf",
    "Speech",
    "SystemClock",
    "bays_folder",
    "box",
    "floors_folder",
    "historian",
    "keys",
    "ledger",
    "live",
    "model",
    "policy",
    "pseudonyms",
    "reviewer",
    "tagger",
    "touch_reader",
    "vault",
    "watch",
    "zone",
]


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


@contextmanager
def box(
    settings: Config, *, progress: Callable[[], None] = nothing, position: Position = nothing, beside: bool = False
) -> Iterator[Box]:
    """Open keys, vault, ledger and engines; close the ledger at the end. `progress` hears of every step inside an analysis.

    `beside`: another process may be at work here, so nothing is swept and no start is entered. Who is not beside sweeps, but
    leaves alone what who listens or watches may be sealing: what has an id after its start (`locks`).

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
        _sweep(opened, settings)
    book = ledger(settings, held, codes=rules.codes, values=Listed(rules.values, settings))
    try:
        inforce = {
            "ruleset": rules.ruleset, "recipients": held.recipients_digest, "managers": managers.digest(held),
            "models": shipped().digest,
        }  # fmt: skip
        if not beside:
            book.started({"config": settings.digest} | inforce)
        reception = Reception(touch_reader(rules, pseudonyms(held))) if settings.channel.accept else None
        sealing = partial(_seals, settings)
        files = FileInbox(settings.paths.inbox, settings.limits, pseudonym=pseudonyms(held))
        kit = Kit(
            vault=opened, ledger=book, transcriber=Speech(settings, progress, position), notetaker=Notepad(settings),
            tagger=rules, reviewer=reviewer(settings, rules), shelf=Shelf(settings, progress), planograms=Bays(settings),
            floor=Floor(settings, progress), floor_plans=Floors(settings), clock=clock,
            historian=historian(settings, rules), watch=watch(settings, rules),
            hot_for=timedelta(hours=settings.hot_hours), policy=policy(settings),
            listens=lambda one: (reception is not None and reception.seals(one.id)) or sealing(one),
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


def _seals(settings: Config, recording: Recording) -> bool:
    """Whether another process may be sealing it just now: who listens calls, who watches what the cameras see."""
    seen = bool(recording.circumstances.camera)
    return locks.hears(settings.paths.watching_lock if seen else settings.paths.listening_lock, recording.id)


def _sweep(opened: "DeviceVault", settings: Config) -> None:
    """Clear what was torn, while nobody seals who does not say since when."""
    with ExitStack() as both:
        starts = [
            locks.began(lock)
            for lock in (settings.paths.listening_lock, settings.paths.watching_lock)
            if not both.enter_context(locks.only_one(lock))
        ]
        if None not in starts:
            opened.sweep(since=min((one for one in starts if one is not None), default=None))


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
    placed = on if on.facts else msgspec.structs.replace(on, facts=str(settings.paths.facts))
    return Reviewer(switches=placed, tagger=rules, zone=zone(settings))


def historian(settings: Config, rules: "RuleTagger") -> "Historian | None":
    """Who judges over days; None where that is switched off."""
    from edge_agent.tagging.across.historian import Historian  # noqa: PLC0415

    return Historian(rules.lexicon, zone(settings)) if settings.insights.history else None


def watch(settings: Config, rules: "RuleTagger") -> "Watch":
    """Who judges over the scans of a place."""
    from edge_agent.domain.hours import OpenHours  # noqa: PLC0415
    from edge_agent.tagging.sight.watch import Watch  # noqa: PLC0415

    return Watch(rules.lexicon, OpenHours.of(settings.open_hours, zone(settings)))
