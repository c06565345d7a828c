"""All cameras together: the main thread hands each new connection to its camera's lane and says how they stand.

A lane that dies of something that waiting does not cure ends the watching, and is said: the service manager starts it again. A
nursery that dies does so too. Whatever a single camera does, the others go on.
"""

import os
import socket
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final

from edge_agent import app, log
from edge_agent.capture.cameras import post
from edge_agent.capture.cameras.nursery import NUMBER
from edge_agent.domain.recording import State
from edge_agent.errors import Unavailable
from edge_agent.watching.lane import Lane

POLL_S: Final = 0.5


@dataclass(kw_only=True)
class Watching:
    """`control` leads to the nursery; `alive` is a sign of life for the service manager."""

    box: "app.Box"
    control: socket.socket
    stop: Event
    alive: Callable[[], None] = lambda: None
    say: Callable[[str, str], None] = lambda _zh, _en: None
    lanes: list[Lane] = field(init=False)
    _failed: list[BaseException] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.lanes = [
            Lane(box=self.box, camera=camera, stop=self.stop, end=self._ender(number))
            for number, camera in enumerate(self.box.settings.cameras)
        ]

    def run(self) -> None:
        """Until `stop`; what was seen is durable when this returns. Unavailable, LedgerBroken, SealBroken."""
        self._resume()
        threads = [Thread(target=copy_context().run, args=(self._watch, lane), name="lane") for lane in self.lanes]
        for one in threads:
            one.start()
        self.control.settimeout(POLL_S)
        told: dict[str, str] = {}
        try:
            while not self.stop.is_set():
                self._take()
                self.alive()
                self._tell(told)
        finally:
            self.stop.set()
            for one in threads:
                one.join()
            self._post()
        if self._failed:
            raise self._failed[0]

    def _resume(self) -> None:
        """Since when there is nothing of each camera; what earlier watchers left half taken in is finished or given up.

        They were killed, for this process holds their lock: whatever the clock did since, nobody else seals it. What a full disk
        does not allow yet is left to a lane.
        """
        lanes = {lane.camera.id: lane for lane in self.lanes}
        for name, at in self.box.ledger.last_seen().items():
            if name in lanes:
                lanes[name].unseen_since = at
        for one in self.box.kit.ledger.unfinished():
            if one.state is State.CAPTURED and one.circumstances.camera:
                lane = lanes.get(one.circumstances.camera, self.lanes[0])
                lane.torn.add(one.id)
        for lane in self.lanes:
            lane.give_up(self.box.kit)

    def _take(self) -> None:
        """A connection that the nursery made, or nothing for a moment."""
        try:
            said, handles, _, _ = socket.recv_fds(self.control, NUMBER.size, 1)
        except TimeoutError:
            return
        if not said:
            raise Unavailable("the process that pulls the cameras' streams has ended", remedy="start `edge-agent watch` again")
        for handle in handles:
            number, which = NUMBER.unpack(said)
            self.lanes[number].offer(which, socket.socket(fileno=handle))

    def _ender(self, number: int) -> Callable[[int], None]:
        def end(which: int) -> None:
            try:
                self.control.send(NUMBER.pack(number, which))
            except OSError:
                log.get().warning("nursery.gone", pid=os.getpid())

        return end

    def _watch(self, lane: Lane) -> None:
        try:
            lane.run()
        except BaseException as error:  # noqa: BLE001 - handed over, not swallowed
            self._failed.append(error)
            self.stop.set()

    def _tell(self, told: dict[str, str]) -> None:
        states = {one.camera.id: one.post.state for one in self.lanes}
        if states != told:
            for name, state in states.items():
                if told.get(name) != state and state in {"recording", "lost"}:
                    self.say(
                        f"摄像头 {name}：{'录制中' if state == 'recording' else '中断，自动重连'}", f"camera {name}: {state}"
                    )
            told.update(states)
        self._post()

    def _post(self) -> None:
        now = self.box.kit.clock.now().isoformat()
        post.put(self.box.settings.paths.run, post.Posted(at=now, cameras=[one.post for one in self.lanes]))
