"""Scorecards: what was seen counts, what was not seen only where it could be, and nobody is judged by silence or a feeling."""

from dataclasses import replace
from pathlib import Path

import card_talks
import msgspec
import pytest
from card_talks import AT, tagger
from ledger_world import tag

from edge_agent import app, cards
from edge_agent.config import Config, Insights
from edge_agent.domain.insights import ItemScore, Outcome, Scorecard
from edge_agent.domain.metrics import Metrics
from edge_agent.domain.notes import Notes
from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import BadConfig
from edge_agent.lexicon.load import load
from edge_agent.lexicon.problems import BadLexicon
from edge_agent.lexicon.scorecards import ScorecardFile
from edge_agent.review import scorecards
from edge_agent.tagging.tagger import RuleTagger

HEAD = 'id = "own"\nzh = "自建"\nen = "Own"\n'


def with_card(toml: str) -> RuleTagger:
    """The bundled lexicon with one more scorecard, `own`."""
    lexicon = tagger().lexicon
    made = msgspec.toml.decode(HEAD + toml, type=ScorecardFile)
    more = msgspec.structs.replace(
        lexicon, scorecards=lexicon.scorecards | {"own": made}, scorecard_digests=lexicon.scorecard_digests | {"own": "d"}
    )
    return RuleTagger(more)


def talk(**changes: object) -> Conversation:
    said = tuple(
        Utterance(start_ms=n * 2000, end_ms=n * 2000 + 1000, speaker=[Speaker.REP, Speaker.CUSTOMER][n % 2], text="一句话")
        for n in range(10)
    )
    return replace(Conversation(utterances=said, duration_ms=20_000, started_at=AT), **changes)


def seen(code: str, at: int = 0, speaker: Speaker = Speaker.CUSTOMER) -> BehaviorTag:
    return tag(code, at * 2000, speaker=speaker, slots=())


def scored(
    toml: str, *tags: BehaviorTag, conversation: Conversation | None = None, metrics: Metrics | None = None
) -> tuple[ItemScore, Scorecard]:
    """The first item of a card, and the card."""
    notes = Notes(metrics=metrics)
    (card,) = scorecards.scored(conversation or talk(), tags, notes, with_card(toml), ["own"])
    return card.items[0], card


BUDGET = """
[[item]]
id = "budget"
zh = "预算"
en = "Budget"
weight = 20
[[item.level]]
share = 0.5
any = "budget.asked"
[[item.level]]
share = 1.0
any = "budget.confirmed"
"""
LISTENS = """
[[item]]
id = "listens"
zh = "倾听"
en = "Listens"
[[item.level]]
facts = ["talk_ratio <= 0.6"]
"""
CLEAN = """
[[item]]
id = "clean"
zh = "文明"
en = "Clean"
critical = true
forbidden = "manner.rude"
"""


def test_the_best_level_that_holds_counts() -> None:
    assert scored(BUDGET, seen("budget.asked", speaker=Speaker.REP))[0].points == 10
    both = scored(BUDGET, seen("budget.asked", speaker=Speaker.REP), seen("budget.confirmed", 1))[0]
    assert (both.points, both.outcome, [one.code for one in both.grounds]) == (20, Outcome.MET, ["budget.confirmed"])


def test_a_ground_names_its_tag_and_its_place() -> None:
    found = seen("budget.confirmed", 1)
    (ground,) = scored(BUDGET, found)[0].grounds
    assert ground.tag == found.id
    assert ground.at is not None
    assert ground.at.utterance == 1


def test_what_was_not_seen_has_no_points_but_only_in_a_whole_and_clear_talk() -> None:
    item, card = scored(BUDGET)
    assert (item.points, item.outcome, card.total) == (0, Outcome.NOT_SEEN, 0)
    item, card = scored(BUDGET, conversation=talk(ended=False))
    assert (item.points, item.outcome, card.total, card.coverage) == (None, Outcome.CUT, None, 0)
    unclear = tuple(replace(u, speaker=Speaker.UNKNOWN) if n < 3 else u for n, u in enumerate(talk().utterances))
    assert scored(BUDGET, conversation=talk(utterances=unclear))[0].outcome is Outcome.UNCLEAR
    doubtful = tuple(replace(u, confidence=0.3) if n < 3 else u for n, u in enumerate(talk().utterances))
    assert scored(BUDGET, conversation=talk(utterances=doubtful))[0].outcome is Outcome.UNCLEAR
    assert scored(BUDGET, metrics=Metrics(coverage=0.7))[0].outcome is Outcome.UNCLEAR


def test_a_talk_in_writing_is_clear_and_one_of_nobody_is_not() -> None:
    written = tuple(replace(said, end_ms=said.start_ms) for said in talk().utterances)
    assert scored(BUDGET, conversation=talk(utterances=written))[0].outcome is Outcome.NOT_SEEN
    assert scored(BUDGET, conversation=talk(utterances=()))[0].outcome is Outcome.UNCLEAR


def test_what_was_seen_counts_in_a_cut_talk_too() -> None:
    assert scored(BUDGET, seen("budget.confirmed"), conversation=talk(ended=False))[0].points == 20
    assert scored(CLEAN, seen("manner.rude", speaker=Speaker.REP), conversation=talk(ended=False))[1].zeroed_by == "clean"
    assert scored(CLEAN, conversation=talk(ended=False))[0].points is None


def test_an_unknown_voice_makes_an_item_unjudged_and_never_breaks_a_prohibition() -> None:
    item, _ = scored(BUDGET, seen("budget.confirmed", speaker=Speaker.UNKNOWN))
    assert (item.points, item.outcome) == (None, Outcome.UNKNOWN_SPEAKER)
    assert scored(CLEAN, seen("manner.rude", speaker=Speaker.UNKNOWN))[0].points == 10


def test_a_critical_item_without_points_makes_the_card_zero() -> None:
    toml = BUDGET + CLEAN
    _, card = scored(toml, seen("budget.confirmed"), seen("manner.rude", 2, Speaker.REP))
    assert (card.total, card.zeroed_by) == (0, "clean")
    assert scored(toml, seen("budget.confirmed"))[1].total == 100


def test_a_penalty_takes_its_share_and_no_more_than_there_is() -> None:
    toml = BUDGET.replace("weight = 20", 'weight = 20\nforbidden = "budget.quote_without_budget"\npenalty = 0.75')
    broken = seen("budget.quote_without_budget", 2, Speaker.REP)
    full = scored(toml, seen("budget.confirmed"), broken)[0]
    assert (full.points, full.outcome, full.grounds[0].against) == (5, Outcome.FORBIDDEN, True)
    assert scored(toml, broken)[0].points == 0


def test_several_hits_may_be_asked_for() -> None:
    toml = BUDGET.replace('any = "budget.confirmed"', 'any = ["budget.confirmed", "need.pain_stated"]\ncount = 2')
    assert scored(toml, seen("budget.confirmed"))[0].points == 0
    assert scored(toml, seen("budget.confirmed"), seen("need.pain_stated", 1))[0].points == 20


def test_a_measure_that_is_missing_is_not_zero() -> None:
    assert scored(LISTENS, metrics=Metrics(talk_ratio=0.5))[0].points == 10
    missed = scored(LISTENS, metrics=Metrics(talk_ratio=0.8))[0]
    assert (missed.points, missed.outcome, missed.grounds[0].value) == (0, Outcome.NOT_MET, "0.8")
    for metrics in (Metrics(), None):
        assert scored(LISTENS, metrics=metrics)[0].outcome is Outcome.NOT_MEASURED


@pytest.mark.parametrize(
    ("only_if", "fits", "does_not"),
    [
        ('{ context = ["outbound"] }', {"context": frozenset({"outbound"})}, {}),
        ('{ industry = ["fmcg"] }', {"industry": "fmcg"}, {"industry": "saas"}),
    ],
)
def test_what_does_not_apply_is_not_judged(only_if: str, fits: dict, does_not: dict) -> None:
    toml = BUDGET.replace("weight = 20", f"weight = 20\nonly_if = {only_if}")
    assert scored(toml, conversation=talk(**fits))[0].points == 0
    assert scored(toml, conversation=talk(**does_not))[0].outcome is Outcome.NOT_APPLICABLE


def test_an_item_applies_by_an_event_or_a_measure_that_is_known() -> None:
    toml = BUDGET.replace("weight = 20", 'weight = 20\nonly_if = { any = "price.asked" }')
    assert scored(toml, seen("price.asked"))[0].points == 0
    assert scored(toml, seen("price.asked", speaker=Speaker.UNKNOWN))[0].outcome is Outcome.NOT_APPLICABLE
    toml = BUDGET.replace("weight = 20", 'weight = 20\nonly_if = { facts = ["rep_speed > 0"] }')
    assert scored(toml, metrics=Metrics(rep_speed=200.0))[0].points == 0
    assert scored(toml)[0].outcome is Outcome.NOT_APPLICABLE


def test_what_the_rules_here_cannot_see_is_not_held_against_anybody() -> None:
    toml = BUDGET.replace("budget.confirmed", "opening.no_introduction").replace("budget.asked", "opening.no_introduction")
    assert scored(toml)[0].outcome is Outcome.NOT_APPLICABLE
    assert scored(toml, conversation=talk(context=frozenset({"outbound"})))[0].outcome is Outcome.NOT_SEEN
    over_days = BUDGET.replace("budget.confirmed", "risk.repeat_30d").replace("budget.asked", "risk.repeat_30d")
    assert scored(over_days)[0].outcome is Outcome.NOT_APPLICABLE


def test_too_little_that_could_be_judged_gives_no_total() -> None:
    toml = "least_coverage = 0.6\n" + BUDGET + LISTENS.replace('en = "Listens"', 'en = "Listens"\nweight = 20')
    _, card = scored(toml, seen("budget.confirmed"))
    assert (card.total, card.coverage) == (None, 0.5)


def fault(folder: Path, toml: str) -> BadLexicon:
    for name in ("events", "industries"):
        (folder / name).mkdir()
    (folder / "scorecards").mkdir()
    (folder / "events" / "sentiment.toml").write_text(
        'family = "sentiment"\n[[event]]\nid = "sentiment.rep_tired"\nzh = "销售疲惫"\nen = "Rep tired"\ndefinition = "…"\n'
        'speaker = "rep"\nkind = "occurrence"\nseverity = "info"\nlayer = "none"\n[event.match]\nphrases = ["好累"]\n'
        '[event.examples]\nmust = ["好累。"]\nmust_not = ["好。"]\n',
        "utf-8",
    )
    (folder / "scorecards" / "own.toml").write_text(HEAD + toml, "utf-8")
    with pytest.raises(BadLexicon) as caught:
        load(app.bundled("lexicons"), folder)
    return caught.value


def test_all_faults_of_a_card_are_named_at_once_with_file_and_line(tmp_path: Path) -> None:
    toml = """
[[item]]
id = "a"
zh = "甲"
en = "A"
forbidden = "metric.long_silence"
[[item.level]]
any = ["budget.nothing", "sentiment.rep_tired"]
facts = ["silence_s < 5", "talk_rate > 1", "talk_ratio"]
[[item]]
id = "b"
zh = "乙"
en = "B"
only_if = { any = "metric.*", context = ["at-night"] }
"""
    error = fault(tmp_path, toml)
    own = [p for p in error.problems if p.file == "scorecards/own.toml"]
    said = "\n".join(p.message for p in own)
    for words in ("mark of silence", "does not exist", "what staff feel", "measure of silence", "nothing measures", "no points"):
        assert words in said
    assert "unknown flag" in said
    assert {p.line for p in own} == {9, 11, 12, 13, 17}
    assert all(p.remedy for p in own)


def test_unknown_keys_and_shares_out_of_range_are_faults(tmp_path: Path) -> None:
    toml = '[[item]]\nid = "a"\nzh = "甲"\nen = "A"\nweigth = 3\n[[item.level]]\nshare = 2\nany = "budget.asked"\n'
    assert {p.line for p in fault(tmp_path, toml).problems if p.file == "scorecards/own.toml"} >= {8, 10}


def test_a_company_replaces_a_card_by_its_id_and_the_ruleset_is_another(tmp_path: Path) -> None:
    (tmp_path / "scorecards").mkdir()
    (tmp_path / "scorecards" / "spin.toml").write_text(HEAD.replace('"own"', '"spin"') + BUDGET, "utf-8")
    company = load(app.bundled("lexicons"), tmp_path)
    assert [item.id for item in company.scorecards["spin"].item] == ["budget"]
    assert set(company.scorecards) == set(tagger().lexicon.scorecards)
    assert company.digest != tagger().lexicon.digest


def test_the_presets_are_there_and_read_no_silence() -> None:
    assert {"bant", "meddic", "spin"} <= set(tagger().lexicon.scorecards)
    assert "silen" not in str(msgspec.to_builtins(tagger().lexicon.scorecards))


def test_only_the_wanted_cards_are_filled_in_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    def settings(*wanted: str) -> Config:
        return Config(state=str(tmp_path), insights=Insights(scorecards=list(wanted), card=False))

    one = next(card_talks.read("dev"))
    reviewed = [
        app.reviewer(settings(*wanted), tagger()).review(one.talk, one.tags, one.notes) for wanted in ((), ("bant", "spin"))
    ]
    assert [[card.card for card in found.scorecards] for found in reviewed] == [[], ["bant", "spin"]]
    with pytest.raises(BadConfig, match="nothing-like-it"):
        app.reviewer(settings("nothing-like-it"), tagger())


def test_why_says_points_and_what_would_count_and_quotes_nothing() -> None:
    one = next(card_talks.read("dev"))
    lexicon = tagger().lexicon
    (card,) = scorecards.scored(one.talk, one.tags, one.notes, tagger(), ["spin"])
    told = cards.why(lexicon, cards.scorecard(lexicon, card))
    assert len(told.zh) == len(told.en) == len(card.items)
    assert any("这些可得分" in line for line in told.zh)
    words = " ".join((*told.zh, *told.en))
    quotes = {said.text[n : n + 8] for said in one.talk.utterances for n in range(len(said.text) - 7)}
    assert not any(quote in words for quote in quotes)
