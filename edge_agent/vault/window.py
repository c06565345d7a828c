"""The approved time: what two officers opened stays open for some minutes, in memory only, and can be viewed until it is over.

The joint identity lies in `<run>/openings/<request>.json`, 0600, only where that folder is RAM (tmpfs); elsewhere in a folder
of /dev/shm that belongs to this state directory alone. It is overwritten and removed when the window ends, by whoever looks
first after its time (the worker does so every few seconds, amid an analysis with its next step), and refused after that even if
the file is still there: a turned clock does not keep it open (see `span`), and it never outlives a reboot. While the window is
open root on this box can read the object: that is what was approved. Swap would write it to the disk; `doctor` and the service
keep it off.
"""

import os
import stat
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from edge_agent import ids
from edge_agent.errors import NotAllowed, NotFound, Unavailable
from edge_agent.vault import durable
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.shares import Role
from edge_agent.vault.span import Span, Uptime
from edge_agent.vault.unseal import Opening
from edge_agent.vault.wraps import checked
from edge_agent.vault.x25519 import Identity

_RAM: Final = frozenset({"tmpfs", "ramfs"})
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - used only when it is RAM and the folder in it is ours alone
_OWN: Final = "edge-agent-"


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An open window. `identity` is secret and opens the object."""

    request: str
    object: str
    purpose: str
    requester: str
    minutes: int
    officers: dict[Role, str]
    span: Span
    identity: str


def place(run: Path) -> Path:
    """The folder for open windows of the box whose run folder is `run`: RAM, private, of the state directory's owner.

    Raises:
        Unavailable: there is no RAM to keep it in. NotAllowed: somebody else made the folder.
    """
    durable.folder(run)
    folder = _folder(run)
    if folder.parent == run:
        return durable.folder(folder)
    if not _is_ram(_SHARED_MEMORY):
        raise Unavailable("there is no memory-backed folder", remedy="mount a tmpfs on the run folder", zh="没有内存文件系统")
    owner = run.stat().st_uid
    if not folder.exists():
        durable.folder(folder)
        if os.geteuid() == 0:
            os.chown(folder, owner, -1)
    found = folder.lstat()
    if found.st_uid != owner or found.st_mode != stat.S_IFDIR | 0o700:
        raise NotAllowed("the folder for open windows is not ours", remedy="remove it from /dev/shm", zh="内存目录不属于本机程序")
    return folder


def begin(opening: Opening, folder: Path, *, now: datetime, up: Uptime | None = None) -> datetime:
    """Keep an opening for its minutes, then destroy its session; gives until when."""
    up = up or Uptime.here()
    span = Span.begin(now, timedelta(minutes=opening.minutes), up)
    kept = Window(
        request=opening.request_id, object=opening.object_id, purpose=opening.purpose, requester=opening.requester,
        minutes=opening.minutes, officers=dict(opening.officers), span=span, identity=opening.identity.text,
    )  # fmt: skip
    durable.write(_path(folder, kept.request), msgspec.json.encode(kept))
    opening.forget()
    return span.ends_at


def look(folder: Path, vault: DeviceVault, request_id: str, *, now: datetime, up: Uptime | None = None) -> Opening:
    """The opening again, while its window lasts; log it before `write`.

    Raises:
        NotAllowed: there is no window of this request, or it is over (then it is destroyed).
    """
    kept = _read(folder, request_id)
    up = up or Uptime.here()
    if kept is None or kept.span.boot != up.boot or kept.span.is_over(now, up):
        end(folder, request_id)
        raise NotAllowed(
            "no window is open for this request", remedy="make a new request and ask both officers again",
            zh="该申请没有打开的窗口：未打开或已到时", reason="window-over",
        )  # fmt: skip
    return Opening(
        object_id=kept.object, request_id=kept.request, purpose=kept.purpose, requester=kept.requester, minutes=kept.minutes,
        officers=kept.officers, identity=Identity.parse(kept.identity), vault=vault,
    )  # fmt: skip


def end(folder: Path, request_id: str) -> bool:
    """Destroy a window; False when there was none."""
    was = durable.shred(_path(folder, request_id))
    _leave(folder)
    return was


def tend(run: Path, *, now: datetime) -> list[str]:
    """`sweep` the box whose run folder is `run`; makes no folder, and raises nothing where no window can be kept."""
    try:
        return sweep(place(run), now=now) if run.is_dir() and _folder(run).is_dir() else []
    except (Unavailable, NotAllowed):
        return []


def sweep(folder: Path, *, now: datetime, up: Uptime | None = None) -> list[str]:
    """Destroy every window that is over or cannot be read; gives their requests."""
    up, over = up or Uptime.here(), []
    for name in durable.settled_names(folder):
        stem = name.removesuffix(".json")
        kept = _read(folder, stem) if ids.is_id(stem) else None
        if kept is None or kept.span.boot != up.boot or kept.span.is_over(now, up):
            durable.shred(folder / name)
            over += [stem] if ids.is_id(stem) else []
    if over:
        _leave(folder)
    return over


def _leave(folder: Path) -> None:
    """Nothing of ours stays in the shared memory folder when no window is open."""
    if folder.parent == _SHARED_MEMORY and folder.name.startswith(_OWN):
        with suppress(OSError):
            folder.rmdir()


def _read(folder: Path, request_id: str) -> Window | None:
    try:
        return msgspec.json.decode(durable.read(_path(folder, request_id)), type=Window)
    except (NotFound, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _path(folder: Path, request_id: str) -> Path:
    return folder / (checked(request_id) + ".json")


def _folder(run: Path) -> Path:
    """Where windows of this box lie, whether or not there are any."""
    if _is_ram(run):
        return run / "openings"
    return _SHARED_MEMORY / f"{_OWN}{run.stat().st_uid}-{sha256(os.fsencode(run.resolve())).hexdigest()[:16]}"


def _is_ram(path: Path) -> bool:
    """Whether `path` lies on tmpfs or ramfs, as the kernel's mount table says."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        before, _, after = line.partition(" - ")
        if before.split(" ")[2] == wanted:
            return after.split(" ", 1)[0] in _RAM
    return False
