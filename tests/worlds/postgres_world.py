"""A PostgreSQL of the tests' own: a fresh cluster on a socket, fsync on, run by an ordinary user; and places for HQ's rows.

`SqlitePlace` and `PostgresPlace` are the same to a test: a name to open the store by, and a way to ask behind the store's back.
"""

import itertools
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

import psycopg

from edge_sync.cli.options import opened
from edge_sync.store import Store

BINARIES = Path("/usr/lib/postgresql/15/bin")
ROLE = "edge"


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{BINARIES}:{os.environ.get('PATH', '')}")
    assert found, "PostgreSQL is not installed: apt-get install postgresql-15"
    return found


class Cluster:
    """`start`, `stop` (SIGINT) and `kill` (SIGKILL, the postmaster and all its children) as often as one likes."""

    def __init__(self, *settings: str, inside: Path | None = None) -> None:
        initdb = _program("initdb")
        # A path of its own: pytest's folders are closed to other users, and a socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=inside))
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._names = (f"hq_{n}" for n in itertools.count(1))
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root; Debian's package brings this account
            found = pwd.getpwnam("postgres")
            os.chown(self.folder, found.pw_uid, found.pw_gid)
            self._account = {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
        made = [initdb, "-D", str(self._data), "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd="/", **self._account)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def dsn(self, database: str) -> str:
        return f"postgresql:///{database}?host={self.folder}&user={ROLE}"

    def start(self, *, wait: bool = True) -> Self:
        settings = ("listen_addresses=", "dynamic_shared_memory_type=mmap", *self._settings)
        options = ["-k", str(self.folder), *(part for one in settings for part in ("-c", one))]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", str(self._data), *options], stdout=log, stderr=log, cwd="/", **self._account
            )
        while wait and not self.answers():
            assert self._process.poll() is None, self.log[-2000:]
            time.sleep(0.05)
        return self

    def answers(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """Without a word: postmaster first, so that it cannot start anything again, then every child (each its own group)."""
        if self._process is None:
            return
        children = _children(self._process.pid)
        self._process.kill()
        self._process.wait()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_runs(pid) for pid in children):
            time.sleep(0.01)
        self._process = None

    def drop(self) -> None:
        if self._process is not None:  # at once, but not so that its shared memory stays behind
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
        shutil.rmtree(self.folder)

    def database(self, *, like: str = "") -> str:
        """A new database, empty or a copy; its name."""
        name = next(self._names)
        self.ask("postgres", f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else ""))
        return name

    def ask(self, database: str, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn(database), autocommit=True) as db:
            done = db.execute(sql.encode(), values or None)
            return done.fetchall() if done.description else []


def _children(parent: int) -> list[int]:
    return [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and _stat(int(one.name))[1] == str(parent)]


def _runs(pid: int) -> bool:
    return _stat(pid)[0] not in {"", "Z", "X"}


def _stat(pid: int) -> tuple[str, str]:
    """State and parent of a process; empty when there is none. Its name, in parentheses, may hold blanks."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return "", ""
    return state, parent


class Place(Protocol):
    """Where a store is: `name` is what `--store` takes."""

    name: str

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Any statement, behind the store's back."""
        ...

    def copy(self) -> "Place":
        """A second database as a backup of this one would be restored; no store may be open."""
        ...

    def fail_at(self, seq: int) -> None:
        """From now on, tags of this sequence cannot be written."""
        ...

    def call_it_newer(self) -> None:
        """As a later version of the program would have left it."""
        ...


def opened_at(place: Place, *, create: bool = True) -> Store:
    return opened(place.name, create=create)


class SqlitePlace:
    def __init__(self, folder: Path, file: str = "hq.db") -> None:
        self._folder = folder
        self.path = folder / file
        self.name = str(self.path)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def copy(self) -> "SqlitePlace":
        other = SqlitePlace(self._folder, f"{self.path.name}.copy")
        self.ask(f"VACUUM INTO '{other.path}'")
        return other

    def fail_at(self, seq: int) -> None:
        self.ask(f"CREATE TRIGGER full BEFORE INSERT ON tags WHEN NEW.seq = {seq} BEGIN SELECT RAISE(ABORT, 'full'); END")

    def call_it_newer(self) -> None:
        self.ask("PRAGMA user_version = 99")


class PostgresPlace:
    def __init__(self, cluster: Cluster, database: str = "") -> None:
        self._cluster = cluster
        self.database = database or cluster.database()
        self.name = cluster.dsn(self.database)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._cluster.ask(self.database, sql)

    def copy(self) -> "PostgresPlace":
        return PostgresPlace(self._cluster, self._cluster.database(like=self.database))

    def fail_at(self, seq: int) -> None:
        self.ask(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$;"
            f"CREATE TRIGGER full_disk BEFORE INSERT ON tags FOR EACH ROW WHEN (NEW.seq = {seq}) EXECUTE FUNCTION full_disk()"
        )

    def call_it_newer(self) -> None:
        self.ask("INSERT INTO versions (number) VALUES (99)")
