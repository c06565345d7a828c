"""Rules in business language before they are in force: checked, explained, run over what the ledger holds, tested on examples.

Answers documents (`documents.rules`). Reads the lexicons and the ledger; writes nothing. What a rule says is its writer's own
text and may be printed; of recordings only ids and counts are.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge_agent import documents, privilege
from edge_agent.assets import bundled
from edge_agent.config import Config

if TYPE_CHECKING:
    from edge_agent.domain.recording import Recording
    from edge_agent.domain.tags import BehaviorTag
    from edge_agent.ledger.reading import LedgerReader
    from edge_agent.lexicon.model import Event, Lexicon
    from edge_agent.rulebook.names import Book
    from edge_agent.tagging.tagger import RuleTagger

FLAGS = frozenset({"outbound", "recorded", "dual_record", "b2b"})


def explain(settings: Config, text: str) -> documents.RuleExplained:
    """A sentence as a tree and said back, or the question it raises."""
    from edge_agent.rulebook.reading import read  # noqa: PLC0415

    found = read(text, _book(settings))
    return documents.RuleExplained(
        ok=found.rule is not None, tree=found.rule, said_back=found.said_back or None, question=found.question
    )


def check(settings: Config, folder: Path | None = None) -> documents.RulesChecked:
    """Every rule of the built-in and the company's folder: what it says, or what is wrong with it."""
    from edge_agent.lexicon.problems import BadLexicon  # noqa: PLC0415
    from edge_agent.rulebook.names import Book  # noqa: PLC0415
    from edge_agent.rulebook.reading import read  # noqa: PLC0415

    try:
        lexicon = _lexicon(settings, folder)
    except BadLexicon as error:
        return documents.RulesChecked(ok=False, rules=[], problems=_problems(error))
    book = Book(lexicon)
    lines = []
    for row in lexicon.rules:
        event = lexicon.events[row.code]
        judged, why = _judged(event)
        lines.append(
            documents.RuleLine(
                rule=row.code, enabled=row.enabled, kind=event.kind, layer=event.layer, said_back=read(row.text, book).said_back,
                judged=judged, why=why,
            )
        )  # fmt: skip
    return documents.RulesChecked(ok=True, rules=lines, problems=[])


def every_example(settings: Config, folder: Path | None = None) -> documents.RulesTested:
    """Every example of every entry, rules that are not enabled included."""
    from edge_agent.lexicon import words  # noqa: PLC0415
    from edge_agent.lexicon.problems import BadLexicon  # noqa: PLC0415
    from edge_agent.tagging.tagger import RuleTagger  # noqa: PLC0415

    words.configure(settings.paths.cache)
    try:
        lexicon = _lexicon(settings, folder)
    except BadLexicon as error:
        return documents.RulesTested(
            ok=False, events=0, key_nodes=0, rules=0, examples=0, passed=0, failed=0, skipped=0, inert=0, failures=[],
            problems=_problems(error),
        )  # fmt: skip
    tagger = RuleTagger(lexicon)
    verdicts, failures = _tried(tagger)
    catalogue = [event for event in tagger.events if event.family != "rule"]
    inert = tagger.inert(FLAGS)
    return documents.RulesTested(
        ok=not failures, events=len(catalogue), key_nodes=sum(e.key_node for e in catalogue), rules=len(lexicon.rules),
        examples=len(verdicts), passed=verdicts.count(True), failed=len(failures), skipped=verdicts.count(None),
        inert=len(inert), failures=failures, problems=[],
    )  # fmt: skip


def dry_run(settings: Config, text: str, days: int, *, now: datetime | None = None) -> documents.RuleRehearsed:
    """How often a rule would have fired in the recordings of the last `days`; what lies before them only helps to count.

    Raises:
        Unavailable: there is no ledger here yet.
    """
    from edge_agent.lexicon.model import RuleRow  # noqa: PLC0415
    from edge_agent.rulebook import events as rule_events  # noqa: PLC0415
    from edge_agent.rulebook.reading import read  # noqa: PLC0415

    book = _book(settings)
    found = read(text, book)
    now = now or datetime.now(UTC)
    since = now - timedelta(days=days)
    with _ledger(settings) as ledger:
        talks = _talks(ledger)
    recent = [talk for talk in talks if talk.recording.circumstances.started_at >= since]
    fired: dict[str, int] = {}
    why = ""
    if found.rule is not None:
        event = rule_events.event(RuleRow(id="rehearsed", text=text), found.rule, book)
        judged, why = _judged(event)
        if judged == "days":
            fired = _over_days(event, book, talks, since=since, now=now)
        elif judged == "talk":
            fired = _in_talks(event, book, recent)
    return documents.RuleRehearsed(
        ok=found.rule is not None, said_back=found.said_back or None, question=found.question, days=days,
        recordings=len(recent), fired=sum(fired.values()),
        where=[documents.RuleFired(recording=one, times=times) for one, times in sorted(fired.items())], why=why,
    )  # fmt: skip


def _in_talks(event: "Event", book: "Book", talks: "Sequence[_Talk]") -> dict[str, int]:
    from edge_agent.domain.tags import Conversation  # noqa: PLC0415
    from edge_agent.tagging.replay import replay  # noqa: PLC0415
    from edge_agent.tagging.tagger import known  # noqa: PLC0415

    fired = {}
    for talk in talks:
        around = talk.recording.circumstances
        facts = tuple(talk.facts.items())
        began = Conversation(utterances=(), duration_ms=0, started_at=around.started_at, facts=facts)
        fired[talk.recording.id] = replay(event, book.events, talk.tags, known(began))
    return {recording: times for recording, times in fired.items() if times}


def _over_days(event: "Event", book: "Book", talks: "Sequence[_Talk]", *, since: datetime, now: datetime) -> dict[str, int]:
    from edge_agent.domain.history import History, Past, Whose, delivered, ms_of, stands_for  # noqa: PLC0415
    from edge_agent.tagging.across.build import whose  # noqa: PLC0415
    from edge_agent.tagging.across.historian import Historian  # noqa: PLC0415

    side = whose(event)
    lexicon = msgspec.structs.replace(
        book.lexicon, events={**book.events, event.id: event}, event_digests={**book.lexicon.event_digests, event.id: ""}
    )
    historian = Historian(lexicon)
    persons: dict[str, list[Past]] = defaultdict(list)
    for talk in talks:
        around, one = talk.recording.circumstances, talk.recording.id
        person = around.customer if side is Whose.CUSTOMER else around.rep
        if person:
            began = ms_of(around.started_at)
            persons[person] += [
                Past(recording=one, began_ms=began, tag=tag, brand=stands_for(dict(tag.slots).get("brand"), around))
                for tag in talk.tags
            ]
            persons[person] += [delivered(one, began, talk.facts)] if talk.facts else []
    fired: dict[str, int] = defaultdict(int)
    for pasts in persons.values():
        hits = sorted((past for past in pasts if past.code in historian.heard[side]), key=lambda past: past.order)
        history = History(whose=side, since_ms=ms_of(since), now_ms=ms_of(now), hits=hits)
        for past in historian.judge(history).new:
            if past.code == event.id:
                fired[past.recording] += 1
    return dict(fired)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """A recording with its tags in force and what another system delivered with it."""

    recording: "Recording"
    tags: "Sequence[BehaviorTag]"
    facts: Mapping[str, float | bool]


@contextmanager
def _ledger(settings: Config) -> "Iterator[LedgerReader]":
    from edge_agent.ledger.reading import LedgerReader  # noqa: PLC0415

    opened = LedgerReader.open(settings.paths.ledger)
    try:
        yield opened
    finally:
        opened.close()


def _talks(ledger: "LedgerReader") -> "list[_Talk]":
    tags: dict[str, list[BehaviorTag]] = defaultdict(list)
    for stored in ledger.tags():
        tags[stored.recording].append(stored.tag)
    return [_Talk(recording=one, tags=tags[one.id], facts=ledger.facts(one.id)) for one in ledger.recordings()]


def _judged(event: "Event") -> tuple[str, str]:
    """Where a rule is judged, and why it never is."""
    from edge_agent.tagging.rules.build import inert, over_days  # noqa: PLC0415

    why = inert(event, FLAGS)
    if why:
        return "never", why
    return ("days", "") if over_days(event) else ("talk", "")


def _tried(tagger: "RuleTagger") -> tuple[list[bool | None], list[documents.FailedExample]]:
    from edge_agent.tagging.trial import BadExample, passes, trials  # noqa: PLC0415

    verdicts: list[bool | None] = []
    failures = []
    for trial in trials(tagger):
        try:
            verdict = passes(tagger, trial)
        except BadExample:
            verdict = False
        verdicts.append(verdict)
        if verdict is False:
            failures.append(documents.FailedExample(event=trial.event, industry=trial.industry, must=trial.must, text=trial.text))
    return verdicts, failures


def _book(settings: Config) -> "Book":
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.rulebook.names import Book  # noqa: PLC0415

    with privilege.raised():
        return Book(load(bundled("lexicons"), _company(settings, None)))


def _lexicon(settings: Config, folder: Path | None) -> "Lexicon":
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.rulebook.events import compiler  # noqa: PLC0415

    with privilege.raised():
        return load(bundled("lexicons"), _company(settings, folder), rules=compiler(), dormant=True)


def _company(settings: Config, folder: Path | None) -> Path | None:
    if folder is not None:
        return folder
    return Path(settings.lexicons) if settings.lexicons else None


def _problems(error: Exception) -> list[documents.LexiconProblem]:
    return [
        documents.LexiconProblem(file=p.file, line=p.line, entry=p.entry, message=p.message, remedy=p.remedy)
        for p in getattr(error, "problems", ())
    ]
