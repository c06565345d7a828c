"""When a recording's keys are shredded, and the shredding itself.

The period starts when the recording was taken in. Its length is by meaning: the longest that its kind, the severity of a finding
in force, or a finding's event or family (`[retention.events]`) asks for. What waits for a consent record has its grace period
instead (none for a customer who has withdrawn), rejected files a period of their own. Everything made of a recording (transcript,
evidence picture) goes with it. A legal hold stops all of it. A full disk brings nothing forward unless the configuration
says `when_full = "early"`, and then only recordings that no finding asks to keep longer.

Store gateways have bad clocks, and a wrong year must destroy nothing: ages are counted without the clock's steps, and after a
start that finds the clock far ahead nothing new is decided for a day (see `ledger.ages`).

`tick` decides and shreds. It is safe to kill at any point: the decision is in the ledger before a key is touched, and `shred`
goes on from the decisions it finds. Not here: withdrawal and erasure, which decide for themselves (`ledger.keeping`).
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from edge_agent import ids, log
from edge_agent.config import Retention
from edge_agent.domain.consent import Policy, Waits
from edge_agent.domain.recording import Kind, State
from edge_agent.ports import Clock, Keeper, Kept, Vault

EVERY_S: Final = 60.0
SHRED_EVERY_S: Final = 1.0
SWEEP_EVERY_S: Final = 3600.0
_SETTLED: Final = timedelta(hours=1)
_MOST_LOST: Final = 16
"""A few kills leave a few objects; if there are more, it is the ledger that was lost, and nothing is shredded."""
_WAITS: Final = frozenset(Waits)
_BATCH: Final = 256
"""Recordings per round of the three steps: each costs the vault one new epoch, and the ledger two commits."""
_SEEN: Final = frozenset({Kind.SHELF, Kind.FLOOR})
"""Videos: a finding in them is a state of the shop, and no reason to keep pictures longer."""
_DAYS: Final[Mapping[Kind, Callable[[Retention], float]]] = {
    Kind.CALL: lambda rules: rules.call_days,
    Kind.SHELF: lambda rules: rules.shelf_days,
    Kind.FLOOR: lambda rules: rules.floor_days,
    Kind.CHANNEL: lambda rules: rules.channel_days,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a recording is shredded, and which rule says so: `grace`, `withdrawn`, `rejected`, a kind, a severity or an event."""

    kept: Kept
    at: datetime
    rule: str
    ordinary: bool
    """No finding asks for longer, so that a full disk may bring it forward where that is configured."""


def due(rules: Retention, policy: Policy, one: Kept) -> Due:
    """The rule that gives a recording its longest period."""
    if one.state is State.REJECTED:
        period, rule = timedelta(days=rules.rejected_days), "rejected"
    elif one.state is State.SEALED and one.parked in _WAITS:
        period, rule = (timedelta(0), "withdrawn") if one.parked == Waits.WITHDRAWN else (policy.grace, "grace")
    else:
        asked = [(_DAYS[one.kind](rules), one.kind.value)]
        for code, severity in sorted(one.findings):
            asked += [(days, name) for name, days in _severe(rules, one.kind, severity)]
            asked += [(rules.events[name], name) for name in (code, code.partition(".")[0]) if name in rules.events]
        days, rule = max(asked, key=lambda ask: ask[0])
        period = timedelta(days=days)
    return Due(kept=one, at=one.captured_at + period, rule=rule, ordinary=rule in {"rejected", one.kind.value})


def plan(rules: Retention, policy: Policy, kept: Iterable[Kept]) -> Sequence[Due]:
    """Everything that still has keys, next due first."""
    return sorted((due(rules, policy, one) for one in kept), key=lambda found: (found.at, found.kept.recording))


def tick(keeper: Keeper, vault: Vault, clock: Clock, *, rules: Retention, policy: Policy, missing_bytes: int = 0) -> int:
    """Decide what is due, shred what was decided; returns how many recordings were shredded.

    `missing_bytes` is how much the disk lacks to its floor; it matters only with `when_full = "early"`.
    """
    now = clock.now()  # before the ledger looks for a step of the clock, so that no later one can slip between
    believed = keeper.settled()
    planned = [one for one in plan(rules, policy, keeper.kept()) if not one.kept.held and not one.kept.going]
    chosen = {one.kept.recording: f"due.{one.rule}" for one in planned if one.at <= now}
    if chosen and not believed:
        log.get().warning("retention.deferred", reason="clock-jumped", count=len(chosen))
        return shred(keeper, vault)
    if rules.when_full == "early":
        missing = missing_bytes - sum(one.kept.bytes for one in planned if one.kept.recording in chosen)
        for one in planned:
            if missing > 0 and one.ordinary and one.kept.recording not in chosen:
                chosen[one.kept.recording] = "disk-full"
                missing -= one.kept.bytes
    if chosen:
        keeper.expiring(chosen)
    return shred(keeper, vault)


def shred(keeper: Keeper, vault: Vault) -> int:
    """Carry out what is decided: keys first, then the word of the ledger; returns how many recordings that were."""
    decided = list(keeper.to_shred().items())
    for start in range(0, len(decided), _BATCH):
        batch = decided[start : start + _BATCH]
        vault.shred([object_id for _, objects in batch for object_id in objects])
        keeper.shredded([recording for recording, _ in batch])
        log.get().info("recordings.shredded", count=len(batch))
    return len(decided)


def sweep(sealed: Iterable[str], known: Container[str], vault: Vault, *, now: datetime) -> int:
    """Shred what lies sealed and belongs to nothing, as after a kill between a transcript's seal and its commit."""
    lost = [one for one in sealed if one not in known and now - ids.made_at(one) > _SETTLED]
    if len(lost) > _MOST_LOST:
        log.get().error("objects.unknown", count=len(lost))
        return 0
    if lost:
        vault.shred(lost)
        log.get().warning("objects.swept", count=len(lost))
    return len(lost)


def _severe(rules: Retention, kind: Kind, severity: str) -> Iterable[tuple[str, float]]:
    if kind not in _SEEN and severity == "warning":
        yield severity, rules.warning_days
    if kind not in _SEEN and severity == "critical":
        yield severity, rules.critical_days
