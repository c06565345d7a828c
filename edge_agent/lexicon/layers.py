"""Everything that stands in the lexicon folders, read file by file and laid over each other: what was read, and where it stood.

Order: built-in < company folder. A company's event, rule or scorecard replaces the built-in one of the same id; its word lists
are added, its groups and contexts replace by name. What the entries mean together is not judged here (see `load`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.lexicon import check_scores
from edge_agent.lexicon.decode import Place, Source, read
from edge_agent.lexicon.model import (
    Brand,
    BusinessName,
    Context,
    Event,
    EventHead,
    ExampleSetting,
    Extend,
    FactKind,
    IndustryFile,
    Product,
    RuleRow,
    TermsFile,
)
from edge_agent.lexicon.probing import ProbesFile
from edge_agent.lexicon.problems import Problem
from edge_agent.lexicon.review import ClaimWords, Cue, MoodFile, added, laid_over
from edge_agent.lexicon.scorecards import CardItem, CardWords, ScorecardFile


@dataclass(slots=True, kw_only=True)
class Heap:
    """Everything read so far, where each entry stood, and everything wrong."""

    terms: TermsFile = field(default_factory=TermsFile)
    industries: dict[str, IndustryFile] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    extends: list[tuple[str, str, Extend]] = field(default_factory=list)
    """(label, industry or "" for all, entry)."""
    mood: MoodFile = field(default_factory=MoodFile)
    claims: ClaimWords = field(default_factory=ClaimWords)
    scorecards: dict[str, ScorecardFile] = field(default_factory=dict)
    card: CardWords = field(default_factory=CardWords)
    probes: ProbesFile = field(default_factory=ProbesFile)
    names: list[BusinessName] = field(default_factory=list)
    facts: dict[str, FactKind] = field(default_factory=dict)
    rules: dict[str, RuleRow] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_layer(heap: Heap, root: Path) -> None:
    seen: set[str] = set()
    for path in sorted(root.rglob("*.toml")):
        source = read(root, path, heap.problems)
        if source is None:
            continue
        folder = source.file.partition("/")[0]
        reader = _READERS.get(folder)
        if reader is None:
            heap.problems.append(source.place.problem("file", "", "is in no known place", _WHERE))
        else:
            reader(heap, source, seen)


def _read_terms(heap: Heap, source: Source, _: set[str]) -> None:
    heap.places["terms"] = source.place
    new = source.head(TermsFile, "terms", without=("contexts", "product"))
    contexts = {}
    for name, place, context in source.named("contexts", Context):
        heap.places[f"contexts.{name}"] = place
        contexts[name] = context
    products = [product for _, product in source.rows("product", Product)]
    if new is None:
        return
    old = heap.terms
    heap.terms = TermsFile(
        backchannels=_joined(old.backchannels, new.backchannels),
        lead=_joined(old.lead, new.lead),
        tail=_joined(old.tail, new.tail),
        fillers=_joined(old.fillers, new.fillers),
        hotwords=_joined(old.hotwords, new.hotwords),
        groups=old.groups | new.groups,
        contexts=old.contexts | contexts,
        confusables=old.confusables | new.confusables,
        dialect=old.dialect | new.dialect,
        topics=old.topics | new.topics,
        product=list({p.id: p for p in [*old.product, *products]}.values()),
        examples=ExampleSetting(
            own=_joined(old.examples.own, new.examples.own),
            competitors=_joined(old.examples.competitors, new.examples.competitors),
        ),
    )


def _read_industry(heap: Heap, source: Source, seen: set[str]) -> None:
    head = source.head(IndustryFile, source.file, without=("product", "brand", "extend"))
    products = [product for _, product in source.rows("product", Product)]
    brands = [brand for _, brand in source.rows("brand", Brand)]
    extends = list(source.rows("extend", Extend))
    if head is None:
        return
    if f"industry {head.id}" in seen:
        heap.problems.append(source.place.problem(head.id, "id", "stands in two files", "merge them"))
    seen.add(f"industry {head.id}")
    for place, extend in extends:
        if extend.veto:
            said = "rules an event out for one trade"
            heap.problems.append(place.problem(extend.event, "veto", said, "put it into a file in events/"))
        _keep(heap, place, head.id, extend)
    old = heap.industries.get(head.id, head)
    heap.industries[head.id] = IndustryFile(
        id=head.id,
        zh=head.zh,
        hotwords=_joined(old.hotwords, head.hotwords),
        product=list({p.id: p for p in [*old.product, *products]}.values()),
        brand=list({b.id: b for b in [*old.brand, *brands]}.values()),
        confusables=old.confusables | head.confusables,
    )


def _read_events(heap: Heap, source: Source, seen: set[str]) -> None:
    head = source.head(EventHead, source.file, without=("event", "extend"))
    for place, event in source.rows("event", Event):
        if head is not None and event.family != head.family:
            remedy = f"call it {head.family}.… or move it"
            heap.problems.append(place.problem(event.id, "id", "is not of this file's family", remedy))
        if event.id in seen:
            heap.problems.append(place.problem(event.id, "id", "stands twice", "remove one"))
        seen.add(event.id)
        heap.places[event.id] = place
        heap.events[event.id] = event
    for place, extend in source.rows("extend", Extend):
        _keep(heap, place, "", extend)


def _read_mood(heap: Heap, source: Source, _: set[str]) -> None:
    heap.places["mood"] = source.place
    head = source.head(MoodFile, "mood", without=("cue",))
    cues: list[Cue] = []
    for place, cue in source.rows("cue", Cue):
        if any(cue.id == other.id for other in cues):
            heap.problems.append(place.problem(cue.id, "id", "stands twice", "remove one"))
        heap.places[f"cue {cue.id}"] = place
        cues.append(cue)
    if head is not None:
        heap.mood = laid_over(heap.mood, msgspec.structs.replace(head, cue=cues))


def _read_claims(heap: Heap, source: Source, _: set[str]) -> None:
    heap.places["claims"] = source.place
    words = source.head(ClaimWords, "claims")
    if words is not None:
        heap.claims = added(heap.claims, words)


def _read_scorecard(heap: Heap, source: Source, seen: set[str]) -> None:
    head = source.head(ScorecardFile, source.file, without=("item",))
    items = list(source.rows("item", CardItem))
    if head is None:
        return
    entry = check_scores.entry_of(head.id)
    if entry in seen:
        heap.problems.append(source.place.problem(head.id, "id", "stands in two files", "merge them"))
    seen.add(entry)
    heap.places[entry] = source.place
    for place, item in items:
        label = check_scores.entry_of(head.id, item.id)
        if label in seen:
            heap.problems.append(place.problem(item.id, "id", "stands twice", "remove one"))
        seen.add(label)
        heap.places[label] = place
    heap.scorecards[head.id] = msgspec.structs.replace(head, item=[item for _, item in items])


def _read_card(heap: Heap, source: Source, _: set[str]) -> None:
    new = source.head(CardWords, "card")
    if new is not None:
        old = heap.card
        heap.card = CardWords(
            asked=old.asked | new.asked, deciders=old.deciders | new.deciders, actions=old.actions | new.actions,
            deciding=_joined(old.deciding, new.deciding), things=_joined(old.things, new.things),
            excluded=_joined(old.excluded, new.excluded), wanting=_joined(old.wanting, new.wanting), zh=old.zh | new.zh,
        )  # fmt: skip


def _read_probes(heap: Heap, source: Source, _: set[str]) -> None:
    """A company's pairs are tried besides the built-in ones; it cannot take any away."""
    new, old = source.head(ProbesFile, "probes"), heap.probes
    if new is not None:
        heap.probes = ProbesFile(
            pauses_s=sorted({*old.pauses_s, *new.pauses_s}),
            difference=[*old.difference, *new.difference],
            allowed=[*old.allowed, *new.allowed],
        )


def _read_names(heap: Heap, source: Source, _: set[str]) -> None:
    _only(heap, source, "name")
    for number, (place, name) in enumerate(source.rows("name", BusinessName), len(heap.names) + 1):
        heap.places[f"name {number}"] = place
        heap.names.append(name)


def _read_facts(heap: Heap, source: Source, _: set[str]) -> None:
    _only(heap, source, "fact")
    for place, fact in source.rows("fact", FactKind):
        heap.places[f"fact {fact.name}"] = place
        heap.facts[fact.name] = fact


def _read_rules(heap: Heap, source: Source, seen: set[str]) -> None:
    _only(heap, source, "rule")
    for place, row in source.rows("rule", RuleRow):
        if row.code in seen:
            heap.problems.append(place.problem(row.code, "id", "stands twice", "remove one"))
        seen.add(row.code)
        heap.places[row.code] = place
        heap.rules[row.code] = row


def _only(heap: Heap, source: Source, table: str) -> None:
    for key in source.given.keys() - {table}:
        heap.problems.append(source.place.problem(source.file, key, f"unknown table `{key}`", f"write [[{table}]]"))


def _keep(heap: Heap, place: Place, industry: str, extend: Extend) -> None:
    label = f"extend {len(heap.extends) + 1} of {extend.event}"
    heap.places[label] = place
    heap.extends.append((label, industry, extend))


def _joined(old: list[str], new: list[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


_READERS: Final[dict[str, Callable[[Heap, Source, set[str]], None]]] = {
    "terms.toml": _read_terms,
    "industries": _read_industry,
    "events": _read_events,
    "mood.toml": _read_mood,
    "claims.toml": _read_claims,
    "scorecards": _read_scorecard,
    "card.toml": _read_card,
    "probes.toml": _read_probes,
    "names.toml": _read_names,
    "facts.toml": _read_facts,
    "rules": _read_rules,
}
_WHERE: Final = f"use one of {', '.join(_READERS)}"
