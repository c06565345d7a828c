"""After a busy day nothing on the box's disk, in its logs or on the wire holds what was said, a name, a number or a file's name.

Real keys, vault, ledger, inbox, pipeline, officers and HQ; the engines are scripts, so that the sentences are known. Every file
of the state directory is searched byte by byte (which is what `strings` would find, free pages and the write-ahead log included)
in every encoding a program is likely to have used, and the ledger's values one by one, since a page border may cut a text in two.
First the search itself must find each canary in each encoding, and a deleted row in a database that does not overwrite.
"""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from box_world import BoxWorld, Party, Verb, script
from leaks import leaks

from edge_agent.config import Retention
from edge_agent.errors import EdgeError

pytestmark = pytest.mark.acceptance

SENTENCE = "这批货的暗号是青岚七号仓库"
NAME, PHONE = "欧阳建国", "13912345678"
FILE = "投诉王总-kanarie"
REP, CUSTOMER, OTHER = "E-KANARI-77", f"{NAME} {PHONE}", "KUNDE-KANARI-5"
PURPOSE = "复核欧阳先生的投诉"
CANARIES = frozenset({SENTENCE, NAME, PHONE, FILE, REP, OTHER, PURPOSE})


def disguises(word: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
        yield word.encode(encoding)
    raw = word.encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield quote(word).encode()
    yield json.dumps(word)[1:-1].encode()
    for shift in range(3):  # what of a base64 text does not depend on what stands before and after it
        whole = base64.b64encode(b"\0" * shift + raw)
        yield whole[4 if shift else 0 : len(whole) - 4]


def hits(content: bytes, words: frozenset[str]) -> set[str]:
    lowered = content.lower()
    return {word for word in words for form in disguises(word) if form in content or form.lower() in lowered}


@pytest.mark.parametrize("word", sorted(CANARIES))
def test_the_search_finds_each_canary_in_each_disguise(word: str) -> None:
    for form in disguises(word):
        assert hits(b"\x00\x17" + form + b"\xff", frozenset({word}))
    assert hits(base64.b64encode(f"before {word} after".encode()), frozenset({word}))


def test_the_search_finds_a_deleted_row_where_it_is_not_overwritten(tmp_path: Path) -> None:
    for overwrite, found in (("OFF", {NAME}), ("ON", set())):
        path = tmp_path / f"{overwrite}.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute(f"PRAGMA secure_delete = {overwrite}")
            db.execute("CREATE TABLE t (x TEXT)")
            db.execute("INSERT INTO t VALUES (?)", (NAME,))
            db.execute("DELETE FROM t")
        assert hits(path.read_bytes(), frozenset({NAME})) == found


def busy_day(world: BoxWorld, tmp_path: Path) -> frozenset[str]:
    """Everything a box does in a day, with words nobody may find again; returns pseudonyms that were to be forgotten."""

    def call(n: int, *lines: tuple[str, float, str], **how: str) -> str:
        said = (*lines, ("customer", 20 + n, f"{SENTENCE} {NAME} {PHONE}"))
        return world.call(*said, name=f"{FILE}-{n}.wav", **how).id

    notice, price = ("rep", 0, "您好，本次通话会录音"), ("customer", 5, "太贵")
    world.register(REP)
    analysed = call(1, notice, price, rep=REP, customer=CUSTOMER)
    spoken = call(2, notice, price, basis="spoken", rep=REP, customer=OTHER)
    silent = call(3, price, basis="spoken", customer=OTHER)
    late = call(4, price, basis="none", customer=OTHER)
    call(5, notice, rep="NOBODY-KANARI")
    call(6, ("noise", 0, SENTENCE))
    rude = call(7, ("rep", 0, "给您回扣"), price)
    world.drop(script(notice, price, ("customer", 21, f"{SENTENCE} {NAME} {PHONE}")), name=f"{FILE}-again.wav")
    world.drop(b"video " + SENTENCE.encode(), name=f"{FILE}.mp4", basis="not-personal", kind="shelf", bay="bay-a")
    world.drop(b"x", name=f"{FILE}-bad.wav", rep=" broken")
    world.work()
    for left in world.inbox.iterdir():
        left.unlink()  # a refused file stays where its owner put it, which is not ours
    assert world.parked(world.ledger.recording(silent)) == "no-notice"
    world.ledger.stated(world.state(Party.RECORDING, late))
    world.work()

    for number, object_id in enumerate(world.objects(spoken)):
        world.opened_by_two(object_id, tmp_path / f"officer-{number}", purpose=PURPOSE)
    world.ledger.keeping.hold(rude, "case-17")
    with pytest.raises(EdgeError):
        world.erase(Party.CUSTOMER, NAME)
    world.withdraw(Party.RECORDING, late)
    world.ledger.stated(world.state(Party.REP, "E-KANARI-78", Verb.WITHDRAWN))
    forgotten = frozenset({world.pseudonym("customer", CUSTOMER)})
    world.erase(Party.CUSTOMER, CUSTOMER)
    assert world.ledger.recording(analysed).state == "expired"
    world.rules = Retention(when_full="early")
    world.tick(missing_bytes=10**9)
    world.clock.pass_(timedelta(days=8))
    world.tick()
    return forgotten


def test_after_a_busy_day_no_canary_is_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "state").mkdir()
    world = BoxWorld(tmp_path / "state")
    forgotten = busy_day(world, tmp_path)
    words = CANARIES | forgotten
    files = [path for path in world.root.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"ledger.db", "ledger.db-wal", "signing.key"} <= names
    assert any(path.suffix == ".age" for path in files), "some of the day is still sealed"
    remembered = frozenset({world.pseudonym("customer", OTHER)})
    assert any(hits(path.read_bytes(), remembered) for path in files if path.name.startswith("ledger.db")), "not searched"
    for path in files:
        assert hits(path.read_bytes(), words) == set(), path.name
        assert hits(str(path).encode(), words) == set()

    with closing(sqlite3.connect(f"file:{world.path}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for table in tables for row in db.execute(f"SELECT * FROM {table}") for value in row]
    assert len(values) > 500
    for value in values:
        assert hits(value if isinstance(value, bytes) else str(value).encode(), words) == set()

    world.ledger.checkpoint()
    sent = world.outgoing()
    assert len(sent) >= 6
    assert {row.leaf for row in sent} == {"tags", "audit"}
    for row in sent:
        assert leaks(row.payload, words) == set()
    world.at_hq(tmp_path / "hq.db")
    assert hits((tmp_path / "hq.db").read_bytes(), words) == set()

    said, logged = capfd.readouterr()
    assert len(logged.splitlines()) > 10, "the log was read"
    for line in (said + logged).splitlines():
        assert leaks(line.encode(), words) == set()
    assert world.ledger.verify_chain()
    world.close()
