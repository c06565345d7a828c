"""The one configuration file: closed TOML, every key with a default, all errors at once.

Secrets are not here: keys live in the state directory (or come as systemd credentials). `Paths` is the state directory's map.
`check` says what is wrong with a file, `words` what each key means, `explain` prints all of it.
"""

import os
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from edge_agent.config.cameras import Camera
from edge_agent.config.check import mistakes
from edge_agent.domain.hours import PATTERN
from edge_agent.errors import BadConfig

ENV: Final = "EDGE_AGENT_CONFIG"
SYSTEM_FILE: Final = Path("/etc/edge-agent/config.toml")
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]
# Every number has both bounds: the upper one also keeps infinity and NaN out, which no comparison with a clock survives.
Days = Annotated[float, msgspec.Meta(ge=0, le=36_500)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=8_760)]
Size = Annotated[int, msgspec.Meta(ge=1, le=2**50)]
Floor = Annotated[int, msgspec.Meta(ge=0, le=2**50)]
Portion = Annotated[float, msgspec.Meta(ge=0, le=1)]
OpenHours = Annotated[str, msgspec.Meta(pattern=PATTERN)]
Few = Annotated[int, msgspec.Meta(ge=1, le=256)]


class Broker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """HQ's MQTT 5 broker, for who does not enrol: an enrolled box knows it from HQ's grant, unless `ca` is set here.

    `ca`, `certificate` and `key` are PEM files; without `ca` the link is plain, and then only to this machine itself.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1883
    ca: str = ""
    certificate: str = ""
    key: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on foreign input and on this box. Durations in hours, sizes in bytes."""

    max_file_bytes: Size = 8 * 2**30
    max_call_hours: Annotated[float, msgspec.Meta(gt=0, le=168)] = 4.0
    max_video_hours: Annotated[float, msgspec.Meta(gt=0, le=168)] = 2.0
    max_picture_px: Size = 50_000_000
    media_floor_bytes: Floor = 2 * 2**30
    """Below this much free disk no new media is taken in."""
    tag_floor_bytes: Floor = 128 * 2**20
    """Below this the ballast is freed so that tags and the outbox can still drain."""
    outbox_bytes: Size = 512 * 2**20


class Speech(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    model: str = "whisper-base"
    threads: Few = 2
    batch: Few = 3
    workers: Few = 2
    """Batches recognised side by side, on one set of weights; `threads` are shared out among them."""
    memory_bytes: Size = 1_400_000_000
    """What recognising may take; the batch is made smaller, then `workers`, to stay below it."""
    hints: bool = True
    """Terms of the trade are hinted at the recogniser, chosen for each recording."""
    recovery: bool = True
    """Terms that were misheard are put right by their sound."""
    filters: bool = True
    """Inventions of the recogniser (subtitles on silence, loops, babble) are kept out."""
    hearing: bool = True
    """Level and band of the sound are put right before recognition, where that was measured to help."""
    numbers: bool = True
    """Each utterance also with its numbers in digits."""
    roles: bool = True
    """One channel with several voices is told apart by voice, in memory, for the length of one call."""
    metrics: bool = True
    facts: bool = True


class Live(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`edge-agent listen`: text during the talk. The finished call is recognised again as a whole in any case."""

    pause_ms: Annotated[int, msgspec.Meta(ge=200, le=3000)] = 500
    """Silence that ends an utterance."""
    within_s: Annotated[float, msgspec.Meta(ge=0.5, le=60)] = 2.0
    """How soon after its end an utterance is to be out; what is three times as late is left to the analysis after the call."""


class Weights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the parts of the Perfect Shelf score count in it; together 1."""

    osa: Portion = 0.40
    facings: Portion = 0.15
    planogram: Portion = 0.15
    position: Portion = 0.05
    price: Portion = 0.15
    tags: Portion = 0.10


class Shelf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threads: Few = 2
    bays: str = ""
    """Folder of bay plans (`<bay>/bay.toml`); empty = `<state>/bays`."""
    weights: Weights = Weights()


class FloorCameras(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    threads: Few = 1
    plans: str = ""
    """Folder of floor plans (`<floor>/floor.toml`); empty = `<state>/floors`."""


class Insights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is concluded from a talk besides its tags."""

    mood: bool = False
    """The customer's mood along the talk, from their words; never anything about staff."""
    claims: bool = True
    facts: str = ""
    """Folder of fact tables that claims are held against; empty = `<state>/facts`."""
    scorecards: list[str] = msgspec.field(default_factory=lambda: ["spin"])
    """Ids of the scorecards to fill in for each call."""
    card: bool = True
    history: bool = True
    """Whether what one customer or one rep did over days is judged (three complaints in 30 days, a promised quote that never
    came). Only where the recordings name them by a code; off = every recording stands alone."""


class Consent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On what terms people may be recorded and analysed here."""

    jurisdiction: Literal["cn", "eu"] = "cn"
    employees: Literal["when-named", "required"] = "when-named"
    """`when-named`: a rep that the sidecar names must be in the register. `required`: a call that names none is not analysed."""
    grace_hours: Hours = 72.0
    """How long a recording without consent lies sealed, for a record that comes late, before its keys are shredded. Until
    then the box keeps its own way in, else a late record would be of no use; with 0 it goes within a minute."""
    notice_within_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 180.0
    """With `basis = "spoken"`: how soon in the talk the rep must have said that it is recorded."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days until a sealed object's keys are shredded. The longest period that any finding of a recording asks for counts."""

    call_days: Days = 30.0
    shelf_days: Days = 14.0
    floor_days: Days = 3.0
    channel_days: Days = 30.0
    warning_days: Days = 180.0
    """Calls and touches with a finding of severity `warning`."""
    critical_days: Days = 1095.0
    """Calls and touches with a finding of severity `critical`."""
    rejected_days: Days = 7.0
    events: dict[str, Days] = {}
    """Days for findings of one event or of a family (`risk`, `risk.rebate_promise`), besides what their severity asks for."""
    when_full: Literal["due-only", "early"] = "due-only"
    """When the disk is below `limits.media_floor_bytes`: shred only what is due anyway, or also, next due first, ordinary
    recordings (without a finding that asks for longer, without a legal hold) until there is room."""


class Audit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a signed checkpoint of the audit log goes to HQ: after so many seconds with news, or so many rows."""

    checkpoint_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 60.0
    checkpoint_rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 256


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One microphone or line-in, and what the sidecar of its recordings says."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$(?!\n)")]
    device: str = ""
    """Part of the sound device's name; empty = the default device."""
    speakers: Annotated[tuple[Literal["rep", "customer", "unknown"], ...], msgspec.Meta(min_length=1, max_length=8)] = (
        "unknown",
    )
    """Who stands on each channel, left first; as many channels are recorded."""
    rep: Annotated[str, msgspec.Meta(pattern=r"^([^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?)?$(?!\n)")] = ""
    """The code by which the store knows the employee who works here; empty = nobody in particular."""
    rate_hz: Annotated[int, msgspec.Meta(ge=8000, le=48000)] = 16000
    basis: Literal["notice", "spoken", "written", "none"] = "none"
    industry: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{0,32}$(?!\n)")] = ""
    channel: Literal["call", "visit"] = "visit"
    context: frozenset[Literal["outbound", "recorded", "dual_record", "b2b"]] = frozenset()
    own: tuple[Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,38}\S)?$(?!\n)")], ...] = ()
    competitors: tuple[Annotated[str, msgspec.Meta(pattern=r"^\S(.{0,38}\S)?$(?!\n)")], ...] = ()


class Capture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this box records by itself, into its inbox."""

    minutes: Annotated[float, msgspec.Meta(gt=0, le=240)] = 10.0
    allow_plain: bool = False
    """Whether plain audio may touch an ordinary disk, when the inbox lies on one."""
    sources: tuple[Source, ...] = ()


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Touch points that are no recordings (chat, e-mail, a document opened, POS, CRM), delivered by other systems here."""

    accept: bool = True
    """Off: neither the folder nor the socket is looked at."""
    spool: str = ""
    """Folder into which touch documents (`*.touch.json`) are renamed; empty = the inbox."""
    socket: str = ""
    """The Unix socket that takes them; empty = `.channel.sock` in the inbox."""
    peers: tuple[Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_-]{0,31}$(?!\n)")], ...] = ()
    """Accounts that the socket hears besides our own."""
    per_minute: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 600
    """Documents that the socket takes of one account in a minute."""


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
