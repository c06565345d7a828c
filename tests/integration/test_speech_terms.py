"""Terms of the trade with the real model and the box's own settings: heard with the switches on, left alone with them off."""

from pathlib import Path

import msgspec
import pytest

from edge_agent import app, config
from edge_agent.domain.transcript import Speaker, Transcript

pytestmark = pytest.mark.model

SET = Path(__file__).parents[1] / "samples" / "terms" / "audio" / "fmcg"
LINES = (2, 10)


def rows() -> list[tuple[Path, str, list[str]]]:
    table = (SET / "SET-kumo.tsv").read_text(encoding="utf-8").splitlines()
    read = [line.split("\t") for line in table]
    return [(SET / read[n - 1][0], read[n - 1][1], read[n - 1][2].split(",")) for n in LINES]


TERMS = [
    term for line in (SET / "SET-kumo.tsv").read_text(encoding="utf-8").splitlines() for term in line.split("\t")[2].split(",")
]
FOREIGN = ["球管", "挂网", "耗材包", "复利", "犹豫期", "现金价值", "续费率", "工单", "沙箱", "冷链运输", "批签发", "处方量"]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("box")


def heard(state: Path, terms: list[str], **switches: bool) -> list[Transcript]:
    settings = config.Config(state=str(state), speech=msgspec.structs.replace(config.Speech(), **switches))
    speech = app.Speech(settings)
    found = []
    for file, _, _ in rows():
        with file.open("rb") as media:
            found.append(speech.transcribe(media, channels=(Speaker.UNKNOWN,), terms=terms))
    return found


def text(of: Transcript) -> str:
    return "".join(u.text for u in of.utterances)


def count(found: list[Transcript]) -> int:
    return sum(term in text(one) for one, (_, _, terms) in zip(found, rows(), strict=True) for term in terms)


@pytest.fixture(scope="module")
def plain(state: Path) -> list[Transcript]:
    return heard(state, [])


def test_with_both_switches_off_terms_change_nothing(state, plain):
    off = heard(state, TERMS, hints=False, recovery=False)
    assert [one.utterances for one in off] == [one.utterances for one in plain]


def test_with_both_switches_on_most_terms_are_heard(state, plain):
    found = heard(state, TERMS)
    assert count(found) >= count(plain) + 2
    for one in found:
        for utterance in one.utterances:
            assert bool(utterance.raw) == bool(utterance.corrections)
            for fixed in utterance.corrections:
                assert utterance.text[fixed.start : fixed.end] == fixed.term
                assert 0 <= fixed.score <= 1


def test_with_hints_alone_terms_are_heard_and_nothing_is_put(state, plain):
    found = heard(state, TERMS, recovery=False)
    assert count(found) > count(plain)
    assert not any(utterance.corrections for one in found for utterance in one.utterances)


def test_terms_of_another_trade_are_not_heard_into_the_talk(state):
    assert not any(term in text(one) for one in heard(state, FOREIGN) for term in FOREIGN)
