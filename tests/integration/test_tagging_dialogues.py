"""How well the lexicons find what an annotator found, in labelled sales dialogues and in recordings of them.

A predicted tag is right when its code equals a gold tag's and its turn is within 1 of it; each gold tag is matched once. Only
families that were labelled exhaustively are judged. d01-d10 are for tuning; d11-d16 are read only by whoever reports.
"""

import json
import os
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.assets import bundled, path_of, store
from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.load import load
from edge_agent.tagging.tagger import RuleTagger

SHARED = Path(__file__).parents[3] / "shared" / "testdata" / "dialogues"
NUMBERS = os.environ.get("EDGE_AGENT_DIALOGUES", "1-10")
LABELLED = frozenset({
    "opening", "consent", "budget", "authority", "price", "discount", "objection", "handling", "competitor", "product", "proof",
    "stock", "closing", "intent", "churn", "upsell", "manner", "risk", "service", "aftersales",
})  # fmt: skip

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="labelled dialogues are not on this machine"),
]


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

    def figures(self) -> dict[str, float]:
        right, wrong, missed = (sum(c.values()) for c in (self.right, self.wrong, self.missed))
        return {
            "precision": round(right / max(right + wrong, 1), 3),
            "recall": round(right / max(right + missed, 1), 3),
            "f1": round(2 * right / max(2 * right + wrong + missed, 1), 3),
            "right": right, "wrong": wrong, "missed": missed,
        }  # fmt: skip


def dialogues() -> list[dict]:
    first, _, last = NUMBERS.partition("-")
    return [tomllib.loads((SHARED / f"d{n:02}.toml").read_text("utf-8")) for n in range(int(first), int(last or first) + 1)]


def conversation(talk: dict, utterances: tuple[Utterance, ...], duration_ms: int) -> Conversation:
    return Conversation(
        utterances=utterances, duration_ms=duration_ms, channel=talk["channel"], industry=talk["industry"],
        context=frozenset(talk["context"]), own=tuple(talk["own"]), competitors=tuple(talk["competitors"]),
    )  # fmt: skip


def said(talk: dict) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(
            start_ms=t["start_ms"], end_ms=t["end_ms"], speaker=Speaker(t["speaker"]), text=t["text"],
            backchannel=t.get("backchannel", False),
        )
        for t in talk["turn"]
    )  # fmt: skip


def gold(talk: dict, known: frozenset[str] | None = None) -> list[tuple[str, int]]:
    return [
        (g["code"], g["turn"])
        for g in talk["gold"]
        if (known is None or g["code"] in known) and g["code"].split(".")[0] in LABELLED
    ]


def predicted(tags: Iterable[BehaviorTag]) -> list[tuple[str, int]]:
    return [(t.code, t.turn) for t in tags if t.code.split(".")[0] in LABELLED]


@pytest.fixture(scope="module")
def tagger() -> RuleTagger:
    return RuleTagger.load(bundled("lexicons"))


def test_labelled_dialogues_are_tagged_as_their_annotator_did(tagger):
    ours, everything = Score(), Score()
    for talk in dialogues():
        tags = predicted(tagger.tag(conversation(talk, said(talk), talk["turn"][-1]["end_ms"])))
        ours.add(tags, gold(talk, tagger.codes))
        everything.add(tags, gold(talk))
    tell("text, codes in the lexicon", ours)
    tell("text, all gold codes", everything)
    assert ours.figures()["precision"] >= 0.6
    assert ours.figures()["recall"] >= 0.6


def tell(what: str, score: Score) -> None:
    print(json.dumps({"dialogues": NUMBERS, "judged": what, **score.figures()}))
    print("wrong", dict(score.wrong.most_common()), "missed", dict(score.missed.most_common()))


@pytest.mark.model
def test_recordings_of_them_are_tagged_better_with_what_sounds_alike(tmp_path):
    """The same dialogues as accented audio, recognised by the shipped model; homophones are where the words got lost."""
    from edge_agent.speech.transcriber import WhisperTranscriber

    lexicon = load(bundled("lexicons"))
    with_sound, without = RuleTagger(lexicon), RuleTagger(lexicon, by_sound=False)
    store.install("whisper-base", tmp_path)
    recogniser = WhisperTranscriber(path_of("whisper-base", tmp_path))
    scores = {"audio, by sound too": Score(), "audio, letters only": Score()}
    for talk in dialogues():
        around = Circumstances(
            kind=Kind.CALL, started_at=datetime.now(UTC), consent=Consent.NOTICE, industry=talk["industry"],
            own=tuple(talk["own"]), competitors=tuple(talk["competitors"]),
        )  # fmt: skip
        with (SHARED / "audio" / f"{talk['id']}.opus").open("rb") as media:
            heard = recogniser.transcribe(media, channels=(Speaker.REP, Speaker.CUSTOMER), terms=with_sound.terms(around))
        what = conversation(talk, heard.utterances, heard.duration_ms)
        for tagger, score in zip((with_sound, without), scores.values(), strict=True):
            tags = [t for t in tagger.tag(what) if t.code.split(".")[0] in LABELLED]
            score.add([(t.code, turn_at(talk, t.start_ms)) for t in tags], gold(talk))
    for name, score in scores.items():
        tell(name, score)
    better, plain = scores.values()
    assert better.figures()["f1"] > plain.figures()["f1"]
    assert better.figures()["precision"] >= 0.6


def turn_at(talk: dict, ms: int) -> int:
    """The labelled turn at (or nearest to) a time of the recording."""
    return min(range(len(talk["turn"])), key=lambda n: max(talk["turn"][n]["start_ms"] - ms, ms - talk["turn"][n]["end_ms"], 0))
