"""A folder of fact tables read from TOML and CSV files, strictly, every fault at once; read again when a file changes.

TOML: `[[row]]` and `[[subject]]` tables. CSV (UTF-8, a heading): the same keys as columns, in any order; an empty cell is left
out, `words` are parted by `|`. Ids are unique over the folder. A folder that is not there is an empty table; one file with a
fault and nothing of the folder counts, for half a table would turn unknown into wrong.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.errors import BadConfig
from edge_agent.lexicon.decode import read
from edge_agent.lexicon.problems import Problem
from edge_agent.review.fact_rows import FactTable, Row, SubjectNames, measured

MOST_BYTES: Final = 16_000_000
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_YES: Final = {"true": True, "yes": True, "有": True, "false": False, "no": False, "无": False, "没有": False}
_PARTED: Final = re.compile(r"-?\d{1,3}([,，]\d{3})+(\.\d+)?")
_COLUMNS: Final = Row.__struct_fields__


class BadFacts(BadConfig):
    """Faults of the fact tables; `problems` has them one by one."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.entry)))
        listed = "\n".join(str(p) for p in self.problems)
        super().__init__(
            f"{len(problems)} problem(s) in the fact tables:\n{listed}",
            remedy="correct each named line; the format stands in lexicons/README.md",
            zh=f"事实表有 {len(problems)} 处问题，请按行号逐条改正",
        )


def load(folder: Path) -> FactTable:
    """The table of a folder; empty when there is none.

    Raises:
        BadFacts: a file is unreadable, breaks the schema, or repeats an id; names every fault.
    """
    return _table(folder, _stamps(folder))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (-1, -1)
    return found.st_mtime_ns, found.st_size


@dataclass(slots=True, kw_only=True)
class Reading:
    """A folder as it was read: every row and name with its file and line, and every fault of the files themselves."""

    rows: list[tuple[str, int, Row]] = field(default_factory=list)
    names: list[tuple[str, int, SubjectNames]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    digest: str = ""


def read_all(folder: Path) -> Reading:
    """All of a folder, faulty or not; for `claims check`, which looks at more than the files by themselves."""
    return _reading(folder, _stamps(folder))


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".csv"}) if folder.is_dir() else []
    return tuple((path.relative_to(folder).as_posix(), *_stamp(path)) for path in files)


@lru_cache(maxsize=2)
def _table(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> FactTable:
    found = _reading(folder, stamp)
    if found.problems:
        raise BadFacts(found.problems)
    return FactTable.of((row for _, _, row in found.rows), (one for _, _, one in found.names), found.digest)


def _reading(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> Reading:
    found = Reading()
    seen: set[str] = set()
    digest = sha256()
    for name, _, size in stamp:
        if size > MOST_BYTES:
            found.problems.append(_problem(name, 0, "file", "is too large", f"keep a file below {MOST_BYTES:,} bytes"))
            continue
        with suppress(OSError):
            digest.update(name.encode() + b"\0" + sha256((folder / name).read_bytes()).digest())
        rows = _csv(folder, name, found.problems) if name.endswith(".csv") else _toml(folder, name, found)
        for line, row in rows:
            if row.id in seen:
                found.problems.append(_problem(name, line, row.id, "this id stands twice", "give every row an id of its own"))
            seen.add(row.id)
            found.problems += _faults(name, line, row)
            found.rows.append((name, line, row))
    found.digest = digest.hexdigest() if stamp else ""
    return found


def _toml(folder: Path, name: str, found: Reading) -> Iterator[tuple[int, Row]]:
    source = read(folder, folder / name, found.problems)
    if source is None:
        return
    found.problems += [
        source.place.problem("file", key, f"unknown key `{key}`", "use [[row]] and [[subject]]")
        for key in source.given.keys() - {"row", "subject"}
    ]
    found.names += [(name, place.start, one) for place, one in source.rows("subject", SubjectNames)]
    for place, row in source.rows("row", Row):
        yield place.start, row
    given = source.given.get("row", [])
    for number, cells in enumerate(given if isinstance(given, list) else []):
        texts = {key: one for key, one in cells.items() if isinstance(one, str)} if isinstance(cells, dict) else {}
        line = source.lines.table("row", number)
        found.problems += [_problem(name, line, str(texts.get("id", "row")), *wrong) for wrong in _written(texts)]


def _csv(folder: Path, name: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    try:
        text = (folder / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(_problem(name, 0, "file", "cannot be read", "save it as UTF-8 CSV"))
        return
    reader = csv.DictReader(io.StringIO(text), strict=True, restkey="")
    try:
        unknown = [column for column in reader.fieldnames or [] if column not in _COLUMNS]
        if unknown or not reader.fieldnames:
            problems.append(_problem(name, 1, "heading", "has unknown or no columns", f"use {', '.join(_COLUMNS)}"))
            return
        for given in reader:
            row = _row(name, reader.line_num, given, problems)
            if row is not None:
                yield reader.line_num, row
    except csv.Error:
        problems.append(_problem(name, reader.line_num, "file", "is no CSV", "quote cells that hold a comma or a quote"))


def _row(name: str, line: int, given: dict[str, str], problems: list[Problem]) -> Row | None:
    label = (given.get("id") or "").strip() or f"line {line}"
    if "" in given or None in given.values():
        problems.append(_problem(name, line, label, "has more or fewer cells than the heading", "one cell for each column"))
        return None
    cells: dict[str, object] = {column: cell.strip() for column, cell in given.items() if cell.strip()}
    if "words" in cells:
        cells["words"] = [word.strip() for word in str(cells["words"]).split("|") if word.strip()]
    wrong = list(_written(cells))
    if wrong:
        problems += [_problem(name, line, label, message, remedy) for message, remedy in wrong]
        return None
    for column in ("value", "tolerance", "fresh_h", "valid_from", "valid_until"):
        if column in cells:
            cells[column] = _cell(str(cells[column]))
    if "as_of" in cells:
        cells["as_of"] = datetime.fromisoformat(str(cells["as_of"]))
    try:
        return msgspec.convert(cells, Row)
    except msgspec.ValidationError as error:
        problems.append(_problem(name, line, label, str(error), "see the format in lexicons/README.md"))
        return None


def _written(cells: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Cells as spreadsheets like to write them, which mean nothing here: (message, remedy)."""
    for column in ("value", "tolerance", "fresh_h"):
        if _PARTED.fullmatch(str(cells.get(column, ""))):
            yield (
                f"`{column}` has thousands separators 数字里有千分位逗号",
                "write the number without thousands separators: 1280 数字不要写千分位：1280",
            )
    for column in ("value", "valid_from", "valid_until"):
        if re.fullmatch(r"\d{4}[/.年]\d{1,2}[/.月]\d{1,2}日?", str(cells.get(column, ""))):
            yield f"`{column}` is no day 日期写法不对", "write YYYY-MM-DD, for example 2026-11-25 日期写成 2026-11-25"
    if "as_of" in cells and not _is_moment(str(cells["as_of"])):
        yield "`as_of` is no time 时间写法不对", "write YYYY-MM-DDTHH:MM, for example 2026-11-25T10:00 时间写成 2026-11-25T10:00"


def _is_moment(text: str) -> bool:
    with suppress(ValueError):
        datetime.fromisoformat(text)
        return True
    return False


def _cell(text: str) -> object:
    """A number, a day, yes or no; anything else stays as it is, for the schema to refuse."""
    if text.lower() in _YES:
        return _YES[text.lower()]
    if _NUMBER.fullmatch(text):
        return float(text)
    with suppress(ValueError):
        return date.fromisoformat(text)
    return text


def _faults(name: str, line: int, row: Row) -> Iterator[Problem]:
    """What the types alone do not say."""
    said = "a day" if isinstance(row.value, date) else "yes or no" if isinstance(row.value, bool) else "a number"
    if (said == "a day" and row.kind != "delivery") or (said == "yes or no" and row.kind != "stock"):
        yield _problem(name, line, row.id, f"{row.kind} cannot be {said}", "give a number and its unit")
    if said == "a number" and not row.unit:
        yield _problem(name, line, row.id, "a number needs its unit", 'for example unit = "CNY/箱", "箱", "折", "天", "年"')
    if row.kind == "price" and not row.unit.upper().startswith(("CNY", "元")):
        yield _problem(name, line, row.id, "a price is in CNY", 'write "CNY" or "CNY/箱"')
    if row.kind == "discount" and row.unit not in {"折", "%", "CNY", "元"}:
        yield _problem(name, line, row.id, "a discount is in 折, % or CNY", 'write unit = "折"')
    if row.kind == "discount" and row.unit in {"折", "%"} and not isinstance(row.value, bool | date) and row.value >= 100:
        yield _problem(name, line, row.id, "a discount of all or more", "9.5 or 95 with 折, what is taken off with %")
    if row.kind == "parameter" and not row.attribute:
        yield _problem(name, line, row.id, "a parameter needs its attribute", 'for example attribute = "warranty"')
    if row.kind == "delivery" and said == "a number" and row.unit and measured(1, row.unit).unit not in {"hour", "workday"}:
        yield _problem(
            name,
            line,
            row.id,
            "a delivery takes a time 交期的单位要是时间",
            'write unit = "天", "小时", "周" or "工作日" 写天、小时、周、工作日',
        )
    if row.kind == "stock" and row.as_of is None:
        yield _problem(name, line, row.id, "a count of stock needs `as_of`", "say when it was counted")
    if row.valid_from and row.valid_until and row.valid_from > row.valid_until:
        yield _problem(name, line, row.id, "ends before it begins", "correct valid_from or valid_until")


def _problem(name: str, line: int, entry: str, message: str, remedy: str) -> Problem:
    return Problem(file=name, line=line, entry=entry, message=message, remedy=remedy)
