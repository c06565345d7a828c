"""What the tests of `edge_sync` stand on: fixed keys, sealed rows, an outbox without the appliance, brokers, processes to kill.

Run as a program it is one of those processes: `sync_world.py uplink OUTBOX PORT` or `sync_world.py sink STORE PORT`.
"""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from edge_sync import signing, wire
from edge_sync.cli.options import opened
from edge_sync.errors import WireError
from edge_sync.link import Endpoint
from edge_sync.outbox import Row
from edge_sync.store import Gateway, Store

TENANT, GATEWAY, EPOCH = "demo", "gateway-1", "0123abcd"
BOOT = "11111111-2222-3333-4444-555555555555"
BOX = bytes(range(32))
HQ = bytes(range(32, 64))
OTHER = bytes(range(64, 96))
box_sign, hq_sign, other_sign = signing.signer(BOX), signing.signer(HQ), signing.signer(OTHER)
BOX_PUBLIC, HQ_PUBLIC = signing.public_of(BOX), signing.public_of(HQ)
box_verify, hq_verify = signing.verifier(BOX_PUBLIC), signing.verifier(HQ_PUBLIC)
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def uuid7(n: int) -> str:
    return f"019a0000-0000-7000-8000-{n:012x}"


def a_tag(n: int = 1, **changes: object) -> wire.Tag:
    given: dict[str, object] = {
        "event_id": uuid7(n), "code": "price.objection", "speaker": "customer", "start_ms": 1200, "end_ms": 4100,
        "known_at_ms": 4100, "confidence": 0.82, "severity": "notice",
        "rule": wire.Rule(id="price.objection", version=1, digest="ab" * 32),
        "slots": wire.Slots(amount="9.60", brand="rival-1"),
        "evidence": (wire.Evidence(kind="phrase", start_ms=1200, end_ms=4100),),
    }  # fmt: skip
    return wire.Tag(**(given | changes))  # type: ignore[arg-type]


def tags_data(n: int = 1, tags: int = 1) -> wire.TagsData:
    return wire.TagsData(
        recording=uuid7(1_000_000 + n), consent="notice", ruleset="cd" * 32, models=("whisper-base@" + "ef" * 8,),
        tags=tuple(a_tag(n * 1000 + k) for k in range(tags)),
    )  # fmt: skip


def envelope(seq: int, data: object = None, *, gateway: str = GATEWAY, epoch: str = EPOCH, tenant: str = TENANT) -> wire.Envelope:
    return wire.envelope(
        tenant=tenant, gateway=gateway, epoch=epoch, seq=seq, time=NOON, recorded=NOON + timedelta(seconds=seq % 1000),
        data=data or tags_data(seq),  # type: ignore[arg-type]
    )  # fmt: skip


def sealed(seq: int, data: object = None, **where: str) -> bytes:
    return wire.seal(envelope(seq, data, **where), box_sign)


def a_birth(**changes: object) -> wire.Birth:
    given: dict[str, object] = {
        "tenant": TENANT, "gateway": GATEWAY, "boot_id": BOOT, "epoch": EPOCH, "at": NOON, "software": "0.1.0",
        "models": ("whisper-base@" + "ef" * 8,), "lexicons": "12" * 32, "ruleset": "cd" * 32, "recipients": "34" * 32,
        "schemas": ("cn.sx.tags.v1", "cn.sx.shelf.v1", "cn.sx.gap.v1"), "capabilities": ("calls", "shelf"), "outbox_depth": 0,
        "first_seq": 0, "last_seq": 0, "committed": 0, "clock": "synchronised", "privacy": "strict",
    }  # fmt: skip
    return wire.Birth(**(given | changes))  # type: ignore[arg-type]


def committed(seq: int, *, counter: int = 1, sign: wire.Sign = hq_sign, **changes: str) -> bytes:
    given = {"gateway": GATEWAY, "epoch": EPOCH, "generation": "feed"} | changes
    return wire.seal(wire.Committed(counter=counter, seq=seq, **given), sign)


class FileOutbox:
    """The `Outbox` protocol over one SQLite file that several processes may open; here everyone is the worker."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, timeout=20, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(
            "CREATE TABLE IF NOT EXISTS rows (seq INTEGER PRIMARY KEY, leaf TEXT, payload BLOB, at TEXT, dead TEXT DEFAULT '',"
            " refusals INTEGER DEFAULT 0);"
            f"CREATE TABLE IF NOT EXISTS meta (committed INTEGER, epoch TEXT, counter INTEGER, confirms INTEGER);"
            f"INSERT INTO meta SELECT 0, '{EPOCH}', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM meta);"
        )

    def add(self, count: int = 1, *, leaf: str = "tags", at: datetime | None = None) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            self._put(leaf, sealed(self.highest() + 1, epoch=self.epoch()), at or datetime.now(UTC))
        self._db.execute("COMMIT")

    def put_raw(self, payload: bytes, *, leaf: str = "tags") -> None:
        self._put(leaf, payload, datetime.now(UTC))

    def _put(self, leaf: str, payload: bytes, at: datetime) -> None:
        self._db.execute("INSERT INTO rows (leaf, payload, at) VALUES (?, ?, ?)", (leaf, payload, at.isoformat()))

    def seqs(self) -> set[int]:
        return {seq for (seq,) in self._db.execute("SELECT seq FROM rows WHERE dead = ''")}

    def dead(self) -> dict[int, str]:
        return dict(self._db.execute("SELECT seq, dead FROM rows WHERE dead != ''"))

    def refusals(self) -> int:
        return self._one("SELECT sum(refusals) FROM rows")

    def confirms(self) -> int:
        """How many genuine watermarks moved this outbox."""
        return self._one("SELECT confirms FROM meta")

    def epoch(self) -> str:
        (epoch,) = self._db.execute("SELECT epoch FROM meta").fetchone()
        return str(epoch)

    def after(self, seq: int, limit: int) -> Sequence[Row]:
        found = self._db.execute(
            "SELECT seq, leaf, payload, at FROM rows WHERE seq > ? AND dead = '' ORDER BY seq LIMIT ?", (seq, limit)
        ).fetchall()
        return [Row(seq=n, leaf=leaf, payload=raw, created_at=datetime.fromisoformat(at)) for n, leaf, raw, at in found]

    def highest(self) -> int:
        return self._one("SELECT coalesce(max(seq), 0) FROM rows")

    def committed(self) -> int:
        return self._one("SELECT committed FROM meta")

    def birth(self) -> bytes:
        last = self.highest()
        return wire.seal(
            a_birth(epoch=self.epoch(), at=datetime.now(UTC), last_seq=last, outbox_depth=last - self.committed()), box_sign
        )

    def confirm(self, message: bytes) -> int:
        now = self.committed()
        try:
            order = wire.open_order(message, hq_verify)
        except WireError:
            return now
        if not isinstance(order, wire.Committed) or order.gateway != GATEWAY or order.epoch != self.epoch():
            return now
        mark = min(order.seq, self.highest())
        if mark > now:
            self._db.execute("UPDATE meta SET committed = ?, confirms = confirms + 1", (mark,))
        return max(mark, now)

    def witness(self, message: bytes) -> None:
        """Taken and forgotten: this outbox has no audit log."""

    def refuse(self, seq: int, reason: str) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        fresh = self._db.execute("UPDATE rows SET dead = ? WHERE seq = ? AND dead = ''", (reason, seq)).rowcount
        self._db.execute("UPDATE rows SET refusals = refusals + 1 WHERE seq = ?", (seq,))
        if fresh:
            gap = wire.Gap(reason="dead-letter", ranges=(wire.Range(first=seq, last=seq),), count=1)
            self._put("tags", sealed(self.highest() + 1, gap, epoch=self.epoch()), datetime.now(UTC))
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    def _one(self, query: str) -> int:
        (value,) = self._db.execute(query).fetchone()
        return int(value)


def an_hq(place: Path | str) -> Store:
    """HQ's store with our gateway enrolled; `place` is what `--store` takes."""
    store = opened(str(place))
    store.enrol(Gateway(name=GATEWAY, tenant=TENANT, key=BOX_PUBLIC))
    return store


def at_hq(path: Path, epoch: str = EPOCH) -> set[int]:
    """The sequences HQ holds, asked of the database itself."""
    db = sqlite3.connect(path, timeout=20)
    try:
        return {seq for (seq,) in db.execute("SELECT seq FROM envelopes WHERE gateway = ? AND epoch = ?", (GATEWAY, epoch))}
    finally:
        db.close()


def hq_report(place: Path | str) -> dict[str, object]:
    """`edge-hq rows --json`, as its users run it."""
    done = subprocess.run(
        [sys.executable, "-m", "edge_sync.cli", "rows", "--store", str(place), "--json", "--limit", "0"],
        capture_output=True, check=True,
    )  # fmt: skip
    report: dict[str, object] = json.loads(done.stdout)
    return report


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """Debian's broker on a fixed port; `kill` is SIGKILL, `start` may be called again."""

    host = "127.0.0.1"

    def __init__(self, folder: Path, *, acl: str = "", extra: str = "", persistent: bool = False) -> None:
        self.port = free_port()
        self._config = folder / f"mosquitto-{self.port}.conf"
        text = (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence {str(persistent).lower()}\n"
            f"persistence_location {folder}/\nset_tcp_nodelay true\nuser root\n{extra}\n"
        )
        if acl:
            self._rules = folder / f"acl-{self.port}"
            self._rules.write_text(acl)
            self._rules.chmod(0o600)
            text += f"acl_file {self._rules}\n"
        self._config.write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        assert program, "mosquitto is not installed: apt-get install mosquitto"
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_for(lambda: listens(self.port), "mosquitto listens", seconds=10)
        return self

    def rule(self, acl: str) -> None:
        """Other access rules, read at once."""
        assert self._process is not None
        self._rules.write_text(acl)
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


class Child:
    """One of our processes: an uplink or a sink, with short patience. `kill` is SIGKILL, `stop` is SIGTERM."""

    def __init__(self, role: str, place: Path | str, port: int, *, log: Path | None = None) -> None:
        self._command = [sys.executable, __file__, role, str(place), str(port)]
        self._log = log or Path(f"{place}.{role}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stderr=log)
        return self

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, seconds: float = 10) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()


class Proxy:
    """A TCP proxy in threads: delays each chunk by `delay_s` each way and passes it through `change`; `cut` drops all of them."""

    def __init__(self, target: int, *, delay_s: float = 0.0, change: Callable[[bytes], bytes] = lambda chunk: chunk) -> None:
        self._target = target
        self._change = change
        self._delay_s = delay_s
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._pairs: list[socket.socket] = []
        self._frozen = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Nothing passes any more on the connections there are, and none of them ends; new ones work."""
        self._frozen.set()
        self._frozen = threading.Event()

    def cut(self) -> None:
        pairs, self._pairs = self._pairs, []
        for one in pairs:
            one.close()

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                one.setblocking(False)  # here, since `cut` may close it before its thread has begun
            self._pairs += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink, self._frozen), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, frozen: threading.Event) -> None:
        """Each chunk is due `delay_s` after it was read; reading goes on meanwhile, so that only latency is added."""
        due: list[tuple[float, bytes]] = []
        ended = False
        while not ended or due:
            try:
                if not ended and not frozen.is_set():
                    chunk = source.recv(65536)
                    ended = not chunk
                    if chunk:
                        due.append((time.monotonic() + self._delay_s, self._change(chunk)))
            except BlockingIOError:
                pass
            except OSError:
                ended = True
            try:
                while due and due[0][0] <= time.monotonic():
                    sink.sendall(due.pop(0)[1])
            except OSError:
                return
            time.sleep(0.0005)
        sink.close()


def settings_for(port: int, state: Path, **changes: object) -> object:
    from edge_sync.uplink import Settings

    given: dict[str, object] = {
        "endpoint": Endpoint(host="127.0.0.1", port=port), "tenant": TENANT, "gateway": GATEWAY, "state": state, "stall_s": 2.0,
        "hold_s": 0.2, "backoff_base_s": 0.1, "backoff_cap_s": 0.5, "tick_s": 0.02, "will_delay_s": 0,
    }  # fmt: skip
    return Settings(**(given | changes))  # type: ignore[arg-type]


def main(role: str, place: str, port: int) -> None:
    from edge_sync import log
    from edge_sync.process import stop_on_signals
    from edge_sync.sink import Sink, SinkSettings
    from edge_sync.uplink import Uplink

    log.configure(role)
    stop = stop_on_signals()
    if role == "uplink":
        path = Path(place)
        state = path.with_suffix(".state")
        state.mkdir(exist_ok=True)
        Uplink(FileOutbox(path), settings_for(port, state), hq_verify=hq_verify).run(stop)  # type: ignore[arg-type]
        return
    chosen = SinkSettings(
        endpoint=Endpoint(host="127.0.0.1", port=port), patience_s=1.0, look_s=0.2, backoff_base_s=0.1, backoff_cap_s=0.5
    )
    Sink(opened(place, patience_s=30.0), chosen, sign=hq_sign).run(stop)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
