"""Several readings of one tag, settled into one price, and what the tags of a bay have in common.

A price is settled when at least three readings from different frames agree and nothing like a second opinion remains;
otherwise it is unread. Digits get lost, so a reading is not believed when it may be a fragment: a whole number in a bay whose
tags show decimals, a beginning of the list price ("24.9" of 24.99), or an end of it without its currency mark ("4.99"). A tag is
missing only where nothing is read and nothing is printed: a place as even as no tag of this bay is.

A price that differs from the list's is told only where nothing hints at a promotion. A tag much redder or yellower than the
bay's others, or one that shows the list price as the former one, with a lower price, is a promotion's, whether or not its words
were read; one that shows the list price besides in another role, or such a tag with a higher price, leaves the price unread.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final

from edge_agent.shelf.price_tags.grammar import PriceReading, amounts_in
from edge_agent.shelf.price_tags.reading import TagRead

AGREEING: Final = 3
AGREEING_SHARE: Final = 0.75
BARE_INK: Final = 0.4
CENT: Final = Decimal("0.01")
SALE: Final = 1.35
"""A tag whose warmth is this many times the bay's usual one is printed in the colours of a promotion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagStyle:
    """What the tags of a bay have in common: whether they show decimals, their usual ink and warmth (0 = unknown)."""

    decimals: bool
    ink: float
    warmth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPrice:
    """The settled price ("12.90", two decimals) or "" when unread; `promotion`: a promotion stands on the tag.

    `member`, `offer` (the promotion's price), `unit` and `per`: what stands beside the price, "" where it does not or was not
    read twice. `sku`: the product whose name the tag shows, "" where that is not clear.
    """

    price: str
    confidence: float
    reads: int
    settled_at_ms: int
    promotion: bool
    visible: bool | None
    member: str = ""
    offer: str = ""
    unit: str = ""
    per: str = ""
    sku: str = ""


UNREAD: Final = TagPrice(price="", confidence=0.0, reads=0, settled_at_ms=0, promotion=False, visible=None)


def style_of(reads: Sequence[TagRead]) -> TagStyle:
    """The style of a bay's tags from all readings of a scan."""
    told = [one.price.places > 0 for one in reads if one.price is not None]
    ink = sorted(one.ink for one in reads if one.any_text)
    warmth = [one.warmth for one in reads if one.any_text and one.warmth]
    return TagStyle(
        decimals=2 * sum(told) > len(told), ink=ink[len(ink) // 2] if ink else 0.0, warmth=median(warmth) if warmth else 0.0
    )


def settle(reads: Sequence[TagRead], price_list: str, style: TagStyle) -> TagPrice:
    """Several readings of one tag in time order, settled into one price or left unread."""
    if not reads:
        return UNREAD
    visible = _visible(reads, style)
    told = [(one, _amount(one.price, price_list, decimals=style.decimals)) for one in reads if one.price is not None]
    values = Counter(value for _, value in told if value is not None)
    promotion = any(one.price is not None and one.price.promotion for one in reads)
    sku = _twice(one.sku for one in reads)
    if not values:
        return TagPrice(price="", confidence=0.0, reads=0, settled_at_ms=0, promotion=promotion, visible=visible, sku=sku)
    value, count = values.most_common(1)[0]
    agreeing = [one for one, told_value in told if told_value == value]
    settled = count >= AGREEING and count >= AGREEING_SHARE * len(told)
    if settled and not promotion and value != Decimal(price_list):
        hint = _hint(reads, value, Decimal(price_list), style)
        promotion = hint is True
        settled = hint is not None
    confidence = sum(one.price.confidence for one in agreeing if one.price is not None) / count
    return TagPrice(
        price=format(value, "f") if settled else "",
        confidence=round(confidence * count / len(reads), 4) if settled else 0.0,
        reads=count,
        settled_at_ms=agreeing[AGREEING - 1].at_ms if settled else 0,
        promotion=promotion,
        visible=True,
        member=_twice(one.price.member for one in agreeing if one.price is not None) if settled else "",
        offer=_twice(one.price.offer for one in agreeing if one.price is not None) if settled else "",
        unit=_twice(one.price.unit for one in agreeing if one.price is not None) if settled else "",
        per=_twice(one.price.per for one in agreeing if one.price is not None) if settled else "",
        sku=sku,
    )


def _hint(reads: Sequence[TagRead], value: Decimal, listed: Decimal, style: TagStyle) -> bool | None:
    """Whether a tag without words of a promotion is one all the same; None where that is not to be told."""
    prices = [one.price for one in reads if one.price is not None]
    warmth = [one.warmth for one in reads if one.any_text and one.warmth]
    sale = bool(warmth) and style.warmth > 0 and median(warmth) >= SALE * style.warmth
    if sale or any(one.former and Decimal(one.former) == listed for one in prices):
        return True if value < listed else None
    beside = {Decimal(amount) for one in reads for line in one.lines for amount in amounts_in(line.text)}
    return None if listed in beside else False


def _twice(values: Iterable[str]) -> str:
    """What was read at least twice and never otherwise."""
    told = Counter(value for value in values if value)
    return next(iter(told)) if len(told) == 1 and told.total() > 1 else ""


def _visible(reads: Sequence[TagRead], style: TagStyle) -> bool | None:
    if any(one.any_text for one in reads):
        return True
    bare = max(one.ink for one in reads) < BARE_INK * style.ink
    return False if bare and len(reads) >= AGREEING else None


def _amount(reading: PriceReading, price_list: str, *, decimals: bool) -> Decimal | None:
    """The amount read, or None when it may be a fragment of what the tag shows."""
    value = Decimal(reading.price).quantize(CENT)
    if value == Decimal(price_list):
        return value
    if reading.places == 0:
        tenfold = value in (Decimal(price_list) * 10, Decimal(price_list) * 100)
        return None if decimals or tenfold else value
    printed = reading.price[: len(reading.price) - 2 + reading.places]
    if len(printed) < len(price_list):
        beginning = price_list.startswith(printed)
        end = price_list.endswith(printed) and not reading.marked
        return None if beginning or end else value
    return value
