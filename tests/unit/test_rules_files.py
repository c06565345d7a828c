"""Rule files: read and checked with everything else, every fault at its line; in force only when enabled."""

from pathlib import Path

import pytest

from edge_agent.assets import bundled
from edge_agent.lexicon.load import load
from edge_agent.lexicon.problems import BadLexicon
from edge_agent.rulebook.events import compiler
from edge_agent.tagging.tagger import RuleTagger

RULE = """
[[rule]]
id = "{id}"
text = "{text}"
{more}
[rule.examples]
must = ["客户：我要投诉你们。"]
must_not = ["客户：多少钱？"]
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path


def write(company: Path, *rows: str) -> None:
    (company / "rules" / "ours.toml").write_text("".join(rows), "utf-8")


def rule(id_: str, text: str, more: str = "") -> str:
    return RULE.format(id=id_, text=text, more=more)


def test_a_companys_rule_is_in_force_and_part_of_the_ruleset(company: Path) -> None:
    write(company, rule("complaints", "当客户投诉，则上报合规"))
    before, after = RuleTagger.load(bundled("lexicons")), RuleTagger.load(bundled("lexicons"), company=company)
    assert after.codes - before.codes == {"rule.complaints"}
    assert before.ruleset != after.ruleset
    assert after.lexicon.events["rule.complaints"].layer == "escalate"


def test_the_builtin_samples_are_not_in_force_until_a_company_enables_them(company: Path) -> None:
    assert not [code for code in RuleTagger.load(bundled("lexicons")).codes if code.startswith("rule.")]
    write(company, rule("risk_words_in_a_week", "当7天内同一销售违规话术不少于2次，则立即上报合规"))
    assert "rule.risk_words_in_a_week" in RuleTagger.load(bundled("lexicons"), company=company).codes


def test_every_fault_is_named_with_file_line_entry_and_what_to_write(company: Path) -> None:
    write(
        company,
        rule("vague", "当客户经常投诉，则上报"),
        rule("unknown", "当客户问候，则上报"),
        rule("good", "当客户投诉，则上报"),
        rule("good", "当客户询价，则提醒销售"),
        rule("extra", "当客户投诉，则上报", more='layer = "tip"'),
    )
    lines = (company / "rules" / "ours.toml").read_text("utf-8").splitlines()
    with pytest.raises(BadLexicon) as caught:
        load(bundled("lexicons"), company, rules=compiler())
    found = {(p.entry, p.line): p for p in caught.value.problems}
    vague = next(n for n, line in enumerate(lines, 1) if "经常" in line)
    assert found["rule.vague", vague].file == "rules/ours.toml"
    assert "不少于3次" in found["rule.vague", vague].remedy
    assert {entry for entry, _ in found} == {"rule.vague", "rule.unknown", "rule.good", "extra"}


def test_a_rule_that_is_not_enabled_is_checked_all_the_same(company: Path) -> None:
    write(company, rule("off", "当客户经常投诉，则上报", more="enabled = false"))
    with pytest.raises(BadLexicon):
        load(bundled("lexicons"), company, rules=compiler())


def test_a_companys_own_words_and_facts_are_understood(company: Path) -> None:
    (company / "names.toml").write_text('[[name]]\nsays = ["吐槽"]\nevents = ["service.complaint_raised"]\n', "utf-8")
    (company / "facts.toml").write_text('[[fact]]\nname = "store_level"\nzh = ["门店评级"]\nunit = "points"\n', "utf-8")
    write(company, rule("ours", "当客户吐槽且门店评级低于3分，则提醒店长"))
    tagger = RuleTagger.load(bundled("lexicons"), company=company)
    assert tagger.lexicon.events["rule.ours"].kind == "composite"


def test_a_word_for_an_event_that_does_not_exist_is_a_fault(company: Path) -> None:
    (company / "names.toml").write_text('[[name]]\nsays = ["吐槽"]\nevents = ["service.moaned"]\n[[word]]\n', "utf-8")
    with pytest.raises(BadLexicon, match=r"names.toml:3: name \d+: .*service.moaned") as caught:
        load(bundled("lexicons"), company)
    assert "unknown table `word`" in str(caught.value)
