"""Live recognition on made-up sound: where utterances end, what is recognised when, what is thrown away, what is left out."""

import numpy as np
import pytest
from live_world import MS, WORDS, ScriptReader, loudness, said

from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.speech.live.endpoints import FRAME, LONGEST, VERY_LONG, Endpoints
from edge_agent.speech.live.rate import Hearing
from edge_agent.speech.live.talk import Live

BLOCK = 100 * MS
ONE = (Speaker.REP,)
BOTH = (Speaker.REP, Speaker.CUSTOMER)
SLACK = 2 * FRAME


def ends_of(sound: np.ndarray, *, pause_ms: int = 500, block: int = BLOCK) -> list[tuple[int, tuple[tuple[int, int], ...]]]:
    """(heard until, spans) of every utterance."""
    ends, found = Endpoints(loudness, pause_ms=pause_ms), []
    for at in range(0, len(sound), block):
        found += [(at + block, spans) for spans in ends.push(sound[at : at + block])]
    return found + [(len(sound), spans) for spans in ends.flush()]


def live(reader: ScriptReader, speakers=ONE, **options) -> Live:
    return Live(reader, speakers, voice=lambda: loudness, **{"pause_ms": 500, **options})


def bare(one: Utterance) -> str:
    return one.text.rstrip("。？")


def play(one: Live, *lanes: np.ndarray, late=lambda _end: False) -> list[tuple[int, str]]:
    """Everything said: (heard until in ms, text), one turn after every block of 100 ms."""
    length = max(map(len, lanes))
    sound = np.stack([np.pad(lane, (0, length - len(lane))) for lane in lanes])
    found = []
    for at in range(0, length, BLOCK):
        one.hear(sound[:, at : at + BLOCK])
        found += [((at + BLOCK) // MS, bare(u)) for u in one.turn(late)]
    one.flush()
    while one.waiting:
        found += [(length // MS, bare(u)) for u in one.turn(late)]
    return found


class TestEndpoints:
    def test_an_utterance_is_over_once_the_pause_is_long_enough(self):
        ((heard, (span,)), *rest) = ends_of(said((0, 1000), (None, 3000)))
        assert not rest
        assert span == pytest.approx((0, 1000 * MS), abs=SLACK)
        assert 1500 * MS <= heard <= 1600 * MS + SLACK

    def test_how_long_a_pause_must_be_is_configured(self):
        sound = said((0, 1000), (None, 700), (1, 1000), (None, 2000))
        assert [len(ends_of(sound, pause_ms=pause)) for pause in (300, 600, 900)] == [2, 2, 1]

    def test_a_shorter_pause_parts_clips_not_utterances(self):
        ((_, spans),) = ends_of(said((0, 1000), (None, 300), (1, 800), (None, 2000)))
        assert [end - start for start, end in spans] == pytest.approx([1000 * MS, 800 * MS], abs=SLACK)

    def test_a_click_is_no_speech(self):
        assert ends_of(said((None, 500), (0, 50), (None, 2000))) == []

    @pytest.mark.parametrize("block", [37, 512, 1600, 16_000])
    def test_where_it_ends_does_not_depend_on_how_the_sound_comes(self, block):
        sound = said((0, 700), (None, 600), (1, 1500), (None, 250), (2, 400), (None, 900), (3, 333))
        assert [spans for _, spans in ends_of(sound, block=block)] == [spans for _, spans in ends_of(sound)]

    def test_the_longer_it_lasts_the_shorter_the_pause_that_ends_it(self):
        talk = [part for _ in range(12) for part in ((0, 1800), (None, 250))]
        lengths = [spans[-1][1] - spans[0][0] for _, spans in ends_of(said(*talk))]
        assert len(lengths) > 1
        assert max(lengths) <= VERY_LONG + 2000 * MS

    def test_without_any_pause_it_is_cut_and_nothing_is_lost(self):
        found = [spans for _, spans in ends_of(said((0, 50_000), (None, 1000)))]
        assert all(spans[-1][1] - spans[0][0] <= LONGEST + SLACK for spans in found)
        edges = [edge for spans in found for span in spans for edge in span]
        assert edges[0] == 0
        assert edges[-1] == pytest.approx(50_000 * MS, abs=SLACK)
        assert edges[1:-1:2] == edges[2:-1:2]

    def test_what_was_begun_ends_with_the_sound(self):
        ((_, (span,)),) = ends_of(said((None, 1000), (0, 700)))
        assert span == pytest.approx((1000 * MS, 1700 * MS), abs=SLACK)


class TestRecognition:
    def test_the_text_is_there_as_soon_as_the_pause_is_long_enough(self):
        reader = ScriptReader()
        ((heard_ms, text),) = play(live(reader), said((0, 1000), (None, 2000)))
        assert text == WORDS[0]
        assert heard_ms <= 1600
        assert reader.calls == [1]  # begun in the pause, and not once more

    def test_what_was_begun_in_a_pause_is_thrown_away_when_the_talk_goes_on(self):
        reader, sound = ScriptReader(), said((0, 1000), (None, 400), (1, 1000), (None, 1000))
        one = live(reader)
        ((_, text),) = play(one, sound)
        assert text == f"{WORDS[0]}，{WORDS[1]}"
        assert one.counts.thrown_away == 1
        assert reader.heard == [WORDS[0], WORDS[0] + WORDS[1]]

    def test_what_was_said_before_helps_and_is_not_said_again(self):
        reader = ScriptReader()
        found = play(live(reader), said((0, 800), (None, 800), (1, 800), (None, 800), (2, 800), (None, 800)))
        assert [text for _, text in found] == [WORDS[0], WORDS[1], WORDS[2]]
        assert reader.heard == [WORDS[0], WORDS[:2], WORDS[:3]]

    def test_what_the_recogniser_skips_behind_what_was_said_before_is_read_alone(self):
        class Stops(ScriptReader):
            """Reads the first word of a window only."""

            def _reading(self, sound):
                from dataclasses import replace

                found = super()._reading(sound)
                return replace(found, words=found.words[:1])

        reader = Stops()
        found = play(live(reader), said((0, 1000), (None, 800), (1, 1500), (None, 800)))
        assert [text for _, text in found] == [WORDS[0], WORDS[1]]
        assert reader.heard[-1] == WORDS[1]

    def test_only_so_much_of_it(self):
        reader = ScriptReader()
        turns = [part for n in range(8) for part in ((n, 3000), (None, 700))]
        play(live(reader, before=7 * 16_000), said(*turns))
        assert max(reader.heard, key=len) == WORDS[:3]
        assert WORDS[5:8] in reader.heard

    def test_each_channel_is_one_speaker(self):
        one = live(ScriptReader(), BOTH)
        found = play(one, said((0, 1000), (None, 3000)), said((None, 1500), (1, 1000), (None, 2000)))
        assert [text for _, text in found] == [WORDS[0], WORDS[1]]

    def test_both_at_once_are_recognised_together(self):
        reader = ScriptReader()
        one = live(reader, BOTH)
        one.hear(np.stack([said((0, 1000), (None, 1000)), said((1, 900), (None, 1100))]))
        found = one.turn()
        assert {(u.speaker, bare(u)) for u in found} == {(Speaker.REP, WORDS[0]), (Speaker.CUSTOMER, WORDS[1])}
        assert reader.calls == [2]

    def test_several_that_wait_go_into_one_window(self):
        reader = ScriptReader()
        one = live(reader)
        one.hear(said((0, 1000), (None, 700), (1, 1000), (None, 700), (2, 1000), (None, 700))[None])
        assert [bare(u) for u in one.turn()] == [WORDS[0], WORDS[1], WORDS[2]]
        assert reader.calls == [1]

    def test_a_channel_that_repeats_the_other_is_not_heard_twice(self):
        talk = said((8, 1000), (None, 200), (7, 1000), (None, 200), (6, 900), (None, 1500))
        found = play(live(Echo(), BOTH), talk, talk * np.float32(0.3))
        assert [text for _, text in found] == ["你们的价格太贵了"]

    def test_an_invention_is_kept_out_unless_that_is_switched_off(self):
        reader = Says("请不吝点赞订阅转发打赏支持明镜与点点栏目", logprob=-1.2)
        assert play(live(reader), said((0, 1000), (None, 1000))) == []
        assert len(play(live(reader, filters=False), said((0, 1000), (None, 1000)))) == 1

    @pytest.mark.parametrize("heard_ms", [900, 1300, 1800])  # in the midst of it, in its pause, over
    def test_what_is_forgotten_never_comes_out_and_places_stay(self, heard_ms):
        reader = ScriptReader()
        one, sound = live(reader), said((0, 1000), (None, 1500), (1, 1000), (None, 1500))
        one.hear(sound[None, : heard_ms * MS])
        assert one.turn() == [] if heard_ms < 1500 else one.waiting
        one.forget()
        assert not one.waiting
        assert not one.speaking
        before = len(reader.heard)
        one.hear(np.zeros((1, (2500 - heard_ms) * MS), np.float32))
        assert one.turn() == []
        one.hear(sound[None, 2500 * MS :])
        ((start_ms, text),) = [(u.start_ms, bare(u)) for u in one.turn()]
        assert text == WORDS[1]
        assert start_ms == pytest.approx(2500, abs=150)
        assert WORDS[0] not in "".join(reader.heard[before:])

    def test_the_last_word_on_a_text_is_anothers(self):
        from dataclasses import replace

        def trade(windows, readings, written):
            return [[replace(piece, text="改") for piece in found] for found in written]

        found = play(live(ScriptReader(), trade=trade), said((0, 1000), (None, 1000)))
        assert [text for _, text in found] == ["改"]

    def test_what_is_too_late_is_left_out_and_counted(self):
        reader = ScriptReader()
        one = live(reader)
        one.hear(said((0, 800), (None, 800), (1, 800), (None, 800))[None])
        assert [bare(u) for u in one.turn(lambda end: end < 1500 * MS)] == [WORDS[1]]
        assert one.counts.left_out == 1
        assert reader.heard == [WORDS[:2]]  # it still is what was said before

    def test_an_hour_of_silence_takes_no_room(self):
        one = live(ScriptReader())
        for _ in range(3600):
            one.hear(np.zeros((1, 16_000), np.float32))
            assert one.turn() == []
        assert len(one._lanes[0]._held) < 5 * 16_000


class Says(ScriptReader):
    """Hears the same in everything."""

    def __init__(self, text: str, *, logprob: float = -0.1) -> None:
        super().__init__(logprob=logprob)
        self._text = text

    def _reading(self, sound: np.ndarray):
        from edge_agent.speech.recogniser import Reading, Word

        end_s = len(sound) / 16_000
        return Reading(
            words=(Word(text=self._text, start_s=0.1, end_s=end_s, logprob=self.logprob),), logprob=self.logprob, no_speech=0.0
        )


class Echo(Says):
    def __init__(self) -> None:
        super().__init__("你们的价格太贵了")


class TestRate:
    def test_sound_at_our_rate_comes_through_as_it_is(self):
        block = np.arange(-400, 400, dtype="<i2")
        heard = Hearing(2, 16_000)(block.tobytes())
        assert heard.shape == (2, 400)
        assert np.array_equal(np.rint(heard * 32_768).T.reshape(-1), block)

    @pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
    def test_other_rates_become_ours_at_the_same_pitch_and_length(self, rate):
        hearing, tone = Hearing(1, rate), np.sin(2 * np.pi * 440 * np.arange(3 * rate) / rate) * 8000
        blocks = tone.astype("<i2")
        heard = np.concatenate([hearing(blocks[at : at + rate // 10].tobytes())[0] for at in range(0, len(blocks), rate // 10)])
        assert len(heard) == pytest.approx(3 * 16_000, abs=100)
        spectrum = np.abs(np.fft.rfft(heard[8000:40_000]))
        assert np.argmax(spectrum) * 16_000 / 32_000 == pytest.approx(440, abs=1)
