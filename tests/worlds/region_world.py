"""A region of HQ for tests: its CA, its store, a real Mosquitto with the generated configuration, and boxes that enrolled there.

Everything is made by the commands that people type, run in this process. `Region.broker(**instead)` replaces or drops single
lines of the generated configuration: what an attack must do before its refusal means something.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from sync_world import free_port, listens, wait_for

from edge_agent import cli as box_cli
from edge_agent import config
from edge_agent.config import Config
from edge_sync import cli as hq_cli
from edge_sync import credentials
from edge_sync.link import Answered, Delivered, Endpoint, Link

TENANT = "demo"


class Region:
    """HQ's folder: `ca/`, `hq.key`, `hq.db`, `hq/` with HQ's own certificates, `broker/`."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.hq("ca", "init", folder / "ca")
        self.hq("keygen", "-o", folder / "hq.key")
        self.hq("ca", "server", "127.0.0.1", *self._ca, "-o", folder / "broker")
        for role in ("sink", "operator", "reader"):
            self.hq("ca", "client", role, *self._ca, "-o", folder / "hq")
        self.configure()

    local = ("--address", "127.0.0.1", "--user", "root")

    @property
    def store(self) -> Path:
        return self.folder / "hq.db"

    @property
    def _ca(self) -> tuple[object, ...]:
        return ("--ca", self.folder / "ca")

    @property
    def _store(self) -> tuple[object, ...]:
        return ("--store", self.store)

    @property
    def signed(self) -> tuple[object, ...]:
        return ("--key", self.folder / "hq.key")

    def configure(self) -> None:
        """The broker's configuration anew; one that runs reads it."""
        self.hq("broker-config", *self._ca, *self._store, "-o", self.folder / "broker", "--port", self.port, *self.local)

    def hq(self, *arguments: object, code: int = 0) -> None:
        """`edge-hq …` with this exit code."""
        assert hq_cli.main([str(one) for one in arguments]) == code

    def own(self, role: str) -> tuple[str, ...]:
        """The options by which one of HQ's own connects."""
        end = self.own_end(role)
        return (
            "--host", end.host, "--port", str(end.port), "--tls-ca", end.ca, "--tls-certificate", end.certificate,
            "--tls-key", end.key,
        )  # fmt: skip

    def own_end(self, role: str) -> Endpoint:
        pair = self.folder / "hq" / f"hq.{role}"
        return Endpoint(
            host="127.0.0.1", port=self.port, ca=str(self.folder / "ca" / "ca.pem"), certificate=f"{pair}.pem", key=f"{pair}.key"
        )

    def claim(self, gateway: str, capsys: Any, *, tenant: str = TENANT) -> str:
        capsys.readouterr()
        self.hq("claim", gateway, "--tenant", tenant, *self._ca)
        code: str = capsys.readouterr().out.splitlines()[0]
        return code

    def approve(self, request: Path, grant: Path, *, code: int = 0) -> None:
        self.hq(
            "approve", request, "-o", grant, *self._ca, *self._store, *self.signed, "--host", "127.0.0.1", "--port", self.port,
            "--broker", self.folder / "broker", code=code,
        )  # fmt: skip

    def revoke(self, gateway: str) -> None:
        self.hq("revoke", gateway, *self._ca, *self._store, "--broker", self.folder / "broker")

    def enrolled(self, gateway: str, capsys: Any, *, tenant: str = TENANT) -> "Box":
        """A new box that went the whole way."""
        box = Box(self.folder / f"box-{tenant}-{gateway}", gateway, tenant)
        request, grant = box.folder / "request.json", box.folder / "grant.json"
        box.agent("enrol", "request", "--claim", self.claim(gateway, capsys, tenant=tenant), "-o", request)
        self.approve(request, grant)
        box.agent("enrol", "accept", grant)
        return box

    def broker(self, instead: Mapping[str, str] | None = None) -> "Broker":
        """The generated configuration; `instead`: setting -> its line, "" = no such line."""
        return Broker(self.folder / "broker", self.port, instead or {})


class Broker:
    """Mosquitto, started with a region's configuration."""

    def __init__(self, folder: Path, port: int, instead: Mapping[str, str]) -> None:
        self._port = port
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        if instead:
            lines = self._config.read_text().splitlines()
            assert all(any(line.startswith(f"{name} ") for line in lines) for name in instead)
            kept = [instead.get(line.split(" ")[0], line) for line in lines]
            self._config = folder / "permissive.conf"
            self._config.write_text("\n".join(kept) + "\n")

    @property
    def said(self) -> str:
        return (self._folder / "broker.log").read_text()

    def __enter__(self) -> Self:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert program, "mosquitto is not installed: apt-get install mosquitto"
        with (self._folder / "broker.log").open("wb") as log:
            self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=log)
        wait_for(lambda: listens(self._port) or self._process.poll() is not None, "mosquitto listens", seconds=10)
        assert self._process.poll() is None, self.said
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


class Box:
    """A state directory with keys of its own, and its command line."""

    def __init__(self, folder: Path, gateway: str, tenant: str = TENANT) -> None:
        folder.mkdir()
        self.folder = folder
        self.gateway = gateway
        self.root = f"sx/v1/{tenant}/{gateway}"
        self._config = folder / "config.toml"
        self._config.write_text(f'gateway = "{gateway}"\ntenant = "{tenant}"\nstate = "{folder}/state"\n')
        self.agent("init", "--legal", LEGAL, "--hr", HR)

    def agent(self, *arguments: object, code: int = 0) -> None:
        """`edge-agent …` with this exit code."""
        assert box_cli.main(["--config", str(self._config), *(str(one) for one in arguments)]) == code

    def document(self, capsys: Any, *arguments: object) -> dict[str, Any]:
        capsys.readouterr()
        self.agent(*arguments, "--json")
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    @property
    def config(self) -> Path:
        return self._config

    @property
    def settings(self) -> Config:
        return config.load(self._config)

    @property
    def end(self) -> Endpoint:
        found = credentials.endpoint(self.settings.paths.tls)
        assert found is not None
        return found


LEGAL = "age1n2txa5zdyscx30mszkkj0mlvpcgpalgamp03y9m96ky0ve9sjqtqnfssc2"
HR = "age1yp5tjc5ya536vuqc6lcgzcua99grh0rttqr4trhxrphervln7crsc922er"


def publish(end: Endpoint, topic: str, payload: bytes = b"x", *, client_id: str = "somebody") -> int:
    """The broker's reason code for one publish; LinkDown when we may not even connect."""
    link = Link(end, client_id=client_id)
    try:
        link.open()
        ticket = link.publish(topic, payload)
        codes: list[int] = []
        wait_for(lambda: bool(codes) or _collect(link, ticket, codes), "the broker answers", seconds=10)
        return codes[0]
    finally:
        link.close()


def hears(end: Endpoint, pattern: str, say: Callable[[], object], *, after: tuple[Endpoint, str]) -> bool:
    """Whether a subscriber under `pattern` gets what `say()` publishes.

    `after`: who writes which topic that the subscriber may read; once that has come, what was said before it would have come.
    """
    mark, heard = b"and now you have heard all", list[bytes]()
    link = Link(end, client_id="listener")
    link.open()
    try:
        link.subscribe([pattern, after[1]])
        say()
        publish(*after, mark)
        wait_for(lambda: mark in heard or _hear(link, heard), "the mark comes", seconds=10)
        return any(payload != mark for payload in heard)
    finally:
        link.close()


def _hear(link: Link, heard: list[bytes]) -> bool:
    heard += [event.payload for event in link.poll(0.2) if isinstance(event, Delivered)]
    return False


def _collect(link: Link, ticket: int, codes: list[int]) -> bool:
    codes += [event.code for event in link.poll(0.2) if isinstance(event, Answered) and event.ticket == ticket]
    return bool(codes)
