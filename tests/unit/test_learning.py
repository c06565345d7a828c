"""What reviewers confirm joins the local lexicon: only with lines, only if nothing breaks, and its gain is measured."""

import json
import shutil
import sqlite3
import tomllib
from pathlib import Path

import msgspec
import pytest
from box_world import BoxWorld

from edge_agent import cli, config, documents, learning
from edge_agent.domain.contests import Reason, Role
from edge_agent.errors import BadInput, NotAllowed, NotFound
from edge_agent.lexicon import adding
from edge_agent.lexicon.load import load
from edge_agent.lexicon.problems import BadLexicon

BUILTIN = Path(__file__).parents[2] / "lexicons"
LESSON = learning.Lesson(
    saying="费草料", event="price.objection", kind="phrase", must=("客户：这个数听着费草料。",),
    must_not=("客户：骑马可累人了。",), by=Role.MANAGER, reason=Reason.NOT_SAID,
)  # fmt: skip
SET = """
[[example]]
event = "price.objection"
must = ["客户：想想都费草料。", "客户：一下子掏这么多，费草料啊。", "客户：太贵了。"]
must_not = ["客户：我没说费草料。", "客户：颜色挺好看。", "客户：有没有大一号的？"]
"""


@pytest.fixture
def settings(tmp_path: Path) -> config.Config:
    return config.Config(state=str(tmp_path / "state"), lexicons=str(tmp_path / "company"))


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[config.Config, documents.Learned]:
    """A company folder that was taught `LESSON`."""
    folder = tmp_path_factory.mktemp("taught")
    made = config.Config(state=str(folder / "state"), lexicons=str(folder / "company"))
    return made, learning.learn(made, LESSON)


def learned(settings: config.Config) -> Path:
    return Path(settings.lexicons) / "events" / "learned.toml"


def test_confirmed_saying_is_taken_in_with_role_day_and_reason(taught: tuple[config.Config, documents.Learned]) -> None:
    settings, done = taught
    text = learned(settings).read_text("utf-8")
    assert (done.kind, done.by, done.file, done.elsewhere) == ("phrase", "manager", str(learned(settings)), 0)
    assert done.examples > 3000
    assert "manager not-said" in text
    (row,) = tomllib.loads(text)["extend"]
    assert (row["event"], row["phrases"], row["must"]) == ("price.objection", ["费草料"], list(LESSON.must))
    assert "negated" in row["contexts_off"]


def test_gain_is_measured_on_lines_of_somebody_else(taught: tuple[config.Config, documents.Learned], tmp_path: Path) -> None:
    settings, _ = taught
    judged = tmp_path / "set.toml"
    judged.write_text(SET, "utf-8")
    found = learning.gain(settings, judged)
    (event,) = found.events
    assert (found.basis, found.learned, event.examples) == ("set", 1, 6)
    assert (event.recall_before, event.recall) == (0.3333, 1.0)
    assert (event.precision_before, event.precision) == (1.0, 1.0)
    assert [(one.text, one.found) for one in found.changed] == [
        ("客户：想想都费草料。", True), ("客户：一下子掏这么多，费草料啊。", True),
    ]  # fmt: skip


def test_veto_rules_an_event_out_whichever_way_it_was_said(
    taught: tuple[config.Config, documents.Learned], tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(taught[0], lexicons=str(tmp_path / "company"))
    shutil.copytree(taught[0].lexicons, settings.lexicons)
    entry: dict[str, str | list[str]] = {"event": "price.objection", "veto": ["开玩笑"], "must": [], "must_not": []}
    adding.learn(Path(settings.lexicons), entry, note="2026-11-25 compliance context")
    assert len(tomllib.loads(learned(settings).read_text("utf-8"))["extend"]) == 2
    judged = tmp_path / "set.toml"
    judged.write_text(
        '[[example]]\nevent = "price.objection"\nmust = ["客户：太贵了。", "客户：费草料啊。"]\n'
        'must_not = ["客户：开玩笑这价格太高了。", "客户：开玩笑说费草料。"]\n', "utf-8",
    )  # fmt: skip
    (event,) = learning.gain(settings, judged).events
    assert (event.precision, event.recall) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("kind", "saying", "must", "must_not"),
    [
        ("phrase", "便宜没好货", "客户：我看便宜没好货。", "客户：嗯。"),
        ("veto", "太贵", "客户：价格高了。", "客户：这也太贵了。"),
    ],
)
def test_saying_that_breaks_an_example_is_refused_and_the_event_named(
    settings: config.Config, kind: learning.Kind, saying: str, must: str, must_not: str
) -> None:
    lesson = learning.Lesson(
        saying=saying,
        event="price.objection",
        kind=kind,
        must=(must,),
        must_not=(must_not,),
        by=Role.MANAGER,
        reason=Reason.OTHER,
    )
    with pytest.raises(NotAllowed, match=r"would break: price\.objection"):
        learning.learn(settings, lesson)
    assert not learned(settings).exists()


WRONG = {
    "a rep": ({"by": Role.REP}, NotAllowed),
    "no line that must": ({"must": ()}, BadInput),
    "no line that must not": ({"must_not": ()}, BadInput),
    "no such event": ({"event": "no.such"}, NotFound),
    "a single character": ({"saying": "疼"}, BadLexicon),
    "a line that does not hold": ({"must": ("客户：有点难受。",)}, NotAllowed),
    "a word about a person": ({"saying": "大妈", "must": ("客户：大妈。",)}, NotAllowed),
}


@pytest.mark.parametrize("what", WRONG)
def test_lesson_is_refused_and_nothing_is_written(settings: config.Config, what: str) -> None:
    changes, error = WRONG[what]
    lesson = learning.Lesson(**{name: changes.get(name, getattr(LESSON, name)) for name in learning.Lesson.__slots__})
    with pytest.raises(error):
        learning.learn(settings, lesson)
    assert not learned(settings).exists()


def test_veto_for_one_trade_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "industries").mkdir()
    (tmp_path / "industries" / "x.toml").write_text(
        'id = "fmcg"\nzh = "快消"\n[[extend]]\nevent = "price.objection"\nveto = ["开玩笑"]\n', "utf-8"
    )
    with pytest.raises(BadLexicon, match="for one trade"):
        load(BUILTIN, tmp_path)


def test_digest_of_the_event_changes_with_what_was_learned(settings: config.Config) -> None:
    before = load(BUILTIN).event_digests
    learned(settings).parent.mkdir(parents=True)
    learned(settings).write_text('family = "learned"\n[[extend]]\nevent = "price.objection"\nveto = ["开玩笑"]\n', "utf-8")
    after = load(BUILTIN, Path(settings.lexicons)).event_digests
    assert [code for code in after if after[code] != before[code]] == ["price.objection"]


def test_veto_needs_lines_that_go_wrong_today(settings: config.Config) -> None:
    veto = learning.Lesson(
        saying="开玩笑", event="price.objection", kind="veto", must=("客户：我觉得太贵了。",), must_not=("客户：颜色挺好看。",),
        by=Role.COMPLIANCE, reason=Reason.CONTEXT,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="changes nothing"):
        learning.learn(settings, veto)


def test_hot_word_is_taken_in_and_the_log_says_who_confirmed_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    BoxWorld(tmp_path / "box").close()
    company = tmp_path / "company"
    words = ("learn", "term", "窜货稽查", "--industry", "fmcg", "--by", "manager", "--reason", "not-said", "--to", str(company))
    where = ("--state", str(tmp_path / "box"))
    assert cli.main([*words, *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["added"] == ["窜货稽查"]
    assert "manager not-said" in (company / "industries" / "fmcg.toml").read_text("utf-8")
    assert load(BUILTIN, company).industries["fmcg"].hotwords[-1] == "窜货稽查"
    ((body,),) = sqlite3.connect(tmp_path / "box" / "ledger" / "ledger.db").execute(
        "SELECT body FROM audit WHERE kind = 'lexicon.learned'"
    )
    assert (json.loads(body)["by"], json.loads(body)["reason"]) == ("manager", "not-said")
    assert "窜货" not in body
    assert cli.main([*words[:5], "--by", "manager", "--must", "x", *where]) == 1
    assert cli.main([*words[:5], "--by", "manager", *where]) == 1  # no folder is configured


def test_gain_without_anything_to_judge_by_is_refused(settings: config.Config, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        learning.gain(settings)
    judged = tmp_path / "set.toml"
    judged.write_text('[[example]]\nevent = "no.such"\nmust = ["客户：好。"]\n', "utf-8")
    with pytest.raises(NotFound):
        learning.gain(settings, judged)
    judged.write_text("[[example]]\nmay = 1\n", "utf-8")
    with pytest.raises(BadInput):
        learning.gain(settings, judged)


def test_own_lines_are_shown_and_said_to_be_no_measure(
    taught: tuple[config.Config, documents.Learned], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["learn", "gain", "--to", taught[0].lexicons, "--state", taught[0].state]) == 0
    shown = capsys.readouterr().out
    assert "0% → 100%" in shown
    assert f"✓ price.objection 现在命中 found now：{LESSON.must[0]}" in shown
    assert "own lines: measure with --set" in shown
