"""Which spoken clauses ask something, so that they can end in a question mark.

Mandarin marks a question by a particle (吗), by A-not-A (行不行), by a question word, or by the voice alone; the last is not seen
here. What only holds a question (我不知道行不行) or counts with its words (没什么, 什么都) asks nothing. 吧 asks after 是 and 对.
"""

import re
from typing import Final

PARTICLE: Final = re.compile(
    r"吗$|(?:^|[^好])[对是]吧$|^(?:那|那么)?(?:您|你)?(?:这)?是.{2,}吧$|.[^要都也还]不$|[有了过到].*没(?:有|得)?$"
)
EITHER: Final = re.compile(r"([^\W\d_差好])不\1|有没有|是否|(?:^|[您你])是.+还是")
WORD: Final = re.compile(r"什么|[啥谁咋]|怎么|怎样|为何|干嘛|多少|多[久大长远高]|哪[^怕]|哪$|几[点号个天年家张位]")
HELD: Final = re.compile(
    r"不知道|不清楚|不晓得|不管|无论|不论|随便|忘了|(?<![您你])看看?|问问|问一下|考虑|确认|告诉|我.{0,4}[说知].{0,2}|讲讲|没|不|该|[都也才就]"
)
"""What makes a question part of a statement when it stands before it."""
COUNTED: Final = re.compile(r"^.{0,4}[都也]|^的(?!$)|^.?[块百千万多]")
"""The same when it comes right after a question word."""


def asks(text: str) -> bool:
    """Whether the last clause of a text asks something. Yes only where it is plain."""
    clause = re.split(r"[，。？！；：\s]", text.strip("，。？！；： "))[-1]
    if not clause or clause.endswith("吧"):
        return bool(PARTICLE.search(clause)) and clause != "是吧"
    if PARTICLE.search(clause):
        return not clause.startswith(("我", "还", "没")) or clause.endswith("吗")
    either = EITHER.search(clause)
    if either:
        return not HELD.search(clause[: either.start()])
    word = WORD.search(clause)
    if word:
        return not HELD.search(clause[: word.start()]) and not COUNTED.search(clause[word.end() :])
    return clause.endswith("呢") and len(clause) <= 4
