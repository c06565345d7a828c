"""Why a sentence is not taken as a rule: a question to the one who wrote it, with answers to choose from. Never a guess.

`kind` is a short stable word. The text quotes the sentence, because its writer is who reads it; nothing of it is logged.
"""

from collections.abc import Sequence

import msgspec


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event that may have been meant; `score` 0..1."""

    event: str
    zh: str
    score: float


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`at` is the part of the sentence it is about; `choices` are wordings that would be understood."""

    kind: str
    zh: str
    en: str
    at: str = ""
    choices: list[str] = []
    suggestions: list[Suggestion] = []


class Asked(ValueError):
    """Reading stops here: the question has to be answered first."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.kind)
        self.question = question


def ask(
    kind: str, zh: str, en: str, *, at: str = "", choices: Sequence[str] = (), suggestions: Sequence[Suggestion] = ()
) -> Asked:
    return Asked(Question(kind=kind, zh=zh, en=en, at=at, choices=list(choices), suggestions=list(suggestions)))
