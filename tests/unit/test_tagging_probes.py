"""Who somebody is must not change what is concluded: the catalogue passes, and each kind of biased rule is caught."""

from pathlib import Path

import pytest
import shipped

from edge_agent.assets import bundled
from edge_agent.lexicon.load import load
from edge_agent.tagging.probes import person_words, probe, staff_emotion
from edge_agent.tagging.tagger import RuleTagger

EVENT = """
[[event]]
id = "{id}"
zh = "测试"
en = "test"
definition = "测试"
speaker = "customer"
kind = "{kind}"
severity = "notice"
layer = "tip"
{rest}
"""


def planted(tmp_path: Path, *events: tuple[str, str, str]) -> RuleTagger:
    """The built-in lexicons with a company's events (id, kind, the rest as TOML) laid over them."""
    for family in {id_.partition(".")[0] for id_, *_ in events}:
        rows = [EVENT.format(id=id_, kind=kind, rest=rest) for id_, kind, rest in events if id_.startswith(f"{family}.")]
        (tmp_path / "events").mkdir(exist_ok=True)
        (tmp_path / "events" / f"{family}.toml").write_text("\n".join([f'family = "{family}"', *rows]), encoding="utf-8")
    return RuleTagger(load(bundled("lexicons"), tmp_path))


def moved(tagger: RuleTagger, event: str) -> set[str]:
    """By which differences an event is moved, tried on its own examples."""
    return {one.difference for one in probe(tagger, only={event}).moved if event in one.codes}


@pytest.fixture(scope="module")
def catalogue() -> RuleTagger:
    return shipped.tagger()


def test_every_sixteenth_example_of_the_catalogue_passes(catalogue: RuleTagger) -> None:
    found = probe(catalogue, every=16)
    assert found.moved == ()
    assert min(found.tried.values()) > 60


def test_no_event_judges_what_staff_feel_or_who_somebody_is(catalogue: RuleTagger) -> None:
    assert staff_emotion(catalogue) == ()
    assert person_words(catalogue) == ()


@pytest.mark.parametrize(
    ("difference", "match", "example"),
    [
        ("gender", 'together = [["女士|大姐|阿姨", "便宜点"]]', "大姐，便宜点。"),
        ("age", 'together = [["大爷|老头|老太太", "看看"]]', "老太太，看看吧。"),
        ("origin", 'phrases = ["我是河南人"]', "我是河南人，便宜点。"),
        ("gender", 'phrases = ["再想想"]\nexclude_sentence = ["先生"]', "我再想想。"),
    ],
)
def test_a_rule_that_looks_at_the_person_is_caught(tmp_path: Path, difference: str, match: str, example: str) -> None:
    rest = f'[event.match]\n{match}\n[event.examples]\nmust = ["{example}"]\nmust_not = ["你好。"]'
    tagger = planted(tmp_path, ("xbias.one", "occurrence", rest))
    assert difference in moved(tagger, "xbias.one")


def test_a_score_that_looks_at_the_person_is_caught(tmp_path: Path) -> None:
    """The same tag either way, but surer of one of them."""
    rest = (
        '[[event.match]]\nphrases = ["便宜点", "女士便宜点吧行吗"]\n'
        '[event.examples]\nmust = ["女士便宜点吧行吗。", "便宜点。"]\nmust_not = ["你好。"]'
    )
    assert "gender" in moved(planted(tmp_path, ("xbias.one", "occurrence", rest)), "xbias.one")


def test_who_speaks_dialect_is_understood_alike(tmp_path: Path) -> None:
    """Both are put into the standard language: a rule cannot even be written against 俺."""
    rest = '[event.match]\nphrases = ["俺想退"]\n[event.examples]\nmust = ["我想退。", "俺想退。"]\nmust_not = ["你好。"]'
    assert moved(planted(tmp_path, ("xbias.one", "occurrence", rest)), "xbias.one") == set()


def test_a_rule_that_reads_silence_is_caught(tmp_path: Path) -> None:
    """That a customer did not say something in time."""
    said = '[event.match]\nphrases = ["没有问题"]\n[event.examples]\nmust = ["没有问题。"]\nmust_not = ["你好。"]'
    quiet = (
        'temporal = { of = "xbias.said", until_s = 4 }\n[event.examples]\nmust = ["销售：您看呢？ / （已过5秒）"]\n'
        'must_not = ["销售：您看呢？ / 客户：没有问题。"]'
    )
    tagger = planted(tmp_path, ("xbias.said", "occurrence", said), ("xbias.quiet", "absence", quiet))
    assert moved(tagger, "xbias.quiet") == {"silence"}


@pytest.mark.parametrize(("id_", "word"), [("xbias.one", "大妈"), ("xbias.two", "女士")])
def test_a_saying_that_is_only_a_person_is_refused(tmp_path: Path, id_: str, word: str) -> None:
    rest = f'[event.match]\nphrases = ["{word}"]\n[event.examples]\nmust = ["{word}。"]\nmust_not = ["你好。"]'
    assert person_words(planted(tmp_path, (id_, "occurrence", rest))) == (f"{id_} phrases[0]",)


def test_feelings_of_staff_are_refused(tmp_path: Path) -> None:
    rest = '[event.match]\nphrases = ["烦死了"]\n[event.examples]\nmust = ["烦死了。"]\nmust_not = ["你好。"]'
    tagger = planted(tmp_path, ("sentiment.rep_tired", "occurrence", rest.replace("customer", "rep")))
    assert staff_emotion(tagger) == ()
