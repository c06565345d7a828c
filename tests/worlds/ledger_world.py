"""A small world around a ledger for tests: a clock one can turn, real Ed25519 keys of a box and of HQ, and plain recordings."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from edge_agent.config import Limits
from edge_agent.domain.recording import Circumstances, Consent, Kind, Recording, State
from edge_agent.domain.shelf import Seen, Share, ShelfScore, SlotReading
from edge_agent.domain.tags import BehaviorTag, Evidence
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.ledger.audit import Boot
from edge_agent.ledger.book import SqliteLedger
from edge_agent.ledger.reading import LedgerReader
from edge_agent.ports import Analysis, Sealed
from edge_sync import signing, wire

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
DIGEST = "ab" * 32
RULES = "01" * 32
NEW_RULES = "02" * 32
BOX_KEY, HQ_KEY, STRANGER_KEY = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
GATEWAY = "gateway-1"
NO_FLOOR = Limits(media_floor_bytes=0, tag_floor_bytes=0)


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder whose fsync costs nothing, for tests that are not about the disk; falls back to the usual one."""
    shm = Path("/dev/shm")
    roomy = shm.is_dir() and shutil.disk_usage(shm).free > 2**28
    with tempfile.TemporaryDirectory(prefix="edge-ledger-", dir=shm if roomy else None) as folder:
        yield Path(folder)


@dataclass
class TurnableClock:
    """`pass_` moves both clocks on; `step` moves the wall clock alone, as NTP or a thumb would."""

    at: datetime = NOON
    mono_ms: int = 1_000_000

    def now(self) -> datetime:
        return self.at

    def pass_(self, by: timedelta) -> None:
        self.at += by
        self.mono_ms += int(by.total_seconds() * 1000)

    def step(self, by: timedelta) -> None:
        self.at += by

    def boot(self, name: str = "0" * 8) -> Boot:
        return Boot(f"{name}-1111-4111-8111-111111111111", lambda: self.mono_ms)


@dataclass
class World:
    """A ledger in `folder`; `reopen` closes and opens it as a restart would. No checkpoint is made unless asked for."""

    folder: Path
    clock: TurnableClock = field(default_factory=TurnableClock)
    options: dict[str, Any] = field(default_factory=dict)
    boot: str = "0" * 8
    counter: int = 0
    ledger: SqliteLedger = field(init=False)
    _reader: LedgerReader | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.ledger = self._open()

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    def _open(self) -> SqliteLedger:
        return SqliteLedger.open(
            self.path, gateway=GATEWAY, tenant="demo", sign=signing.signer(BOX_KEY), clock=self.clock,
            hq_verify=signing.verifier(signing.public_of(HQ_KEY)), boot=self.clock.boot(self.boot),
            **{"limits": NO_FLOOR, "checkpoint_rows": 10**6, **self.options},
        )  # fmt: skip

    @property
    def reader(self) -> LedgerReader:
        if self._reader is None:
            self._reader = LedgerReader.open(self.path)
        return self._reader

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        self.ledger.close()

    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = self._open()

    def take_in(self, *, upto: State = State.SEALED, kind: Kind = Kind.CALL, **around: Any) -> Recording:
        """A new recording, brought to `sealed` (or left at `captured`)."""
        made = recording(kind=kind, **around)
        self.ledger.captured(replace(made, captured_at=self.clock.now()))
        if upto is not State.CAPTURED:
            self.ledger.sealed(made.id, sealed(made.id))
        return made

    def analysed(self, tags: int = 2, *, rules: str = RULES) -> Recording:
        made = self.take_in()
        assert self.ledger.analysed(made.id, analysis(tags, rules=rules))
        return made

    def order(
        self,
        seq: int,
        *,
        epoch: str,
        generation: str = "aaaa",
        gateway: str = GATEWAY,
        key: bytes = HQ_KEY,
        counter: int | None = None,
    ) -> bytes:
        """HQ's signed watermark."""
        self.counter += 1
        number = self.counter if counter is None else counter
        return wire.seal(
            wire.Committed(gateway=gateway, counter=number, epoch=epoch, seq=seq, generation=generation), signing.signer(key)
        )


def recording(*, kind: Kind = Kind.CALL, consent: Consent = Consent.NOTICE, **around: Any) -> Recording:
    plain = Circumstances(
        kind=kind, started_at=NOON - timedelta(hours=1), consent=consent, channels=(Speaker.REP, Speaker.CUSTOMER),
        industry="fmcg", context=frozenset({"outbound", "b2b"}), own=("麦田食品",), competitors=("澜星",),
        bay="bay-a" if kind is Kind.SHELF else "",
    )  # fmt: skip
    circumstances = replace(plain, **around)
    return Recording(id=new_id(), state=State.CAPTURED, circumstances=circumstances, digest="", size_bytes=0, captured_at=NOON)


def sealed(object_id: str, content: str = "") -> Sealed:
    return Sealed(
        object_id=object_id, digest=sha256((content or object_id).encode()).hexdigest(), plain_bytes=1000, sealed_bytes=1100,
        sha256=DIGEST,
    )  # fmt: skip


def tag(code: str = "price.objection", start_ms: int = 1000, **changes: Any) -> BehaviorTag:
    plain = BehaviorTag(
        id=new_id(), code=code, speaker=Speaker.CUSTOMER, start_ms=start_ms, end_ms=start_ms + 900, known_at_ms=start_ms + 900,
        confidence=0.83, severity="notice", layer="tip", rule=f"{code}@1", rule_digest=DIGEST, turn=3,
        slots=(("amount", "96"), ("brand", "金谷")),
        evidence=(Evidence(kind="phrase", detail="price.objection/3", start_ms=start_ms, end_ms=start_ms + 900, turn=3),),
    )  # fmt: skip
    return replace(plain, **changes)


def analysis(tags: int | tuple[BehaviorTag, ...] = 2, *, rules: str = RULES, **changes: Any) -> Analysis:
    found = tuple(tag(start_ms=1000 * n) for n in range(1, tags + 1)) if isinstance(tags, int) else tags
    return replace(
        Analysis(ruleset=rules, models=(DIGEST,), tags=found, duration_ms=60_000, utterances=20, transcript_object=new_id()),
        **changes,
    )


def score() -> ShelfScore:
    good = Share(good=3, assessed=4, planned=5)
    readings = (
        SlotReading(
            slot="r1-1", seen=Seen.EXPECTED, sku="sku-1", confidence=0.9, frames=5, at_ms=900, price="12.90", price_reads=3,
        ),
        SlotReading(slot="r1-2", seen=Seen.EMPTY, sku="", confidence=0.7, frames=5, at_ms=900),
    )  # fmt: skip
    return ShelfScore(
        bay="bay-a", planogram_digest=DIGEST, model_digest=DIGEST, duration_ms=30_000, frames_used=9, osa=good, planogram=good,
        price=good, readings=readings,
    )  # fmt: skip


def opened(payload: bytes) -> wire.Envelope:
    """An envelope as HQ opens it."""
    return wire.open(payload, signing.verifier(signing.public_of(BOX_KEY)))


def plain_json(payload: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(wire.unpack(payload))
    assert isinstance(found, dict)
    return found
