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
_TAGGED: Final = re.compile(
    r"(?:对吧|是吧|(?:^|[，,\s])(?:对不对|是不是|对吗|是吗|没错吧|好吧|您说呢|你说呢|明白吗|知道吧|懂吧))[啊呀哈哦嘛]*$"
)
"""A question that only asks to be agreed with."""
_EMPTY: Final = re.compile(
    r"^(?:嗯|哦|噢|啊|哎|诶|好|行|对|是|那|明白|了解|知道|清楚|收到|可以|谢谢|感谢|辛苦|不好意思|麻烦|请问|请|稍等|您说|您讲|您好|你好|"
    r"我看看|我看下|我记一下|我记下|我记着|好嘞|原来如此|这样|没事|没关系|没问题|[王李张刘陈]?[总哥姐叔]|老板|先生|女士|阿姨|您|的|了|呢|吧|呀|嘛|哈)*$"
)
"""Nothing but acknowledgement and courtesy."""
_TELLING: Final = re.compile(r"我们|咱们|本店|我们公司|这款|这台|这个产品|我这|它")
_SOFT: Final = re.compile(r"(?:啊|呀|呢|哈|哦|嘛)+$")


def asking(text: str) -> list[Asking]:
    """What each sentence of `text` asks, in order; sentences that ask nothing are left out."""
    return [kind for sentence in _SENTENCES.findall(text) if (kind := _kind(sentence)) is not None]


def questions_and_statements(text: str, *, answering: bool = False) -> tuple[int, int]:
    """How many sentences ask something of substance, and how many tell something.

    A question that only asks to be agreed with (…，对吧) is none, and then tells. Acknowledgement and courtesy tell nothing,
    except as an answer (`answering`: the other had asked). A clause about the product before a question tells as well.
    """
    asked = told = 0
    for sentence in _SENTENCES.findall(text):
        bare = _TAIL.sub("", sentence)
        if not bare:
            continue
        plain = _TAGGED.sub("", bare)
        if (_kind(sentence) if plain == bare else _kind(plain)) is not None:
            asked += 1
            told += any(_TELLING.search(c) and len(c) > _SHORT and _kind(c) is None for c in _CLAUSE.split(bare)[:-1])
        elif answering or not all(_EMPTY.match(clause) for clause in _CLAUSE.split(plain)):
            told += 1
    return asked, told


_SHORT: Final = 5


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
