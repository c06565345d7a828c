"""A sentence that can be shown: what identifies a person is replaced by what it was, [电话] or [身份证]."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from edge_agent.domain.notes import Fact, FactKind, Notes
from edge_agent.domain.transcript import Transcript, Utterance
from edge_agent.facts.reading import find

MARKS: Final = {
    FactKind.PHONE: "[电话]", FactKind.ID_CARD: "[身份证]", FactKind.BANK_CARD: "[银行卡]", FactKind.PLATE: "[车牌]",
    FactKind.PASSPORT: "[护照]", FactKind.EMAIL: "[邮箱]", FactKind.ACCOUNT: "[账号]", FactKind.UNCLEAR: "[号码]",
}  # fmt: skip

_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def mask(text: str, facts: Sequence[Fact]) -> str:
    """`text` with a mark for each personal fact; the facts are this text's own."""
    return hide(text, facts)[0]


def hide(text: str, facts: Sequence[Fact]) -> tuple[str, tuple[Fact, ...]]:
    """The masked text, and the facts as they stand in it; a personal one has lost its value."""
    parts: list[str] = []
    moved: list[Fact] = []
    at = shift = 0
    for fact in sorted(facts, key=lambda one: (one.char_start, one.char_end)):
        start, end = fact.char_start, fact.char_end
        if not fact.kind.personal:
            moved.append(replace(fact, char_start=start + shift, char_end=end + shift))
            continue
        if start < at:
            continue
        mark = MARKS[fact.kind]
        parts += [text[at:start], mark]
        moved.append(replace(fact, value="", char_start=start + shift, char_end=start + shift + len(mark)))
        shift += len(mark) - (end - start)
        at = end
    return "".join([*parts, text[at:]]), tuple(moved)


def masked(transcript: Transcript, notes: Notes) -> tuple[Transcript, Notes]:
    """A talk and its notes to be shown. The search is made anew, so that it does not hang on what was noted."""
    moved: list[Fact] = []
    for number, utterance in enumerate(transcript.utterances):
        noted = [one for one in notes.facts if one.utterance == number]
        personal = [replace(one, utterance=number) for one in _personal(utterance.text)]
        moved += hide(utterance.text, [*personal, *(one for one in noted if not one.kind.personal)])[1]
    shown = tuple(_shown(one) for one in transcript.utterances)
    return replace(transcript, utterances=shown), replace(notes, facts=tuple(moved if notes.facts else ()))


def _shown(one: Utterance) -> Utterance:
    text, raw, normalised = (mask(said, _personal(said)) for said in (one.text, one.raw, one.normalised))
    return replace(one, text=text, raw=raw, normalised=normalised, corrections=())


def _personal(text: str) -> list[Fact]:
    return [one for one in find(text, _ANY_DAY) if one.kind.personal]
