"""How well the lexicons find what an annotator found, in labelled sales dialogues and in recordings of them.

How they are counted: `dialogue_scoring`. d01-d10 are for tuning; d11-d16 are read only by whoever reports.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dialogue_scoring import LABELLED, Score, conversation, gold, predicted, read, turn_at

from edge_agent.assets import bundled, path_of, store
from edge_agent.domain.recording import Circumstances, Consent, Kind
from edge_agent.domain.transcript import Speaker
from edge_agent.lexicon.load import load
from edge_agent.tagging.tagger import RuleTagger

SHARED = Path(__file__).parents[3] / "shared" / "testdata" / "dialogues"
NUMBERS = os.environ.get("EDGE_AGENT_DIALOGUES", "1-10")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="labelled dialogues are not on this machine"),
]


def dialogues() -> list[dict]:
    first, _, last = NUMBERS.partition("-")
    return [read(SHARED / f"d{n:02}.toml") for n in range(int(first), int(last or first) + 1)]


@pytest.fixture(scope="module")
def tagger() -> RuleTagger:
    return RuleTagger.load(bundled("lexicons"))


def test_labelled_dialogues_are_tagged_as_their_annotator_did(tagger):
    score = Score()
    for talk in dialogues():
        score.add(predicted(tagger.tag(conversation(talk))), gold(talk))
    score.tell("text", NUMBERS)
    assert score.figures()["f1"] >= 0.8


@pytest.mark.model
def test_recordings_of_them_are_tagged_nearly_as_well_and_better_with_what_sounds_alike(tmp_path):
    """The same dialogues as accented audio, recognised by the shipped model; homophones are where the words got lost."""
    from edge_agent.speech.transcriber import WhisperTranscriber

    lexicon = load(bundled("lexicons"))
    with_sound, without = RuleTagger(lexicon), RuleTagger(lexicon, by_sound=False)
    store.install("whisper-base", tmp_path)
    recogniser = WhisperTranscriber(path_of("whisper-base", tmp_path))
    text, better, plain = Score(), Score(), Score()
    for talk in dialogues():
        around = Circumstances(
            kind=Kind.CALL, started_at=datetime.now(UTC), consent=Consent.NOTICE, industry=talk["industry"],
            own=tuple(talk["own"]), competitors=tuple(talk["competitors"]),
        )  # fmt: skip
        with (SHARED / "audio" / f"{talk['id']}.opus").open("rb") as media:
            heard = recogniser.transcribe(media, channels=(Speaker.REP, Speaker.CUSTOMER), terms=with_sound.terms(around))
        text.add(predicted(with_sound.tag(conversation(talk))), gold(talk))
        what = conversation(talk, heard.utterances, heard.duration_ms)
        for tagger, score in ((with_sound, better), (without, plain)):
            tags = [t for t in tagger.tag(what) if t.code.split(".")[0] in LABELLED]
            score.add([(t.code, turn_at(talk, t.start_ms)) for t in tags], gold(talk))
    for name, score in (("text", text), ("audio, by sound too", better), ("audio, letters only", plain)):
        score.tell(name, NUMBERS)
    assert better.figures()["f1"] > plain.figures()["f1"]
    assert better.figures()["f1"] >= 0.8 * text.figures()["f1"]
    assert better.figures()["precision"] >= 0.6
