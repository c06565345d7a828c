"""Microphones into the inbox: whole files with sidecars only, an unplugged device survived, losses counted, no plain disk."""

import os
import queue
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import msgspec
import pytest

from edge_agent import processes
from edge_agent.capture.claim import Claimed
from edge_agent.capture.inbox import FileInbox
from edge_agent.capture.line import RETRY_S, SILENT_S, Clocks
from edge_agent.capture.microphones import PortAudio
from edge_agent.capture.recorder import HEALTH, Recorder, read_health
from edge_agent.capture.segment import sidecar
from edge_agent.capture.sidecar import read as read_sidecar
from edge_agent.capture.storage import Storage, storage_of
from edge_agent.config import Capture, Config, Limits, Source
from edge_agent.domain.recording import Consent
from edge_agent.domain.transcript import Speaker
from edge_agent.errors import NotAllowed, NotFound, Unavailable

COUNTER = Source(
    name="counter", speakers=("rep", "customer"), rate_hz=8000, basis="notice", industry="fmcg", own=("青山食品",),
    context=frozenset({"recorded"}),
)  # fmt: skip
SECOND = b"\x01\x00\x02\x00" * 8000


@dataclass
class FakeStream:
    waiting: list[bytes] = field(default_factory=list)
    alive: bool = True
    overruns: int = 0
    closed: bool = False

    def blocks(self) -> Sequence[bytes]:
        now, self.waiting = self.waiting, []
        return now

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeMicrophones:
    """`there` says whether the device is plugged in; every open stream is kept."""

    there: bool = True
    streams: list[FakeStream] = field(default_factory=list)

    def open(self, source: Source) -> FakeStream:
        if not self.there:
            raise Unavailable("away")
        self.streams.append(FakeStream())
        return self.streams[-1]


@dataclass
class Shop:
    """A recorder in a folder, its microphones, and its time."""

    folder: Path
    minutes: float = 1.0
    microphones: FakeMicrophones = field(default_factory=FakeMicrophones)
    passed_s: float = 0.0

    def __post_init__(self) -> None:
        began = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
        clocks = Clocks(now=lambda: began + timedelta(seconds=self.passed_s), monotonic=lambda: self.passed_s)
        self.recorder = Recorder([COUNTER], self.folder, self.microphones, minutes=self.minutes, clocks=clocks)
        self.recorder.turn()

    def hear(self, seconds: int) -> None:
        for _ in range(seconds):
            self.passed_s += 1
            self.microphones.streams[-1].waiting.append(SECOND)
            self.recorder.turn()

    def pass_(self, seconds: float) -> None:
        self.passed_s += seconds
        self.recorder.turn()

    def stop(self) -> None:
        self.recorder.end()

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.wav"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def frames(path: Path) -> int:
    with wave.open(str(path)) as file:
        return file.getnframes()


def test_files_of_the_configured_length_come_with_a_sidecar_the_inbox_reads(shop: Shop) -> None:
    shop.hear(130)
    assert [frames(path) for path in shop.files()] == [60 * 8000] * 2
    arrivals = FileInbox(shop.folder, Limits()).arrivals()
    assert len(arrivals) == 2
    said = arrivals[0].circumstances()
    assert said.started_at == datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    assert said.consent is Consent.NOTICE
    assert said.channels == (Speaker.REP, Speaker.CUSTOMER)
    assert (said.industry, said.channel, said.own, said.context) == ("fmcg", "visit", ("青山食品",), frozenset({"recorded"}))


def test_what_is_being_recorded_does_not_exist_for_the_inbox(shop: Shop) -> None:
    shop.hear(30)
    assert FileInbox(shop.folder, Limits()).arrivals() == []
    assert FileInbox(shop.folder, Limits()).waiting() == 0


def test_stopping_finishes_the_file(shop: Shop) -> None:
    shop.hear(7)
    shop.stop()
    assert [frames(path) for path in shop.files()] == [7 * 8000]
    assert shop.microphones.streams[0].closed


def test_an_unplugged_device_ends_its_file_and_is_opened_again_when_it_is_back(shop: Shop) -> None:
    shop.hear(5)
    shop.microphones.there = False
    shop.microphones.streams[0].alive = False
    shop.pass_(0)
    assert [frames(path) for path in shop.files()] == [5 * 8000]
    for _ in range(10):
        shop.pass_(RETRY_S)
    shop.microphones.there = True
    shop.pass_(RETRY_S)
    shop.hear(3)
    shop.stop()
    assert sorted(frames(path) for path in shop.files()) == [3 * 8000, 5 * 8000]


def test_a_stream_that_only_pretends_to_live_is_replaced(shop: Shop) -> None:
    shop.hear(1)
    shop.pass_(SILENT_S + 1)
    shop.pass_(RETRY_S)
    assert len(shop.microphones.streams) == 2
    assert shop.microphones.streams[0].closed


def test_overruns_are_counted_over_all_streams(shop: Shop) -> None:
    shop.microphones.streams[0].overruns = 2
    shop.microphones.streams[0].alive = False
    shop.pass_(0)
    shop.pass_(RETRY_S)
    shop.microphones.streams[1].overruns = 3
    shop.pass_(60)
    health = read_health(shop.folder)
    assert health is not None
    assert health.sources[0].overruns == 5


def test_health_says_what_each_source_does(shop: Shop) -> None:
    shop.hear(61)
    shop.stop()
    health = read_health(shop.folder)
    assert health is not None
    (said,) = health.sources
    assert (said.name, said.recording, said.files, said.lost_blocks) == ("counter", False, 2, 0)
    assert said.heard_at == "2026-11-20T01:31:01+00:00"


def test_a_full_inbox_loses_counted_blocks_and_recovers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    def full(handle: int, content: memoryview) -> int:
        raise OSError(28, "No space left on device")

    shop.hear(2)
    monkeypatch.setattr(os, "write", full)
    shop.hear(3)
    monkeypatch.setattr(os, "write", real)
    shop.hear(4)
    shop.stop()
    health = read_health(shop.folder)
    assert health is not None
    assert health.sources[0].lost_blocks == 3
    assert sorted(frames(path) for path in shop.files()) == [2 * 8000, 4 * 8000]


def test_what_a_killed_recorder_left_is_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / ".0193-killed.wav.part").write_bytes(b"half")
    stop = Event()
    stop.set()
    Shop(tmp_path).recorder.run(stop)
    assert [path.name for path in tmp_path.iterdir()] == [HEALTH]


def test_health_that_nobody_wrote_is_unknown(tmp_path: Path) -> None:
    assert read_health(tmp_path) is None
    (tmp_path / HEALTH).write_bytes(b"{")
    assert read_health(tmp_path) is None


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /run rw,nosuid shared:2 - tmpfs tmpfs rw,size=800000k
24 22 253:0 / /var/lib/edge\\040agent rw shared:3 - ext4 /dev/mapper/state rw
25 22 253:1 / /srv rw shared:4 - xfs /dev/mapper/vg-srv rw
26 22 0:99 / /net rw shared:5 - nfs4 hq:/x rw
"""


@pytest.mark.parametrize(
    ("folder", "storage"),
    [
        ("/run/edge-agent/inbox", Storage.MEMORY),
        ("/home/inbox", Storage.PLAIN),
        ("/var/lib/edge agent/inbox", Storage.ENCRYPTED),
        ("/srv/inbox", Storage.ENCRYPTED),
        ("/net/inbox", Storage.UNKNOWN),
    ],
)
def test_storage_is_told_from_mounts_and_devices(tmp_path: Path, folder: str, storage: Storage) -> None:
    block = tmp_path / "dev" / "block"
    for device, uuid, below in (("8:1", "", ()), ("253:0", "CRYPT-LUKS2-x", ()), ("253:1", "LVM-x", ("dm-0",))):
        (block / device / "slaves").mkdir(parents=True)
        if uuid:
            (block / device / "dm").mkdir()
            (block / device / "dm" / "uuid").write_text(f"{uuid}\n")
        for name in below:
            (block / device / "slaves" / name / "dm").mkdir(parents=True)
            (block / device / "slaves" / name / "dm" / "uuid").write_text("CRYPT-LUKS2-y\n")
    assert storage_of(Path(folder), mounts=MOUNTS, sys=tmp_path) is storage


@pytest.mark.parametrize("code", ["E1024", '工号 "7" \\', ""])
def test_a_source_names_its_employee_in_every_sidecar(code: str) -> None:
    written = sidecar(msgspec.structs.replace(COUNTER, rep=code), datetime(2026, 11, 20, tzinfo=UTC))
    said = read_sidecar(written.encode(), lambda purpose, person: f"{purpose}:{person}")
    assert said.rep == (f"rep:{code}" if code else "")


def _settings(folder: Path, *, allow_plain: bool = False) -> Config:
    return Config(state=str(folder), capture=Capture(sources=(COUNTER,), allow_plain=allow_plain))


def test_recording_onto_a_plain_disk_is_refused_unless_it_was_asked_for(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    if storage_of(settings.paths.inbox) in {Storage.MEMORY, Storage.ENCRYPTED}:
        pytest.skip("temporary files lie in memory or on an encrypted disk here")
    with pytest.raises(NotAllowed, match="allow_plain"):
        processes.may_record(settings)
    processes.may_record(_settings(tmp_path, allow_plain=True))


def test_recording_into_memory_is_allowed() -> None:
    if storage_of(Path("/dev/shm")) is not Storage.MEMORY:
        pytest.skip("no tmpfs here")
    processes.may_record(Config(inbox="/dev/shm/edge-inbox", capture=Capture(sources=(COUNTER,))))


class TestClaimed:
    """`run capture` and `listen` never record one source at once."""

    def test_a_source_that_another_process_records_is_not_there_until_that_one_ends(self, tmp_path: Path) -> None:
        till = msgspec.structs.replace(COUNTER, name="till")
        capture, listen = (Claimed(FakeMicrophones(), tmp_path) for _ in range(2))
        capture.open(COUNTER)
        capture.open(COUNTER)  # after an unplug
        for refuses in (listen.open, listen.claim):
            with pytest.raises(Unavailable, match="another process records this source"):
                refuses(COUNTER)
        listen.open(till)
        capture.release()
        listen.open(COUNTER)
        listen.release()

    def test_a_recorder_goes_on_when_nobody_else_records_its_source(self, tmp_path: Path) -> None:
        other, microphones = Claimed(FakeMicrophones(), tmp_path), FakeMicrophones()
        other.claim(COUNTER)
        shop = Shop(tmp_path, microphones=Claimed(microphones, tmp_path))  # type: ignore[arg-type]
        assert microphones.streams == []
        other.release()
        shop.pass_(RETRY_S)
        assert len(microphones.streams) == 1
        shop.stop()

    def test_the_lock_is_for_both_accounts_and_no_recording(self, tmp_path: Path) -> None:
        claimed = Claimed(FakeMicrophones(), tmp_path)
        claimed.claim(COUNTER)
        (lock,) = tmp_path.iterdir()
        assert lock.stat().st_mode & 0o777 == 0o660
        assert FileInbox(tmp_path, Limits()).arrivals() == []
        claimed.release()


def test_nothing_configured_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing to record"):
        processes.run_capture(Config(state=str(tmp_path)))


class PortAudioError(Exception):
    pass


class FakeLibrary:
    """sounddevice with one card; `calls` tells what was asked of it. A stream gives what is put into its queue."""

    PortAudioError = PortAudioError

    def __init__(self, *names: str) -> None:
        self.names, self.later, self.calls = list(names), list(names), []
        self.heard: queue.Queue[tuple[bytes, bool] | None] = queue.Queue()

    def query_devices(self) -> list[dict[str, object]]:
        return [{"name": name, "max_input_channels": 0 if "HDMI" in name else 2} for name in self.names]

    def _terminate(self) -> None:
        self.calls.append("terminate")

    def _initialize(self) -> None:
        self.names = self.later
        self.calls.append("initialize")

    def RawInputStream(self, **wanted: object) -> "FakeLibrary":  # noqa: N802 - its name there
        self.calls.append(f"open {wanted['device']}")
        return self

    def start(self) -> None:
        self.calls.append("start")

    def read(self, _frames: int) -> tuple[bytes, bool]:
        found = self.heard.get(timeout=20)
        if found is None:
            raise PortAudioError
        return found

    def close(self, *, ignore_errors: bool) -> None:
        self.calls.append("close")


def test_a_device_is_chosen_by_a_part_of_its_name_among_those_that_record() -> None:
    library = FakeLibrary("HDMI counter", "USB Counter Mic: hw:1,0")
    stream = PortAudio(look=lambda: library.names, library=library).open(Source(name="a", device="counter"))
    library.heard.put((b"ab", False))
    library.heard.put((b"cd", True))
    library.heard.put(None)
    stream._thread.join()
    assert (stream.blocks(), stream.overruns, stream.alive) == ([b"ab", b"cd"], 1, False)
    stream.close()
    assert library.calls == ["open 1", "start", "close"]


def test_the_list_is_read_again_only_when_the_device_is_back() -> None:
    library = FakeLibrary("pulse")
    there: list[str] = ["pulse"]
    microphones = PortAudio(look=lambda: there, library=library)
    with pytest.raises(Unavailable):
        microphones.open(Source(name="a", device="usb"))
    assert library.calls == []
    there.append("USB Mic")
    library.later = ["pulse", "USB Mic"]
    library.heard.put(None)
    microphones.open(Source(name="a", device="usb")).close()
    assert library.calls == ["terminate", "initialize", "open 1", "start", "close"]


def test_where_sound_cannot_be_used_the_device_is_away() -> None:
    with pytest.raises(Unavailable):
        PortAudio(look=lambda: None, library=FakeLibrary()).open(Source(name="a"))
