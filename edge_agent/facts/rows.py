"""Rows of digits: telephone and card numbers as people write, dictate and read them out.

A digit may be written, said (幺 = 1, 两 = 2), said for a radio (洞 拐 勾), a run of them (三个八 = 888) or, where a
telephone number was asked for, several at once (五十六 = 56). Digits form groups; groups with nothing but blanks, signs,
pauses and hesitations between them form a row. Where a row may be cut in two is said by `Group.loose`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edge_agent.facts.line import Span

SAID: Final = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"幺": "1", "两": "2", "〇": "0"}
_RADIO: Final = {
    "洞": "0", "拐": "7", "勾": "9", "腰": "1", "妖": "1", "吆": "1", "夭": "1", "邀": "1", "壹": "1", "贰": "2", "叁": "3",
    "肆": "4", "伍": "5", "陆": "6", "柒": "7", "捌": "8", "玖": "9",
}  # fmt: skip
"""Digits as they are called on a radio, misheard, or written on a cheque: only among others."""
_S: Final = "零一二三四五六七八九幺两〇"
_R: Final = "".join(_RADIO)
_TOKEN: Final = re.compile(
    rf"(?P<run>(?P<times>[两二三四五六七八2-8]|俩|仨)个(?P<what>[{_S}0-9]))(?![百千万个十年月天块元])"
    rf"|(?P<hundred>[一二三四五六七八九]百(?:[一二三四五六七八九]十[一二三四五六七八九]?|零[一二三四五六七八九]))(?![百千万元块])"
    r"|(?P<thousand>[一二三四五六七八九]千(?![一二两三四五六七八九十百千万零元块]))"
    rf"|(?P<ten>[二三四五六七八九]?十[一二三四五六七八九]?)(?![百千万元块])"
    rf"|(?P<digit>[{_S}{_R}0-9])"
)

_FILLERS: Final = """
    嗯 呃 啊 额 哦 噢 唔 哎 诶 那个 这个 然后 后面是 后面 前面是 中间是 接着是 接着 再 是 对 杠 横杠 减 空格 空 点儿 呢 哈
"""
_FILLER: Final = "|".join(_FILLERS.split())
_GAP: Final = re.compile(rf"(?:[\s\-·.,，、。…~_/()（）;；:：]|{_FILLER}){{0,8}}")
_SOFT: Final = re.compile(rf"[,，、。…;；:：]|{_FILLER}")
_A_WORD: Final = re.compile("一[起下定般样直共旦边会律致切向味再线方块些个条路点手次种位家台]|两[个位条家台次种]")
_NAMED: Final = re.compile(r"张三|李四(?!零零)|王五|赵六|[老小阿][二三四五六七八九]")
_BEFORE: Final = re.compile(r"(?:周|星期|礼拜|第|初|统|唯|之|万|专|单|同|逐|合)$")
_LOOSE: Final = 7
_OF_A_DATE: Final = 4
_UNITS: Final = tuple("年月日号点楼栋室层")
"""Behind so few digits: they belong to a date or an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Digits without a gap. `loose`: a row may be cut before it, `pause`: for it comes behind a pause. `said`: no written digit;
    `read`: it holds tens or hundreds.
    """

    digits: str
    span: Span
    said: bool
    loose: bool
    pause: bool
    read: bool


Row = tuple[Group, ...]


@dataclass(slots=True)
class _Digit:
    digits: str
    start: int
    end: int
    said: bool
    radio: bool
    read: bool


def rows(line: str) -> Iterator[Row]:
    """The rows of a folded sentence with at least five digits, from left to right."""
    row: list[Group] = []
    for run in _runs(line):
        group = Group(
            digits="".join(one.digits for one in run), span=(run[0].start, run[-1].end), said=all(one.said for one in run),
            loose=not row or _loose(line, row[-1], run),
            pause=not row or _SOFT.search(line, row[-1].span[1], run[0].start) is not None, read=any(one.read for one in run),
        )  # fmt: skip
        if row and _GAP.fullmatch(line, row[-1].span[1], group.span[0]) is None:
            yield from _long(row)
            row = []
        row.append(group)
    yield from _long(row)


def _long(row: list[Group]) -> Iterator[Row]:
    if sum(len(group.digits) for group in row) >= 5:
        yield tuple(row)


def _loose(line: str, before: Group, run: list[_Digit]) -> bool:
    """Pauses and long groups part rows; a blank or a dash between short written groups does not."""
    between = line[before.span[1] : run[0].start]
    if before.said != run[0].said or _SOFT.search(between):
        return True
    if between == "." and not before.said:
        return False  # a decimal, or a number parted by points
    size = sum(len(one.digits) for one in run)
    return bool(between) and (max(len(before.digits), size) >= _LOOSE or (before.said and run[0].said))


def _runs(line: str) -> Iterator[list[_Digit]]:
    """Neighbouring digits of one script; said ones that belong to another word are left out."""
    run: list[_Digit] = []
    for one in _digits(line):
        if run and (one.start != run[-1].end or one.said != run[-1].said):
            yield from _trimmed(line, run)
            run = []
        run.append(one)
    yield from _trimmed(line, run)


def _trimmed(line: str, run: list[_Digit]) -> Iterator[list[_Digit]]:
    if run and run[-1].said and _A_WORD.match(line, run[-1].end - 1):
        run = run[:-1]
    if run and run[0].said and _in_a_word(line, run[0].start):
        run = run[1:]
    if run and len(run) <= _OF_A_DATE and line[run[-1].end : run[-1].end + 1] in _UNITS:
        return
    if run and not all(one.radio for one in run):
        yield run


def _in_a_word(line: str, start: int) -> bool:
    """周三, 第一, 张三: the digit at `start` belongs to the word before it."""
    return _BEFORE.search(line[max(0, start - 2) : start]) is not None or _NAMED.match(line, max(0, start - 1)) is not None


def _digits(line: str) -> Iterator[_Digit]:
    for match in _TOKEN.finditer(line):
        text, start, end = match[0], match.start(), match.end()
        if match["run"]:
            times = {"俩": 2, "仨": 3}.get(match["times"]) or int(SAID.get(match["times"], match["times"]))
            digit = SAID.get(match["what"], match["what"])
            yield _Digit(digit * times, start, end, said=True, radio=False, read=False)
        elif match["digit"]:
            digit = text if text.isascii() else SAID.get(text) or _RADIO[text]
            yield _Digit(digit, start, end, said=digit != text, radio=text in _RADIO, read=False)
        else:
            yield _Digit(_read(text), start, end, said=True, radio=False, read=True)


def _read(text: str) -> str:
    """Tens, hundreds and thousands as the digits they are dictated for: 五十六 = 56, 一百三十八 = 138, 八千 = 8000."""
    if text.endswith("千"):
        return SAID[text[0]] + "000"
    hundred, _, rest = text.rpartition("百")
    head = SAID[hundred] if hundred else ""
    if "十" in rest:
        ten, _, one = rest.partition("十")
        return head + (SAID[ten] if ten else "1") + (SAID[one] if one else "0")
    rest = rest.removeprefix("零")
    return head + "0" + SAID[rest]
