"""The customer's mood: from their words alone, never about staff, never from silence; probing is no leaving."""

import shutil
import tomllib
from pathlib import Path

import pytest
from review_world import felt, felt_in, tagger, talk

from edge_agent import cli, samples
from edge_agent.assets import bundled
from edge_agent.config import Insights as Switches
from edge_agent.domain.insights import MoodPoint
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadConfig
from edge_agent.lexicon.load import load
from edge_agent.review import mood
from edge_agent.review.mood import NEUTRAL
from edge_agent.review.mood_examples import examples
from edge_agent.review.reviewer import Reviewer

CALLS = sorted(Path(samples.__file__).parent.glob("call-*.dialogue.toml"))


def valence(text: str) -> float:
    found = felt(text)
    return found.valence if found is not None else 0.0


def sign(text: str) -> str:
    found = felt(text)
    return "" if found is None else "probing" if found.probing else "leaving" if found.leaving else ""


def test_every_example_of_the_cues_holds() -> None:
    assert [(name, text) for name, text, holds in examples(tagger()) if not holds] == []


@pytest.mark.parametrize("call", CALLS, ids=lambda path: path.name.partition(".")[0])
def test_no_utterance_of_a_bundled_call_makes_a_point_when_staff_says_it(call: Path) -> None:
    turns = tomllib.loads(call.read_text("utf-8"))["turn"]
    for speaker in (Speaker.REP, Speaker.UNKNOWN):
        said = [Utterance(start_ms=t["start_ms"], end_ms=t["end_ms"], speaker=speaker, text=t["text"]) for t in turns]
        assert felt_in(said) == ()
    assert felt_in([Utterance(start_ms=0, end_ms=9, speaker=Speaker.CUSTOMER, text=t["text"]) for t in turns])


def test_a_tag_of_the_rep_makes_no_point() -> None:
    def tag(speaker: Speaker) -> BehaviorTag:
        return BehaviorTag(
            id="t", code="sentiment.anger", speaker=speaker, start_ms=0, end_ms=1000, known_at_ms=1000, confidence=1.0,
            severity="critical", layer="alert", rule="r", rule_digest="d",
        )  # fmt: skip

    said = talk("客户：我们三点开门。")
    said_ms = said.utterances[0]
    stamped = [
        BehaviorTag(**{name: getattr(tag(who), name) for name in BehaviorTag.__dataclass_fields__} | {"end_ms": said_ms.end_ms})
        for who in (Speaker.REP, Speaker.CUSTOMER)
    ]
    assert mood.curve(said, stamped[:1], tagger()) is None
    found = mood.curve(said, stamped, tagger())
    assert found is not None
    assert [(one.reason, one.valence) for one in found.points] == [("event:sentiment.anger", -0.9)]


@pytest.mark.parametrize("text", ["嗯。", "哦。", "好的。", "行。", "对。", "可以。", "是。", "……", "", "啊？"])
def test_a_short_answer_has_no_mood_rather_than_a_neutral_one(text: str) -> None:
    assert felt(text) is None


def test_a_backchannel_makes_no_point() -> None:
    assert felt("谢谢", backchannel=True) is None


def test_a_customer_who_says_little_has_no_curve() -> None:
    assert mood.curve(talk("销售：您觉得怎么样？ / 客户：嗯。 / 销售：那我先说。 / 客户：哦。"), (), tagger()) is None


def test_coverage_is_the_share_of_utterances_that_tell() -> None:
    found = mood.curve(
        talk("客户：太贵了。 / 销售：是。 / 客户：我要五箱。 / 销售：好。 / 客户：几点送？ / 客户：嗯。"), (), tagger()
    )
    assert found is not None
    assert (len(found.points), found.coverage) == (1, 0.25)


@pytest.mark.parametrize("text", ["我再看看别家。", "我考虑考虑。", "别人家更便宜。", "回头再说吧。", "你不便宜点我就去别家了。"])
def test_a_probing_remark_is_marked_and_hardly_weighs(text: str) -> None:
    assert sign(text) == "probing"
    assert -NEUTRAL < valence(text) <= 0


@pytest.mark.parametrize("text", ["我已经跟别家签了。", "不用再打了。", "我要退货。", "我们不续约了。", "定金退给我，我不买了。"])
def test_a_real_sign_of_leaving_is_marked_and_weighs(text: str) -> None:
    assert sign(text) == "leaving"
    assert valence(text) <= -0.6


@pytest.mark.parametrize("text", ["别家已经签了我们。", "别家已经签了你们。", "隔壁早就换了你们的。", "别人已经买了你们的货。"])
def test_others_who_chose_us_are_no_leaving(text: str) -> None:
    assert sign(text) != "leaving"


def test_leaving_beats_probing_in_one_utterance() -> None:
    assert sign("我再看看别家，算了，我不买了，定金退给我。") == "leaving"


def test_a_feeling_beside_a_probing_remark_still_counts() -> None:
    found = felt("太贵了，我再看看别家。")
    assert found is not None
    assert found.probing
    assert found.valence <= -NEUTRAL


@pytest.mark.parametrize(
    "text",
    [
        "如果不满意能退吗？",
        "我朋友说他很生气。",
        "有人说这个不好用。",
        "你们的用户满意吗？",
        "要是服务太差怎么办？",
        "听说他们家骗人。",
    ],
)
def test_supposed_quoted_asked_and_other_peoples_moods_do_not_count(text: str) -> None:
    assert abs(valence(text)) < NEUTRAL


def test_negation_turns_a_cue_that_flips_and_silences_others() -> None:
    assert valence("我很满意。") > NEUTRAL
    assert valence("我不满意。") < -NEUTRAL
    assert felt("我不担心。") is None


def test_degree_and_contrast_count() -> None:
    assert valence("我非常失望。") < valence("我失望。") < valence("我有点失望。") < 0
    found = felt("服务还不错，但是送货太慢了。")
    assert found is not None
    assert found.reason == "cue:slow"
    assert found.valence < 0


def test_a_point_says_where_its_reason_stands() -> None:
    found = felt("价格先不说，你们的服务我很满意。")
    assert isinstance(found, MoodPoint)
    assert found.reason == "cue:satisfied"
    assert "价格先不说，你们的服务我很满意。"[found.at.char_start : found.at.char_end] == "满意"


@pytest.mark.parametrize(
    ("plain", "other"),
    [
        ("我气死了。", "俺气死了。"), ("我们很满意。", "咱们很满意。"), ("太贵了。", "忒贵了。"), ("很舒服。", "很巴适。"),
        ("你们什么态度！", "你们啥态度！"), ("我再看看别家。", "俺再瞅瞅别家。"),
        ("我不满意。", "我一个女的，不满意。"), ("我很满意。", "我七十岁了，很满意。"), ("我很满意。", "我是男士，很满意。"),
        ("我要退货。", "我李建国要退货。"), ("太慢了。", "老太太我嫌太慢了。"),
    ],
)  # fmt: skip
def test_dialect_gender_age_and_names_move_nothing(plain: str, other: str) -> None:
    assert (valence(plain), sign(plain)) == (valence(other), sign(other))


def test_it_is_off_by_default_and_on_when_asked_for() -> None:
    said = talk("客户：你们什么态度！")
    off = Reviewer(switches=Switches(scorecards=[], card=False), tagger=tagger()).review(said, (), Notes())
    on = Reviewer(switches=Switches(mood=True, scorecards=[], card=False), tagger=tagger()).review(said, (), Notes())
    assert off.mood is None
    assert on.mood is not None


def test_the_command_refuses_when_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--state", str(tmp_path), "mood", "some-recording"]) == 1
    assert "[insights]" in capsys.readouterr().err


def test_the_command_tries_a_written_talk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "talk.toml"
    file.write_text('[[turn]]\nspeaker = "customer"\nstart_ms = 0\nend_ms = 9\ntext = "我们不续约了。"\n', "utf-8")
    assert cli.main(["--state", str(tmp_path), "mood", "--talk", str(file), "--json"]) == 0
    said = capsys.readouterr().out
    assert '"leaving":true' in said
    assert "续约" not in said


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    folder.mkdir()
    return folder


def test_every_fault_of_the_cues_is_named(company: Path) -> None:
    (company / "mood.toml").write_text(
        'contexts_off = ["nowhere"]\n[events]\n"price.quoted" = -0.5\n'
        '[[cue]]\nid = "nod"\nzh = "嗯"\nweight = 0.2\nwhole = ["嗯"]\n'
        '[[cue]]\nid = "odd"\nzh = "怪"\nweight = 3\nphrases = ["怪"]\n'
        '[[cue]]\nid = "empty"\nzh = "空"\nweight = 0.1\n'
        '[[cue]]\nid = "late"\nzh = "晚"\nweight = 0.1\nphrases = ["晚了"]\ntypo = 1\n',
        "utf-8",
    )
    with pytest.raises(BadConfig) as caught:
        load(bundled("lexicons"), company)
    said = str(caught.value)
    for part in ("nowhere", "price.quoted", "bare answer", "cue nod", "odd", "nothing to match", "typo"):
        assert part in said, part


def test_a_companys_cue_replaces_the_one_of_the_same_id_and_changes_the_digest(company: Path) -> None:
    (company / "mood.toml").write_text('[[cue]]\nid = "slow"\nzh = "慢"\nweight = -0.1\nphrases = ["太慢"]\n', "utf-8")
    builtin = tagger().lexicon
    both = load(bundled("lexicons"), company)
    assert [cue.weight for cue in both.mood.cue if cue.id == "slow"] == [-0.1]
    assert len(both.mood.cue) == len(builtin.mood.cue)
    assert both.digest != builtin.digest


def test_mood_toml_may_be_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "lexicons"
    shutil.copytree(Path(__file__).parents[1] / "golden" / "tagging" / "seed", folder)
    assert load(folder).mood.cue == []
