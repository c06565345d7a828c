"""Talks with the truth about who spoke when, and how much of their speech time was told right, wrong or not at all.

Speech time is where exactly one person speaks and something was heard; it is right only if nobody else was heard.
On `bundled` thresholds may be chosen; `kept_back` is only to report.
"""

import itertools
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_agent import samples, sandbox
from edge_agent.config import Limits

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "testdata"
PAIRS = ROOT / "tests" / "samples" / "pairs"
STEP_MS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Talk:
    """`sound` is (channels, n) at 16 kHz, rep left; `turns` are (who, start_ms, end_ms)."""

    name: str
    sound: np.ndarray
    turns: list[tuple[str, int, int]]

    @property
    def mono(self) -> np.ndarray:
        return self.sound.mean(axis=0, keepdims=True)


def decoded(path: Path) -> np.ndarray:
    with path.open("rb") as media:
        return np.concatenate(list(sandbox.decode_audio(media, Limits())), axis=1)


def told(name: str, media: Path, dialogue: Path) -> Talk:
    turns = tomllib.loads(dialogue.read_text(encoding="utf-8"))["turn"]
    return Talk(name=name, sound=decoded(media), turns=[(t["speaker"], t["start_ms"], t["end_ms"]) for t in turns])


def bundled() -> Iterator[Talk]:
    for name in ("call-1", "call-2"):
        yield told(name, samples.folder() / f"{name}.ogg", samples.folder() / f"{name}.dialogue.toml")


def kept_back() -> Iterator[Talk]:
    """Pairs of the test samples, real read speech, and synthetic dialogues of the shared data: those of them that are here."""
    for path in sorted(PAIRS.glob("pair-*.ogg")):
        yield told(path.stem, path, path.with_name(f"{path.stem}.dialogue.toml"))
    for name in ("d06", "d09"):
        if (path := SHARED / "dialogues" / "audio" / f"{name}.opus").exists():
            yield told(name, path, SHARED / "dialogues" / f"{name}.toml")
    if (truth := SHARED / "speech" / "call2.json").exists():
        names = {"S0150": "rep", "S0252": "customer"}
        read = json.loads(truth.read_text(encoding="utf-8"))
        turns = [(names[who], int(start * 1000), int(end * 1000)) for who, start, end, _ in read]
        yield Talk(name="read", sound=decoded(SHARED / "speech" / "call2_stereo.flac"), turns=turns)
        yield Talk(name="read-phone", sound=decoded(SHARED / "speech" / "call2_phone.flac"), turns=turns)


def shares(talk: Talk, spoken: Sequence[tuple[int, int, str]]) -> Mapping[str, float]:
    """Shares of speech time by (start_ms, end_ms, name); "" is nobody's."""
    length = talk.sound.shape[1] // 16 // STEP_MS + 100
    people = sorted({who for who, *_ in talk.turns})
    speaking = np.zeros((len(people), length), bool)
    for who, start, end in talk.turns:
        speaking[people.index(who), start // STEP_MS : end // STEP_MS] = True
    heard = np.zeros((len(people) + 1, length), bool)
    for start, end, name in spoken:
        heard[people.index(name) if name else -1, start // STEP_MS : end // STEP_MS] = True
    counted = (speaking.sum(axis=0) == 1) & heard.any(axis=0)
    alone = heard.sum(axis=0) == 1
    right = (alone & heard[speaking.argmax(axis=0), np.arange(length)])[counted].mean()
    unknown = (alone & heard[-1])[counted].mean()
    return {"right": round(float(right), 4), "wrong": round(float(1 - right - unknown), 4), "unknown": round(float(unknown), 4)}


def best_shares(talk: Talk, spoken: Sequence[tuple[int, int, int]]) -> Mapping[str, float]:
    """The same for voices that have numbers (0 = nobody's), mapped to people as fits best; voices too many are nobody's."""
    people = sorted({who for who, *_ in talk.turns})
    count = max([len(people), *(voice for *_, voice in spoken)])
    found = []
    for order in itertools.permutations(range(1, count + 1), len(people)):
        names = dict(zip(order, people, strict=True))
        found.append(shares(talk, [(start, end, names.get(voice, "")) for start, end, voice in spoken]))
    return max(found, key=lambda one: one["right"])
