"""From a sentence to a rule, or to a question: cut it into words, parse them, and see whether there is exactly one reading.

Earley gives every parse; those that come to the same tree are one. Two trees = the sentence is ambiguous, and both are said back
to choose from. Nothing is guessed; only particles (`keywords`) say nothing, every other word must fit. lark is imported late.
"""

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge_agent.rulebook.building import Builder
from edge_agent.rulebook.names import Book
from edge_agent.rulebook.questions import Asked, Question, ask
from edge_agent.rulebook.saying import say
from edge_agent.rulebook.tree import Rule, excuse_has_two_times
from edge_agent.rulebook.words import Word, cut

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
_MOST: Final = 64
"""Readings looked at; a sentence with more is asked about by those."""
_AFTER_PART: Final = frozenset({"EVENT", "TIMES", "YES", "YESNO", "MONEY", "PERCENT", "DUR", "_RPAR"})
"""What a condition may end with."""
_BEHIND: Final = frozenset({"_THEN", "_UNLESS", "_AND", "_OR", "NOTIFY", "ESCALATE", "BLOCK", "RECORD"})
"""A comma before one of these joins no conditions."""
_EXAMPLES: Final = (
    "当客户连续3次回避演示且未约定下一步，则提醒店长",
    "当30天内同一客户询价不少于3次且未报价，则在2小时内上报",
    "当报价后6轮内客户提出价格异议，则提醒销售，除非已经给方案",
)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Either a rule with what it says, or a question."""

    rule: Rule | None = None
    said_back: str = ""
    question: Question | None = None


def read(sentence: str, book: Book) -> Reading:
    """Read one rule."""
    try:
        words = cut(sentence, book)
        rules = _readings(words, book)
    except Asked as asked:
        return Reading(question=asked.question)
    said = [say(rule, book) for rule in rules]
    if len(rules) > 1:
        question = Question(
            kind="reading",
            zh="这句话有几种意思，请加括号或选一种",
            en="this sentence can be read in more than one way; add brackets or choose one",
            choices=said[:4],
        )
        return Reading(question=question)
    return Reading(rule=rules[0], said_back=said[0])


def _readings(words: Sequence[Word], book: Book) -> list[Rule]:
    kinds = {word.kind for word in words}
    if not kinds & {"NOTIFY", "ESCALATE", "BLOCK", "RECORD"}:
        raise ask(
            "no-action", "满足条件以后做什么？", "what is done when it holds?",
            choices=["则提醒销售", "则提醒店长", "则上报合规", "则拦截", "则只记录"],
        )  # fmt: skip
    if not kinds & {"EVENT", "FACT", "YESNO", "DAY", "HOUR"}:
        raise ask("no-condition", "什么情况下触发？", "when should it happen?", choices=list(_EXAMPLES))
    found, asked = _parsed(words, book)
    if any(excuse_has_two_times(rule) for rule in found) and not any(one.kind == "CONV" for one in _excuse(words)):
        raise ask(
            "anchor",
            "“除非”是指数的那几天里，还是最后那一通对话里？",
            "unless it happened when: in the days that are counted, or in the conversation that completes the count?",
            choices=["……不少于3次（期间没有……）", "除非同一通对话里……"],
        )
    if found:
        return found
    if asked is not None:
        raise asked
    raise _trouble(words, book)


def _excuse(words: Sequence[Word]) -> list[Word]:
    """What is said of the events behind 除非 (or before 除外)."""
    place = next((n for n, word in enumerate(words) if word.kind == "_UNLESS"), 0)
    return [one for word in words[place:] for one in word.about]


def _parsed(words: Sequence[Word], book: Book) -> tuple[list[Rule], Asked | None]:
    """Every reading; if none is left, the first question that came up on the way."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415

    try:
        tree = _parser().parse(words)
    except UnexpectedInput:
        return [], None
    asked: list[Asked] = []
    rules = _built(tree, Builder(book), words, asked)
    return list(_distinct([r for r in rules if isinstance(r, Rule)])), asked[0] if asked else None


def _built(tree: Any, builder: Builder, words: Sequence[Word], asked: list[Asked]) -> list[Any]:
    """All values a part of the parse can have."""
    if not hasattr(tree, "children"):
        return [words[tree.start_pos]]
    if tree.data == "_ambig":
        return _distinct([value for child in tree.children for value in _built(child, builder, words, asked)])
    options = [_built(child, builder, words, asked) for child in tree.children]
    found = []
    for children in itertools.islice(itertools.product(*options), _MOST):
        try:
            found.append(getattr(builder, str(tree.data))(children))
        except Asked as question:
            asked.append(question)
    return _distinct(found)


def _distinct(values: Sequence[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _trouble(words: Sequence[Word], book: Book) -> Asked:
    """Why no reading: a comma where a connective belongs, a number that is missing, or a word that fits nowhere."""
    for place, word in enumerate(words):
        if word.kind == "_ROW" and not any(w.kind == "TIMES" for w in words[place + 1 : place + 4]):
            return ask("vague", "连续几次？", "how many in a row?", at=word.text, choices=["连续2次", "连续3次", "连续5次"])
    if any(word.kind in ("_STOP", "_SEMI") for word in words[:-1]) and sum(word.kind == "_WHEN" for word in words) > 1:
        return ask("two-rules", "这是几条规则，请一条一条写", "these are several rules; write them one by one", choices=_EXAMPLES)
    joint = _joint(words, book)
    if joint:
        return ask(
            "connective", f"“{joint}”中间是“且”还是“或”？", "is it `and` or `or` between these?",
            at=joint, choices=["且", "或", "之后"],
        )  # fmt: skip
    at = _stuck(words)
    return ask(
        "syntax",
        f"读到“{at}”这里看不懂了，请参照例子换一种写法" if at else "这句话没有写完，请参照例子",
        f"cannot be read from `{at}` on; compare the examples" if at else "the sentence is not complete; compare the examples",
        at=at,
        choices=_EXAMPLES,
    )


def _joint(words: Sequence[Word], book: Book) -> str:
    """Where nothing but an "and" is missing: at a comma, or between two words."""
    and_ = Word(kind="_AND", text="且", value=None, start=-1)
    commas = [n for n, word in enumerate(words[:-1]) if word.kind in ("_C", "_DUN") and words[n + 1].kind not in _BEHIND]
    if len(commas) > 1 and _parsed([and_ if n in commas else word for n, word in enumerate(words)], book)[0]:
        return "".join(w.text for w in words[max(commas[0] - 1, 0) : commas[0] + 2])
    for place, word in enumerate(words):
        comma = word.kind in ("_C", "_DUN")
        if not comma and (word.kind not in _AFTER_PART or place + 1 == len(words)):
            continue
        tried = [*words[: place + (not comma)], and_, *words[place + 1 :]]
        if _parsed(tried, book)[0]:
            return "".join(w.text for w in words[max(place - comma, 0) : place + 2])
    return ""


def _stuck(words: Sequence[Word]) -> str:
    from lark.exceptions import UnexpectedInput, UnexpectedToken  # noqa: PLC0415

    try:
        _parser().parse(words)
    except UnexpectedToken as error:
        place = error.token.start_pos
        return "".join(w.text for w in words[place : place + 3]) if place is not None else ""
    except UnexpectedInput:
        return ""
    return ""


@lru_cache(maxsize=1)
def _parser() -> "Lark":
    from lark import Lark, Token  # noqa: PLC0415
    from lark.lexer import Lexer  # noqa: PLC0415

    class Cut(Lexer):
        """The words are cut already."""

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, data: Sequence[Word]) -> Any:  # type: ignore[override]  # lark's interface for cut input
            for place, word in enumerate(data):
                yield Token(word.kind, word.text, start_pos=place)

    return Lark(GRAMMAR.read_text("utf-8"), parser="earley", lexer=Cut, ambiguity="explicit", maybe_placeholders=False)
