"""The schema of `probes.toml`: words that must make no difference, in pairs, by what they tell about a person.

A pair is two sides of one sentence that mean the same for selling: 先生 / 女士, 啥 / 什么. `tagging.probes` swaps them in every
example of the catalogue and compares the outcome. Not part of the ruleset: it judges the rules, it is none.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Side = Annotated[str, Meta(min_length=1, max_length=24)]
Pair = tuple[Side, Side]


class Difference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing about a person that must not matter. `swap`: words exchanged where they stand; `address`: put before a turn."""

    id: Annotated[str, Meta(pattern=r"^[a-z-]+$(?!\n)", max_length=24)]
    zh: Annotated[str, Meta(min_length=1, max_length=64)]
    swap: list[Pair] = []
    address: list[Pair] = []
    not_in: list[Side] = []
    """Words that hold a swapped word and mean something else (夫人 in 大夫人): nothing is swapped inside them."""


class Allowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event whose definition itself names such a thing, and why that is right."""

    event: str
    difference: str
    why: Annotated[str, Meta(min_length=4, max_length=200)]


class ProbesFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pauses_s: list[Annotated[int, Meta(ge=1, le=60)]] = []
    difference: list[Difference] = []
    allowed: list[Allowed] = []
