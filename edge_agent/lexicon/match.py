"""What every saying of the lexicons is made of: ids, codes, names, and the match table that events and cues share."""

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z0-9_]+$(?!\n)", max_length=64)]
Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$(?!\n)", max_length=32)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=1)]
Refs = str | list[str]


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way an utterance can be the event: any of the five lists hits and nothing vetoes."""

    phrases: list[str] = []
    whole: list[str] = []
    combos: list[list[str]] = []
    together: list[list[str]] = []
    patterns: list[str] = []
    exclude: list[str] = []
    exclude_sentence: list[str] = []
    contexts_off: list[str] = []
    contexts_on: list[str] = []
    gap: Annotated[int, Meta(ge=0, le=30)] = 6
    after: Refs = []
    within_turns: Annotated[int, Meta(ge=0)] = 1
    """With `after`: turns back; a hit in an earlier sentence only."""
