"""`edge-agent rules`: explained with a tree or a question, tried on kept tags without writing, tested on every example."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from ledger_world import NOON, World, analysis, memory_folder, tag

from edge_agent import cli, config, rehearsal

CUSTOMER, OTHER = "aa" * 16, "cc" * 16
DEMO = "当客户连续3次回避产品演示且未约定下一步，则提醒主管"


@pytest.fixture
def box() -> Iterator[tuple[World, config.Config]]:
    with memory_folder() as folder:
        (folder / "ledger").mkdir()
        made = World(folder / "ledger")
        yield made, config.Config(state=str(folder))
        made.close()


def call(world: World, day: float, *codes: str, customer: str = CUSTOMER) -> str:
    made = world.take_in(customer=customer, started_at=NOON + timedelta(days=day))
    tags = [
        tag(code, severity="info", layer="none", slots=(), start_ms=1000 * n, end_ms=1000 * n + 500, turn=n)
        for n, code in enumerate(codes)
    ]
    world.ledger.analysed(made.id, analysis(tags))
    return made.id


def test_explain_prints_exactly_these_four(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "explain", DEMO, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["ok", "tree", "said_back", "question"]
    assert found["ok"] is True
    assert found["question"] is None
    assert found["tree"]["when"]["node"] == "all"


def test_what_is_not_clear_is_a_question_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "explain", "当客户问候，则提醒店长", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["tree"], found["said_back"]) == (False, None, None)
    assert found["question"]["kind"] == "unknown-event"
    assert all(set(one) == {"event", "zh", "score"} for one in found["question"]["suggestions"])
    assert cli.main(["rules", "explain", "当客户问候，则提醒店长"]) == 1
    assert "不认识“问候”" in capsys.readouterr().out


def test_dry_run_counts_over_one_customers_days(box: tuple[World, config.Config]) -> None:
    world, settings = box
    calls = [call(world, day, "price.asked") for day in (-20, -10, -1)]
    call(world, -1, "price.asked", customer=OTHER)
    text = "当30天内同一客户询价不少于3次且未进入报价，则在2小时内升级"
    found = rehearsal.dry_run(settings, text, 30, now=NOON)
    assert (found.ok, found.recordings, found.fired) == (True, 4, 1)
    assert [(one.recording, one.times) for one in found.where] == [(calls[-1], 1)]
    call(world, -5, "price.quote_given")
    assert rehearsal.dry_run(settings, text, 30, now=NOON).fired == 0


def test_dry_run_looks_back_before_its_days_only_to_count(box: tuple[World, config.Config]) -> None:
    world, settings = box
    for day in (-20, -10, -1):
        call(world, day, "service.complaint_raised")
    found = rehearsal.dry_run(settings, "当30天内同一客户投诉不少于3次，则上报", 5, now=NOON)
    assert (found.recordings, found.fired) == (1, 1)


def test_dry_run_in_talks_and_nothing_is_written(box: tuple[World, config.Config]) -> None:
    world, settings = box
    without = call(world, -1, "service.complaint_raised")
    call(world, -1, "service.complaint_raised", "service.apology_given")
    call(world, -40, "service.complaint_raised")
    before = sha256(world.path.read_bytes()).hexdigest()
    found = rehearsal.dry_run(settings, "当客户投诉且未致歉，则提醒店长", 30, now=NOON)
    assert [(one.recording, one.times) for one in found.where] == [(without, 1)]
    assert found.recordings == 2
    assert sha256(world.path.read_bytes()).hexdigest() == before


def test_dry_run_counts_over_days_beside_other_conditions(box: tuple[World, config.Config]) -> None:
    world, settings = box
    for day in (-20, -10):
        call(world, day, "service.complaint_raised", "aftersales.return_requested")
    last = call(world, -1, "service.complaint_raised", "aftersales.return_requested")
    text = "当30天内同一客户投诉不少于3次且客户要求退货，则上报"
    found = rehearsal.dry_run(settings, text, 30, now=NOON)
    assert [(one.recording, one.times) for one in found.where] == [(last, 1)]


def test_dry_run_asks_back_too(box: tuple[World, config.Config]) -> None:
    found = rehearsal.dry_run(box[1], "当30天内多次询价，则提醒店长", 30, now=NOON)
    assert not found.ok
    assert found.question is not None
    assert found.question.kind == "vague"


def test_check_says_every_rule_back_and_names_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rules"]) >= 6
    assert {one["judged"] for one in found["rules"]} == {"talk", "days"}
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "x.toml").write_text('[[rule]]\nid = "x"\ntext = "当客户经常投诉，则上报"\n', "utf-8")
    assert cli.main(["rules", "check", str(tmp_path)]) == 1
    assert "rules/x.toml:3" in capsys.readouterr().out


def test_every_example_of_every_entry_is_run_and_one_that_fails_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "x.toml").write_text(
        '[[rule]]\nid = "x"\ntext = "当客户投诉，则上报"\n'
        '[rule.examples]\nmust = ["客户：多少钱？"]\nmust_not = ["客户：你好。"]\n',
        "utf-8",
    )
    assert cli.main(["rules", "test", str(tmp_path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["events"], found["key_nodes"], found["failed"]) == (False, 281, 17, 1)
    assert found["examples"] == found["passed"] + found["skipped"] + found["failed"]
    assert [(one["event"], one["must"]) for one in found["failures"]] == [("rule.x", True)]
