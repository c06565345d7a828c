"""Numbers that measure something: money, shares and discounts, lengths of time, counted things; and bare numbers.

- Money is in yuan (`CNY`) unless another currency is said; 八块八 = 8.8, 三万五 behind a word of price is money too, less surely.
- `%` counts hundredths: 百分之三十 and 三成 = 30, 三个点 = 3. A discount keeps `折` and says what is still paid: 八五折 = 85.
- A length of time is ISO 8601 (`P45D`, `PT2H`); a range is `low/high` (三四百块 = 300/400); several and dozens have no value.
- A single said digit counts only before a measure word, 一 only before one that nobody uses for "a".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts import money
from edge_agent.facts.joined import begins_a_range, joined
from edge_agent.facts.line import Span, free, gaps
from edge_agent.facts.measures import (
    AN_EACH,
    COUNTED,
    LASTING,
    LENGTHS,
    MEASURES,
    ONE_OF,
    PER_ONE,
    PRICE_BEHIND,
    PRICED,
    WEIGHED,
)
from edge_agent.facts.numbers import DIGITS, plain, scan
from edge_agent.facts.place import Amount, Place, sure

_POINTS: Final = re.compile(r"个(?:百分)?点(?!心|子|评|赞|击|位|滴)")
_OFF: Final = re.compile(r"折(?![腾磨叠算断旧回合射])")
_TENTHS: Final = re.compile(r"成(?![为了是都会员本交品立功果长熟年人分色绩败就语天])")
_ORDINAL: Final = re.compile(r"(?:第|初|周|星期|礼拜|老|腊月|No\.?|[A-Za-z#_/])$")
_IN_A_CODE: Final = re.compile(r"[0-9A-Za-z][\-/:]\||\|[\-/:][0-9A-Za-z]")
_SERIES: Final = ("一二三四五六七八九", "一三五七九", "二四六八")
_ADDRESS: Final = re.compile(r"[号楼层室路栋街弄]|本木")
_HUNDREDTHS: Final = "百分之"
_TALL: Final = re.compile(rf"[一二三四五六七八九](?!{MEASURES}|[零一二三四五六七八九十百千万点0-9])")
_HALF: Final = re.compile(
    rf"(?<![一二两三四五六七八九十百千万个0-9年天点])半个?(?P<unit>年|月|天|小时|钟头|(?![个面场路块]){MEASURES})"
)


def find(line: str, taken: Sequence[Span] = (), idioms: Sequence[Span] = ()) -> Iterator[Amount]:
    """The amounts of a folded sentence outside the spans that are `taken` or part of an idiom, from left to right."""
    behind = 0
    for number in (number for start, end in gaps(taken, len(line)) for number in scan(line, start, end)):
        if number.start < behind or not free((number.start, number.end), idioms) or begins_a_range(line, number):
            continue
        place = Place(line, joined(line, number))
        if _ORDINAL.search(place.before):
            continue
        found = _share(place) or money.find(place) or _lasting(place) or _counted(place) or _bare(place)
        if found is not None and free(found.span, taken):
            behind = found.span[1]
            yield found
    for match in _HALF.finditer(line):
        if free(match.span(), taken) and free(match.span(), idioms):
            yield _half(match)


def _share(place: Place) -> Amount | None:
    if place.before.endswith(_HUNDREDTHS):
        found, said = place.amount(FactKind.PERCENT, "%", 0, 0.98), place.number.said
        return replace(found, span=(found.span[0] - len(_HUNDREDTHS), found.span[1]), writing=f"{said}%" if said else "")
    if place.after.startswith("%"):
        return place.amount(FactKind.PERCENT, "%", 1, 0.98)
    return _rate(place)


def _rate(place: Place) -> Amount | None:
    """三个点, 八五折, 三成."""
    number = place.number
    if number.low is None:
        return None
    if (points := _POINTS.match(place.after)) is not None:
        return place.amount(FactKind.PERCENT, "%", points.end(), 0.85)
    if _OFF.match(place.after) is not None and 0 < number.low < 100:
        paid = round(number.low * 10 if number.low < 10 else number.low, 4)
        found = place.amount(FactKind.PERCENT, "折", 1, 0.95, worth=plain(paid))
        return replace(found, writing=f"{plain(paid / 10)}折") if found.writing else found
    if _TENTHS.match(place.after) is not None and number.form in {"digits", "written"} and 1 <= number.low <= 10:
        return place.amount(FactKind.PERCENT, "%", 1, 0.7, worth=plain(number.low * 10))
    return None


def _lasting(place: Place) -> Amount | None:
    match, number = LASTING.match(place.after), place.number
    if match is None or number.form == "some" or (number.form == "digits" and len(place.text) > 2):
        return None
    if match["unit"] == "月" and not match["of"] and place.text not in {"俩", "仨"}:
        return None
    if match["unit"] == "年" and number.low is not None and number.low >= 1000:
        return None
    head, count, tail = LENGTHS[match["unit"]]
    half = 0.5 if match["half"] or match["behind"] else 0.0
    low, high = (f"{head}{plain(((one or 0) + half) * count)}{tail}" for one in (number.low, number.high))
    worth = low if low == high else f"{low}/{high}"
    return place.amount(FactKind.DURATION, "", match.end(), sure(0.95, match["more"]), worth=worth)


def _counted(place: Place) -> Amount | None:
    match, number = COUNTED.match(place.after), place.number
    if match is None:
        return None
    unit, digits = match["unit"], number.form == "digits"
    if digits and ((number.low == 1 and unit not in ONE_OF) or (place.text == "二" and unit not in WEIGHED)):
        return None
    if digits and len(place.text) > 1 and "零" not in place.text:
        return None if len(place.text) == 2 else _bare(place)
    if number.low is None or number.high is None:
        return place.amount(FactKind.QUANTITY, unit, match.end(), 0.5, worth="")
    half, further = 0.5 if match["half"] or match["behind"] else 0.0, match.end()
    if unit == "米" and (tenth := _TALL.match(place.line, number.end + further)) is not None and number.low == number.high:
        half, further = DIGITS[tenth[0]] / 10, further + 1
    low, high = plain(number.low + half), plain(number.high + half)
    worth = low if low == high else f"{low}/{high}"
    return place.amount(FactKind.QUANTITY, unit, further, sure(0.95, match["more"]), worth=worth)


def _bare(place: Place) -> Amount | None:
    """A number that nothing is said to be counted by."""
    number, text = place.number, place.text
    if not _says_something(place):
        return None
    before, after = place.before, place.after
    priced = PRICED.search(before) or PER_ONE.search(before) or AN_EACH.match(after) or PRICE_BEHIND.match(after)
    if number.low is None:
        return place.amount(FactKind.MONEY if priced else FactKind.NUMBER, "CNY" if priced else "", 0, 0.4)
    if priced and number.form != "digits" and (number.low >= 10 or number.form == "decimal" or "." in text):
        return place.amount(FactKind.MONEY, "CNY", 0, 0.75)
    return place.amount(FactKind.NUMBER, "", 0, 0.85)


def _says_something(place: Place) -> bool:
    """Whether a bare number is one: not 一二三, not part of a code or an address, not a lone ten."""
    form, text = place.number.form, place.text
    if form == "pair":
        return text[-1] in "十百千万亿" or len(text) > 2
    if form == "digits":
        return len(text) > 2 and not (len(text) < 5 and any(text in series for series in _SERIES))
    if form == "written" and (len(text) > 10 or _IN_A_CODE.search(f"{place.before[-2:]}|{place.after[:2]}")):
        return False
    return text != "十" and not (len(text) < 3 and _ADDRESS.match(place.after))


def _half(match: re.Match[str]) -> Amount:
    """半 on its own: half a case, half a month."""
    unit = match["unit"]
    if unit not in LENGTHS:
        return Amount(kind=FactKind.QUANTITY, value="0.5", unit=unit, span=match.span(), confidence=0.85)
    head, count, tail = ("P", 30, "D") if unit == "月" else LENGTHS[unit]
    return Amount(kind=FactKind.DURATION, value=f"{head}{plain(count / 2)}{tail}", unit="", span=match.span(), confidence=0.85)
