"""A sentence cut into words: the longest known word or number at each place; what nobody knows is asked about.

Half and full width, upper and lower case are one (NFKC). Names in 「」 or quotes are exact. An event is resolved here: the side
named right before it must be the one that does it, a side named earlier only helps to choose between two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.lexicon.notation import fold
from edge_agent.rulebook.keywords import KEYWORDS, VAGUE
from edge_agent.rulebook.measures import measure
from edge_agent.rulebook.names import Book, silence
from edge_agent.rulebook.questions import ask

LONGEST: Final = 400
_QUOTED: Final = re.compile(r"[「『“\"'‘《]([^」』”\"'’》]+)[」』”\"'’》]")
_ID: Final = re.compile(r"[a-z]+\.[a-z0-9_]+")
_SPACE: Final = re.compile(r"\s+")
_WORKDAYS: Final = re.compile(r"[0-9一二两三四五六七八九十]+个?工作日[内之]")
_BOUNDARIES: Final = frozenset({"EVENT", "FACT", "YESNO", "_AND", "_OR", "_C", "_DUN", "_DUNAND", "_WHEN", "_UNLESS", "_THEN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`kind` is the terminal of the grammar, `start` where it stands in the folded sentence."""

    kind: str
    text: str
    value: object
    start: int


def cut(sentence: str, book: Book) -> list[Word]:
    """The words of a rule, without those that carry no meaning.

    Raises:
        Asked: empty, too long, an unknown or vague word, one that no rule may use, or an event that is not clear.
    """
    text = _SPACE.sub("", fold(sentence))
    if not text or len(text) > LONGEST:
        raise ask(
            "empty" if not text else "too-long",
            f"一条规则写一句话，不超过 {LONGEST} 字",
            f"a rule is one sentence of at most {LONGEST} characters",
            choices=["当客户投诉，则提醒店长"],
        )
    words, unknown = _scan(text, book)
    _refuse(words, text)
    if unknown:
        raise book.unknown(unknown[0])
    kept = [word for word in words if word.kind != "SKIP"]
    return [_resolved(word, kept[:place], book) if word.kind == "EVENT" else word for place, word in enumerate(kept)]


def _scan(text: str, book: Book) -> tuple[list[Word], list[str]]:
    words: list[Word] = []
    unknown: list[str] = []
    place = 0
    open_since = -1
    while place < len(text):
        word = _at(text, place, book)
        if word is None:
            open_since = place if open_since < 0 else open_since
            place += 1
            continue
        if open_since >= 0:
            unknown.append(text[open_since:place])
            open_since = -1
        words.append(word)
        place += len(word.text)
    if open_since >= 0:
        unknown.append(text[open_since:])
    return words, unknown


def _at(text: str, place: int, book: Book) -> Word | None:
    """The longest word that begins here; a name of the business before a small word of the same length."""
    quoted = _QUOTED.match(text, place)
    if quoted is not None:
        return _quoted(quoted[0], quoted[1], place, book)
    named = _ID.match(text, place)
    if named is not None:
        if named[0] not in book.events:
            raise book.unknown(named[0])
        return Word(kind="EVENT", text=named[0], value=[(named[0],)], start=place)
    for length in range(min(len(text) - place, book.longest), 0, -1):
        said = text[place : place + length]
        meanings = _meanings(said, book)
        number = measure(text, place) if length == 1 or meanings else None
        if number is not None and number.end - place > (length if meanings else 0):
            return Word(kind=number.kind, text=text[place : number.end], value=number.value, start=place)
        if meanings:
            return Word(kind=meanings[0][0], text=said, value=meanings[0][1], start=place)
    return None


def _meanings(said: str, book: Book) -> list[tuple[str, object]]:
    small = KEYWORDS.get(said, [])
    if small and small[0][0] == "REFUSED":
        return small
    if said in book.words:
        return [("EVENT", book.words[said])]
    if said in book.fact_words:
        kind = book.facts[book.fact_words[said]].unit
        return [("YESNO" if kind == "yesno" else "FACT", book.fact_words[said])]
    return small


def _quoted(whole: str, said: str, place: int, book: Book) -> Word:
    meanings = book.exact.get(said)
    if meanings is not None:
        return Word(kind="EVENT", text=whole, value=meanings, start=place)
    if said in book.words:
        return Word(kind="EVENT", text=whole, value=book.words[said], start=place)
    if said in book.fact_words:
        name = book.fact_words[said]
        return Word(kind="YESNO" if book.facts[name].unit == "yesno" else "FACT", text=whole, value=name, start=place)
    raise book.unknown(said)


def _refuse(words: Sequence[Word], text: str) -> None:
    for word in words:
        if word.kind == "REFUSED" and word.value == "silence":
            raise silence(word.text)
        if word.kind == "REFUSED":
            raise ask(
                "staff-emotion",
                "系统不判断员工的情绪；请写员工说了什么、做了什么",
                "the emotions of staff are never judged; name what they said or did",
                at=word.text,
                choices=["「粗鲁用语」", "「不耐烦」"],
            )
    for word in words:
        if word.kind == "VAGUE":
            raise ask(
                "vague",
                f"“{word.text}”是多少？请写明确的{word.value}",
                f"how much is `{word.text}`? give a figure",
                at=word.text,
                choices=VAGUE[str(word.value)],
            )
    found = _WORKDAYS.search(text)
    if found is not None:
        raise ask(
            "working-days",
            "设备没有节假日日历，请写自然日或小时",
            "there is no calendar of holidays here; give days or hours",
            at=found[0][:-1],
            choices=["3天内", "72小时内"],
        )


def _resolved(word: Word, before: Sequence[Word], book: Book) -> Word:
    subject = carried = ""
    near = True
    for earlier in reversed(before):
        near = near and earlier.kind not in _BOUNDARIES
        if earlier.kind == "WHO" and near:
            subject = str(earlier.value)
        elif earlier.kind in ("WHO", "PER"):
            carried = {"account": "customer"}.get(str(earlier.value), str(earlier.value))
        if subject or carried:
            break
    meanings: list[tuple[str, ...]] = word.value  # type: ignore[assignment]
    said = word.text.strip("「」『』“”\"'‘’《》")
    return replace(word, value=book.resolved(said, meanings, subject, carried))
