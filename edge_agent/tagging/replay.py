"""An event run over tags instead of talk: what the ledger still knows of a conversation, told to the event's own rule.

Only tags are left of a talk, so this is an estimate: turns in which nothing was found are taken to alternate, and the recording
to have come to its real end. Counts, rows and sequences of what was tagged come out as they did; limits in turns nearly so.
"""

from collections.abc import Callable, Mapping, Sequence

from edge_agent.domain.tags import BehaviorTag, Status
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.conditions import Fact
from edge_agent.lexicon.model import Event
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import Finding, Moment, Rule
from edge_agent.tagging.rules.build import machine
from edge_agent.tagging.turns import Turn, Turns

_OTHER = {Speaker.REP: Speaker.CUSTOMER, Speaker.CUSTOMER: Speaker.REP}


def replay(event: Event, events: Mapping[str, Event], tags: Sequence[BehaviorTag], facts: Mapping[str, Fact]) -> int:
    """How often `event` would have fired in the conversation that gave these tags."""
    found = findings(machine(event, events), tags, events, facts)
    return sum(one.status is Status.FINAL for one in found)


def findings(
    rule: Rule, tags: Sequence[BehaviorTag], events: Mapping[str, Event], facts: Mapping[str, Fact]
) -> Sequence[Finding]:
    """What a fresh rule finds in the conversation that gave these tags."""
    voices = _voices(tags)
    turns = Turns(words=())
    seen: dict[str, list[Hit]] = {}
    found: list[Finding] = []
    now = 0
    for tag in sorted(tags, key=lambda t: (t.start_ms, t.end_ms, t.code)):
        now = max(now, tag.start_ms)
        moment = Moment(now_ms=now, turns=turns, seen=seen, facts=facts)
        found += rule.passed(moment)
        while turns.now < tag.turn:
            place = turns.now + 1
            turns.all.append(Turn(index=place, speaker=voices(place), start_ms=tag.start_ms, end_ms=tag.end_ms))
            found += rule.turned(moment)
        hit = _hit(tag, events)
        if hit.code in rule.hears:
            found += rule.hit(hit, moment)
        seen.setdefault(hit.code, []).append(hit)
        found += rule.settled(moment)
    end = Moment(now_ms=max((t.end_ms for t in tags), default=0), turns=turns, seen=seen, facts=facts)
    found += rule.ended(end, really=True)
    return found


def _hit(tag: BehaviorTag, events: Mapping[str, Event]) -> Hit:
    known = events.get(tag.code)
    sided = known is not None and known.speaker in ("rep", "customer")
    return Hit(
        code=tag.code, speaker=tag.speaker, turn=tag.turn, start_ms=tag.start_ms, end_ms=tag.end_ms, confidence=tag.confidence,
        candidate=sided and tag.speaker is Speaker.UNKNOWN, slots=dict(tag.slots),
    )  # fmt: skip


def _voices(tags: Sequence[BehaviorTag]) -> Callable[[int], Speaker]:
    """Who spoke in a turn: whoever a tag of it names, else by alternation from the nearest turn that is known."""
    known = {t.turn: t.speaker for t in tags if t.speaker in _OTHER and t.known_at_ms <= t.end_ms}

    def voice(turn: int) -> Speaker:
        if not known:
            return Speaker.UNKNOWN
        near = min(known, key=lambda one: (abs(one - turn), one))
        return known[near] if (turn - near) % 2 == 0 else _OTHER[known[near]]

    return voice
