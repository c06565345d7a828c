"""`SqliteLedger`: what the pipeline calls. Each method is one durable transaction with its audit leaf.

The steps themselves are in `lifecycle`, `findings`, `outbox` and `audit`; here stands only which of them belong together.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self, TypeVar

from edge_agent import log
from edge_agent.config import Audit, Limits, Paths
from edge_agent.domain.consent import Standing, Statement, taken_back
from edge_agent.domain.recording import Recording, State
from edge_agent.domain.scores import Override
from edge_agent.errors import NoConsent, NotAllowed
from edge_agent.ledger import cameras, checkpoints, consents, envelopes, findings, history, lifecycle, openings, overrides, scans
from edge_agent.ledger.audit import Boot, Sign, stamp
from edge_agent.ledger.ballast import disk_state
from edge_agent.ledger.contests import Contests
from edge_agent.ledger.database import Transaction, meta, set_meta
from edge_agent.ledger.history import Judging
from edge_agent.ledger.integrity import verify_chain
from edge_agent.ledger.keeping import FORGETTING, Keeping
from edge_agent.ledger.openings import OpeningRow, Wrote
from edge_agent.ledger.outbox import Outbox, in_doubt
from edge_agent.ledger.scans import Watching
from edge_agent.ledger.writer import Terms, Verify, Writer
from edge_agent.ports import Analysis, Clock, Historian, Sealed, Watch

T = TypeVar("T")


class SqliteLedger:
    """Implements `ports.Ledger`. Raises NotAllowed, NotFound, Unavailable (disk full, busy) and LedgerBroken (stop)."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._writer = Writer(terms)
        self._chain = self._writer.chain
        self._outbox = Outbox(terms, self._chain)
        self.keeping = Keeping(self._writer, self._outbox)
        self.contests = Contests(self._writer, self._outbox)
        if self._read(in_doubt):
            self._writer.write(self._outbox.renew)

    @classmethod
    def open(  # the ledger's terms, spelled out
        cls,
        path: Path,
        *,
        gateway: str,
        tenant: str,
        sign: Sign,
        clock: Clock,
        hq_verify: Verify | None = None,
        limits: Limits | None = None,
        keep: timedelta = timedelta(days=7),
        codes: Container[str] | None = None,
        values: Container[str] | None = None,
        boot: Boot | None = None,
        checkpoint_rows: int = Audit().checkpoint_rows,
    ) -> Self:
        """Open for writing, creating the file when there is none; safe beside a running worker."""
        return cls(
            Terms(
                path=path, gateway=gateway, tenant=tenant, sign=sign, clock=clock, hq_verify=hq_verify,
                limits=limits or Limits(), keep=keep, codes=codes, values=values, boot=boot or Boot.here(),
                checkpoint_rows=checkpoint_rows,
            )
        )  # fmt: skip

    def started(self, facts: Mapping[str, str]) -> None:
        """A start of the worker, and which facts (digests of configuration, ruleset, recipients …) changed since the last."""

        def body(tx: Transaction) -> None:
            self._chain.append(tx, "worker.started", **facts)
            for name, value in sorted(facts.items()):
                before = meta(tx, f"fact.{name}")
                if before != value:
                    set_meta(tx, f"fact.{name}", value)
                    if before:
                        self._chain.append(tx, f"{name}.changed", before=before, after=value)

        self._writer.write(body)

    def changed(self, fact: str, *, before: str, after: str) -> None:
        """A fact that a command changed; the next start of the worker finds nothing new in it."""

        def body(tx: Transaction) -> None:
            set_meta(tx, f"fact.{fact}", after)
            self._chain.append(tx, f"{fact}.changed", before=before, after=after)

        self._writer.write(body)

    def noted(self, kind: str, /, **body: str | int) -> None:
        """Any other event for the audit log: codes, ids and numbers only."""
        self._writer.write(lambda tx: self._chain.append(tx, kind, **body))

    def checkpoint(self) -> None:
        """Put a checkpoint of the audit log into the outbox, when there is news since the last one."""
        if self._read(checkpoints.has_news):
            self._writer.write(self._writer.checkpoints.put)

    def opening_asked(self, row: OpeningRow) -> None:
        """A request for an object; NotAllowed when its intent was used before."""
        self._writer.write(lambda tx: openings.ask(tx, self._chain, row))

    def opening_opened(self, request: str, *, legal: tuple[str, str], hr: tuple[str, str], at: datetime, until: datetime) -> None:
        """Both officers released it; each is (age recipient, fingerprint). NotAllowed, NotFound."""
        self._writer.write(
            lambda tx: openings.opened(tx, self._chain, request, legal=legal, hr=hr, at=stamp(at), until=stamp(until))
        )

    def opening_viewed(self, request: str, wrote: Wrote = "content") -> int:
        """Before anybody gets its content or its key; gives how often that was. NotAllowed, NotFound."""
        return self._writer.write(lambda tx: openings.viewed(tx, self._chain, request, wrote))

    def opening_ended(self, request: str, *, reason: str) -> bool:
        """It is over; False when it was already. NotFound."""
        return self._writer.write(lambda tx: openings.ended(tx, self._chain, request, at=self._writer.now(), reason=reason))

    def openings_due(self, over: Sequence[str] = ()) -> int:
        """End what is to end by now: windows in `over`, or whose time has come, and requests that nobody opened in time."""
        if not self._read(lambda tx: openings.due(tx, self._writer.now(), over)):
            return 0

        def body(tx: Transaction) -> int:
            at = self._writer.now()
            return sum(
                openings.ended(tx, self._chain, request, at=at, reason=reason) for request, reason in openings.due(tx, at, over)
            )

        return self._writer.write(body)

    def opening(self, request: str) -> OpeningRow:
        """NotFound."""
        return self._read(lambda tx: openings.get(tx, request))

    def captured(self, recording: Recording) -> None:
        self._writer.write(lambda tx: lifecycle.capture(tx, self._chain, recording))

    def sealed(self, recording_id: str, sealed: Sealed) -> None:
        self._writer.write(lambda tx: lifecycle.seal(tx, self._chain, recording_id, sealed))

    def analysed(self, recording_id: str, analysis: Analysis) -> bool:
        """Tags, score, outbox rows, lifecycle and audit in ONE transaction; False for a repeat of the same ruleset.

        Raises:
            NoConsent: somebody on it withdrew meanwhile. NotAllowed: it is being shredded.
        """
        return self._writer.write(lambda tx: self._analysed(tx, recording_id, analysis))

    def judge(self, historian: Historian | None) -> int:
        return Judging(self._writer, self._outbox).judge(historian)

    def watch(self, watch: Watch | None) -> int:
        return Watching(self._writer, self._outbox).watch(watch)

    def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
        self._writer.write(lambda tx: lifecycle.move(tx, self._chain, recording_id, state, reason=reason))

    def parked(self, recording_id: str, reason: str) -> None:
        said = lifecycle.worded(reason) or "unnamed"
        self._writer.write(lambda tx: lifecycle.park(tx, self._chain, recording_id, said))

    def unparked(self, recording_id: str) -> None:
        """Let a parked recording go on, once what it waited for is there."""
        self._writer.write(lambda tx: lifecycle.park(tx, self._chain, recording_id, ""))

    def seen_before(self, digest: str) -> str | None:
        return self._read(lambda tx: lifecycle.twin(tx, digest))

    def sent_before(self, reference: str) -> str | None:
        return self._read(lambda tx: lifecycle.namesake(tx, reference))

    def unfinished(self) -> Sequence[Recording]:
        return self._read(lifecycle.unfinished)

    def last_seen(self) -> Mapping[str, datetime]:
        """When each camera was there for the last time."""
        return self._read(cameras.last_seen)

    def lateness(self, count: int) -> Sequence[timedelta]:
        return self._read(lambda tx: lifecycle.lateness(tx, count))

    def recording(self, recording_id: str) -> Recording:
        return self._read(lambda tx: lifecycle.get(tx, recording_id))

    def standing(self, recording: Recording) -> Standing:
        return self._read(lambda tx: consents.standing(tx, recording))

    def stated(self, said: Statement) -> Statement:
        """Enter a consent statement; waiting recordings go on. Gives it as it holds. NotFound, NotAllowed (it comes too late)."""
        return self._writer.write(lambda tx: consents.state(tx, self._chain, said))

    def overridden(self, said: Override) -> None:
        """Enter a person's points for an item of a scorecard. NotFound, NotAllowed."""
        self._writer.write(lambda tx: overrides.add(tx, self._chain, said))

    def forget_deleted(self) -> bool:
        """After rows about a person were deleted: cut the write-ahead log off too.

        False while another process reads it: the worker tries again until it is done (`duties`).
        """
        mark = self._read(lambda tx: meta(tx, FORGETTING))
        if mark and not self._writer.database.forget():
            return False
        if mark:  # a further erasure meanwhile has a mark of its own, which stays
            self._writer.write(lambda tx: tx.execute("DELETE FROM meta WHERE key = ? AND value = ?", (FORGETTING, mark)))
        return True

    def room_for_media(self, paths: Paths, limits: Limits) -> bool:
        """Whether new media may be taken in; each change of the answer is logged and audited. Ask before each `take_in`."""
        disk = disk_state(paths, limits)
        word = "open" if disk.media else "stopped"
        if self._read(lambda tx: meta(tx, "media") or "open") != word:
            self._writer.write(lambda tx: self._media(tx, word, disk.free_bytes))
        return disk.media

    def verify_chain(self) -> int:
        """Length of the audit log, once all of it and all that it binds was recomputed; LedgerBroken names the first row."""
        return self._read(lambda tx: verify_chain(tx, sign=self.terms.sign))

    def close(self) -> None:
        self._writer.close()

    def _analysed(self, tx: Transaction, recording_id: str, analysis: Analysis) -> bool:
        recording = lifecycle.get(tx, recording_id)
        if findings.known(tx, recording_id, analysis.ruleset):
            return False
        if tx.execute("SELECT 1 FROM shredding WHERE recording = ?", (recording_id,)).fetchone():
            raise NotAllowed(f"recording {recording_id} is being shredded", zh="该录音正在销毁")
        kind = lifecycle.analyse(tx, recording_id)
        waits = taken_back(consents.standing(tx, recording))
        if waits is not None:
            raise NoConsent(waits, f"recording {recording_id}: its consent was withdrawn", zh="该录音的同意已撤回")
        number, tags = findings.add(tx, recording_id, analysis, at=self._writer.now())
        rows = [self._outbox.put(tx, rank, build) for rank, build in envelopes.of_analysis(self.terms, recording, analysis, tags)]
        self._chain.append(
            tx, kind, recording=recording_id, analysis=number, ruleset=analysis.ruleset, tags=len(tags),
            findings=findings.digest(tx, number), rows=[{"seq": seq, "sha256": digest} for seq, digest in rows],
            objects=findings.made(analysis),
        )  # fmt: skip
        history.mark(tx, recording_id)
        scans.mark(tx, recording_id)
        self._outbox.bound(tx)
        return True

    def _media(self, tx: Transaction, word: str, free_bytes: int) -> None:
        set_meta(tx, "media", word)
        self._chain.append(tx, f"media.{word}", free_bytes=free_bytes)
        log.get().warning("media.switched", state=word, disk_free_bytes=free_bytes)

    def _read(self, body: Callable[[Transaction], T]) -> T:
        return self._writer.database.reading(body)
