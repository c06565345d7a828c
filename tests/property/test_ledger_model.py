"""A ledger under any order of steps, restarts and watermarks agrees with a simple model of itself."""

from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ledger_world import World, analysis, memory_folder, opened

from edge_agent.domain.recording import LIFE, State
from edge_agent.errors import NotAllowed
from edge_agent.ledger.outbox import Outbox
from edge_agent.ledger.uplink import OutboxReader
from edge_sync import wire

NUMBERS = st.integers(0, 7)


class LedgerModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.states: dict[str, State] = {}
        self.rulesets: dict[str, set[str]] = {}
        self.highest = 0
        self.committed = 0
        self.dead: set[int] = set()
        self.beyond = False

    @initialize()
    def begin(self) -> None:
        self.world = World(self.stack.enter_context(memory_folder()))
        self.uplink = OutboxReader(self.world.path, self.world.folder / "none")

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.uplink.close()
            self.world.close()
        self.stack.close()

    def pick(self, number: int) -> str | None:
        known = sorted(self.states)
        return known[number % len(known)] if known else None

    @rule()
    def enters(self) -> None:
        made = self.world.take_in()
        self.states[made.id] = State.SEALED
        self.rulesets[made.id] = set()

    @rule(number=NUMBERS, rules=st.sampled_from(["01" * 32, "02" * 32]), tags=st.integers(0, 3))
    def is_analysed(self, number: int, rules: str, tags: int) -> None:
        one = self.pick(number)
        if one is None:
            return
        if rules in self.rulesets[one]:
            assert self.world.ledger.analysed(one, analysis(tags, rules=rules)) is False
        elif self.states[one] in {State.SEALED, State.ANALYSED, State.CLOSED}:
            assert self.world.ledger.analysed(one, analysis(tags, rules=rules))
            self.rulesets[one].add(rules)
            self.highest += 1
            if self.states[one] is State.SEALED:
                self.states[one] = State.ANALYSED
        else:
            try:
                self.world.ledger.analysed(one, analysis(tags, rules=rules))
            except NotAllowed:
                return
            raise AssertionError

    @rule(number=NUMBERS, step=st.sampled_from([State.CLOSED, State.EXPIRED, State.REJECTED]))
    def moves(self, number: int, step: State) -> None:
        one = self.pick(number)
        if one is None:
            return
        try:
            self.world.ledger.moved(one, step)
        except NotAllowed:
            assert step not in LIFE[self.states[one]]
            return
        assert step in LIFE[self.states[one]]
        self.states[one] = step

    @rule(seq=st.integers(0, 12))
    def hq_commits(self, seq: int) -> None:
        outbox = Outbox(self.world.ledger.terms, self.world.ledger._chain)
        self.world.counter += 1
        order = wire.Committed(
            gateway="gateway-1", counter=self.world.counter, epoch=self.uplink.epoch(), seq=seq, generation="aaaa"
        )
        self.beyond |= seq > self.highest
        if not self.beyond and seq >= self.committed:
            self.committed = seq
        assert self.world.ledger._writer.write(lambda tx: outbox.confirm(tx, order)) == self.committed

    @rule(seq=st.integers(1, 12))
    def hq_refuses(self, seq: int) -> None:
        outbox = Outbox(self.world.ledger.terms, self.world.ledger._chain)
        there = {row.seq for row in self.uplink.after(0, 10_000)}
        self.world.ledger._writer.write(lambda tx: outbox.refuse(tx, seq, "test"))
        if seq in there and seq > self.committed:
            self.dead.add(seq)
            self.highest = self.uplink.highest()

    @rule(step=st.sampled_from([1, -3600, 86_400]))
    def time_moves(self, step: int) -> None:
        if step == 1:
            self.world.clock.pass_(timedelta(seconds=1))
        else:
            self.world.clock.step(timedelta(seconds=step))

    @rule()
    def restarts(self) -> None:
        """A restart after HQ knew more than the box: a new epoch that still offers every row HQ had not confirmed."""
        waiting = self.unconfirmed()
        self.world.reopen()
        if self.beyond:
            self.beyond, self.committed, self.dead = False, 0, set()
            self.highest = len(waiting)
        assert self.unconfirmed() == waiting

    def unconfirmed(self) -> list[str]:
        """What the rows beyond the watermark speak of; gap records end with their epoch."""
        found = (opened(row.payload) for row in self.uplink.after(self.committed, 10_000))
        return [one.data.recording for one in found if isinstance(one.data, wire.TagsData)]

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "world"):
            return
        assert {one: self.world.ledger.recording(one).state for one in self.states} == self.states
        seqs = [row.seq for row in self.uplink.after(0, 10_000)]
        assert all(one < two for one, two in pairwise(seqs))
        assert set(seqs) == set(range(1, self.highest + 1)) - self.dead
        assert (self.uplink.highest(), self.uplink.committed()) == (self.highest, self.committed)
        assert self.world.ledger.verify_chain()


LedgerModel.TestCase.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
test_ledger_agrees_with_its_model = LedgerModel.TestCase
