"""What reviewers confirm joins the local lexicon: only with lines, only if nothing breaks, and its gain is measured."""

import json
import shutil
import sqlite3
import threading
import tomllib
from functools import partial
from pathlib import Path

import msgspec
import pytest
from box_world import BoxWorld

from edge_agent import cli, config, documents, learning, vocabulary
from edge_agent.domain.contests import Reason, Role
from edge_agent.errors import BadInput, LedgerBroken, NotAllowed, NotFound, Unavailable
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
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled words with one event alone: trying all its examples takes a moment."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("terms.toml", "probes.toml"):
        shutil.copy(BUILTIN / name, folder)
    head, *events = (BUILTIN / "events" / "price.toml").read_text("utf-8").split("[[event]]\n")
    (one,) = (event for event in events if event.startswith(f'id = "{LESSON.event}"\n'))
    (folder / "events").mkdir()
    (folder / "events" / "price.toml").write_text(f"{head}[[event]]\n{one}", "utf-8")
    return folder


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory, small: Path) -> tuple[config.Config, documents.Learned]:
    """A company folder that was taught `LESSON`."""
    folder = tmp_path_factory.mktemp("taught")
    made = config.Config(state=str(folder / "state"), lexicons=str(folder / "company"))
    return made, learning.learn(made, LESSON, builtin=small)


def learned(settings: config.Config) -> Path:
    return Path(settings.lexicons) / "events" / "learned.toml"


def test_confirmed_saying_is_taken_in_with_role_day_and_reason(taught: tuple[config.Config, documents.Learned]) -> None:
    settings, done = taught
    text = learned(settings).read_text("utf-8")
    assert (done.kind, done.by, done.file, done.elsewhere) == ("phrase", "manager", str(learned(settings)), 0)
    assert done.examples > 20
    assert "manager not-said" in text
    (row,) = tomllib.loads(text)["extend"]
    assert (row["event"], row["phrases"], row["must"]) == ("price.objection", ["费草料"], list(LESSON.must))
    assert "negated" in row["contexts_off"]


@pytest.mark.bench
def test_every_example_of_the_whole_lexicon_is_tried(settings: config.Config) -> None:
    assert learning.learn(settings, LESSON).examples > 3000


def test_gain_is_measured_on_lines_of_somebody_else(
    taught: tuple[config.Config, documents.Learned], small: Path, tmp_path: Path
) -> None:
    settings, _ = taught
    judged = tmp_path / "set.toml"
    judged.write_text(SET, "utf-8")
    found = learning.gain(settings, judged, builtin=small)
    (event,) = found.events
    assert (found.basis, found.learned, event.examples) == ("set", 1, 6)
    assert (event.recall_before, event.recall) == (0.3333, 1.0)
    assert (event.precision_before, event.precision) == (1.0, 1.0)
    assert [(one.text, one.found) for one in found.changed] == [
        ("客户：想想都费草料。", True), ("客户：一下子掏这么多，费草料啊。", True),
    ]  # fmt: skip


def test_veto_rules_an_event_out_whichever_way_it_was_said(
    taught: tuple[config.Config, documents.Learned], small: Path, tmp_path: Path
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
    (event,) = learning.gain(settings, judged, builtin=small).events
    assert (event.precision, event.recall) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("kind", "saying", "lines"),
    [
        ("phrase", "便宜没好货", ("客户：我看便宜没好货。", "客户：嗯。")),
        ("veto", "太贵", ("客户：价格高了。", "客户：这也太贵了。")),
    ],
)
def test_saying_that_breaks_an_example_is_refused_and_the_event_named(
    settings: config.Config, small: Path, kind: learning.Kind, saying: str, lines: tuple[str, str]
) -> None:
    must, must_not = lines
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
        learning.learn(settings, lesson, builtin=small)
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
def test_lesson_is_refused_and_nothing_is_written(settings: config.Config, small: Path, what: str) -> None:
    changes, error = WRONG[what]
    lesson = learning.Lesson(**{name: changes.get(name, getattr(LESSON, name)) for name in learning.Lesson.__slots__})
    with pytest.raises(error):
        learning.learn(settings, lesson, builtin=small)
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


def test_veto_needs_lines_that_go_wrong_today(settings: config.Config, small: Path) -> None:
    veto = learning.Lesson(
        saying="开玩笑", event="price.objection", kind="veto", must=("客户：我觉得太贵了。",), must_not=("客户：颜色挺好看。",),
        by=Role.COMPLIANCE, reason=Reason.CONTEXT,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="changes nothing"):
        learning.learn(settings, veto, builtin=small)


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


def test_gain_without_anything_to_judge_by_is_refused(settings: config.Config, small: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        learning.gain(settings, builtin=small)
    judged = tmp_path / "set.toml"
    judged.write_text('[[example]]\nevent = "no.such"\nmust = ["客户：好。"]\n', "utf-8")
    with pytest.raises(NotFound):
        learning.gain(settings, judged, builtin=small)
    judged.write_text("[[example]]\nmay = 1\n", "utf-8")
    with pytest.raises(BadInput):
        learning.gain(settings, judged, builtin=small)


def test_own_lines_are_shown_and_said_to_be_no_measure(
    taught: tuple[config.Config, documents.Learned], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["learn", "gain", "--to", taught[0].lexicons, "--state", taught[0].state]) == 0
    shown = capsys.readouterr().out
    assert "0% → 100%" in shown
    assert f"✓ price.objection 现在命中 found now：{LESSON.must[0]}" in shown
    assert "own lines: measure with --set" in shown


BROKEN = {
    "no TOML": "extend = [",
    "no list of tables": 'extend = "x"\n',
    "no event": 'family = "learned"\n[[extend]]\nphrases = ["费草料"]\n',
}


@pytest.mark.parametrize("what", BROKEN)
def test_file_that_was_broken_by_hand_is_named_with_its_place(settings: config.Config, small: Path, what: str) -> None:
    learned(settings).parent.mkdir(parents=True)
    learned(settings).write_text(BROKEN[what], "utf-8")
    with pytest.raises(BadLexicon, match=r"events/learned\.toml:\d"):
        learning.gain(settings, builtin=small)


def rows(state: Path) -> list[str]:
    """What the audit log says of the lexicon."""
    with sqlite3.connect(state / "ledger" / "ledger.db") as book:
        return [kind for (kind,) in book.execute("SELECT kind FROM audit WHERE kind GLOB 'lexicon.*' ORDER BY seq")]


@pytest.mark.parametrize("kind", ["phrase", "hotword"])
def test_nothing_is_learned_where_the_log_cannot_say_so(settings: config.Config, small: Path, kind: str) -> None:
    state = Path(settings.state)
    BoxWorld(state).close()
    with sqlite3.connect(state / "ledger" / "ledger.db") as thief:
        thief.execute("DELETE FROM meta WHERE key = 'head'")
    with pytest.raises(LedgerBroken):
        teach(settings, small, kind)
    assert not [*Path(settings.lexicons).rglob("*.toml")]


def test_log_says_so_when_the_lexicon_could_not_be_written_after_all(settings: config.Config) -> None:
    BoxWorld(Path(settings.state)).close()
    said = {"kind": "phrase", "by": Role.MANAGER, "reason": Reason.OTHER}
    with pytest.raises(Unavailable), learning.noted(settings, event="price.objection", **said):
        raise Unavailable("full", remedy="", zh="")
    assert rows(Path(settings.state)) == ["lexicon.learned", "lexicon.unlearned"]


def teach(settings: config.Config, small: Path, kind: str) -> None:
    if kind == "phrase":
        learning.learn(settings, LESSON, builtin=small)
        return
    log = partial(learning.noted, settings, event="fmcg", kind=kind, by=Role.MANAGER, reason=Reason.OTHER)
    vocabulary.add(settings, ["窜货稽查"], industry="fmcg", log=log)


def test_what_was_tried_is_what_is_written_though_somebody_else_adds_meanwhile(tmp_path: Path) -> None:
    waits = threading.Event()

    def add() -> None:
        waits.set()
        with adding.alone(tmp_path):
            (tmp_path / "theirs").touch()

    other = threading.Thread(target=add)
    with adding.alone(tmp_path):
        other.start()
        assert waits.wait(10)
        other.join(0.05)
        assert not (tmp_path / "theirs").exists()
    other.join(10)
    assert (tmp_path / "theirs").exists()
