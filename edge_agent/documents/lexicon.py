"""The lexicons as business staff work on them: checked, added to, tried on text and on recordings.

`lexicon correct` prints text, because its caller gave it; `lexicon eval` prints only numbers, and names no file.
"""

from edge_agent.documents.base import Document
from edge_agent.documents.talk import Correction


class LexiconProblem(Document, frozen=True, kw_only=True):
    """`file` relative to its lexicon folder, `line` 0 when unknown."""

    file: str
    line: int
    entry: str
    message: str
    remedy: str


class FailedExample(Document, frozen=True, kw_only=True):
    """An example of the lexicons that does not hold; `must`: it should have matched."""

    event: str
    industry: str
    must: bool
    text: str


class SoundClash(Document, frozen=True, kw_only=True):
    """`term` sounds like `other`, which is another `term` or an everyday `word`: by ear they are one."""

    term: str
    other: str
    kind: str


class ProbeMoved(Document, frozen=True, kw_only=True):
    """An example of an event whose outcome changed with something about a person that must not matter, or with a pause."""

    event: str
    example: int
    difference: str
    pair: list[str]
    codes: list[str]


class LexiconProbed(Document, frozen=True, kw_only=True):
    """`ok` when nothing moved. `tried` counts comparisons by difference."""

    ok: bool
    examples: int
    tried: dict[str, int]
    moved: list[ProbeMoved]
    staff_emotion: list[str]
    person_words: list[str]


class LexiconChecked(Document, frozen=True, kw_only=True):
    """`ok` without problems and failed examples; clashes are warnings. `inert` are events that cannot fire on this box."""

    ok: bool
    terms: int
    events: int
    examples: int
    inert: int
    problems: list[LexiconProblem]
    failed: list[FailedExample]
    clashes: list[SoundClash]


class LexiconAdded(Document, frozen=True, kw_only=True):
    """`file` is where they stand now; `clashes` are what they cannot be told from by ear."""

    file: str
    industry: str
    added: list[str]
    clashes: list[SoundClash]


class CorrectedLine(Document, frozen=True, kw_only=True):
    """`line` counts from 1; `text` with the terms put, each with what stood there."""

    line: int
    text: str
    corrections: list[Correction]


class LexiconCorrected(Document, frozen=True, kw_only=True):
    """`per_1000`: replacements in 1,000 characters of input."""

    terms: int
    lines: int
    characters: int
    replacements: int
    per_1000: float
    results: list[CorrectedLine]


class TermLength(Document, frozen=True, kw_only=True):
    """Terms of one length in characters: occurrences said, found, and found without hints and recovery."""

    said: int
    found: int
    recall: float
    found_before: int
    recall_before: float


class LexiconEvaluated(Document, frozen=True, kw_only=True):
    """A set of recordings measured: `…_before` plain recognition, the others with hints and recovery as configured.

    `recall` = occurrences of the set's terms found / said. `false_per_1000` = terms in the result that were not said, in 1,000
    characters of reference. `cer_*` = share of wrong characters, numbers read aloud. `unread` are line numbers of the set whose
    recording could not be used; they are not counted.
    """

    recall: float
    false_per_1000: float
    cer_before: float
    cer_after: float
    per_length: dict[str, TermLength]
    recall_before: float
    false_per_1000_before: float
    terms: int
    recordings: int
    said: int
    found: int
    false: int
    characters: int
    unread: list[int]
