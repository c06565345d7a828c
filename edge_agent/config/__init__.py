"""The one configuration file: closed TOML, every key with a default, all errors at once.

Secrets are not here: keys live in the state directory (or come as systemd credentials). `Paths` is the state directory's map.
The sections are in `analysis`, `terms`, `sources` and `cameras`. `check` says what is wrong with a file, `words` what each key
means, `explain` prints all of it.
"""

import os
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from edge_agent.config.analysis import FloorCameras, Insights, Live, Shelf, Speech, Weights
from edge_agent.config.cameras import Camera
from edge_agent.config.check import mistakes
from edge_agent.config.scalars import Hours, Name, OpenHours
from edge_agent.config.sources import Broker, Capture, Channel, Source
from edge_agent.config.terms import Audit, Consent, Limits, Retention
from edge_agent.errors import BadConfig

__all__ = [
    "ENV",
    "SYSTEM_FILE",
    "Audit",
    "Broker",
    "Camera",
    "Capture",
    "Channel",
    "Config",
    "Consent",
    "FloorCameras",
    "Insights",
    "Limits",
    "Live",
    "Paths",
    "Retention",
    "Shelf",
    "Source",
    "Speech",
    "Weights",
    "default_state",
    "load",
    "read",
]

ENV: Final = "EDGE_AGENT_CONFIG"
SYSTEM_FILE: Final = Path("/etc/edge-agent/config.toml")


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an installer may set. `gateway` and `tenant` are `[a-z0-9-]`, as the certificate names them."""

    gateway: Name = "gateway-1"
    tenant: Name = "demo"
    timezone: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?$(?!\n)", max_length=64)] = ""
    """Where "tomorrow" is counted from, like Asia/Shanghai; empty = this machine's own."""
    state: str = ""
    inbox: str = ""
    run: str = ""
    """Folder of the worker's socket and lock; empty = `<state>/run`."""
    hot_hours: Hours = 0.0
    open_hours: tuple[OpenHours, ...] = ()
    """When the shop is open, `1-5 09:00-21:30` (Monday = 1); none = unknown, then nothing is counted in opening hours."""
    lexicons: str = ""
    """Folder of the company's own lexicons, laid over the built-in ones; empty = none."""
    uplink_user: str = ""
    """Account that the uplink runs under, the only one besides our own that the worker's socket hears; empty = our own."""
    broker: Broker = Broker()
    consent: Consent = Consent()
    retention: Retention = Retention()
    audit: Audit = Audit()
    limits: Limits = Limits()
    speech: Speech = Speech()
    live: Live = Live()
    shelf: Shelf = Shelf()
    floor: FloorCameras = FloorCameras()
    insights: Insights = Insights()
    channel: Channel = Channel()
    capture: Capture = Capture()
    cameras: tuple[Camera, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of all settings in force: a change of it is an audit event."""
        return sha256(msgspec.json.encode(self)).hexdigest()

    @property
    def spool(self) -> Path:
        """Where touch documents are delivered as files."""
        return Path(self.channel.spool) if self.channel.spool else self.paths.inbox

    @property
    def channel_socket(self) -> Path:
        """Where touch documents are delivered by programmes."""
        return Path(self.channel.socket) if self.channel.socket else self.paths.inbox / ".channel.sock"

    @property
    def paths(self) -> "Paths":
        return Paths(root=Path(self.state) if self.state else default_state(), inbox_at=self.inbox, run_at=self.run)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where things lie under the state directory."""

    root: Path
    inbox_at: str = ""
    run_at: str = ""

    @property
    def ledger(self) -> Path:
        """In a folder of its own: the uplink's walls show it that one, read-only, and neither vault nor keys."""
        return self.root / "ledger" / "ledger.db"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def facts(self) -> Path:
        return self.root / "facts"

    @property
    def bays(self) -> Path:
        return self.root / "bays"

    @property
    def floors(self) -> Path:
        return self.root / "floors"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def run(self) -> Path:
        return Path(self.run_at) if self.run_at else self.root / "run"

    @property
    def uplink(self) -> Path:
        """What the process with the network may write: its command counter, and HQ's public key to read."""
        return self.root / "uplink"

    @property
    def tls(self) -> Path:
        """The uplink's key and certificate, from the enrolment."""
        return self.uplink / "tls"

    @property
    def enrolment(self) -> Path:
        """What waits for HQ's grant; not for the uplink to see."""
        return self.root / "enrolment"

    @property
    def worker_socket(self) -> Path:
        return self.run / "worker.sock"

    @property
    def worker_lock(self) -> Path:
        return self.run / "worker.lock"

    @property
    def live_lock(self) -> Path:
        """Held (flock) and touched by who listens live while somebody speaks: what else recognises waits between steps."""
        return self.run / "live.lock"

    @property
    def listening_lock(self) -> Path:
        """Held by who seals what it hears. In it stands an id: recordings captured after it, and their seals, are its own."""
        return self.run / "listening.lock"

    @property
    def watching_lock(self) -> Path:
        """The same for who seals what the cameras see."""
        return self.run / "watching.lock"

    @property
    def inbox(self) -> Path:
        return Path(self.inbox_at) if self.inbox_at else self.root / "inbox"


def default_state() -> Path:
    """`/var/lib/edge-agent` for root, else the user's state directory (XDG)."""
    if os.geteuid() == 0:
        return Path("/var/lib/edge-agent")
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "edge-agent"


def load(path: Path | None = None, *, state: Path | None = None) -> Config:
    """Read `path`, else $EDGE_AGENT_CONFIG, else the system file, else the defaults. `state` overrides the directory.

    Raises:
        BadConfig: the file is missing, is not TOML, or breaks the schema; the message lists every mistake.
    """
    given = read(path)
    if state is not None:
        given["state"] = str(state)
    found = mistakes(given, Config)
    if found:
        raise BadConfig(
            "configuration: " + "; ".join(f"{one.key} {one.expected}" for one in found),
            remedy="correct these keys or remove them", zh="配置有误：" + "；".join(f"{one.key} {one.zh}" for one in found),
        )  # fmt: skip
    return msgspec.convert(given, Config)


def read(path: Path | None = None) -> dict[str, Any]:
    """What `path`, else $EDGE_AGENT_CONFIG, else the system file says, unchecked; empty when there is none. BadConfig."""
    chosen = path or (Path(os.environ[ENV]) if ENV in os.environ else None)
    if chosen is None and SYSTEM_FILE.exists():
        chosen = SYSTEM_FILE
    return {} if chosen is None else _read(chosen)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"configuration file cannot be read ({error.strerror})", remedy="check --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"configuration file is not TOML: {error}", remedy="correct that line") from error
