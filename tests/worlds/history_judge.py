"""One customer who complains again and again, and a rule that fires at every third time: for kills and benches."""

from datetime import timedelta

from history_world import derived, historian
from ledger_world import NOON, World, analysis, tag

from edge_agent.domain.tags import BehaviorTag
from edge_agent.lexicon.model import Temporal

CUSTOMER = "aa" * 16
THIRD = derived("repeat", Temporal(of="x.a", count=3, window_days=30, per="account", distinct="conversation"), code="y.third")
HISTORIAN = historian(THIRD)


def hit(start_ms: int = 1000) -> BehaviorTag:
    return tag("x.a", start_ms, slots=())


def one_more(world: World, *, customer: str = CUSTOMER) -> None:
    """The next recording of that customer, ten seconds after the last, analysed and judged."""
    number = sum(one.circumstances.customer == customer for one in world.reader.recordings())
    made = world.take_in(customer=customer, started_at=NOON + timedelta(seconds=10 * number))
    world.ledger.analysed(made.id, analysis((hit(),)))
    world.ledger.judge(HISTORIAN)
