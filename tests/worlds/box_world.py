"""A box with real keys, vault, ledger, inbox and pipeline, engines that understand scripted words, and an HQ beside it.

Media is a script: each line `channel start_s text`. What the tagger finds is keyed by words in the text, so a test says what was
said and sees what the box makes of it. The clock is turned by hand.
"""

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from ledger_world import DIGEST, GATEWAY, NO_FLOOR, RULES, TurnableClock, score
from pipeline_fakes import FakeFloor, FakeFloorPlans, FakeNotetaker, FakePlanograms, FakeReviewer

from edge_agent import pipeline, retention
from edge_agent.capture.inbox import FileInbox
from edge_agent.config import Limits, Retention
from edge_agent.domain.consent import Party, Policy, Statement, Verb
from edge_agent.domain.planogram import Planogram
from edge_agent.domain.recording import Circumstances, Recording, View
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import BadInput
from edge_agent.ids import Pseudonyms, new_id
from edge_agent.ledger.audit import stamp
from edge_agent.ledger.book import SqliteLedger
from edge_agent.ledger.openings import OpeningRow
from edge_agent.ledger.reading import LedgerReader
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.pipeline import Kit
from edge_agent.ports import FloorPlans, FloorScorer, Historian, ShelfFindings, Tagger
from edge_agent.vault import request, unseal
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.release import release
from edge_agent.vault.x25519 import Identity, Recipient
from edge_sync.intake import examine
from edge_sync.outbox import Row
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import Gateway

LEGAL, HR = Identity.generate(), Identity.generate()
WORDS = {
    "录音": ("consent.recording_notice", "info"),
    "同意录": ("consent.recording_agreed", "info"),
    "别录": ("consent.recording_refused", "warning"),
    "太贵": ("price.objection", "notice"),
    "投诉": ("risk.complaint_threat", "warning"),
    "回扣": ("risk.rebate_promise", "critical"),
}


def script(*lines: tuple[str, float, str]) -> bytes:
    """`("rep", 0, "…")` lines as media."""
    return "\n".join(f"{who} {at} {text}" for who, at, text in lines).encode()


class ScriptTranscriber:
    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        said = []
        for line in io.TextIOWrapper(media, encoding="utf-8").read().splitlines():
            who, at, text = line.split(" ", 2)
            if who == "noise":
                raise BadInput("not-media", "no audio in it")
            start = int(float(at) * 1000)
            said.append(Utterance(start_ms=start, end_ms=start + 900, speaker=Speaker(who), text=text))
        end = max((one.end_ms for one in said), default=0)
        return Transcript(model="script", model_digest=DIGEST, duration_ms=end, rtf=0.1, utterances=tuple(said))


class WordTagger:
    ruleset = RULES

    def terms(self, circumstances: Circumstances) -> Sequence[str]:
        return ()

    def tag(self, conversation: Conversation) -> tuple[BehaviorTag, ...]:
        return tuple(
            BehaviorTag(
                id=new_id(), code=code, speaker=one.speaker, start_ms=one.start_ms, end_ms=one.end_ms, known_at_ms=one.end_ms,
                confidence=0.9, severity=severity, layer="tip", rule=f"{code}@1", rule_digest=DIGEST, turn=turn,
            )
            for turn, one in enumerate(conversation.utterances)
            for word, (code, severity) in WORDS.items()
            if word in one.text
        )  # fmt: skip


class ScriptShelf:
    """Sees the same bay in every video, and draws the video's bytes into the evidence picture."""

    def score(self, video: BinaryIO, planogram: Planogram, *, view: View = View.FIXED) -> ShelfFindings:
        return ShelfFindings(score=score(), picture=b"picture of " + video.read())


@dataclass
class BoxWorld:
    """Everything of a box under `root`; `policy` and `rules` may be replaced at any time."""

    root: Path
    clock: TurnableClock = field(default_factory=TurnableClock)
    policy: Policy = field(default_factory=Policy)
    rules: Retention = field(default_factory=Retention)
    limits: Limits = NO_FLOOR
    hot_for: timedelta = timedelta(0)
    tagger: Tagger = field(default_factory=WordTagger)
    historian: Historian | None = None
    floor: FloorScorer = field(default_factory=FakeFloor)
    floor_plans: FloorPlans = field(default_factory=FakeFloorPlans)
    boot: str = "0" * 8

    def __post_init__(self) -> None:
        folder = self.root / "keys"
        self.keys = (
            DeviceKeys.load(folder)
            if (folder / "recipients.toml").exists()
            else DeviceKeys.create(folder, legal=[str(LEGAL)], hr=[str(HR)])
        )
        self.vault = DeviceVault(self.root / "vault", self.keys, self.clock)
        self.ledger = SqliteLedger.open(
            self.path, gateway=GATEWAY, tenant="demo", sign=self.keys.sign, clock=self.clock, boot=self.clock.boot(self.boot),
            limits=self.limits,
        )  # fmt: skip
        self.inbox = self.root / "inbox"
        self.inbox.mkdir(exist_ok=True)
        self.pseudonym = Pseudonyms(self.keys.digest_key)
        self.arrivals = FileInbox(self.inbox, self.limits, pseudonym=self.pseudonym).arrivals

    @property
    def path(self) -> Path:
        return self.root / "ledger" / "ledger.db"

    @property
    def kit(self) -> Kit:
        return Kit(
            vault=self.vault, ledger=self.ledger, transcriber=ScriptTranscriber(),
            notetaker=FakeNotetaker(), tagger=self.tagger, reviewer=FakeReviewer(), shelf=ScriptShelf(),
            planograms=FakePlanograms(), floor=self.floor, floor_plans=self.floor_plans, clock=self.clock, policy=self.policy,
            hot_for=self.hot_for, historian=self.historian,
        )  # fmt: skip

    def close(self) -> None:
        self.ledger.close()

    def drop(self, media: bytes, *, name: str = "call.wav", basis: str = "notice", **keys: str) -> None:
        """Deliver a call (or what `kind` says) recorded an hour ago, with its sidecar."""
        lines = [f'{key} = "{value}"' for key, value in {"kind": "call", **keys}.items()]
        began = (self.clock.now() - timedelta(hours=1)).isoformat()
        meta = "\n".join([*lines, f"started_at = {began}", 'channels = ["rep", "customer"]', "[consent]", f'basis = "{basis}"'])
        (self.inbox / f"{name}.meta.toml").write_text(meta + "\n", encoding="utf-8")
        (self.inbox / name).write_bytes(media)

    def work(self) -> list[Recording]:
        """Take in what lies in the inbox and take everything as far as it goes, as the worker does."""
        taken = []
        for arrival in self.arrivals():
            try:
                recording = pipeline.take_in(self.kit, arrival)
                taken.append(recording.id)
                pipeline.advance(self.kit, recording)
            except BadInput:
                continue
        for left in self.ledger.unfinished():
            pipeline.advance(self.kit, left)
        return [self.ledger.recording(one) for one in taken]

    def call(self, *lines: tuple[str, float, str], **how: str) -> Recording:
        """One call, delivered and worked on."""
        self.drop(script(*lines), **how)
        (done,) = self.work()
        return done

    def state(self, party: Party, code: str, verb: Verb = Verb.GIVEN, basis: str = "written", **when: Any) -> Statement:
        now = self.clock.now()
        return Statement(
            id=new_id(), party=party, subject=code if party is Party.RECORDING else self.pseudonym(party.value, code), verb=verb,
            basis=basis, at=now, **{"since": now - timedelta(days=30), **when},
        )  # fmt: skip

    def register(self, code: str, **how: Any) -> None:
        self.ledger.stated(self.state(Party.REP, code, **how))

    def withdraw(self, party: Party, code: str, *, past: bool = True) -> Sequence[str]:
        found = self.ledger.keeping.withdraw(self.state(party, code, Verb.WITHDRAWN, ""), past=past)
        self.shred()
        return found

    def erase(self, party: Party, code: str) -> Sequence[str]:
        found = self.ledger.keeping.erase(party, self.pseudonym(party.value, code))
        self.shred()
        assert self.ledger.forget_deleted()
        return found

    def shred(self) -> int:
        return retention.shred(self.ledger.keeping, self.vault)

    def tick(self, missing_bytes: int = 0) -> int:
        return retention.tick(
            self.ledger.keeping, self.vault, self.clock, rules=self.rules, policy=self.policy, missing_bytes=missing_bytes
        )

    def parked(self, recording: Recording) -> str:
        return self.ledger.recording(recording.id).parked

    def objects(self, recording: str) -> list[str]:
        with closing(LedgerReader.open(self.path)) as book:
            return [one for one, _ in book.all_objects(recording)]

    def query(self, sql: str) -> list[Any]:
        with closing(LedgerReader.open(self.path)) as book:
            return book.viewing(lambda view: view.execute(sql).fetchall())

    def opened_by_two(self, object_id: str, output: Path, *, purpose: str = "review") -> bytes:
        """Request, both releases, opening, as officers do it."""
        now = self.clock.now()
        asked = request.ask(self.vault, object_id, purpose=purpose, hours=2, now=now)
        row = OpeningRow(
            request=asked.id, object=object_id, requester=asked.requester, binding=asked.binding, minutes=asked.minutes,
            asked_at=stamp(now), expires_at=stamp(asked.expires_at),
        )  # fmt: skip
        self.ledger.opening_asked(row)
        released = [msgspec.json.encode(release(asked.document, officer, now=now)) for officer in (LEGAL, HR)]
        opening = unseal.combine(self.vault, object_id, released, now=now)
        keys = {role.value: (key, Recipient.parse(key).fingerprint) for role, key in opening.officers.items()}
        self.ledger.opening_opened(asked.id, **keys, at=now, until=now + timedelta(minutes=asked.minutes))
        self.ledger.opening_viewed(asked.id)
        opening.write(output)
        self.ledger.opening_ended(asked.id, reason="ended")
        return output.read_bytes()

    def outgoing(self) -> Sequence[Row]:
        with closing(OutboxReader(self.path, self.root / "none")) as outbox:
            return outbox.after(0, 10_000)

    def at_hq(self, database: Path, recording: str = "") -> dict[str, str]:
        """Everything sent, as HQ's database has it: code -> status of each tag nobody supersedes, of one recording or all."""
        store = SqliteStore(database)
        try:
            store.enrol(Gateway(name=GATEWAY, tenant="demo", key=self.keys.public))
            arrivals = [examine(f"sx/v1/demo/{GATEWAY}/{row.leaf}", row.payload, store.gateway) for row in self.outgoing()]
            store.commit(arrivals, at=self.clock.now())
        finally:
            store.close()
        with closing(sqlite3.connect(database)) as rows:
            found = rows.execute(
                "SELECT code, status FROM tags WHERE ?1 IN ('', recording) "
                "AND event_id NOT IN (SELECT supersedes FROM tags WHERE supersedes IS NOT NULL)",
                (recording,),
            ).fetchall()
        return dict(found)
