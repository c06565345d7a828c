"""The uplink's judgement as a table: each story is a list of operations and what must be true after them."""

from collections.abc import Callable

import pytest

from edge_sync.window import Outcome, Verdict, Window


class Story:
    """Drives a window the way the uplink does, with a clock of its own; tickets count up from 1."""

    def __init__(self, **settings: float) -> None:
        self.window = Window(**({"size": 4, "lead": 10, "stall_s": 10.0, "hold_s": 2.0} | settings))  # type: ignore[arg-type]
        self.now = 100.0
        self.ticket = 0
        self.window.start(0, self.now)

    def send(self, count: int) -> list[int]:
        """Send up to `count` rows, as far as there is room; returns their sequences."""
        sent = []
        for _ in range(min(count, self.window.room())):
            self.ticket += 1
            self.window.sent(self.ticket, self.window.cursor + 1, self.now)
            sent.append(self.window.cursor)
        return sent

    def answer(self, *tickets: int, code: int = 0) -> list[Outcome]:
        return [self.window.answered(ticket, code, self.now)[0] for ticket in tickets]

    def confirm(self, seq: int) -> None:
        self.window.confirmed(seq, self.now)

    def later(self, seconds: float) -> Verdict:
        self.now += seconds
        return self.window.verdict(self.now)

    def reconnect(self, committed: int) -> None:
        self.window.start(committed, self.now)


def full_window(s: Story) -> None:
    assert s.send(9) == [1, 2, 3, 4]
    assert s.window.room() == 0


def puback_frees(s: Story) -> None:
    s.send(4)
    s.answer(1, 2)
    assert s.window.room() == 2
    assert s.window.committed == 0


def acks_out_of_order(s: Story) -> None:
    s.send(4)
    s.answer(4, 2, 3, 1)
    assert s.window.room() == 4


def ack_twice(s: Story) -> None:
    s.send(2)
    s.answer(1, 1, 1)
    assert s.window.in_flight == 1


def ack_of_a_stranger(s: Story) -> None:
    assert s.window.answered(99, 0, s.now) == (Outcome.FREED, 0)
    assert s.window.answered(99, 0x87, s.now) == (Outcome.FREED, 0)


def reconnect_rewinds(s: Story) -> None:
    s.send(4)
    s.answer(1, 2, 3, 4)
    s.reconnect(2)
    assert s.send(2) == [3, 4]


def late_ack_after_reconnect(s: Story) -> None:
    s.send(4)
    s.reconnect(0)
    assert s.window.in_flight == 0
    s.send(1)
    s.answer(1)  # of the old connection
    assert s.window.in_flight == 1


def repeats_are_marked(s: Story) -> None:
    s.send(3)
    s.reconnect(0)
    assert [s.window.is_repeat(seq) for seq in (1, 3, 4)] == [True, True, False]


def watermark_moves_cursor(s: Story) -> None:
    s.confirm(7)
    assert s.send(1) == [8]


def lead_is_bounded(s: Story) -> None:
    for _ in range(5):
        s.answer(*range(s.ticket - 3, s.ticket + 1))
        s.send(4)
    assert s.window.cursor == 10
    s.answer(*range(1, 30))
    assert s.window.room() == 0
    s.confirm(5)
    assert s.window.room() == 4


def stall_rewinds(s: Story) -> None:
    s.send(4)
    s.answer(1, 2, 3, 4)
    assert s.later(9.9) is Verdict.GO_ON
    assert s.later(0.2) is Verdict.START_OVER
    assert s.send(4) == [1, 2, 3, 4]


def stall_patience_doubles(s: Story) -> None:
    s.send(1)
    s.answer(1)
    s.later(10.1)
    s.send(1)
    s.answer(2)
    assert s.later(19.9) is Verdict.GO_ON
    assert s.later(0.2) is Verdict.START_OVER


def progress_restores_patience(s: Story) -> None:
    s.send(2)
    s.answer(1, 2)
    s.later(10.1)
    s.confirm(1)
    s.send(1)
    s.answer(3)
    assert s.later(10.1) is Verdict.START_OVER


def progress_is_no_stall(s: Story) -> None:
    s.send(4)
    s.answer(1, 2, 3, 4)
    for seq in (1, 2, 3):
        assert s.later(9.0) is Verdict.GO_ON
        s.confirm(seq)


def idle_is_no_stall(s: Story) -> None:
    s.send(2)
    s.answer(1, 2)
    s.confirm(2)
    assert s.later(10_000.0) is Verdict.GO_ON
    s.send(1)
    s.answer(3)
    assert s.later(5.0) is Verdict.GO_ON


def unanswered_reconnects(s: Story) -> None:
    s.send(2)
    s.answer(1)
    assert s.later(10.1) is Verdict.RECONNECT


def nobody_listens(s: Story) -> None:
    s.send(2)
    assert s.answer(1, 2, code=0x10) == [Outcome.HELD, Outcome.HELD]
    assert s.window.room() == 0
    assert s.later(2.1) is Verdict.START_OVER
    assert s.send(2) == [1, 2]


def nobody_listens_ever_longer(s: Story) -> None:
    for pause in (2.0, 4.0, 8.0):
        s.send(1)
        s.answer(s.ticket, code=0x10)
        assert s.later(pause - 0.1) is Verdict.GO_ON
        assert s.later(0.2) is Verdict.START_OVER


def hq_speaks_during_hold(s: Story) -> None:
    s.send(2)
    s.answer(1, 2, code=0x10)
    s.confirm(0)
    assert s.send(2) == [1, 2]


def quota(s: Story) -> None:
    s.send(1)
    assert s.answer(1, code=0x97) == [Outcome.HELD]


def refused_once(s: Story) -> None:
    s.send(2)
    assert s.window.answered(1, 0x99, s.now) == (Outcome.GIVE_UP, 1)
    assert s.answer(2) == [Outcome.FREED]


def refused_by_row_each_time(s: Story) -> None:
    for _ in range(20):
        s.send(2)
        assert s.answer(s.ticket - 1, code=0x99) == [Outcome.GIVE_UP]
        s.answer(s.ticket)
        s.confirm(s.window.cursor)


def refused_all(s: Story) -> None:
    s.send(4)
    assert s.answer(1, 2, 3, 4, code=0x83) == [Outcome.GIVE_UP] * 3 + [Outcome.HELD]
    s.confirm(0)
    assert s.window.held


def refused_all_over_reconnects(s: Story) -> None:
    outcomes = []
    for _ in range(5):
        s.send(1)
        outcomes += s.answer(s.ticket, code=0x83)
        s.reconnect(0)
    assert outcomes == [Outcome.GIVE_UP] * 3 + [Outcome.HELD] * 2


def rule_on_its_way(s: Story) -> None:
    pause = 2.0
    for _ in range(5):
        s.send(4)
        assert s.answer(*range(s.ticket - 3, s.ticket + 1), code=0x87) == [Outcome.HELD] * 4
        s.confirm(0)  # HQ speaks, and that is no reason to try sooner
        assert s.later(pause - 0.1) is Verdict.GO_ON
        assert s.window.room() == 0
        assert s.later(0.2) is Verdict.START_OVER
        pause *= 2
    s.send(4)
    assert s.answer(*range(s.ticket - 3, s.ticket + 1)) == [Outcome.FREED] * 4


def rule_comes_within_a_window(s: Story) -> None:
    s.send(4)
    assert s.answer(1, code=0x87) == [Outcome.HELD]
    s.answer(2, 3, 4)
    assert s.later(2.1) is Verdict.START_OVER
    assert s.send(4) == [1, 2, 3, 4]
    assert s.answer(5, 6, 7, 8) == [Outcome.FREED] * 4


def only_this_one_is_not_allowed(s: Story) -> None:
    s.send(4)
    s.answer(1, code=0x87)
    s.answer(2, 3, 4)
    s.later(2.1)
    s.send(4)
    assert s.answer(5, code=0x87) == [Outcome.GIVE_UP]
    assert not s.window.held


def another_leaf_is_allowed(s: Story) -> None:
    for _ in range(3):
        s.ticket += 2
        s.window.sent(s.ticket - 1, 1, s.now, leaf="audit")
        s.window.sent(s.ticket, 2, s.now, leaf="tags")
        assert s.answer(s.ticket) == [Outcome.FREED]
        assert s.answer(s.ticket - 1, code=0x87) == [Outcome.HELD]
        s.later(60)


def restored_hq(s: Story) -> None:
    s.confirm(9)
    s.send(1)
    s.confirm(4)
    assert s.send(1) == [5]


def replay_takes_half(s: Story) -> None:
    s.confirm(50)
    s.window.replay(10, 20)
    assert s.window.replay_room() == (10, 20, 2)
    s.window.replayed(1, 10, s.now)
    s.window.replayed(2, 11, s.now)
    assert s.window.replay_room() == (12, 20, 1)
    assert s.send(9) == [51, 52]


def replay_ends(s: Story) -> None:
    s.confirm(50)
    s.window.replay(10, 11)
    s.window.replayed(1, 10, s.now)
    s.window.replayed(2, 11, s.now)
    assert s.window.replay_room()[2] == 0


def replay_of_rows_long_gone(s: Story) -> None:
    s.window.replay(10, 20)
    s.window.replay_reached(20)
    assert s.window.replay_room()[2] == 0


def replay_asked_twice(s: Story) -> None:
    for _ in range(500):
        s.window.replay(10, 20)
    s.window.replay_reached(20)
    assert s.window.replay_room()[2] == 0


def replay_flood(s: Story) -> None:
    for n in range(1, 10_000):
        s.window.replay(n, n)
    done = 0
    while s.window.replay_room()[2]:
        s.window.replay_reached(s.window.replay_room()[1])
        done += 1
    assert done == 64


def new_outbox(s: Story) -> None:
    s.send(4)
    s.window.replay(1, 2)
    s.window.new_epoch()
    s.reconnect(0)
    assert not s.window.is_repeat(1)
    assert s.window.replay_room()[2] == 0
    assert s.send(1) == [1]


def small_broker(s: Story) -> None:
    s.window.limit(4)
    assert s.window.room() == 2
    s.window.limit(65_535)
    assert s.window.room() == 4


def given_up_row_is_passed(s: Story) -> None:
    s.window.skipped(1)
    assert s.send(1) == [2]


STORIES: dict[str, Callable[[Story], None]] = {
    "no more than the window is ever unanswered": full_window,
    "a PUBACK frees its place and confirms nothing": puback_frees,
    "PUBACKs in any order free all places": acks_out_of_order,
    "a PUBACK seen three times frees one place": ack_twice,
    "a PUBACK for something that is no row changes nothing": ack_of_a_stranger,
    "a reconnect starts over at the watermark, acknowledged or not": reconnect_rewinds,
    "a PUBACK of the old connection means nothing on the new one": late_ack_after_reconnect,
    "what was sent before is marked as a repeat": repeats_are_marked,
    "a watermark ahead of us moves us on": watermark_moves_cursor,
    "HQ's silence stops us after the lead": lead_is_bounded,
    "a watermark that stands still makes us start over": stall_rewinds,
    "standing still again is waited for twice as long": stall_patience_doubles,
    "a moving watermark restores the patience": progress_restores_patience,
    "a slow but moving watermark is no stall": progress_is_no_stall,
    "having nothing to send is no stall": idle_is_no_stall,
    "a publish never answered means a dead link": unanswered_reconnects,
    "no subscriber holds the rows and then sends them again": nobody_listens,
    "still no subscriber is asked ever more rarely": nobody_listens_ever_longer,
    "HQ's voice ends a hold at once": hq_speaks_during_hold,
    "an exceeded quota is not the row's fault": quota,
    "a refused row is given up, the next one goes on": refused_once,
    "single bad rows between good ones are each given up": refused_by_row_each_time,
    "when everything is refused the rows are held, not given up": refused_all,
    "what is not allowed yet is held, whatever HQ says, and tried ever more rarely": rule_on_its_way,
    "a rule that comes within a window costs no row": rule_comes_within_a_window,
    "a row not allowed where others are is given up once": only_this_one_is_not_allowed,
    "a leaf that is allowed says nothing about another": another_leaf_is_allowed,
    "refusals across reconnects are counted together": refused_all_over_reconnects,
    "a watermark that went back gets its rows again": restored_hq,
    "a replay uses half of the free window": replay_takes_half,
    "a replay ends": replay_ends,
    "a replay of rows long gone ends too": replay_of_rows_long_gone,
    "a replay asked five hundred times is done once": replay_asked_twice,
    "a flood of replays is bounded": replay_flood,
    "a new outbox begins at one and repeats nothing": new_outbox,
    "a broker that accepts less makes the window smaller, for that connection": small_broker,
    "a row given up is passed over": given_up_row_is_passed,
}


@pytest.mark.parametrize("what", STORIES)
def test_window_when(what: str) -> None:
    STORIES[what](Story())
