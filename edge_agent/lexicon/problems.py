"""What is wrong with lexicon files: one `Problem` per fault, each with file, line, entry and remedy.

A problem's `file` is the path relative to its lexicon folder, never an absolute one. `Lines` finds the line of a table or
key in TOML text without parsing it again: good enough to jump there, 0 when unknown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.errors import BadConfig

_HEADER: Final = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault: where it is, what it is, what to do."""

    file: str
    line: int
    entry: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.entry}: {self.message} — {self.remedy}"


class BadLexicon(BadConfig):
    """Faults of the lexicons; `problems` has them one by one, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.entry)))
        listed = "\n".join(str(p) for p in self.problems)
        super().__init__(
            f"{len(problems)} problem(s) in the lexicons:\n{listed}",
            remedy="correct each named line; lexicons/README.md describes the format",
            zh=f"词库有 {len(problems)} 处问题，请按行号逐条改正",
        )


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one BadLexicon naming every problem, or return when there is none."""
    if problems:
        raise BadLexicon(problems)


class Lines:
    """Where tables and keys stand in a TOML text."""

    def __init__(self, text: str) -> None:
        self._rows = text.splitlines()
        self._headers = [
            (number, match[1].replace('"', ""))
            for number, row in enumerate(self._rows, 1)
            if (match := _HEADER.match(row)) is not None
        ]

    def table(self, name: str, nth: int = 0) -> int:
        """Line of the nth header called `name` (`[name]` or `[[name]]`), 0 if there is none."""
        found = [number for number, header in self._headers if header == name]
        return found[nth] if nth < len(found) else 0

    def key(self, start: int, table: str, key: str) -> int:
        """Line of `key` in the table at line `start`, its sub-tables included; `start` itself if not found.

        `table` "" is the whole file.
        """
        ends = (n for n, header in self._headers if table and n > start and not header.startswith(f"{table}."))
        wanted = re.compile(rf'^\s*(\[+({re.escape(table)}\.)?)?"?{re.escape(key)}"?\s*[=\]]')
        inside = range(max(start, 1), next(ends, len(self._rows) + 1))
        return next((n for n in inside if wanted.match(self._rows[n - 1])), start)
