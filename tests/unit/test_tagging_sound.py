"""What was misheard is found by its syllables, in long literals of recognised speech only, and counts less."""

import pytest

from edge_agent.domain.tags import BehaviorTag, Conversation
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.lexicon.model import Event, Lexicon, Match, TermsFile
from edge_agent.tagging.names import Misheard
from edge_agent.tagging.sound import Sounds
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.text import Reader
from edge_agent.terms.spelling import spell

EVENT = Event(
    id="x.said", zh="x", en="x", definition="", speaker="customer", kind="occurrence", severity="info", layer="none",
    match=Match(phrases=["网上旗舰店", "太贵了", "便宜"], exclude=["不算贵得离谱"]),
)  # fmt: skip
LEXICON = Lexicon(
    terms=TermsFile(), industries={}, events={EVENT.id: EVENT}, extends=[], digest="0" * 64, event_digests={EVENT.id: "0" * 64}
)


def tags(text: str, confidence: float = 0.8, *, by_sound: bool = True) -> tuple[BehaviorTag, ...]:
    said = Utterance(start_ms=0, end_ms=2000, speaker=Speaker.CUSTOMER, text=text, confidence=confidence)
    return RuleTagger(LEXICON, by_sound=by_sound).tag(Conversation(utterances=(said,), duration_ms=2000))


@pytest.mark.parametrize("text", ["王上旗舰店才五千六", "往上起见店", "太柜了吧", "泰贵乐"])
def test_homophones_of_a_long_phrase_are_heard(text):
    (tag,) = tags(text)
    assert tag.evidence[0].kind == "sound"


@pytest.mark.parametrize("text", ["片一点", "编译", "太，柜了", "网上"])
def test_short_or_broken_sound_is_not(text):
    assert tags(text) == ()


def test_written_text_is_never_reheard():
    assert tags("王上旗舰店", confidence=1.0) == ()
    assert tags("网上旗舰店", confidence=1.0)[0].evidence[0].kind == "phrase"


def test_letters_are_preferred_and_worth_more():
    (written,), (heard,) = tags("太贵了，泰柜了"), tags("泰柜了")
    assert written.evidence[0].kind == "phrase"
    assert heard.confidence == pytest.approx(0.85 * written.confidence, abs=1e-3)


def test_sound_can_veto_as_well():
    assert tags("太贵了，步算贵得离普") != ()
    assert tags("太贵了步算贵得离普") == ()


def test_sound_can_be_switched_off():
    assert tags("王上旗舰店", by_sound=False) == ()


@pytest.mark.parametrize("text", ["", "abc，。 12", "网上旗舰店ok，𠮷嗯〇"])
def test_spelling_keeps_every_place(text):
    assert len(spell(text)) == len(text)


def test_accents_that_merge_sounds_are_merged():
    assert spell("知春升") == spell("资村森")
    assert Sounds(["真的很贵"]).find("蒸的很贵", {}) == {"真的很贵": [0]}


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("这个太贵了,人家蓝金同样的只要三千二", ("蓝鲸",), [(8, "蓝鲸")]),
        ("这个蓝金色的多少钱", ("蓝鲸",), []),  # two syllables, and nothing points to another house
        ("我觉得还行", ("海星",), []),
        ("人家还行", ("海星",), [(2, "海星")]),  # what the pointing word cannot decide
        ("上次用的金骨传奇挺好", ("金谷传奇",), [(4, "金谷传奇")]),
        ("人家蓝鲸便宜", ("蓝鲸",), []),  # written as it is: nothing was misheard
        ("人家蓝金便宜,他们蓝经也便宜", ("蓝鲸",), [(2, "蓝鲸"), (9, "蓝鲸")]),
    ],
)
def test_a_rivals_name_is_heard_through_other_characters(text: str, names: tuple[str, ...], found: list[tuple[int, str]]) -> None:
    assert list(Misheard(names).find(text)) == found


def test_a_misheard_rival_is_found_at_its_place_and_said_to_rest_on_sound() -> None:
    reader = Reader(brands={"蓝鲸": ("\ue001", "rival-1")}, confusables={}, fillers=["嗯"], rivals=["蓝鲸"])
    (sentence,) = reader.sentences("嗯,人家蓝金便宜", by_sound=True)
    ((at, code),) = sentence.brands
    assert (code, sentence.misheard) == ("rival-1", frozenset({at}))
    assert sentence.raw((at, at + 1)) == (4, 6)
    (written,) = reader.sentences("嗯,人家蓝金便宜")
    assert written.brands == ()
