"""The closed schemas of `lexicons/`: what a business person may write, and nothing else.

Rules: every file is one of `EventFile`, `IndustryFile`, `TermsFile`, `ScorecardFile`, `CardWords`; an unknown key is an error,
not a typo that sleeps.
References, kinds and temporal keys are checked in `check`, the reading and overlaying is in `load`.
"""

from collections.abc import Collection, Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge_agent.lexicon.match import Code, Count, Id, Match, Name, Refs
from edge_agent.lexicon.probing import ProbesFile
from edge_agent.lexicon.review import ClaimWords, MoodFile
from edge_agent.lexicon.scorecards import CardWords, ScorecardFile
from edge_agent.lexicon.when import Node

__all__ = ["Code", "Count", "Id", "Match", "Name", "Refs"]

Side = Literal["own", "rival"]


class Examples(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    must: list[str] = []
    must_not: list[str] = []


class Temporal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue's temporal keys, meaning exactly what its README says. None = not given."""

    of: Refs | None = None
    opportunity: Refs | None = None
    reset_by: Refs | None = None
    after: Refs | None = None
    followed_by: Refs | None = None
    not_followed_by: Refs | None = None
    not_preceded_by: Refs | None = None
    chain: list[str] | None = None
    any_order: list[str] | None = None
    opened_by: Refs | None = None
    closed_by: Refs | None = None
    unless: Refs | None = None
    exclude: Refs | None = None
    all_required: list[str] | None = None
    live_on: Refs | None = None
    count: Count | None = None
    n_in_a_row: Count | None = None
    within_turns: Annotated[int, Meta(ge=0)] | None = None
    within_h: float | None = None
    window_turns: Annotated[int, Meta(ge=0)] | None = None
    window_days: Count | None = None
    scope: Literal["conversation"] | None = None
    first_in: Literal["conversation"] | None = None
    first_only: bool = False
    unresolved_until: Literal["end"] | None = None
    live_after_turns: Count | None = None
    until: Literal["end"] | None = None
    until_turn: Count | None = None
    until_s: float | None = None
    at_least: Count | None = None
    all: list[str] | None = None
    any: list[str] | None = None
    sustain_s: float | None = None
    context: list[str] = []
    same_slot: str | None = None
    differs_slot: str | None = None
    deadline_slot: str | None = None
    per: Literal["account", "rep", "conversation"] | None = None
    distinct: Literal["conversation", "topic"] | None = None
    min_gap_min: float | None = None


SlotName = Literal["sku", "amount", "brand", "qty", "date", "due", "discount_pct", "topic"]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event model. `match` only for `occurrence`; `temporal` as the kind asks."""

    id: Id
    zh: Name
    en: Name
    definition: str
    speaker: Literal["rep", "customer", "either", "none"]
    kind: Literal["occurrence", "first", "repeat", "sequence", "unresolved", "absence", "metric", "visual", "composite"]
    severity: Literal["info", "notice", "warning", "critical"]
    layer: Literal["none", "tip", "alert", "escalate", "intercept"]
    examples: Examples = Examples()
    version: Count = 1
    source: Literal["call", "visit", "chat", "document", "shelf", "floor", "process"] = "call"
    key_node: bool = False
    slots: list[SlotName] = []
    temporal: Temporal = Temporal()
    match: Match | list[Match] = []
    when: Node | None = None
    """Of a `composite`: what has to hold, and how (see `when`)."""

    @property
    def rule(self) -> str:
        """`<id>@<version>`, as tags carry it."""
        return f"{self.id}@{self.version}"

    @property
    def family(self) -> str:
        return self.id.partition(".")[0]

    def matches(self) -> list[Match]:
        return [self.match] if isinstance(self.match, Match) else list(self.match)


class Extend(Match, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More ways of saying an existing event: for one industry, or (in a company's event file) for all."""

    event: Id
    must: list[str] = msgspec.field(default_factory=list)
    must_not: list[str] = msgspec.field(default_factory=list)
    veto: list[str] = msgspec.field(default_factory=list)
    """Sayings that rule the event out in their clause, whichever of its ways stood; only in a file for all trades."""

    def as_match(self) -> Match:
        return Match(**{name: getattr(self, name) for name in Match.__struct_fields__})


class EventHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The top of an event file; its `[[event]]` and `[[extend]]` rows are read one by one."""

    family: Annotated[str, Meta(pattern=r"^[a-z]+$(?!\n)")]


class Product(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Code
    names: Annotated[list[Name], Meta(min_length=1)]


class Brand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Code
    names: Annotated[list[Name], Meta(min_length=1)]
    side: Side


class IndustryFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One trade: its products, brands, words worth hinting, and sayings that only count there."""

    id: Code
    zh: Name
    hotwords: list[Name] = []
    product: list[Product] = []
    brand: list[Brand] = []
    confusables: dict[str, str] = {}
    extend: list[Extend] = []


class Context(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cues that put a hit into a context; see lexicons/README.md for each key."""

    zh: Name
    before: list[Name] = []
    reach: Annotated[int, Meta(ge=0)] = 0
    after: list[Name] = []
    anywhere: list[Name] = []
    ends: list[Name] = []
    scope: Literal["clause", "sentence"] = "clause"
    but: list[Name] = []


class ExampleSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    own: list[Name] = []
    competitors: list[Name] = []


class TermsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    backchannels: list[Name] = []
    lead: list[Name] = []
    tail: list[Name] = []
    fillers: list[Name] = []
    hotwords: list[Name] = []
    groups: dict[str, list[Name]] = {}
    contexts: dict[str, Context] = {}
    confusables: dict[str, str] = {}
    dialect: dict[Name, Name] = {}
    """Regional words and what they are in the standard language; a word that stands for itself is left as it is."""
    topics: dict[str, list[Name]] = {}
    product: list[Product] = []
    examples: ExampleSetting = ExampleSetting()


class BusinessName(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What rules may call these events; several ids = any of them. The same word in two entries is asked about."""

    says: Annotated[list[Name], Meta(min_length=1)]
    events: Annotated[list[Id], Meta(min_length=1)]


class FactKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something rules may compare that is not talk: delivered by other systems, unknown until then."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$(?!\n)", max_length=64)]
    zh: Annotated[list[Name], Meta(min_length=1)]
    unit: Literal["days", "hours", "minutes", "seconds", "yuan", "share", "count", "points", "yesno"]


class RuleRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule in business language. Its event is `rule.<id>`; a company's rule replaces the built-in one of the same id."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_]+$(?!\n)", max_length=48)]
    text: Annotated[str, Meta(min_length=1, max_length=400)]
    zh: Annotated[str, Meta(max_length=64)] = ""
    en: Annotated[str, Meta(max_length=64)] = ""
    enabled: bool = True
    version: Count = 1
    examples: Examples = Examples()

    @property
    def code(self) -> str:
        return f"rule.{self.id}"


class Lexicon(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it after overlaying: what the engines read. `digest` = sha256 of the canonical form of everything else."""

    terms: TermsFile
    industries: dict[str, IndustryFile]
    events: dict[str, Event]
    extends: list[Extend]
    digest: str
    event_digests: dict[str, str]
    mood: MoodFile = MoodFile()
    claims: ClaimWords = ClaimWords()
    scorecards: dict[str, ScorecardFile] = {}
    scorecard_digests: dict[str, str] = {}
    card: CardWords = CardWords()
    probes: ProbesFile = ProbesFile()
    """Judges the rules and is none of them: not in `digest`."""
    names: list[BusinessName] = []
    facts: list[FactKind] = []
    rules: list[RuleRow] = []
    """As written, those that are not enabled included; the enabled ones are among `events` as well."""

    def overlay(self, industry: str) -> Iterator[IndustryFile]:
        """The industry files that apply: one, none (unknown trade), or all for `*` (examples)."""
        if industry == "*":
            yield from self.industries.values()
        elif industry in self.industries:
            yield self.industries[industry]


def refs(value: Refs | None) -> list[str]:
    """A reference key's value as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else value


def expand(ids: Collection[str], value: Refs | None, *, own: str = "", exclude: Refs | None = None) -> list[str]:
    """References with `family.*` written out: the family's ids except `own` and `exclude`; unknown ones vanish."""
    without = {own, *refs(exclude)}
    found: dict[str, None] = {}
    for ref in refs(value):
        if ref.endswith(".*"):
            found.update((i, None) for i in ids if i.startswith(ref[:-1]) and i not in without)
        elif ref in ids:
            found[ref] = None
    return list(found)
