"""Numbers as they are said and written: 九千八, 9800, 4.8万, 两百五 are one and the same.

`value` follows everyday speech: a digit right after 万, 千 or 百 counts tenths of it (四万八 = 48 000), a row of digits
without a unit is read digit by digit (三零七二 = 3072). 几百 and 五六千 are numbers without a value.
"""

import re
from typing import Final

DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2, "仨": 3}
UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
NUMBER: Final = (
    r"(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?[十百千万亿]{0,2}"
    r"|(?:[零〇]?[一二两三四五六七八九几]{0,2}[十百千万亿])+(?:[零〇]?[一二两三四五六七八九])?"
    r"|[零〇一二两俩仨三四五六七八九]+|几|半)"
)
"""A spoken or written number, in the common part of `re` and RE2."""

_WRITTEN: Final = re.compile(r"([0-9][0-9,]*(?:\.[0-9]+)?)([十百千万亿]*)")
_RANGE: Final = re.compile(r"[一二两三四五六七八九]{2}[十百千万亿]")


def value(text: str) -> float | None:
    """The number said, or None when it names none (几百)."""
    if text == "半":
        return 0.5
    if (written := _WRITTEN.fullmatch(text)) is not None:
        number = float(written[1].replace(",", ""))
        for unit in written[2]:
            number *= UNITS[unit]
        return number
    if not text or any(c not in DIGITS and c not in UNITS for c in text) or _RANGE.search(text):
        return None
    if not any(c in UNITS for c in text):
        return float("".join(str(DIGITS[c]) for c in text))
    return float(_spoken(text))


def _spoken(text: str) -> int:
    for unit in ("亿", "万"):
        head, found, tail = text.rpartition(unit)
        if found:
            return (_spoken(head) if head else 1) * UNITS[unit] + _rest(tail, UNITS[unit])
    total = digit = 0
    last = 1
    for char in text:
        if char in DIGITS:
            digit = DIGITS[char]
            last = 1 if digit == 0 else last
            continue
        total += max(digit, 1) * UNITS[char]
        last, digit = UNITS[char], 0
    return total + digit * (last // 10 if last >= 100 else 1)


def _rest(text: str, unit: int) -> int:
    """What follows 万 or 亿: a single digit counts tenths of it, anything else is said in full."""
    if not text:
        return 0
    return DIGITS[text] * unit // 10 if text in DIGITS else _spoken(text)
