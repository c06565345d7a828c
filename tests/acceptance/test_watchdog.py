"""The real processes tell the service manager that they are ready, that they get on, and nothing at all while they hang."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Box

pytestmark = [pytest.mark.acceptance, pytest.mark.alone]

WATCHDOG_S = 2.0
"""A fifth of it is how often a process speaks."""


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHDOG_S * 1e6)))
        yield line


def said(line: socket.socket) -> bytes:
    return line.recv(100)


def silence(line: socket.socket) -> bool:
    """Nothing is said for as long as the service manager would wait."""
    line.setblocking(False)
    while True:
        try:
            line.recv(100)
        except BlockingIOError:
            break
    line.settimeout(WATCHDOG_S)
    try:
        line.recv(100)
    except TimeoutError:
        return True
    finally:
        line.settimeout(30)
    return False


@pytest.mark.parametrize("name", ["worker", "uplink"])
def test_a_process_is_alive_until_it_hangs(box: Box, manager: socket.socket, name: str) -> None:
    box.start(name)
    assert said(manager) == b"READY=1"
    assert [said(manager) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    os.kill(box.processes[name].pid, signal.SIGSTOP)
    assert silence(manager)
    os.kill(box.processes[name].pid, signal.SIGCONT)
    assert said(manager) == b"WATCHDOG=1"
    assert box.stop(name) == 0
