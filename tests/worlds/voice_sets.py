"""Talks with the truth about who spoke when, and how much of their speech time was told right, wrong or not at all.

- Speech time is where exactly one person speaks. `heard` is the share of it in which anything was heard; what nobody heard is
  neither right nor wrong, so right, wrong and unknown are shares of the rest, and mean little where `heard` is low.
- Right is only what its speaker alone was heard to say.
- On `bundled` thresholds may be chosen; `kept_back` is only to report.
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
    """Pairs of the test samples; and, `shared_is_here`, synthetic dialogues and real read speech of the shared data."""
    for number in (1, 2, 3):
        yield told(f"pair-{number}", PAIRS / f"pair-{number}.ogg", PAIRS / f"pair-{number}.dialogue.toml")
    if not shared_is_here():
        return
    for name in ("d06", "d09"):
        yield told(name, SHARED / "dialogues" / "audio" / f"{name}.opus", SHARED / "dialogues" / f"{name}.toml")
    names = {"S0150": "rep", "S0252": "customer"}
    read = json.loads((SHARED / "speech" / "call2.json").read_text(encoding="utf-8"))
    turns = [(names[who], int(start * 1000), int(end * 1000)) for who, start, end, _ in read]
    yield Talk(name="read", sound=decoded(SHARED / "speech" / "call2_stereo.flac"), turns=turns)
    yield Talk(name="read-phone", sound=decoded(SHARED / "speech" / "call2_phone.flac"), turns=turns)


def shared_is_here() -> bool:
    """A machine may lack the shared data as a whole; a file of it that is missing is a fault."""
    return SHARED.is_dir()


def shares(talk: Talk, spoken: Sequence[tuple[int, int, str]]) -> Mapping[str, float]:
    """`heard`, `right`, `wrong` and `unknown` by (start_ms, end_ms, name); "" is nobody's."""
    length = talk.sound.shape[1] // 16 // STEP_MS + 100
    people = sorted({who for who, *_ in talk.turns})
    speaking = np.zeros((len(people), length), bool)
    for who, start, end in talk.turns:
        speaking[people.index(who), start // STEP_MS : end // STEP_MS] = True
    heard = np.zeros((len(people) + 1, length), bool)
    for start, end, name in spoken:
        heard[people.index(name) if name else -1, start // STEP_MS : end // STEP_MS] = True
    single = speaking.sum(axis=0) == 1
    counted = single & heard.any(axis=0)
    alone = heard.sum(axis=0) == 1
    right = (alone & heard[speaking.argmax(axis=0), np.arange(length)])[counted]
    unknown = (alone & heard[-1])[counted]
    found = {
        "heard": counted.sum() / single.sum(),
        "right": right.mean(),
        "wrong": (~(right | unknown)).mean(),
        "unknown": unknown.mean(),
    }
    return {name: round(float(share), 4) for name, share in found.items()}


def best_shares(talk: Talk, spoken: Sequence[tuple[int, int, int]]) -> Mapping[str, float]:
    """The same for voices that have numbers (0 = nobody's), mapped to people as fits best; voices too many are nobody's."""
    people = sorted({who for who, *_ in talk.turns})
    count = max([len(people), *(voice for *_, voice in spoken)])
    found = []
    for order in itertools.permutations(range(1, count + 1), len(people)):
        names = dict(zip(order, people, strict=True))
        found.append(shares(talk, [(start, end, names.get(voice, "")) for start, end, voice in spoken]))
    return max(found, key=lambda one: one["right"])
