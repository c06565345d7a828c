"""Read the lexicon folders, lay them over each other (`layers`), and refuse all faults at once.

An industry file is applied by the engines when a recording names that trade.
Digests are sha256 over canonical JSON (sorted keys, no spaces, UTF-8), so comments and layout change nothing.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec

from edge_agent.lexicon import check_scores
from edge_agent.lexicon.check import check
from edge_agent.lexicon.layers import Heap, read_layer
from edge_agent.lexicon.model import (
    Event,
    Lexicon,
    Match,
    RuleRow,
)
from edge_agent.lexicon.problems import Problem, refuse

Compile = Callable[[Lexicon, RuleRow], Event]
"""Makes the event of a rule out of its sentence (see `rulebook`); ValueError with (message, remedy) when it cannot."""


def load(builtin: Path, company: Path | None = None, *, rules: Compile | None = None, dormant: bool = False) -> Lexicon:
    """The lexicon in force. `company` is laid over `builtin`; both hold terms.toml, names.toml, facts.toml, industries/, events/
    and rules/. Rules become events only where `rules` makes them; `dormant` takes those that are not enabled too (for tests).

    Raises:
        BadConfig: anything is unreadable, breaks the schema, or refers to what does not exist; names every fault.
    """
    heap = Heap()
    for root in [builtin] if company is None else [builtin, company]:
        if root.is_dir():
            read_layer(heap, root)
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
    extends = [(label, extend) for label, _, extend in heap.extends]
    for entry, *fault in (*check(lexicon, extends), *check_scores.faults(lexicon)):
        heap.problems.append(heap.places[entry].problem(entry, *fault))
    refuse(heap.problems)
    return lexicon


def _assemble(heap: Heap) -> Lexicon:
    vetoes: dict[str, list[str]] = {}
    for _, where, extend in heap.extends:
        if not where:
            vetoes.setdefault(extend.event, []).extend(extend.veto)
    extends = [
        (where, msgspec.structs.replace(x, exclude=[*x.exclude, *vetoes.get(x.event, ())])) for _, where, x in heap.extends
    ]
    industries = {
        name: msgspec.structs.replace(file, extend=[x for where, x in extends if where == name])
        for name, file in sorted(heap.industries.items())
    }
    events = {name: _vetoed(event, vetoes.get(name, [])) for name, event in sorted(heap.events.items())}
    common = [x for where, x in extends if not where]
    return Lexicon(
        terms=heap.terms,
        industries=industries,
        events=events,
        extends=common,
        mood=heap.mood,
        claims=heap.claims,
        probes=heap.probes,
        scorecards=dict(sorted(heap.scorecards.items())),
        scorecard_digests={name: _digest(card) for name, card in heap.scorecards.items()},
        card=heap.card,
        digest=_digest([*_ruling(heap), industries, events, common]),
        event_digests={i: _digest([e, [[where, x] for where, x in extends if x.event == i]]) for i, e in events.items()},
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


def _ruling(heap: Heap) -> list[object]:
    """What decides about outcomes besides events and trades: probes and names of the business language do not."""
    return [heap.terms, heap.mood, heap.claims, sorted(heap.scorecards.items()), heap.card]


def _compile(heap: Heap, make: Compile, *, dormant: bool) -> None:
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
