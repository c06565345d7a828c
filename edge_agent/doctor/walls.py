"""A service's confinement seen from inside: what must be impossible or invisible there is tried, harmlessly.

Run under the very settings of the unit (`systemd/probe.sh` does so). A wall that cannot be judged is unknown (None), not broken.
"""

import os
import resource
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

from edge_agent.config import Config
from edge_agent.documents import Wall, Walls

Role = Literal["worker", "uplink", "capture"]
FAMILIES: Final = range(1, 46)
"""Every address family Linux has; AF_UNIX is 1."""
_KINDS: Final = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
_INTERNET: Final = frozenset({int(socket.AF_INET), int(socket.AF_INET6)})
_HARMLESS: Final = frozenset({
    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "console", "stdin", "stdout", "stderr", "fd", "shm",
    "mqueue", "core", "log", "hugepages", "initctl", "net",
})  # fmt: skip
_SAFE_TO_OPEN: Final = (
    "video",
    "media",
    "mem",
    "kmsg",
    "sd",
    "vd",
    "xvd",
    "nvme",
    "mmcblk",
    "dm-",
    "loop",
    "kvm",
    "fuse",
    "hidraw",
)
"""Never all: opening a hardware watchdog starts it, and a serial line resets what hangs on it."""
_DEV: Final = Path("/dev")
_STATUS: Final = Path("/proc/self/status")


def look(settings: Config, role: Role) -> Walls:
    """Every wall of that service."""
    found = list(_walls(settings, role))
    return Walls(role=role, ok=not any(one.holds is False for one in found), walls=found)


def _walls(settings: Config, role: Role) -> Iterator[Wall]:
    paths = settings.paths
    yield _families(_INTERNET if role == "uplink" else frozenset())
    if role != "uplink":
        yield _interfaces()
    media = {"vault": paths.vault, "keys": paths.keys, "models": paths.models}
    hidden = {
        "worker": {"certificate key": paths.tls / "key.pem"},
        "uplink": {**media, "inbox": paths.inbox, "enrolment": paths.enrolment, "openings": paths.run / "openings"},
        "capture": {**media, "ledger": paths.ledger, "uplink": paths.uplink},
    }
    for name, path in hidden[role].items():
        yield _invisible(name, path)
    if role == "uplink":
        yield _read_only(paths.ledger)
    yield _devices(_is_open if role == "capture" else _is_there)
    yield _is("no capabilities", {"CapEff": "0" * 16, "CapBnd": "0" * 16})
    yield _is("no new privileges", {"NoNewPrivs": "1"})
    yield _is("system calls filtered", {"Seccomp": "2"})
    core = resource.getrlimit(resource.RLIMIT_CORE)
    yield Wall(wall="no core dumps", holds=core == (0, 0), seen="" if core == (0, 0) else str(core[1]))
    yield _swap()


def _families(allowed: frozenset[int]) -> Wall:
    """Every address family but AF_UNIX and the allowed ones is refused."""
    opened = [number for number in FAMILIES if number != socket.AF_UNIX and number not in allowed and _opens(number)]
    return Wall(wall="address families", holds=not opened, seen=" ".join(map(str, opened)))


def _opens(family: int) -> bool:
    for kind in _KINDS:
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        return True
    return False


def _interfaces() -> Wall:
    try:
        lines = Path("/proc/self/net/dev").read_text(encoding="ascii").splitlines()[2:]
    except OSError:
        return Wall(wall="network interfaces", holds=None)
    names = sorted({line.split(":")[0].strip() for line in lines} - {"lo"})
    return Wall(wall="network interfaces", holds=not names, seen=" ".join(names))


def _invisible(name: str, path: Path) -> Wall:
    """Neither to be listed nor to be opened; for all this process can tell it does not exist."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return Wall(wall=f"{name} hidden", holds=True, seen=type(error).__name__)
    try:
        seen = bool(os.listdir(handle)) if stat.S_ISDIR(os.fstat(handle).st_mode) else True  # noqa: PTH208 - an open folder
    finally:
        os.close(handle)
    return Wall(wall=f"{name} hidden", holds=not seen, seen="readable" if seen else "empty")


def _read_only(ledger: Path) -> Wall:
    """Neither the ledger's file nor a new one beside it can be written."""
    written, new = [], ledger.with_name(".probe")
    for path, how in ((ledger, os.O_RDWR), (new, os.O_RDWR | os.O_CREAT)):
        try:
            os.close(os.open(path, how | os.O_CLOEXEC, 0o600))
        except OSError:
            continue
        written.append(path.name)
    if new.name in written:
        new.unlink(missing_ok=True)
    return Wall(wall="ledger read-only", holds=not written, seen=" ".join(written))


def _devices(within_reach: Callable[[Path], bool]) -> Wall:
    """No device but the harmless ones is within reach."""
    nodes = (Path(folder, name) for folder, _, names in os.walk(_DEV) for name in names)
    found = [path.relative_to(_DEV) for path in nodes if path.relative_to(_DEV).parts[0] not in _HARMLESS and within_reach(path)]
    return Wall(wall="devices", holds=not found, seen=" ".join(sorted(map(str, found))[:20]))


def _is_there(path: Path) -> bool:
    """With PrivateDevices the nodes themselves are gone."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode)


def _is_open(path: Path) -> bool:
    """Where nodes stay visible the control group must refuse them. Only such as opening does no harm to are tried."""
    if not _is_there(path) or not path.name.startswith(_SAFE_TO_OPEN):
        return False
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _is(wall: str, wanted: dict[str, str]) -> Wall:
    """Lines of /proc/self/status."""
    try:
        lines = dict(
            line.split(":", 1) for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines() if ":" in line
        )
    except OSError:
        return Wall(wall=wall, holds=None)
    differing = [f"{key}={lines.get(key, '?').strip()}" for key, value in wanted.items() if lines.get(key, "").strip() != value]
    return Wall(wall=wall, holds=not differing, seen=" ".join(differing))


def _swap() -> Wall:
    """The control group's limit; where this process cannot see it, unknown."""
    try:
        group = Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().rpartition("::")[2].lstrip("/")
        limit = (Path("/sys/fs/cgroup") / group / "memory.swap.max").read_text(encoding="ascii").strip()
    except OSError:
        return Wall(wall="memory not swapped", holds=None)
    return Wall(wall="memory not swapped", holds=limit == "0", seen=limit)
