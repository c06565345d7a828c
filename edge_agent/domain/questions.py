"""Whether a Mandarin sentence asks, and how: an open question wants to be told something, a closed one wants yes, no or a choice.

Recognised speech has few question marks, so the words decide: a question word that asks (什么, 怎么, 哪, 多少 …) makes it open;
a final particle (吗, 吧 after a guess) or a verb with its own negation (是不是, 能不能, 有没有, 行不行) makes it closed. A
question word that asks nothing (没什么, 怎么也, 多少都) and one that is only told of (我看看有什么) do not count. A
written ？ always does.
"""

import re
from enum import StrEnum
from typing import Final


class Asking(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


_SENTENCES: Final = re.compile(r"[^。？！?!；;]+[。？！?!；;]*")
_OPEN: Final = re.compile(
    r"什么|啥|怎么|怎样|为何|咋|哪(?!怕|吒)|谁|几(?=[个台箱件位家天年月次点级号套支盒款种口张])|多少|多久|多大|多长|多远|多高|如何|何时"
)
_CLOSED: Final = re.compile(
    r"[吗么]$|不$|没得$|是不是|有没有|能不能|会不会|要不要|可不可以|行不行|好不好|对不对|方不方便|是否|(.)不\1(?![的都，])|"
    r"对吧$|(?:的|是.{1,8}|不用.{1,6})吧$|(?<!还)(?:没有|没)$|^.{1,3}呢$|(?:是|有|定|走|要).{0,8}还是.{1,8}$|要么.+要么"
)
_NOT_ASKED: Final = re.compile(
    r"(?:没|没有|不管|无论|不论|随便|任)[^，]{0,4}(?:什么|啥|怎么|哪|谁|多少|几)|(?:什么|怎么|哪|谁|多少|啥)[^，]{0,6}(?:都|也)|"
    r"(?:不知道|不清楚|不晓得)[^，]*|还没有?$|多少是多少|谁敢|哪儿?(?:清楚|知道|敢)|什么的|怎么说呢|那什么|[没不](?:怎么|咋)|想问问?您?|"
    r"(?:看|看看|知道|清楚|明白|告诉您|说一下|介绍一下|讲一下|听听)[^，]{0,8}(?:什么|怎么|哪|谁|多少|如何|是否|是不是)|"
    r"^是不是$|不是不|不得不|动不动|(?:有|会|就)几|差不多|要不$|对不$"
)
_TAIL: Final = re.compile(r"[\s，、,。？！?!；;…]+$")
_CLAUSE: Final = re.compile(r"[，。？！；：\s]")
_SOFT: Final = re.compile(r"(?:啊|呀|呢|哈|哦|嘛)+$")


def asking(text: str) -> list[Asking]:
    """What each sentence of `text` asks, in order; sentences that ask nothing are left out."""
    return [kind for sentence in _SENTENCES.findall(text) if (kind := _kind(sentence)) is not None]


def _kind(sentence: str) -> Asking | None:
    marked = "？" in sentence or "?" in sentence
    bare = _TAIL.sub("", sentence)
    asked = _NOT_ASKED.sub("", bare)
    last = asked.rpartition("，")[2] or asked
    if _OPEN.search(asked) and (marked or _OPEN.search(last)):
        return Asking.OPEN
    if _CLOSED.search(last) or _CLOSED.search(_SOFT.sub("", last)) or marked:
        return Asking.CLOSED
    return None


def asks(text: str) -> bool:
    """Whether the last clause of a text asks something."""
    return bool(asking(_CLAUSE.split(text.strip("，。？！；： "))[-1]))
