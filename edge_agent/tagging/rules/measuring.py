"""Metrics: judged from measured facts, at the end of a talk or while one person speaks on.

Only what is exact and cheap is measured here: talk shares, turn switches, response gaps, questions, monologues, and how fast a
disclosure was read out; `windows` judges what holds of one stretch. An operand we do not measure leaves its event inert
(`build` says so), never 0; those in `DELIVERED` are measured elsewhere and come with their channel.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from edge_agent.domain.tags import Evidence, SlotValue
from edge_agent.lexicon.conditions import Condition, Fact, holds, parse
from edge_agent.lexicon.model import Event
from edge_agent.tagging.gauges import NAMES
from edge_agent.tagging.hits import Hit
from edge_agent.tagging.rules.base import NOTHING, Finding, Moment, Rule
from edge_agent.tagging.turns import UNCLEAR

AT_END: Final = frozenset({
    "turns", "speech_s", "unknown_ratio", "turn_switches_per_min", "rep_talk_ratio", "rep_response_gap_median_s", "gap_samples",
    "rep_questions_per_10min",
})  # fmt: skip
LIVE: Final = frozenset({"rep_monologue_s", "customer_monologue_s"})
OF_HIT: Final = frozenset({"segment_chars_per_min", "segment_chars"})
DELIVERED: Final = frozenset({
    # chat
    "first_human_reply_min", "in_work_hours", "last_from_customer", "substantive", "idle_h", "quote_sent",
    "customer_reply_after_quote", "marketing", "customer_spoke_first", "local_hour", "recipients_60min", "text_similarity",
    "personal_records", "external",
    # document
    "open_count", "dwell_s", "internal_viewer", "active_dwell_s", "price_page_s", "price_page_share", "distinct_external_viewers",
    "hours_since_sent", "external_opens", "delivered", "opened_version", "latest_version",
    # process
    "first_touch_work_min", "followup_overdue_h", "customer_postponed", "hours_since_talk", "record_updated", "valid_talk",
    "hours_since_owner_change", "new_owner_touched", "hours_since_demo", "two_way_contact", "days_since_contract", "signed",
    "customer_gave_date", "hours_past_sla", "closed", "days_since_quote", "active_contacts", "b2b", "outbound_marketing",
    "re_consented",
})  # fmt: skip
"""Facts that no talk holds: a chat, a document or the company's records deliver them (the operands of those sources' events)."""


def gauge_of(names: Collection[str]) -> str:
    """The one gauge that measures some of these facts; "" if none does, or if it takes more than one."""
    having = [gauge for gauge, facts in NAMES.items() if facts & set(names)]
    return having[0] if len(having) == 1 else ""


def measured(names: Collection[str]) -> frozenset[str]:
    """Those of a metric's operands that are measured for it."""
    gauge = gauge_of(names)
    return frozenset(names) & (AT_END | (NAMES[gauge] if gauge else LIVE))


def lacking(names: Collection[str]) -> str:
    """Why these unmeasured operands leave their event inert."""
    where = "needs its channel" if DELIVERED & set(names) else "not measured here"
    return f"{where}: {', '.join(sorted(names))}"


class Measured(Rule):
    """Conditions on facts of the whole talk, judged at a real end; or on the current monologue, once per turn."""

    def __init__(self, event: Event, names: Collection[str]) -> None:
        super().__init__(event)
        self._live = bool(LIVE & set(names))
        self._about_a_person = event.speaker in ("rep", "customer")
        self._all = [parse(c) for c in event.temporal.all or []]
        self._any = [parse(c) for c in event.temporal.any or []]
        self._told = -1

    def settled(self, moment: Moment) -> Iterable[Finding]:
        turns = moment.turns
        if not self._live or turns.now < 0 or self._told == turns.now:
            return NOTHING
        if holds(self._all, self._any, turns.facts()) is not True:
            return NOTHING
        self._told = turns.now
        limits = [float(c.right) for c in self._all if c.left == "rep_monologue_s"]
        return (self._finding(moment, turns.floor_ms + int(max(limits, default=0) * 1000)),)

    def ended(self, moment: Moment, *, really: bool) -> Iterable[Finding]:
        facts = moment.turns.facts()
        unclear = float(facts.get("unknown_ratio", 0)) > UNCLEAR
        if self._live or not really or (unclear and self._about_a_person):
            return NOTHING
        return (self._finding(moment, moment.now_ms),) if holds(self._all, self._any, facts) is True else NOTHING

    def _finding(self, moment: Moment, at_ms: int) -> Finding:
        return Finding(
            event=self.event,
            anchor=None,
            at_ms=at_ms,
            turn=moment.turns.now,
            confidence=1.0,
            evidence=tuple(
                Evidence(kind="measure", detail=f"{c.left} {c.sign} {c.right}", start_ms=at_ms, end_ms=moment.now_ms)
                for c in (*self._all, *self._any)
            ),
            slots=reading((*self._all, *self._any), moment.turns.facts()),
        )


def reading(conditions: Sequence[Condition], facts: Mapping[str, Fact]) -> dict[str, SlotValue]:
    """The measured number that the first condition is about, as a slot."""
    first = facts.get(conditions[0].left)
    return {} if first is None or isinstance(first, bool) else {"value": round(float(first), 2)}


class Paced(Rule):
    """Conditions on how fast the sentence of an `of` hit was spoken (characters per minute, characters)."""

    def __init__(self, event: Event, of: Collection[str]) -> None:
        super().__init__(event)
        self.hears = frozenset(of)
        self._all = [parse(c) for c in event.temporal.all or []]

    def hit(self, hit: Hit, moment: Moment) -> Iterable[Finding]:
        del moment
        facts: dict[str, Fact] = {"segment_chars": hit.letters}
        if hit.letters_per_min:
            facts["segment_chars_per_min"] = hit.letters_per_min
        if hit.candidate or holds(self._all, [], facts) is not True:
            return NOTHING
        return (self.at(hit, [hit.refer()], slots={**hit.slots, "value": round(hit.letters_per_min)}),)
