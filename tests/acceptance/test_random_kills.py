"""G4 at its hardest: broker, sink, PostgreSQL, worker and uplink killed (-9) sixty times in random order, under steady work.

Only the recogniser is a stand-in, for speed. The test plays the service manager: what was killed, or ended because its database
was, is started again. "Order kept" means: HQ's watermark never goes back and never passes a row that is not there, at any
instant; and the sequence under which HQ holds a row is the one under which the ledger wrote it, byte by byte.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Self

import psycopg
import pytest
import quick_worker
from conftest import SAMPLES, Box
from postgres_world import Cluster, PostgresPlace
from sync_world import Mosquitto, hq_report

pytestmark = [pytest.mark.acceptance, pytest.mark.fault, pytest.mark.broker, pytest.mark.postgres]

KILLS = 60
VICTIMS = ("broker", "sink", "postgres", "worker", "uplink")
WAITING = 12
"""Files that lie in the inbox at most, so that work never runs out and never piles up."""


GRACE_S = 80.0
"""All in all, how long kills are put off because nothing has reached HQ since the last one: a kill of the idle shows little."""


class House(Box):
    """A box, its broker and HQ. Whatever ends by itself is started again, and how it ended is kept."""

    def __init__(self, root: Path, cluster: Cluster) -> None:
        place = PostgresPlace(cluster)
        super().__init__(root)
        self.store = place.name  # type: ignore[assignment]
        self.cluster, self.place = cluster, place
        self.broker = Mosquitto(root, persistent=True)
        self.connect(self.broker.port)
        self.ended: Counter[tuple[str, int]] = Counter()

    def start(self, name: str, *, port: int | None = None) -> None:
        if name == "broker":
            self.broker.start()
        elif name == "postgres":
            self.cluster.start(wait=False)
        elif name == "worker":
            with (self.root / "worker.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, quick_worker.__file__, str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        else:
            super().start(name, port=port)

    def kill(self, name: str) -> None:
        if name == "broker":
            self.broker.kill()
        elif name == "postgres":
            self.cluster.kill()
        else:
            super().kill(name)

    def restart_ended(self) -> None:
        for name, process in list(self.processes.items()):
            code = process.poll()
            if code is not None:
                self.ended[name, code] += 1
                self.start(name)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    cluster = Cluster().start()
    made = House(tmp_path, cluster)
    made.init()
    yield made
    for name in list(made.processes):
        made.kill(name)
    made.broker.kill()
    cluster.drop()


class Producer:
    """Drops calls into the inbox, each of other content, until it is left; `dropped` says how many."""

    def __init__(self, box: Box, chance: random.Random) -> None:
        self._box, self._chance = box, chance
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drop)
        self.dropped = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _drop(self) -> None:
        meta = (SAMPLES / "call-1.meta.toml").read_text(encoding="utf-8")
        inbox = self._box.state / "inbox"
        while not self._over.wait(0.05):
            if sum(1 for one in inbox.glob("call-*.wav")) < WAITING:
                self._box.drop(self._chance.randbytes(3000), f"call-{self.dropped}.wav", meta)
                self.dropped += 1


class Observer:
    """Looks at HQ's watermark again and again; `faults` are the times it went back or stood beyond a row that is not there."""

    def __init__(self, place: PostgresPlace) -> None:
        self._place = place
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.marks: list[int] = []
        self.faults: list[tuple[int, int]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.1):
            try:
                found = self._place.ask(
                    "SELECT s.contiguous, (SELECT count(*) FROM envelopes e WHERE e.seq <= s.contiguous) FROM streams s"
                )
            except psycopg.Error:
                continue  # it is being killed, or gets up again
            for mark, rows in found:
                if rows != mark or (self.marks and mark < self.marks[-1]):
                    self.faults.append((mark, rows))
                self.marks.append(mark)


def test_after_sixty_random_kills_hq_holds_exactly_what_the_ledger_holds(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    seed = int(os.environ.get("EDGE_KILL_SEED", random.SystemRandom().randrange(2**32)))
    with capsys.disabled():
        print(f"\nEDGE_KILL_SEED={seed}")
    chance = random.Random(seed)
    victims = [*VICTIMS] * (KILLS // len(VICTIMS))
    chance.shuffle(victims)
    for name in ("broker", "sink", "worker", "uplink"):
        house.start(name)
    moved, grace_s = 0, GRACE_S
    with Producer(house, random.Random(seed)) as producer, Observer(house.place) as observer:
        house.until(lambda: bool(observer.marks) and observer.marks[-1] > 0, seconds=60)
        for victim in victims:
            before = observer.marks[-1]
            rest_s = chance.uniform(0.2, 2.6)
            while rest_s > 0 or (grace_s > 0 and observer.marks[-1] == before):
                house.restart_ended()
                time.sleep(0.02)
                rest_s -= 0.02
                grace_s -= 0.02 * (rest_s < 0)
            moved += observer.marks[-1] > before
            house.kill(victim)
            time.sleep(chance.uniform(0.0, 0.4))
            house.start(victim)
    while not (closed(house) == producer.dropped and house.all_committed()):
        house.restart_ended()
        time.sleep(0.2)
        assert time.monotonic() - began < 400, house.logs()[-3000:].decode(errors="replace")
    assert moved >= KILLS * 2 // 3, "most kills are to hit a house at work"
    same_rows(house)
    same_tags(house, producer.dropped)
    assert observer.faults == []
    report = hq_report(house.place.name)
    assert (report["missing"], report["duplicates"], report["dead_letters"]) == (0, 0, 0)
    assert house.json("status")["audit_ok"] is True
    assert {name for name, _ in house.ended} <= {"sink"}, house.ended
    assert {code for _, code in house.ended} <= {70}
    figures = {
        "test": "random kills", "seed": seed, "kills": KILLS, "after_progress": moved, "calls": producer.dropped,
        "rows": report["n"], "tags": report["tags"], "late_first_copies": late_first_copies(house.place),
        "sink_ended_itself": house.ended.total(), "looks": len(observer.marks), "seconds": round(time.monotonic() - began),
    }  # fmt: skip
    with capsys.disabled():
        print(json.dumps(figures))


def closed(house: House) -> int:
    """Calls that went all the way. A kill between sealing and unlinking brings a file twice; its second copy is rejected."""
    return len(house.query("SELECT 1 FROM recordings WHERE state = 'closed'"))


def same_rows(house: House) -> None:
    """Sequence by sequence, the very bytes that the ledger signed."""
    ((epoch,),) = house.query("SELECT value FROM meta WHERE key = 'epoch'")
    ours = {
        (epoch, seq): sha256(raw).digest() for seq, raw in house.query("SELECT seq, payload FROM outbox WHERE state = 'live'")
    }
    theirs = {(one, seq): digest for one, seq, digest in house.place.ask("SELECT epoch, seq, sha256 FROM envelopes")}
    kept = {(one, seq): sha256(raw).digest() for one, seq, raw in house.place.ask("SELECT epoch, seq, payload FROM payloads")}
    assert theirs == ours == kept
    assert sorted(seq for _, seq in ours) == list(range(1, len(ours) + 1))


def same_tags(house: House, dropped: int) -> None:
    """Every call that was dropped is analysed once, and each of its tags is at HQ once."""
    ours = sorted(one for (one,) in house.query("SELECT id FROM tags"))
    theirs = sorted(one for (one,) in house.place.ask("SELECT event_id FROM tags"))
    assert theirs == ours
    assert len(set(ours)) == len(ours) >= dropped
    states = Counter(state for (state,) in house.query("SELECT state FROM recordings"))
    assert states.keys() <= {"closed", "rejected"}, states
    assert states["closed"] == dropped, states
    assert len(house.place.ask("SELECT DISTINCT recording FROM tags")) == dropped


def late_first_copies(place: PostgresPlace) -> int:
    """Rows that HQ first saw after a later one: what a killed broker forgot although it had acknowledged it."""
    ((n,),) = place.ask(
        "SELECT count(*) FROM (SELECT received_at, max(received_at) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND"
        " 1 PRECEDING) AS before FROM envelopes) e WHERE received_at < before"
    )
    return int(n)
