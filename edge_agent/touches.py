"""Takes in a touch document that comes as bytes, beside the worker's loop: with a ledger and a vault of its own.

A document is sealed before it is answered for, so nothing of it lies plain anywhere on its way. While one is being sealed the
worker's loop leaves it alone (`seals`), as it does with what another process hears (`Kit.listens`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent import log, pipeline
from edge_agent.capture.asking import Answer, Fault
from edge_agent.capture.spool import Reader, Touching
from edge_agent.capture.touch import Faults
from edge_agent.errors import BadInput, Unavailable
from edge_agent.ids import new_id
from edge_agent.pipeline import Kit


@dataclass(slots=True)
class Reception:
    """How documents are read here, and since when (an id) one is being sealed; "" when none is."""

    read: Reader
    since: str = ""

    def seals(self, recording: str) -> bool:
        """Whether this recording may be one that is being sealed just now; ids sort by the time they were made."""
        since = self.since
        return bool(since) and recording > since


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One document after the other, from one thread; what it raises is LedgerBroken, or nobody foresaw it."""

    kit: Kit
    reception: Reception
    room: Callable[[], bool]

    def __call__(self, content: bytes) -> Answer:
        try:
            if not self.room():
                return Answer(status="later", reason="disk-full")
            self.reception.since = new_id()
            taken = pipeline.take_in(self.kit, Touching(content, self.reception.read))
        except Faults as error:
            return Answer(
                status="refused", reason=error.kind, faults=tuple(Fault(key=m.key, expected=m.expected) for m in error.mistakes)
            )
        except BadInput as error:
            if error.kind == "duplicate":
                return Answer(status="duplicate")
            return Answer(status="refused", reason=error.kind)
        except Unavailable as error:
            log.get().warning("touch.deferred", error=type(error).__name__)
            return Answer(status="later", reason="unavailable")
        finally:
            self.reception.since = ""
        return Answer(status="accepted", recording=taken.id, reason=taken.parked)
