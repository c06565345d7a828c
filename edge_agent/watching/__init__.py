"""Watching: every configured camera is recorded and sealed as it is seen, recording after recording, through every outage.

    nursery (a process with the network, without keys) -> pullers, one a connection
        -> sockets -> lanes, a thread for each camera -> pipeline.take_in -> the vault, here, without the network

Each closed recording is an ordinary one: the worker analyses it, like a file of the inbox. Rules:

- The nursery is started before this process reads a key; then this process leaves the network for good (`seclusion`). Where
  it cannot, nothing is watched.
- Nothing plain is written: a recording is sealed while it comes. A kill costs no more than the recordings that were open.
- A camera that is lost is opened again, as often as it takes; its gaps are audit events (`camera.lost`, `camera.gap`), and
  nothing else stops: not the other cameras, not the worker.
- Who watches holds `paths.watching_lock`, with its start in it; how it stands is in `run/cameras.json` (`capture.cameras.post`).
"""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

import msgspec

from edge_agent import app, locks, log, notify, seclusion
from edge_agent.capture.cameras import nursery
from edge_agent.capture.cameras.footage import circumstances
from edge_agent.config import Config
from edge_agent.errors import BadConfig, BadInput, NotFound, Unavailable
from edge_agent.watching.session import Watching
from edge_sync.process import stop_on_signals

BUSY: Final = Unavailable("another process watches the cameras of this box", remedy="end it first", zh="本机已有摄像头录制在运行")
NOT_SECLUDED: Final = Unavailable(
    "the network could not be given up, so no key is read",
    remedy="run it on a kernel with seccomp, with this release's libraries",
    zh="无法切断本进程的网络，未读取密钥；请使用支持 seccomp 的内核",
)
_KEPT: Final = ("PATH", "LC_ALL", "CREDENTIALS_DIRECTORY", nursery.LACKS, "TZ")


def watch(settings: Config, say: Callable[[str, str], None]) -> None:
    """The command: record until SIGINT or SIGTERM. `say` takes notes in Chinese and English.

    Raises:
        NotFound: no camera is configured, or this box has no keys yet. BadConfig: what a camera shows cannot be analysed here.
        Unavailable: somebody watches already, the network cannot be given up, or the nursery ended.
    """
    log.configure("watch")
    if not settings.cameras:
        raise NotFound("there is nothing to watch", remedy="add [[cameras]] to the configuration", zh="没有配置摄像头")
    manager = notify.Manager.from_environment()
    stop = stop_on_signals()
    with nursing(settings) as control:
        seclusion.enter()
        if not seclusion.is_secluded():
            raise NOT_SECLUDED
        _record(settings, control, stop, manager, say)


def _record(
    settings: Config, control: socket.socket, stop: Event, manager: notify.Manager, say: Callable[[str, str], None]
) -> None:
    with locks.alone(settings.paths.watching_lock, BUSY), app.box(settings, beside=True) as box:
        _known(settings, box)
        watching = Watching(box=box, control=control, stop=stop, alive=manager.alive, say=say)
        manager.ready()
        say(
            f"正在录制 {len(settings.cameras)} 个摄像头，按 Ctrl-C 结束",
            f"watching {len(settings.cameras)} cameras, Ctrl-C ends it",
        )
        log.get().info("watching.started", pid=os.getpid(), count=len(settings.cameras))
        watching.run()
        manager.stopping()
    log.get().info("watching.stopped")


def _known(settings: Config, box: app.Box) -> None:
    for number, camera in enumerate(settings.cameras, 1):
        try:
            circumstances(camera, box.kit.clock.now())
        except BadInput as error:
            raise BadConfig(
                f"cameras[{number}]: {error.message}",
                remedy="correct what it shows and its basis",
                zh=f"cameras[{number}] 配置有误",
            ) from error


@contextmanager
def nursing(settings: Config) -> Iterator[socket.socket]:
    """The nursery, while the block lasts, and the socket to it. It gets nothing of this process but its task."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            child = subprocess.Popen(
                nursery.NURSERY, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd="/", start_new_session=True,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
            )  # fmt: skip
        try:
            task = nursery.Task(cameras=settings.cameras, timezone=settings.timezone)
            ours.sendall(msgspec.json.encode(task) + b"\n")
            yield ours
        finally:
            ours.close()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
