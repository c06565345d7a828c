"""Which row goes next, and when to start over: the uplink's judgement, without any I/O. Times are monotonic seconds.

Rules:
1. at most `size` publishes are unanswered, and at most `lead` rows are sent beyond HQ's watermark;
2. a PUBACK only frees the window; only the watermark makes a row done;
3. every connect starts over at the watermark, and so does a watermark that stands still for `stall_s` (doubling, capped);
4. a publish unanswered for `stall_s` means the link is dead: reconnect;
5. "no subscriber" and "quota exceeded" are no success and no fault of the row: hold, then start over. HQ's voice lifts a hold;
6. a refused row is given up once; but after `refusals` refusals in a row the fault is the link's, and it holds instead;
7. "not authorised" is first of all about the link, whose access rule may still be on its way: hold. Only a row that is refused
   again after others were accepted on its leaf is given up. HQ's voice lifts no hold of rules 6 and 7;
8. what was sent before goes out marked as a repeat; a replay that HQ asked for uses at most half of the free window.
"""

from collections import deque
from enum import Enum

NO_SUBSCRIBER = 0x10
FAILED = 0x80
NOT_AUTHORISED = 0x87
QUOTA_EXCEEDED = 0x97
_CAP_S = 60.0
_MAX_RANGES = 64


class Verdict(Enum):
    """What the clock says should happen now."""

    GO_ON = "go-on"
    START_OVER = "start-over"
    RECONNECT = "reconnect"


class Outcome(Enum):
    """What a PUBACK means for its row."""

    FREED = "freed"
    GIVE_UP = "give-up"
    HELD = "held"


class Window:
    """See the module's rules. `seq` is an outbox sequence; a `ticket` names one publish (a row may be sent more than once)."""

    def __init__(
        self, *, size: int = 20, lead: int = 1000, stall_s: float = 10.0, hold_s: float = 2.0, refusals: int = 3
    ) -> None:
        self._size = self._wanted = size
        self._lead = lead
        self._stall_s = stall_s
        self._hold_s = hold_s
        self._refusals = refusals
        self._in_flight: dict[int, tuple[int, float, str]] = {}
        self._accepted: dict[str, int] = {}
        self._unauthorised: dict[int, tuple[str, int]] = {}
        self._replays: deque[tuple[int, int]] = deque()
        self._committed = 0
        self._cursor = 0
        self._highest_sent = 0
        self._progress_at = 0.0
        self._patience_s = stall_s
        self._held_until: float | None = None
        self._hold_is_firm = False
        self._pause_s = hold_s
        self._refused_in_a_row = 0

    @property
    def committed(self) -> int:
        return self._committed

    @property
    def cursor(self) -> int:
        """Rows after this sequence are next."""
        return self._cursor

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    @property
    def held(self) -> bool:
        return self._held_until is not None

    def limit(self, receive_maximum: int) -> None:
        """The broker's own limit; it may only make the window smaller (two places stay free for liveness messages)."""
        self._size = max(1, min(self._wanted, receive_maximum - 2))

    def start(self, committed: int, now: float) -> None:
        """A fresh connection: nothing is in flight, everything after `committed` is to be sent again (rule 3)."""
        self._in_flight.clear()
        self._committed = committed
        self._start_over(now)

    def new_epoch(self) -> None:
        """The outbox was replaced: what was sent before says nothing any more."""
        self._highest_sent = self._committed = self._cursor = 0
        self._replays.clear()
        self._unauthorised.clear()

    def room(self) -> int:
        """How many rows after `cursor` may be sent now."""
        if self.held:
            return 0
        free = self._size - len(self._in_flight)
        return max(0, min(free, self._committed + self._lead - self._cursor))

    def replay_room(self) -> tuple[int, int, int]:
        """(first, last, how many) of the replay that may be sent now; how many = 0 when there is none (rule 8)."""
        free = self._size - len(self._in_flight)
        if self.held or not self._replays or free <= 0:
            return (0, 0, 0)
        first, last = self._replays[0]
        return (first, last, max(1, free // 2))

    def sent(self, ticket: int, seq: int, now: float, *, leaf: str = "tags") -> None:
        """A row after `cursor` went out, on that leaf."""
        if self._cursor == self._committed:
            self._progress_at = now
        self._in_flight[ticket] = (seq, now, leaf)
        self._cursor = max(self._cursor, seq)
        self._highest_sent = max(self._highest_sent, seq)

    def skipped(self, seq: int) -> None:
        """A row after `cursor` was given up and is not sent again."""
        self._cursor = max(self._cursor, seq)

    def replayed(self, ticket: int, seq: int, now: float, *, leaf: str = "backfill") -> None:
        """A row of the current replay went out, on that leaf."""
        self._in_flight[ticket] = (seq, now, leaf)
        self.replay_reached(seq)

    def replay_reached(self, seq: int) -> None:
        """The current replay is done up to `seq`, whether or not its rows still exist."""
        if self._replays:
            _, last = self._replays.popleft()
            if seq < last:
                self._replays.appendleft((seq + 1, last))

    def is_repeat(self, seq: int) -> bool:
        """Whether this row was sent before (by this process)."""
        return seq <= self._highest_sent

    def replay(self, first: int, last: int) -> None:
        """HQ asks for `first`..`last` again. Bounded; a range that is already queued is not queued twice."""
        wanted = (first, last)
        if wanted not in self._replays and len(self._replays) < _MAX_RANGES:
            self._replays.append(wanted)

    def answered(self, ticket: int, code: int, now: float) -> tuple[Outcome, int]:
        """The broker's PUBACK: what it means, and for which row (0 = not one of ours). Rules 2, 5, 6, 7."""
        seq, _, leaf = self._in_flight.pop(ticket, (0, 0.0, ""))
        if not seq:
            return (Outcome.FREED, 0)
        if code in (NO_SUBSCRIBER, QUOTA_EXCEEDED):
            self._hold(now)
            return (Outcome.HELD, seq)
        if code < FAILED:
            self._refused_in_a_row = 0
            self._accepted[leaf] = self._accepted.get(leaf, 0) + 1
            return (Outcome.FREED, seq)
        if code == NOT_AUTHORISED and not self._only_this_one(seq, leaf):
            self._hold(now, firm=True)
            return (Outcome.HELD, seq)
        self._refused_in_a_row += 1
        if self._refused_in_a_row > self._refusals:
            self._hold(now, firm=True)
            return (Outcome.HELD, seq)
        return (Outcome.GIVE_UP, seq)

    def confirmed(self, committed: int, now: float) -> None:
        """HQ's watermark now in force. A lower one is a restored database: it gets its rows again."""
        if committed > self._committed:
            self._progress_at = now
            self._patience_s = self._stall_s
            self._pause_s = self._hold_s
        went_back = committed < self._committed
        self._committed = committed
        self._cursor = max(self._cursor, committed)
        self._unauthorised = {seq: seen for seq, seen in self._unauthorised.items() if seq > committed}
        if self.held and self._hold_is_firm:
            self._cursor = committed
        elif went_back or self.held:
            self._start_over(now)

    def verdict(self, now: float) -> Verdict:
        """Rules 3, 4 and the end of a hold. START_OVER has already been done when it is returned."""
        if any(now - at > self._stall_s for _, at, _ in self._in_flight.values()):
            return Verdict.RECONNECT
        if self._held_until is not None:
            if now < self._held_until:
                return Verdict.GO_ON
            self._start_over(now)
            return Verdict.START_OVER
        if self._cursor > self._committed and now - self._progress_at > self._patience_s:
            self._patience_s = min(self._patience_s * 2, _CAP_S)
            self._start_over(now)
            return Verdict.START_OVER
        return Verdict.GO_ON

    def _only_this_one(self, seq: int, leaf: str) -> bool:
        """Whether others were accepted on that leaf since this row was first refused there."""
        accepted = self._accepted.get(leaf, 0)
        where, then = self._unauthorised.get(seq, ("", 0))
        if where != leaf:
            self._unauthorised[seq] = (leaf, accepted)
            return False
        return accepted > then

    def _hold(self, now: float, *, firm: bool = False) -> None:
        if self._held_until is None:
            self._hold_is_firm = firm
            self._held_until = now + self._pause_s
            self._pause_s = min(self._pause_s * 2, _CAP_S)

    def _start_over(self, now: float) -> None:
        self._cursor = self._committed
        self._progress_at = now
        self._held_until = None
