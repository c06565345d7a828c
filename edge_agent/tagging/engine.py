"""One conversation, utterance by utterance: `feed` gives the tags that became known, `end` those that needed the end.

A finished call is the same as feeding all of it. Nothing that was given out is changed later; a provisional tag may be
withdrawn or followed by its final one (`supersedes`). Hits at one place are dealt out in the order of `hits.Hit.order`.

Confidence of an occurrence = confidence of its utterance x strength of the match, strength = 1 - 0.2 / characters pinned down
(a guess from sound counts 0.85 of that). A derived tag is as sure as its least sure part; where it rests on something
not having been said, at most as sure as the speech was clear on the whole.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from edge_agent.domain.tags import BehaviorTag, Evidence, SlotValue, Status
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadInput
from edge_agent.ids import new_id
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.model import Event
from edge_agent.tagging import saving
from edge_agent.tagging.hearing import Ear, Heard
from edge_agent.tagging.hits import RANK, Hit
from edge_agent.tagging.rules.base import Finding, Moment, Rule
from edge_agent.tagging.rules.build import Plan
from edge_agent.tagging.turns import Turns

NEEDS_EAR: Final = "needs-ear"
"""Evidence kind on what an unknown voice did that would otherwise be escalated: a person must listen first."""

_STATE: Final = ("_seen", "_shown", "_count", "_dealt", "_last", "_over")
_VOICES: Final = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER}


class Engine:
    """Feed utterances in order of (start, end, customer before rep); then `end` once."""

    def __init__(
        self,
        ear: Ear,
        plan: Plan,
        digests: dict[str, str],
        *,
        facts: Mapping[str, Fact] | None = None,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self._ear, self._plan, self._digests, self._make_id, self._facts = ear, plan, digests, make_id, dict(facts or {})
        self._rules = plan.rules()
        self._turns = Turns(words=ear.backchannels)
        self._seen: dict[str, list[Hit]] = {}
        self._listeners: dict[str, list[Rule]] = {}
        self._timed = [rule for rule in self._rules if type(rule).passed is not Rule.passed]
        self._turning = [rule for rule in self._rules if type(rule).turned is not Rule.turned]
        self._settling = [rule for rule in self._rules if type(rule).settled is not Rule.settled]
        for rule in self._rules:
            for code in rule.hears:
                self._listeners.setdefault(code, []).append(rule)
        self._queue: list[tuple[tuple[object, ...], int, Hit]] = []
        self._shown: dict[tuple[str, int, int], str] = {}
        self._count = self._dealt = 0
        self._last = (-1, -1)
        self._over = False

    def feed(self, said: Utterance) -> tuple[BehaviorTag, ...]:
        """Take in the next utterance; the tags that are known now.

        Raises:
            BadInput: it starts before the one fed last, ends before it starts, or the conversation is over.
        """
        if self._over or said.end_ms < said.start_ms or said.start_ms < self._last[0]:
            raise BadInput("out-of-order", "utterances must be fed in order of their start", remedy="sort them by start and end")
        self._last = (said.start_ms, said.end_ms)
        number, self._count = self._count, self._count + 1
        moment = self._moment(said.start_ms)
        tags = self._tell([f for rule in self._timed for f in rule.passed(moment)], said.start_ms)
        before = self._turns.now
        if not self._turns.hear(said):
            return tuple(tags)
        if self._turns.now > before:
            tags += self._tell([f for rule in self._turning for f in rule.turned(moment)], said.start_ms)
        for place, heard in enumerate(self._ear.listen(said)):
            tags += self._deal(said, (number, place), heard)
        moment = self._moment(said.end_ms)
        tags += self._tell([f for rule in self._settling for f in rule.settled(moment)], said.end_ms)
        return tuple(tags)

    def end(self, *, ended: bool = True, duration_ms: int = 0) -> tuple[BehaviorTag, ...]:
        """The recording is over; `ended` False = cut or crashed: what waits becomes undetermined and never fires."""
        self._over = True
        moment = self._moment(max(duration_ms, self._last[1], 0))
        findings = [f for rule in self._rules for f in rule.ended(moment, really=ended)]
        return tuple(self._tell(findings, moment.now_ms))

    def state(self) -> bytes:
        """All that a further `feed` depends on besides the lexicons and circumstances; codes and numbers, no word that was said.

        To be taken between two `feed`s. `resume` goes on from it, also in another process.
        """
        mine = {name: getattr(self, name) for name in _STATE}
        begun = [Turns(words=self._ear.backchannels), *_keeping(self._plan.rules())]
        kept = (saving.changed(now, fresh) for now, fresh in zip(self._keeping(), begun, strict=True))
        return saving.write([mine, {"product": self._ear.product}, *kept], self._digests)

    def resume(self, state: bytes) -> None:
        """Go on where another engine with the same lexicons and circumstances was.

        Raises:
            BadInput: this is no state of such an engine.
        """
        targets = [self, self._ear, *self._keeping()]
        for target, part in zip(targets, saving.read(state, self._digests, parts=len(targets)), strict=True):
            saving.put(target, part)

    def _keeping(self) -> list[object]:
        """Whatever keeps state besides the engine itself and its ear, in a fixed order."""
        return [self._turns, *_keeping(self._rules)]

    def _moment(self, now_ms: int) -> Moment:
        return Moment(now_ms=now_ms, turns=self._turns, seen=self._seen, facts=self._facts)

    def _deal(self, said: Utterance, place: tuple[int, int], heard: Heard) -> list[BehaviorTag]:
        """Everything one sentence brings about: its own hits and what derives from them, in order."""
        for code in heard.codes():
            hit = heard.hit(code, self._turns.now, place, self._seen)
            if hit is not None:
                self._push(hit)
        tags: list[BehaviorTag] = []
        while self._queue:
            _, _, hit = heapq.heappop(self._queue)
            if not self._counts(hit):
                continue
            tags += self._spread(hit, said.end_ms)
        return tags

    def _push(self, hit: Hit) -> None:
        self._dealt += 1
        heapq.heappush(self._queue, (hit.order, self._dealt, hit))

    def _counts(self, hit: Hit) -> bool:
        """Whether an occurrence holds in its context, and is the first of its event in this turn."""
        event = self._ear.events[hit.code]
        if event.kind != "occurrence":
            return True
        earlier = self._seen.get(hit.code)
        return not (earlier and earlier[-1].turn == hit.turn and earlier[-1].candidate <= hit.candidate)

    def _spread(self, hit: Hit, known_ms: int) -> list[BehaviorTag]:
        """Tell of a hit and let the rules draw their conclusions; these are queued as hits themselves."""
        event = self._ear.events[hit.code]
        tags: list[BehaviorTag] = []
        if event.kind == "occurrence":
            context = self._ear.context_of(event, hit, self._seen)
            if context is None:
                return []
            hit = replace(hit, evidence=(*hit.evidence, *context))
            tags.append(self._tag(event, hit, known_ms))
        moment = self._moment(max(hit.start_ms, known_ms if event.kind != "occurrence" else hit.start_ms))
        findings = [f for rule in self._listeners.get(hit.code, ()) for f in rule.hit(hit, moment)]
        self._seen.setdefault(hit.code, []).append(hit)
        for finding in findings:
            tags.append(self._conclude(finding, known_ms))
            self._queue_finding(finding)
        return tags

    def _tell(self, findings: Iterable[Finding], known_ms: int) -> list[BehaviorTag]:
        """Tags of findings that no single hit brought about, and of what follows from them."""
        tags = []
        for finding in findings:
            tags.append(self._conclude(finding, known_ms))
            self._queue_finding(finding)
        while self._queue:
            tags += self._spread(heapq.heappop(self._queue)[2], known_ms)
        return tags

    def _queue_finding(self, finding: Finding) -> None:
        code = finding.event.id
        if finding.status is Status.FINAL and (code in self._listeners or code in self._ear.referred):
            self._push(self._as_hit(finding))

    def _as_hit(self, finding: Finding) -> Hit:
        anchor = finding.anchor
        return Hit(
            code=finding.event.id,
            speaker=self._voice(finding),
            turn=finding.turn,
            start_ms=finding.at_ms,
            end_ms=max(anchor.end_ms if anchor is not None else finding.at_ms, finding.at_ms),
            utterance=anchor.utterance if anchor is not None else max(self._count - 1, 0),
            sentence=anchor.sentence if anchor is not None else 0,
            place_in_sentence=anchor.place_in_sentence if anchor is not None else 0,
            confidence=finding.confidence,
            candidate=finding.candidate,
            slots=finding.slots,
            evidence=finding.evidence,
        )

    @staticmethod
    def _voice(finding: Finding) -> Speaker:
        if finding.candidate:
            return Speaker.UNKNOWN
        if finding.event.speaker == "either" and finding.anchor is not None:
            return finding.anchor.speaker
        return _VOICES.get(finding.event.speaker, Speaker.UNKNOWN)

    def _conclude(self, finding: Finding, known_ms: int) -> BehaviorTag:
        tag = self._tag(finding.event, self._as_hit(finding), known_ms)
        if finding.item is None:
            return tag
        earlier = self._shown.pop(finding.item, "")
        if finding.status is Status.PROVISIONAL:
            self._shown[finding.item] = tag.id
        return replace(tag, status=finding.status, supersedes=earlier)

    def _tag(self, event: Event, hit: Hit, known_ms: int) -> BehaviorTag:
        layer, evidence = event.layer, hit.evidence
        if hit.candidate and layer in ("intercept", "escalate"):
            layer = "alert"
            evidence = (*evidence, Evidence(kind=NEEDS_EAR, detail="speaker", start_ms=hit.start_ms, end_ms=hit.end_ms))
        shown: tuple[tuple[str, SlotValue], ...] = tuple(
            (name, value) for name, value in sorted(hit.slots.items()) if name in event.slots or name in _ALWAYS
        )
        return BehaviorTag(
            id=self._make_id(),
            code=event.id,
            speaker=hit.speaker,
            start_ms=hit.start_ms,
            end_ms=hit.end_ms,
            known_at_ms=max(known_ms, hit.start_ms),
            confidence=round(hit.confidence, 4),
            severity=event.severity,
            layer=layer,
            rule=event.rule,
            rule_digest=self._digests[event.id],
            turn=hit.turn,
            slots=shown,
            evidence=evidence,
        )


def _keeping(rules: Iterable[Rule]) -> list[object]:
    return [one for rule in rules for one in (rule, *rule.inside())]


_ALWAYS: Final = frozenset({"count", "missing", "value"})
"""Slots a kind brings with it, shown without being asked for."""


def by_stamp(tags: Sequence[BehaviorTag]) -> tuple[BehaviorTag, ...]:
    """Tags in the catalogue's order: start, smaller end, customer before rep, event id."""
    return tuple(sorted(tags, key=lambda t: (t.start_ms, t.end_ms, RANK[t.speaker], t.turn, t.code)))
