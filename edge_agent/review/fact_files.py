"""A folder of fact tables read from TOML and CSV files, strictly, every fault at once; read again when a file changes.

TOML: `[[row]]` and `[[subject]]` tables. CSV (UTF-8, a heading): the same keys as columns, in any order; an empty cell is left
out, `words` are parted by `|`. Ids are unique over the folder. A folder that is not there is an empty table; one file with a
fault and nothing of the folder counts, for half a table would turn unknown into wrong.
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.errors import BadConfig
from edge_agent.lexicon.decode import read
from edge_agent.lexicon.problems import Problem
from edge_agent.review.fact_rows import FactTable, Row, SubjectNames

MOST_BYTES: Final = 16_000_000
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_YES: Final = {"true": True, "yes": True, "有": True, "false": False, "no": False, "无": False, "没有": False}
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
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".toml", ".csv"}) if folder.is_dir() else []
    stamp = tuple((path.relative_to(folder).as_posix(), *_stamp(path)) for path in files)
    return _table(folder, stamp)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (-1, -1)
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=2)
def _table(folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> FactTable:
    problems: list[Problem] = []
    rows: list[Row] = []
    names: list[SubjectNames] = []
    seen: set[str] = set()
    digest = sha256()
    for name, _, size in stamp:
        if size > MOST_BYTES:
            problems.append(_problem(name, 0, "file", "is too large", f"keep a file below {MOST_BYTES:,} bytes"))
            continue
        with suppress(OSError):
            digest.update(name.encode() + b"\0" + sha256((folder / name).read_bytes()).digest())
        found = _csv(folder, name, problems) if name.endswith(".csv") else _toml(folder, name, problems, names)
        for line, row in found:
            if row.id in seen:
                problems.append(_problem(name, line, row.id, "this id stands twice", "give every row an id of its own"))
            seen.add(row.id)
            problems += _faults(name, line, row)
            rows.append(row)
    if problems:
        raise BadFacts(problems)
    return FactTable.of(rows, names, digest.hexdigest() if stamp else "")


def _toml(folder: Path, name: str, problems: list[Problem], names: list[SubjectNames]) -> Iterator[tuple[int, Row]]:
    source = read(folder, folder / name, problems)
    if source is None:
        return
    problems += [
        source.place.problem("file", key, f"unknown key `{key}`", "use [[row]] and [[subject]]")
        for key in source.given.keys() - {"row", "subject"}
    ]
    names += [one for _, one in source.rows("subject", SubjectNames)]
    for place, row in source.rows("row", Row):
        yield place.start, row


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
    for column in ("value", "tolerance", "fresh_h", "valid_from", "valid_until"):
        if column in cells:
            cells[column] = _cell(str(cells[column]))
    with suppress(ValueError):
        cells["as_of"] = datetime.fromisoformat(str(cells.get("as_of")))
    try:
        return msgspec.convert(cells, Row)
    except msgspec.ValidationError as error:
        problems.append(_problem(name, line, label, str(error), "see the format in lexicons/README.md"))
        return None


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
    if row.kind == "stock" and row.as_of is None:
        yield _problem(name, line, row.id, "a count of stock needs `as_of`", "say when it was counted")
    if row.valid_from and row.valid_until and row.valid_from > row.valid_until:
        yield _problem(name, line, row.id, "ends before it begins", "correct valid_from or valid_until")


def _problem(name: str, line: int, entry: str, message: str, remedy: str) -> Problem:
    return Problem(file=name, line=line, entry=entry, message=message, remedy=remedy)
