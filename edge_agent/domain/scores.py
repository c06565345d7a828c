"""What the points of a scorecard come to, and what a person made of them since.

total = 100 x points / most over the items that were judged; a critical item without points makes it 0; below the card's
`least_coverage` there is none. A person's word on an item replaces the machine's for the total, never in the record: both stay.
An item that rests on a finding that was taken back since is not judged any more, for or against; a person's word on it counts.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from edge_agent.domain.insights import Insights, ItemScore, Outcome, Scorecard

REASONS: Final = ("not-recognised", "wrong-finding", "wrong-speaker", "not-applicable", "seen-elsewhere", "other")
"""Why a person scores otherwise: the machine missed it, or found what was not there …"""
ROLES: Final = ("manager", "compliance", "coach")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's points for one item of one recording. No name: the role is on record, the person in the store's own books."""

    id: str
    recording: str
    card: str
    item: str
    points: float
    reason: str
    role: str
    at: datetime


def summed(card: Scorecard) -> Scorecard:
    """The card with coverage and total from its items."""
    whole = sum(one.most for one in card.items)
    judged = [one for one in card.items if one.points is not None]
    most = sum(one.most for one in judged)
    coverage = round(most / whole, 4) if whole else 0.0
    zeroed = next((one.item for one in judged if one.critical and not one.points), "")
    total = round(100 * sum(one.points or 0.0 for one in judged) / most, 1) if most else None
    if coverage < card.least_coverage:
        total = None
    return replace(card, coverage=coverage, total=0.0 if zeroed else total, zeroed_by=zeroed)


def named(concluded: Insights | None) -> frozenset[str]:
    """The tags that scorecards and card rest on."""
    if concluded is None:
        return frozenset()
    grounds = {ground.tag for card in concluded.scorecards for item in card.items for ground in item.grounds}
    return frozenset(grounds | {one.tag for one in concluded.card}) - {""}


def unjudged(card: Scorecard, gone: Container[str]) -> Scorecard:
    """The card without the points that rest on these tags."""
    items = tuple(
        replace(one, points=None, outcome=Outcome.CONTESTED) if any(ground.tag in gone for ground in one.grounds) else one
        for one in card.items
    )
    return card if items == card.items else summed(replace(card, items=items))


def overridden(card: Scorecard, said: Sequence[Override]) -> Scorecard:
    """The card with the latest word of a person on each item; `said` oldest first."""
    latest = latest_of(card.card, said)
    items = tuple(_with(one, latest) for one in card.items)
    return summed(replace(card, items=items)) if latest else card


def latest_of(card: str, said: Sequence[Override]) -> Mapping[str, Override]:
    """Item -> the latest word on it."""
    return {one.item: one for one in said if one.card == card}


def _with(item: ItemScore, latest: Mapping[str, Override]) -> ItemScore:
    said = latest.get(item.item)
    return item if said is None else replace(item, points=min(said.points, item.most))
