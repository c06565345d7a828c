"""What reviewers confirm joins the company's own lexicon on this box, and its gain is measured; it never leaves the box.

A saying is taken only with lines that must and must not bring the event about, only if it changes something, and only if every
example of the whole lexicon that held before still holds. Nothing of the saying goes into the log: the audit row has the event,
the role, the reason and the digest of the lexicons that come out of it. The row is written first, so that nothing is ever learned
unlogged; where the file cannot be written then, a second row says so.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge_agent import app, documents, privilege
from edge_agent.assets import bundled
from edge_agent.config import Config
from edge_agent.domain.contests import Reason, Role
from edge_agent.errors import BadInput, NotAllowed, NotFound

if TYPE_CHECKING:
    from edge_agent.lexicon.model import Event
    from edge_agent.tagging.tagger import RuleTagger

Kind = Literal["phrase", "veto"]
NEGATED: Final = "negated"
"""The built-in context of that name."""
_NAMED: Final = 5
"""So many broken examples are named when a saying is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A saying, the event it is about, and the reviewer's own lines. `reason` is the contest's it came from."""

    saying: str
    event: str
    kind: Kind
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    by: Role
    reason: Reason


class _Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: str
    must: list[str] = []
    must_not: list[str] = []


class _Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A judged set: `[[example]]` with `event`, `must`, `must_not`, in the notation of the lexicons' own examples."""

    example: list[_Judged] = []


def learn(settings: Config, lesson: Lesson, *, to: Path | None = None, builtin: Path | None = None) -> documents.Learned:
    """Take a saying into the company's folder; it counts from the worker's next start. `builtin`: not the bundled lexicons.

    Raises:
        NotAllowed: the role may not confirm it, it changes nothing, it is a word about a person alone, or an example of the
            lexicons would break (which, is said).
        BadInput: there is no folder, or a line is missing. BadLexicon: the saying breaks the notation. NotFound: no such event.
    """
    from edge_agent.lexicon import adding, words  # noqa: PLC0415 - after parsing

    _complete(lesson)
    words.configure(settings.paths.cache)
    folder = _folder(settings, to)
    note = _note(lesson.by, lesson.reason)
    with privilege.raised_at_both_ends(adding.alone(folder)), privilege.raised_at_both_ends(_copy(folder)) as tried:
        with privilege.raised():
            before = _tagger(folder, builtin)
            if lesson.event not in before.lexicon.events:
                raise NotFound("there is no such event", remedy="edge-agent lexicon check", zh="没有这个事件")
            _useful(before, lesson)
            extend = _extend(before.lexicon.events[lesson.event], lesson)
            adding.learn(tried, extend, note=note)
            after = _tagger(tried, builtin)
        _fair(before, after)
        count = _hold(before, after, lesson.event)
        elsewhere = _elsewhere(before, lesson)
        row = noted(settings, event=lesson.event, kind=lesson.kind, by=lesson.by, reason=lesson.reason, digest=after.ruleset)
        with row, privilege.raised():
            path = adding.learn(folder, extend, note=note)
    return documents.Learned(
        event=lesson.event, kind=lesson.kind, by=lesson.by.value, reason=lesson.reason.value, file=str(path), examples=count,
        elsewhere=elsewhere,
    )  # fmt: skip


@contextmanager
def noted(settings: Config, *, event: str, kind: str, by: Role, reason: Reason, digest: str = "") -> Iterator[None]:
    """Around the writing: into the audit log first, where this box has one; a desk where lexicons are only written has none."""
    if not settings.paths.ledger.is_file():
        yield
        return
    ledger = app.ledger(settings, app.keys(settings))
    row = {"event": event, "entry": kind, "by": by.value, "reason": reason.value, "ruleset": digest}
    written = False
    try:
        ledger.noted("lexicon.learned", **row)
        try:
            yield
            written = True
        finally:
            if not written:
                ledger.noted("lexicon.unlearned", **row)
    finally:
        ledger.close()


def gain(
    settings: Config, listing: Path | None = None, *, to: Path | None = None, builtin: Path | None = None
) -> documents.LearningGain:
    """The same examples without and with what was learned.

    Raises:
        BadLexicon: the company's files are faulty. BadInput: the set cannot be used. NotFound: nothing to judge.
    """
    from edge_agent.lexicon import adding, words  # noqa: PLC0415

    words.configure(settings.paths.cache)
    folder = _folder(settings, to)
    with privilege.raised():
        after = _tagger(folder, builtin)  # first: it names what is wrong in a file that was written by hand
        own = _learned(folder)
    judged = own if listing is None else _judged(listing)
    rows = [
        (one.event, text, must) for one in judged for must, texts in ((True, one.must), (False, one.must_not)) for text in texts
    ]
    if not rows:
        raise NotFound("there is no example to judge by", remedy="learn something, or give --set FILE", zh="没有可评测的例句")
    with privilege.raised(), _copy(folder) as without:
        adding.learned(without).unlink(missing_ok=True)
        before = _tagger(without, builtin)
    if any(event not in after.lexicon.events for event, _, _ in rows):
        raise NotFound("the set names an event that does not exist", remedy="edge-agent lexicon check", zh="评测文件里有未知事件")
    outcome = [(event, text, must, _found(before, event, text), _found(after, event, text)) for event, text, must in rows]
    events = sorted({event for event, *_ in outcome})
    return documents.LearningGain(
        basis="own-lines" if listing is None else "set", learned=len(own),
        events=[_gain(event, [(m, b, a) for e, _, m, b, a in outcome if e == event]) for event in events],
        total=_gain("*", [(m, b, a) for _, _, m, b, a in outcome]),
        changed=[
            documents.ChangedExample(event=event, text=text, must=must, found=now)
            for event, text, must, was, now in outcome if was != now
        ],
    )  # fmt: skip


def note_of(by: Role, reason: Reason) -> str:
    """The comment that stands with an entry: which role confirmed it, when, why."""
    return _note(by, reason)


def _note(by: Role, reason: Reason) -> str:
    return f"{app.SystemClock().now().date().isoformat()} {by.value} {reason.value}"


def _complete(lesson: Lesson) -> None:
    if lesson.by is Role.REP:
        raise NotAllowed("a rep confirms no saying", remedy="--by manager or --by compliance", zh="由主管或合规确认")
    if not (lesson.must and lesson.must_not):
        raise BadInput(
            "examples", "at least one line that must and one that must not bring it about are needed",
            remedy="give --must LINE and --must-not LINE", zh="至少各给一条应命中和不应命中的例句",
        )  # fmt: skip


def _extend(event: "Event", lesson: Lesson) -> dict[str, str | list[str]]:
    """The entry as its file has it. A new way to say the event is vetoed by what vetoes all its ways, in every context that
    vetoes any of them, and when it is negated: who confirms a saying need not know of any of this.
    """
    entry: dict[str, str | list[str]] = {"event": lesson.event}
    if lesson.kind == "veto":
        entry["veto"] = [lesson.saying]
    else:
        tables = event.matches()
        entry["phrases"] = [lesson.saying]
        entry["contexts_off"] = sorted({NEGATED, *(name for table in tables for name in table.contexts_off)})
        for key in ("exclude", "exclude_sentence"):
            said = dict.fromkeys(one for table in tables for one in getattr(table, key))
            entry[key] = [one for one in said if all(one in getattr(table, key) for table in tables)]
        entry = {key: value for key, value in entry.items() if value}
    return entry | {"must": list(lesson.must), "must_not": list(lesson.must_not)}


def _fair(before: "RuleTagger", after: "RuleTagger") -> None:
    from edge_agent.tagging.probes import person_words  # noqa: PLC0415

    if {*person_words(after)} - {*person_words(before)}:
        raise NotAllowed("a word about a person alone is no behaviour", remedy="say what was said", zh="只凭称呼不能算一种行为")


def _elsewhere(before: "RuleTagger", lesson: Lesson) -> int:
    """In how many examples of other events the saying stands, letter by letter: a broad one stands in many."""
    from edge_agent.tagging.trial import trials  # noqa: PLC0415

    return sum(lesson.saying in trial.text for trial in trials(before) if trial.event != lesson.event)


def _hold(before: "RuleTagger", after: "RuleTagger", event: str) -> int:
    """NotAllowed when an example fails now that did not fail before, those of the event first; how many were run."""
    from edge_agent.tagging.trial import BadExample, Trial, passes, trials  # noqa: PLC0415

    def fails(tagger: "RuleTagger", trial: Trial) -> bool:
        try:
            return passes(tagger, trial) is False
        except BadExample:
            return True

    count, old = 0, set(trials(before))
    every = list(trials(after))
    for part in ([one for one in every if one.event == event], [one for one in every if one.event != event]):
        count += len(part)
        broken = [trial for trial in part if fails(after, trial) and not (trial in old and fails(before, trial))]
        if not broken:
            continue
        named = sorted({trial.event for trial in broken})
        own = all(trial not in old for trial in broken)
        raise NotAllowed(
            f"{len(broken)} example(s) would break: {', '.join(named[:_NAMED])}" + (" (lines given with it)" if own else ""),
            remedy="make the saying longer, or give other lines", zh=f"会破坏现有例句：{'、'.join(named[:_NAMED])}",
        )  # fmt: skip
    return count


def _useful(before: "RuleTagger", lesson: Lesson) -> None:
    lines = lesson.must if lesson.kind == "phrase" else lesson.must_not
    wanted = lesson.kind == "phrase"
    if all(_found(before, lesson.event, line) is wanted for line in lines):
        raise NotAllowed(
            "it changes nothing: its lines go right already",
            remedy="give a line that goes wrong today",
            zh="现有词库已能正确判断，无需加入",
        )


def _found(tagger: "RuleTagger", event: str, text: str) -> bool:
    """Whether a line brings the event about. BadInput: it breaks the notation."""
    from edge_agent.tagging.trial import BadExample, Trial, passes  # noqa: PLC0415

    try:
        return passes(tagger, Trial(event=event, text=text, must=True)) is True
    except BadExample as error:
        raise BadInput(
            "example", "a line breaks the notation of examples", remedy="see lexicons/README.md", zh="例句写法有误"
        ) from error


def _gain(event: str, rows: Sequence[tuple[bool, bool, bool]]) -> documents.EventGain:
    """`rows` are (must, found before, found after)."""

    def scores(found: int) -> tuple[float | None, float | None]:
        right = sum(row[0] and row[found] for row in rows)
        return _share(right, sum(row[found] for row in rows)), _share(right, sum(row[0] for row in rows))

    (precision_before, recall_before), (precision, recall) = scores(1), scores(2)
    return documents.EventGain(
        event=event, examples=len(rows), precision_before=precision_before, precision=precision, recall_before=recall_before,
        recall=recall,
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _tagger(company: Path, builtin: Path | None) -> "RuleTagger":
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.tagging.tagger import RuleTagger  # noqa: PLC0415

    return RuleTagger(load(builtin or bundled("lexicons"), company if company.is_dir() else None))


def _learned(folder: Path) -> list[_Judged]:
    from edge_agent.lexicon import adding  # noqa: PLC0415

    path = adding.learned(folder)
    given = msgspec.toml.decode(path.read_bytes()).get("extend", []) if path.is_file() else []
    return [_Judged(event=one["event"], must=one.get("must", []), must_not=one.get("must_not", [])) for one in given]


def _judged(listing: Path) -> list[_Judged]:
    try:
        with privilege.raised():
            return msgspec.toml.decode(listing.read_bytes(), type=_Set).example
    except OSError as error:
        raise BadInput("unreadable", f"the set cannot be read ({error.strerror})", remedy="check the path") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            "set", "the set is no TOML of [[example]] with event, must and must_not", remedy="see lexicons/README.md",
            zh="评测文件写法有误",
        ) from error  # fmt: skip


def _folder(settings: Config, to: Path | None) -> Path:
    if to is None and not settings.lexicons:
        raise BadInput(
            "no-folder", "there is no folder of the company's lexicons",
            remedy="set `lexicons` in the configuration, or give --to FOLDER", zh="没有公司词库目录",
        )  # fmt: skip
    return to or Path(settings.lexicons)


@contextmanager
def _copy(folder: Path) -> Iterator[Path]:
    """A copy to try things on, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="edge-learn-") as made:
        copy = Path(made) / "lexicons"
        if folder.is_dir():
            shutil.copytree(folder, copy)
        else:
            copy.mkdir()
        yield copy
