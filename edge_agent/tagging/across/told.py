"""At which hits a rule fired already, as its conclusions on record say.

A conclusion names its anchor last in its evidence. Of several hits at one instant of one recording it is the one of the same
event, extent, turn and value of `same_slot`; of hits alike in all of that, it is the one up to which the conclusion counted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from itertools import accumulate

from edge_agent.domain.history import Past
from edge_agent.lexicon.model import Event
from edge_agent.tagging.across.base import Fired

_Place = tuple[object, ...]


class Told:
    """The record of one history, for one pass over it."""

    def __init__(self, stood: Iterable[Past]) -> None:
        self._counted: defaultdict[_Place, list[Past]] = defaultdict(list)
        for past in stood:
            if past.tag.evidence:
                anchor = past.tag.evidence[-1]
                self._counted[past.code, past.recording, past.at_ms, anchor.detail, anchor.end_ms, anchor.turn].append(past)
        self._seen: Counter[_Place] = Counter()

    def at(self, event: Event, hit: Past) -> Fired:
        """Whether it is on record that the event came about at this hit; to be asked once, if the rule takes the hit at all."""
        return partial(self._fired, event, hit)

    def _fired(self, event: Event, hit: Past) -> bool:
        place = (event.id, hit.recording, hit.at_ms, hit.code, hit.tag.end_ms, hit.tag.turn)
        if place not in self._counted:
            return False
        slot = event.temporal.same_slot
        value = hit.value(slot) if slot else None
        self._seen[*place, value] += 1
        alike = [past.tag.evidence for past in self._counted[place] if not slot or past.value(slot) == value]
        return self._seen[*place, value] in accumulate(sorted(evidence.count(evidence[-1]) for evidence in alike))
