"""How much a tag on the photo speaks for being the tag of a planned product: its price and its name, as far as they were read."""

import unicodedata
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Final

from edge_agent.shelf.price_tags.photo import TagReading
from edge_agent.shelf.setup.sheets import Priced

ALONE: Final = -2.0
"""Score of a tag without a plan, and of a planned product without a tag."""
SPEAKS: Final = 0.5
"""Above this a tag speaks for its product by itself; otherwise only the order does."""
_SAME_PRICE, _CUT_PRICE, _OTHER_PRICE = 3.0, 1.0, -2.0
_NAME_WEIGHT, _NAME_EVEN, _NAME_MOST, _NAME_LEAST = 8.0, 0.7, 2.5, -1.5


def agreement(tag: TagReading, product: Priced) -> float:
    """0 where nothing was read, positive where price and name agree, negative where they do not."""
    return _price(tag.price, product.price) + _name(tag.text, product.name)


def other_price(tag: TagReading, product: Priced) -> bool:
    """Whether the tag was read with a price that is not the list's, and not a piece of it either."""
    return tag.price is not None and _price(tag.price, product.price) == _OTHER_PRICE


def _price(read: str | None, listed: str) -> float:
    if read is None:
        return 0.0
    if Decimal(read) == Decimal(listed):
        return _SAME_PRICE
    printed = read.rstrip("0").rstrip(".") if "." in read else read
    beginning = "." in printed and listed.startswith(printed)
    if beginning or listed.replace(".", "") == read.replace(".", ""):
        return _CUT_PRICE
    return 0.0 if listed.endswith(read) or listed.startswith(f"{printed}.") else _OTHER_PRICE


def _name(lines: tuple[str, ...], name: str) -> float:
    """By the line most like the name: the share of the shorter one's letters that stand in the other in the same order."""
    wanted = _plain(name)
    likeness = [_alike(_plain(line), wanted) for line in lines if sum(letter.isalpha() for letter in line) >= 3]
    if not likeness:
        return 0.0
    return min(_NAME_MOST, max(_NAME_LEAST, _NAME_WEIGHT * (max(likeness) - _NAME_EVEN)))


def _alike(one: str, other: str) -> float:
    same = sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())
    return same / max(4, min(len(one), len(other)))


def _plain(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
