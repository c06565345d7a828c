"""The socket for touch documents: an answer comes after the seal, and no guest holds up another one or the worker."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from ledger_world import GATEWAY
from touch_world import TouchWorld, document, raw

from edge_agent import pipeline
from edge_agent.capture import asking
from edge_agent.capture.asking import Answer
from edge_agent.capture.door import MOST_EACH, Door
from edge_agent.capture.touch import MAX_BYTES
from edge_agent.domain.recording import State
from edge_agent.errors import LedgerBroken, Unavailable
from edge_agent.ids import new_id
from edge_agent.ledger.book import SqliteLedger
from edge_agent.rendezvous import address
from edge_agent.touches import Reception, Taking
from edge_agent.vault.device import DeviceVault

ACCEPTED = Answer(status="accepted", recording="r")


@contextmanager
def serving(path: Path, take: Callable[[bytes], Answer] = lambda _: ACCEPTED, **how: object) -> Iterator[Door]:
    with Door(path, take, **how) as door:
        yield door


@contextmanager
def guest(path: Path, *pieces: bytes) -> Iterator[socket.socket]:
    """A connection that has sent so much and not said that this is all."""
    with address(path) as name, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(20)
        line.connect(name)
        for piece in pieces:
            line.sendall(piece)
        yield line


def heard(line: socket.socket) -> Answer | None:
    held = b""
    try:
        while piece := line.recv(65536):
            held += piece
    except ConnectionResetError:
        pass
    return msgspec.json.decode(held, type=Answer) if held else None


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "channel.sock"


def test_a_document_in_pieces_is_one_document(place: Path) -> None:
    taken: list[bytes] = []
    with serving(place, lambda given: taken.append(given) or ACCEPTED), guest(place, b'{"a"', b": 1}\n") as line:
        line.shutdown(socket.SHUT_WR)
        assert heard(line) == ACCEPTED
    assert taken == [b'{"a": 1}\n']
    assert not place.exists()


def test_a_path_too_long_for_a_socket_is_reached(tmp_path: Path) -> None:
    place = tmp_path / ("d" * 60) / ("e" * 60) / ".channel.sock"
    with serving(place):
        assert asking.ask(place, b"{}") == ACCEPTED


def test_a_guest_that_dawdles_holds_up_nobody_and_is_told_so(place: Path) -> None:
    with serving(place, wait_s=0.3), guest(place, b"{") as slow, guest(place) as silent:
        assert asking.ask(place, b"{}") == ACCEPTED, "while the others are still waited for"
        for line in (slow, silent):
            assert heard(line) == Answer(status="later", reason="too-slow")


def test_what_others_take_is_no_time_of_a_guest(place: Path) -> None:
    now, inside = [0.0], threading.Event()

    def slow(given: bytes) -> Answer:
        if given == b"A":
            inside.wait(20)
            now[0] += 60
        return ACCEPTED

    with serving(place, slow, wait_s=5.0, uptime_s=lambda: now[0]), guest(place, b"B") as late, guest(place, b"A") as first:
        time.sleep(0.1)  # both are admitted
        first.shutdown(socket.SHUT_WR)
        inside.set()
        assert heard(first) == ACCEPTED
        late.shutdown(socket.SHUT_WR)
        assert heard(late) == ACCEPTED


def test_a_guest_has_its_time_for_the_whole_document_not_for_each_byte(place: Path) -> None:
    now = [0.0]
    with serving(place, wait_s=5.0, uptime_s=lambda: now[0]), guest(place) as drip:
        for _ in range(500):
            now[0] += 1
            try:
                drip.send(b" ")
            except ConnectionError:
                break
            time.sleep(0.01)
        assert heard(drip) == Answer(status="later", reason="too-slow")


def test_more_than_a_document_may_have_is_refused_at_once(place: Path) -> None:
    with serving(place, lambda _: pytest.fail("taken")):
        assert asking.ask(place, b" " * (MAX_BYTES * 4)) == Answer(status="refused", reason="too-large")


def test_who_opens_too_many_connections_is_sent_away(place: Path) -> None:
    with serving(place) as _, crowd(place, MOST_EACH), guest(place) as line:
        assert heard(line) == Answer(status="later", reason="too-many")


@contextmanager
def crowd(place: Path, count: int) -> Iterator[None]:
    if not count:
        yield
        return
    with guest(place, b"{"), crowd(place, count - 1):
        yield


def test_who_sends_too_many_documents_waits(place: Path) -> None:
    now = [0.0]
    with serving(place, per_minute=2, uptime_s=lambda: now[0]):
        assert [asking.ask(place, b"{}").status for _ in range(3)] == ["accepted", "accepted", "later"]
        now[0] += 30
        assert [asking.ask(place, b"{}").status for _ in range(2)] == ["accepted", "later"]


def test_a_stranger_is_not_heard(place: Path) -> None:
    if os.geteuid():
        pytest.skip("needs root to be somebody else")
    with serving(place, lambda _: pytest.fail("taken")):
        place.chmod(0o666)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setresuid(65534, 65534, 65534)
                os.chdir("/")
                line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                line.settimeout(10)
                try:
                    line.connect(str(place))
                    line.sendall(b"{}")
                    line.shutdown(socket.SHUT_WR)
                    code = 0 if line.recv(100) == b"" else 2
                except (ConnectionError, PermissionError):
                    code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not place.exists()


def test_one_document_that_breaks_us_closes_the_door_to_nobody(place: Path) -> None:
    def take(given: bytes) -> Answer:
        if given == b"bad":
            raise ZeroDivisionError("somebody said")
        return ACCEPTED

    with serving(place, take) as door:
        assert asking.ask(place, b"bad") == Answer(status="later", reason="zero-division-error")
        assert asking.ask(place, b"{}") == ACCEPTED
        door.check()


def test_a_broken_ledger_ends_the_worker(place: Path) -> None:
    def take(_: bytes) -> Answer:
        raise LedgerBroken("a commit failed")

    with serving(place, take) as door:
        assert asking.ask(place, b"{}") == Answer(status="later", reason="broken")
        with pytest.raises(LedgerBroken):
            door.check()


def test_guests_that_go_away_leave_nothing_behind(place: Path) -> None:
    with serving(place) as door:
        for _ in range(50):
            with guest(place, b"{"):
                pass
        assert asking.ask(place, b"{}") == ACCEPTED
        assert len(door._guests) <= 1


def test_where_nobody_listens_the_sender_is_told(place: Path) -> None:
    with pytest.raises(Unavailable):
        asking.ask(place, b"{}")
    place.touch()
    with pytest.raises(Unavailable):
        asking.ask(place, b"{}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TouchWorld]:
    (tmp_path / "box").mkdir()
    made = TouchWorld(tmp_path / "box")
    yield made
    made.close()


@contextmanager
def door(world: TouchWorld, place: Path, *, room: bool = True) -> Iterator[Reception]:
    """The door as `app.Box.door` makes it: with a ledger and a vault of its own."""
    book = SqliteLedger.open(
        world.path, gateway=GATEWAY, tenant="demo", sign=world.keys.sign, clock=world.clock, boot=world.clock.boot("0" * 8),
        limits=world.limits,
    )  # fmt: skip
    kit = replace(world.kit, ledger=book, vault=DeviceVault(world.root / "vault", world.keys, world.clock))
    taking = Taking(kit=kit, reception=Reception(world.read), room=lambda: room)
    with Door(place, taking):
        yield taking.reception
    book.close()


def test_what_is_accepted_is_sealed_and_in_the_ledger(world: TouchWorld, place: Path) -> None:
    with door(world, place):
        answer = asking.ask(place, raw(document(customer="C-77")))
        assert answer.status == "accepted"
        assert world.ledger.recording(answer.recording).state is State.SEALED
        assert answer.recording in world.vault.objects()
        assert asking.ask(place, raw(document(customer="C-77"))) == Answer(status="duplicate")
    world.work()
    assert world.query("SELECT id FROM recordings WHERE state = 'closed'") == [(answer.recording,)]


def test_mistakes_come_back_by_their_place(world: TouchWorld, place: Path) -> None:
    with door(world, place):
        answer = asking.ask(place, raw(document(channel="传真", facts={"dwell_s": "太贵"})))
        assert (answer.status, answer.reason) == ("refused", "touch")
        assert [one.key for one in answer.faults] == ["channel", "facts.dwell_s"]
        assert "太贵" not in msgspec.json.encode(answer).decode()
        assert asking.ask(place, raw(document(consent={"basis": "none"}))).reason == "no-consent"
        other = document(facts={"dwell_s": 4})
        assert asking.ask(place, raw(other)) == Answer(status="refused", reason="other-content")
    assert world.query("SELECT kind, state FROM recordings ORDER BY state") == [("channel", "rejected"), ("channel", "sealed")]


def test_on_a_full_disk_the_sender_comes_again(world: TouchWorld, place: Path) -> None:
    with door(world, place, room=False):
        assert asking.ask(place, raw(document())) == Answer(status="later", reason="disk-full")


def test_the_worker_leaves_alone_what_is_being_sealed_at_the_door(world: TouchWorld, place: Path) -> None:
    """The loop looks while the seal is half written: without `seals` it would reject the recording as interrupted."""
    sealing, go_on = threading.Event(), threading.Event()

    class Slow(DeviceVault):
        def seal(self, *given: object, **more: object) -> object:
            sealing.set()
            assert go_on.wait(20)
            return super().seal(*given, **more)

    book = SqliteLedger.open(
        world.path, gateway=GATEWAY, tenant="demo", sign=world.keys.sign, clock=world.clock, boot=world.clock.boot("0" * 8),
        limits=world.limits,
    )  # fmt: skip
    taking = Taking(
        kit=replace(world.kit, ledger=book, vault=Slow(world.root / "vault", world.keys, world.clock)),
        reception=Reception(world.read), room=lambda: True,
    )  # fmt: skip
    answers: list[Answer] = []
    with Door(place, taking):
        sender = threading.Thread(target=lambda: answers.append(asking.ask(place, raw(document()))))
        sender.start()
        assert sealing.wait(20)
        kit = replace(world.kit, listens=lambda one: taking.reception.seals(one.id))
        (left,) = world.ledger.unfinished()
        assert pipeline.advance(kit, left).state is State.CAPTURED
        go_on.set()
        sender.join()
        assert pipeline.advance(kit, world.ledger.recording(left.id)).state is State.CLOSED
    assert answers == [Answer(status="accepted", recording=left.id)]
    book.close()


def test_what_was_begun_before_is_nobodys() -> None:
    earlier = new_id()
    reception = Reception(lambda _: pytest.fail("read"))
    assert not reception.seals(earlier)
    reception.since = new_id()
    assert not reception.seals(earlier)
    assert reception.seals(new_id())
