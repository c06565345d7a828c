"""The demo's stage: its folders, its processes, and the waiting until all of it is done."""

import json
import shutil
import subprocess
import sys
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from edge_agent import answers, config, provision, samples, view, weights
from edge_agent.config import Config
from edge_agent.errors import Unavailable

if TYPE_CHECKING:
    from edge_sync.listener import Listener

GATEWAY: Final = "demo-gateway"
TENANT: Final = "demo"
PATIENCE_S: Final = 900.0
"""Longer than any machine needs; the demo gives up rather than wait for ever."""
POLL_S: Final = 0.5
SETTLE_S: Final = 10.0
CALLS: Final = ("call-1", "call-2")
MODULES: Final = {"worker": "edge_agent.cli", "uplink": "edge_agent.cli", "sink": "edge_sync.cli"}


class Stage:
    """A context manager: leaving it ends every process it started."""

    listener: "Listener"

    def __init__(self, root: Path, *, quiet: bool, kept: bool) -> None:
        self.root = root
        self.kept = kept
        self.state = root / "box"
        self.store = root / "hq" / "store.db"
        self.officers = root / "officers"
        self.samples: list[str] = []
        self._quiet = quiet
        self._ends = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ends.close()

    @property
    def settings(self) -> Config:
        return config.load(self.root / "config.toml")

    def say(self, line: str) -> None:
        if not self._quiet:
            print(line, file=sys.stderr, flush=True)

    def prepare(self) -> None:
        """Two officers, HQ's key, the box's keys and its models."""
        self.say("1/5 准备：两位放行人、总部密钥、本机密钥、模型  officers, HQ key, box keys, models")
        for folder in (self.state, self.store.parent, self.officers):
            folder.mkdir(parents=True, mode=0o700)
        from edge_sync.broker import EmbeddedBroker  # noqa: PLC0415 - not for --help

        broker = self._ends.enter_context(EmbeddedBroker())
        (self.root / "config.toml").write_text(
            f'gateway = "{GATEWAY}"\ntenant = "{TENANT}"\nstate = "{self.state}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\n[limits]\nmedia_floor_bytes = 0\n',
            encoding="utf-8",
        )
        recipients = {
            role: self._tool("edge_agent.officer", "keygen", "-o", self.officers / f"{role}.key") for role in ("legal", "hr")
        }
        hq_key = self._tool("edge_sync.cli", "keygen", "-o", self.root / "hq" / "hq.key")
        ready = provision.provision(self.settings, legal=[recipients["legal"]], hr=[recipients["hr"]], hq_key=hq_key)
        self._tool("edge_sync.cli", "enrol", GATEWAY, "--tenant", TENANT, "--key", ready.gateway_key, "--store", self.store)
        weights.install(self.settings)

    def start(self) -> None:
        """The listener first, so that no message can leave unseen; then sink, worker and uplink, each its own process."""
        self.say("2/5 启动进程：总部接收、分析、上行  sink, worker, uplink")
        from edge_sync.listener import Listener  # noqa: PLC0415

        broker = self.settings.broker
        self.listener = self._ends.enter_context(Listener(broker.host, broker.port))
        hq = ("--store", self.store, "--key", self.root / "hq" / "hq.key", "--host", broker.host, "--port", str(broker.port))
        self._run("sink", "sink", *hq)
        self._run("worker", "--config", self.root / "config.toml", "run", "worker")
        self._run("uplink", "--config", self.root / "config.toml", "run", "uplink")

    def deliver(self, seed: int | None) -> None:
        """Rename the samples into the inbox, media last, the way a recorder does."""
        self.say("3/5 收入两通录音和一段货架视频  two calls and one shelf video")
        scene, shelf, plan = samples.folder(), "shelf-1", samples.folder() / "bay-a"
        if seed is not None:
            self.say(f"    渲染随机货架 {seed}  rendering a shelf scene nobody tuned for")
            from edge_agent.samples.scene import render_scene  # noqa: PLC0415

            scene = plan = self.root / "scene"
            shelf = "shelf"
            render_scene(seed, scene)
        bay = tomllib.loads((scene / f"{shelf}.meta.toml").read_text(encoding="utf-8"))["bay"]
        shutil.copytree(plan, self.settings.paths.bays / bay, ignore=shutil.ignore_patterns("*.mp4", "*.meta.toml", "truth.toml"))
        for name, folder in [(call, samples.folder()) for call in CALLS] + [(shelf, scene)]:
            self._drop(folder, name)

    def _drop(self, folder: Path, name: str) -> None:
        (media,) = (path for path in folder.glob(f"{name}.*") if path.suffix in {".ogg", ".mp4"})
        inbox = self.settings.paths.inbox
        for path in (folder / f"{name}.meta.toml", media):
            part = inbox / f".{path.name}.part"
            shutil.copyfile(path, part)
            part.rename(inbox / path.name)
        self.samples.append(name)

    def wait(self) -> None:
        """Until every recording is closed and HQ has committed everything."""
        self.say("4/5 加密、转写、打标签、评分、上传  sealing, recognising, tagging, scoring, sending")
        began, shown = time.monotonic(), ""
        while time.monotonic() - began < PATIENCE_S:
            self._all_alive()
            with answers.reader(self.settings) as book:
                now = book.status()
            line = "，".join(f"{view.STATES[state]} {count}" for state, count in sorted(now.states.items()))
            line += f"，总部已确认 HQ has {now.outbox.committed}/{now.outbox.highest}"
            if line != shown:
                self.say(f"    {time.monotonic() - began:4.0f} s  {line}")
                shown = line
            ended = sum(now.states.get(state, 0) for state in ("closed", "rejected")) + len(now.parked)
            if ended >= len(self.samples) and now.outbox.committed == now.outbox.highest > 0:
                return
            time.sleep(POLL_S)
        raise Unavailable("the demo did not get done in time", remedy="run it again on a machine with two free cores")

    def settle(self) -> None:
        """Worker and uplink end, so that nothing more leaves while it is counted; HQ takes in what is under way."""
        for name in ("worker", "uplink"):
            _end(self._processes.pop(name))
        began = time.monotonic()
        while self.hq_rows()["n"] < len(self.listener.envelopes()) and time.monotonic() - began < SETTLE_S:
            time.sleep(POLL_S)

    def hq_rows(self) -> dict[str, Any]:
        """`edge-hq rows --json`."""
        found: dict[str, Any] = json.loads(self._printed("edge_sync.cli", "rows", "--store", self.store, "--json"))
        return found

    def log(self, name: str) -> Path:
        return self.root / f"{name}.log"

    def _tool(self, module: str, *arguments: object) -> str:
        """Run one of our commands to its end; the last word of its output."""
        said = self._printed(module, *arguments).strip()
        return said.splitlines()[-1].split()[-1] if said else ""

    def _printed(self, module: str, *arguments: object) -> str:
        done = subprocess.run([sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"{module} {arguments[0]} ended with {done.returncode}", remedy=done.stderr.strip()[-500:])
        return done.stdout

    def _run(self, name: str, *arguments: object) -> None:
        """Start one process of the product; it is asked to stop, then made to, when the stage is left."""
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", MODULES[name], *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._processes[name] = process
        self._ends.callback(_end, process)

    def _all_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                sys.stderr.write(self.log(name).read_text(encoding="utf-8", errors="replace")[-2000:])
                raise Unavailable(f"the {name} ended with {process.returncode}", remedy="its log is above")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
