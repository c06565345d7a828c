"""One answer of the doctor: what was looked at, how it stands, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_agent.doctor.facts import Facts

State = Literal["ok", "warn", "fail", "unknown"]
"""`warn`: works, but somebody should know. `fail`: something does not work, or is not safe. `unknown`: could not be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`zh` and `en` say how it stands; the remedies say what to type or to do, empty when nothing is."""

    check: str
    state: State
    zh: str
    en: str
    remedy_zh: str = ""
    remedy: str = ""


Check = Callable[[Facts], Finding]
