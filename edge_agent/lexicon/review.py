"""The closed schemas of `mood.toml` and `claims.toml`: what a review of a finished talk looks for in its text.

A cue of mood is a match table as events have it, with a weight instead of a severity; words of claims are plain lists. Both are
laid over each other like the rest of the lexicon: a company's cue replaces the built-in one of the same id, its lists are added.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from edge_agent.lexicon.match import Code, Id, Match, Name

if TYPE_CHECKING:
    from edge_agent.lexicon.model import Event

Weight = Annotated[float, Meta(ge=-1, le=1)]
Factor = Annotated[float, Meta(gt=0, le=2)]


class Cue(Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something a customer says that tells of a mood. Contexts of the file's `contexts_off` count, but for those in `despite`."""

    id: Code
    zh: Name
    weight: Weight
    kind: Literal["feeling", "probing", "leaving"] = "feeling"
    """`probing` tests the rep and is no sign of leaving; `leaving` is one."""
    flips: bool = False
    """Negated it tells the opposite, more weakly (不满意); without this a negated cue tells nothing."""
    despite: list[str] = msgspec.field(default_factory=list)

    def as_match(self, off: Collection[str], on: Collection[str] = ()) -> Match:
        """The match table alone, in these contexts besides its own."""
        given = {name: getattr(self, name) for name in Match.__struct_fields__}
        given["contexts_off"] = list(dict.fromkeys([*self.contexts_off, *(name for name in off if name not in self.despite)]))
        given["contexts_on"] = list(dict.fromkeys([*self.contexts_on, *on]))
        return Match(**given)


class MoodExamples(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sentences of customers, each of which must come out as the list says."""

    positive: list[Name] = []
    negative: list[Name] = []
    neutral: list[Name] = []
    probing: list[Name] = []
    leaving: list[Name] = []


class MoodFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`degrees`: word beside a cue -> factor; `contrasts`: what stands before one counts half."""

    contexts_off: list[str] = []
    degrees: dict[str, Factor] = {}
    contrasts: list[Name] = []
    events: dict[Id, Weight] = {}
    """Events the customer brings about by their own words, and what each weighs."""
    cue: list[Cue] = []
    examples: MoodExamples = MoodExamples()


class ClaimWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words by which a claim is known for what it is; `parameters`: attribute code -> how it is called."""

    in_stock: list[Name] = []
    out_of_stock: list[Name] = []
    remaining: list[Name] = []
    only: list[Name] = []
    price: list[Name] = []
    no_price: list[Name] = []
    refused: list[Name] = []
    """Beside an amount: the rep does not give it (给不了)."""
    not_stated: list[Name] = []
    """In front of an amount: denied, dreamt of, or what somebody else says (没说, 做梦, 客户说)."""
    reduced: list[Name] = []
    arrive: list[Name] = []
    dispatch: list[Name] = []
    install: list[Name] = []
    hedges: list[Name] = []
    conditions: list[Name] = []
    withdrawn: list[Name] = []
    elsewhere: list[Name] = []
    ours: list[Name] = []
    pointing: list[Name] = []
    contexts_off: list[str] = []
    parameters: dict[Code, list[Name]] = {}
    qualifiers: dict[Code, list[Name]] = {}
    """Kinds of price or discount that are not the ordinary one: code -> how it is called (会员价)."""


Fault = tuple[str, str, str, str]


def laid_over(old: MoodFile, new: MoodFile) -> MoodFile:
    """A company's file over the built-in one."""
    return MoodFile(
        contexts_off=_joined(old.contexts_off, new.contexts_off),
        degrees=old.degrees | new.degrees,
        contrasts=_joined(old.contrasts, new.contrasts),
        events=old.events | new.events,
        cue=list({cue.id: cue for cue in [*old.cue, *new.cue]}.values()),
        examples=MoodExamples(
            **{name: _joined(getattr(old.examples, name), getattr(new.examples, name)) for name in _LISTS}
        ),
    )  # fmt: skip


def added(old: ClaimWords, new: ClaimWords) -> ClaimWords:
    """The words of both."""
    both: dict[str, object] = {}
    for name in ClaimWords.__struct_fields__:
        mine, theirs = getattr(old, name), getattr(new, name)
        if isinstance(mine, dict):
            both[name] = {key: _joined(mine.get(key, []), theirs.get(key, [])) for key in {**mine, **theirs}}
        else:
            both[name] = _joined(mine, theirs)
    return msgspec.convert(both, ClaimWords)


def spoken(words: ClaimWords, read: Callable[[str], str]) -> ClaimWords:
    """The words as they stand in speech once it is folded; names of contexts and codes stay."""
    given: dict[str, object] = {}
    for name in ClaimWords.__struct_fields__:
        value = getattr(words, name)
        if isinstance(value, dict):
            given[name] = {code: [read(word) for word in listed] for code, listed in value.items()}
        else:
            given[name] = list(value) if name == "contexts_off" else [read(word) for word in value]
    return msgspec.convert(given, ClaimWords)


def faults(mood: MoodFile, claims: ClaimWords, events: "Mapping[str, Event]", contexts: Collection[str]) -> Iterator[Fault]:
    """What only shows with the rest of the lexicon: (entry, key, message, remedy)."""
    for name in mood.events:
        event = events.get(name)
        if event is None or event.kind != "occurrence" or event.speaker != "customer":
            yield "mood", name, f"`{name}` is no event of the customer's own words", "name an occurrence of the customer"
    named = [("mood", mood.contexts_off), ("claims", claims.contexts_off)]
    for entry, names in [*named, *((f"cue {cue.id}", cue.despite) for cue in mood.cue)]:
        for name in names:
            if name not in contexts:
                yield entry, "contexts_off", f"unknown context `{name}`", "define it in terms.toml or correct its name"
    for cue in mood.cue:
        if not (cue.phrases or cue.whole or cue.combos or cue.together or cue.patterns):
            yield f"cue {cue.id}", "phrases", "has nothing to match", "add phrases, whole, combos, together or patterns"
        if cue.after:
            yield f"cue {cue.id}", "after", "a cue stands alone", "remove it"


def short_answers(mood: MoodFile, backchannels: Collection[str]) -> Iterator[Fault]:
    """A short answer tells no mood: 嗯 or 好 may not be a cue."""
    for cue in mood.cue:
        for word in [*cue.phrases, *cue.whole]:
            if word in backchannels:
                yield f"cue {cue.id}", "whole", f"`{word}` is a bare answer", "a short answer tells no mood; remove it"


def _joined(old: list[str], new: list[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


_LISTS = MoodExamples.__struct_fields__
