"""Rules over days that listen to a talk while it goes on: the third complaint is known as it is said.

What they find is provisional: final is what the ledger concludes once the talk is analysed. Only what was heard in this talk is
their state; of what was before, the engine that goes on elsewhere is told anew.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from edge_agent.domain.history import History, Past, ms_of, stands_for
from edge_agent.domain.recording import Circumstances
from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.tagging.across.base import Over
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.across.told import Told
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule

HERE = "here"
"""Names the talk that goes on where a recording's id would stand; it may have none yet."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Before:
    """A rule over days and what it knows of before this talk."""

    fresh: Callable[[], Over]
    hits: Sequence[Past]
    stood: Sequence[Past]
    around: Circumstances

    def over(self) -> Over:
        """The rule as it stands when the talk begins."""
        rule, record = self.fresh(), Told(self.stood)
        for past in self.hits:
            rule.hit(past, record.at(rule.event, past))
        return rule


def remembered(historian: Historian, histories: Iterable[History], around: Circumstances) -> list[Callable[[], Rule]]:
    """What makes the rules of one talk; `histories` reach back from its start (`LedgerReader.histories`)."""
    return [partial(Remembered, before) for history in histories for before in _befores(historian, history, around)]


def _befores(historian: Historian, history: History, around: Circumstances) -> Iterator[Before]:
    for make in historian.makers(history.whose):
        rule = make()
        hits = [past for past in history.hits if past.code in rule.hears and past.at_ms < history.since_ms]
        stood = [past for past in history.stood if past.code == rule.event.id]
        yield Before(fresh=make, hits=hits, stood=stood, around=around)


class Remembered(Rule):
    """One rule over days inside a live talk."""

    def __init__(self, before: Before) -> None:
        rule = before.over()
        super().__init__(rule.event)
        self.hears = rule.hears
        self._before = before
        self._heard: list[Hit] = []

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        self._heard.append(hit)
        rule = self._before.over()
        found = [list(rule.hit(self._past(one))) for one in self._heard][-1]
        if not found:
            return NOTHING
        one = found[-1]
        item = (self.event.id, *hit.place)
        return (self.at(hit, one.evidence, status=Status.PROVISIONAL, slots=one.slots, sure=one.confidence, item=item),)

    def _past(self, hit: Hit) -> Past:
        around = self._before.around
        tag = BehaviorTag(
            id="", code=hit.code, speaker=hit.speaker, start_ms=hit.start_ms, end_ms=hit.end_ms, known_at_ms=hit.end_ms,
            confidence=hit.confidence, severity="", layer="", rule="", rule_digest="", turn=hit.turn,
            slots=tuple(sorted(hit.slots.items())),
        )  # fmt: skip
        began = ms_of(around.started_at)
        return Past(recording=HERE, began_ms=began, tag=tag, brand=stands_for(hit.slots.get("brand"), around))
