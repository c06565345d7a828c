"""A person's history made by hand: letters for events, hours for times, a lexicon of one event over days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from edge_agent.domain.history import History, Judgement, Past, Whose, ms_of
from edge_agent.domain.tags import BehaviorTag, SlotValue
from edge_agent.domain.transcript import Speaker
from edge_agent.ids import new_id
from edge_agent.lexicon.model import Event, Lexicon, Match, Temporal, TermsFile
from edge_agent.lexicon.when import Node
from edge_agent.tagging.across.historian import Historian

START = ms_of(datetime(2026, 11, 20, 2, tzinfo=UTC))
"""Ten in the morning of a Friday in the shop."""
HOUR_MS = 3_600_000
SHOP = timezone(timedelta(hours=8))


@dataclass(frozen=True, kw_only=True)
class Said:
    """One hit: its event, hours after `START`, the number of its recording, its slots; `unknown` voice = candidate."""

    code: str
    hour: float
    call: int = 0
    slots: tuple[tuple[str, SlotValue], ...] = ()
    unknown: bool = False


def base(letter: str) -> Event:
    return Event(
        id=f"x.{letter}", zh=letter, en=letter, definition="", speaker="customer", kind="occurrence", severity="info",
        layer="none", slots=["brand", "due"], match=Match(phrases=["某某某"]),
    )  # fmt: skip


def derived(
    kind: str, temporal: Temporal | None = None, *, when: Node | None = None, code: str = "y.derived", severity: str = "warning"
) -> Event:
    return Event(
        id=code,
        zh="y",
        en="y",
        definition="",
        speaker="rep",
        kind=kind,
        severity=severity,
        layer="alert",
        temporal=temporal or Temporal(),
        when=when,
    )


def historian(*events: Event) -> Historian:
    known = {event.id: event for event in (*map(base, "abcdef"), *events)}
    return Historian(
        Lexicon(
            terms=TermsFile(), industries={}, events=known, extends=[], digest="0" * 64,
            event_digests=dict.fromkeys(known, "0" * 64),
        ),
        SHOP,
    )  # fmt: skip


def past(said: Said, calls: dict[int, float]) -> Past:
    """The hit as its recording's tag; `calls`: number -> hours after `START` when it began."""
    began = START + int(calls[said.call] * HOUR_MS)
    at = int(said.hour * HOUR_MS) + START - began
    tag = BehaviorTag(
        id=new_id(), code=f"x.{said.code}", speaker=Speaker.UNKNOWN if said.unknown else Speaker.CUSTOMER, start_ms=at,
        end_ms=at + 900, known_at_ms=at + 900, confidence=0.9, severity="info", layer="none", rule=f"x.{said.code}@1",
        rule_digest="0" * 64, turn=1, slots=said.slots,
    )  # fmt: skip
    return Past(recording=f"call-{said.call}", began_ms=began, tag=tag)


def history(
    said: Iterable[Said], *, now_h: float = 1e4, since_h: float = -1e4, stood: Sequence[Past] = (),
    waiting_h: float | None = None, parked_h: Sequence[float] = (), settled: bool = True,
) -> History:  # fmt: skip
    all_of_it = list(said)
    calls = {number: min(s.hour for s in all_of_it if s.call == number) for number in {s.call for s in all_of_it}}
    hits = sorted((past(one, calls) for one in all_of_it), key=lambda p: p.order)
    return History(
        whose=Whose.CUSTOMER, since_ms=START + int(since_h * HOUR_MS), now_ms=START + int(now_h * HOUR_MS), hits=hits,
        stood=stood, waiting_ms=None if waiting_h is None else START + int(waiting_h * HOUR_MS), settled=settled,
        parked_ms=[START + int(hour * HOUR_MS) for hour in parked_h],
    )  # fmt: skip


def hours(judgement: Judgement) -> list[float]:
    """When what is new is stamped, in hours after `START`."""
    return [round((one.at_ms - START) / HOUR_MS, 4) for one in judgement.new]
