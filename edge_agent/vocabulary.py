"""The lexicons from the command line: check them, add words, try a list of terms on text, measure it on recordings.

Answers documents (`documents.lexicon`). Files that a person named are opened with the person's rights; nothing is stored but
the words that `add` is given.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge_agent import app, documents, privilege
from edge_agent.assets import bundled
from edge_agent.config import Config
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import BadInput
from edge_agent.ports import Transcriber

if TYPE_CHECKING:
    from edge_agent.lexicon.model import Lexicon
    from edge_agent.tagging.tagger import RuleTagger

_NO_FOLDER = "set `lexicons` in the configuration, or give the folder"
FLAGS = frozenset({"outbound", "recorded", "dual_record", "b2b"})


def check(settings: Config, folder: Path | None = None) -> documents.LexiconChecked:
    """Load built-in and company lexicons, run every example, and say what the ear cannot tell apart."""
    from edge_agent.lexicon import words  # noqa: PLC0415
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.lexicon.problems import BadLexicon  # noqa: PLC0415
    from edge_agent.rulebook.events import compiler  # noqa: PLC0415
    from edge_agent.tagging.tagger import RuleTagger  # noqa: PLC0415
    from edge_agent.terms.clashes import clashes  # noqa: PLC0415

    words.configure(settings.paths.cache)
    try:
        with privilege.raised():
            lexicon = load(bundled("lexicons"), _company(settings, folder), rules=compiler())
    except BadLexicon as error:
        return documents.LexiconChecked(
            ok=False, terms=0, events=0, examples=0, inert=0, failed=[], clashes=[],
            problems=[
                documents.LexiconProblem(file=p.file, line=p.line, entry=p.entry, message=p.message, remedy=p.remedy)
                for p in error.problems
            ],
        )  # fmt: skip
    tagger = RuleTagger(lexicon)
    tried, failed = _examples(tagger)
    groups = list(_hot_words(lexicon))
    found = dict.fromkeys(c for terms in groups for c in clashes(terms))
    return documents.LexiconChecked(
        ok=not failed, terms=len({word for terms in groups for word in terms}), events=len(tagger.events), examples=tried,
        inert=len(tagger.inert(FLAGS)), problems=[], failed=failed,
        clashes=[documents.SoundClash(term=c.term, other=c.other, kind=c.kind) for c in found],
    )  # fmt: skip


def probe(settings: Config, folder: Path | None = None, *, every: int = 1) -> documents.LexiconProbed:
    """Whether gender, age, dialect, name or a pause changes the outcome of any example.

    Raises:
        BadLexicon: the lexicons are faulty.
    """
    from edge_agent.lexicon import words  # noqa: PLC0415
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.tagging import probes  # noqa: PLC0415
    from edge_agent.tagging.tagger import RuleTagger  # noqa: PLC0415

    words.configure(settings.paths.cache)
    with privilege.raised():
        tagger = RuleTagger(load(bundled("lexicons"), _company(settings, folder)))
    done, emotion, persons = probes.probe(tagger, every=every), probes.staff_emotion(tagger), probes.person_words(tagger)
    return documents.LexiconProbed(
        ok=not (done.moved or emotion or persons), examples=done.examples, tried=done.tried, staff_emotion=list(emotion),
        person_words=list(persons),
        moved=[
            documents.ProbeMoved(
                event=m.event, example=m.example, difference=m.difference, pair=list(m.pair), codes=list(m.codes)
            )
            for m in done.moved
        ],
    )  # fmt: skip


def add(
    settings: Config,
    terms: Sequence[str],
    *,
    industry: str,
    to: Path | None = None,
    note: str = "",
    log: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> documents.LexiconAdded:
    """Add hot words to the company's folder, with `note` as a comment; they count from the worker's next start.

    `log` is entered once nothing speaks against them, right around the writing.

    Raises:
        BadInput: a term that cannot be listened for or is there already, or an industry that is no code. BadLexicon: the
        lexicons are faulty as they are. Unavailable: the folder cannot be written.
    """
    from edge_agent.lexicon import adding, words  # noqa: PLC0415
    from edge_agent.lexicon.load import load  # noqa: PLC0415
    from edge_agent.terms.clashes import clashes  # noqa: PLC0415

    words.configure(settings.paths.cache)
    folder = _company(settings, to)
    if folder is None:
        raise BadInput("no-folder", "there is no folder of the company's lexicons", remedy=_NO_FOLDER, zh="没有公司词库目录")
    new = list(dict.fromkeys(term.strip() for term in terms))
    _check_code(industry)
    with privilege.raised_at_both_ends(adding.alone(folder)):
        with privilege.raised():
            lexicon = load(bundled("lexicons"), folder)
            path = adding.place(folder, industry)
        active = _active(lexicon, industry)
        _refuse(new, active)
        known = lexicon.industries.get(industry)
        with log(), privilege.raised():
            adding.add(path, new, industry=industry, zh=known.zh if known else industry, note=note)
    return documents.LexiconAdded(
        file=str(path), industry=industry, added=new,
        clashes=[documents.SoundClash(term=c.term, other=c.other, kind=c.kind) for c in clashes(new, active)],
    )  # fmt: skip


def correct(settings: Config, listing: Path, lines: Sequence[str]) -> documents.LexiconCorrected:
    """What would be put right in these lines, by their text alone."""
    from edge_agent.lexicon import words  # noqa: PLC0415
    from edge_agent.terms.recovery import Recovery  # noqa: PLC0415

    words.configure(settings.paths.cache)
    terms = _listed(listing)
    recovery = Recovery(terms)
    results = []
    for number, line in enumerate(lines, 1):
        done = recovery.correct(line)
        put = [
            documents.Correction(start=c.start, end=c.end, term=c.term, raw=c.raw, score=c.score, reason=c.reason)
            for c in done.corrections
        ]
        results.append(documents.CorrectedLine(line=number, text=done.text, corrections=put))
    characters, count = sum(map(len, lines)), sum(len(one.corrections) for one in results)
    return documents.LexiconCorrected(
        terms=len(terms), lines=len(lines), characters=characters, replacements=count,
        per_1000=_per_1000(count, characters), results=results,
    )  # fmt: skip


def evaluate(
    settings: Config, listing: Path, table: Path, *, transcriber: Transcriber | None = None
) -> documents.LexiconEvaluated:
    """Recognise every recording of a set twice, without and with the terms, and count; by default with this box's engine.

    Raises:
        BadInput: the list or the set cannot be used (a faulty line by its number). MissingAsset: no model is installed.
    """
    from edge_agent.lexicon import words  # noqa: PLC0415
    from edge_agent.terms.scoring import Score, aloud  # noqa: PLC0415
    from edge_agent.terms.trials import trials  # noqa: PLC0415

    words.configure(settings.paths.cache)
    terms = _listed(listing)
    active = {aloud(term): term for term in terms}
    rows = trials(_content(table, "the set"))
    speech = transcriber or app.Speech(settings)
    score, unread = Score(), []
    for row in rows:
        path = table.parent / row.file
        try:
            before, after = _heard(speech, path, ()), _heard(speech, path, terms)
        except BadInput:
            unread.append(row.line)
            continue
        score.add(reference=row.reference, terms=row.terms, active=active, before=before, after=after)
    if len(unread) == len(rows):
        raise BadInput(
            "set", "no recording of the set can be read", remedy="paths count from the set's own folder", zh="录音都无法读取"
        )
    said = sum(one.said for one in score.lengths.values())
    found = sum(one.after for one in score.lengths.values())
    return documents.LexiconEvaluated(
        recall=_share(found, said), recall_before=_share(sum(one.before for one in score.lengths.values()), said),
        false_per_1000=_per_1000(score.false_after, score.characters),
        false_per_1000_before=_per_1000(score.false_before, score.characters),
        cer_before=_share(score.edits_before, score.characters), cer_after=_share(score.edits_after, score.characters),
        per_length={
            str(length): documents.TermLength(
                said=one.said, found=one.after, recall=_share(one.after, one.said),
                found_before=one.before, recall_before=_share(one.before, one.said),
            )
            for length, one in sorted(score.lengths.items())
        },
        terms=len(terms), recordings=len(rows) - len(unread), said=said, found=found, false=score.false_after,
        characters=score.characters, unread=unread,
    )  # fmt: skip


def _heard(speech: Transcriber, path: Path, terms: Sequence[str]) -> str:
    with privilege.raised():
        try:
            media = path.open("rb")
        except (OSError, ValueError) as error:
            raise BadInput("unreadable", "the recording cannot be read", remedy="check the path and its rights") from error
    with media:
        said = speech.transcribe(media, channels=(Speaker.UNKNOWN,), terms=terms)
    return "，".join(one.text for one in said.utterances)


def _examples(tagger: "RuleTagger") -> tuple[int, list[documents.FailedExample]]:
    from edge_agent.review.mood_examples import examples  # noqa: PLC0415
    from edge_agent.tagging.trial import BadExample, passes, trials  # noqa: PLC0415

    tried, failed = 0, []
    for trial in trials(tagger):
        tried += 1
        try:
            verdict = passes(tagger, trial)
        except BadExample:
            verdict = False
        if verdict is False:
            failed.append(documents.FailedExample(event=trial.event, industry=trial.industry, must=trial.must, text=trial.text))
    for name, text, holds in examples(tagger):
        tried += 1
        if not holds:
            failed.append(documents.FailedExample(event=f"mood.{name}", industry="*", must=True, text=text))
    return tried, failed


def _hot_words(lexicon: "Lexicon") -> Iterator[list[str]]:
    """The words that are listened for together: those of each trade with the common ones."""
    for industry in [*lexicon.industries] or [""]:
        yield _active(lexicon, industry)


def _active(lexicon: "Lexicon", industry: str) -> list[str]:
    own = lexicon.industries.get(industry)
    return [*lexicon.terms.hotwords, *(own.hotwords if own else ())]


def _check_code(industry: str) -> None:
    """It becomes the name of a file and an `id` that the next load must take."""
    from edge_agent.lexicon.model import Code  # noqa: PLC0415

    try:
        if industry:
            msgspec.convert(industry, Code)
    except msgspec.ValidationError as error:
        raise BadInput(
            "industry", "the industry is no code of a-z, 0-9 and -", remedy="for example --industry fmcg",
            zh="行业应为代码，如 fmcg",
        ) from error  # fmt: skip


def _refuse(new: Sequence[str], active: Sequence[str]) -> None:
    from edge_agent.terms.listing import unheard  # noqa: PLC0415
    from edge_agent.terms.sounds import fold  # noqa: PLC0415

    there = {fold(word) for word in active}
    for number, term in enumerate(new, 1):
        fault = unheard(term) if term else "is empty"
        if not fault and fold(term) in there:
            fault = "is there already"
        there.add(fold(term))
        if fault:
            raise BadInput(
                "term", f"term {number} {fault}", remedy="leave it out or write it in full", zh=f"第 {number} 个词不能加入"
            )


def _company(settings: Config, folder: Path | None) -> Path | None:
    if folder is not None:
        return folder
    return Path(settings.lexicons) if settings.lexicons else None


def _listed(listing: Path) -> tuple[str, ...]:
    from edge_agent.terms.listing import listed  # noqa: PLC0415

    return listed(_content(listing, "the list of terms"))


def _content(path: Path, what: str) -> bytes:
    try:
        with privilege.raised():
            return path.read_bytes()
    except OSError as error:
        raise BadInput(
            "unreadable", f"{what} cannot be read ({error.strerror})", remedy="check the path", zh="文件无法读取"
        ) from error


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _per_1000(count: int, characters: int) -> float:
    return round(1000 * count / characters, 4) if characters else 0.0
