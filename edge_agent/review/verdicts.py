"""A statement held against the rows that cover it: right, wrong, or unknown with the reason as a code. Unknown is never wrong.

- Unknown: a doubt of the statement (`hedged`, `conditional`, `range`, `no-value`, `different-unit`, `unsure`, `no-time`), or none
  of it: `no-table`, `bad-table`, `no-subject`, `no-row`, `stale-row` (rows, but none in force then), `conflicting-rows`.
- Stock: "there are n" is right when there are at least n, "only n" when there are n, "in stock" when there are any.
- Delivery: a promise is right when it is no earlier than the row says it can be. Whole days are compared as days.
- All else: equal within the tolerance, or by the row's own `rule`.
- A price said without "a case" is held against a row with it only where the two are of one size (a half to double).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from edge_agent.domain.insights import Claim, Place, Verdict
from edge_agent.lexicon.notation import fold
from edge_agent.review.claim_reading import Statement
from edge_agent.review.fact_rows import FactTable, Measure, Row, measured

_CLOSE: Final = 1e-6
_SAME_SIZE: Final = (0.5, 2.0)


def hold(statement: Statement, table: FactTable, at: datetime | None, *, without: str = "") -> Claim:
    """The claim with its verdict; `at` is the talk's local beginning, `without` why there is no table at all."""
    reason = statement.doubt or without
    if reason:
        return _claim(statement, Verdict.UNKNOWN, reason=reason)
    rows, reason = _covering(statement, table, at)
    if reason:
        return _claim(statement, Verdict.UNKNOWN, reason=reason)
    right = {_is_right(statement, row, at) for row in rows}
    if None in right:
        return _claim(statement, Verdict.UNKNOWN, reason="different-unit")
    return _claim(statement, Verdict.RIGHT if True in right else Verdict.WRONG, row=rows[0].id)


def _covering(statement: Statement, table: FactTable, at: datetime | None) -> tuple[Sequence[Row], str]:
    """The rows that decide, all of one value; or why there are none."""
    rows = table.about(statement.kind, statement.subject) if statement.subject else table.for_all(statement.kind)
    if not rows and not statement.subject:
        return (), "no-subject"
    rows = [row for row in rows if _meant(statement, row)]
    if not rows:
        return (), "no-row"
    rows = [row for row in rows if row.in_force(at)]
    if not rows:
        return (), "stale-row" if at is not None else "no-time"
    rows = [row for row in rows if _comparable(statement, row)]
    if not rows:
        return (), "different-unit"
    if len({(row.value, row.unit) for row in rows}) > 1 and not _agree(rows):
        return (), "conflicting-rows"
    return rows, ""


def _meant(statement: Statement, row: Row) -> bool:
    """Whether the row is about this price or parameter: by its code, or by what it is called."""
    if row.words and any(fold(word) in statement.text for word in row.words):
        return True
    if statement.kind == "delivery":
        return (row.attribute or "arrive") == statement.attribute
    return row.attribute == statement.attribute and not (row.words and statement.kind != "parameter")


def _agree(rows: Sequence[Row]) -> bool:
    measures = {row.measure for row in rows}
    return None not in measures and len(measures) == 1


def _comparable(statement: Statement, row: Row) -> bool:
    if statement.sense in {"has", "none"}:
        return True
    if isinstance(row.value, bool) or statement.measure is None:
        return row.value is False and statement.kind == "stock"
    if isinstance(row.value, date):
        return statement.measure.unit in {"day", "hour"}
    return _one_unit(statement, row)


def _one_unit(statement: Statement, row: Row) -> bool:
    theirs, mine = _row_measure(row), _said(statement, row)
    if statement.kind == "delivery":
        return (theirs.unit == "workday") == (mine.unit == "workday") and theirs.unit in {"hour", "workday"}
    if statement.kind == "price" and theirs.unit.partition("/")[0] == mine.unit.partition("/")[0]:
        return theirs.unit == mine.unit or ("/" in theirs.unit) != ("/" in mine.unit)
    return theirs.unit == mine.unit


def _is_right(statement: Statement, row: Row, at: datetime | None) -> bool | None:
    """None where it turns out that they cannot be compared."""
    if statement.sense in {"has", "none"}:
        return bool(row.value) == (statement.sense == "has")
    if isinstance(row.value, bool):
        return False
    if statement.kind == "delivery":
        return _in_time(statement.measure, row, at)
    theirs, mine = _row_measure(row), _said(statement, row)
    room = _tolerance(row)
    if statement.kind == "stock" and not row.rule:
        return mine.value <= theirs.value + room if statement.sense == "is" else _near(mine.value, theirs.value, room)
    right = _by_rule(row.rule or "equal", mine.value, theirs.value, room)
    if right or theirs.unit == mine.unit:
        return right
    share = mine.value / theirs.value if theirs.value else 0.0
    return False if _SAME_SIZE[0] <= share <= _SAME_SIZE[1] else None


def _in_time(promised: Measure | None, row: Row, at: datetime | None) -> bool | None:
    if promised is None:
        return None
    if isinstance(row.value, date):
        if at is None:
            return None
        by = (at + timedelta(hours=promised.value)).date() if promised.unit == "hour" else at.date() + timedelta(promised.value)
        late = (row.value - by).days
        return _by_rule(row.rule or "at-least", 0.0, float(late), row.tolerance)
    theirs = _row_measure(row)
    room = _tolerance(row)
    if theirs.unit == "hour" and promised.unit == "day":
        theirs, room = Measure(value=float(int(theirs.value / 24 + _CLOSE)), unit="day"), room / 24
    return _by_rule(row.rule or "at-least", promised.value, theirs.value, room)


def _by_rule(rule: str, said: float, so: float, room: float) -> bool:
    if rule == "at-most":
        return said <= so + room + _CLOSE
    if rule == "at-least":
        return said >= so - room - _CLOSE
    return _near(said, so, room)


def _near(said: float, so: float, room: float) -> bool:
    return abs(said - so) <= room + _CLOSE


def _row_measure(row: Row) -> Measure:
    return row.measure or Measure(value=0.0, unit="")


def _tolerance(row: Row) -> float:
    """In the unit that is compared in; a tolerance of 折 counts tenths as the row's value does."""
    if row.kind == "discount" and row.unit == "折":
        return row.tolerance * (10 if not isinstance(row.value, date) and row.value <= 10 else 1)
    return measured(row.tolerance, row.unit).value


def _said(statement: Statement, row: Row) -> Measure:
    """What was said, in the row's unit where only the words behind the number name it (四十分贝)."""
    mine = statement.measure or Measure(value=0.0, unit="")
    if not mine.unit and row.unit and statement.behind.startswith(fold(row.unit)):
        return measured(mine.value, row.unit)
    return mine


def _claim(statement: Statement, verdict: Verdict, *, row: str = "", reason: str = "") -> Claim:
    measure = statement.measure
    said = {"has": "yes", "none": "no"}.get(statement.sense) or (f"{measure.value:.10g}" if measure is not None else "")
    return Claim(
        kind=statement.kind, subject=statement.subject, attribute=statement.attribute, said=said,
        unit=measure.unit if measure is not None else "", verdict=verdict, row=row, reason=reason,
        confidence=round(statement.confidence, 4),
        at=Place(
            utterance=statement.utterance, char_start=statement.char_start, char_end=statement.char_end,
            start_ms=statement.start_ms,
        ),
    )  # fmt: skip
