"""The steps of recognition one by one, on made-up sound and made-up readings: no model."""

import numpy as np
import pytest

from edge_agent.domain.transcript import Speaker
from edge_agent.speech import clips, guard, turns
from edge_agent.speech.clips import RATE_HZ, Clip, Clipper
from edge_agent.speech.pieces import Piece, pieces
from edge_agent.speech.questions import asks
from edge_agent.speech.recogniser import Reading, Word
from edge_agent.speech.windows import LONGEST, Packer, Window
from edge_agent.speech.writing import Writing, joined

S = RATE_HZ
BOTH = (Speaker.REP, Speaker.CUSTOMER)


def clip(start_s: float, end_s: float, margin_s: float = 0.1) -> Clip:
    sound = np.full(int((end_s - start_s + 2 * margin_s) * S), 0.1, np.float32)
    return Clip(start=int(start_s * S), end=int(end_s * S), before=int(margin_s * S), sound=sound)


def word(text: str, start_s: float, end_s: float, logprob: float = -0.1) -> Word:
    return Word(text=text, start_s=start_s, end_s=end_s, logprob=logprob)


def reading(*words: Word, logprob: float = -0.1, no_speech: float = 0.0) -> Reading:
    return Reading(words=words, logprob=logprob, no_speech=no_speech)


def window(*of: Clip, channel: int = 0) -> Window:
    packer = Packer(channel)
    assert not [full for one in of for full in packer.add(one)]
    return next(packer.flush())


def piece(text: str, start_s: float, end_s: float, channel: int = 0, *, loud: float = 0.01, logprob: float = -0.1) -> Piece:
    return Piece(channel=channel, start=int(start_s * S), end=int(end_s * S), text=text, logprob=logprob, loud=loud)


class TestWindows:
    def test_silence_between_clips_shrinks_to_their_margins_and_places_are_known(self):
        one = window(clip(0, 2), clip(60, 61), clip(61.5, 62))
        assert len(one.sound) == int((2.2 + 1.2 + 0.7) * S)
        assert one.span_s(0) == pytest.approx((0.1, 2.1))
        assert one.span_s(1) == pytest.approx((2.3, 3.3))
        assert one.span_s(2) == pytest.approx((3.5, 4.0))

    def test_no_window_is_longer_than_what_the_recogniser_takes(self):
        packer, made = Packer(0), []
        for number in range(100):
            made += packer.add(clip(number * 10, number * 10 + 1 + number % 9))
        made += packer.flush()
        assert sum(len(one.clips) for one in made) == 100
        assert all(len(one.sound) <= LONGEST for one in made)
        assert all(len(one.sound) > LONGEST - 10 * S for one in made[:-1])

    def test_nothing_makes_no_window(self):
        assert not list(Packer(0).flush())


class TestPieces:
    def test_the_first_word_after_a_pause_is_not_given_to_the_sentence_before(self):
        one = window(clip(0, 1.0), clip(5.0, 6.0))  # in the window: 0.1-1.1 and 1.3-2.3
        read = reading(word("你", 0.1, 0.5), word("好", 0.5, 0.95), word("再", 0.95, 1.7), word("见", 1.7, 2.2))
        assert [p.text for p in pieces(one, read)] == ["你好", "再见"]

    def test_a_last_word_that_runs_into_the_pause_stays(self):
        one = window(clip(0, 1.0), clip(5.0, 6.0))
        read = reading(word("你", 0.1, 0.5), word("好", 0.5, 1.28), word("再", 1.28, 1.7), word("见", 1.7, 2.2))
        assert [p.text for p in pieces(one, read)] == ["你好", "再见"]

    def test_times_are_those_of_the_speech_in_the_recording(self):
        one = window(clip(0, 1.0), clip(500.0, 601.0 - 100))
        read = reading(word("好", 0.2, 0.9), word("行", 1.4, 1.9))
        assert [(p.start / S, p.end / S) for p in pieces(one, read)] == [(0, 1.0), (500.0, 501.0)]

    def test_a_mark_goes_to_the_sentence_it_follows(self):
        one = window(clip(0, 1.0), clip(5.0, 6.0))
        read = reading(word("好", 0.2, 1.0), word("？", 1.0, 1.9), word("行", 1.9, 2.2))
        assert [p.text for p in pieces(one, read)] == ["好？", "行"]

    def test_a_clip_without_words_gives_nothing(self):
        assert not list(pieces(window(clip(0, 1.0)), reading()))
        assert not list(pieces(window(clip(0, 1.0)), reading(word("。", 0.2, 0.3))))

    def test_confidence_is_each_clips_own(self):
        one = window(clip(0, 1.0), clip(5.0, 6.0))
        sure, unsure = pieces(one, reading(word("好", 0.2, 0.9, -0.05), word("行", 1.4, 1.9, -2.0)))
        assert (sure.logprob, unsure.logprob) == (-0.05, -2.0)

    def test_a_loop_is_cut_and_no_longer_trusted(self):
        only = next(pieces(window(clip(0, 1.0)), reading(word("是不是" * 30, 0.1, 1.0))))
        assert only.text == "是不是"
        assert only.logprob == guard.LOOP_LOGPROB


class TestGuard:
    JUNK = "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"

    def test_a_known_invention_goes_only_when_three_things_agree(self):
        assert guard.is_junk(self.JUNK, no_speech=0.9, logprob=-1.2)
        assert not guard.is_junk(self.JUNK, no_speech=0.1, logprob=-1.2)
        assert not guard.is_junk(self.JUNK, no_speech=0.9, logprob=-0.2)
        assert not guard.is_junk("这个价格我要再想想", no_speech=0.9, logprob=-1.2)

    @pytest.mark.parametrize("text", ["字幕由 Amara.org 社群提供", "谢谢观看", "谢谢大家的收看", "中文字幕志愿者 某某", "请订阅"])
    def test_known_inventions_are_known(self, text):
        assert guard.is_junk(text, no_speech=0.9, logprob=-1.2)

    @pytest.mark.parametrize("text", ["谢谢你帮我看看", "关注一下库存", "我们订阅的那个系统太贵", "转发给我同事"])
    def test_what_customers_say_is_never_junk(self, text):
        assert not guard.is_junk(text, no_speech=0.99, logprob=-3)

    @pytest.mark.parametrize("text", ["好好好", "对对对对对", "谢谢谢谢", "是的是的是的", "一千一千", "100000000"[:8]])
    def test_emphasis_is_no_loop(self, text):
        assert guard.without_loops(text) == text

    def test_a_hint_that_comes_back_from_no_speech_is_junk(self):
        assert guard.is_junk("食品。", no_speech=0.8, logprob=-1.8, hotwords=["青山食品"])
        assert not guard.is_junk("食品。", no_speech=0.8, logprob=-1.8)
        assert not guard.is_junk("食品。", no_speech=0.1, logprob=-0.3, hotwords=["青山食品"])

    def test_a_loop_in_the_middle_keeps_its_surroundings(self):
        assert guard.without_loops("我觉得" + "这个" * 9 + "不错") == "我觉得这个不错"


class TestWriting:
    @pytest.mark.parametrize(
        ("text", "written"),
        [
            (" 這個價格,比金谷貴?", "这个价格，比金谷贵？"),
            ("8.5折.好", "8.5折。好"),
            ("1,200箱", "1200箱"),
            ("对呀 那行", "对呀，那行"),
            ("，。好,,吧", "好，吧"),
            ("WiFi 6 路由", "WiFi 6 路由"),
            ("80%", "80%"),
        ],
    )
    def test_one_way_of_writing(self, text, written):
        assert Writing()(text) == written

    def test_pauses_become_commas_where_no_mark_is(self):
        assert joined(["你好", "在吗？", "我是小赵"]) == "你好，在吗？我是小赵。"

    def test_what_asks_gets_a_question_mark_and_the_end_of_a_sentence_its_mark(self):
        assert joined(["您要不要带一箱", "今天有活动"]) == "您要不要带一箱？今天有活动。"
        assert joined(["我再想想", "多少钱一箱"]) == "我再想想，多少钱一箱？"
        assert joined(["好。"]) == "好。"
        assert joined([]) == ""

    def test_places_inside_a_part_stay_true(self):
        parts = ["今天打给您", "就一个事儿", "能不能下周到货", "行"]
        text, at = joined(parts), 0
        for part in parts:
            assert text[at : at + len(part)] == part
            at += len(part) + 1

    @pytest.mark.parametrize(
        "text",
        [
            "可以刷卡吗",
            "行不行",
            "你们有没有现货",
            "这个多少钱",
            "什么时候能到",
            "您是陈老板吧",
            "价格呢",
            "给我便宜点，怎么样",
            "到货了没有",
        ],
    )
    def test_what_plainly_asks_is_known(self, text):
        assert asks(text)

    @pytest.mark.parametrize(
        "text",
        [
            "我不知道行不行",
            "没什么",
            "什么都好",
            "你说吧",
            "还堆在库里呢",
            "差不多",
            "对不起",
            "还没有",
            "不管多少钱我都要",
            "好吧",
            "几百块的事",
        ],
    )
    def test_what_only_looks_like_a_question_is_none(self, text):
        assert not asks(text)


class TestTurns:
    def test_close_pieces_make_one_sentence_and_a_pause_ends_it(self):
        said = turns.utterances([piece("一", 0, 1), piece("二", 1.3, 2), piece("三", 2.6, 3)], BOTH)
        assert [(u.text, u.start_ms, u.end_ms) for u in said] == [("一，二。", 0, 2000), ("三。", 2600, 3000)]

    def test_another_speaker_in_the_pause_ends_it_too(self):
        said = turns.utterances([piece("我们的价格", 0, 1), piece("不行", 1.1, 1.3, 1), piece("您听我说", 1.4, 2)], BOTH)
        assert [u.text for u in said] == ["我们的价格。", "不行。", "您听我说。"]

    def test_a_full_stop_by_the_recogniser_ends_a_sentence(self):
        assert [u.text for u in turns.utterances([piece("行吗？", 0, 1), piece("我等您", 1.2, 2)], BOTH)] == [
            "行吗？",
            "我等您。",
        ]

    def test_a_sentence_has_an_end(self):
        said = turns.utterances([piece("说", n, n + 0.9) for n in range(60)], BOTH)
        assert max(u.end_ms - u.start_ms for u in said) <= 15_000

    def test_assent_inside_the_others_sentence_is_a_backchannel_and_breaks_nothing(self):
        rep = [piece("我们这款新口味", 0, 2), piece("一箱四十八包", 2.4, 4)]
        said = turns.utterances([*rep, piece("嗯。", 2.1, 2.35, 1)], BOTH)
        assert [(u.text, u.backchannel) for u in said] == [("我们这款新口味，一箱四十八包。", False), ("嗯。", True)]

    @pytest.mark.parametrize(
        ("text", "start_s", "end_s"), [("嗯", 4.2, 4.5), ("不", 2.0, 2.3), ("好的好的", 2.0, 2.6), ("好", 2.0, 3.5)]
    )
    def test_an_answer_an_objection_or_a_long_word_is_no_backchannel(self, text, start_s, end_s):
        said = turns.utterances([piece("您看行不行", 0, 4), piece(text, start_s, end_s, 1)], BOTH)
        assert not any(u.backchannel for u in said)

    def test_the_quieter_copy_of_the_same_words_goes(self):
        loud, echo = piece("这个价格太高了", 0, 2, 1, loud=0.01), piece("这个价格大高了", 0.1, 2.1, loud=0.0005)
        said = turns.utterances([echo, loud], BOTH)
        assert [(u.speaker, u.text) for u in said] == [(Speaker.CUSTOMER, "这个价格太高了。")]

    @pytest.mark.parametrize(
        "other",
        [
            piece("这个价格太高了", 0, 2, loud=0.009),
            piece("我再便宜两块钱", 0, 2, loud=0.0001),
            piece("这个价格太高了", 3, 5, loud=0.0001),
            piece("高了", 0, 2, loud=0.0001),
        ],
        ids=["as loud", "other words", "another time", "too little to tell"],
    )
    def test_what_may_be_the_others_own_words_stays(self, other):
        assert len(turns.without_echo([piece("这个价格太高了", 0, 2, 1, loud=0.01), other])) == 2

    def test_confidence_comes_from_the_mean_log_probability_of_a_character(self):
        (said,) = turns.utterances([piece("一二三", 0, 1, logprob=-0.1), piece("四", 1.1, 1.5, logprob=-2.1)], BOTH)
        assert said.confidence == pytest.approx(np.exp(-0.6 * turns.TRUST), abs=1e-3)

    def test_what_was_recognised_is_never_as_sure_as_what_was_written(self):
        (said,) = turns.utterances([piece("一二三", 0, 1, logprob=0.0)], BOTH)
        assert said.confidence < 1

    def test_four_hours_of_talk_are_ordered_in_seconds(self):
        many = [piece("好的我知道了", n * 1.2, n * 1.2 + 1, n % 2) for n in range(12_000)]
        assert len(turns.utterances(many, BOTH)) == 12_000


def loud_spans(sound: np.ndarray) -> list[tuple[int, int]]:
    """Stands in for the network: speech is where the sound is not zero."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (sound != 0).astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def talk(*spans_s: tuple[float, float], length_s: float) -> np.ndarray:
    sound = np.zeros(int(length_s * S), np.float32)
    for number, (start, end) in enumerate(spans_s):
        sound[int(start * S) : int(end * S)] = 0.01 * (number + 1)
    return sound


def clipped(sound: np.ndarray, chunk_s: float) -> list[Clip]:
    clipper, found, step = Clipper(loud_spans), [], int(chunk_s * S)
    for at in range(0, len(sound), step):
        found += clipper.push(sound[at : at + step])
    return found + list(clipper.flush())


SPEECH = [(0, 1), (1.5, 3), (3.1, 9), (58, 63), (88.9, 90.1), (119.95, 120.02), (149.7, 149.95), (150.05, 177), (178, 180)]


@pytest.mark.parametrize("chunk_s", [1, 30, 17.3, 200])
def test_clips_do_not_depend_on_how_the_stream_is_cut(chunk_s):
    found = clipped(talk(*SPEECH, length_s=180), chunk_s)
    assert [(one.start / S, one.end / S) for one in found] == pytest.approx(np.array(SPEECH), abs=1e-3)


@pytest.mark.parametrize("chunk_s", [30, 17.3])
def test_a_clip_holds_its_own_sound_and_none_of_its_neighbours(chunk_s):
    sound = talk(*SPEECH, length_s=180)
    for number, one in enumerate(clipped(sound, chunk_s)):
        own = np.float32(0.01 * (number + 1))
        assert set(np.unique(one.sound)) <= {np.float32(0), own}
        assert (one.sound[one.before : one.before + one.end - one.start] == own).all()
        assert 0 <= one.before <= clips.MARGIN
        assert 0 <= one.after <= clips.MARGIN
        assert np.array_equal(one.sound, sound[one.start - one.before : one.end + one.after])


def test_silence_holds_nothing_back():
    clipper = Clipper(loud_spans)
    for _ in range(60):
        assert not list(clipper.push(np.zeros(30 * S, np.float32)))
        assert len(clipper._held) <= clips.STRETCH
    assert not list(clipper.flush())
