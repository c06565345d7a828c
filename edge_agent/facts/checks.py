"""Check digits and inner structure of identifiers; every function takes digits and capital letters only.

Sources: GB 11643 (citizen's number), ISO/IEC 7812 (Luhn), GB 32100 (unified social credit code).
"""

from datetime import date
from typing import Final

_PROVINCES: Final = """
    11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83
"""
PROVINCES: Final = frozenset(_PROVINCES.split())
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_MARKS: Final = "10X98765432"
_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_BEFORE_UNIONPAY: Final = ("9558", "9559", "436742", "456351", "405512", "690755", "103000", "940066")
"""First digits of Chinese banks' debit cards from before they all began with 62."""
_OLDEST: Final = 1880


def luhn(digits: str) -> bool:
    """Whether the last digit fits the others."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def citizen(number: str) -> bool:
    """18 places: region, a day of birth that exists, serial, check mark."""
    if len(number) != 18 or not number[:17].isdigit() or number[:2] not in PROVINCES or not born(number[6:14]):
        return False
    return _MARKS[sum(int(c) * w for c, w in zip(number, _WEIGHTS, strict=False)) % 11] == number[17]


def old_citizen(number: str) -> bool:
    """15 places of before 1999, which have no check mark: region and a day of birth in the 1900s."""
    return len(number) == 15 and number.isdigit() and number[:2] in PROVINCES and born("19" + number[6:12])


def born(day: str) -> bool:
    """YYYYMMDD is a day on which somebody alive can have been born."""
    try:
        found = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
    except ValueError:
        return False
    return found.year >= _OLDEST and found.year < 2100


def credit(code: str) -> bool:
    """18 places of an organisation's unified social credit code."""
    if len(code) != 18 or any(c not in _CREDIT for c in code) or not code[2:8].isdigit():
        return False
    total = sum(_CREDIT.index(c) * pow(3, place, 31) for place, c in enumerate(code[:17]))
    return _CREDIT[(31 - total % 31) % 31] == code[17]


def card(digits: str) -> bool:
    """A payment card: a network's first digits with that network's lengths, and Luhn."""
    length = len(digits)
    unionpay = digits.startswith(("62", "60", "81", *_BEFORE_UNIONPAY)) and 16 <= length <= 19
    visa_master = length == 16 and digits.startswith(("4", "51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27"))
    others = (digits.startswith("35") and length == 16) or (digits.startswith(("34", "37")) and length == 15)
    return (unionpay or visa_master or others) and luhn(digits)


def mobile(digits: str) -> bool:
    return len(digits) == 11 and digits[0] == "1" and digits[1] in "3456789"


def landline(digits: str) -> bool:
    """With its area code: 010 and 02x have seven or eight places behind them, the others too."""
    if digits.startswith(("400", "800")):
        return len(digits) == 10
    if digits[:2] == "01":
        return digits[:3] == "010" and len(digits) == 11 and digits[3] in "2345678"
    if digits[:2] == "02":
        return len(digits) == 11 and digits[2] in "012345789" and digits[3] in "2345678"
    return digits[:1] == "0" and digits[1:2] in set("3456789") and len(digits) in {11, 12} and digits[4] in "2345678"
