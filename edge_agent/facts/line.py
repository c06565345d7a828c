"""A sentence as it is searched: folded without moving a character, and where a number character is no number.

Full-width digits, letters and signs become plain ones where that is one character for one; offsets stay those of the text.
A full-width comma stays: it is a pause, and no part of a number as in 1,200.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

Span = tuple[int, int]
"""Half-open character offsets."""

_ALIKE: Final = str.maketrans("〇○－–—﹣−萬億•・‧∙", "零零-----万亿····")
_BANKERS: Final = re.compile(r"[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,}")
_PLAIN: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_SET_PHRASES: Final = """
    一起 一下 一点点 一些 一定 一般 一样 一直 一旦 一共 一边 一会 一律 一致 一切 一向 一味 一再 一线 一方面 一块儿 一步一步
    一路 一生 一心 一流 一体 一手 一面 一同 一带一路 一五一十 一举两得 一模一样 一清二楚 一石二鸟 一来二去 一干二净 一年一度
    一分钱一分货 一分价钱一分货 独一无二 说一不二 三七二十一 三心二意 三三两两 三番五次 三番两次 三言两语 三天两头 三长两短
    三十而立 三十六计 朝三暮四 举一反三 接二连三 再三 丢三落四 推三阻四 低三下四 不三不四 颠三倒四 五花八门 五湖四海 四面八方
    四通八达 四平八稳 七上八下 乱七八糟 七嘴八舌 七七八八 横七竖八 杂七杂八 八九不离十 九牛一毛 九九归一 十全十美 十有八九
    十万火急 百里挑一 百闻不如一见 千篇一律 千方百计 千千万万 千万 万一 万万 成千上万 千辛万苦 千家万户 万无一失 万众一心
    一千零一夜 三百六十行 五十步笑百步 半斤八两 半信半疑 一知半解 一时半会 三更半夜 大半 多半 一半 另一半 两全其美
"""
_IDIOM: Final = re.compile(
    "(?<![一二两三四五六七八九十百千几0-9])(?:" + "|".join(sorted(_SET_PHRASES.split(), key=len, reverse=True)) + ")"
)
_MOSTLY: Final = re.compile(r"(?<![一二两三四五六七八九0-9几])十分(?!钟|之)")


@lru_cache(maxsize=4096)
def _one(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) == 1 else char


def fold(text: str) -> str:
    """The same sentence, the same length, one way of writing each character."""
    even = "".join(char if char < "\x80" or char == "，" else _one(char) for char in text).translate(_ALIKE)
    return _BANKERS.sub(lambda m: m[0].translate(_PLAIN) if re.search(r"[壹-龥]", m[0]) else m[0], even)


def idioms(line: str) -> list[Span]:
    """Where number characters are part of a set phrase."""
    return [m.span() for pattern in (_IDIOM, _MOSTLY) for m in pattern.finditer(line)]


def free(span: Span, taken: Iterable[Span]) -> bool:
    """Whether `span` touches none of `taken`."""
    return not any(start < span[1] and span[0] < end for start, end in taken)


def gaps(taken: Iterable[Span], length: int) -> Iterator[Span]:
    """What lies between the spans `taken`."""
    at = 0
    for start, end in sorted(taken):
        if start > at:
            yield at, start
        at = max(at, end)
    if at < length:
        yield at, length
