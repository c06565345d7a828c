"""Cameras: their configuration and credentials, what pullers say, and whose recordings are analysed or dropped."""

import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pipeline_fakes import NOON, FakeArrival, FakeLedger, make_kit

from edge_agent import config, turns, worker
from edge_agent.capture import sidecar
from edge_agent.capture.cameras import address, footage, nursery, wire
from edge_agent.capture.cameras.puller import Clock, Still, options
from edge_agent.capture.cameras.wire import Job, Kind, Misbehaved, Reader, frame
from edge_agent.config.cameras import Camera, faults, is_open
from edge_agent.domain.recording import DROPPED, Circumstances, Consent, Recording, State
from edge_agent.domain.recording import Kind as What
from edge_agent.errors import BadConfig, BadInput, NotAllowed
from edge_agent.ports import Arrival

SHELF = Camera(id="cam-1", url="rtsp://10.0.0.9:554/live", bay="bay-a", basis="not-personal")


class TestConfiguration:
    def loaded(self, tmp_path: Path, lines: str) -> config.Config:
        file = tmp_path / "config.toml"
        file.write_text(f"[[cameras]]\n{lines}\n", encoding="utf-8")
        return config.load(file)

    def test_a_camera_needs_a_name_an_address_and_what_it_shows(self, tmp_path: Path) -> None:
        (camera,) = self.loaded(tmp_path, 'id = "cam-1"\nurl = "rtsp://10.0.0.9/live"\nbay = "bay-a"').cameras
        assert (camera.basis, camera.segment_s, camera.kind) == ("none", 300.0, "network")

    @pytest.mark.parametrize(
        "url",
        [
            "rtsp://admin:s3cret@10.0.0.9/live",
            "rtsp://admin@10.0.0.9/live",
            "rtsp://10.0.0.9/user=admin&password=s3cret&channel=1",
            "rtsp://10.0.0.9/live?passwd=s3cret",
            "rtsp://10.0.0.9/live?%70assword=s3cret",
            "rtsp://10.0.0.9/live?token=s3cret",
        ],
    )
    def test_an_address_with_a_password_is_refused_with_the_way_out_and_without_it(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(BadConfig) as refused:
            self.loaded(tmp_path, f'id = "cam-1"\nurl = "{url}"\nbay = "bay-a"')
        assert "credentials" in refused.value.message
        assert "凭据" in refused.value.zh or "credentials" in refused.value.zh
        assert "s3cret" not in str(refused.value) + refused.value.zh
        assert "admin" not in str(refused.value)

    def test_places_for_credentials_amid_an_address_are_none(self) -> None:
        assert faults(msgspec.structs.replace(SHELF, url="rtsp://10.0.0.9/user={user}&password={password}")) == []

    @pytest.mark.parametrize("lines", ["", 'bay = "a"\nfloor = "b"', 'floor = "b"\nbasis = "not-personal"'])
    def test_what_it_shows_is_one_thing_and_a_floor_is_personal(self, lines: str, tmp_path: Path) -> None:
        with pytest.raises(BadConfig):
            self.loaded(tmp_path, f'id = "cam-1"\nurl = "rtsp://10.0.0.9/live"\n{lines}')

    def test_a_floor_is_not_cut_into_less_than_minutes_and_a_shelf_may_be(self, tmp_path: Path) -> None:
        head = 'id = "cam-1"\nurl = "rtsp://10.0.0.9/live"\nbasis = "notice"\n'
        with pytest.raises(BadConfig) as refused:
            self.loaded(tmp_path, f'{head}floor = "f"\nsegment_s = 59')
        assert "cameras[1].segment_s" in refused.value.message
        assert "60" in refused.value.zh
        assert self.loaded(tmp_path, f'{head}floor = "f"\nsegment_s = 60').cameras[0].segment_s == 60
        assert self.loaded(tmp_path, f'{head}bay = "b"\nsegment_s = 2').cameras[0].segment_s == 2

    @pytest.mark.parametrize("url", ["http://10.0.0.9/", "10.0.0.9", "rtsp://10.0.0.9/a b", "file:///etc/passwd"])
    def test_other_addresses_are_refused(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(BadConfig):
            self.loaded(tmp_path, f'id = "cam-1"\nurl = "{url}"\nbay = "bay-a"')

    def test_two_cameras_of_one_name_are_refused(self, tmp_path: Path) -> None:
        one = 'id = "cam-1"\nurl = "/dev/video0"\nbay = "bay-a"'
        with pytest.raises(BadConfig, match="differ"):
            self.loaded(tmp_path, f"{one}\n[[cameras]]\n{one}")

    @pytest.mark.parametrize(
        ("hours", "at", "expected"),
        [
            ((), "03:00", True),
            (("08:00-22:00",), "08:00", True),
            (("08:00-22:00",), "22:00", False),
            (("08:00-12:00", "14:00-24:00"), "13:00", False),
            (("08:00-12:00", "14:00-24:00"), "23:59", True),
            (("20:00-02:00",), "01:59", True),
            (("20:00-02:00",), "02:00", False),
        ],
    )
    def test_hours(self, hours: tuple[str, ...], at: str, *, expected: bool) -> None:
        assert is_open(hours, time.fromisoformat(at)) is expected


class TestAddress:
    def secret(self, tmp_path: Path, content: str, mode: int = 0o600) -> Camera:
        file = tmp_path / "secret"
        file.write_text(content)
        file.chmod(mode)
        return msgspec.structs.replace(SHELF, credentials=str(file))

    def test_no_character_of_a_password_changes_what_the_address_means(self, tmp_path: Path) -> None:
        camera = self.secret(tmp_path, "shop:p@ss/w:rd#?%1\n")
        said = address.with_credentials(camera, address.credentials(camera))
        assert said == "rtsp://shop:p%40ss%2Fw%3Ard%23%3F%251@10.0.0.9:554/live"

    def test_credentials_may_stand_amid_the_address(self) -> None:
        camera = msgspec.structs.replace(SHELF, url="rtsp://10.0.0.9/user={user}&password={password}&channel=1")
        assert address.with_credentials(camera, "a:b&c") == "rtsp://10.0.0.9/user=a&password=b%26c&channel=1"

    @pytest.mark.parametrize(("content", "mode"), [("", 0o600), ("nobody", 0o600), ("a:b\nc:d", 0o600), ("a:b", 0o644)])
    def test_a_file_that_is_no_secret_line_is_refused_by_what_is_wrong(self, content: str, mode: int, tmp_path: Path) -> None:
        with pytest.raises(BadConfig) as refused:
            address.credentials(self.secret(tmp_path, content, mode))
        assert str(tmp_path) not in str(refused.value)

    def test_a_missing_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(BadConfig, match="cannot be read"):
            address.credentials(msgspec.structs.replace(SHELF, credentials=str(tmp_path / "none")))

    def test_a_device_is_opened_as_one_and_a_network_camera_over_tcp(self) -> None:
        device = Job(url="/dev/video0", kind="device", segment_s=5, silent_s=5)
        network = Job(url="rtsp://10.0.0.9/", kind="network", segment_s=5, silent_s=5)
        assert options(device) == {"input_format": "mjpeg"}
        assert options(network)["rtsp_transport"] == "tcp"
        assert msgspec.structs.replace(SHELF, url="/dev/video12").kind == "device"
        assert msgspec.structs.replace(SHELF, url="/dev/video12.mp4").kind == "file"


@contextmanager
def impostor(folder: Path, name: str) -> Iterator[tuple[int, Path, list[bytes]]]:
    """A TLS server at 127.0.0.1 with a certificate of its own for `name`: its port, the certificate, and what it was told."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    began = datetime.now(UTC) - timedelta(days=1)
    signed = (
        x509.CertificateBuilder().subject_name(named).issuer_name(named).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(began).not_valid_after(began + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )  # fmt: skip
    (both := folder / "both.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    )
    (shown := folder / "shown.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    told = list[bytes]()

    def serve() -> None:
        with suppress(OSError):
            caller, _ = door.accept()
            with caller, context.wrap_socket(caller, server_side=True) as line:
                told.append(line.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = Thread(target=serve)
        serving.start()
        yield door.getsockname()[1], shown, told
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
        serving.join()


class TestTls:
    def test_who_cannot_prove_to_be_the_camera_is_told_nothing(self, tmp_path: Path) -> None:
        with impostor(tmp_path, "127.0.0.1") as (port, _, told):
            pulled(self.job(port, address.TRUSTED))

        assert not any(told), "nothing but a broken handshake"

    def test_whom_the_given_certificate_vouches_for_is_asked(self, tmp_path: Path) -> None:
        with impostor(tmp_path, "127.0.0.1") as (port, shown, told):
            pulled(self.job(port, str(shown)))
        assert told[0].startswith(b"OPTIONS")

    def test_a_certificate_for_another_address_is_none(self, tmp_path: Path) -> None:
        with impostor(tmp_path, "127.0.0.9") as (port, shown, told):
            pulled(self.job(port, str(shown)))
        assert not any(told)

    @pytest.mark.parametrize("ca", ["", "/nonexistent/ca.pem"])
    def test_without_a_certificate_to_go_by_nobody_is_asked(self, ca: str) -> None:
        assert pulled(self.job(1, ca)) == [(Kind.GONE, b"no-ca")]

    def test_what_vouches_is_what_was_configured_else_what_the_system_trusts(self) -> None:
        tls = msgspec.structs.replace(SHELF, url="rtsps://10.0.0.9/live")
        assert [address.ca(one) for one in (SHELF, tls, msgspec.structs.replace(tls, ca="/etc/shop.pem"))] == [
            "", address.TRUSTED, "/etc/shop.pem"
        ]  # fmt: skip
        assert [key for key, *_ in faults(msgspec.structs.replace(SHELF, ca="/etc/shop.pem"))] == ["ca"]

    def test_a_password_over_plain_tcp_is_known_as_such(self) -> None:
        secret = msgspec.structs.replace(SHELF, credentials="cam-1")
        tls = msgspec.structs.replace(secret, url="rtsps://10.0.0.9/live")
        assert [one.in_clear for one in (SHELF, secret, tls)] == [False, True, False]

    def job(self, port: int, ca: str) -> Job:
        return Job(url=f"rtsps://shop:s3cret@127.0.0.1:{port}/live", kind="network", segment_s=5, silent_s=2, ca=ca)


def pulled(job: Job) -> list[tuple[Kind, bytes]]:
    """What a real puller says, until it ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = subprocess.Popen(nursery.PULLER, stdin=subprocess.PIPE, stdout=theirs, cwd="/", env=nursery.ENVIRONMENT)
        theirs.close()
        assert child.stdin is not None
        with child.stdin as pipe:
            pipe.write(msgspec.json.encode(job))
        reader, found = Reader(ours, patience_s=60), []
        while (one := reader.next()) is not None:
            found.append(one)
        assert child.wait(timeout=60) == 0
    return found


@pytest.mark.parametrize(
    ("url", "kind", "code"), [("/dev/video99", "device", b"not-found"), ("rtsp://127.0.0.1:1/live", "network", b"refused")]
)
def test_a_camera_that_is_not_there_is_said_in_a_code(url: str, kind: str, code: bytes) -> None:
    job = msgspec.convert({"url": url, "kind": kind, "segment_s": 5.0, "silent_s": 5.0}, Job)
    assert pulled(job) == [(Kind.GONE, code)]


INTRUDER = """
import sys
sys.path.insert(0, sys.argv[1])
import os, socket
from edge_agent.capture.cameras import puller
from edge_agent.sandbox.confine import Reach, confine
puller._rehearse()
confine((), Reach(network=True, processor_s=0))
outcomes = {{}}
for name, attempt in {attempts!r}.items():
    try:
        exec(attempt)
        outcomes[name] = "done"
    except OSError as error:
        outcomes[name] = error.errno
print(outcomes, flush=True)
"""
ATTEMPTS = {
    "a key": "open('/etc/shadow')",
    "a file": "open('/tmp/stolen', 'w')",
    "a device": "open('/dev/zero')",
    "a folder": "os.listdir('/var/lib')",
    "a process": "os.fork()",
    "a program": "os.execv('/bin/sh', ['sh'])",
    "a local socket": "socket.socket(socket.AF_UNIX)",
    "a listener": "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()",
    "its parent": "os.kill(os.getppid(), 9)",
    "a name": "socket.getaddrinfo('localhost', 80)",
}


def test_the_process_with_the_network_can_do_nothing_but_connect() -> None:
    code = INTRUDER.format(attempts=ATTEMPTS)
    done = subprocess.run([sys.executable, "-I", "-c", code, str(nursery.ROOT)], capture_output=True, text=True, check=True)
    outcomes = eval(done.stdout)
    assert outcomes.pop("a name") == "done"
    assert set(outcomes.values()) <= {1, 13}, outcomes


SHUT = """
import sys
sys.path.insert(0, sys.argv[1])
import os, subprocess
from edge_agent.capture.cameras import nursery
from edge_agent.capture.cameras.wire import Job
import msgspec
nursery.shut_out(nursery.Task(cameras=()))
try:
    open(sys.argv[2])
    print("open")
except PermissionError:
    print("shut")
job = msgspec.json.encode(Job(url="/dev/video99", kind="device", segment_s=5, silent_s=5))
print(subprocess.run(nursery.PULLER, input=job, capture_output=True, env=nursery.ENVIRONMENT, cwd="/").stdout[-9:].decode())
"""


def test_who_starts_pullers_sees_no_key_and_starts_them_all_the_same(tmp_path: Path) -> None:
    key = tmp_path / "device.key"
    key.write_text("secret")
    command = [sys.executable, "-I", "-c", SHUT, str(nursery.ROOT), str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["shut", "not-found"]


UNWALLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
import landlock
def none(*_, **__):
    raise OSError(95, "no landlock")
landlock.Ruleset = none
from edge_agent.capture.cameras import nursery
nursery.shut_out(nursery.Task(cameras=()))
print("goes on")
"""


@pytest.mark.parametrize(("lacks", "said"), [("", ""), ("seccomp", ""), ("landlock", "goes on\n")])
def test_without_landlock_nobody_starts_pullers_unless_the_box_says_that_it_lacks_it(lacks: str, said: str) -> None:
    command, environment = [sys.executable, "-I", "-c", UNWALLED, str(nursery.ROOT)], nursery.ENVIRONMENT | {nursery.LACKS: lacks}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.returncode != 0) == (said, not said)


class TestWire:
    @pytest.fixture
    def pair(self) -> Iterator[tuple[socket.socket, Reader]]:
        theirs, ours = socket.socketpair()
        with theirs, ours:
            yield theirs, Reader(ours, patience_s=0.05)

    def test_frames_come_whole_however_they_are_cut(self, pair: tuple[socket.socket, Reader]) -> None:
        theirs, reader = pair
        sent = frame(Kind.NEW) + frame(Kind.PART, b"abc") + frame(Kind.GONE, b"silent")
        theirs.sendall(sent[:7])
        assert reader.next() == (Kind.NEW, b"")
        with pytest.raises(TimeoutError):
            reader.next()
        theirs.sendall(sent[7:])
        theirs.close()
        assert [reader.next(), reader.next(), reader.next()] == [(Kind.PART, b"abc"), (Kind.GONE, b"silent"), None]

    @pytest.mark.parametrize(
        "content", [b"\xff\0\0\0\0", wire.HEADER.pack(Kind.PART, 1 << 30), wire.HEADER.pack(Kind.NEW, 1), frame(Kind.PART)]
    )
    def test_what_is_no_frame_is_misbehaviour_before_memory_is_taken(
        self, content: bytes, pair: tuple[socket.socket, Reader]
    ) -> None:
        theirs, reader = pair
        theirs.sendall(content)
        with pytest.raises(Misbehaved):
            reader.next()

    def test_a_frame_that_comes_byte_by_byte_keeps_nobody_waiting(self, pair: tuple[socket.socket, Reader]) -> None:
        theirs, reader = pair
        theirs.sendall(wire.HEADER.pack(Kind.PART, 1 << 20))
        stop, outcomes = Event(), list[type[BaseException]]()

        def trickle() -> None:
            while not stop.wait(0.01):
                theirs.sendall(b"x")

        def read() -> None:
            try:
                reader.next()
            except TimeoutError as error:
                outcomes.append(type(error))

        threads = [Thread(target=trickle, daemon=True), Thread(target=read, daemon=True)]
        for one in threads:
            one.start()
        threads[1].join(5)
        stop.set()
        threads[0].join(5)
        assert outcomes == [TimeoutError]

    def test_a_code_of_a_puller_gone_bad_is_not_repeated(self) -> None:
        assert wire.code_of(b"silent") == "silent"
        assert wire.code_of("密码 s3cret".encode()) == "misbehaved"


class TestConnection:
    def over(
        self, *frames: bytes, camera: Camera = SHELF, end: bool = True, most_bytes: int = 1 << 30, step_s: float = 10.0,
        room: Callable[[], bool] = lambda: True,
    ):  # fmt: skip
        theirs, ours = socket.socketpair()
        theirs.sendall(b"".join(frames))
        if end:
            theirs.close()
        self.theirs, seconds = theirs, count()
        return footage.Connection(
            camera, Reader(ours, patience_s=0.01), Event(), most_bytes=most_bytes, monotonic=lambda: next(seconds) * step_s,
            now=lambda: NOON, room=room,
        )  # fmt: skip

    def taken(self, connection: footage.Connection) -> list[bytes | None]:
        return [one if one is None else b"".join(one.chunks()) for one in connection.recordings()]

    def test_each_recording_is_what_lies_between_two_beginnings(self) -> None:
        frames = [frame(Kind.OPEN), frame(Kind.NEW), frame(Kind.PART, b"a"), frame(Kind.PART, b"b"), frame(Kind.NEW)]
        connection = self.over(*frames, frame(Kind.PART, b"c"), frame(Kind.GONE, b"ended"))
        assert self.taken(connection) == [b"ab", b"c"]
        assert (connection.ended, connection.seen_at) == ("ended", NOON)

    def test_a_connection_that_is_cut_leaves_what_had_come(self) -> None:
        connection = self.over(frame(Kind.NEW), frame(Kind.PART, b"a"), frame(Kind.PART, b"b")[:-1])
        assert self.taken(connection) == [b"a"]
        assert connection.ended == footage.CUT

    def test_one_that_says_nothing_for_too_long_is_silent(self) -> None:
        connection = self.over(frame(Kind.NEW), frame(Kind.PART, b"a"), end=False)
        assert self.taken(connection) == [b"a"]
        assert connection.ended == "silent"

    def test_a_hanging_camera_has_no_recording_until_its_picture_changes(self) -> None:
        still = [frame(Kind.STILL)] * 3
        connection = self.over(frame(Kind.NEW), frame(Kind.PART, b"a"), *still, frame(Kind.NEW), frame(Kind.PART, b"b"))
        found = self.taken(connection)
        assert (found[0], found[-1]) == (b"a", b"b")
        assert set(found[1:-1]) == {None}

    def test_a_recording_without_end_is_ended(self) -> None:
        connection = self.over(frame(Kind.NEW), *[frame(Kind.PART, b"abcd")] * 9, end=False, most_bytes=10)
        assert self.taken(connection) == [b"abcd" * 3]
        assert connection.ended == "too-large"

    def test_a_recording_that_waits_for_no_key_frame_any_more_is_ended(self) -> None:
        parts = [frame(Kind.PART, b"x")] * 200
        connection = self.over(frame(Kind.OPEN), frame(Kind.NEW), *parts, end=False)
        (content,) = self.taken(connection)
        assert connection.ended == "misbehaved"
        assert content is not None
        assert len(content) * 10 <= 2 * SHELF.segment_s + 10, "ten seconds or more went by with each"

    def test_recordings_of_a_byte_each_come_to_an_end(self) -> None:
        flood = [frame(Kind.NEW) + frame(Kind.PART, b"x")] * 500
        connection = self.over(frame(Kind.OPEN), *flood, step_s=0.001)
        assert len(self.taken(connection)) <= footage.AT_OPENING + 1
        assert connection.ended == "misbehaved"

    def test_what_came_while_the_stream_was_looked_at_is_no_flood(self) -> None:
        connection = self.over(frame(Kind.OPEN), *[frame(Kind.NEW) + frame(Kind.PART, b"x")] * 6, step_s=0.001)
        assert len(self.taken(connection)) == 6
        assert connection.ended == footage.CUT

    def test_beginnings_that_lay_waiting_while_the_seal_stood_still_are_no_flood(self) -> None:
        connection = self.over(*[frame(Kind.NEW) + frame(Kind.PART, b"x")] * 9, step_s=1.0)
        assert len(self.taken(connection)) == 9
        assert connection.ended == footage.CUT

    def test_a_stream_opens_once(self) -> None:
        connection = self.over(frame(Kind.OPEN), frame(Kind.OPEN), frame(Kind.NEW), frame(Kind.PART, b"x"))
        assert self.taken(connection) == []
        assert connection.ended == "misbehaved"

    def test_a_recording_ends_where_the_disk_has_no_room_for_more_of_it(self) -> None:
        part = b"\0" * (1 << 16)
        theirs, ours = socket.socketpair()
        asked = list[int]()
        connection = footage.Connection(
            SHELF, Reader(ours, patience_s=5), Event(), most_bytes=1 << 30, now=lambda: NOON,
            room=lambda: bool(asked.append(1)) or len(asked) < 2,
        )  # fmt: skip

        def feed() -> None:
            with theirs, suppress(OSError):
                theirs.sendall(frame(Kind.NEW))
                for _ in range(1000):
                    theirs.sendall(frame(Kind.PART, part))

        feeding = Thread(target=feed)
        feeding.start()
        (taken,) = [sum(len(one) for one in found.chunks()) for found in connection.recordings() if found is not None]
        feeding.join()
        assert (taken, connection.ended) == (2 * footage.ROOM_BYTES, footage.FULL)

    def test_bytes_before_a_beginning_are_misbehaviour(self) -> None:
        connection = self.over(frame(Kind.PART, b"a"), frame(Kind.NEW), frame(Kind.PART, b"b"))
        assert self.taken(connection) == []
        assert connection.ended == "misbehaved"

    def test_a_delivered_file_cannot_say_that_a_camera_saw_it(self) -> None:
        said = b'kind = "shelf"\nstarted_at = 2026-11-20T09:30:00+08:00\nbay = "a"\ncamera = "cam-1"\n[consent]\nbasis = "none"'
        with pytest.raises(BadInput, match=r"camera.*edge-agent watch"):
            sidecar.read(said)

    def test_the_circumstances_of_a_recording_say_camera_bay_and_basis(self) -> None:
        said = footage.circumstances(SHELF, NOON)
        assert (said.kind, said.bay, said.camera, said.consent) == (What.SHELF, "bay-a", "cam-1", Consent.NOT_PERSONAL)


class TestPuller:
    def test_times_go_forward_whatever_the_camera_says(self) -> None:
        clock, now = Clock(), count()
        stamps = [-500, -400, 2**60, 2**60 + 100, 0, 100, None, 300]
        times = [clock.heed(stamp, 100 + next(now) / 10) for stamp in stamps]
        assert times == sorted(times)
        assert len(set(times)) == len(times)
        assert times[-1] < 2000

    def test_a_picture_that_repeats_for_long_enough_is_still_and_a_new_one_ends_it(self) -> None:
        still = Still(after_s=5.0)
        hangs = [still.heed(b"a" if n % 2 else b"b", float(n)) for n in range(12)]
        assert not any(hangs[:5])
        assert hangs[-1]
        assert not still.heed(b"c", 12.0)
        assert not any(still.heed(str(n).encode(), 13.0 + n) for n in range(20))

    def test_one_waits_longer_each_time_and_not_all_at_once(self) -> None:
        longest = [nursery.backoff_s(n, lambda: 1.0) for n in range(8)]
        assert longest == [1, 2, 4, 8, 16, 30, 30, 30]
        assert nursery.backoff_s(3, lambda: 0.0) == 4
        assert nursery.backoff_s(10**6) <= 30


class TestTurns:
    def seen(self, name: str, camera: str, *, kind: What = What.SHELF, hours: float = 1) -> Recording:
        around = Circumstances(kind=kind, started_at=NOON - timedelta(hours=hours), consent=Consent.NOTICE, camera=camera)
        return Recording(id=name, state=State.SEALED, circumstances=around, digest=name, size_bytes=1, captured_at=NOON)

    def test_a_camera_that_floods_takes_no_more_than_the_other(self) -> None:
        order = turns.Turns(lambda _: [], monotonic=lambda: 0.0)
        waiting = [self.seen(f"a{n}", "cam-1") for n in range(20)] + [self.seen(f"b{n}", "cam-2") for n in range(20)]
        taken = []
        for _ in range(10):
            chosen = order.take(waiting, now=NOON)
            assert chosen is not None
            order.spent(chosen, 3.0 if chosen.circumstances.camera == "cam-1" else 1.0)
            waiting.remove(chosen)
            taken.append(chosen)
        seconds = Counter[str]()
        for one in taken:
            seconds[one.circumstances.camera] += 3 if one.circumstances.camera == "cam-1" else 1
        assert abs(seconds["cam-1"] - seconds["cam-2"]) <= 3
        assert [one.id for one in taken if one.circumstances.camera == "cam-1"] == ["a0", "a1", "a2"], "oldest first"

    def test_a_camera_over_its_budget_waits_for_the_hour_and_calls_do_not(self) -> None:
        clock = [0.0]
        order = turns.Turns(lambda _: [], {"cam-1": turns.Allowance(budget_s=10)}, monotonic=lambda: clock[0])
        first, second = self.seen("a0", "cam-1"), self.seen("a1", "cam-1")
        assert order.take([first, second], now=NOON) is first
        order.spent(first, 12.0)
        assert order.take([second], now=NOON) is None
        call = self.seen("call", "", kind=What.CALL)
        assert order.take([second, call], now=NOON) is call
        clock[0] = 3601.0
        assert order.take([second], now=NOON) is second

    def test_the_oldest_of_a_camera_are_surplus_and_of_nobody_else(self) -> None:
        order = turns.Turns(lambda _: [], {"cam-1": turns.Allowance(waiting=2), "cam-2": turns.Allowance()})
        flood = [self.seen(f"a{n}", "cam-1") for n in range(5)]
        others = [self.seen(f"b{n}", "cam-2") for n in range(5)] + [self.seen("file", "")]
        assert [one.id for one in order.surplus([*flood, *others])] == ["a0", "a1", "a2"]

    def test_a_call_is_never_surplus_whatever_camera_it_names(self) -> None:
        order = turns.Turns(lambda _: [], {"cam-1": turns.Allowance(waiting=1)})
        calls = [self.seen(f"c{n}", "cam-1", kind=What.CALL) for n in range(3)]
        assert [one.id for one in order.surplus([*calls, self.seen("a0", "cam-1"), self.seen("a1", "cam-1")])] == ["a0"]


class Seen(FakeArrival):
    """A fake recording of a camera."""

    def __init__(self, number: int, camera: str, kind: What = What.SHELF) -> None:
        super().__init__(content=f"{camera} {number}".encode())
        self.camera, self.kind = camera, kind

    def circumstances(self) -> Circumstances:
        return replace(super().circumstances(), camera=self.camera, kind=self.kind, consent=Consent.NOTICE, bay="bay-a")


def test_what_a_flooding_camera_has_too_much_is_dropped_and_counted_and_nothing_of_the_others() -> None:
    kit, stop = make_kit(), Event()
    left: list[Arrival] = [Seen(n, "cam-1") for n in range(9)] + [Seen(n, "cam-2") for n in range(2)] + [Seen(0, "", What.CALL)]

    class Inbox:
        def arrivals(self) -> Sequence[Arrival]:
            now, left[:] = list(left), []
            if not now and not kit.ledger.unfinished():
                stop.set()
            return now

    allowed = {one: turns.Allowance(waiting=3) for one in ("cam-1", "cam-2")}
    worker.run(kit, Inbox(), stop, room=lambda: True, allowances=allowed)
    ends = Counter((one.circumstances.camera, one.state) for one in kit.ledger.rows.values())
    assert ends == {
        ("cam-1", State.REJECTED): 6, ("cam-1", State.CLOSED): 3, ("cam-2", State.CLOSED): 2, ("", State.CLOSED): 1
    }  # fmt: skip
    assert DROPPED == "dropped"


def test_what_is_withdrawn_while_it_is_dropped_ends_no_worker() -> None:
    class Withdrawn(FakeLedger):
        def moved(self, recording_id: str, state: State, *, reason: str = "") -> None:
            if reason == DROPPED and self.rows[recording_id].state is State.SEALED:
                super().moved(recording_id, State.EXPIRED)
                raise NotAllowed("being shredded")
            super().moved(recording_id, state, reason=reason)

    kit, stop = replace(make_kit(), ledger=Withdrawn()), Event()
    left: list[Arrival] = [Seen(n, "cam-1") for n in range(3)]

    class Inbox:
        def arrivals(self) -> Sequence[Arrival]:
            now, left[:] = list(left), []
            if not now and not kit.ledger.unfinished():
                stop.set()
            return now

    worker.run(kit, Inbox(), stop, room=lambda: True, allowances={"cam-1": turns.Allowance(waiting=1)})
    assert Counter(one.state for one in kit.ledger.rows.values()) == {State.EXPIRED: 2, State.CLOSED: 1}
