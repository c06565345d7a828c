"""The grammar of a price tag: which of the recognised lines is the shelf price, and what else stands there, as decimal strings.

Rules: marks ¥ (also read as Y, 羊 or 半 in front of digits), 元/块/角/毛/円, thousands commas, a decimal point, or raised
decimals: a small one- or two-digit line beside a big integer, its top no lower than the integer's middle. Quantities
(500g, 6瓶, 8折), dates, percentages and codes are no prices: a whole number of six or more digits, or of five without a mark.
Prices are told apart by the words beside or above them: unit price, member price, former price, promotion, an offer for
several pieces (2件9.9, 第二件半价); what remains is the shelf price, the tallest wins, and two equally tall different amounts
are no answer. Loose goods are priced by weight: where an amount per 斤 or kg is the tallest print of the tag and nothing else
is a price, it is the shelf price. A tag that shows a promotion says so: whether it is in force is not to be read from a tag.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

MAX_TEXT: Final = 80
TALLER: Final = 1.15
"""The shelf price's digits are at least this much taller than any other unlabelled amount's."""


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One recognised line: upright box in pixels, text, confidence 0..1."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    confidence: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def box(self) -> Box:
        """(left, top, right, bottom)."""
        return (self.left, self.top, self.right, self.bottom)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """`price` as a decimal string ("12.90"; "198" where no decimals stand on the tag).

    `promotion`: the tag shows one. `places`: decimals as printed (0 to 2). `marked`: a currency mark stood at the number.
    `member`, `offer`, `former`, `unit`: what stands beside it, "" where it does not or is not certain: the members' price,
    the promotion's, the one crossed out, the price of `per` ("500g", "瓶"). `box`: of the line that holds the price, in pixels.
    """

    price: str
    confidence: float
    promotion: bool
    places: int
    marked: bool
    member: str = ""
    offer: str = ""
    former: str = ""
    unit: str = ""
    per: str = ""
    box: Box = (0.0, 0.0, 0.0, 0.0)


class Role(Enum):
    SHELF = "shelf"
    PLAIN = "plain"
    PROMOTION = "promotion"
    MEMBER = "member"
    FORMER = "former"
    UNIT = "unit"
    SEVERAL = "several"
    """For several pieces together, or for the second one."""


_PER: Final = r"\d*\s?(?:kg|g|ml|l|克|毫升|千克|公斤|斤|两|升|瓶|个|包|袋|盒|片|枚|支|罐|件|提|抽|米|听|条|只|卷)"
_UNIT_AFTER: Final = re.compile(r"/\s?(?P<per>\d*\s?(?:kg|g|ml|l|克|毫升|千克|公斤|斤|两|升))", re.IGNORECASE)
_PIECE_AFTER: Final = re.compile(r"/\s?(?P<per>[瓶个包袋盒片枚支罐件提抽米听条只卷])")
_BEFORE_UNIT: Final = re.compile(rf"每\s?(?P<per>{_PER}|百克|百毫升)\s*[:：]?\s*¥?\s*$", re.IGNORECASE)
_SEVERAL_BEFORE: Final = re.compile(
    r"(?:第\s?[二三2-9]\s?[件份瓶盒袋包个]|[2-9两二三四五]\s?[件份瓶盒袋包个提]|任选\s?\d|买\s?\d[^¥]{0,3}|满\s?\d+|[减送返])\s*[:：仅只共减]?\s*[¥Y羊]?\s*$"
)
_SEVERAL_AFTER: Final = re.compile(r"(?:元|块)?\s?[/／]?\s?(?:[2-9两二三]\s?[件份瓶盒袋包个]|任选)")
_LABELS: Final = (
    (Role.UNIT, re.compile(r"单价|每\s?(?:\d|千克|公斤|斤|升|克|百|包|瓶|个|片)|折合|约合")),
    (Role.FORMER, re.compile(r"原价|划线价?|市场(?:参考)?价|吊牌|建议(?:零售|销售)?价?|日常价|税込|WAS", re.IGNORECASE)),
    (Role.SHELF, re.compile(r"非会员价?|零售价|销售价|正常价|标价|售价|本体|税抜")),
    (Role.MEMBER, re.compile(r"会员(?:专享|优惠|尊享|特惠|特)?价?|粉丝价|储值(?:卡)?价|PLUS价?|VIP价?|APP价?", re.IGNORECASE)),
    (
        Role.PROMOTION,
        re.compile(
            r"促销|特价|特惠|活动价|折后|秒杀|限时|优惠|惊爆|抢购|直降|立减|满\d|第[二2][件份]|现价|换购|SALE|NOW", re.IGNORECASE
        ),
    ),
)
_PROMOTION_SHOWN: Final = re.compile(
    r"促销|特价|(?<!会员)特惠|活动价|折后|秒杀|限时|(?<!会员)优惠|惊爆|抢购|直降|立减|满\s?\d|第\s?[二2]\s?[件份]|原价|划线|\d折|半价|换购|买\s?[一1-9]\s?[送赠]"
    r"|[2-9两二三]\s?[件份]\s?(?:仅|共|只)?\s?¥?\s?\d|SALE",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"""(?<![\d.,/*×xX#A-Za-z-])
    (?P<mark>¥|[Y羊半](?=\s?\d))?\s?
    (?P<whole>\d{1,3}(?:,\d{3})+|\d+)
    (?:\s?\.\s?(?P<point>\d{1,2})(?![\d.]))?
    (?:\s?(?P<unit>元|块|円)(?:\s?(?P<tail>\d)(?!\s?[\d件份瓶盒袋包个提.])\s?[角毛]?)?)?
    (?P<dime>\s?[角毛])?
    (?P<next>.?)""",
    re.VERBOSE,
)
_NOT_AFTER: Final = re.compile(r"[\dgGkKmMlLcC克斤升瓶个包片枚支盒袋罐听只粒抽张条卷%折号月日年件份提送*×xX./:-]")
_COUNT_BEFORE: Final = re.compile(r"[满买第送减赠返选共]\s?$")
_PER_AFTER: Final = re.compile(rf"\s?/\s?{_PER}", re.IGNORECASE)
_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SMALL: Final = re.compile(r"\s*[.,。]?\s*(\d{1,2})\s*(?:元|円)?\s*")
_CODE_DIGITS: Final = 6
_BARE_CODE_DIGITS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amount:
    value: Decimal
    role: Role
    marked: bool
    places: int
    line: Line
    per: str = ""


def price_of(lines: Sequence[Line]) -> PriceReading | None:
    """The shelf price among the lines of one tag, or None when there is none or it is not certain which one it is."""
    joined = _with_raised_decimals([_clean(one) for one in lines])
    amounts = [amount for line in joined for amount in _amounts(line, joined)]
    promotion = any(_PROMOTION_SHOWN.search(line.text) for line in joined)
    chosen = _shelf_price(amounts, joined)
    if chosen is None:
        return None
    unit = _single([one for one in amounts if one.role is Role.UNIT and one is not chosen])
    return PriceReading(
        price=format(chosen.value, "f"),
        confidence=chosen.line.confidence,
        promotion=promotion,
        places=chosen.places,
        marked=chosen.marked,
        member=_printed(_single([one for one in amounts if one.role is Role.MEMBER])),
        offer=_printed(_single([one for one in amounts if one.role is Role.PROMOTION])),
        former=_printed(_single([one for one in amounts if one.role is Role.FORMER])),
        unit=_printed(unit) if chosen.role is not Role.UNIT else _printed(chosen),
        per=(unit.per if unit is not None else "") if chosen.role is not Role.UNIT else chosen.per,
        box=chosen.line.box,
    )


def _shelf_price(amounts: Sequence[_Amount], lines: Sequence[Line]) -> _Amount | None:
    for role in (Role.SHELF, Role.PLAIN, Role.PROMOTION):
        having = [one for one in amounts if one.role is role]
        if having:
            return _tallest(having)
    by_weight = _tallest([one for one in amounts if one.role is Role.UNIT])
    if by_weight is None or any(one.role is not Role.UNIT for one in amounts):
        return None
    tallest = max(line.height for line in lines)
    return by_weight if re.search(r"斤|kg|千克", by_weight.per, re.IGNORECASE) and by_weight.line.height >= tallest else None


def _single(amounts: Sequence[_Amount]) -> _Amount | None:
    """The one amount of its kind; of several different ones none is certain."""
    return amounts[0] if len({one.value for one in amounts}) == 1 else None


def _printed(amount: _Amount | None) -> str:
    return "" if amount is None else format(amount.value, "f")


def amounts_in(text: str) -> tuple[str, ...]:
    """Every amount of money in one line of text, as decimal strings; quantities, dates and codes left out."""
    line = _clean(Line(left=0, top=0, right=1, bottom=1, text=text, confidence=1.0))
    return tuple(format(one.value, "f") for one in _amounts(line, [line]))


def _clean(line: Line) -> Line:
    text = re.sub(r"(?<=\d)[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}(?!\d)", lambda m: "." + m[0].translate(_RAISED), line.text[:MAX_TEXT])
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<=\d)[。·•:](?=\d{1,2}(?!\d))", ".", text)
    return Line(left=line.left, top=line.top, right=line.right, bottom=line.bottom, text=text, confidence=line.confidence)


def _with_raised_decimals(lines: Sequence[Line]) -> list[Line]:
    """Join each big integer with the small digits at its right shoulder: ["¥12", "90"] becomes "¥12.90"."""
    taken: set[int] = set()
    joined: list[Line] = []
    for big in lines:
        small = next((k for k, one in enumerate(lines) if k not in taken and _raised(big, one)), None)
        if small is None:
            joined.append(big)
            continue
        taken.add(small)
        decimals = _SMALL.fullmatch(lines[small].text)
        assert decimals is not None
        joined.append(
            Line(
                left=big.left,
                top=big.top,
                right=lines[small].right,
                bottom=big.bottom,
                text=big.text.rstrip(" .") + "." + decimals[1],
                confidence=min(big.confidence, lines[small].confidence),
            )
        )
    return [one for one in joined if not any(one is lines[k] for k in taken)]


def _raised(big: Line, small: Line) -> bool:
    if small is big or not re.search(r"(?<![.\d])\d{1,5}\.?\s*$", big.text) or not _SMALL.fullmatch(small.text):
        return False
    gap = small.left - big.right
    return (
        0.2 * big.height <= small.height <= 0.78 * big.height
        and -0.35 * big.height <= gap <= 0.6 * big.height
        and big.top - 0.3 * big.height <= small.top <= big.top + 0.45 * big.height
    )


def _amounts(line: Line, lines: Sequence[Line]) -> Iterator[_Amount]:
    for found in _AMOUNT.finditer(line.text):
        value = _value(found, line.text)
        if value is None:
            continue
        role, per = _role(line, found, lines)
        yield _Amount(
            value=value,
            role=role,
            marked=bool(found["mark"] or found["unit"] or found["dime"]),
            places=len(found["point"] or found["tail"] or ("0" if found["dime"] else "")),
            line=line,
            per=per,
        )


def _value(found: re.Match[str], text: str) -> Decimal | None:
    whole = found["whole"].replace(",", "")
    marked = found["mark"] or found["unit"] or found["dime"]
    longest = _CODE_DIGITS if marked else _BARE_CODE_DIGITS
    code = len(whole) >= longest and found["point"] is None and "," not in found["whole"]
    padded = len(whole) > 1 and whole[0] == "0"
    per = found["point"] is not None and _PER_AFTER.match(text, found.end() - len(found["next"])) is not None
    counted = found["point"] is None and _COUNT_BEFORE.search(text[: found.start()]) is not None
    quantity = not marked and (counted or (not per and _NOT_AFTER.match(found["next"]) is not None))
    if len(whole) > _CODE_DIGITS or code or padded or quantity:
        return None
    if found["dime"] and not found["unit"]:
        return None if found["point"] else (Decimal(whole) / 10).quantize(Decimal("0.01"))
    decimals = found["point"] or found["tail"]
    return Decimal(whole) if decimals is None else Decimal(f"{whole}.{decimals}").quantize(Decimal("0.01"))


def _role(line: Line, found: re.Match[str], lines: Sequence[Line]) -> tuple[Role, str]:
    """What follows the amount, then the words before it, else a line of words alone to its left or right above it."""
    start, end = found.start(), found.end() - len(found["next"])
    before, after = line.text[:start], line.text[end : end + 10].lstrip("元块 ")
    weight, piece, each = _UNIT_AFTER.match(after), _PIECE_AFTER.match(after), _BEFORE_UNIT.search(before)
    if weight is not None:
        return Role.UNIT, weight["per"].replace(" ", "")
    if each is not None:
        return Role.UNIT, each["per"].replace(" ", "")
    if _SEVERAL_BEFORE.search(before) or _SEVERAL_AFTER.match(after):
        return Role.SEVERAL, ""
    label = _last_label(before)
    if label is None:
        label = next((role for role in (_beside_label(other, line) for other in lines) if role is not None), Role.PLAIN)
    return label, piece["per"] if piece is not None else ""


def _beside_label(other: Line, line: Line) -> Role | None:
    if other is line or re.search(r"\d", other.text) or not _beside(other, line):
        return None
    return _last_label(other.text)


def _last_label(text: str) -> Role | None:
    best: tuple[int, Role] | None = None
    for role, words in _LABELS:
        for found in words.finditer(text):
            if best is None or found.end() > best[0]:
                best = (found.end(), role)
    return None if best is None else best[1]


def _beside(label: Line, amount: Line) -> bool:
    reach = 0.8 * max(label.height, 0.5 * amount.height)
    over = min(label.right, amount.right) - max(label.left, amount.left)
    tall = min(label.bottom, amount.bottom) - max(label.top, amount.top)
    left = tall > 0.3 * label.height and -reach <= amount.left - label.right <= 2.5 * reach
    above = over > 0 and -reach <= amount.top - label.bottom <= reach
    return left or above


def _part_of(one: _Amount, other: _Amount) -> bool:
    """Whether `one` is the whole part of `other`, recognised a second time in the same place."""
    over = min(one.line.right, other.line.right) - max(one.line.left, other.line.left)
    tall = min(one.line.bottom, other.line.bottom) - max(one.line.top, other.line.top)
    return other.places > 0 and one.places == 0 and one.value == int(other.value) and over > 0 and tall > 0


def _tallest(amounts: Sequence[_Amount]) -> _Amount | None:
    """The amount set in the tallest digits; None when another value is about as tall and no currency mark decides."""
    if not amounts:
        return None
    amounts = [one for one in amounts if not any(_part_of(one, other) for other in amounts)]
    by_height = sorted(amounts, key=lambda one: one.line.height, reverse=True)
    first = by_height[0]
    rivals = [one for one in by_height[1:] if one.value != first.value and one.line.height * TALLER > first.line.height]
    if not rivals:
        return first
    marked = [one for one in (first, *rivals) if one.marked]
    return marked[0] if len({one.value for one in marked}) == 1 else None
