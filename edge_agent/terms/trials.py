"""A set of recordings to measure terms on: `file<TAB>reference text<TAB>comma-separated terms`, one recording a line.

UTF-8; blank lines, `#` comments and a header line (file, text, terms) are passed over. A fault is said by its line number alone.
"""

from dataclasses import dataclass

from edge_agent.errors import BadInput
from edge_agent.terms.listing import decoded
from edge_agent.terms.scoring import aloud

_REMEDY = "file<TAB>reference text<TAB>term,term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`line` counts from 1; `file` is relative to the set's folder, or absolute."""

    line: int
    file: str
    reference: str
    terms: tuple[str, ...]


def trials(content: bytes) -> list[Trial]:
    """The recordings in their order.

    Raises:
        BadInput: "set": not UTF-8, a line without its three columns or with a term nobody can say, or no recording at all.
    """
    found: list[Trial] = []
    for number, row in enumerate(decoded(content, _refused), 1):
        if not row.strip() or row.lstrip().startswith("#"):
            continue
        columns = [column.strip() for column in row.split("\t")]
        if not found and columns[0].lower() == "file":
            continue
        if len(columns) != 3 or not columns[0] or not columns[1]:
            raise _refused(f"line {number} has not its three columns", f"第 {number} 行应有三列")
        terms = tuple(term.strip() for term in columns[2].replace("，", ",").split(",") if term.strip())
        if not all(map(aloud, terms)):
            raise _refused(f"line {number} names a term that is never spoken", f"第 {number} 行有读不出的词")
        found.append(Trial(line=number, file=columns[0], reference=columns[1], terms=terms))
    if not found:
        raise _refused("no recording in the set", "测试集是空的")
    return found


def _refused(message: str, zh: str) -> BadInput:
    return BadInput("set", f"the set: {message}", remedy=_REMEDY, zh=f"测试集：{zh}")
