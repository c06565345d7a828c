"""A box with keys and an audit log, an HQ that receives its outbox and cosigns, and an insider who holds the device key."""

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ledger_world import NOON, analysis, recording, sealed

from edge_agent import app, provision
from edge_agent.cli import main as edge_agent
from edge_agent.config import Config, Limits
from edge_agent.domain.recording import State
from edge_agent.ledger import audit, witnessing
from edge_agent.ledger.audit import Row
from edge_agent.ledger.book import SqliteLedger
from edge_agent.ledger.tree import Tree
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.x25519 import Identity
from edge_sync import merkle, signing, wire, witness
from edge_sync.cli import main as edge_hq
from edge_sync.intake import examine
from edge_sync.sqlite_store import SqliteStore
from edge_sync.store import Gateway
from edge_sync.witness import Kept

GATEWAY = "gateway-1"


class Audited:
    """A provisioned box under `folder/box`, and HQ's database and key beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self.config.write_text(
            f'gateway = "{GATEWAY}"\ntenant = "demo"\nstate = "{folder / "box"}"\n'
            "[limits]\nmedia_floor_bytes = 0\ntag_floor_bytes = 0\n"
        )
        self.settings = Config(
            gateway=GATEWAY, state=str(folder / "box"), limits=Limits(media_floor_bytes=0, tag_floor_bytes=0)
        )  # fmt: skip
        self.hq_key = folder / "hq.key"
        public = signing.create(self.hq_key)
        self.hq = SqliteStore(folder / "hq.db")
        self._provision(signing.text_of(public))

    def _provision(self, hq_key: str) -> None:
        officers = [str(Identity.generate().recipient) for _ in range(2)]
        provision.provision(self.settings, legal=officers[:1], hr=officers[1:], hq_key=hq_key)
        self.keys = DeviceKeys.load(self.settings.paths.keys)
        self.hq.enrol(Gateway(name=GATEWAY, tenant="demo", key=self.keys.public))
        self.ledger = self.opened()

    def replaced(self) -> None:
        """The box broke: another stands in its place, under its name, with a key and a log of its own."""
        self.ledger.close()
        Path(self.settings.state).rename(self.folder / "broken")
        self._provision(signing.text_of(signing.public_of(signing.load(self.hq_key))))

    def at_hq(self, *arguments: str) -> int:
        """`edge-hq audit …` as it is typed."""
        return edge_hq(["audit", *arguments, "--store", str(self.folder / "hq.db")])

    def opened(self) -> SqliteLedger:
        return app.ledger(self.settings, self.keys)

    def close(self) -> None:
        self.ledger.close()
        self.hq.close()

    @property
    def path(self) -> Path:
        return self.settings.paths.ledger

    @property
    def key_text(self) -> str:
        return b64encode(self.keys.public).decode()

    def origin(self) -> str:
        with closing(sqlite3.connect(self.path)) as connection:
            (origin,) = connection.execute("SELECT value FROM meta WHERE key = 'origin'").fetchone()
        return str(origin)

    def rows(self) -> list[Row]:
        with closing(sqlite3.connect(self.path)) as connection:
            return audit.rows(connection)

    def calls(self, count: int = 1) -> None:
        """Each a recording taken in, analysed and closed: four rows."""
        for _ in range(count):
            made = recording()
            self.ledger.captured(made)
            self.ledger.sealed(made.id, sealed(made.id))
            self.ledger.analysed(made.id, analysis(1))
            self.ledger.moved(made.id, State.CLOSED)

    def grown_to(self, rows: int) -> None:
        """Exactly so many audit rows."""
        while len(self.rows()) + 4 <= rows:
            self.calls()
        while len(self.rows()) < rows:
            self.ledger.noted("worker.started", ruleset="ab" * 32)

    def deliver(self) -> tuple[Kept, ...]:
        """Bring every outbox row to HQ, and HQ's cosignatures back; what HQ thinks of the checkpoints that are new to it."""
        reader = OutboxReader(self.path, self.folder / "none.sock")
        arrivals = [examine(f"sx/v1/demo/{GATEWAY}/{row.leaf}", row.payload, self.hq.gateway) for row in reader.after(0, 100_000)]
        reader.close()
        judged = self.hq.commit(arrivals, at=NOON).checkpoints
        sign = signing.signer(signing.load(self.hq_key))
        for one in judged:
            if one.counter:
                message = wire.seal(witness.cosigned(one, sign), sign)
                self.ledger._writer.write(lambda tx, m=message: witnessing.take(tx, self.ledger.terms, self.ledger._chain, m))
        return judged

    def reported(self) -> list[str]:
        """A checkpoint to HQ; its verdicts."""
        self.ledger.checkpoint()
        return [str(one.verdict) for one in self.deliver()]

    def hqs_file(self, *options: str) -> Path:
        """What HQ's own command exports for the auditor."""
        path = self.folder / f"checkpoints-{len(list(self.folder.iterdir()))}.jsonl"
        assert edge_hq(
            ["audit", "export", "--store", str(self.folder / "hq.db"), "--key", str(self.hq_key), "-o", str(path), *options]
        ) == 0  # fmt: skip
        return path

    def box(self, *arguments: str) -> int:
        """`edge-agent audit …` as it is typed."""
        return edge_agent(["audit", *arguments, "--config", str(self.config)])

    def rewritten(self, change: Callable[[list[Row]], list[Row]], *, forgets: bool = True) -> None:
        """The insider: with root and the device key, history is made anew, and everything on the box fits it.

        `forgets`: what the box remembers of its checkpoints and of HQ's word is taken away as well.
        """
        self.ledger.close()
        with closing(sqlite3.connect(self.path)) as connection:
            rewrite(connection, change, self.keys.sign)
            if forgets:
                connection.execute("DELETE FROM meta WHERE key IN ('witness', 'checkpoint')")
            connection.commit()
        self.ledger = self.opened()


def rewrite(connection: sqlite3.Connection, change: Callable[[list[Row]], list[Row]], sign: audit.Sign) -> None:
    """Put other rows in place of these, with a right tree and a right signature."""
    rows = change(audit.rows(connection))
    unlock(connection)
    connection.execute("DELETE FROM audit")
    connection.execute("DELETE FROM audit_nodes")
    for row in rows:
        leaf = merkle.leaf_hash(row.leaf)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", (*fields(row), leaf))
        Tree(connection).add(row.seq, leaf)
    size = len(rows)
    root = Tree(connection).root(size)
    head = f"{size} {root.hex()} {audit.head_signature(connection, size, root, sign)}"
    connection.execute("UPDATE meta SET value = ? WHERE key = 'head'", (head,))
    connection.commit()


def fields(row: Row) -> tuple[int, str, str, int, str, str]:
    return row.seq, row.at, row.boot, row.mono_ms, row.kind, row.body


def unlock(connection: sqlite3.Connection) -> None:
    """Take the triggers away, as anybody with the file can."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def last_line(text: str) -> dict[str, object]:
    found = json.loads(text.strip().splitlines()[-1])
    assert isinstance(found, dict)
    return found
