"""Said against true: right or wrong only where a row covers a claim for sure; all else is unknown, with its reason."""

import json
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from review_world import AT, BEHAVIOUR, held, tagger, talk

from edge_agent import cli
from edge_agent.config import Insights as Switches
from edge_agent.domain.insights import Verdict
from edge_agent.domain.notes import Notes
from edge_agent.facts import find
from edge_agent.review import claims, fact_checks, fact_files
from edge_agent.review.fact_files import BadFacts
from edge_agent.review.fact_rows import measured, off
from edge_agent.review.reviewer import Reviewer

PRICE = '[[row]]\nid = "p"\nkind = "price"\nsubject = "soda-cracker"\nvalue = 98\nunit = "CNY/箱"\n'
STOCK = (
    '[[row]]\nid = "s"\nkind = "stock"\nsubject = "soda-cracker"\nvalue = 40\nunit = "箱"\nas_of = 2026-11-25T08:00:00+08:00\n'
)
LEAD = '[[row]]\nid = "d"\nkind = "delivery"\nsubject = "soda-cracker"\nvalue = 3\nunit = "天"\n'


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()
    return folder


def table(folder: Path, *rows: str) -> Path:
    (folder / "table.toml").write_text("\n".join(rows), "utf-8")
    return folder


def verdict(text: str, folder: Path, *, at: datetime | None = AT, confidence: float = 1.0) -> str:
    (one,) = held(text, folder, at=at, confidence=confidence)
    return one.verdict.value if one.verdict is not Verdict.UNKNOWN else one.reason


def test_the_row_that_decided_is_named_and_the_place_is_the_value(facts: Path) -> None:
    (one,) = held("销售：苏打饼干八十八一箱。", table(facts, PRICE))
    assert (one.kind, one.verdict, one.row, one.subject, one.said, one.unit) == (
        "price", "wrong", "p", "soda-cracker", "88", "CNY/箱",
    )  # fmt: skip
    assert "苏打饼干八十八一箱。"[one.at.char_start : one.at.char_end] == "八十八"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("销售：这个九十五一箱。", "no-subject"),
        ("销售：薯片五十六一箱。", "no-row"),
        ("销售：苏打饼干九十五左右一箱。", "hedged"),
        ("销售：苏打饼干九十五到九十八块一箱。", "range"),
        ("销售：苏打饼干几十块一箱。", "no-value"),
        ("销售：苏打饼干九十五块一箱，得满五十箱。", "conditional"),
        ("销售：苏打饼干卖四块五一包。", "different-unit"),
        ("销售：苏打饼干会员价八十一箱。", "no-row"),
        ("销售：人家苏打饼干卖八十一箱。", "no-subject"),
        ("销售：那款卖九十五一箱。", "no-subject"),
        ("销售：苏打饼干九十块起。", "conditional"),
        ("客户：苏打饼干怎么卖？ / 销售：九百六一条。", "no-value"),
    ],
)
def test_unknown_is_never_wrong_and_says_why(facts: Path, text: str, reason: str) -> None:
    found = [one for one in held(text, table(facts, PRICE)) if one.kind == "price"]
    assert [one.verdict.value for one in found] in ([], ["unknown"])
    assert [one.reason for one in found] in ([], [reason])


@pytest.mark.parametrize(
    "text",
    [
        "客户：苏打饼干八十八一箱吧。", "未知：苏打饼干八十八一箱。", "销售：苏打饼干不是八十八一箱。",
        "销售：苏打饼干八十八一箱吗？", "销售：去年苏打饼干八十八一箱。", "销售：有人说苏打饼干八十八一箱。",
        "销售：您苏打饼干的预算是八十八块。", "销售：苏打饼干在我这买，送您五百块加油卡。",
    ],
)  # fmt: skip
def test_what_the_rep_does_not_state_is_no_claim(facts: Path, text: str) -> None:
    assert held(text, table(facts, PRICE)) == []


@pytest.mark.parametrize(
    "text",
    [
        "苏打饼干最低五十二一箱给不了您", "苏打饼干五十二一箱我可做不了主", "苏打饼干五十二一箱，这个价真卖不了",
        "苏打饼干五十二一箱那是不可能的", "苏打饼干至少卖不出五十二一箱", "苏打饼干五十二一箱太便宜了给不了",
        "苏打饼干五十二一箱我们要亏钱的", "我可没说苏打饼干五十二一箱", "我从来没答应苏打饼干五十二一箱",
        "苏打饼干我做梦都想卖五十二一箱", "苏打饼干哪能卖五十二一箱", "客户说苏打饼干五十二一箱",
        "您说苏打饼干五十二一箱", "苏打饼干您卖一百一十五一箱", "以前苏打饼干卖五十二一箱", "苏打饼干进价五十二一箱",
        "苏打饼干退货给您五十二一箱", "苏打饼干回收五十二一箱", "苏打饼干打九折给不了您", "我没说苏打饼干便宜六块钱",
        "苏打饼干五十二一箱，那是别家的价", "苏打饼干五十二一箱，领导不批", "苏打饼干五十二一箱门都没有",
        "苏打饼干五十二一箱，我可没说过",
    ],
)  # fmt: skip
def test_an_amount_that_is_refused_denied_or_other_money_is_no_price(facts: Path, text: str) -> None:
    cut = '[[row]]\nid = "c"\nkind = "discount"\nsubject = "soda-cracker"\nvalue = 9.5\nunit = "折"\n'
    assert held(f"销售：{text}。", table(facts, PRICE, cut)) == []


@pytest.mark.parametrize(
    "text",
    [
        "我跟您说苏打饼干九十八一箱", "我对客户说苏打饼干九十八一箱", "苏打饼干给您卖九十八一箱",
        "苏打饼干九十八一箱，再低给不了了", "苏打饼干九十八一箱再便宜给不了", "苏打饼干九十八一箱，没法再优惠了",
        "苏打饼干九十八一箱，少一分都不卖", "苏打饼干九十八一箱，送货办不了", "苏打饼干九十八一箱，包退货",
    ],
)  # fmt: skip
def test_what_is_refused_beside_a_price_leaves_it_a_price(facts: Path, text: str) -> None:
    assert verdict(f"销售：{text}。", table(facts, PRICE)) == "right"


@pytest.mark.parametrize(
    "text", ["一百万个月送到", "九百亿小时送到", "一百万天之内送到", "九千九百万个工作日送到", f"{'9' * 400}天送到"]
)
def test_an_absurd_wait_is_no_value_and_no_failure(facts: Path, text: str) -> None:
    for unit in ('value = 3\nunit = "天"', "value = 2026-11-28"):
        folder = table(facts, LEAD.replace('value = 3\nunit = "天"', unit))
        assert {one.reason for one in held(f"销售：苏打饼干{text}。", folder)} <= {"no-value"}


def test_a_count_at_the_end_of_time_is_stale(facts: Path) -> None:
    for day in ("9999-12-31", "0001-01-01"):
        folder = table(facts, STOCK.replace("2026-11-25", day))
        assert verdict("销售：苏打饼干还有三十箱。", folder) == "stale-row"


def test_what_is_taken_back_is_gone(facts: Path) -> None:
    assert verdict("销售：苏打饼干八十八一箱，不对，九十八一箱。", table(facts, PRICE)) == "right"


def test_within_the_tolerance_is_right(facts: Path) -> None:
    assert verdict("销售：苏打饼干九十五一箱。", table(facts, PRICE, "tolerance = 3")) == "right"
    assert verdict("销售：苏打饼干九十四一箱。", table(facts, PRICE, "tolerance = 3")) == "wrong"


def test_a_row_out_of_its_days_decides_nothing(facts: Path) -> None:
    folder = table(facts, PRICE, "valid_from = 2026-11-25\nvalid_until = 2026-11-26")
    assert verdict("销售：苏打饼干八十八一箱。", folder) == "wrong"
    assert verdict("销售：苏打饼干八十八一箱。", folder, at=AT + timedelta(days=1)) == "wrong"
    assert verdict("销售：苏打饼干八十八一箱。", folder, at=AT + timedelta(days=2)) == "stale-row"
    assert verdict("销售：苏打饼干八十八一箱。", folder, at=AT - timedelta(days=1)) == "stale-row"


def test_an_undated_talk_is_held_against_undated_rows_alone(facts: Path) -> None:
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE), at=None) == "wrong"
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE, "valid_from = 2026-11-01"), at=None) == "no-time"
    assert verdict("销售：苏打饼干明天到货。", table(facts, LEAD), at=None) == "no-time"


def test_rows_that_contradict_each_other_decide_nothing(facts: Path) -> None:
    folder = table(facts, PRICE, PRICE.replace('"p"', '"q"').replace("98", "99"))
    assert verdict("销售：苏打饼干八十八一箱。", folder) == "conflicting-rows"
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE, PRICE.replace('"p"', '"q"'))) == "wrong"


def test_a_count_of_yesterday_says_nothing_of_today(facts: Path) -> None:
    folder = table(facts, STOCK)
    assert verdict("销售：苏打饼干还有六十箱。", folder) == "wrong"
    assert verdict("销售：苏打饼干还有六十箱。", folder, at=AT + timedelta(days=2)) == "stale-row"
    assert verdict("销售：苏打饼干还有六十箱。", folder, at=AT - timedelta(days=1)) == "stale-row"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("销售：苏打饼干有现货。", "right"), ("销售：苏打饼干没货了。", "wrong"),
        ("销售：苏打饼干还有三十箱。", "right"),
        ("销售：苏打饼干还有五十箱。", "wrong"), ("销售：苏打饼干只剩三箱了。", "wrong"),
        ("销售：苏打饼干只剩四十箱了。", "right"),
        ("销售：苏打饼干还有五十提。", "different-unit"),
    ],
)  # fmt: skip
def test_stock_is_held_by_what_was_meant(facts: Path, text: str, expected: str) -> None:
    assert verdict(text, table(facts, STOCK)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("销售：苏打饼干明天到货。", "wrong"), ("销售：苏打饼干三天内送到。", "right"), ("销售：苏打饼干下周一到货。", "right"),
        ("销售：苏打饼干后天能到。", "wrong"), ("销售：苏打饼干当天送到。", "wrong"),
        ("销售：苏打饼干五个工作日内到货。", "different-unit"),
        ("销售：苏打饼干今天发货。", "no-row"),
    ],
)  # fmt: skip
def test_a_promise_is_wrong_when_it_cannot_be_kept(facts: Path, text: str, expected: str) -> None:
    assert verdict(text, table(facts, LEAD)) == expected


def test_days_count_from_the_talk_in_the_boxs_time_zone(facts: Path) -> None:
    """At 23:30 in London it is the next day in Shanghai, and so is tomorrow."""
    late = datetime.fromisoformat("2026-11-25T23:30+00:00")
    folder = table(facts, LEAD.replace('value = 3\nunit = "天"', "value = 2026-11-27"))
    said = talk("销售：苏打饼干明天到货。", at=late)
    here = claims.checked(said, Notes(), tagger(), str(folder), zone=AT.tzinfo)
    there = claims.checked(said, Notes(), tagger(), str(folder), zone=late.tzinfo)
    assert [one.verdict.value for one in (*here, *there)] == ["right", "wrong"]


def test_a_competitor_is_never_held_against_our_own_rows(facts: Path) -> None:
    rival = PRICE.replace('"p"', '"r"').replace("soda-cracker", "jingu/soda-cracker").replace("98", "88")
    named = '[[subject]]\ncode = "jingu"\nnames = ["金谷"]\nside = "rival"\n'
    assert verdict("销售：金谷的苏打饼干八十八一箱。", table(facts, PRICE, named)) == "no-row"
    assert verdict("销售：金谷的苏打饼干八十八一箱。", table(facts, PRICE, rival, named)) == "right"
    assert verdict("销售：金谷的苏打饼干九十八一箱。", table(facts, PRICE, rival, named)) == "wrong"


def test_a_row_for_everything_gives_way_to_one_of_its_own(facts: Path) -> None:
    everything = LEAD.replace('"d"', '"all"').replace('"soda-cracker"', '"*"').replace("value = 3", "value = 1")
    assert verdict("销售：苏打饼干明天到货。", table(facts, LEAD, everything)) == "wrong"
    assert verdict("销售：薯片明天到货。", table(facts, LEAD, everything)) == "right"
    assert verdict("销售：货明天到货。", table(facts, LEAD, everything)) == "no-subject"
    assert verdict("销售：货明天到货。", table(facts, everything)) == "right"


def test_hardly_understood_speech_accuses_nobody(facts: Path) -> None:
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE), confidence=0.5) == "unsure"


def test_the_notes_of_the_talk_are_used_where_there_are_any(facts: Path) -> None:
    said = talk("销售：苏打饼干八十八一箱。")
    noted = tuple(replace(one, utterance=0) for one in find(said.utterances[0].text, AT))
    assert claims.checked(said, Notes(facts=noted), tagger(), str(table(facts, PRICE)), zone=AT.tzinfo) == claims.checked(
        said, Notes(), tagger(), str(facts), zone=AT.tzinfo
    )


def test_without_a_table_and_with_a_faulty_one_all_is_unknown(facts: Path) -> None:
    assert verdict("销售：苏打饼干八十八一箱。", facts) == "no-table"
    assert verdict("销售：苏打饼干八十八一箱。", facts / "nowhere") == "no-table"
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE, "typo = 1")) == "bad-table"


def test_claims_are_on_by_default_and_left_out_when_switched_off(facts: Path) -> None:
    said = talk("销售：苏打饼干八十八一箱。")
    only = Switches(facts=str(table(facts, PRICE)), scorecards=[], card=False)
    off_ = Switches(claims=False, facts=str(facts), scorecards=[], card=False)
    assert len(Reviewer(switches=only, tagger=tagger(), zone=AT.tzinfo).review(said, (), Notes()).claims) == 1
    assert Reviewer(switches=off_, tagger=tagger(), zone=AT.tzinfo).review(said, (), Notes()).claims == ()


def test_a_changed_table_is_read_again(facts: Path) -> None:
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE)) == "wrong"
    assert verdict("销售：苏打饼干八十八一箱。", table(facts, PRICE.replace("98", "88.00"))) == "right"


CSV = "id,kind,subject,attribute,words,value,unit,valid_from,valid_until,as_of,tolerance\n"


def test_csv_says_the_same_as_toml(facts: Path) -> None:
    (facts / "a.csv").write_text(
        "\ufeff" + CSV + "p,price,soda-cracker,,,98,CNY/箱,,,,\n"
        "s,stock,soda-cracker,,,有,,,,2026-11-25T08:00:00+08:00,\n"
        "w,parameter,soda-cracker,shelf-life,保质期|能放,12,个月,,,,\n",
        "utf-8",
    )
    assert verdict("销售：苏打饼干八十八一箱。", facts) == "wrong"
    assert verdict("销售：苏打饼干有现货。", facts) == "right"
    assert verdict("销售：苏打饼干能放十二个月。", facts) == "right"
    assert verdict("销售：苏打饼干保质期两年。", facts) == "wrong"


def test_every_fault_of_a_table_is_named_with_its_file_and_line(facts: Path) -> None:
    (facts / "a.csv").write_text(
        CSV + "p,price,soda-cracker,,,98,CNY,,,,\np,price,chips,,,56,CNY,,,,\nq,gift,chips,,,1,箱,,,,\nr,stock,chips,,,5,箱,,,,\n"
        "u,price,chips,,,cheap,CNY,,,,\nv,price,chips,,,5,箱,,,,\nx,discount,chips,,,100,%,,,,\ny,parameter,chips,,,3,年,,,,\n"
        "z,price,chips,,,5,CNY,2026-12-01,2026-11-01,,\nshort,price\n",
        "utf-8",
    )
    (facts / "b.csv").write_text("id,price\np,1\n", "utf-8")
    (facts / "c.toml").write_text('[table]\nx = 1\n[[row]]\nid = "o"\nkind = "price"\nsubject = "薯片"\nvalue = 1\n', "utf-8")
    with pytest.raises(BadFacts) as caught:
        fact_files.load(facts)
    said = str(caught.value)
    for part in (
        "a.csv:3: p: this id stands twice", "a.csv:4: q", "a.csv:5: r: a count of stock needs", "a.csv:6: u",
        "a.csv:7: v: a price is in CNY", "a.csv:8: x: a discount of all", "a.csv:9: y: a parameter needs",
        "a.csv:10: z: ends before", "a.csv:11: short: has more or fewer",
        "b.csv:1: heading", "unknown key `table`", "c.toml:6: o",
    ):  # fmt: skip
        assert part in said, part


def test_cells_as_a_spreadsheet_writes_them_are_named_in_plain_words(facts: Path) -> None:
    (facts / "a.csv").write_text(
        CSV
        + 'p,price,chips,,,"1,280",CNY,2026/11/25,,,\ns,stock,chips,,,5,箱,,,2026/11/25 10:00,\nd,delivery,chips,,,5,箱,,,,\n',
        "utf-8",
    )
    (facts / "b.toml").write_text(STOCK.replace("2026-11-25T08:00:00+08:00", '"2026/11/25 10:00"'), "utf-8")
    with pytest.raises(BadFacts) as caught:
        fact_files.load(facts)
    said = str(caught.value)
    for part in (
        "a.csv:2: p: `value` has thousands separators", "without thousands separators", "不要写千分位",
        "a.csv:2: p: `valid_from` is no day", "a.csv:3: s: `as_of` is no time", "YYYY-MM-DDTHH:MM", "时间写成",
        "a.csv:4: d: a delivery takes a time", "b.toml:1: s: `as_of` is no time",
    ):  # fmt: skip
        assert part in said, part


def test_rows_that_contradict_each_other_are_faults(facts: Path) -> None:
    def beside(*more: str) -> list[str]:
        found = fact_files.read_all(table(facts, PRICE + "valid_until = 2026-11-30\n", *more))
        return [one.entry for one in fact_checks.conflicts(found)]

    other = PRICE.replace('"p"', '"q"').replace("98", "99")
    assert beside(other) == ["q"]
    assert beside(other + "valid_from = 2026-11-30\n") == ["q"]
    assert beside(other + "valid_from = 2026-12-01\n") == []
    assert beside(other + 'attribute = "member"\n') == []
    assert beside(other.replace("CNY/箱", "CNY/包")) == []
    assert beside(other.replace("99", "98.0")) == []
    assert beside(STOCK, STOCK.replace('"s"', '"t"').replace("40", "41")) == ["t"]
    assert beside(STOCK, STOCK.replace('"s"', '"t"').replace("40", "41").replace("11-25", "11-23")) == []


def test_subjects_that_nobody_can_name_are_warned_of(facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = '[[subject]]\ncode = "sodax"\nnames = ["苏打饼干"]\n[[subject]]\ncode = "jingu"\nnames = ["金谷"]\nside = "rival"\n'
    unknown = PRICE.replace('"p"', '"u"').replace("soda-cracker", "nothing")
    rival = PRICE.replace('"p"', '"r"').replace("soda-cracker", "jingu/soda-cracker")
    everything = LEAD.replace("soda-cracker", "*")
    found = fact_files.read_all(table(facts, PRICE, named, unknown, rival, everything))
    assert [one.entry for one in fact_checks.warnings(found, tagger().lexicon)] == ["sodax", "u"]
    assert cli.main(["--state", str(tmp_path), "claims", "check", str(facts)]) == 0
    assert "2 处提醒 warnings" in capsys.readouterr().out
    table(facts, PRICE, PRICE.replace('"p"', '"q"').replace("98", "99"))
    assert cli.main(["--state", str(tmp_path), "claims", "check", str(facts), "--json"]) == 1
    assert [one["entry"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["q"]


def test_units_are_compared_only_where_that_is_exact() -> None:
    assert measured(2, "年") == measured(24, "个月")
    assert measured(2, "天") == measured(48, "小时")
    assert measured(1, "个月") != measured(30, "天")
    assert measured(98, "元/箱") == measured(98, "CNY/箱")
    assert off(9.5, "折") == off(95, "折") == off(5, "%")


def test_the_command_checks_a_folder(facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--state", str(tmp_path), "claims", "check", str(table(facts, PRICE, STOCK)), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == {"price": 1, "stock": 1}
    assert cli.main(["--state", str(tmp_path), "claims", "check", str(table(facts, PRICE, "typo = 1"))]) == 1
    assert "typo" in capsys.readouterr().out


def test_the_command_tries_a_written_talk_without_printing_it(
    facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talk.toml"
    file.write_text(
        'industry = "fmcg"\n[[turn]]\nspeaker = "rep"\nstart_ms = 0\nend_ms = 9\ntext = "苏打饼干八十八一箱。"\n', "utf-8"
    )
    folder = str(table(facts, PRICE))
    assert cli.main(["--state", str(tmp_path), "claims", "try", str(file), "--facts", folder, "--json"]) == 0
    said = capsys.readouterr().out
    assert [one["verdict"] for one in json.loads(said)["claims"]] == ["wrong"]
    assert cli.main(["--state", str(tmp_path), "claims", "try", str(file), "--facts", str(facts / "nowhere")]) != 0
    assert "没有这个目录" in capsys.readouterr().err
    assert "饼干" not in said


def test_the_set_that_is_measured_holds_enough_claims() -> None:
    sets = tomllib.loads((BEHAVIOUR / "claims.toml").read_text("utf-8"))
    assert min(len(sets["dev"]), len(sets["report"])) >= 50
