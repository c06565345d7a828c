"""The spoken term sets of `tests/samples/terms/`: what was said, by whom, and which terms it holds.

Rules: thresholds are chosen on split `dev`; split `judge` is opened once, for the report. Not here: noise, phone band, scoring.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TERMS = Path(__file__).resolve().parents[1] / "samples" / "terms"
TALKERS = {"dev": ("alpha", "kumo"), "judge": ("gongitsune", "tenor")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Industry:
    """One set: `lines` as (text, terms) in the order of the clips; `lexicon` says whether `lexicons/industries/` knows it."""

    id: str
    zh: str
    split: str
    lexicon: bool
    lines: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def terms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(term for _, terms in self.lines for term in terms))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    file: Path
    text: str
    terms: tuple[str, ...]


@cache
def industries(split: str | None = None) -> tuple[Industry, ...]:
    """All sets of a split (or of both), by name."""
    found = []
    for file in sorted((TERMS / "sets").glob("*.toml")):
        one = tomllib.loads(file.read_text("utf-8"))
        lines = tuple((re.sub(r"[\[\]]", "", line), tuple(re.findall(r"\[(.+?)\]", line))) for line in one["lines"])
        found.append(Industry(id=one["id"], zh=one["zh"], split=one["split"], lexicon=one["lexicon"], lines=lines))
    return tuple(one for one in found if split in {None, one.split})


def clips(industry: str, talker: str) -> tuple[Clip, ...]:
    """As listed in SET-TALKER.tsv."""
    folder = TERMS / "audio" / industry
    rows = (line.split("\t") for line in (folder / f"SET-{talker}.tsv").read_text("utf-8").splitlines())
    return tuple(Clip(file=folder / file, text=text, terms=tuple(terms.split(","))) for file, text, terms in rows)


def everyday(split: str) -> tuple[str, ...]:
    """Sentences that hold no term of any set."""
    return tuple((TERMS / "plain" / f"{split}.txt").read_text("utf-8").splitlines())
