"""Listening live: every sample is sealed whatever the text does; no text without consent; late text is left out and said."""

import io
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import msgspec
import numpy as np
import pytest
from box_world import BoxWorld
from hypothesis import given
from hypothesis import strategies as st
from live_world import MS, WORDS, Plug, ScriptReader, Time, loudness, said
from pipeline_fakes import FakeArrival, make_kit

from edge_agent import app, documents, errors, listening, locks, pipeline, sandbox
from edge_agent.capture.pump import Pump
from edge_agent.capture.reel import Reel
from edge_agent.capture.segment import header
from edge_agent.capture.storage import Storage
from edge_agent.cli import main
from edge_agent.cli.listen import left_plain, logged
from edge_agent.config import Capture, Config, Limits, Source
from edge_agent.domain.consent import Party
from edge_agent.domain.recording import State
from edge_agent.domain.transcript import Speaker, Utterance
from edge_agent.errors import MissingAsset, NotFound, Unavailable
from edge_agent.ids import new_id
from edge_agent.listening.first import Precedence
from edge_agent.listening.session import Listening, quantile
from edge_agent.listening.text import HELD_S, QUIET_S, Text
from edge_agent.speech.live.rate import Hearing
from edge_agent.speech.live.talk import Counts, Live

COUNTER = Source(name="counter", speakers=("rep", "customer"), basis="notice", industry="fmcg", channel="call")
AT = datetime(2026, 11, 20, 4, tzinfo=UTC)


def pcm(*lanes: np.ndarray) -> bytes:
    return np.rint(np.stack(lanes).T * 32_767).astype("<i2").tobytes()


def cut(content: bytes, size: int = 6400) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


def noise(seconds: float, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * 16_000) * 2).astype("<i2").tobytes()


class TestReel:
    def reel(self, *, frames_each: int, held_s: float = 300.0) -> Reel:
        return Reel(COUNTER, frames_each=frames_each, held_s=held_s)

    @given(st.lists(st.integers(1, 900), max_size=40), st.integers(1, 1200))
    def test_no_sample_is_lost_between_two_recordings(self, sizes: list[int], frames_each: int) -> None:
        reel, at = self.reel(frames_each=frames_each), AT
        blocks = [bytes([n % 251]) * 4 * size for n, size in enumerate(sizes)]
        for block in blocks:
            at += reel.lasting(len(block) // 4)
            reel.put(block, ended_at=at)
        reel.end()
        found = [(sound, b"".join(list(sound.chunks())[1:])) for sound in reel.recordings()]
        assert b"".join(content for _, content in found) == b"".join(blocks)
        assert all(len(content) == frames_each * 4 for _, content in found[:-1])
        for number, (sound, content) in enumerate(found):
            assert sound.frames == len(content) // 4
            assert abs(sound.started_at - AT - reel.lasting(number * frames_each)) < timedelta(milliseconds=1)

    def test_a_gap_ends_a_recording(self) -> None:
        reel = self.reel(frames_each=10_000)
        for block in (b"aaaa", None, None, b"bbbb"):
            if block is None:
                reel.gap()
            else:
                reel.put(block, ended_at=AT)
        reel.end()
        assert [b"".join(list(sound.chunks())[1:]) for sound in reel.recordings()] == [b"aaaa", b"bbbb"]

    def test_what_the_seal_cannot_take_for_minutes_is_counted(self) -> None:
        reel = self.reel(frames_each=10_000, held_s=0.1)
        for _ in range(3):
            reel.put(bytes(4 * 1600), ended_at=AT)
        assert reel.lost_frames == 3200

    def test_it_waits_for_sound_and_ends_when_told(self) -> None:
        reel, found = self.reel(frames_each=10_000), []
        sealer = Thread(target=lambda: found.extend(b"".join(sound.chunks()) for sound in reel.recordings()))
        sealer.start()
        reel.put(b"abcd", ended_at=AT)
        reel.end()
        sealer.join(20)
        assert found == [header(COUNTER, None) + b"abcd"]

    def test_what_it_says_of_a_recording_is_what_the_configuration_says_of_the_source(self) -> None:
        reel = self.reel(frames_each=10)
        reel.put(b"abcd", ended_at=AT)
        sound = next(reel.recordings())
        said_of_it = sound.circumstances()
        assert (said_of_it.channels, said_of_it.industry) == ((Speaker.REP, Speaker.CUSTOMER), "fmcg")
        assert said_of_it.started_at == sound.started_at.replace(tzinfo=UTC)


def test_a_recording_without_a_length_is_read_to_its_last_sample() -> None:
    content = noise(2.3)
    whole = np.concatenate(list(sandbox.decode_audio(io.BytesIO(header(COUNTER, None) + content), Limits())), axis=1)
    assert np.array_equal(np.rint(whole.T * 32_768).astype("<i2").reshape(-1), np.frombuffer(content, "<i2"))


class TestPump:
    def test_a_block_comes_when_its_last_sample_is_due_and_is_what_the_file_holds(self) -> None:
        time, content = Time(), np.frombuffer(noise(1.05), "<i2").reshape(-1, 2).T
        pump = Pump(
            iter([content[:, :5000] / np.float32(32_768), content[:, 5000:] / np.float32(32_768)]),
            monotonic=time.clocks.monotonic,
        )
        pump.open(COUNTER)
        assert pump.blocks() == []
        time.passed_s = 0.35
        found = pump.blocks()
        assert len(found) == 3
        time.passed_s = 1.0
        found += pump.blocks()
        assert not pump.over
        time.passed_s = 1.06
        found += pump.blocks()
        assert pump.over
        assert b"".join(found) == content.T.tobytes()
        with pytest.raises(Unavailable):
            pump.open(COUNTER)


class FakeLive:
    """Says, for every block it hears, that an utterance ended with it; `slow` is what a turn costs."""

    def __init__(self, time: Time, slow: float = 0.0) -> None:
        self.counts, self.heard, self.flushed = Counts(), [], 0
        self._time, self._slow, self._ready, self._samples = time, slow, [], 0

    @property
    def waiting(self) -> bool:
        return bool(self._ready)

    @property
    def speaking(self) -> bool:
        return False

    def hear(self, block: np.ndarray) -> None:
        self._samples += block.shape[1]
        self.heard.append(block)
        if np.abs(block).max(initial=0) > 0.01:
            self._ready.append(self._samples)

    def flush(self) -> None:
        self.flushed += 1

    def forget(self) -> None:
        self._ready = []

    def turn(self, late) -> Sequence[Utterance]:
        while self._ready and late(self._ready[0]):
            self._ready.pop(0)
            self.counts.left_out += 1
        if not self._ready:
            return []
        self._time.passed_s += self._slow
        end = self._ready.pop(0) // MS
        return [Utterance(start_ms=end - 100, end_ms=end, speaker=Speaker.REP, text="说")]


class FakeFirst:
    held = False

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        self.held = False


class TestText:
    def world(self, slow: float = 0.0) -> None:
        self.time, self.told, self.behind = Time(), [], []
        self.live, self.first, self.loaded = FakeLive(self.time, slow), FakeFirst(), 0

        def load() -> FakeLive:
            self.loaded += 1
            return self.live

        self.text = Text(
            load, Hearing(1, 16_000), within_s=2.0, frames_per_s=16_000, frame_bytes=2,
            monotonic=self.time.clocks.monotonic, emit=lambda one, late: self.told.append((one.end_ms, late)),
            behind=lambda: self.behind.append(self.time.passed_s), first=self.first,
        )  # fmt: skip
        self.text.allow(allowed=True)

    def put(self, *words: int | None) -> None:
        """100 ms each, as it would arrive."""
        for word in words:
            self.time.passed_s += 0.1
            self.text.put(pcm(said((word, 100))))

    def test_latency_counts_from_when_the_end_was_there_to_be_heard(self) -> None:
        self.world(slow=0.7)
        self.put(None, 0)
        self.time.passed_s += 0.2
        self.text.turn()
        assert self.told == [(200, 900)]

    def test_behind_it_leaves_out_what_is_late_says_so_once_and_catches_up(self) -> None:
        self.world(slow=2.0)
        self.put(*[0] * 10)
        for _ in range(4):
            self.text.turn()
        self.put(*[0] * 5)
        self.text.end()
        self.text.run()
        assert len(self.behind) == 1
        assert self.live.counts.left_out > 0
        assert len(self.told) + self.live.counts.left_out == 15
        assert all(late <= 8100 for _, late in self.told)

    def test_what_nobody_listened_to_for_a_minute_is_forgotten_and_places_stay(self) -> None:
        self.world()
        for _ in range(int(HELD_S * 10) + 1):
            self.put(1)
        self.put(None, 0)
        self.text.turn()
        self.text.turn()
        assert self.behind
        assert self.told[-1][0] == int(HELD_S * 1000) + 300
        assert sum(block.shape[1] for block in self.live.heard) == 2 * 1600  # of what was forgotten nothing had to be heard
        assert len(self.told) == 1
        assert (self.text.left_out, self.text.unheard_frames) == (1, (int(HELD_S * 10) + 1) * 1600)

    def test_what_may_not_be_understood_is_never_heard(self) -> None:
        self.world()
        self.put(0, 1)
        self.text.allow(allowed=False)
        self.put(2)
        self.text.allow(allowed=True)
        self.put(3)
        while not self.told:
            self.text.turn()
        assert self.told == [(400, 0)]
        assert len(self.live.heard) == 1
        self.put(4)
        self.text.allow(allowed=False)
        self.put(5)
        self.text.turn()
        assert float(np.abs(self.live.heard[-1]).max(initial=0)) == 0
        assert self.told == [(400, 0)]

    def test_what_was_heard_already_is_forgotten_with_the_consent(self) -> None:
        self.world(slow=1.0)
        self.put(0, 1, 2)
        self.text.turn()
        assert len(self.told) == 1
        self.text.allow(allowed=False)
        self.text.allow(allowed=True)
        self.text.end()
        self.text.run()
        assert len(self.told) == 1

    def test_what_was_being_recognised_when_consent_went_does_not_come_out(self) -> None:
        self.world()
        turn = self.live.turn

        def refused_meanwhile(late) -> Sequence[Utterance]:
            found = turn(late)
            self.text.allow(allowed=False)
            return found

        self.live.turn = refused_meanwhile
        self.put(0)
        self.text.end()
        self.text.run()
        assert self.told == []

    def test_the_recogniser_is_loaded_when_it_is_first_needed(self) -> None:
        self.world()
        self.text.allow(allowed=False)
        self.put(*[1] * 30)
        self.text.turn()
        assert self.loaded == 0
        assert self.text.counts is None
        self.text.allow(allowed=True)
        self.put(2)
        self.text.end()
        self.text.run()
        assert (self.told, self.loaded) == ([(3100, 0)], 1)

    def test_it_comes_first_while_somebody_speaks_and_a_little_longer(self) -> None:
        self.world()
        self.put(None)
        self.text.turn()
        assert not self.first.held
        self.put(0, None)
        self.text.turn()
        assert self.first.held
        self.time.passed_s += QUIET_S - 1
        self.put(None)
        self.text.turn()
        assert self.first.held
        self.time.passed_s += 2
        self.put(None)
        self.text.turn()
        assert not self.first.held
        self.put(0)
        self.text.end()
        self.text.run()
        assert not self.first.held

    def test_a_gap_ends_what_was_being_said(self) -> None:
        self.world()
        self.put(None)
        self.text.gap()
        self.text.turn()
        assert self.live.flushed == 1


class Shop:
    """A box that listens to a scripted microphone."""

    def __init__(self, folder: Path, source: Source = COUNTER, minutes: float = 10.0) -> None:
        self.world = BoxWorld(folder)
        self.settings = Config(state=str(folder), capture=Capture(sources=(source,), minutes=minutes))
        self.source, self.printed, self.said = source, [], []
        self.reader = ScriptReader()
        self.before_each, self.kit = lambda: None, self.world.kit

    @property
    def box(self) -> app.Box:
        world, shop = self.world, self
        free = msgspec.structs.replace(self.settings, limits=world.limits)

        class Box(app.Box):
            def room(self) -> bool:
                shop.before_each()
                return super().room()

        return Box(settings=free, kit=self.kit, keys=world.keys, vault=world.vault, ledger=world.ledger, inbox=world.arrivals)  # type: ignore[arg-type]

    def listen(
        self, plug: Plug, *, stop: Event | None = None, reader: ScriptReader | None = None,
        load: Callable[[], Live] | None = None, told: Callable[[str], None] | None = None,
    ) -> documents.LiveEnded:  # fmt: skip
        speakers = tuple(Speaker(one) for one in self.source.speakers)
        live = Live(reader or self.reader, speakers, voice=lambda: loudness, pause_ms=500)
        self.heard = heard = Listening(
            box=self.box, source=self.source, microphones=plug, load=load or (lambda: live), emit=self.printed.append,
            over=lambda: plug.over, stop=stop or Event(), behind=lambda: self.said.append("behind"),
            told=self.said.append if told is None else told, away=lambda: self.said.append("away"), ask_s=0.0,
        )  # fmt: skip
        heard.line._retry_s = 0.0
        heard.run()
        return self.printed[-1]

    def text(self) -> list[str]:
        return [one.text.rstrip("。？") for one in self.printed if isinstance(one, documents.LiveUtterance)]

    def sealed(self) -> list[bytes]:
        """The samples of every recording, as the worker's decoder reads them."""
        found = []
        for line in self.printed[-1].recordings:
            with self.world.vault.open_hot(line.id) as media:
                blocks = list(sandbox.decode_audio(media, Limits()))
            found.append(np.rint(np.concatenate(blocks, axis=1).T * 32_768).astype("<i2").tobytes())
        return found


@pytest.fixture
def shops(tmp_path: Path):
    with ExitStack() as ends:

        def make(*given, **named) -> Shop:
            shop = Shop(tmp_path, *given, **named)
            ends.callback(shop.world.close)
            return shop

        yield make


def talk() -> bytes:
    return pcm(said((0, 900), (None, 1600), (1, 900), (None, 900)), said((None, 1300), (2, 900), (None, 2100)))


def test_every_sample_is_sealed_and_what_was_said_comes_out(shops) -> None:
    shop = shops()
    ended = shop.listen(Plug([cut(talk())]))
    assert sorted(shop.text()) == sorted(WORDS[:3])
    assert shop.sealed() == [talk()]
    assert (ended.text, ended.utterances, ended.lost_samples, ended.left_out) == ("on", 3, 0, 0)
    (line,) = ended.recordings
    assert (line.state, line.frames, line.parked) == ("sealed", len(talk()) // 4, "")
    assert shop.world.ledger.recording(line.id).state is State.SEALED


def test_recordings_follow_each_other_without_a_gap_and_the_text_does_not_notice(shops) -> None:
    shop = shops(minutes=1.0 / 60)
    ended = shop.listen(Plug([cut(talk(), 6404)]))
    assert [line.frames for line in ended.recordings] == [16_000, 16_000, 16_000, 16_000, 4800]
    assert [line.start_ms for line in ended.recordings] == [0, 1000, 2000, 3000, 4000]
    assert b"".join(shop.sealed()) == talk()
    assert sorted(shop.text()) == sorted(WORDS[:3])


def test_an_unplugged_device_ends_its_recording_and_another_begins_when_it_is_back(shops) -> None:
    shop = shops()
    before, after = pcm(said((0, 900)), said((None, 900))), pcm(said((None, 200), (1, 700), (None, 600)), said((None, 1500)))
    plug = Plug([cut(before), cut(after)], overruns=2)
    ended = shop.listen(plug)
    assert shop.sealed() == [before, after]
    assert shop.text() == [WORDS[0], WORDS[1]]
    assert (ended.gaps, ended.xruns, plug.opened) == (1, 4, 2)


def test_a_recogniser_that_stands_still_costs_text_never_sound(shops) -> None:
    shop, begun, last = shops(minutes=1.0 / 60), [], Event()

    def count() -> None:
        begun.append(1)
        if len(begun) == 5:
            last.set()

    shop.before_each = count
    ended = shop.listen(Plug([cut(talk())]), reader=ScriptReader(before=lambda: last.wait(60)))
    assert len(ended.recordings) == 5
    assert b"".join(shop.sealed()) == talk()
    assert ended.lost_samples == 0


def test_a_recogniser_that_breaks_costs_text_never_sound(shops) -> None:
    def breaks() -> None:
        raise ZeroDivisionError("他说太贵了")

    shop = shops()
    ended = shop.listen(Plug([cut(talk())]), reader=ScriptReader(before=breaks))
    assert shop.sealed() == [talk()]
    assert ended.text == "zero-division-error"
    assert shop.said == ["zero-division-error"]


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, OSError, MissingAsset])
def test_a_recogniser_that_cannot_be_loaded_costs_text_never_sound(shops, error: type[Exception], capsys) -> None:
    def fails() -> Live:
        raise error("他说太贵了")

    shop = shops()
    ended = shop.listen(Plug([cut(talk())]), load=fails)
    assert shop.sealed() == [talk()]
    assert ended.text == ended.recordings[0].text == shop.said[0] == errors.code(error("x"))
    assert len(shop.said) == 1
    assert "太贵" not in "".join(capsys.readouterr())


def test_without_consent_it_is_sealed_and_not_understood(shops) -> None:
    shop = shops(msgspec.structs.replace(COUNTER, basis="none"))
    ended = shop.listen(Plug([cut(talk())]))
    assert shop.reader.calls == []
    assert (ended.text, ended.utterances) == ("no-consent", 0)
    (line,) = ended.recordings
    assert line.parked == "no-consent"
    assert shop.sealed() == [talk()]


def test_a_notice_that_must_be_heard_first_gives_no_text_while_the_talk_lasts(shops) -> None:
    shop = shops(msgspec.structs.replace(COUNTER, basis="spoken"))
    ended = shop.listen(Plug([cut(talk())]))
    assert (shop.reader.calls, ended.text) == ([], "notice-not-yet-heard")
    assert ended.recordings[0].parked == ""


def test_an_employee_who_is_not_in_the_register_is_not_understood(shops) -> None:
    shop = shops(msgspec.structs.replace(COUNTER, rep="E7"))
    assert shop.listen(Plug([cut(talk())])).text == "no-employee-consent"


def test_consent_is_asked_again_for_each_recording(shops) -> None:
    shop = shops(msgspec.structs.replace(COUNTER, rep="E7"), minutes=1.0 / 60)
    shop.world.register("E7")
    asked = []

    def withdrawn_before_the_third() -> None:
        asked.append(1)
        if len(asked) == 3:
            shop.world.withdraw(Party.REP, "E7", past=False)

    shop.before_each = withdrawn_before_the_third
    ended = shop.listen(Plug([cut(talk())]))
    assert ended.text == "no-employee-consent"
    assert len(asked) == len(ended.recordings) == 5
    assert [line.parked for line in ended.recordings[2:]] == ["no-employee-consent"] * 3


class Told(list):
    """What was told, and an event for each."""

    def __init__(self) -> None:
        self.came = {why: Event() for why in ("on", "no-employee-consent")}

    def __call__(self, why: str) -> None:
        self.append(why)
        self.came[why].set()


class Asked:
    """A ledger that calls `before` whenever consent is asked for."""

    def __init__(self, ledger, before: Callable[[], None]) -> None:
        self._ledger, self._before = ledger, before

    def __getattr__(self, name: str):
        return getattr(self._ledger, name)

    def standing(self, recording):
        self._before()
        return self._ledger.standing(recording)


class Gated(Plug):
    """Each part begins once its gate opens; nobody pulls anything out between them."""

    def __init__(self, *parts: tuple[Callable[[], bool], bytes]) -> None:
        super().__init__([[]])
        self.gated = list(parts)

    def blocks(self) -> list[bytes]:
        if not self.parts or self.parts[0]:
            return super().blocks()
        if self.gated and self.gated[0][0]():
            self.parts[0] = cut(self.gated.pop(0)[1])
        return [] if self.gated else super().blocks()


def test_no_text_comes_out_after_consent_was_taken_back_within_a_recording(shops) -> None:
    """The first utterance is out; the second is over and being recognised, the third has begun."""
    shop, told, after, reading = shops(msgspec.structs.replace(COUNTER, rep="E7")), Told(), [], Event()
    shop.world.register("E7")

    def withdraw() -> None:
        if reading.is_set() and not after:
            after.append(len(shop.text()))
            shop.world.withdraw(Party.REP, "E7", past=False)

    def recognise() -> None:
        if shop.text():
            reading.set()
            assert told.came["no-employee-consent"].wait(60)

    shop.kit = replace(shop.kit, ledger=Asked(shop.world.ledger, withdraw))
    parts = [pcm(said((0, 900), (None, 700)), said((None, 1600))), pcm(said((1, 900), (None, 700)), said((None, 1600)))]
    parts.append(pcm(said((2, 900), (None, 1900)), said((None, 2800))))
    plug = Gated((lambda: True, parts[0]), (lambda: bool(shop.text()), parts[1]), (reading.is_set, parts[2]))
    ended = shop.listen(plug, reader=ScriptReader(before=recognise), told=told)
    assert after == [1]
    assert shop.text() == [WORDS[0]]
    assert (ended.text, told) == ("no-employee-consent", ["no-employee-consent"])
    assert [line.text for line in ended.recordings] == ["no-employee-consent"]
    assert shop.sealed() == [b"".join(parts)]


def test_where_nobody_knows_whether_consent_holds_there_is_no_text_and_the_sound_is_sealed(shops) -> None:
    shop, asked = shops(), []

    def busy() -> None:
        asked.append(1)
        if 1 < len(asked) < 45:
            raise Unavailable("the ledger is busy")

    shop.kit = replace(shop.kit, ledger=Asked(shop.world.ledger, busy))
    plug = Gated((lambda: bool(asked), talk()))
    ended = shop.listen(plug)
    assert shop.said[0] == "unavailable"
    assert (ended.recordings[0].text, ended.lost_samples) == ("unavailable", 0)
    assert shop.sealed() == [talk()]


def test_consent_that_comes_later_begins_the_text(shops) -> None:
    shop, told, loaded, count = shops(msgspec.structs.replace(COUNTER, rep="E7"), minutes=3.0 / 60), Told(), [], []

    def register() -> None:
        count.append(1)
        if len(count) == 2 + 15:  # with the last block of what is said before
            shop.world.register("E7")

    def load() -> Live:
        loaded.append(1)
        return Live(shop.reader, (Speaker.REP, Speaker.CUSTOMER), voice=lambda: loudness, pause_ms=500)

    shop.kit = replace(shop.kit, ledger=Asked(shop.world.ledger, register))
    plug = Gated((lambda: True, pcm(said((3, 1500)), said((None, 1500)))), (told.came["on"].is_set, talk()))
    ended = shop.listen(plug, load=load, told=told)
    assert sorted(shop.text()) == sorted(WORDS[:3])
    assert loaded == [1]
    assert told == ["no-employee-consent", "on"]
    assert ended.text == "on"
    assert [line.text for line in ended.recordings] == ["no-employee-consent", "on"]
    starts = sorted(one.start_ms for one in shop.printed if isinstance(one, documents.LiveUtterance))
    assert starts == pytest.approx([1500, 2800, 4000], abs=150)


def test_a_device_that_is_not_there_is_said(shops) -> None:
    class Missing(Plug):
        tries = 0

        def open(self, source: object) -> Plug:
            self.tries += 1
            if self.tries < 3:
                raise Unavailable("away")
            return super().open(source)

    shop = shops()
    shop.listen(Missing([cut(talk())]))
    assert shop.said == ["away"]


def test_the_same_file_twice_is_sealed_as_a_repeat(shops) -> None:
    shop = shops()
    shop.listen(Plug([cut(talk())]))
    ended = shop.listen(Plug([cut(talk())]))
    assert [(line.state, line.parked) for line in ended.recordings] == [("rejected", "duplicate")]


def test_it_stops_when_told_with_the_last_utterance_out(shops) -> None:
    shop, stop = shops(), Event()
    plug = Plug([[*cut(pcm(said((0, 900)), said((None, 900))))]])
    blocks = plug.blocks

    def then_stop() -> list[bytes]:
        found = blocks() if plug.parts[0] else []
        if not plug.parts[0]:
            stop.set()
        return found

    plug.blocks = then_stop  # type: ignore[method-assign]
    ended = shop.listen(plug, stop=stop)
    assert shop.text() == [WORDS[0]]
    assert [line.state for line in ended.recordings] == ["sealed"]


def test_a_full_disk_ends_it_and_says_what_is_lost(shops) -> None:
    shop = shops()
    shop.world.limits = Limits(media_floor_bytes=2**50)
    with pytest.raises(Unavailable, match="nearly full"):
        shop.listen(Plug([cut(talk())]))
    ended = shop.printed[-1]
    assert ended.recordings == []
    assert ended.lost_samples == shop.heard.ear.frames > 0


@pytest.mark.parametrize("at", ["begin", "middle", "end"])
def test_whatever_ends_the_seal_every_sample_that_was_heard_and_not_sealed_is_counted(shops, at: str) -> None:
    shop = shops(minutes=1.0 / 60)
    kit, begun = shop.kit, []

    class Vault:
        def __getattr__(self, name: str):
            return getattr(kit.vault, name)

        def seal(self, object_id: str, chunks, *, retention: str):
            begun.append(object_id)
            if len(begun) < 3:
                return kit.vault.seal(object_id, chunks, retention=retention)
            for _ in range({"begin": 0, "middle": 4, "end": 10**6}[at]):
                if next(chunks, None) is None:
                    break
            raise RuntimeError("的")

    shop.kit = replace(kit, vault=Vault())
    with pytest.raises(RuntimeError):
        shop.listen(Plug([cut(talk(), 6404)]))
    ended = shop.printed[-1]
    assert [line.frames for line in ended.recordings] == [16_000, 16_000]
    assert ended.lost_samples == shop.heard.ear.frames - 32_000 > 0


def test_a_reader_that_went_away_ends_it_cleanly(shops) -> None:
    shop = shops()
    kept = shop.printed

    class Gone(list):
        def append(self, one) -> None:
            if isinstance(one, documents.LiveUtterance):
                raise BrokenPipeError
            kept.append(one)

    shop.printed = Gone()
    plug = Plug([cut(talk())])
    speakers = (Speaker.REP, Speaker.CUSTOMER)
    Listening(
        box=shop.box, source=COUNTER, microphones=plug, over=lambda: plug.over, emit=shop.printed.append,
        load=lambda: Live(ScriptReader(), speakers, voice=lambda: loudness, pause_ms=500),
    ).run()  # fmt: skip
    assert kept[-1].recordings[0].state == "sealed"


class TestBeside:
    """What the worker leaves alone while somebody listens."""

    def captured(self, kit: pipeline.Kit):
        recording = replace(pipeline.take_in(kit, FakeArrival()), state=State.CAPTURED, digest="")
        kit.ledger.rows[recording.id] = recording
        return recording

    def test_what_is_being_heard_is_left_alone(self) -> None:
        kit = replace(make_kit(), listens=lambda _: True)
        recording = self.captured(kit)
        assert pipeline.advance(kit, recording).state is State.CAPTURED
        assert pipeline.advance(replace(kit, listens=lambda one: one.id > recording.id), recording).state is State.SEALED

    def test_once_nobody_listens_a_torn_one_is_rejected(self) -> None:
        kit = make_kit()
        torn = self.captured(kit)
        kit.vault.shred([torn.id])
        assert pipeline.advance(kit, torn).state is State.REJECTED

    def test_what_was_sealed_meanwhile_is_not_taken_for_torn(self) -> None:
        kit = make_kit()
        seen = self.captured(kit)
        kit.ledger.rows[seen.id] = replace(seen, state=State.SEALED)
        assert pipeline.advance(kit, seen).state is State.SEALED, "analysed without its turn"
        assert pipeline.advance(kit, kit.ledger.recording(seen.id)).state is State.CLOSED

    def test_the_worker_sees_who_comes_first(self, tmp_path: Path) -> None:
        lock = tmp_path / "run" / "live.lock"
        first = Precedence(lock)
        for _ in range(2):
            first.hold()
            first.hold()
            assert locks.held(lock)
            first.release()
            first.release()
            assert not locks.held(lock)

    def test_a_lock_is_held_only_while_it_is_held(self, tmp_path: Path) -> None:
        lock = tmp_path / "run" / "listening.lock"
        assert not locks.held(lock)
        earlier = new_id()
        with locks.alone(lock, listening.BUSY):
            assert locks.held(lock)
            assert locks.hears(lock, new_id())
            assert not locks.hears(lock, earlier), "left by an earlier one"
            lock.write_text("")
            assert locks.hears(lock, earlier), "not yet said since when"
            with pytest.raises(Unavailable), locks.alone(lock, listening.BUSY, wait_s=0.0):
                pass
        assert not locks.held(lock)
        assert not locks.hears(lock, new_id())


def test_a_source_is_chosen_by_its_name_the_first_one_or_a_device() -> None:
    other = Source(name="till", device="usb")
    settings = Config(capture=Capture(sources=(COUNTER, other)))
    assert listening.source_of(settings) == COUNTER
    assert listening.source_of(settings, "till") == other
    assert listening.source_of(settings, "till", "line-in").device == "line-in"
    assert listening.source_of(Config(), device="line-in").basis == "none"
    with pytest.raises(NotFound, match="counter, till"):
        listening.source_of(settings, "nowhere")
    with pytest.raises(NotFound):
        listening.source_of(Config())


def test_what_is_said_never_goes_to_the_journal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "journal").open("wb") as file:
        here = os.fstat(file.fileno())
        assert logged(f"{here.st_dev}:{here.st_ino}", file.fileno())
        assert not logged("", file.fileno())
        assert not logged(f"{here.st_dev}:{here.st_ino + 1}", file.fileno())
    with socket.socket(socket.AF_UNIX) as journal:
        journal.bind(str(tmp_path / "stdout"))
        journal.listen(1)
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(tmp_path / "stdout"))
            assert logged("", line.fileno(), homes=(f"{tmp_path}/",))
            assert not logged("", line.fileno())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not logged("", ours.fileno())
    out = os.fstat(1)
    monkeypatch.setenv("JOURNAL_STREAM", f"{out.st_dev}:{out.st_ino}")
    assert main(["--state", str(tmp_path), "listen"]) == 1


def test_text_in_a_file_on_a_plain_disk_is_known(tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as file:
        for kind, plain in ((Storage.PLAIN, True), (Storage.UNKNOWN, True), (Storage.MEMORY, False), (Storage.ENCRYPTED, False)):
            asked: list[Path] = []
            assert left_plain(file.fileno(), lambda folder, kind=kind, asked=asked: asked.append(folder) or kind) is plain
            assert asked == [tmp_path]
    inside, outside = os.pipe()
    assert not left_plain(outside, lambda _folder: Storage.PLAIN)
    os.close(inside)
    os.close(outside)


def test_quantiles_are_values_that_occurred() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0.5, 0.95)] == [2, 4]
    assert quantile([], 0.5) is None
    assert quantile([7], 0.95) == 7
