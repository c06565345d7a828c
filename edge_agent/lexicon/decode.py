"""One TOML file of the lexicons, read entry by entry: what is well-formed comes out, what is not becomes a problem.

A faulty key is set aside and its entry decoded again, so that one run names every fault. Nothing here knows what the
entries mean together (see `check`) or how folders are laid over each other (see `load`).
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from edge_agent.lexicon.problems import Lines, Problem

T = TypeVar("T")
_PATH: Final = re.compile(r" - at `\$(.*)`$")
_FIELD: Final = re.compile(r"(missing required|contains unknown) field `([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry was read, for problems that only show later. `table` "" is the file itself."""

    file: str
    lines: Lines
    table: str = ""
    start: int = 1

    def problem(self, entry: str, key: str, message: str, remedy: str) -> Problem:
        line = self.lines.key(self.start, self.table, key) if key else self.start
        return Problem(file=self.file, line=line, entry=entry, message=message, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One parsed file. Faults are appended to `problems`."""

    file: str
    given: dict[str, Any]
    lines: Lines
    problems: list[Problem]

    @property
    def place(self) -> Place:
        return Place(file=self.file, lines=self.lines)

    def head(self, kind: type[T], entry: str, *, without: tuple[str, ...] = ()) -> T | None:
        """The file's top level as `kind`, leaving out the tables in `without`."""
        top = {key: value for key, value in self.given.items() if key not in without}
        return self._convert(top, kind, self.place, entry)

    def rows(self, table: str, kind: type[T]) -> Iterator[tuple[Place, T]]:
        """The well-formed entries of `[[table]]`, each with its place."""
        given = self.given.get(table, [])
        for number, value in enumerate(given if isinstance(given, list) else [given]):
            start = self.lines.table(table, number)
            place = Place(file=self.file, lines=self.lines, table=table, start=start)
            named = value.get("id") or value.get("event") if isinstance(value, dict) else None
            made = self._convert(value, kind, place, str(named or f"{table} {number + 1}"))
            if made is not None:
                yield place, made

    def named(self, table: str, kind: type[T]) -> Iterator[tuple[str, Place, T]]:
        """The well-formed sub-tables `[table.<name>]`, each with its name and place."""
        given = self.given.get(table, {})
        for name, value in given.items() if isinstance(given, dict) else ():
            at = f"{table}.{name}"
            place = Place(file=self.file, lines=self.lines, table=at, start=self.lines.table(at))
            made = self._convert(value, kind, place, at)
            if made is not None:
                yield name, place, made

    def _convert(self, value: object, kind: type[T], place: Place, entry: str) -> T | None:
        left = dict(value) if isinstance(value, dict) else value
        dropped: set[str] = set()
        while True:
            try:
                made = msgspec.convert(left, kind)
            except msgspec.ValidationError as error:
                key = self._complain(str(error), place, entry, dropped)
                if key in dropped or not isinstance(left, dict) or key not in left:
                    return None
                del left[key]
                dropped.add(key)
            else:
                return None if dropped else made

    def _complain(self, message: str, place: Place, entry: str, dropped: set[str]) -> str:
        """Note one fault of msgspec's; returns the top-level key to set aside ("" if there is none)."""
        path = found[1].lstrip(".") if (found := _PATH.search(message)) else ""
        field = _FIELD.search(message)
        top = re.split(r"[.\[]", path)[0] or (field[2] if field else "")
        if field and not path and field[2] in dropped:
            return top
        leaf = field[2] if field else re.sub(r"\[.*", "", path.rpartition(".")[2])
        remedy = "see the format in lexicons/README.md"
        if field:
            remedy = "add it" if field[1].startswith("missing") else "remove it or correct its spelling"
        said = _PATH.sub(f" (at `{path}`)" if path else "", message)
        self.problems.append(place.problem(entry, leaf, said, remedy))
        return top


def read(root: Path, path: Path, problems: list[Problem]) -> Source | None:
    """Parse one file; None (and a problem) when it cannot be read or is not TOML."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        given = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = (error.strerror or "input/output error") if isinstance(error, OSError) else str(error)
        line = int(found[1]) if (found := re.search(r"at line (\d+)", said)) else 0
        problems.append(Problem(file=file, line=line, entry="file", message=said, remedy="the file must be UTF-8 TOML"))
        return None
    return Source(file=file, given=given, lines=Lines(text), problems=problems)
