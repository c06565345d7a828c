"""The closed schemas of `scorecards/` and `card.toml`: what a talk is judged by, and the words an opportunity card looks for.

A scorecard is a list of weighted items. An item names events and measures, never words: what counts as an event stands in
`events/`. Nothing here can name silence or what a member of staff feels (see `check_scores`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$(?!\n)", max_length=32)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Refs = str | list[str]
Count = Annotated[int, Meta(ge=1, le=100)]
Share = Annotated[float, Meta(gt=0, le=1)]
Weight = Annotated[float, Meta(gt=0, le=1000)]


class Level(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to earn `share` of an item's points: `count` hits of `any`, each of `all`, and every condition of `facts`."""

    share: Share = 1.0
    any: Refs = []
    all: Refs = []
    count: Count = 1
    facts: list[str] = []


class OnlyIf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an item applies: one event of `any`, every condition of `facts`, every flag of `context`, one of the trades."""

    any: Refs = []
    facts: list[str] = []
    context: list[str] = []
    industry: list[Code] = []


class CardItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line: `weight` points, of which the best `level` that holds gives its share and `forbidden` takes `penalty` away.

    `critical`: an item that comes to no points makes the whole card 0.
    """

    id: Code
    zh: Name
    en: Name
    weight: Weight = 10.0
    level: list[Level] = []
    forbidden: Refs = []
    penalty: Share = 1.0
    critical: bool = False
    only_if: OnlyIf = OnlyIf()


class ScorecardFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scorecard. `least_coverage`: below this share of its weight that could be judged there is no total."""

    id: Code
    zh: Name
    en: Name
    version: Annotated[int, Meta(ge=1)] = 1
    least_coverage: Annotated[float, Meta(ge=0, le=1)] = 0.0
    item: list[CardItem] = []


class CardWords(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words of the opportunity card, all of them codes once they are found: who decides, and what is to be done."""

    asked: dict[Literal["quantity", "budget", "timing", "decision-maker"], list[Name]] = {}
    """What the rep asks with these words the customer answers."""
    deciders: dict[Code, list[Name]] = {}
    deciding: list[Name] = []
    """What deciding is called: of several persons in one sentence the one before it is meant."""
    actions: dict[Code, list[Name]] = {}
    """What is to be done; in the order of their weight, where one step is several of them (带合同上门 is a visit)."""
    things: list[Code] = []
    """Those actions that name what is sent or brought. Acts behind the last of them count only where nothing else is said."""
    excluded: list[Name] = []
    """Words that hold one of the above and mean something else (发过去 is no visit)."""
    wanting: list[Name] = []
    """What makes a product that the customer names one they want."""
    zh: dict[Code, Name] = {}
    """How a code is called in the tables."""
