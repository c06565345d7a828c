"""Who spoke on one channel: voices told apart by an encoder that is made up here, names by text, echoes by sound."""

import pickle

import numpy as np
import pytest

from edge_agent.domain.transcript import Speaker, Way
from edge_agent.errors import MissingAsset
from edge_agent.speech import tensors
from edge_agent.speech.clips import RATE_HZ, Clip
from edge_agent.speech.crosstalk import Recent, same_sound
from edge_agent.speech.lanes import Ear, Lanes
from edge_agent.speech.naming import named
from edge_agent.speech.pieces import Piece
from edge_agent.speech.turns import utterances
from edge_agent.speech.voices import Voices

S = RATE_HZ


class Ears:
    """A voice is a constant level: 0.1, 0.2, 0.3 … point each another way; every window adds its own noise."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(5)

    def __call__(self, windows):
        rows = np.zeros((len(windows), 16), np.float32)
        for number, window in enumerate(windows):
            rows[number] = np.bincount(np.round(window * 10).astype(int), minlength=16)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows += self.random.normal(0, 0.1, rows.shape)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def clip(start_s: float, *spoken: tuple[float, float]) -> Clip:
    """(level, seconds) in a row."""
    sound = np.concatenate([np.full(int(seconds * S), level, np.float32) for level, seconds in spoken])
    start = int(start_s * S)
    return Clip(start=start, end=start + len(sound), before=0, sound=sound)


def talk(*levels: float, seconds: float = 2.0) -> list[Clip]:
    return [clip(number * 3.0, (level, seconds)) for number, level in enumerate(levels)]


def told(clips):
    voices = Voices(Ears())
    parts = voices.hear(clips)
    return parts, voices.tell()


def test_two_voices_are_numbered_by_who_spoke_first():
    clips, found = told(talk(0.3, 0.1, 0.3, 0.1, 0.3, 0.1, 0.1))
    assert [found.voice[one.start] for one in clips] == [1, 2, 1, 2, 1, 2, 2]
    assert found.count == 2
    assert found.seconds == pytest.approx((6.0, 8.0))


def test_one_voice_stays_one():
    assert told(talk(*[0.2] * 12))[1].count == 1


def test_a_third_voice_is_told():
    clips, found = told(talk(*[0.1, 0.2, 0.3] * 4))
    assert found.count == 3
    assert [found.voice[one.start] for one in clips] == [1, 2, 3] * 4


def test_a_few_odd_moments_are_nobodys_and_no_voice():
    clips, found = told(talk(0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.7))
    assert found.count == 2
    assert found.voice[clips[-1].start] == 0


def test_what_lies_between_two_voices_is_nobodys():
    between = Clip(start=90 * S, end=92 * S, before=0, sound=np.tile(np.array([0.1, 0.2], np.float32), S))
    _, found = told([*talk(*[0.1, 0.2] * 4), between])
    assert found.count == 2
    assert found.voice[between.start] == 0


def test_a_clip_is_cut_where_the_voice_changes_and_loses_no_sound():
    both = clip(60.0, (0.1, 3.0), (0.2, 3.0))
    parts, found = told([*talk(*[0.1, 0.2] * 4), both])
    cut = parts[8:]
    change = min(range(1, len(cut)), key=lambda number: abs(cut[number].start - both.start - 3 * S))
    assert abs(cut[change].start - both.start - 3 * S) < S // 2
    assert np.array_equal(np.concatenate([one.sound for one in cut]), both.sound)
    assert [one.end for one in cut[:-1]] == [one.start for one in cut[1:]]
    assert {found.voice[one.start] for one in cut[:change]} == {1}
    assert {found.voice[one.start] for one in cut[change:]} == {2}


def test_hours_of_talk_are_told_apart_as_well():
    random = np.random.default_rng(7)
    directions = np.eye(2, 64, dtype=np.float32)

    def encoder(windows):
        rows = directions[[int(window[0] > 0.15) for window in windows]] + random.normal(0, 0.08, (len(windows), 64))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    voices = Voices(encoder)
    clips = [clip(number * 2.0, ((0.1, 0.2)[number % 3 == 0], 1.0)) for number in range(7200)]
    for at in range(0, len(clips), 30):
        voices.hear(clips[at : at + 30])
    found = voices.tell()
    assert found.count == 2
    assert np.mean([found.voice[one.start] == (1 if number % 3 == 0 else 2) for number, one in enumerate(clips)]) > 0.97


def test_nothing_of_a_voice_is_left_after_the_telling():
    voices = Voices(Ears())
    voices.hear(talk(0.1, 0.2, 0.1))
    voices.tell()
    assert voices.tell().voice == {}
    assert not any(vars(voices)[name] for name in ("_starts", "_lengths", "_heard"))


SELLS = "您好，我是青山食品的小林，给您推荐一款新产品，您看这个优惠价您能接受吗"
BUYS = "你们家多少钱啊，太贵了，我再考虑考虑，便宜点行不行"


def test_voices_are_named_by_what_they_say():
    assert named({1: BUYS, 2: SELLS}, (10, 10)) == {1: Speaker.CUSTOMER, 2: Speaker.REP}


@pytest.mark.parametrize("said", [{}, {1: "今天天气不错", 2: "是啊，昨天还下雨"}, {1: SELLS, 2: SELLS}, {1: BUYS, 2: BUYS}])
def test_without_evidence_nobody_is_named(said):
    assert named(said, (10, 10)) == {}


def test_one_voice_alone_is_never_named():
    assert named({1: SELLS}, (60,)) == {}


def test_a_little_less_evidence_names_the_two_that_the_sidecar_promises():
    said = {1: "您好，请问您需要点什么，我帮您看看", 2: "嗯，我看看"}
    assert named(said, (10, 10)) == {}
    assert named(said, (10, 10), these_two=True) == {1: Speaker.REP, 2: Speaker.CUSTOMER}


def test_of_three_voices_the_one_that_speaks_least_stays_unnamed():
    assert named({1: SELLS, 2: BUYS, 3: SELLS}, (30, 20, 5)) == {1: Speaker.REP, 2: Speaker.CUSTOMER}


def speech(seconds: float, seed: int, level: float = 0.1) -> np.ndarray:
    """Noise with the pace of syllables: no two are alike."""
    random, count = np.random.default_rng(seed), int(seconds * S)
    pace = np.repeat(random.uniform(0, 1, count // 1600 + 1), 1600)[:count]
    return (level * random.normal(0, 1, count) * pace).astype(np.float32)


def echo_of(spoken: np.ndarray, db: float, delay_ms: int) -> np.ndarray:
    return np.pad(spoken, (delay_ms * 16, 0))[: len(spoken)] * np.float32(10 ** (db / 20))


def heard(channels: np.ndarray) -> tuple[bool, bool]:
    """Whether a clip over nearly all of each channel is an echo."""
    recent = Recent(2)
    recent.add(channels.astype(np.float32))
    low, high = S, channels.shape[1] - S
    return tuple(
        recent.own(Clip(start=low, end=high, before=0, sound=channels[channel, low:high].astype(np.float32)), channel) is None
        for channel in range(2)
    )


@pytest.mark.parametrize("db", [-6, -12, -20, -30])
@pytest.mark.parametrize("delay_ms", [0, 40, 200])
def test_what_leaks_into_the_other_channel_is_an_echo(db, delay_ms):
    spoken = speech(6, 1)
    noise = np.random.default_rng(9).normal(0, 0.0005, (2, len(spoken)))
    assert heard(np.stack([spoken, echo_of(spoken, db, delay_ms)]) + noise) == (False, True)
    assert heard(np.stack([echo_of(spoken, db, delay_ms), spoken]) + noise) == (True, False)


@pytest.mark.parametrize("own_db", [0, -10, -20])
def test_who_speaks_at_the_same_time_is_not_an_echo(own_db):
    spoken, own = speech(6, 1), speech(6, 2) * np.float32(10 ** (own_db / 20))
    assert heard(np.stack([spoken, own])) == (False, False)
    assert heard(np.stack([spoken, own + echo_of(spoken, -26, 30)])) == (False, False)


def test_of_an_echo_with_a_word_of_ones_own_the_word_stays():
    spoken = speech(6, 1)
    leaked = echo_of(spoken, -12, 30)
    leaked[3 * S : 3 * S + S // 2] += speech(0.5, 3, 0.05)
    recent = Recent(2)
    recent.add(np.stack([spoken, leaked]))
    left = recent.own(Clip(start=0, end=6 * S, before=0, sound=leaked), 1)
    assert 2.6 * S <= left.start <= 3 * S
    assert 3.5 * S <= left.end <= 3.9 * S
    assert np.array_equal(left.sound, leaked[left.start : left.end])


def test_equal_channels_hold_the_same_sound_and_others_do_not():
    one, other = speech(5, 1), speech(5, 2)
    assert same_sound(np.stack([one, one]))
    assert same_sound(np.stack([one, one + 0.001 * other]))
    assert same_sound(np.stack([one, one / 2])) is False
    assert same_sound(np.stack([one, other])) is False
    assert same_sound(np.zeros((2, S))) is None


def lanes(channels, names, ear=None) -> Lanes:
    made = Lanes(names, ear or Ear())
    blocks = [channels[:, at : at + 5 * S].astype(np.float32) for at in range(0, channels.shape[1], 5 * S)]
    assert [window for window in made.windows(iter(blocks)) if window.channel > 1] == []
    return made


BOTH = (Speaker.REP, Speaker.CUSTOMER)


def piece(start_s, end_s, text, channel=0) -> Piece:
    return Piece(channel=channel, start=int(start_s * S), end=int(end_s * S), text=text, logprob=-0.1, loud=0.01)


def test_one_recording_written_on_two_channels_is_heard_once():
    one = speech(25, 1)
    made = lanes(np.stack([one, one]), BOTH)
    found, how = made.utterances([piece(1, 3, "您好")])
    assert how.same_sound
    assert [u.speaker for u in found] == [Speaker.UNKNOWN]
    assert made.samples == len(one)


def test_two_people_on_two_channels_stay_on_their_own():
    made = lanes(np.stack([speech(25, 1), speech(25, 2)]), BOTH)
    found, how = made.utterances([piece(1, 3, "您好"), piece(4, 5, "你好", 1)])
    assert how == type(how)(way=Way.CHANNELS)
    assert [u.speaker for u in found] == list(BOTH)


@pytest.mark.parametrize("reason", ["switched-off", "no-model"])
def test_without_an_encoder_one_channel_of_two_people_is_unknown_and_says_why(reason):
    made = lanes(speech(12, 1)[None], BOTH, Ear(reason=reason))
    found, how = made.utterances([piece(1, 3, SELLS), piece(4, 6, BUYS)])
    assert {u.speaker for u in found} == {Speaker.UNKNOWN}
    assert (how.way, how.reason) == (Way.NONE, reason)


def test_with_an_encoder_voices_are_numbered_and_named():
    made = Lanes(BOTH, Ear(encoder=Ears(), reason=""))
    made._begin(1)
    clips = made._heard(talk(*[0.1, 0.2] * 4), 0, None)
    found, how = made.utterances([piece(c.start / S, c.end / S, SELLS if n % 2 == 0 else BUYS) for n, c in enumerate(clips)])
    assert [u.speaker for u in found] == list(BOTH) * 4
    assert [u.voice for u in found] == [1, 2] * 4
    assert (how.way, how.voices, how.reason) == (Way.VOICES, 2, "")


def test_voices_without_names_are_still_kept_apart():
    made = Lanes((Speaker.UNKNOWN,), Ear(encoder=Ears(), reason=""))
    made._begin(1)
    clips = made._heard(talk(*[0.1, 0.2] * 4), 0, None)
    found, how = made.utterances([piece(c.start / S, c.end / S, "今天天气不错") for c in clips])
    assert {u.speaker for u in found} == {Speaker.UNKNOWN}
    assert [u.voice for u in found] == [1, 2] * 4
    assert how.reason == "no-evidence"


def test_one_named_person_on_one_channel_needs_no_telling_apart():
    made = Lanes((Speaker.REP,), Ear(encoder=Ears(), reason=""))
    made._begin(1)
    found, how = made.utterances([piece(1, 3, "您好")])
    assert (found[0].speaker, how.way) == (Speaker.REP, Way.CHANNELS)


def test_a_sentence_that_the_other_talks_over_is_overlapped():
    found = utterances([piece(0, 10, "我先把情况说一下"), piece(2, 4, "你等一下", 1), piece(12, 13, "好", 1)], BOTH)
    assert [u.overlapped for u in found] == [False, True, False]


def test_what_was_cut_in_one_voice_is_put_together_without_a_mark():
    assert utterances([piece(0, 2, "这个价格"), piece(2, 4, "我接受不了")], BOTH)[0].text == "这个价格我接受不了。"
    assert utterances([piece(0, 2, "这个价格"), piece(2.3, 4, "我接受不了")], BOTH)[0].text == "这个价格，我接受不了。"


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def checkpoint(path, found) -> None:
    with path.open("wb") as file:
        for part in (tensors.MAGIC, 1001, {}, found, []):
            pickle.dump(part, file, protocol=2)


def test_a_checkpoint_that_holds_more_than_tensors_is_refused_and_runs_nothing(tmp_path, capsys):
    checkpoint(tmp_path / "model.pt", {"model_state": {"weight": Evil()}})
    with pytest.raises(MissingAsset):
        tensors.tensors(tmp_path / "model.pt", "model_state")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"no checkpoint", pickle.dumps(7)])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    (tmp_path / "model.pt").write_bytes(content)
    with pytest.raises(MissingAsset):
        tensors.tensors(tmp_path / "model.pt", "model_state")
