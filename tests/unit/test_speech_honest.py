"""What keeps inventions out and says how good a text is, on made-up sound and readings: no model."""

import dataclasses

import numpy as np
import pytest

from edge_agent.speech import hearing, sieve, sound
from edge_agent.speech.clips import RATE_HZ, Clip
from edge_agent.speech.pieces import Piece
from edge_agent.speech.quality import Gauge
from edge_agent.speech.recogniser import Reading, Word
from edge_agent.speech.sieve import Crowd, alike, sifted
from edge_agent.speech.windows import Packer, Window

S = RATE_HZ
DICE = np.random.default_rng(5)


def clip(start_s: float, end_s: float, *, speech: np.ndarray | None = None, noise: float = 0.0, margin_s: float = 0.15) -> Clip:
    """Speech is white at -20 dBFS unless given, over white noise of that root mean square."""
    count, margin = int((end_s - start_s) * S), int(margin_s * S)
    said = 0.1 * DICE.standard_normal(count) if speech is None else speech[:count]
    whole = noise * DICE.standard_normal(count + 2 * margin)
    whole[margin : margin + count] += said
    return Clip(start=int(start_s * S), end=int(start_s * S) + count, before=margin, sound=whole.astype(np.float32))


def window(*clips: Clip, channel: int = 0) -> Window:
    packer = Packer(channel)
    assert not [full for one in clips for full in packer.add(one)]
    return next(packer.flush())


def piece(text: str, of: Clip, logprob: float) -> Piece:
    return Piece(channel=0, start=of.start, end=of.end, text=text, logprob=logprob, loud=0.01)


def never(_: np.ndarray) -> str:
    raise AssertionError("asked for a second reading without need")


class TestSieve:
    def test_what_is_sure_stays_without_a_second_look(self):
        one, two = clip(0, 3), clip(4, 5)
        found = [piece("这个价格太贵了", one, -0.2), piece("好", two, -0.1)]
        assert sifted(window(one, two), found, never) == found

    @pytest.mark.parametrize("word", ["好", "可以", "嗯", "三千八"])
    def test_a_short_unsure_answer_among_sure_words_stays(self, word):
        one, two = clip(0, 3), clip(4, 4.4)
        found = [piece("您看这个价格可以接受吗", one, -0.2), piece(word, two, -1.7)]
        assert sifted(window(one, two), found, never) == found

    def test_a_window_nobody_could_read_is_left_out(self):
        one = clip(0, 28)
        assert sifted(window(one), [piece("有些人都不明白就批判就不明白", one, -1.6)], never) == []

    def test_a_long_sound_with_hardly_a_character_is_left_out(self):
        one = clip(0, 27)
        assert sifted(window(one), [piece("鸟鸟", one, -0.8)], never) == []

    @pytest.mark.parametrize("text", ["我以为有难过，以为有难过，以为有难过", "鸟墙墙里的鸟库鸟的鸟库鸟鸟鸟鸟鸟"])
    def test_what_says_one_thing_over_and_over_and_is_unsure_is_left_out(self, text):
        one = clip(0, 6)
        assert sifted(window(one), [piece(text, one, -0.85)], never) == []

    def test_an_answer_alone_may_be_as_unsure_as_it_likes_if_it_is_read_twice_alike(self):
        one = clip(0, 1.2)
        found = [piece("好你喊吧", one, -1.3)]
        assert sifted(window(one), found, lambda _: "好，你喊吧。") == found
        assert sifted(window(one), found, lambda _: "谢谢") == []

    def test_right_behind_a_crowd_an_unsure_answer_is_the_crowds(self):
        crowd, babble, rest = Crowd(), clip(0, 28), clip(28.1, 30)
        found = [piece("再来一种东西", rest, -1.3)]
        assert not crowd.holds(window(babble), [piece("小伙伴们", babble, -2.1)], [])
        assert crowd.holds(window(rest), found, found)
        assert crowd.holds(window(clip(30.2, 32)), found, found)

    @pytest.mark.parametrize(
        ("start_s", "end_s", "logprob", "channel"),
        [(29.5, 31, -1.3, 0), (28.1, 30, -0.8, 0), (28.1, 40, -1.3, 0), (28.1, 30, -1.3, 1)],
    )
    def test_behind_a_crowd_stays_what_is_later_or_surer_or_long_or_on_another_channel(self, start_s, end_s, logprob, channel):
        crowd, babble, rest = Crowd(), clip(0, 28), clip(start_s, end_s)
        found = [piece("好你喊吧", rest, logprob)]
        crowd.holds(window(babble), [piece("小伙伴们", babble, -2.1)], [])
        assert not crowd.holds(window(rest, channel=channel), found, found)

    def test_a_short_sound_that_was_not_believed_makes_no_crowd(self):
        crowd, cough, rest = Crowd(), clip(0, 1), clip(1.2, 3)
        found = [piece("好你喊吧", rest, -1.3)]
        crowd.holds(window(cough), [piece("谢谢", cough, -2.1)], [])
        assert not crowd.holds(window(rest), found, found)

    def test_what_is_read_twice_alike_stays(self):
        one = clip(0, 6)
        found = [piece("红叶那边也在跟我谈价格", one, -0.9)]
        asked = []
        assert sifted(window(one), found, lambda said: asked.append(said) or "红叶那边一在跟我谈价钱") == found
        assert len(asked[0]) == pytest.approx(len(window(one).sound) / sieve.FASTER, abs=2)

    def test_what_is_read_differently_goes_and_the_rest_of_its_window_stays(self):
        one, two = clip(0, 6), clip(7, 12)
        found = [piece("红叶那边也在跟我谈价格", one, -0.3), piece("香港主持人和主持人", two, -1.5)]
        assert sifted(window(one, two), found, lambda _: "红叶那边也在跟我谈价格一起唱首歌") == found[:1]

    def test_one_sure_word_in_a_hopeless_window_must_be_read_again(self):
        one, two = clip(0, 20), clip(21, 22.5)
        found = [piece("我们来说一首歌唱歌来来来来", one, -1.9), piece("穿上双双", two, -0.6)]
        assert sifted(window(one, two), found, lambda _: "没有") == []
        assert sifted(window(one, two), found, lambda _: "穿上双双") == found[1:]

    def test_likeness_is_the_share_of_characters_in_order(self):
        assert alike("今天，很好。", "今天很好") == 1
        assert alike("一二三四", "二四") == pytest.approx(0.5)
        assert alike("一二三四五六七八", "二四六七") == pytest.approx(0.25)
        assert alike("好", "好") == 1
        assert alike("一二三四", "") == 0


class TestSound:
    @pytest.mark.parametrize("snr_db", [5, 15, 30])
    def test_noise_between_the_clips_tells_how_noisy_the_speech_is(self, snr_db):
        noise = 0.1 * 10 ** (-snr_db / 20)
        heard = sound.measured(window(*(clip(n, n + 0.8, noise=noise) for n in range(8))))
        assert heard.snr_db == pytest.approx(snr_db, abs=1.5)
        assert heard.level_db == pytest.approx(-20, abs=1.5)

    def test_without_gaps_nothing_is_said_about_noise(self):
        assert sound.measured(window(clip(0, 8, margin_s=0))).snr_db is None

    def test_digital_silence_between_the_clips_is_very_quiet(self):
        assert sound.measured(window(clip(0, 2), clip(3, 4))).snr_db == 60

    @pytest.mark.parametrize("noise", [0.0, 0.02])
    def test_the_band_of_a_telephone_is_seen_through_noise(self, noise):
        spectrum = np.fft.rfft(DICE.standard_normal(20 * S))
        spectrum[3400 * 20 :] = 0
        narrow = 0.1 * np.fft.irfft(spectrum)
        clips = [clip(n, n + 0.8, speech=narrow[n * S :], noise=noise) for n in range(16)]
        assert sound.measured(window(*clips)).band_hz == pytest.approx(3400, abs=150)
        wide = sound.measured(window(*(clip(n, n + 0.8, noise=noise) for n in range(16))))
        assert wide.band_hz > 7000

    def test_full_scale_is_counted(self):
        loud = np.sign(DICE.standard_normal(S)).astype(np.float32)
        assert sound.measured(window(clip(0, 1, speech=loud))).clipped == pytest.approx(1)
        assert sound.measured(window(clip(0, 1))).clipped == 0

    def test_windows_add_up(self):
        one, two = (sound.measured(window(*(clip(n, n + 0.8, noise=n_) for n in range(8)))) for n_ in (0.01, 0.05))
        both = one + two
        assert two.snr_db < both.snr_db < one.snr_db
        assert both.speech_frames == one.speech_frames + two.speech_frames
        assert (sound.NOTHING + one).snr_db == pytest.approx(one.snr_db)


class TestQuality:
    def gauge(
        self, *, noise: float = 0.001, logprob: float = -0.15, speech: np.ndarray | None = None, kept: bool = True
    ) -> Gauge:
        gauge = Gauge()
        clips = [clip(n, n + 0.8, noise=noise, speech=speech) for n in range(16)]
        found = [piece("这个价格", one, logprob) for one in clips]
        gauge.add(window(*clips), found, found if kept else [])
        return gauge

    def test_a_clear_recording_is_no_draft(self):
        clear = self.gauge().quality()
        assert (clear.draft, clear.reasons, clear.left_out_ms) == (False, (), 0)
        assert clear.logprob == pytest.approx(-0.15)
        assert clear.snr_db == pytest.approx(40, abs=2)

    @pytest.mark.parametrize(
        ("spoilt", "reason"),
        [
            ({"noise": 0.04}, "noise"),
            ({"logprob": -0.5}, "unsure"),
            ({"speech": np.sign(DICE.standard_normal(S)).astype(np.float32)}, "clipped"),
            ({"speech": 1e-4 * DICE.standard_normal(S), "noise": 0.0}, "quiet"),
            ({"kept": False}, "babble"),
        ],
    )
    def test_each_reason_makes_a_draft(self, spoilt, reason):
        found = self.gauge(**spoilt).quality()
        assert found.draft
        assert found.reasons == (reason,)

    def test_a_telephone_alone_makes_no_draft(self):
        spectrum = np.fft.rfft(DICE.standard_normal(S))
        spectrum[3400:] = 0
        phone = self.gauge(speech=0.1 * np.fft.irfft(spectrum)).quality()
        assert (phone.draft, phone.reasons) == (False, ("narrow-band",))

    def test_nothing_heard_is_unknown_and_no_draft(self):
        silent = Gauge().quality()
        assert (silent.draft, silent.snr_db, silent.band_hz, silent.logprob) == (False, None, None, None)

    def test_what_was_left_out_is_counted(self):
        assert self.gauge(kept=False).quality().left_out_ms == pytest.approx(16 * 800, abs=20)

    def test_the_noisier_channel_decides(self):
        gauge = self.gauge()
        clips = [clip(n, n + 0.8, noise=0.04) for n in range(16)]
        found = [piece("这个价格", one, -0.15) for one in clips]
        gauge.add(dataclasses.replace(window(*clips), channel=1), found, found)
        assert gauge.quality().reasons == ("noise",)


class TestHearing:
    def tone(self, noise: float) -> np.ndarray:
        """Syllables: a tone that comes and goes, over noise."""
        at = np.arange(4 * S) / S
        said = 0.1 * np.sin(2 * np.pi * 500 * at) * (np.sin(2 * np.pi * 2 * at) > 0)
        return (said + noise * DICE.standard_normal(len(at))).astype(np.float32)

    def test_steady_noise_is_turned_down_and_what_rises_above_it_is_not(self):
        noisy = self.tone(0.02)
        clear = hearing.clearer(noisy)
        assert len(clear) == len(noisy)
        pauses, said = slice(int(1.3 * S), int(1.45 * S)), slice(int(1.05 * S), int(1.2 * S))
        assert 8 < 10 * np.log10((noisy[pauses] ** 2).mean() / (clear[pauses] ** 2).mean()) < 16.5
        assert abs(10 * np.log10((noisy[said] ** 2).mean() / (clear[said] ** 2).mean())) < 1

    def test_what_has_no_noise_is_left_as_it_is(self):
        sound_ = self.tone(0.0)
        changed = hearing.clearer(sound_) - sound_
        assert 10 * np.log10((changed**2).mean() / (sound_**2).mean()) < -25

    def test_a_scrap_of_sound_does_no_harm(self):
        assert len(hearing.clearer(np.zeros(100, np.float32))) == 100
        assert len(hearing.clearer(np.zeros(700, np.float32))) == 700

    @pytest.mark.parametrize(("second", "kept"), [(-0.2, "二"), (-0.4, "一")])
    def test_the_surer_reading_of_a_noisy_window_is_kept(self, second, kept):
        asked = []

        def read(sounds):
            asked.append(len(sounds))
            text, logprob = ("一", -0.3) if len(asked) == 1 else ("二", second)
            return [Reading(words=(Word(text=text, start_s=0, end_s=1, logprob=logprob),), logprob=logprob, no_speech=0)] * len(
                sounds
            )

        clear, noisy = (window(*(clip(n, n + 0.8, noise=level) for n in range(8))) for level in (0.001, 0.03))
        assert [reading.text for reading in hearing.heard([clear, noisy], read)] == ["一", kept]
        assert asked == [2, 1]

    def test_clear_windows_are_heard_once(self):
        asked = []
        hearing.heard([window(clip(0, 1))], lambda sounds: asked.append(len(sounds)) or [None])
        assert asked == [1]
