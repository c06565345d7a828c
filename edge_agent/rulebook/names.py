"""What the words of the business mean: events by name, id and everyday word; facts by name; rows as the catalogue counts them.

A name without its 客户 or 销售 in front is a name too; words of `names.toml` come before such shortened ones. Derived names that
spell out a count or a "not" (30天内3次投诉, 未告知录音) are only names in quotes 「」: unquoted they are read as what they say.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from edge_agent.lexicon.check import SILENT
from edge_agent.lexicon.model import Event, FactKind, Lexicon, refs
from edge_agent.lexicon.notation import fold
from edge_agent.rulebook.keywords import KEYWORDS
from edge_agent.rulebook.nearest import nearest
from edge_agent.rulebook.questions import Suggestion, ask

_SUBJECT: Final = re.compile(r"^(?:客户|销售)(?=.{2})")
_NOTE: Final = re.compile(r"\([^)]*\)")
_COUNTED: Final = re.compile(r"[0-9]+(?:次|天|小时|h)|首次|连续")
_NOT: Final = ("未", "没", "无")
AGREED: Final = frozenset({"closing.next_step_agreed", "product.demo_accepted"})
"""It takes two: said of the one who agrees, and of the one who got it agreed (销售没有约定下一步)."""
_VOICES: Final = {"rep": "销售", "customer": "客户"}

Events = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """How the catalogue counts this event in a row."""

    opportunity: list[str]
    within_turns: int | None
    reset_by: list[str]


class Book:
    """The vocabulary of one lexicon. Rules themselves are not in it: a rule never builds on a rule."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.events: Mapping[str, Event] = {i: e for i, e in lexicon.events.items() if e.family != "rule"}
        self.facts: Mapping[str, FactKind] = {fact.name: fact for fact in lexicon.facts}

    @cached_property
    def exact(self) -> Mapping[str, list[Events]]:
        """Quoted names: the event's own Chinese name or id, else a word of `names.toml`."""
        found: dict[str, list[Events]] = {}
        for event in self.events.values():
            found.setdefault(fold(event.zh), []).append((event.id,))
            found[event.id] = [(event.id,)]
        for word, meanings in self._business.items():
            found.setdefault(word, meanings)
        return found

    @cached_property
    def words(self) -> Mapping[str, list[Events]]:
        """Unquoted names; several meanings = the subject decides, or it is asked."""
        found = dict(self._business)
        for event in self.events.values():
            name = _NOTE.sub("", fold(event.zh))
            if _COUNTED.search(name):
                continue
            for said in {name, _SUBJECT.sub("", name)}:
                if said == name and _SUBJECT.match(name):
                    continue
                if said not in self._business:
                    found.setdefault(said, []).append((event.id,))
        denied = [said for said in found if said.startswith(_NOT) and said.lstrip("".join(_NOT)) in found]
        return {said: meanings for said, meanings in found.items() if said not in denied}

    @cached_property
    def longest(self) -> int:
        """Characters of the longest word there is."""
        return max(map(len, [*self.words, *self.fact_words, *KEYWORDS]))

    @cached_property
    def fact_words(self) -> Mapping[str, str]:
        return {fold(word): fact.name for fact in self.facts.values() for word in fact.zh}

    @cached_property
    def rows(self) -> Mapping[frozenset[str], RowShape]:
        """What the catalogue's own n-in-a-row events say about their `of`."""
        return {
            frozenset(refs(t.of)): RowShape(
                opportunity=refs(t.opportunity), within_turns=t.within_turns if t.opportunity else None, reset_by=refs(t.reset_by)
            )
            for event in self.events.values()
            if (t := event.temporal).n_in_a_row is not None
        }

    @cached_property
    def _spoken(self) -> Mapping[str, str]:
        """Every name in Chinese with an event it means, for suggestions."""
        return {**{w: m[0][0] for w, m in self.words.items()}, **{fold(e.zh): e.id for e in self.events.values()}}

    @cached_property
    def _business(self) -> Mapping[str, list[Events]]:
        found: dict[str, list[Events]] = {}
        for entry in self.lexicon.names:
            known = tuple(event for event in entry.events if event in self.events)
            for word in entry.says if known else ():
                meanings = found.setdefault(fold(word), [])
                if known not in meanings:
                    meanings.append(known)
        return found

    def resolved(self, said: str, meanings: Sequence[Events], subject: str, carried: str) -> Events:
        """The one meaning; `subject` must have said it, `carried` only helps to choose.

        Raises:
            Asked: nobody of that side says it, two events fit, or the event marks silence.
        """
        fitting = list(dict.fromkeys(e for e in (self._of(m, subject) for m in meanings) if e)) if subject else list(meanings)
        fitting = fitting or [meaning for meaning in meanings if subject in _VOICES and AGREED.issuperset(meaning)]
        if not fitting:
            raise self._wrong_side(said, meanings, subject)
        if len(fitting) > 1 and carried:
            fitting = [e for e in (self._of(m, carried) for m in fitting) if e] or fitting
        if len(fitting) > 1:
            choices = [f"「{self.events[code].zh}」" for meaning in fitting for code in meaning]
            raise ask(
                "which-event",
                f"“{said}”可以指几件不同的事，您指哪一件？",
                f"`{said}` fits several events; which one is meant?",
                at=said,
                choices=choices,
                suggestions=[self._suggestion(code, 1.0) for meaning in fitting for code in meaning],
            )
        if SILENT & set(fitting[0]):
            raise silence(said)
        return fitting[0]

    def done_by(self, meanings: Sequence[Events], side: str) -> bool:
        """Whether that side does any of these; "" is anybody."""
        return not side or any(self._of(meaning, side) or AGREED.issuperset(meaning) for meaning in meanings)

    def unknown(self, said: str) -> Exception:
        """Nobody knows this word: the nearest events and facts."""
        known = {code: code for code in self.events} if said.isascii() else self._spoken
        scored = nearest(said, known)
        suggestions = [self._suggestion(code, score) for code, score in scored]
        choices = [f"「{s.zh}」" for s in suggestions]
        choices += [name for name, score in nearest(said, {w: w for w in self.fact_words}, most=2) if score >= 0.5]
        return ask(
            "unknown-event",
            f"不认识“{said}”，是不是下面的某一个？",
            f"`{said}` is no known event or fact; is it one of these?",
            at=said,
            choices=choices,
            suggestions=suggestions,
        )

    def label(self, events: Sequence[str]) -> str:
        """How these events are said back: one quoted word where there is one, else each by its own name."""
        wanted = tuple(events)
        for word, meanings in self._business.items():
            if len(wanted) > 1 and meanings == [wanted] and self.exact.get(word) == [wanted]:
                return f"「{word}」"
        names = [self._own_name(code) for code in wanted]
        return names[0] if len(names) == 1 else f"（{'或'.join(names)}）"

    def _own_name(self, code: str) -> str:
        event = self.events.get(code)
        return f"「{event.zh}」" if event is not None and self.exact.get(fold(event.zh)) == [(code,)] else f"「{code}」"

    def _of(self, meaning: Events, side: str) -> Events:
        return tuple(code for code in meaning if side == "either" or self.events[code].speaker in (side, "either", "none"))

    def _suggestion(self, code: str, score: float) -> Suggestion:
        return Suggestion(event=code, zh=self.events[code].zh, score=round(score, 3))

    def _wrong_side(self, said: str, meanings: Sequence[Events], subject: str) -> Exception:
        codes = [code for meaning in meanings for code in meaning]
        sides = "、".join(dict.fromkeys(_VOICES.get(self.events[c].speaker, "任何人") for c in codes))
        if subject not in _VOICES:
            return ask(
                "speaker",
                "对话里只分得出客户和销售，分不出店长或合规",
                "a conversation knows the customer and the rep, nobody else",
                at=said,
                choices=["客户", "销售"],
            )
        return ask(
            "speaker",
            f"“{said}”是{sides}的行为，不是{_VOICES[subject]}的",
            f"`{said}` is not something the {subject} does",
            at=said,
            choices=[f"「{self.events[c].zh}」" for c in codes],
            suggestions=[self._suggestion(c, 1.0) for c in codes],
        )


def silence(said: str) -> Exception:
    """No rule builds on silence."""
    return ask(
        "silence",
        "沉默、停顿、话少、未读都不能说明什么，不能写进规则；请写客户说了什么",
        "silence is no evidence of anything and cannot stand in a rule; name what was said instead",
        at=said,
        choices=["「客户明确表示不感兴趣」", "「含糊拖延」"],
    )
