"""Read the lexicon folders, lay them over each other, and refuse all faults at once.

Order: built-in < company folder, file by file; an industry file is applied by the engines when a recording names that trade.
A company's event replaces the built-in one of the same id; its word lists are added, its groups and contexts replace by name.
Digests are sha256 over canonical JSON (sorted keys, no spaces, UTF-8), so comments and layout change nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from edge_agent.lexicon.check import check
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
    Lexicon,
    Match,
    Product,
    RuleRow,
    TermsFile,
)
from edge_agent.lexicon.probing import ProbesFile
from edge_agent.lexicon.problems import Problem, refuse


@dataclass(slots=True, kw_only=True)
class _Heap:
    """Everything read so far, where each entry stood, and everything wrong."""

    terms: TermsFile = field(default_factory=TermsFile)
    industries: dict[str, IndustryFile] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    extends: list[tuple[str, str, Extend]] = field(default_factory=list)
    """(label, industry or "" for all, entry)."""
    probes: ProbesFile = field(default_factory=ProbesFile)
    names: list[BusinessName] = field(default_factory=list)
    facts: dict[str, FactKind] = field(default_factory=dict)
    rules: dict[str, RuleRow] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


Compile = Callable[[Lexicon, RuleRow], Event]
"""Makes the event of a rule out of its sentence (see `rulebook`); ValueError with (message, remedy) when it cannot."""


def load(builtin: Path, company: Path | None = None, *, rules: Compile | None = None, dormant: bool = False) -> Lexicon:
    """The lexicon in force. `company` is laid over `builtin`; both hold terms.toml, names.toml, facts.toml, industries/, events/
    and rules/. Rules become events only where `rules` makes them; `dormant` takes those that are not enabled too (for tests).

    Raises:
        BadConfig: anything is unreadable, breaks the schema, or refers to what does not exist; names every fault.
    """
    heap = _Heap()
    for root in [builtin] if company is None else [builtin, company]:
        if root.is_dir():
            _read_layer(heap, root)
        else:
            heap.problems.append(
                Problem(
                    file=root.name,
                    line=0,
                    entry="folder",
                    message="is not a folder",
                    remedy="create it or correct `lexicons` in the configuration",
                )
            )
    if any(problem.entry == "file" for problem in heap.problems):
        refuse(heap.problems)  # with a file unread, what the others refer to would all seem missing
    if rules is not None:
        _compile(heap, rules, dormant=dormant)
    lexicon = _assemble(heap)
    for entry, *fault in check(lexicon, [(label, extend) for label, _, extend in heap.extends]):
        heap.problems.append(heap.places[entry].problem(entry, *fault))
    refuse(heap.problems)
    return lexicon


def _assemble(heap: _Heap) -> Lexicon:
    industries = {
        name: msgspec.structs.replace(file, extend=[x for _, where, x in heap.extends if where == name])
        for name, file in sorted(heap.industries.items())
    }
    vetoes: dict[str, list[str]] = {}
    for _, where, extend in heap.extends:
        if not where:
            vetoes.setdefault(extend.event, []).extend(extend.veto)
    events = {name: _vetoed(event, vetoes.get(name, [])) for name, event in sorted(heap.events.items())}
    common = [
        msgspec.structs.replace(x, exclude=[*x.exclude, *vetoes.get(x.event, ())]) for _, where, x in heap.extends if not where
    ]
    return Lexicon(
        terms=heap.terms,
        industries=industries,
        events=events,
        extends=common,
        probes=heap.probes,
        digest=_digest([heap.terms, industries, events, common]),
        event_digests={i: _digest([e, [[where, x] for _, where, x in heap.extends if x.event == i]]) for i, e in events.items()},
        names=heap.names,
        facts=list(heap.facts.values()),
        rules=list(heap.rules.values()),
    )


def _vetoed(event: Event, sayings: list[str]) -> Event:
    """The event with these sayings among what excludes it, in every one of its match tables."""
    if not sayings:
        return event
    tables = [msgspec.structs.replace(match, exclude=[*match.exclude, *sayings]) for match in event.matches()]
    return msgspec.structs.replace(event, match=tables[0] if isinstance(event.match, Match) else tables)


def _compile(heap: _Heap, make: Compile, *, dormant: bool) -> None:
    """The events of all rules; a sentence that is not understood is a fault at its place, with what to write instead."""
    known = _assemble(heap)
    for code, row in heap.rules.items():
        try:
            event = make(known, row)
        except ValueError as error:
            message, remedy = error.args
            heap.problems.append(heap.places[code].problem(code, "text", message, remedy))
        else:
            if row.enabled or dormant:
                heap.events[code] = event


def _digest(what: object) -> str:
    built = msgspec.to_builtins(what)
    return sha256(json.dumps(built, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read_layer(heap: _Heap, root: Path) -> None:
    seen: set[str] = set()
    for path in sorted(root.rglob("*.toml")):
        source = read(root, path, heap.problems)
        if source is None:
            continue
        folder = source.file.partition("/")[0]
        reader = _READERS.get(folder)
        if reader is None:
            heap.problems.append(
                source.place.problem(
                    "file", "", "is in no known place", "use events/, industries/, rules/, terms.toml, names.toml or facts.toml"
                )
            )
        else:
            reader(heap, source, seen)


def _read_terms(heap: _Heap, source: Source, _: set[str]) -> None:
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


def _read_industry(heap: _Heap, source: Source, seen: set[str]) -> None:
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


def _read_events(heap: _Heap, source: Source, seen: set[str]) -> None:
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


def _read_probes(heap: _Heap, source: Source, _: set[str]) -> None:
    """A company's pairs are tried besides the built-in ones; it cannot take any away."""
    new, old = source.head(ProbesFile, "probes"), heap.probes
    if new is not None:
        heap.probes = ProbesFile(
            pauses_s=sorted({*old.pauses_s, *new.pauses_s}),
            difference=[*old.difference, *new.difference],
            allowed=[*old.allowed, *new.allowed],
        )


def _read_names(heap: _Heap, source: Source, _: set[str]) -> None:
    _only(heap, source, "name")
    for number, (place, name) in enumerate(source.rows("name", BusinessName), len(heap.names) + 1):
        heap.places[f"name {number}"] = place
        heap.names.append(name)


def _read_facts(heap: _Heap, source: Source, _: set[str]) -> None:
    _only(heap, source, "fact")
    for place, fact in source.rows("fact", FactKind):
        heap.places[f"fact {fact.name}"] = place
        heap.facts[fact.name] = fact


def _read_rules(heap: _Heap, source: Source, seen: set[str]) -> None:
    _only(heap, source, "rule")
    for place, row in source.rows("rule", RuleRow):
        if row.code in seen:
            heap.problems.append(place.problem(row.code, "id", "stands twice", "remove one"))
        seen.add(row.code)
        heap.places[row.code] = place
        heap.rules[row.code] = row


def _only(heap: _Heap, source: Source, table: str) -> None:
    for key in source.given.keys() - {table}:
        heap.problems.append(source.place.problem(source.file, key, f"unknown table `{key}`", f"write [[{table}]]"))


def _keep(heap: _Heap, place: Place, industry: str, extend: Extend) -> None:
    label = f"extend {len(heap.extends) + 1} of {extend.event}"
    heap.places[label] = place
    heap.extends.append((label, industry, extend))


def _joined(old: list[str], new: list[str]) -> list[str]:
    return list(dict.fromkeys([*old, *new]))


_READERS: Final[dict[str, Callable[[_Heap, Source, set[str]], None]]] = {
    "terms.toml": _read_terms,
    "industries": _read_industry,
    "events": _read_events,
    "probes.toml": _read_probes,
    "names.toml": _read_names,
    "facts.toml": _read_facts,
    "rules": _read_rules,
}
