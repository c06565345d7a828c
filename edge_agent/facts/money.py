"""Money as it is said: 八块八, 三毛五, 4.8万元, ¥98.00, 二十美元. Without another currency it is yuan."""

import re
from dataclasses import replace
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts.measures import AN_EACH, COUNTED, PRICED
from edge_agent.facts.numbers import DIGITS, plain
from edge_agent.facts.place import Amount, Place, sure

_SUB: Final = "[一二两三四五六七八九1-9]"
_MONEY: Final = re.compile(
    rf"(?P<more>多|来|几|余)?(?P<unit>块|元|圆|毛|角|分(?=钱))"
    rf"(?P<cents>{_SUB}[毛角](?:{_SUB}分?)?|{_SUB}(?![0-9.])|(?<=[毛角]){_SUB}分?)?(?:钱|整)?"
)
_ABROAD: Final = {
    "美元": "USD", "美金": "USD", "欧元": "EUR", "港币": "HKD", "港元": "HKD", "日元": "JPY", "英镑": "GBP",
    "人民币": "CNY", "RMB": "CNY",
}  # fmt: skip
_FOREIGN: Final = re.compile(rf"(?P<more>多|来|几|余)?(?P<unit>{'|'.join(_ABROAD)})")
_SIGN: Final = re.compile(r"(?:[¥$]|RMB|人民币|美金)\s?$")
_THINGS: Final = frozenset("地蛋屏电硬主肉糖砖玻布手表豆面肥香石木铁钢板显牌")
"""What comes in pieces: 三块地 is no money."""
_PARTS: Final = {"毛": 0.1, "角": 0.1, "分": 0.01}


def find(place: Place) -> Amount | None:
    """The money that the number is, if it is called that."""
    foreign = _FOREIGN.match(place.after)
    if foreign is not None:
        return place.amount(FactKind.MONEY, _ABROAD[foreign["unit"]], foreign.end(), sure(0.97, foreign["more"]))
    sign = _SIGN.search(place.before)
    match = _MONEY.match(place.line, place.number.end)
    if match is None:
        return _signed(place, sign, "", 0.97) if sign is not None else None
    end, cents = match.end(), match["cents"] or ""
    if cents in {"一", "1"} and (COUNTED.match(place.line, match.end("cents")) or place.line.startswith("折", end)):
        end, cents = match.start("cents"), ""
    pieces = match["unit"] == "块" and not cents and not place.line[match.start("unit") : end].endswith("钱")
    called = PRICED.search(place.before) is not None
    if pieces and not called and _are_pieces(place, end):
        return None
    confidence = sure(0.7 if pieces and not called and (place.number.low or 0) < 10 else 0.97, match["more"])
    found = _worth(place, end, cents, _PARTS.get(match["unit"], 1.0), confidence)
    return replace(found, span=(found.span[0] - len(sign[0]), found.span[1])) if sign is not None else found


def _signed(place: Place, sign: re.Match[str], writing: str, confidence: float) -> Amount:
    unit = "USD" if sign[0].startswith(("$", "美")) else "CNY"
    found = place.amount(FactKind.MONEY, unit, 0, confidence)
    return replace(found, span=(found.span[0] - len(sign[0]), found.span[1]), writing=writing)


def _are_pieces(place: Place, end: int) -> bool:
    """三块地 and 一块: pieces of something, or together."""
    if (place.number.low or 0) < 20 and place.line[end : end + 1] in _THINGS:
        return True
    return place.text in {"一", "1"} and AN_EACH.match(place.line, end) is None


def _worth(place: Place, end: int, cents: str, unit: float, confidence: float) -> Amount:
    number = place.number
    further = end - number.end
    if number.low is None or number.high is None:
        return place.amount(FactKind.MONEY, "CNY", further, 0.5, worth="")
    if number.low != number.high:
        worth = f"{plain(number.low * unit)}/{plain(number.high * unit)}"
        return place.amount(FactKind.MONEY, "CNY", further, confidence, worth=worth)
    worth = plain(round(number.low * unit + _cents(cents, unit), 4))
    found = place.amount(FactKind.MONEY, "CNY", further, confidence, worth=worth)
    return replace(found, writing=place.written(end, one=bool(cents)))


def _cents(said: str, unit: float) -> float:
    """What stands behind the unit: tenths of it, then hundredths."""
    digits = [float(c) if c.isdigit() else float(DIGITS[c]) for c in said if c in DIGITS or c.isdigit()]
    return sum(digit * unit * 0.1**place for place, digit in enumerate(digits, start=1))
