"""A sentence cut into words: the longest known word or number at each place; what nobody knows is asked about.

Half and full width, upper and lower case are one (NFKC). Names in 「」 or quotes are exact. An event is resolved here: the side
named right before it must be the one that does it, a side named earlier only helps to choose between two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from edge_agent.lexicon.notation import fold
from edge_agent.rulebook.keywords import KEYWORDS, VAGUE
from edge_agent.rulebook.measures import measure
from edge_agent.rulebook.names import Book, silence
from edge_agent.rulebook.questions import ask
from edge_agent.rulebook.scope import refuse

LONGEST: Final = 400
_QUOTED: Final = re.compile(r"[「『“\"'‘《]([^」』”\"'’》]+)[」』”\"'’》]")
_ID: Final = re.compile(r"[a-z]+\.[a-z0-9_]+")
_BROKEN: Final = re.compile("[\ud800-\udfff]")
_SPACE: Final = re.compile(r"\s+")
_DONE: Final = re.compile("^.(?:过了|过|了)")
"""询过价 is 询价: what is done is said after the first character."""
_WORKDAYS: Final = re.compile(r"[0-9一二两三四五六七八九十]+个?工作日[内之]")
_BOUNDARIES: Final = frozenset({"EVENT", "FACT", "YESNO", "_AND", "_OR", "_C", "_DUN", "_DUNAND", "_WHEN", "_UNLESS", "_THEN"})
_ADVERBS: Final = frozenset({"WHO", "PER", "CONV"})
_OWNERS: Final = frozenset({"EVENT", "FACT", "YESNO"})
_DOING: Final = frozenset({"NOTIFY", "ESCALATE"})
_ACTIONS: Final = _DOING | {"BLOCK", "RECORD"}
_OR_DAY: Final = frozenset({"_OR", "_DUN", "_DUNAND"})
_OPENERS: Final = frozenset({"_WHEN", "WHO", "PER", "_UNLESS"})
_TELL_WHEN: Final = frozenset({"_AFTER", "_BEFORE", "_AROUND"})
_BETWEEN: Final = frozenset({"WHO", "_DUN", "_DUNAND", "_AND", "_TO"})
_CLAUSE_ENDS: Final = frozenset({"_AND", "_OR", "_C", "_WHEN", "_UNLESS", "_THEN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`kind` is the terminal of the grammar, `start` where it stands in the folded sentence.

    `about`: what was said of an event or fact besides (whose it is: WHO, PER; that it is in one conversation: CONV).
    """

    kind: str
    text: str
    value: object
    start: int
    about: tuple["Word", ...] = ()


def cut(sentence: str, book: Book) -> list[Word]:
    """The words of a rule, without those that carry no meaning.

    Raises:
        Asked: empty, too long, an unknown or vague word, one that no rule may use, an event that is not clear, `scope`.
    """
    if not sentence.isprintable() and _BROKEN.search(sentence):
        raise ask(
            "text",
            "有些字读不出来，请用 UTF-8 编码重新输入",
            "some characters cannot be read; give the sentence in UTF-8",
            choices=["当客户投诉，则提醒店长"],
        )
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
    joined = _joined(words)
    refuse(joined)
    kept = [word for word in joined if word.kind != "SKIP"]
    resolved = [_resolved(kept, place, book) if word.kind == "EVENT" else word for place, word in enumerate(kept)]
    return _attached(resolved)


def _attached(words: Sequence[Word]) -> list[Word]:
    """Whose something is goes with the event or fact it is said of: the next one in its clause, else the one before.

    A person beside what is done (提醒销售) is who is told, and stays.
    """
    owners: dict[int, list[Word]] = {}
    gone = set()
    for place, word in enumerate(words):
        if word.kind not in _ADVERBS or (word.kind == "WHO" and _is_told(words, place)):
            continue
        owner = _owner(words, place)
        if owner is not None:
            owners.setdefault(owner, []).append(word)
            gone.add(place)
    return [
        replace(word, about=tuple(owners[place])) if place in owners else word
        for place, word in enumerate(words)
        if place not in gone
    ]


def _is_told(words: Sequence[Word], place: int) -> bool:
    before = next((w.kind for w in reversed(words[:place]) if w.kind not in _BETWEEN), "")
    after = words[place + 1].kind if place + 1 < len(words) else ""
    return before in _DOING or after in _DOING


def _owner(words: Sequence[Word], place: int) -> int | None:
    for later in range(place + 1, len(words)):
        if words[later].kind in _OWNERS:
            return later
        if words[later].kind in _CLAUSE_ENDS:
            break
    return next((earlier for earlier in range(place - 1, -1, -1) if words[earlier].kind in _OWNERS), None)


def _joined(words: Sequence[Word]) -> list[Word]:
    """Small words that mean something else where they stand; what says nothing there becomes `SKIP`."""
    found: list[Word] = []
    both = acted = False
    for word in words:
        before = next((w.kind for w in reversed(found) if w.kind != "SKIP"), "_WHEN")
        kind = word.kind
        if both and word.text in ("又", "也", "还"):  # 既A又B
            kind, both = "_AND", False
        elif word.text == "处理" and before in ("WHO", *_DOING):  # 提醒店长处理: told is all there is
            kind = "SKIP"
        elif (kind == "_INSIDE" and before == "CONV") or (word.text == "同时" and before in _OPENERS):
            kind = "SKIP"  # 一次通话中；客户同时……
        elif kind == "_WHEN" and not acted and before in ("_C", "_AFTER"):  # 投诉后，如果……
            kind = "SKIP"
        if kind == "DAY" and len(found) > 1 and found[-1].kind in _OR_DAY and found[-2].kind == "DAY":  # 周六或周日
            days = [*cast("list[int]", found[-2].value), *cast("list[int]", word.value)]
            found[-2:] = [replace(found[-2], text=found[-2].text + found[-1].text + word.text, value=days)]
            continue
        both = both or word.text == "既"
        acted = acted or kind in _ACTIONS
        found.append(word if kind == word.kind else replace(word, kind=kind))
    return found


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
        if _DONE.match(said) and (name := said[0] + _DONE.sub("", said)) in book.words:
            return Word(kind="EVENT", text=said, value=book.words[name], start=place)
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
                f"“{word.text}”没有说清楚，请写明确的{word.value}",
                f"`{word.text}` is not definite: say exactly what is meant",
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


def _resolved(words: Sequence[Word], place: int, book: Book) -> Word:
    """The event meant. 客户在报价后……: the side before what only tells when may be that of the rest."""
    word = words[place]
    subject = carried = ""
    near = True
    for earlier in reversed(words[:place]):
        near = near and earlier.kind not in _BOUNDARIES
        if earlier.kind == "WHO" and near:
            subject = str(earlier.value)
        elif earlier.kind in ("WHO", "PER"):
            carried = {"account": "customer"}.get(str(earlier.value), str(earlier.value))
        if subject or carried:
            break
    meanings = cast("list[tuple[str, ...]]", word.value)
    said = word.text.strip("「」『』“”\"'‘’《》")
    if place + 1 < len(words) and words[place + 1].kind in _TELL_WHEN and not book.done_by(meanings, subject):
        subject = ""
    return replace(word, value=book.resolved(said, meanings, subject, carried))
