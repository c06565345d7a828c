"""The service manager hears READY once, WATCHDOG while there is progress, and nothing from a process that hangs."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.notify import Heartbeat, Manager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(address)
        line.setblocking(False)
        yield address, line


def heard(line: socket.socket) -> list[bytes]:
    said = []
    while True:
        try:
            said.append(line.recv(100))
        except BlockingIOError:
            return said


def test_progress_feeds_the_watchdog_at_a_fifth_of_its_time(manager: tuple[str, socket.socket]) -> None:
    address, line = manager
    now = [0.0]
    said = Manager(address, watchdog_s=100, clock=lambda: now[0])
    said.ready()
    for now[0] in (0.0, 1.0, 19.9, 20.0, 39.0, 40.0):
        said.alive()
    assert heard(line) == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def test_without_a_watchdog_only_states_are_told(manager: tuple[str, socket.socket]) -> None:
    address, line = manager
    said = Manager(address)
    said.alive()
    said.stopping()
    assert heard(line) == [b"STOPPING=1"]


def test_abstract_addresses_are_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0edge-notify-{os.getpid()}")
        Manager(f"@edge-notify-{os.getpid()}").ready()
        assert line.recv(100) == b"READY=1"


def test_outside_a_service_nothing_is_said_and_nothing_fails() -> None:
    Manager.from_environment({}).ready()
    Manager("/nowhere/at/all", watchdog_s=1).alive()


def test_the_environment_of_another_process_does_not_count(manager: tuple[str, socket.socket]) -> None:
    address, line = manager
    mine = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "10000000"}
    Manager.from_environment({**mine, "WATCHDOG_PID": "1"}).alive()
    assert heard(line) == []
    Manager.from_environment({**mine, "WATCHDOG_PID": str(os.getpid())}).alive()
    assert heard(line) == [b"WATCHDOG=1"]


def test_a_loop_that_asks_its_stop_event_is_alive_until_it_is_told_to_stop() -> None:
    turns: list[int] = []
    stop = Heartbeat(lambda: turns.append(1))
    assert not stop.is_set()
    stop.set()
    assert stop.is_set()
    assert len(turns) == 1
