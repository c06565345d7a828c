"""Tables from a spreadsheet: bytes in, lines of named cells out, and every fault with its file, line and column.

UTF-8 with or without a byte order mark, GB18030 or UTF-16, with commas, semicolons or tabs; headers in Chinese or English, in any
order, with any other columns beside them. A fault names a place and what belongs there, never what stands there.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from edge_agent.errors import BadConfig

MAX_BYTES: Final = 5 * 2**20
MAX_LINES: Final = 20_000
MAX_FAULTS: Final = 200

_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_EXPONENT: Final = re.compile(r"\d(?:\.\d+)?e\+?\d+")
_MONEY: Final = re.compile(r"(?:¥|rmb|cny)?\s*(\d[\d,]*(?:\.\d+)?)\s*(?:元|块|rmb|cny)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `name` and `zh` are its headers, `also` other spellings; `means` and `means_zh` say what belongs there."""

    name: str
    zh: str
    means: str
    means_zh: str
    needed: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong at one place of one file; `line` 0 = the file as a whole, `column` "" = the line as a whole."""

    file: str
    line: int
    column: str
    en: str
    zh: str

    def __str__(self) -> str:
        return f"{self._place}: {self.en}"

    @property
    def in_zh(self) -> str:
        return f"{self._place}：{self.zh}"

    @property
    def _place(self) -> str:
        return ":".join(part for part in (self.file, str(self.line) if self.line else "", self.column) if part)


@dataclass(slots=True)
class Faults:
    """Collects the faults of all files of one set-up."""

    found: list[Fault] = field(default_factory=list)

    def add(self, file: str, line: int, column: str, en: str, zh: str) -> None:
        self.found.append(Fault(file=file, line=line, column=column, en=en, zh=zh))

    def stop(self) -> None:
        """BadConfig with one line for every fault, if there is any."""
        if not self.found:
            return
        shown = sorted(self.found, key=lambda one: (one.file, one.line))[:MAX_FAULTS]
        more = len(self.found) - len(shown)
        en = "\n".join(f"  - {one}" for one in shown) + (f"\n  - and {more} more" if more else "")
        zh = "\n".join(f"  - {one.in_zh}" for one in shown) + (f"\n  - 另有 {more} 处" if more else "")
        raise BadConfig(
            f"the set-up files have {len(self.found)} fault(s):\n{en}",
            remedy="correct them all and run again; edge-agent shelf calibrate --columns explains the columns",
            zh=f"资料有 {len(self.found)} 处错误（列的说明见 shelf calibrate --columns）：\n{zh}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table: its number in the file and its cells by column name, "" where empty or absent."""

    file: str
    number: int
    cells: dict[str, str]
    faults: Faults

    def wrong(self, column: str, en: str, zh: str) -> None:
        self.faults.add(self.file, self.number, column, en, zh)

    def code(self, column: str, *, needed: bool = True) -> str:
        """A code in lower case: letters, digits, `_ . -`, at most 64; "" and a fault otherwise."""
        text = self.cells[column].lstrip("'").casefold()
        if not text:
            if needed:
                self.wrong(column, "is empty", "不能为空")
        elif _EXPONENT.fullmatch(text):
            self.wrong(
                column,
                "was turned into a number by the spreadsheet: format it as text",
                "编码被表格软件改成了科学计数，请设为文本格式",
            )
        elif not _CODE.fullmatch(text):
            self.wrong(column, "may hold letters, digits, _ . - only, at most 64", "只能有字母、数字和 _ . -，最多 64 个")
        else:
            return text
        return ""

    def label(self, column: str, *, needed: bool = True) -> str:
        """A name of at most 80 characters."""
        text = self.cells[column]
        if not text and needed:
            self.wrong(column, "is empty", "不能为空")
        elif len(text) > 80 or not text.isprintable():
            self.wrong(column, "may have 80 printable characters at most", "最多 80 个字，不能有换行或控制字符")
            return ""
        return text

    def price(self, column: str) -> str:
        """An amount in yuan with two decimals ("12.90"), however it was written (¥12.9, 12,90, 1,299元)."""
        text = self.cells[column]
        found = _MONEY.fullmatch(text)
        if found is None:
            self.wrong(
                column, "is not a price in yuan like 12.90" if text else "is empty", "应为价格，如 12.90" if text else "不能为空"
            )
            return ""
        amount = found[1]
        decimals = re.fullmatch(r"(\d+),(\d{2})", amount)
        value = Decimal(f"{decimals[1]}.{decimals[2]}" if decimals else amount.replace(",", ""))
        if not 0 < value < 1_000_000 or value != value.quantize(Decimal("0.01")):
            self.wrong(
                column,
                "must lie between 0.01 and 999999.99 with at most two decimals",
                "应在 0.01 到 999999.99 之间，最多两位小数",
            )
            return ""
        return format(value.quantize(Decimal("0.01")), "f")

    def whole(self, column: str, least: int, most: int, default: int | None = None) -> int | None:
        """A whole number (Excel's 2.0 too) within the bounds; None and a fault otherwise."""
        text = self.cells[column]
        if not text and default is not None:
            return default
        value = _number(text)
        if value is None or value != int(value) or not least <= value <= most:
            self.wrong(column, f"must be a whole number from {least} to {most}", f"应为 {least} 到 {most} 的整数")
            return None
        return int(value)

    def measure(self, column: str, least: float, most: float) -> float | None:
        """A number within the bounds; None where empty, and None and a fault where it is not one."""
        text = self.cells[column]
        if not text:
            return None
        value = _number(text)
        if value is None or not least <= value <= most:
            self.wrong(column, f"must be a number from {least:g} to {most:g}", f"应为 {least:g} 到 {most:g} 的数")
            return None
        return float(value)

    def yes(self, column: str) -> bool:
        text = self.cells[column].casefold()
        if text in {"", "0", "n", "no", "false", "否", "x"}:
            return False
        if text not in {"1", "y", "yes", "true", "是", "√", "✓"}:
            self.wrong(column, "must be yes or no", "应填是或否")
        return True


def read_table(raw: bytes, file: str, columns: Sequence[Column], faults: Faults) -> list[Line]:
    """The lines of a table that are not empty. `file` is its kind, which faults name; never the name it has on disk."""
    text = _text(raw)
    if text is None:
        faults.add(
            file,
            0,
            "",
            "is neither UTF-8 nor GB18030 text, or larger than 5 MB: save it as CSV",
            "不是 UTF-8 或 GB18030 文本，或超过 5 MB：请另存为 CSV",
        )
        return []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    places: dict[str, int] | None = None
    lines: list[Line] = []
    before = 0
    try:
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if places is None:
                places = _places(cells, number, file, columns, faults)
                continue
            if len(lines) >= MAX_LINES:
                faults.add(file, number, "", f"has more than {MAX_LINES} lines", f"超过 {MAX_LINES} 行")
                break
            named = {
                one.name: _clean(cells[places[one.name]]) if places.get(one.name, len(cells)) < len(cells) else ""
                for one in columns
            }
            lines.append(Line(file=file, number=number, cells=named, faults=faults))
    except csv.Error:
        faults.add(
            file,
            before + 1,
            "",
            "is no table line (a quote that never ends, or a cell too long)",
            "不是表格行（引号未闭合或单元格过长）",
        )
        return []
    if places is None:
        faults.add(file, 0, "", "is empty", "是空文件")
    elif any(one.needed and one.name not in places for one in columns):
        return []
    elif not lines:
        faults.add(file, 0, "", "has a header and nothing else", "只有表头，没有内容")
    return lines


def _text(raw: bytes) -> str | None:
    if len(raw) > MAX_BYTES:
        return None
    codecs = ("utf-16",) if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _delimiter(text: str) -> str:
    header = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


def _places(cells: Sequence[str], number: int, file: str, columns: Sequence[Column], faults: Faults) -> dict[str, int]:
    """Which cell holds which column, by the header."""
    spelt = {_key(word): one for one in columns for word in (one.name, one.zh, *one.also)}
    places: dict[str, int] = {}
    for index, cell in enumerate(cells):
        column = spelt.get(_key(cell))
        if column is None:
            continue
        if column.name in places:
            faults.add(file, number, column.name, "stands twice in the header", "表头重复")
        places.setdefault(column.name, index)
    for one in columns:
        if one.needed and one.name not in places:
            faults.add(file, number, one.name, f"is missing from the header ({one.zh})", f"缺少这一列（{one.zh}）")
    return places


def _key(header: str) -> str:
    return re.sub(r"\(.*?\)|[\s_/:-]", "", _clean(header).casefold())


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).replace("\ufeff", "").strip()


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 10**9 else None


def doubles(codes: Iterable[str]) -> set[str]:
    """The codes that come more than once."""
    seen: set[str] = set()
    return {one for one in codes if one in seen or seen.add(one)}  # type: ignore[func-returns-value]
