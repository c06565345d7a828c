"""Whatever a gateway's clock does, nothing is decided to be shredded before it is truly due, and in the end everything is."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_world import NOON, TurnableClock, World, memory_folder

from edge_agent import retention
from edge_agent.config import Retention
from edge_agent.domain.consent import Policy

DAYS = 30
CALL, POLICY = Retention(call_days=DAYS), Policy()
SLACK = timedelta(hours=30)
"""A clock that starts less than a day ahead is believed; steps of less than an hour are left in."""

Session = tuple[float, float, float, float, bool]
SESSIONS = st.lists(
    st.tuples(
        st.floats(0.01, 40),  # days switched off
        st.sampled_from(
            [0.0, 0.0, -20_000.0, -400.0, -9.0, -0.9, 0.9, 3.0, 9.0, 3_000.0]
        ),  # days by which the clock is wrong at the start
        st.floats(0.1, 22),  # hours until it is put right
        st.floats(0.5, 60),  # days that it then runs
        st.booleans(),  # somebody's thumb: a year ahead, and back an hour later
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(SESSIONS)
def test_a_wrong_clock_never_makes_a_recording_due_too_early(sessions: list[Session]) -> None:
    with memory_folder() as folder:
        clock = TurnableClock()
        world = World(folder, clock=clock)
        true, error = NOON, timedelta()
        taken: dict[str, object] = {}
        decided: set[str] = set()

        def take() -> None:
            taken[world.take_in().id] = true

        def run(by: timedelta) -> None:
            nonlocal true
            clock.pass_(by)
            true += by
            now = clock.now()
            if not world.ledger.keeping.settled():
                return
            for one in retention.plan(CALL, POLICY, world.ledger.keeping.kept()):
                if one.at <= now and one.kept.recording not in decided:
                    age = true - taken[one.kept.recording]  # type: ignore[operator]
                    assert age >= timedelta(days=DAYS) - SLACK, f"shredded at the age of {age}"
                    decided.add(one.kept.recording)

        take()
        for number, (off_days, wrong_days, wrong_h, run_days, thumb) in enumerate(sessions, 1):
            world.close()
            true += timedelta(days=off_days)
            error = timedelta(days=wrong_days)
            clock.at, clock.mono_ms = true + error, 10_000
            world = World(folder, clock=clock, boot=f"{number:08d}")
            take()
            run(timedelta(hours=wrong_h))
            clock.step(-error)
            run(timedelta(minutes=5))
            take()
            if thumb:
                clock.step(timedelta(days=365))
                run(timedelta(hours=1))
                clock.step(timedelta(days=-365))
            for _ in range(3):
                run(timedelta(days=run_days / 3))
        for _ in range(3):
            run(timedelta(days=DAYS / 2))
        assert decided == set(taken)
        world.close()
