"""What is wrong with a folder of fact tables although each row is well-formed: only `claims check` looks for it.

- Conflicts are faults: two rows of one subject, kind, attribute and unit that are in force together and say different values
  decide nothing (`conflicting-rows`). A claim about anything else is still held, so a recording is not kept from its verdicts.
- A subject nobody can name, and a name that the lexicon gives to another code, are warnings: such rows may never be used.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Final

from edge_agent.lexicon.model import Lexicon
from edge_agent.lexicon.notation import fold
from edge_agent.lexicon.problems import Problem
from edge_agent.review.fact_files import Reading
from edge_agent.review.fact_rows import FRESH_H, Row

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_DAY: Final = timedelta(hours=23, minutes=59)


def conflicts(found: Reading) -> Iterator[Problem]:
    """Each row that contradicts an earlier one."""
    alike: defaultdict[tuple[object, ...], list[tuple[str, int, Row]]] = defaultdict(list)
    for file, line, row in found.rows:
        attribute = row.attribute or ("arrive" if row.kind == "delivery" else "")
        alike[row.subject, row.kind, attribute, frozenset(map(fold, row.words)), _unit(row)].append((file, line, row))
    for rows in alike.values():
        told: set[str] = set()
        for (_, _, first), (file, line, second) in combinations(rows, 2):
            if second.id in told or first.id == second.id or _value(first) == _value(second) or not _together(first, second):
                continue
            told.add(second.id)
            yield Problem(
                file=file, line=line, entry=second.id, message=f"contradicts `{first.id}` 与 `{first.id}` 行矛盾",
                remedy="keep one value for one period 同一时间只留一个值，或改 valid_from / valid_until",
            )  # fmt: skip


def warnings(found: Reading, lexicon: Lexicon) -> Iterator[Problem]:
    """Subjects and names that may never be found in what is said."""
    said = _named(lexicon)
    known = {code for codes in said.values() for code in codes} | {one.code for _, _, one in found.names}
    for file, line, one in found.names:
        for name in one.names:
            others = said.get(fold(name), set()) - {one.code}
            if others and one.code not in said.get(fold(name), set()):
                code = min(others)
                yield Problem(
                    file=file, line=line, entry=one.code, message=f"the lexicon gives its name to `{code}` 叫法已属于 `{code}`",
                    remedy=f"use the code `{code}`, or another name 改用编号 `{code}`，或换一个叫法",
                )  # fmt: skip
    for file, line, row in found.rows:
        if row.subject != "*" and row.subject not in known and not known.issuperset(row.subject.split("/")):
            yield Problem(
                file=file, line=line, entry=row.id, message=f"no name is known for `{row.subject}` 不知道它在话里怎么叫",
                remedy="correct the code, or add a [[subject]] with its names 改正编号，或加一段 [[subject]] 写明叫法",
            )  # fmt: skip


def _named(lexicon: Lexicon) -> Mapping[str, set[str]]:
    """What the lexicon calls products and brands: folded name -> codes."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    trades = lexicon.industries.values()
    products = [*lexicon.terms.product, *(one for trade in trades for one in trade.product)]
    brands = [one for trade in trades for one in trade.brand]
    for code, names in [*((one.id, one.names) for one in products), *((one.id, one.names) for one in brands)]:
        for name in names:
            codes[fold(name)].add(code)
    return codes


def _unit(row: Row) -> str:
    measure = row.measure
    return measure.unit if measure is not None else type(row.value).__name__


def _value(row: Row) -> object:
    return row.measure or row.value


def _together(one: Row, other: Row) -> bool:
    (low, high), (first, last) = _period(one), _period(other)
    return low <= last and first <= high


def _period(row: Row) -> tuple[datetime, datetime]:
    """From when to when a row is in force; a count of stock for as long as it is fresh."""
    start = _moment(row.valid_from) if row.valid_from is not None else _FIRST
    end = _moment(row.valid_until) + _DAY if row.valid_until is not None else _LAST
    fresh = row.fresh_h or (FRESH_H if row.kind == "stock" else None)
    if row.as_of is None or fresh is None:
        return start, end
    counted = row.as_of if row.as_of.tzinfo is not None else row.as_of.replace(tzinfo=UTC)
    try:
        return max(start, counted), min(end, counted + timedelta(hours=fresh))
    except OverflowError:
        return max(start, counted), end


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
