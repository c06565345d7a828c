"""A box as an installer makes it (officers' keys, HQ's key, `init`, models) and its processes, to be killed at will."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_agent import samples

BIN = Path(sys.executable).parent
SAMPLES = Path(samples.__file__).parent


class Box:
    """Runs the product's own commands against one state directory; keeps the processes it starts, with their logs."""

    def __init__(self, root: Path, *, gateway: str = "gateway-7", port: int = 1) -> None:
        self.root, self.gateway = root, gateway
        self.state, self.store, self.hq_key = root / "box", root / "hq.db", root / "hq.key"
        self.config = root / "config.toml"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.connect(port)

    def connect(self, port: int) -> None:
        self.config.write_text(
            f'gateway = "{self.gateway}"\ntenant = "t1"\nstate = "{self.state}"\n[broker]\nport = {port}\n'
            "[limits]\nmedia_floor_bytes = 0\n"
        )
        self.port = port

    def init(self) -> None:
        recipients = {role: self.tool("edge-officer", "keygen", "-o", self.key(role)).split()[-1] for role in ("legal", "hr")}
        hq = self.tool("edge-hq", "keygen", "-o", self.hq_key).split()[-1]
        ready = self.json("init", "--legal", recipients["legal"], "--hr", recipients["hr"], "--hq-key", hq)
        self.tool("edge-hq", "enrol", self.gateway, "--tenant", "t1", "--key", ready["gateway_key"], "--store", self.store)

    def key(self, role: str) -> Path:
        return self.root / f"{role}.key"

    def tool(self, name: str, *arguments: object, code: int = 0) -> str:
        done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == code, (done.returncode, done.stderr[-2000:])
        return done.stdout

    def run(self, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [BIN / "edge-agent", "--config", self.config, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (done.returncode, done.stderr[-2000:])
        return done

    def json(self, *arguments: object, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def start(self, name: str, *, port: int | None = None) -> None:
        """`worker`, `uplink`, `sink` or `watch`; its output is appended to `<name>.log`."""
        hq = ["--store", self.store, "--key", self.hq_key, "--host", "127.0.0.1", "--port", port or self.port]
        ours = [BIN / "edge-agent", "--config", self.config, *(["watch"] if name == "watch" else ["run", name])]
        command = [BIN / "edge-hq", "sink", *hq] if name == "sink" else ours
        with (self.root / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()  # nothing, when it has ended already
        process.wait()

    def stop(self, name: str) -> int:
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(timeout=30)

    def logs(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.root.glob("*.log")))

    def drop(self, media: bytes, name: str, meta: str) -> None:
        """Rename a file and its sidecar into the inbox, the media last."""
        inbox = self.state / "inbox"
        for content, target in ((meta.encode(), f"{name}.meta.toml"), (media, name)):
            part = inbox / f".{len(target)}.part"
            part.write_bytes(content)
            part.rename(inbox / target)

    def query(self, sql: str) -> list[Any]:
        connection = sqlite3.connect(f"file:{self.state / 'ledger' / 'ledger.db'}?mode=ro", uri=True, timeout=20)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def until(self, done: Callable[[], bool], *, seconds: float = 240) -> None:
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < seconds, self.logs()[-3000:].decode(errors="replace")
            for name, process in self.processes.items():
                assert process.poll() is None, (name, (self.root / f"{name}.log").read_text(errors="replace")[-3000:])
            time.sleep(0.2)

    def finished(self, count: int) -> bool:
        (n,) = self.query("SELECT COUNT(*) FROM recordings WHERE state IN ('closed', 'rejected')")[0]
        return int(n) >= count

    def all_committed(self) -> bool:
        values = dict(self.query("SELECT key, value FROM meta WHERE key IN ('highest', 'committed')"))
        return int(values["committed"]) == int(values["highest"]) > 0


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    made = Box(tmp_path)
    made.init()
    yield made
    for name in list(made.processes):
        made.kill(name)


@pytest.fixture
def box_with_models(box: Box) -> Box:
    box.run("models", "install")
    return box
