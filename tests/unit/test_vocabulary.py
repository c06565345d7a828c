"""`edge-agent lexicon`: faults named at once, words added durably, terms tried on text and measured on recordings."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from edge_agent import cli, config, vocabulary
from edge_agent.domain.transcript import Speaker, Transcript, Utterance
from edge_agent.errors import BadInput
from edge_agent.lexicon.load import load
from edge_agent.terms.scoring import aloud, distance


@pytest.fixture
def settings(tmp_path: Path) -> config.Config:
    return config.Config(state=str(tmp_path / "state"))


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    (folder / "industries").mkdir(parents=True)
    return folder


class Reader:
    """Hears what the file holds; with terms, it hears `错` as `对`."""

    def transcribe(self, media: BinaryIO, *, channels: tuple[Speaker, ...], terms: Sequence[str]) -> Transcript:
        text = media.read().decode()
        if text == "broken":
            raise BadInput("not-media", "this is no recording")
        heard = text.replace("翻点", "返点") if terms else text
        said = Utterance(start_ms=0, end_ms=1000, speaker=Speaker.UNKNOWN, text=heard)
        return Transcript(model="m", model_digest="", duration_ms=1000, rtf=0.1, utterances=(said,))


def test_every_fault_is_named_with_file_line_and_remedy(settings: config.Config, company: Path) -> None:
    (company / "terms.toml").write_text('hotwords = ["返单率"]\nhotword = []\n', "utf-8")
    (company / "industries" / "x.toml").write_text('id = "x"\n', "utf-8")
    found = vocabulary.check(settings, company)
    assert not found.ok
    assert [(p.file, p.line) for p in found.problems] == [("industries/x.toml", 1), ("terms.toml", 2)]
    assert all(p.remedy for p in found.problems)


def test_words_are_added_and_comments_and_order_stay(settings: config.Config, company: Path) -> None:
    file = company / "industries" / "ours.toml"
    file.write_text(
        '# 我们的\nid = "fmcg"  # 快消\nzh = "快消"\nhotwords = [\n  "试饮", # 夏天\n]\n\n[confusables]\n"堆投" = "堆头"\n',
        "utf-8",
    )
    done = vocabulary.add(settings, ["铺市率", "返店"], industry="fmcg", to=company)
    assert done.file == str(file)
    assert {(c.term, c.other, c.kind) for c in done.clashes} == {("返店", "返点", "term"), ("返店", "饭店", "word")}
    text = file.read_text("utf-8")
    assert all(kept in text for kept in ("# 我们的", "# 快消", "# 夏天", '"堆投" = "堆头"'))
    builtin = load(Path(__file__).parents[2] / "lexicons", company)
    assert builtin.industries["fmcg"].hotwords[-3:] == ["试饮", "铺市率", "返店"]


def test_a_new_file_is_made_for_a_trade_of_ones_own_and_for_all_trades(settings: config.Config, company: Path) -> None:
    vocabulary.add(settings, ["打窝料"], industry="fishing", to=company)
    vocabulary.add(settings, ["会员日价"], industry="", to=company)
    made = load(Path(__file__).parents[2] / "lexicons", company)
    assert made.industries["fishing"].hotwords == ["打窝料"]
    assert "会员日价" in made.terms.hotwords


@pytest.mark.parametrize("terms", [["价"], ["返点"], ["堆头"], [" "], ["铺市率", "——"]])
def test_what_cannot_be_heard_or_is_there_is_refused_and_nothing_is_written(
    settings: config.Config, company: Path, terms: list[str]
) -> None:
    with pytest.raises(BadInput, match=r"term \d"):
        vocabulary.add(settings, terms, industry="fmcg", to=company)
    assert list(company.rglob("*.toml")) == []


@pytest.mark.parametrize("industry", ["快消", "FMCG", "fmcg 2", "../../evil", "-x"])
def test_a_trade_that_is_no_code_is_refused_before_anything_is_written(
    settings: config.Config, company: Path, industry: str
) -> None:
    with pytest.raises(BadInput, match="no code"):
        vocabulary.add(settings, ["量子点"], industry=industry, to=company)
    assert not [path for path in company.parent.rglob("*.toml") if "量子点" in path.read_text(encoding="utf-8")]


def test_one_word_in_two_writings_is_added_once_at_most(settings: config.Config, company: Path) -> None:
    with pytest.raises(BadInput, match="there already"):
        vocabulary.add(settings, ["GMP厂房", "gmp厂房"], industry="furniture", to=company)


def test_a_file_that_is_a_link_stays_one(settings: config.Config, company: Path, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere.toml"
    kept.write_text("", encoding="utf-8")
    (company / "terms.toml").unlink(missing_ok=True)
    (company / "terms.toml").symlink_to(kept)
    vocabulary.add(settings, ["量子点"], industry="", to=company)
    assert (company / "terms.toml").is_symlink()
    assert "量子点" in kept.read_text(encoding="utf-8")


def test_without_a_company_folder_nothing_can_be_added(settings: config.Config) -> None:
    with pytest.raises(BadInput, match="no folder"):
        vocabulary.add(settings, ["铺市率"], industry="fmcg")


def test_lines_are_corrected_from_standard_input(
    settings: config.Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = tmp_path / "TERMS.txt"
    listing.write_text("# 词\n价格异议\n返点\n", "utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("主要的价格意义\n\n今天天气好\n".encode())))
    assert cli.main(["--state", settings.state, "lexicon", "correct", "--terms", str(listing), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in found["results"]] == ["主要的价格异议", "", "今天天气好"]
    assert (found["replacements"], found["characters"], found["lines"], found["terms"]) == (1, 12, 3, 2)
    assert found["results"][0]["corrections"][0]["raw"] == "价格意义"


def test_a_set_is_measured_before_and_after(settings: config.Config, tmp_path: Path) -> None:
    (tmp_path / "TERMS.txt").write_text("返点\n价格异议\n", "utf-8")
    for name, heard in (("a", "翻点45个"), ("b", "价格意义和返点"), ("c", "broken")):
        (tmp_path / name).write_text(heard, "utf-8")
    table = tmp_path / "SET.tsv"
    table.write_text("file\ttext\tterms\na\t返点四十五个\t返点\nb\t价格异议\t价格异议\nc\t你好\t返点\nd\t你好\t返点\n", "utf-8")
    found = vocabulary.evaluate(settings, tmp_path / "TERMS.txt", table, transcriber=Reader())
    assert (found.recall, found.recall_before, found.said, found.found) == (0.5, 0.0, 2, 1)
    assert found.unread == [4, 5]
    assert found.false == 1  # 返点 in the second, where nobody said it
    assert found.false_per_1000 == 100.0
    assert found.cer_after < found.cer_before
    assert {length: (one.found_before, one.found, one.said) for length, one in found.per_length.items()} == {
        "2": (0, 1, 1),
        "4": (0, 0, 1),
    }


def test_a_set_of_which_nothing_can_be_read_is_refused_by_no_name(settings: config.Config, tmp_path: Path) -> None:
    (tmp_path / "TERMS.txt").write_text("返点\n", "utf-8")
    (tmp_path / "SET.tsv").write_text("secret-name.wav\t你好\t返点\n", "utf-8")
    with pytest.raises(BadInput, match="no recording") as refused:
        vocabulary.evaluate(settings, tmp_path / "TERMS.txt", tmp_path / "SET.tsv", transcriber=Reader())
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("80%", "百分之八十"), ("8.5折", "八点五折"), ("1990年", "一九九零年"), ("2,000", "二千"), ("10", "十"),
        ("110", "一百一十"), ("1005", "一千零五"), ("20300", "两万零三百"),
        ("3C认证。", "三c认证"), ("45天", "四十五天"), ("100000000", "一亿"),
    ],
)  # fmt: skip
def test_numbers_are_compared_as_they_are_said(one: str, other: str) -> None:
    assert aloud(one) == aloud(other)


def test_distance_is_levenshteins() -> None:
    assert [distance(*pair.split("|")) for pair in ("abc|abc", "abc|", "|ab", "kitten|sitting", "价格异议|价格意义")] == [
        0,
        3,
        2,
        3,
        2,
    ]
