"""The shipped examples of what is judged over days, made into histories and judged by the second stage itself."""

from collections.abc import Iterator

import pytest
import shipped
from history_world import HOUR_MS, SHOP, START
from ledger_world import tag

from edge_agent.domain.history import DAY_MS, History, Past, Whose, delivered
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.examples import facts, is_facts
from edge_agent.lexicon.model import Event, refs
from edge_agent.tagging.across import build
from edge_agent.tagging.across.historian import Historian
from edge_agent.tagging.rules.build import inert, over_days

LEXICON = shipped.lexicon()
HISTORIAN = Historian(LEXICON, SHOP)
JUDGED = [event for event in LEXICON.events.values() if over_days(event) and not inert(event, ())]
Given = dict[str, float | bool]


def examples() -> Iterator[tuple[str, str, bool]]:
    for event in JUDGED:
        for must, texts in ((True, event.examples.must), (False, event.examples.must_not)):
            yield from ((event.id, text, must) for text in texts if is_facts(text))


def said(code: str, brand: str = "") -> BehaviorTag:
    speaker = {"rep": Speaker.REP, "customer": Speaker.CUSTOMER}.get(LEXICON.events[code].speaker, Speaker.CUSTOMER)
    return tag(code, 0, speaker=speaker, slots=(("brand", brand),) if brand else ())


def past(code: str, at_ms: int, call: int, brand: str = "") -> Past:
    return Past(recording=f"call-{call}", began_ms=at_ms, tag=said(code, brand))


def counted(event: Event, days: list[float], given: Given) -> list[Past]:
    """One hit for each day; so many conversations as given, the others all in the last of them."""
    code = HISTORIAN.rules(build.whose(event))[0].hears and next(iter(codes(event)))
    calls, gap = int(given.get("distinct_conversations", len(days))), HOUR_MS if given.get("gap_ok", True) else 60_000
    hits = []
    for n, day in enumerate(days):
        brand = ("jingu" if given["same_brand"] else f"brand-{n}") if "same_brand" in given else ""
        hits.append(past(code, START + int(day * DAY_MS) + n * gap * (days.count(day) > 1), min(n, calls - 1), brand))
    if given.get("quoted"):
        hits.append(past(refs(event.temporal.reset_by)[0], hits[1].at_ms + 1000, 90))
    return hits


def codes(event: Event) -> list[str]:
    (rule,) = [rule for rule in HISTORIAN.rules(build.whose(event)) if rule.event.id == event.id]
    wanted = refs(event.temporal.of)
    return [code for code in sorted(rule.hears) if code in wanted or not set(wanted) & rule.hears]


def waited(event: Event, given: Given) -> tuple[list[Past], int]:
    """A promise at the start if there was one, and how much time has passed; what was sent was sent in time."""
    now = START + int((event.temporal.within_h + given["hours_past_due"]) * HOUR_MS) + 1
    hits = [past(refs(event.temporal.after)[0], START, 0)] if given["promised"] else []
    if given.get("quote_sent"):
        hits.append(past(refs(event.temporal.not_followed_by)[0], START + HOUR_MS, 1))
    return hits, now


def judged(event: Event, text: str) -> bool:
    given = facts(text)
    now = START + 400 * DAY_MS
    if "hits_days=" in text:
        listed = text.split("hits_days=")[1].split(";", maxsplit=1)[0].split(" |", maxsplit=1)[0]
        hits = counted(event, [float(day) for day in listed.split(",")], given)
    elif "promised" in given:
        hits, now = waited(event, given)
    else:
        hits = [past(refs(event.temporal.after)[0], START, 0), delivered("touch", START + 3 * DAY_MS, given)]
    story = History(
        whose=build.whose(event), since_ms=0, now_ms=now, hits=sorted(hits, key=lambda one: one.order),
        written_ms=now if "quote_sent" in given else None,
    )  # fmt: skip
    return any(one.code == event.id for one in HISTORIAN.judge(story).new)


def test_everything_over_days_of_the_catalogue_is_judged():
    assert {event.id for event in JUDGED} >= {
        "aftersales.complaint_3x_30d", "competitor.mentioned_3x_30d", "document.pdf_reopened_3x", "process.contact_after_opt_out",
        "process.quote_promised_not_sent", "process.three_inquiries_no_quote", "risk.repeat_30d",
    }  # fmt: skip
    assert set(HISTORIAN.judged[Whose.REP]) == {"risk.repeat_30d"}


@pytest.mark.parametrize(("code", "text", "must"), list(examples()))
def test_example_is_judged_as_it_says(code, text, must):
    assert judged(LEXICON.events[code], text) is must
