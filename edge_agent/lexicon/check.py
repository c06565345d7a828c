"""What only shows when all files are together: references, kinds, temporal keys, sayings, and the silence rule.

A fault is (entry, key, message, remedy); the load knows file and line of every entry. The rules are those of the catalogue:
each kind needs its keys, references exist and make no cycle, and nothing may refer to silence as evidence of anything.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from edge_agent.lexicon import notation, review
from edge_agent.lexicon.conditions import BadCondition, parse
from edge_agent.lexicon.model import Event, Extend, Lexicon, Match, expand, refs
from edge_agent.lexicon.when import named

Fault = tuple[str, str, str, str]

REFERENCES: Final = (
    "of", "opportunity", "reset_by", "after", "followed_by", "not_followed_by", "not_preceded_by", "chain", "any_order",
    "opened_by", "closed_by", "unless", "exclude", "all_required", "live_on",
)  # fmt: skip
"""Temporal keys whose values name events."""

NEEDS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "first": (("of",), ("first_in",)),
    "repeat": (("of",), ("count", "n_in_a_row")),
    "sequence": (("after", "chain", "any_order"),),
    "unresolved": (("opened_by",), ("closed_by",), ("unresolved_until",)),
    "absence": (("of", "all_required", "not_followed_by"),),
    "metric": (("all", "any"),),
    "visual": (("all", "any"),),
}
"""Per kind: at least one key of each group."""

SILENT: Final = frozenset({"metric.long_silence", "metric.silent_listening"})
"""Marks of silence: neutral, and no event may build on them."""

QUIET: Final = ("silence", "customer_words")
"""What the measures of these marks are called; no other event may ask for them."""

CONTEXTS: Final = frozenset({"outbound", "recorded", "dual_record", "b2b"})


def check(lexicon: Lexicon, extends: Sequence[tuple[str, Extend]]) -> Iterator[Fault]:
    """Every fault of the lexicon as a whole. `extends` carries the label under which each was read."""
    ids = lexicon.events.keys()
    for event in lexicon.events.values():
        yield from _references(event, ids)
        yield from _kind(event)
        yield from _silence(event, ids)
        yield from _tree(event, ids)
        if not event.examples.must or not event.examples.must_not:
            yield event.id, "examples", "has no example that must (or must not) match", "add at least one of each"
        for match in event.matches():
            yield from _match(event.id, match, lexicon, ids)
    yield from _cycles(lexicon.events, ids)
    for label, extend in extends:
        yield from _extend(label, extend, lexicon, ids)
    yield from review.faults(lexicon.mood, lexicon.claims, lexicon.events, lexicon.terms.contexts)
    yield from review.short_answers(lexicon.mood, lexicon.terms.backchannels)
    for cue in lexicon.mood.cue:
        yield from _match(f"cue {cue.id}", cue, lexicon, ids)
    for number, name in enumerate(lexicon.names, 1):
        for code in name.events:
            if code not in ids or code.startswith("rule."):
                yield (
                    f"name {number}",
                    "events",
                    f"`{name.says[0]}` is said to be `{code}`, which does not exist",
                    "correct the id",
                )
    yield from _groups(lexicon)


def _extend(label: str, extend: Extend, lexicon: Lexicon, ids: Collection[str]) -> Iterator[Fault]:
    target = lexicon.events.get(extend.event)
    if target is None or target.kind != "occurrence":
        yield label, "event", f"`{extend.event}` is no occurrence event", "name an existing one"
    yield from _match(label, extend, lexicon, ids)
    for text in extend.veto:
        yield from _saying(label, "veto", text, lexicon.terms.groups, alone=True)


def _references(event: Event, ids: Collection[str]) -> Iterator[Fault]:
    for key in REFERENCES:
        for ref in refs(getattr(event.temporal, key)):
            if not expand(ids, ref) and ref != event.id:
                yield event.id, key, f"refers to `{ref}`, which does not exist", "correct the id or add that event"
    for flag in event.temporal.context:
        if flag not in CONTEXTS:
            yield event.id, "context", f"unknown flag `{flag}`", f"use {', '.join(sorted(CONTEXTS))}"
    for key in ("all", "any"):
        for condition in getattr(event.temporal, key) or []:
            try:
                parse(condition)
            except BadCondition as error:
                yield event.id, key, str(error), 'write "name > number"'


def _groups(lexicon: Lexicon) -> Iterator[Fault]:
    for name, words in lexicon.terms.groups.items():
        if any(notation.BRANDS.get(name) or notation.SLOTS.get(name) or set("{}|…") & set(w) for w in words):
            yield "terms", "groups", f"group `{name}` has the name of a slot or holds {{ }} | …", "use plain words"


def _names(lexicon: Lexicon, ids: Collection[str]) -> Iterator[Fault]:
    for number, name in enumerate(lexicon.names, 1):
        for code in name.events:
            if code not in ids or code.startswith("rule."):
                yield (
                    f"name {number}",
                    "events",
                    f"`{name.says[0]}` is said to be `{code}`, which does not exist",
                    "correct the id",
                )


def _kind(event: Event) -> Iterator[Fault]:
    t = event.temporal
    if (event.kind == "composite") != (event.when is not None):
        yield event.id, "when", "`when` and the kind composite go together", "write it as a rule, in business language"
    for group in NEEDS.get(event.kind, ()):
        if all(getattr(t, key) is None for key in group):
            yield event.id, "temporal", f"{event.kind} needs `{'` or `'.join(group)}`", "add it"
    if event.kind == "sequence" and t.after is not None and not any((t.followed_by, t.not_followed_by, t.not_preceded_by, t.all)):
        yield event.id, "temporal", "`after` alone is no sequence", "add followed_by, not_followed_by, not_preceded_by or all"
    if (t.chain and len(t.chain) < 2) or (t.any_order and t.at_least is None):
        yield event.id, "temporal", "chain needs two events, any_order needs at_least", "add it"
    ways = event.matches()
    if event.kind != "occurrence" and ways:
        yield event.id, "match", f"{event.kind} is derived from other events", "remove `match`"
    if event.kind == "occurrence" and not any(_says_something(m) for m in ways):
        yield event.id, "match", "occurrence has nothing to match", "add phrases, whole, combos, together or patterns"


def _says_something(match: Match) -> bool:
    return bool(match.phrases or match.whole or match.combos or match.together or match.patterns)


def _tree(event: Event, ids: Collection[str]) -> Iterator[Fault]:
    """The events that a `when` stands on."""
    for ref in named(event.when) if event.when is not None else ():
        if ref not in ids:
            yield event.id, "when", f"refers to `{ref}`, which does not exist", "correct the id or add that event"
        if ref in SILENT:
            yield event.id, "when", "refers to silence", "silence is no evidence of anything; remove it"


def _silence(event: Event, ids: Collection[str]) -> Iterator[Fault]:
    if event.id in SILENT:
        if (event.severity, event.layer) != ("info", "none"):
            yield event.id, "severity", "silence is a neutral mark", 'use severity = "info", layer = "none"'
        return
    for key in REFERENCES:
        if key != "exclude" and SILENT & set(expand(ids, getattr(event.temporal, key), exclude=event.temporal.exclude)):
            yield event.id, key, "refers to silence", "silence is no evidence of anything; remove it"
    if any(word in c for c in [*(event.temporal.all or []), *(event.temporal.any or [])] for word in QUIET):
        yield event.id, "all", "uses silence as a condition", "silence is no evidence of anything; remove it"


def _match(entry: str, match: Match, lexicon: Lexicon, ids: Collection[str]) -> Iterator[Fault]:
    groups = lexicon.terms.groups
    for key in ("phrases", "whole", "exclude", "exclude_sentence"):
        for text in getattr(match, key):
            yield from _saying(entry, key, text, groups, alone=key == "phrases")
    for key in ("combos", "together"):
        for parts in getattr(match, key):
            yield from _combo(entry, key, parts, groups)
    for text in match.patterns:
        yield from _pattern(entry, text, groups)
    for name in {*match.contexts_off, *match.contexts_on} - lexicon.terms.contexts.keys():
        yield entry, "contexts_off", f"unknown context `{name}`", "define it in terms.toml or correct its name"
    for ref in refs(match.after):
        if not expand(ids, ref):
            yield entry, "after", f"refers to `{ref}`, which does not exist", "correct the id or add that event"


def _combo(entry: str, key: str, parts: Sequence[str], groups: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    try:
        notation.combo(parts, groups, gap=0)
    except notation.BadSaying as error:
        yield entry, key, f"`{' + '.join(parts)}` {error}", "see lexicons/README.md"


def _saying(entry: str, key: str, text: str, groups: Mapping[str, Sequence[str]], *, alone: bool) -> Iterator[Fault]:
    try:
        read = notation.phrase(text, groups, gap=1)
    except notation.BadSaying as error:
        yield entry, key, f"`{text}` {error}", "see lexicons/README.md"
        return
    if alone and len(read.steps) == 1 and any(len(w) == 1 and w.isalpha() for w in read.steps[0].literals):
        yield entry, key, f"`{text}` is a single character", "put it into whole, or make a combo of it"


def _pattern(entry: str, text: str, groups: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    import re2  # noqa: PLC0415 - compiled library; only needed while loading

    try:
        written = notation.pattern(text, groups, dict.fromkeys(set(notation.SLOTS.values()) - {"product"}, "x"))
        options = re2.Options()
        options.log_errors = False
        found = re2.compile(written, options)
    except (notation.BadSaying, re2.error) as error:
        yield entry, "patterns", f"`{text}` {error}", "RE2 syntax: no look-around, no back-references"
        return
    if found.search("") is not None:
        yield entry, "patterns", f"`{text}` matches the empty text", "ask for at least one character"


def _cycles(events: Mapping[str, Event], ids: Collection[str]) -> Iterator[Fault]:
    done: set[str] = set()

    def visit(i: str, trail: tuple[str, ...]) -> Iterator[Fault]:
        if i in trail:
            yield i, "temporal", f"refers to itself through {' > '.join([*trail[trail.index(i) :], i])}", "break the circle"
            return
        if i in done:
            return
        for j in dependencies(events[i], ids):
            yield from visit(j, (*trail, i))
        done.add(i)

    for i in ids:
        yield from visit(i, ())


def dependencies(event: Event, ids: Collection[str]) -> list[str]:
    """Ids this event's temporal keys refer to, families written out, without those it excludes."""
    found = [r for key in REFERENCES if key != "exclude" for r in refs(getattr(event.temporal, key))]
    found += named(event.when) if event.when is not None else []
    return expand(ids, found, own=event.id, exclude=event.temporal.exclude)
