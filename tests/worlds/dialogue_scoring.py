"""Labelled sales dialogues: how they are read, and how predicted tags are counted against their annotator's.

A predicted tag is right when its code equals a gold tag's and its turn is within 1 of it; each gold tag is matched once. Only
families that were labelled exhaustively are judged.
"""

import json
import math
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance

LABELLED = frozenset({
    "opening", "consent", "budget", "authority", "price", "discount", "objection", "handling", "competitor", "product", "proof",
    "stock", "closing", "intent", "churn", "upsell", "manner", "risk", "service", "aftersales",
})  # fmt: skip


@dataclass
class Score:
    """Counts of right, wrong and missed tags; codes of each for a look at what to work on."""

    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(self, predicted: Iterable[tuple[str, int]], gold: Iterable[tuple[str, int]]) -> None:
        left = list(gold)
        for code, turn in predicted:
            hit = next((g for g in sorted(left, key=lambda g: abs(g[1] - turn)) if g[0] == code and abs(g[1] - turn) <= 1), None)
            if hit is None:
                self.wrong[code] += 1
            else:
                left.remove(hit)
                self.right[code] += 1
        self.missed.update(code for code, _ in left)

    def figures(self, family: str = "") -> dict[str, float]:
        right, wrong, missed = (
            sum(count for code, count in counts.items() if code.startswith(f"{family}.") or not family)
            for counts in (self.right, self.wrong, self.missed)
        )
        return {
            "precision": round(right / max(right + wrong, 1), 3),
            "recall": round(right / max(right + missed, 1), 3),
            "f1": round(2 * right / max(2 * right + wrong + missed, 1), 3),
            "right": right, "wrong": wrong, "missed": missed,
        }  # fmt: skip

    def families(self) -> dict[str, float]:
        """F1 of each family that has any tag."""
        codes = {*self.right, *self.wrong, *self.missed}
        return {family: self.figures(family)["f1"] for family in sorted({code.partition(".")[0] for code in codes})}

    def tell(self, what: str, dialogues: str) -> None:
        print(json.dumps({"dialogues": dialogues, "judged": what, **self.figures(), "f1_by_family": self.families()}))
        print("wrong", dict(self.wrong.most_common()), "missed", dict(self.missed.most_common()))


def wilson(right: int, tried: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not tried:
        return 0.0, 1.0
    share, scale = right / tried, 1 + z * z / tried
    middle = share + z * z / (2 * tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried))
    return round((middle - half) / scale, 3), round((middle + half) / scale, 3)


def read(path: Path) -> dict:
    return tomllib.loads(path.read_text("utf-8"))


def conversation(talk: dict, utterances: tuple[Utterance, ...] | None = None, duration_ms: int | None = None) -> Conversation:
    return Conversation(
        utterances=said(talk) if utterances is None else utterances,
        duration_ms=talk["turn"][-1]["end_ms"] if duration_ms is None else duration_ms,
        channel=talk["channel"], industry=talk["industry"], context=frozenset(talk["context"]), own=tuple(talk["own"]),
        competitors=tuple(talk["competitors"]),
    )  # fmt: skip


def said(talk: dict) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(
            start_ms=t["start_ms"], end_ms=t["end_ms"], speaker=Speaker(t["speaker"]), text=t["text"],
            backchannel=t.get("backchannel", False),
        )
        for t in talk["turn"]
    )  # fmt: skip


def gold(talk: dict) -> list[tuple[str, int]]:
    return [(g["code"], g["turn"]) for g in talk["gold"] if g["code"].split(".")[0] in LABELLED]


def predicted(tags: Iterable[BehaviorTag]) -> list[tuple[str, int]]:
    return [(t.code, t.turn) for t in tags if t.code.split(".")[0] in LABELLED]


def turn_at(talk: dict, ms: int) -> int:
    """The labelled turn at (or nearest to) a time of the recording."""
    return min(range(len(talk["turn"])), key=lambda n: max(talk["turn"][n]["start_ms"] - ms, ms - talk["turn"][n]["end_ms"], 0))
