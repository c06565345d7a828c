"""Contests of findings: somebody objects with a reason from a closed list, somebody in another role decides.

Roles only, never names. Whoever objects does not decide, and staff whom a finding is about never do: a rep's objection is decided
by a manager or by compliance, a manager's by compliance, compliance's by a manager. A decided contest stays decided, also when
later analyses find the same by the same rule; only another rule may be contested anew.

How often an event is right is told from decided contests. They are no random sample, people object to what looks wrong, so the
figure is a lower bound for the event as a whole; below `ENOUGH` decisions there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import sqrt
from typing import Final

ENOUGH: Final = 5
"""Decisions below which nothing is said about an event."""
_Z: Final = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


class Role(StrEnum):
    REP = "rep"
    MANAGER = "manager"
    COMPLIANCE = "compliance"


class Reason(StrEnum):
    NOT_SAID = "not-said"
    WRONG_SPEAKER = "wrong-speaker"
    WRONG_PRODUCT = "wrong-product"
    CONTEXT = "context"
    ALREADY_SOLVED = "already-solved"
    CONSENT = "consent"
    OTHER = "other"


class Stage(StrEnum):
    """`void`: the finding went by itself (another analysis, a withdrawal) before anybody decided."""

    CONTESTED = "contested"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    VOID = "void"


ROLES: Final[Mapping[Role, str]] = {Role.REP: "销售", Role.MANAGER: "主管", Role.COMPLIANCE: "合规"}
REASONS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.NOT_SAID: ("没有说过", "not said"),
    Reason.WRONG_SPEAKER: ("说话人不对", "somebody else said it"),
    Reason.WRONG_PRODUCT: ("产品不对", "about another product"),
    Reason.CONTEXT: ("语境不对（转述、假设、玩笑）", "quoted, hypothetical or not meant"),
    Reason.ALREADY_SOLVED: ("当场已经解决", "solved during the talk"),
    Reason.CONSENT: ("同意有问题", "consent is in doubt"),
    Reason.OTHER: ("其他", "other"),
}
STAGES: Final[Mapping[Stage, tuple[str, str]]] = {
    Stage.CONTESTED: ("待复核", "waits for a decision"),
    Stage.UPHELD: ("维持", "the finding stands"),
    Stage.OVERTURNED: ("撤销", "the finding was taken back"),
    Stage.VOID: ("已失效", "the finding is gone anyway"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One contest of one finding. `decided_by` and `decided_at` are None while nobody decided.

    `line` is the first of the findings that superseded each other up to the contested one, "" = itself; `stands` what of them is
    in force now, "" = nothing.
    """

    id: str
    tag: str
    recording: str
    code: str
    stage: Stage
    reason: Reason
    opened_by: Role
    opened_at: datetime
    decided_by: Role | None = None
    decided_at: datetime | None = None
    line: str = ""
    stands: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How often an event was right among its decided contests; the value and its 95 % interval are None below `ENOUGH`."""

    code: str
    upheld: int
    overturned: int

    @property
    def reviewed(self) -> int:
        return self.upheld + self.overturned

    @property
    def value(self) -> float | None:
        return self.upheld / self.reviewed if self.reviewed >= ENOUGH else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.upheld, self.reviewed) if self.reviewed >= ENOUGH else None


def may_decide(opened_by: Role, by: Role) -> bool:
    return by is not Role.REP and by is not opened_by


def deciders(opened_by: Role) -> tuple[Role, ...]:
    return tuple(role for role in Role if may_decide(opened_by, role))


def wilson(good: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, 1927); `of` is at least 1."""
    share, z2 = good / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def precision(cases: Iterable[Case], *, since: datetime | None = None) -> tuple[Precision, ...]:
    """Per event, by code, what was decided from `since` on; of a finding that was decided more than once the latest counts."""
    counts: dict[str, list[int]] = {}
    latest: dict[str, tuple[datetime, Case]] = {}
    for case in cases:
        line = case.line or case.tag
        if case.decided_at is not None and (line not in latest or latest[line][0] <= case.decided_at):
            latest[line] = (case.decided_at, case)
    for at, case in latest.values():
        if since is not None and at < since:
            continue
        counts.setdefault(case.code, [0, 0])[case.stage is Stage.OVERTURNED] += 1
    return tuple(Precision(code=code, upheld=up, overturned=down) for code, (up, down) in sorted(counts.items()))
