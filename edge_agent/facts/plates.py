"""Licence plates (GA 36): province, letter, five places, or six for new energy; written, dictated, or both mixed.

The last place may be 挂 学 警 港 澳. I and O do not occur. 粤B D幺二三四五 = 粤BD12345. Value: capitals and digits without a dot.
"""

import re
from collections.abc import Iterator
from typing import Final

from edge_agent.domain.notes import FactKind
from edge_agent.facts.cues import cue
from edge_agent.facts.identifiers import Identifier
from edge_agent.facts.rows import SAID

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_LETTERS: Final = {"诶": "A", "欸": "A", "必": "B", "毕": "B", "西": "C", "迪": "D", "弟": "D", "伊": "E", "鸡": "G"}
_HEAD: Final = re.compile(
    rf"(?P<province>[{PROVINCES}])(?:牌的?)?[\s·.\-,，、]?(?:(?P<letter>[A-HJ-Za-hj-z])|(?P<heard>[{''.join(_LETTERS)}]))"
)
_PLACE: Final = re.compile(
    r"(?:[\s·.\-,，、…]|[嗯呃啊额哦]|然后|那个|杠){0,3}(?:(?P<run>[两二三四五2-5])个(?P<what>[零一二三四五六七八九幺0-9])|(?P<one>[A-HJ-NP-Za-hj-np-z0-9零〇一二三四五六七八九幺两洞拐勾]))"
)
_RADIO: Final = {"洞": "0", "拐": "7", "勾": "9", "〇": "0"}
_LAST: Final = re.compile(r"(?:[\s·.\-,，、…]|[嗯呃啊额哦]|那个){0,3}(?P<last>[挂学警港澳])(?!车|生|校|费|员|了|上)")
_NO_PROVINCE: Final = {
    "新": "全最更刷创重崭清",
    "云": "里为讯乌多风白",
    "贵": "很太最更不宝尊珍",
    "青": "年",
    "川": "米",
    "宁": "安苏",
    "吉": "大",
    "京": "东",
}
_SERIAL: Final = re.compile(r"[A-HJ-NP-Z0-9]{5}")
_ENERGY: Final = re.compile(r"[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJK]")
_ENDS: Final = re.compile(r"[A-Za-z0-9]")
_CALLED: Final = re.compile(r"车牌|牌照|牌号|车号|车是|挂牌")


def find(line: str) -> Iterator[Identifier]:
    """The plates of a folded sentence."""
    behind = 0
    for head in _HEAD.finditer(line):
        start = head.start()
        called = _CALLED.search(line[max(0, start - 10) : start]) is not None
        if start < behind or (line[start - 1 : start] or " ") in _NO_PROVINCE.get(head["province"], ""):
            continue
        found = _serial(line, head.end())
        if found is None or (head["heard"] and not (called or (head["heard"] in "诶欸" and found[0][:4].isdigit()))):
            continue
        said = cue(line, start, found[1])
        if said.kind == "other" and said.tight and not called:
            continue
        serial, behind = found
        letter = head["letter"].upper() if head["letter"] else _LETTERS[head["heard"]]
        yield Identifier(
            kind=FactKind.PLATE,
            value=f"{head['province']}{letter}{serial}",
            span=(start, behind),
            confidence=0.97 if called else 0.92,
        )


def _serial(line: str, at: int) -> tuple[str, int] | None:
    """Five or six places from `at` on, and where they end."""
    text, ends = "", [at]
    while len(text) < 7:
        place = _PLACE.match(line, ends[-1])
        if place is None:
            break
        if place["run"]:
            text += SAID.get(place["what"], place["what"]) * int(SAID.get(place["run"], place["run"]))
        else:
            text += _RADIO.get(place["one"]) or SAID.get(place["one"], place["one"]).upper()
        ends += [place.end()] * (len(text) + 1 - len(ends))
    for size in (6, 5, 4):
        if len(text) < size:
            continue
        serial, end = text[:size], ends[size]
        pause = line[ends[size - 1] : end - 1]  # a new one before the last place, with more behind it: that begins something else
        reads_on = len(text) > size and pause not in {"", line[ends[size - 2] : ends[size - 1] - 1]}
        if size == 6 and _ENERGY.fullmatch(serial) and not reads_on and not _goes_on(line, text, size, end):
            return serial, end
        if size == 5 and _SERIAL.fullmatch(serial) and any(c.isdigit() for c in serial) and not _goes_on(line, text, size, end):
            return serial, end
        last = _LAST.match(line, end) if size == 4 else None
        if last is not None and any(c.isdigit() for c in serial):
            return serial + last["last"], last.end()
    return None


def _goes_on(line: str, text: str, size: int, end: int) -> bool:
    """Whether more of the same follows without a gap: then it is another kind of number."""
    following = line[end : end + 1]
    if _ENDS.match(following):
        return True
    return (
        len(text) > size
        and following in SAID
        and line[end - 1] in SAID
        and not line.startswith(("一起", "一下", "一会", "一直", "一辆", "一台", "两辆"), end)
    )
