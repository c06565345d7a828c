"""The processes of the box, each with only what it needs: worker and capture have media and no network, the uplink the reverse.

`ingest` is the worker's work done at once for a few files where no worker runs; else the files go to its inbox.
"""

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from edge_agent import app, errors, locks, log, notify, pace, pipeline, privilege, seclusion, turns, worker
from edge_agent.config import Config
from edge_agent.documents import Ingested, Ingestion
from edge_agent.domain.recording import State
from edge_agent.errors import BadConfig, BadInput, EdgeError, NotAllowed, NotFound, Unavailable
from edge_agent.ids import new_id
from edge_agent.trail import Trail
from edge_sync.process import tell

if TYPE_CHECKING:
    from edge_agent.ports import Arrival


def run_worker(settings: Config) -> None:
    """Take in and analyse until SIGTERM or SIGINT.

    Raises:
        Unavailable: another worker holds this state directory.
        LedgerBroken: a commit failed; let the service start it again.
    """
    from edge_agent import duties  # noqa: PLC0415 - the uplink, which shares this module, loads nothing of the vault

    log.configure("worker")
    stop, manager = _stopped_by_signals(Event()), notify.Manager.from_environment()
    seclusion.enter()
    with locks.only_one(settings.paths.worker_lock) as alone:
        if not alone:
            raise Unavailable("another worker holds this state directory", remedy="stop it first", zh="工作进程已在运行")
        clock, live = app.SystemClock(), settings.paths.live_lock
        windows, speed = duties.Windows(settings.paths.run, clock), pace.Pace(settings.paths.run, clock.now)

        def beat() -> None:
            windows.tend()
            manager.alive()

        def progress() -> None:
            beat()
            worker.aside(live, stop, beat, speed, meanwhile)

        with app.box(settings, progress=progress, position=speed.at) as box, box.watermarks() as door, box.door() as channel:

            def alive() -> None:
                door.check()
                if channel is not None:
                    channel.check()
                beat()

            manager.ready()
            log.get().info("worker.started", ruleset=box.kit.tagger.ruleset, pid=os.getpid())
            trail = Trail(settings.paths.run)
            trail.end()  # whatever is begun now, nothing is yet
            chores = duties.of(box, windows)
            meanwhile = worker.Meanwhile(
                kit=box.kit, inbox=box.inbox, stop=stop, room=box.room, alive=beat, duties=chores
            )  # fmt: skip
            worker.run(
                box.kit, box.inbox, stop, room=box.room, alive=alive, duties=chores, trail=trail, pace=speed,
                busy=lambda: worker.precedes(live),
                allowances={
                    one.id: turns.Allowance(budget_s=one.budget_s, waiting=one.waiting) for one in settings.cameras
                },
            )  # fmt: skip
            manager.stopping()
    log.get().info("worker.stopped")


def run_uplink(settings: Config) -> None:
    """Send what the outbox holds until SIGTERM or SIGINT. Opens no media, no vault and no key of the box.

    Raises:
        NotFound: HQ's public key is not here.
    """
    from edge_agent import cameras  # noqa: PLC0415
    from edge_agent.ledger.uplink import OutboxReader  # noqa: PLC0415 - this process needs the ledger's reading side only
    from edge_sync import credentials, signing  # noqa: PLC0415
    from edge_sync.errors import Refused  # noqa: PLC0415
    from edge_sync.health import Cameras  # noqa: PLC0415
    from edge_sync.link import Endpoint  # noqa: PLC0415
    from edge_sync.uplink import Settings, Uplink  # noqa: PLC0415

    log.configure("uplink")
    manager = notify.Manager.from_environment()
    stop = _stopped_by_signals(notify.Heartbeat(manager.alive))
    paths, broker = settings.paths, settings.broker
    try:
        hq = signing.public_key((paths.uplink / "hq.pub").read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise NotFound("HQ's public key is not here", remedy="run `edge-agent enrol request …`", zh="缺少总部公钥") from error
    outbox = OutboxReader(paths.ledger, paths.worker_socket)
    endpoint = Endpoint(host=broker.host, port=broker.port, ca=broker.ca, certificate=broker.certificate, key=broker.key)
    try:
        endpoint = endpoint if broker.ca else credentials.endpoint(paths.tls) or endpoint
    except Refused as error:
        raise BadConfig(error.message, remedy=error.remedy, zh="入网文件已损坏") from error
    chosen = Settings(endpoint=endpoint, tenant=settings.tenant, gateway=settings.gateway, state=paths.uplink)
    manager.ready()
    log.get().info("uplink.started", pid=os.getpid(), port=endpoint.port)

    def seen() -> Cameras | None:
        return Cameras(lost=cameras.lost(settings), dropped=outbox.dropped()) if settings.cameras else None

    Uplink(outbox, chosen, hq_verify=signing.verifier(hq), cameras=seen).run(stop)
    outbox.close()
    log.get().info("uplink.stopped")


def run_capture(settings: Config) -> None:
    """Record the configured sources into the inbox until SIGTERM or SIGINT. Opens no vault, no key, no ledger, no network.

    Raises:
        NotFound: no source is configured.
        NotAllowed: the inbox lies on a plain disk, where unsealed speech would leave traces.
    """
    from edge_agent.capture.claim import Claimed  # noqa: PLC0415 - this process alone records
    from edge_agent.capture.microphones import PortAudio  # noqa: PLC0415
    from edge_agent.capture.recorder import Recorder  # noqa: PLC0415

    log.configure("capture")
    manager = notify.Manager.from_environment()
    stop = _stopped_by_signals(notify.Heartbeat(manager.alive))
    capture, inbox = settings.capture, settings.paths.inbox
    if not capture.sources:
        raise NotFound("nothing to record", remedy="add [[capture.sources]] to the configuration", zh="没有配置录音来源")
    may_record(settings)
    seclusion.enter()
    manager.ready()
    log.get().info("capture.started", pid=os.getpid(), count=len(capture.sources))
    Recorder(capture.sources, inbox, Claimed(PortAudio(), inbox), minutes=capture.minutes).run(stop)
    manager.stopping()
    log.get().info("capture.stopped")


def may_record(settings: Config) -> None:
    """NotAllowed when plain audio would touch a disk on its way to the seal; unknown storage counts as a disk."""
    leaves_no_traces(settings, "put the inbox on tmpfs or an encrypted volume, or set capture.allow_plain = true")


def leaves_no_traces(settings: Config, remedy: str, folder: Path | None = None) -> None:
    """NotAllowed when what lies unsealed in `folder` (the inbox) would leave traces on a plain disk."""
    from edge_agent.capture.storage import Storage, storage_of  # noqa: PLC0415

    found = storage_of(folder or settings.paths.inbox)
    if settings.capture.allow_plain or found in {Storage.MEMORY, Storage.ENCRYPTED}:
        return
    raise NotAllowed(
        f"the inbox lies on {found.value} storage: unsealed speech would leave traces there", remedy=remedy,
        zh="收件目录不在内存盘或加密盘上：未加密的录音会留下痕迹",
    )  # fmt: skip


def ingest(settings: Config, files: Sequence[Path], meta: Path) -> Ingestion:
    """Take files in under one sidecar; the originals stay. A file that is refused is said, and the next one is taken.

    Raises:
        NotFound: this box has no keys yet. Unavailable: the disk is nearly full, or the ledger is busy.
        NotAllowed: a worker runs, and its inbox, through which the files would go, lies on a plain disk.
    """
    from edge_agent.capture.inbox import FileArrival  # noqa: PLC0415

    log.configure("ingest")
    pseudonym = app.pseudonyms(app.keys(settings))
    arrivals = [
        FileArrival(path=file, sidecar=meta, max_bytes=settings.limits.max_file_bytes, keep=True, pseudonym=pseudonym)
        for file in files
    ]
    with locks.only_one(settings.paths.worker_lock) as alone:
        if not alone:
            leaves_no_traces(settings, "stop the worker, or put the inbox on tmpfs or an encrypted volume")
            return _each(arrivals, lambda arrival: _hand_over(settings, arrival, meta))
        with app.box(settings, progress=lambda: worker.aside(settings.paths.live_lock, Event(), lambda: None)) as box:
            if not box.room():
                raise Unavailable(
                    "the disk is nearly full, no new media is taken in", remedy="free space", zh="磁盘空间不足，暂停接收"
                )
            return _each(arrivals, lambda arrival: _take(box, arrival))


def retry(settings: Config, recording: str) -> None:
    """Let a parked recording go on; the worker, or the next `ingest`, takes it from there. NotFound."""
    ledger = app.ledger(settings, app.keys(settings))
    try:
        ledger.unparked(recording)
    finally:
        ledger.close()


def _each(arrivals: "Sequence[Arrival]", take: "Callable[[Arrival], Ingested]") -> Ingestion:
    lines = []
    for n, arrival in enumerate(arrivals, 1):
        try:
            lines.append(msgspec.structs.replace(take(arrival), n=n))
        except BadInput as error:
            lines.append(
                Ingested(
                    n=n,
                    recording=None,
                    state="refused",
                    error=error.kind,
                    reason=error.message,
                    remedy=error.remedy,
                    zh=error.zh,
                )
            )
    return Ingestion(files=lines)


def _take(box: app.Box, arrival: "Arrival") -> Ingested:
    recording = pipeline.take_in(box.kit, arrival)
    try:
        pipeline.advance(box.kit, recording)
    except EdgeError as error:
        if isinstance(error, BadInput):
            raise
        if box.kit.ledger.recording(recording.id).state is not State.EXPIRED:
            box.kit.ledger.parked(recording.id, errors.code(error))
            return Ingested(n=0, recording=recording.id, state="parked", reason=error.message, zh=error.zh)
    now = box.kit.ledger.recording(recording.id)
    return Ingested(n=0, recording=now.id, state=now.state.value, reason=now.parked)


def _hand_over(settings: Config, arrival: "Arrival", meta: Path) -> Ingested:
    """A worker runs: copy media and sidecar beside its inbox and rename them in, under a generated name."""
    from edge_agent.capture.arrival import META, translated  # noqa: PLC0415

    arrival.circumstances()
    inbox, name = settings.paths.inbox, new_id()
    part, beside = inbox / f".{name}.part", inbox / f"{name}{META}"
    try:
        with part.open("xb") as copy:
            for chunk in arrival.chunks():
                copy.write(chunk)
        with privilege.raised():  # a person named it
            said = meta.read_bytes()
        beside.write_bytes(said)
        part.rename(inbox / name)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise translated(error) from error
    finally:
        part.unlink(missing_ok=True)
    return Ingested(n=0, recording=None, state="queued")


def _stopped_by_signals(stop: Event) -> Event:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: tell(stop))
    return stop
