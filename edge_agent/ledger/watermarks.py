"""The worker's door for the uplink: a Unix stream socket for watermarks, cosignatures, refusals and questions for a birth.

Only peers with a listed uid (SO_PEERCRED) are heard; the socket is 0600, or 0660 where the uplink has an account of its own. A
line has a size limit and a time limit; one question per connection.
The server has its own thread and its own connection to the ledger. A failure of the ledger is fatal for the worker: it is
kept, and the worker's loop meets it in `check`.
"""

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import log, rendezvous
from edge_agent.errors import EdgeError, LedgerBroken, Unavailable
from edge_agent.ledger import asking, birth, refusals, witnessing
from edge_agent.ledger.asking import Answer, Confirm, Question, Refuse, Witnessed
from edge_agent.ledger.birth import Presence
from edge_agent.ledger.database import Transaction, meta
from edge_agent.ledger.outbox import Outbox, in_doubt
from edge_agent.ledger.writer import Terms, Writer
from edge_sync import wire
from edge_sync.errors import WireError

_RETRY_S: Final = 0.2


class WatermarkServer(rendezvous.Doorkeeper):
    """Serves between `start` and `stop`, or as a context manager. `peers` are the uids that are heard: by default our own."""

    def __init__(self, terms: Terms, path: Path, presence: Presence, *, peers: Iterable[int] | None = None) -> None:
        super().__init__(path, "watermarks")
        self._terms = terms
        self._presence = presence
        self._peers = frozenset({os.geteuid()} if peers is None else peers)
        self._writer: Writer | None = None

    def start(self) -> None:
        """Open the ledger, bind the socket, serve; raises what opening raises, Unavailable when the socket cannot be bound."""
        writer = Writer(self._terms)
        try:
            door = rendezvous.bound(self._path, 0o660 if self._peers - {os.geteuid()} else 0o600)
        except OSError as error:
            writer.close()
            raise Unavailable("the worker's socket cannot be made", remedy="check the state directory's rights") from error
        self._writer = writer
        self.open(door)

    def serve(self, door: socket.socket) -> None:
        writer = self._writer
        assert writer is not None
        outbox = Outbox(self._terms, writer.chain)
        with door:
            while not self.over:
                try:
                    line, _ = door.accept()
                except OSError:  # `stop` shut it down, or we are out of descriptors for a moment
                    self.stopping.wait(_RETRY_S)
                    continue
                with line:
                    self._hear(line, writer, outbox)
        writer.close()

    def _hear(self, line: socket.socket, writer: Writer, outbox: Outbox) -> None:
        line.settimeout(asking.WAIT_S)
        try:
            if self._stranger(line):
                log.get().warning("peer.refused")
                return
            question = msgspec.json.decode(asking.read_line(line), type=Question)
            line.sendall(msgspec.json.encode(self._answer(question, writer, outbox)) + b"\n")
        except (OSError, msgspec.DecodeError) as error:
            log.get().warning("question.failed", error=type(error).__name__)

    def _stranger(self, line: socket.socket) -> bool:
        return rendezvous.peer(line) not in self._peers

    def _answer(self, question: Question, writer: Writer, outbox: Outbox) -> Answer:
        try:
            if isinstance(question, Confirm):
                return Answer(watermark=self._confirm(question.message, writer, outbox))
            if isinstance(question, Witnessed):
                writer.write(lambda tx: witnessing.take(tx, self._terms, writer.chain, question.message))
                return Answer()
            if isinstance(question, Refuse):
                writer.write(lambda tx: outbox.refuse(tx, question.seq, question.reason))
                return Answer()
            return Answer(payload=writer.database.reading(lambda tx: birth.sealed(tx, self._terms, self._presence)))
        except LedgerBroken as error:
            self.failed = error
            return Answer(error="broken")
        except EdgeError as error:
            log.get().warning("question.refused", error=type(error).__name__)
            return Answer(error="unavailable" if isinstance(error, Unavailable) else "refused")

    def _confirm(self, message: bytes, writer: Writer, outbox: Outbox) -> int:
        """The watermark in force after HQ's message, which counts only when HQ's operations key signed it."""
        order = self._order(message)
        if isinstance(order, wire.Committed):
            mark = writer.write(lambda tx: outbox.confirm(tx, order))
            if writer.database.reading(in_doubt):
                # Opening the ledger again begins the new epoch; the service restarts the worker at once.
                self.failed = LedgerBroken("HQ knows rows that this box lost", remedy="restart the worker: it begins a new epoch")
            return mark
        writer.write(lambda tx: refusals.note(tx, self._terms, writer.chain, "watermark", reason=order))
        return writer.database.reading(_committed)

    def _order(self, message: bytes) -> wire.Committed | str:
        """HQ's watermark, or why this is none."""
        if self._terms.hq_verify is None:
            return "no-hq-key"
        try:
            order = wire.open_order(message, self._terms.hq_verify)
        except WireError as error:
            return error.reason
        return order if isinstance(order, wire.Committed) else "other-order"


def _committed(tx: Transaction) -> int:
    return int(meta(tx, "committed"))
