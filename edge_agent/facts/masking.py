"""A sentence that can be shown: what identifies a person is replaced by what it was, [电话] or [身份证]."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from edge_agent.domain.notes import Fact, FactKind, Notes
from edge_agent.domain.transcript import Transcript, Utterance
from edge_agent.facts import dictation
from edge_agent.facts.line import free
from edge_agent.facts.reading import find
from edge_agent.facts.talk import note

MARKS: Final = {
    FactKind.PHONE: "[电话]", FactKind.ID_CARD: "[身份证]", FactKind.BANK_CARD: "[银行卡]", FactKind.PLATE: "[车牌]",
    FactKind.PASSPORT: "[护照]", FactKind.EMAIL: "[邮箱]", FactKind.ACCOUNT: "[账号]", FactKind.UNCLEAR: "[号码]",
}  # fmt: skip

_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def mask(text: str, facts: Sequence[Fact]) -> str:
    """`text` with a mark for each personal fact; the facts are this text's own."""
    return hide(text, facts)[0]


def hide(text: str, facts: Sequence[Fact]) -> tuple[str, tuple[Fact, ...]]:
    """The masked text, and the facts as they stand in it; a personal one has lost its value.

    Any other fact that touches a personal one is left out: its value may be the number that was hidden.
    """
    hidden = [(one.char_start, one.char_end) for one in facts if one.kind.personal]
    parts: list[str] = []
    moved: list[Fact] = []
    at = shift = 0
    for fact in sorted(facts, key=lambda one: (one.char_start, one.char_end)):
        start, end = fact.char_start, fact.char_end
        if not fact.kind.personal and not free((start, end), hidden):
            continue
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
    personal = [one for one in note(transcript, _ANY_DAY) if one.kind.personal]
    others = [one for one in notes.facts if not one.kind.personal]
    split = {part.utterance for part in dictation.find(transcript.utterances)}
    utterances: list[Utterance] = []
    moved: list[Fact] = []
    for number, utterance in enumerate(transcript.utterances):
        here = [one for one in personal if one.utterance == number]
        text, facts = hide(utterance.text, [*here, *(one for one in others if one.utterance == number)])
        moved += facts
        # Its other writings hold the same part of a number, where no search would find it.
        raw, normalised = ("" if number in split else _shown(said) for said in (utterance.raw, utterance.normalised))
        utterances.append(replace(utterance, text=text, raw=raw, normalised=normalised, corrections=()))
    return replace(transcript, utterances=tuple(utterances)), replace(notes, facts=tuple(moved if notes.facts else ()))


def masked_document(content: bytes) -> bytes:
    """A sealed transcript with its notes (`pipeline.written`) as it may be shown; whatever else it holds stays as it is."""
    import msgspec  # noqa: PLC0415 - searching a sentence needs no library

    document = msgspec.json.decode(content)
    notes = msgspec.convert(document.get("notes") or {}, Notes, strict=False)
    shown, noted = masked(msgspec.convert(document, Transcript, strict=False), notes)
    document["utterances"] = msgspec.to_builtins(shown.utterances)
    if document.get("notes"):
        document["notes"]["facts"] = msgspec.to_builtins(noted.facts)
    return msgspec.json.encode(document)


def masked_touch(content: bytes) -> bytes:
    """A sealed touch (`domain.touch.Touch`) likewise."""
    import msgspec  # noqa: PLC0415

    document = msgspec.json.decode(content)
    for message in document.get("messages", ()):
        message["text"] = _shown(message["text"])
    return msgspec.json.encode(document)


def _shown(text: str) -> str:
    return mask(text, [one for one in find(text, _ANY_DAY) if one.kind.personal])
