"""Judges a person's history: drives every rule over days from where something changed, and says what is new and what fell.

The result is a function of the set of hits, whatever the order in which their recordings were analysed: a late recording moves
`since_ms` back, and what no longer follows is withdrawn. Before `since_ms` the record is believed, so of each event only the
reach of the rules that hear it has to be read. A conclusion that stands already, just so, is not given again.

What only time decides waits for a settled clock, for the person's recordings that are not analysed yet (a parked one counts while
it may hold what is missing), and, where it rests on nothing having been written, for word of anything that anybody wrote later:
a box that is told of no chat cannot miss a message. What already stood is not taken back for that. Conclusions are hits for the
rules that refer to them.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Final

from edge_agent.domain.history import DAY_MS, LONGEST_MS, History, Judgement, Past, Whose
from edge_agent.domain.tags import BehaviorTag, SlotValue, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.lexicon.model import Event, Lexicon
from edge_agent.tagging.across import build, deadlines
from edge_agent.tagging.across.base import Found, Over
from edge_agent.tagging.across.told import Told

AGAIN_MS: Final = 15 * 60_000
"""When to look again at what waits for the clock, for recordings that are not analysed yet, or for word from another system."""
GIVEN_UP_MS: Final = 7 * DAY_MS
"""So long after its time something is still looked at again; then it stays undetermined."""
_VOICES: Final = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER}


class Historian:
    """Implements `ports.Historian`. `zone` is the store's; None = the machine's own."""

    def __init__(self, lexicon: Lexicon, zone: tzinfo | None = None, *, make_id: Callable[[], str] = new_id) -> None:
        self._lexicon, self._zone, self._make_id = lexicon, zone, make_id
        made = build.makers(lexicon.events, self._until, zone)
        self._makers = {whose: [make for make in made if make().whose is whose] for whose in Whose}

    @property
    def ruleset(self) -> str:
        """Digest of the lexicons in force."""
        return self._lexicon.digest

    @cached_property
    def heard(self) -> Mapping[Whose, Mapping[str, int]]:
        """The events that any rule over days rests on, by whose history it reads: how many ms before a change it has to know."""
        found: dict[Whose, dict[str, int]] = {whose: {} for whose in Whose}
        for whose, reaches in found.items():
            for code, reach_ms in (one for rule in self.rules(whose) for one in rule.reaches().items()):
                reaches[code] = max(reach_ms, reaches.get(code, 0))
        return found

    @cached_property
    def judged(self) -> Mapping[Whose, Mapping[str, int]]:
        """The events that are concluded over days, likewise."""
        return {
            whose: {rule.event.id: max(rule.reach_ms, self.heard[whose].get(rule.event.id, 0)) for rule in self.rules(whose)}
            for whose in Whose
        }

    @cached_property
    def lasting(self) -> Mapping[Whose, Mapping[str, str]]:
        """The events of which the last one counts, however long ago; and whose word does not count."""
        return {whose: {code: voice for rule in self.rules(whose) for code, voice in rule.lasting().items()} for whose in Whose}

    def makers(self, whose: Whose) -> Sequence[Callable[[], Over]]:
        """What makes the rules for one history."""
        return self._makers[whose]

    def rules(self, whose: Whose) -> list[Over]:
        """Fresh rules for one history."""
        return [make() for make in self._makers[whose]]

    def judge(self, history: History) -> Judgement:
        """What follows now; see `domain.history`."""
        rules = self.rules(history.whose)
        ours = {rule.event.id: rule.event for rule in rules}
        history = replace(history, stood=[past for past in history.stood if past.code in ours])
        run = _Run(history, rules, self._conclusion)
        run.replay()
        left = [past for past in history.stood if past.at_ms >= history.since_ms]
        new: list[Past] = []
        for past in run.found:
            slot = ours[past.code].temporal.same_slot
            before = next((old for old in left if _same(old, past, slot)), None)
            if before is None:
                new.append(past)
                continue
            left.remove(before)
            if not _just_so(before.tag, past.tag):
                new.append(replace(past, tag=replace(past.tag, supersedes=before.tag.id)))
        return Judgement(new=tuple(new), gone=tuple(self._withdrawn(past) for past in left), due=tuple(sorted(set(run.due))))

    def _until(self, said: SlotValue, at_ms: int) -> int | None:
        found = deadlines.until(said, datetime.fromtimestamp(at_ms / 1000, UTC), self._zone)
        return None if found is None else int(found.timestamp() * 1000)

    def _conclusion(self, found: Found) -> Past:
        event, anchor = found.event, found.anchor
        shown = {*event.slots, "count", event.temporal.same_slot}
        start_ms = found.at_ms - anchor.began_ms
        tag = BehaviorTag(
            id=self._make_id(), code=event.id, speaker=_voice(event, anchor), start_ms=start_ms,
            end_ms=start_ms if found.timed else anchor.tag.end_ms, known_at_ms=max(found.known_at_ms - anchor.began_ms, start_ms),
            confidence=round(found.confidence, 4), severity=event.severity, layer=event.layer, rule=event.rule,
            rule_digest=self._lexicon.event_digests[event.id], turn=anchor.tag.turn, evidence=found.evidence,
            slots=tuple((name, value) for name, value in sorted(found.slots.items()) if name in shown),
        )  # fmt: skip
        return Past(recording=anchor.recording, began_ms=anchor.began_ms, tag=tag, brand=anchor.brand)

    def _withdrawn(self, past: Past) -> Past:
        tag = replace(past.tag, id=self._make_id(), status=Status.WITHDRAWN, supersedes=past.tag.id, evidence=())
        return replace(past, tag=tag)


class _Run:
    """One pass over a history. `found` is what follows from `since_ms` on, `due` what time will decide."""

    def __init__(self, history: History, rules: Sequence[Over], conclude: Callable[[Found], Past]) -> None:
        self._history, self._rules, self._conclude = history, rules, conclude
        self._listeners: dict[str, list[Over]] = {}
        for rule in rules:
            for code in rule.hears:
                self._listeners.setdefault(code, []).append(rule)
        self._slots = {rule.event.id: rule.event.temporal.same_slot for rule in rules}
        self._record = Told(history.stood)
        self._stood = {self._place(past) for past in history.stood}
        self._queue: list[tuple[tuple[object, ...], int, Past]] = []
        self._told: list[Past] = []
        self._dealt = 0
        self.found: list[Past] = []
        self.due: list[tuple[str, int]] = []

    def replay(self) -> None:
        """Tell the rules of every hit in order, and of the time in between."""
        since = self._history.since_ms
        for past in (*self._history.hits, *(past for past in self._history.stood if past.at_ms < since)):
            self._push(past)
        self._deal(since)
        self._pass(self._history.now_ms)
        self._deal(since)
        for rule in self._rules:
            self._keep(rule.whole(self._told, since))
        self._deal(since)
        for rule in self._rules:
            self.due += rule.due()

    def _deal(self, since_ms: int) -> None:
        while self._queue:
            self._pass(self._queue[0][2].at_ms)  # what is over by then may come in before
            hit = heapq.heappop(self._queue)[2]
            self._told.append(hit)
            for rule in self._listeners.get(hit.code, ()):
                fired = self._record.at(rule.event, hit) if hit.at_ms < since_ms else None
                self._keep(rule.hit(hit, fired))

    def _push(self, past: Past) -> None:
        self._dealt += 1
        heapq.heappush(self._queue, (past.order, self._dealt, past))

    def _pass(self, now_ms: int) -> None:
        for rule in self._rules:
            self._keep(rule.passed(min(now_ms, self._history.now_ms)))

    def _keep(self, found: Iterable[Found]) -> None:
        for one in found:
            if one.at_ms < self._history.since_ms:
                continue
            past = self._conclude(one)
            if one.timed and self._is_early(one) and self._place(past) not in self._stood:
                if self._history.now_ms - one.at_ms <= GIVEN_UP_MS:
                    self.due.append((one.anchor.recording, self._history.now_ms + AGAIN_MS))
                continue
            self.found.append(past)
            if past.code in self._listeners:
                self._push(past)

    def _is_early(self, one: Found) -> bool:
        """Whether it cannot be told yet that something did not come."""
        history = self._history
        waits = history.waiting_ms is not None and history.waiting_ms <= one.at_ms
        parked = any(one.anchor.at_ms - LONGEST_MS <= began_ms <= one.at_ms for began_ms in history.parked_ms)
        unheard = one.unwritten and (history.written_ms is None or history.written_ms < one.at_ms)
        return waits or parked or unheard or not history.settled

    def _place(self, past: Past) -> tuple[object, ...]:
        slot = self._slots[past.code]
        return (past.code, past.recording, past.at_ms, past.value(slot) if slot else None)


def _same(old: Past, new: Past, slot: str | None) -> bool:
    """Whether both are the same event at the same place, about the same thing."""
    meets = max(old.tag.start_ms, new.tag.start_ms) <= min(old.tag.end_ms, new.tag.end_ms)
    alike = slot is None or old.value(slot) == new.value(slot)
    return meets and alike and (old.code, old.recording) == (new.code, new.recording)


def _just_so(old: BehaviorTag, new: BehaviorTag) -> bool:
    """Whether nothing would be learnt from the new one: same rule, same evidence, same values."""
    return replace(old, id="", supersedes="") == replace(new, id="", supersedes="")


def _voice(event: Event, anchor: Past) -> Speaker:
    return anchor.tag.speaker if event.speaker == "either" else _VOICES.get(event.speaker, Speaker.UNKNOWN)
