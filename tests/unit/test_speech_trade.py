"""Terms of the trade in recognition, on made-up readings: which windows are read again, and what the sound has to say to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from edge_agent.domain.transcript import Correction, Speaker
from edge_agent.speech.clips import RATE_HZ, Clip, Samples
from edge_agent.speech.evidence import believed
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.recogniser import Reading, Word
from edge_agent.speech.trade import LONGEST, Trade, groups, shared_out, swallowed
from edge_agent.speech.turns import utterances
from edge_agent.speech.windows import Packer, Window
from edge_agent.speech.writing import Writing
from edge_agent.terms.recovery import Recovery

TERMS = ("返点", "客单价", "库存周转", "价格异议")
WRITING = Writing()


def window(*spans_s: tuple[float, float]) -> Window:
    packer = Packer(0)
    for start_s, end_s in spans_s:
        sound = np.full(int((end_s - start_s + 0.2) * RATE_HZ), 0.1, np.float32)
        assert not list(packer.add(Clip(start=int(start_s * RATE_HZ), end=int(end_s * RATE_HZ), before=1600, sound=sound)))
    return next(packer.flush())


def reading(text: str, others: tuple[str, ...] = (), *, from_s: float = 0.1, each_s: float = 0.2) -> Reading:
    words = tuple(
        Word(text=c, start_s=from_s + each_s * n, end_s=from_s + each_s * (n + 1), logprob=-0.1) for n, c in enumerate(text)
    )
    return Reading(
        words=words, logprob=-0.1, no_speech=0.0, others=others, seen=np.zeros((1500, 4), np.float32), heard=200
    )  # fmt: skip


class FakeReader:
    """Reads again what it is told to, and finds a text as fitting as `likes` says."""

    def __init__(self, hinted: str = "", likes: Callable[[str], float] = lambda _: 0.0) -> None:
        self.hinted = hinted
        self.likes = likes
        self.hints: list[list[str]] = []
        self.asked: list[str] = []
        self.seen: list[int] = []

    def again(self, readings: Sequence[Reading], hints: Sequence[Sequence[str]]) -> list[Reading]:
        self.hints += [list(terms) for terms in hints]
        return [reading(self.hinted) for _ in readings]

    def spelt(self, like: Reading, text: str) -> Reading:
        return replace(like, words=reading(text).words)

    def fit(self, seen: Samples, texts: Sequence[str]) -> list[float]:
        self.asked += texts
        self.seen.append(len(seen))
        return [self.likes(text) for text in texts]

    def fitting(self, hints: Sequence[str]) -> list[str]:
        """As a recogniser with room for a dozen characters."""
        kept: list[str] = []
        for term in hints:
            if sum(map(len, [*kept, term])) <= 12:
                kept.append(term)
        return kept


def put(
    reader: FakeReader, text: str, *, others: tuple[str, ...] = (), terms=TERMS, hints: bool = True, recovery: bool = True
) -> Piece:
    one, read = window((0.0, 6.0)), reading(text, others)
    trade = Trade(reader, WRITING, terms, hints=hints, recovery=recovery)
    written = [replace(piece, text=WRITING(piece.text)) for piece in pieces(one, read)]
    [[piece]] = trade([one], [read], [written])
    return piece


def fits(term: str, gain: float = 0.0) -> Callable[[str], float]:
    """A sound in which a text with the term is that much likelier than any without, and all else alike."""
    return lambda text: gain if term in text else 0.0


def test_a_term_that_the_sound_bears_out_is_put_and_the_reading_kept():
    piece = put(FakeReader(likes=fits("客单价", -4.0)), "今年的可单架倒是长了一些")
    assert piece.text == "今年的客单价倒是长了一些"
    assert piece.raw == "今年的可单架倒是长了一些"
    [one] = piece.corrections
    assert (one.start, one.end, one.term, one.raw, one.score) == (3, 6, "客单价", "可单架", 1.0)


def test_a_term_that_sounds_the_same_is_not_put_against_the_sound():
    piece = put(FakeReader(likes=fits("客单价", -40.0)), "今年的可单架倒是长了一些")
    assert (piece.text, piece.raw, piece.corrections) == ("今年的可单架倒是长了一些", "", ())


def test_the_window_is_read_again_with_the_terms_that_sound_as_if_they_were_there():
    reader = FakeReader(hinted="今年的客单价倒是涨了一些")
    put(reader, "今年的可单架倒是长了一些")
    [hints] = reader.hints
    assert hints[0] == "客单价"
    assert "库存周转" not in hints


def test_hints_come_from_readings_that_came_next_too():
    reader = FakeReader()
    put(reader, "今年的看上去倒是长了一些", others=("今年的可单架倒是长了一些",))
    assert reader.hints[0][0] == "客单价"


def test_a_window_without_any_term_is_neither_read_again_nor_asked_about():
    reader = FakeReader()
    assert put(reader, "明天早上我们去公园走走吧").text == "明天早上我们去公园走走吧"
    assert (reader.hints, reader.asked) == ([], [])


def test_a_window_whose_terms_are_all_written_is_not_read_again():
    reader = FakeReader()
    put(reader, "今年的客单价倒是涨了一些", terms=("客单价",))
    assert (reader.hints, reader.asked) == ([], [])


def test_what_had_been_read_in_a_piece_that_a_term_took_whole_is_not_lost():
    first = Piece(channel=0, start=0, end=8000, text="好", logprob=-0.1, loud=0.1)
    second = replace(first, start=9000, end=30000, text="材包怎么卖")
    put_right = Correction(start=0, end=3, term="耗材包", raw="好材包", score=1.0, reason="same-sound")
    one, other = swallowed(shared_out([first, second], [put_right]))
    assert (one.text, other.text, other.raw) == ("", "耗材包怎么卖", "好材包怎么卖")


DENSE = ("返点政策", "冷链运输", "终端陈列", "排他条款", "铺货率", "耗材包")


def test_in_a_window_full_of_terms_the_one_that_was_misheard_is_still_hinted_and_put():
    reader = FakeReader(likes=fits("耗材包", -2.0))
    piece = put(reader, "返点政策冷链运输终端陈列排他条款铺货率您看好材包", terms=DENSE)
    assert piece.text.endswith("您看耗材包")
    assert reader.hints[0][0] == "耗材包"


def test_a_term_too_long_to_be_hinted_is_still_put():
    long = "医疗器械经营企业许可证副本"
    reader = FakeReader(likes=fits(long, -1.0))
    assert put(reader, "先看您的医疗器械经营企业许可正副本", terms=(long,)).text == f"先看您的{long}"
    assert reader.hints == []


def test_the_hinted_reading_is_taken_when_the_sound_does_not_speak_against_it():
    reader = FakeReader(hinted="今年的客单价倒是涨了一些", likes=fits("客单价", -6.0))
    assert put(reader, "今年的看单加倒是长了一些", recovery=False).text == "今年的客单价倒是涨了一些"


def test_a_hint_that_comes_back_as_text_is_not_taken():
    """The recogniser may write its hints where something quite different was said."""
    reader = FakeReader(hinted="客单价库存周转返点", likes=lambda text: -80.0 if "库存周转" in text else 0.0)
    assert put(reader, "今年的可单架倒是长了一些", recovery=False).text == "今年的可单架倒是长了一些"


def test_a_hinted_term_that_no_other_reading_comes_near_is_not_taken_for_its_own_sake():
    """With a sound that bears it out less well than what was read: the term is no reason to believe it."""
    reader = FakeReader(hinted="今年的返点倒是长了一些", likes=fits("返点", -4.0))
    assert put(reader, "今年的可单架倒是长了一些", recovery=False).text == "今年的可单架倒是长了一些"


def test_a_hinted_reading_that_breaks_off_is_not_taken():
    """A shorter text is likelier whatever was said: what it leaves out costs nothing."""
    reader = FakeReader(hinted="今年的客单价", likes=lambda text: -3.0 * len(text))
    assert put(reader, "今年的看单加倒是长了一些", recovery=False).text == "今年的看单加倒是长了一些"


def test_a_hinted_reading_that_is_a_loop_is_not_taken():
    reader = FakeReader(hinted="客单价" * 9, likes=fits("客单价", 5.0))
    assert put(reader, "今年的看单加倒是长了一些", recovery=False).text == "今年的看单加倒是长了一些"


def test_with_both_switches_off_nothing_is_done():
    reader = FakeReader(hinted="今年的客单价倒是涨了一些", likes=fits("客单价", 9.0))
    assert put(reader, "今年的可单架倒是长了一些", hints=False, recovery=False).text == "今年的可单架倒是长了一些"
    assert (reader.hints, reader.asked) == ([], [])


def test_with_recovery_alone_nothing_is_read_again():
    reader = FakeReader(likes=fits("客单价", -4.0))
    assert put(reader, "今年的可单架倒是长了一些", hints=False).text == "今年的客单价倒是长了一些"
    assert reader.hints == []


def test_with_hints_alone_nothing_is_put():
    reader = FakeReader(hinted="今年的可单架倒是长了一些", likes=fits("客单价", 9.0))
    piece = put(reader, "今年的可单架倒是长了一些", recovery=False)
    assert (piece.text, piece.corrections) == ("今年的可单架倒是长了一些", ())


def test_the_sound_of_the_clip_alone_is_asked():
    reader = FakeReader()
    one = window((0.0, 3.0), (9.0, 12.0))
    read = replace(reading("今年的可单架倒是长了一些好吧那就先这样"), heard=320)
    written = [replace(piece, text=WRITING(piece.text)) for piece in pieces(one, read)]
    Trade(reader, WRITING, TERMS, hints=False, recovery=True)([one], [read], [written])
    assert reader.seen
    assert all(140 <= length <= 175 for length in reader.seen)  # 3 s and what is around them, at 50 a second


def said(text: str, start_s: float, end_s: float) -> Piece:
    start, end = int(start_s * RATE_HZ), int(end_s * RATE_HZ)
    return Piece(channel=0, start=start, end=end, text=text, logprob=-0.1, loud=0.1)


def corrected(start: int, raw: str, term: str) -> Correction:
    return Correction(start=start, end=start + len(term), term=term, raw=raw, score=1.0, reason="same-sound")


def test_clips_are_looked_at_together_when_hardly_a_pause_lies_between():
    near, far = said("甲", 0, 1), said("乙", 1.2, 2)
    assert list(groups([near, far, said("丙", 9, 10)])) == [[near, far], [said("丙", 9, 10)]]
    row = [said("甲", n, n + 0.9) for n in range(60)]
    assert all(group[-1].end - group[0].start <= LONGEST for group in groups(row))
    assert [piece for group in groups(row) for piece in group] == row


def test_a_term_across_a_pause_goes_where_most_of_it_was():
    row = [said("您说的费用", 0, 1), said("和消要等到下个月", 1.2, 3)]
    first, second = shared_out(row, [corrected(3, "费用和消", "费用核销")])
    assert (first.text, second.text) == ("您说的费用核销", "要等到下个月")
    assert (first.raw, second.raw) == ("您说的费用", "和消要等到下个月")
    assert [(one.start, one.end) for one in first.corrections] == [(3, 7)]
    assert second.corrections == ()


def test_terms_of_other_lengths_move_what_comes_after_them():
    row = [said("看可单架", 0, 1), said("和酷存周期，好", 1.2, 3)]
    first, second = shared_out(row, [corrected(1, "可单架", "客单"), corrected(4, "酷存周期", "库存周转天数")])
    assert (first.text, second.text) == ("看客单", "和库存周转天数，好")
    for piece in (first, second):
        [one] = piece.corrections
        assert piece.text[one.start : one.end] == one.term


def test_a_piece_of_which_nothing_is_left_has_no_text():
    row = [said("库", 0, 0.3), said("存州转，太慢", 0.5, 3)]
    first, second = shared_out(row, [corrected(0, "库存州转", "库存周转")])
    assert (first.text, second.text) == ("", "库存周转，太慢")


def test_of_terms_that_overlap_the_likelier_is_put():
    likes = {"我们的库存周转太慢": -3.0, "我们的库存州转太慢": -9.0}
    told = believed(
        ["我们的酷存州转太慢"], lambda texts: [likes.get(text, 0.0) for text in texts], Recovery(["库存", "库存周转"]), put=True
    )
    assert told.text == "我们的库存周转太慢"
    assert [one.term for one in told.corrections] == ["库存周转"]


@pytest.mark.parametrize("end", ["", "。", "，"])
def test_places_of_corrections_are_those_in_the_joined_sentence(end):
    def piece(text: str, start_s: float, *fixed: Correction, raw: str = "") -> Piece:
        start = int(start_s * RATE_HZ)
        return Piece(
            channel=0, start=start, end=start + RATE_HZ, text=text, logprob=-0.1, loud=0.1, corrections=fixed, raw=raw
        )  # fmt: skip

    term = Correction(start=1, end=4, term="客单价", raw="可单架", score=1.0, reason="same-sound")
    [said] = utterances(
        [piece("看客单价，", 0, term, raw="看可单架，"), piece("看客单价" + end, 1.1, term, raw="看可单架" + end)], (Speaker.REP,)
    )
    assert [said.text[one.start : one.end] for one in said.corrections] == ["客单价", "客单价"]
    assert said.corrections[0].start < said.corrections[1].start
    assert said.raw == said.text.replace("客单价", "可单架")


def test_a_sentence_without_corrections_has_no_raw_text():
    [said] = utterances(
        [Piece(channel=0, start=0, end=RATE_HZ, text="你好", logprob=-0.1, loud=0.1)], (Speaker.REP,)
    )  # fmt: skip
    assert (said.raw, said.corrections) == ("", ())
