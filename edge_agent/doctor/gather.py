"""Asks this machine for the doctor's facts. Nothing here raises for a box in a bad state: what cannot be read stays None."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge_agent import answers, app, cameras
from edge_agent.assets import store
from edge_agent.assets.manifest import shipped
from edge_agent.capture import spool
from edge_agent.capture.inbox import FileInbox
from edge_agent.capture.storage import storage_of
from edge_agent.config import Config
from edge_agent.config.cameras import Camera
from edge_agent.doctor import kernel, uplink
from edge_agent.doctor.facts import Facts, Inbox, Ledger, Machine, Sound, Source, Watched
from edge_agent.domain.consent import Party, in_force
from edge_agent.errors import EdgeError, LedgerBroken, NotAllowed

if TYPE_CHECKING:
    from edge_agent.vault.keys import DeviceKeys

_LATE_S = 600.0
_SYSTEMD = Path("/run/systemd/system")
_UPLINK = "edge-agent-uplink.service"
_DONE = frozenset({"analysed", "closed", "expired", "rejected"})


def gather(settings: Config) -> Facts:
    """Everything at once; takes a few seconds when the broker does not answer.

    Raises:
        NotAllowed: this account may not look into the state directory, so that everything would seem to be missing.
    """
    paths = settings.paths
    if paths.root.exists() and not os.access(paths.keys if _is_there(paths.keys) else paths.root, os.R_OK | os.X_OK):
        raise NotAllowed(
            "this account may not look into the box",
            remedy="run it as root: sudo edge-agent doctor",
            zh="权限不足，请用 root 运行",
        )
    held: DeviceKeys | None = None
    with suppress(EdgeError):
        held = app.keys(settings)
    return Facts(
        machine=_machine(settings),
        initialised=(paths.keys / "recipients.toml").is_file(),
        keys_open=_open_to_others(paths.keys),
        models=tuple(_models(settings)),
        voices=_model(settings, app.VOICES) if settings.speech.roles else "off",
        inbox=_inbox(settings),
        worker_running=answers.worker_runs(settings),
        uplink_running=_active(_UPLINK),
        ledger=_ledger(settings, held),
        employees=_employees(settings),
        employees_required=settings.consent.employees == "required",
        link=uplink.link(settings),
        sound=_sound(settings),
        cameras=kernel.cameras(),
        watched=_watched(settings),
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False


def _machine(settings: Config) -> Machine:
    from edge_agent.ledger.ballast import disk_state  # noqa: PLC0415 - SQLite's side, not needed by the judging

    paths, limits = settings.paths, settings.limits
    disk = None
    with suppress(OSError):
        disk = disk_state(paths, limits)
    written = [_changed_at(path) for path in (paths.ledger, Path(store.__file__))]
    worker = kernel.holder_of(paths.worker_lock)
    return Machine(
        now=datetime.now(UTC),
        latest=max((at for at in written if at is not None), default=None),
        synchronised=kernel.clock_synchronised(),
        free_bytes=None if disk is None else disk.free_bytes,
        media_floor_bytes=limits.media_floor_bytes,
        tag_floor_bytes=limits.tag_floor_bytes,
        ballast=None if disk is None else disk.ballast,
        swap=kernel.swap_devices(),
        worker_swapped_bytes=None if worker is None else kernel.swapped_bytes(worker),
        worker_core_bytes=None if worker is None else kernel.core_limit_bytes(worker),
        seccomp=kernel.has_seccomp(),
        landlock=kernel.has_landlock(),
    )


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None


def _open_to_others(folder: Path) -> tuple[str, ...]:
    """Names are ours: nobody chooses what a key file is called."""
    try:
        return tuple(sorted(path.name for path in folder.iterdir() if path.lstat().st_mode & 0o077 and not path.is_symlink()))
    except OSError:
        return ()


def _models(settings: Config) -> Iterator[tuple[str, str]]:
    counts = any(one.floor for one in settings.cameras)
    with suppress(OSError):
        counts = counts or any(app.floors_folder(settings).glob("*/floor.toml"))
    for name in (settings.speech.model, app.VAD, app.OCR, app.TAGS, *([app.PEOPLE] if counts else [])):
        yield name, _model(settings, name)


def _model(settings: Config, name: str) -> str:
    known, into = shipped(), settings.paths.models
    state = "missing"
    with suppress(EdgeError):
        for candidate in known.candidates(name):
            if store.place(candidate, into).is_dir():
                state = "damaged" if store.damage(candidate, into) else "ok"
    return state


def _inbox(settings: Config) -> Inbox:
    folder = settings.paths.inbox
    try:
        mode = folder.stat().st_mode & 0o7777
    except OSError:
        return Inbox(exists=False)
    late = 0
    with suppress(EdgeError):
        late = FileInbox(folder, settings.limits).waiting()
    touches = 0
    with suppress(EdgeError):
        touches = spool.waiting(settings.spool, since_s=_LATE_S) if settings.channel.accept else 0
    return Inbox(
        exists=True, storage=storage_of(folder), mode=mode, late=late, touches=touches,
        allow_plain=settings.capture.allow_plain,
    )  # fmt: skip


def _active(unit: str) -> bool | None:
    """Whether systemd runs a unit; None where there is no systemd."""
    if not _SYSTEMD.is_dir():
        return None
    try:
        return subprocess.run(["systemctl", "is-active", "--quiet", unit], check=False, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return None


def _ledger(settings: Config, held: "DeviceKeys | None") -> Ledger | None:
    try:
        with answers.reader(settings) as book:
            waiting = parked = 0
            for one in book.recordings():
                if one.state.value not in _DONE:
                    parked += bool(one.parked)
                    waiting += not one.parked
            now = book.status().outbox
            with _said_intact() as verdict:
                book.verify_chain(sign=held.sign if held is not None else None)
            return Ledger(
                waiting=waiting, parked=parked, pending=now.pending, dead=now.dead, intact=verdict.intact,
                oldest_pending_s=_oldest_s(settings, now.committed) if now.pending else None,
            )  # fmt: skip
    except EdgeError:
        return None


class _Verdict:
    intact = True


@contextmanager
def _said_intact() -> Iterator[_Verdict]:
    verdict = _Verdict()
    try:
        yield verdict
    except LedgerBroken:
        verdict.intact = False


def _oldest_s(settings: Config, committed: int) -> int | None:
    """Age of the oldest row that HQ has not confirmed."""
    from edge_agent.ledger.uplink import OutboxReader  # noqa: PLC0415
    from edge_sync.errors import OutboxAway  # noqa: PLC0415

    outbox = OutboxReader(settings.paths.ledger, settings.paths.worker_socket)
    try:
        rows = outbox.after(committed, 1)
    except OutboxAway:
        return None
    finally:
        outbox.close()
    return None if not rows else max(0, int((datetime.now(UTC) - rows[0].created_at).total_seconds()))


def _employees(settings: Config) -> int | None:
    """People whose consent is in force now."""
    from edge_agent.ledger import consents  # noqa: PLC0415

    now = datetime.now(UTC)
    try:
        with answers.reader(settings) as book:
            newest = {one.subject: one for one in book.viewing(lambda view: consents.statements(view, Party.REP))}
    except EdgeError:
        return None
    return sum(in_force(one, now, now=now) for one in newest.values())


def _watched(settings: Config) -> tuple[Watched, ...]:
    from edge_agent.ledger.cameras import CameraCounts, counts  # noqa: PLC0415

    if not settings.cameras:
        return ()
    try:
        with answers.reader(settings) as book:
            counted = book.viewing(counts)
    except EdgeError:
        counted = CameraCounts()
    configured = {one.id: one for one in settings.cameras}
    return tuple(
        Watched(
            name=one.id,
            state=one.state,
            dropped=one.dropped,
            in_clear=configured[one.id].in_clear,
            idle=_idle(settings, configured[one.id]),
        )
        for one in cameras.standing(settings, counted)
    )


def _idle(settings: Config, camera: Camera) -> Literal["", "basis", "plan"]:
    if camera.basis == "none":
        return "basis"
    try:
        if camera.bay:
            app.Bays(settings).load(camera.bay)
        else:
            app.Floors(settings).load(camera.floor)
    except (EdgeError, OSError):
        return "plan"
    return ""


def _sound(settings: Config) -> Sound:
    from edge_agent.capture.microphones import fits, present  # noqa: PLC0415
    from edge_agent.capture.recorder import read_health  # noqa: PLC0415

    if not settings.capture.sources:
        return Sound(devices=kernel.sound_inputs())
    names = present()
    health = read_health(settings.paths.inbox)
    said = {} if health is None else {one.name: one for one in health.sources}
    sources = []
    for source in settings.capture.sources:
        word = said.get(source.name)
        sources.append(
            Source(
                name=source.name,
                present=None if names is None else any(fits(source.device, name) for name in names),
                recording=None if word is None else word.recording,
                losses=0 if word is None else word.overruns + word.lost_blocks,
            )
        )
    age = None if health is None else int((datetime.now(UTC) - datetime.fromisoformat(health.at)).total_seconds())
    return Sound(sources=tuple(sources), devices=None if names is None else len(names), health_age_s=age)
