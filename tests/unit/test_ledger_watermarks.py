"""The uplink's view and the worker's door: what moves the watermark, what does not, and what a restored HQ or box causes."""

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_world import BOX_KEY, DIGEST, HQ_KEY, STRANGER_KEY, World, memory_folder, opened

from edge_agent.config import Limits
from edge_agent.errors import Unavailable
from edge_agent.ledger.birth import Presence
from edge_agent.ledger.uplink import OutboxReader
from edge_agent.ledger.watermarks import WatermarkServer
from edge_sync import signing, wire
from edge_sync.errors import OutboxAway

PRESENCE = Presence(software="0.1.0", models=("whisper-base",), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.close()


@pytest.fixture
def door(world: World) -> Iterator[Path]:
    path = world.folder / "run" / "worker.sock"
    with WatermarkServer(world.ledger.terms, path, PRESENCE):
        yield path


@pytest.fixture
def uplink(world: World, door: Path) -> Iterator[OutboxReader]:
    reader = OutboxReader(world.path, door)
    yield reader
    reader.close()


def fill(world: World, rows: int) -> None:
    for _ in range(rows):
        world.analysed(1)


def seqs(uplink: OutboxReader, after: int = 0) -> list[int]:
    return [row.seq for row in uplink.after(after, 10_000)]


def gaps(uplink: OutboxReader) -> list[tuple[str, list[tuple[int, int]]]]:
    found = (opened(row.payload) for row in uplink.after(0, 10_000))
    return [(one.data.reason, [(r.first, r.last) for r in one.data.ranges]) for one in found if isinstance(one, wire.GapEnvelope)]


def test_hqs_signed_watermark_moves_ours(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    assert uplink.confirm(world.order(2, epoch=uplink.epoch())) == 2
    assert uplink.committed() == 2
    assert world.reader.status().outbox.pending == 1


FORGERIES: dict[str, Callable[[World, str], bytes]] = {
    "signed by a stranger": lambda w, e: w.order(2, epoch=e, key=STRANGER_KEY),
    "signed by the box itself": lambda w, e: w.order(2, epoch=e, key=BOX_KEY),
    "for another gateway": lambda w, e: w.order(2, epoch=e, gateway="gateway-2"),
    "for another epoch": lambda w, e: w.order(2, epoch="0" * 32),
    "beyond the highest ever assigned": lambda w, e: w.order(4, epoch=e),
    "changed after signing": lambda w, e: w.order(2, epoch=e).replace(b'"seq":2', b'"seq":3'),
    "without a signature": lambda w, e: w.order(2, epoch=e).split(b',"signature"')[0] + b"}",
    "another order than a watermark": lambda w, e: wire.seal(
        wire.Rebirth(gateway="gateway-1", counter=9), signing.signer(HQ_KEY)
    ),
    "not even JSON": lambda w, e: b"\x00\xff",
    "empty": lambda w, e: b"",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_watermark_moves_nothing(world: World, uplink: OutboxReader, forge: Callable[[World, str], bytes]) -> None:
    fill(world, 3)
    uplink.confirm(world.order(1, epoch=uplink.epoch(), counter=1))
    assert uplink.confirm(forge(world, uplink.epoch())) == 1
    assert uplink.committed() == 1


def test_a_box_without_hqs_key_believes_nobody(folder: Path) -> None:
    world = World(folder)
    fill(world, 1)
    world.ledger.terms = type(world.ledger.terms)(
        path=world.path,
        gateway="gateway-1",
        tenant="demo",
        sign=signing.signer(BOX_KEY),
        clock=world.clock,
        boot=world.clock.boot(),
    )
    with WatermarkServer(world.ledger.terms, folder / "w.sock", PRESENCE):
        uplink = OutboxReader(world.path, folder / "w.sock")
        assert uplink.confirm(world.order(1, epoch=uplink.epoch())) == 0
        uplink.close()
    world.close()


def test_a_late_watermark_of_the_same_generation_is_ignored(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    early = world.order(1, epoch=uplink.epoch())
    uplink.confirm(world.order(3, epoch=uplink.epoch()))
    assert uplink.confirm(early) == 3


def test_the_same_retained_watermark_may_come_again(world: World, uplink: OutboxReader) -> None:
    fill(world, 2)
    message = world.order(2, epoch=uplink.epoch())
    assert [uplink.confirm(message), uplink.confirm(message)] == [2, 2]


def test_a_restored_hq_rewinds_us(world: World, uplink: OutboxReader) -> None:
    fill(world, 5)
    uplink.confirm(world.order(5, epoch=uplink.epoch(), generation="aaaa"))
    assert uplink.confirm(world.order(2, epoch=uplink.epoch(), generation="bbbb", counter=1)) == 2
    assert seqs(uplink, uplink.committed()) == [3, 4, 5]
    assert world.reader.status().outbox.pending == 3


def test_a_watermark_of_an_earlier_generation_cannot_be_replayed(world: World, uplink: OutboxReader) -> None:
    fill(world, 5)
    before = world.order(5, epoch=uplink.epoch(), generation="aaaa")
    uplink.confirm(before)
    uplink.confirm(world.order(2, epoch=uplink.epoch(), generation="bbbb"))
    assert uplink.confirm(before) == 2


def test_committed_rows_are_kept_for_a_while_and_then_go(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    uplink.confirm(world.order(2, epoch=uplink.epoch()))
    world.clock.pass_(timedelta(days=6))
    fill(world, 1)
    uplink.confirm(world.order(3, epoch=uplink.epoch()))
    assert seqs(uplink) == [1, 2, 3, 4]
    world.clock.pass_(timedelta(days=2))
    uplink.confirm(world.order(3, epoch=uplink.epoch()))
    assert seqs(uplink) == [3, 4]
    assert uplink.highest() == 4
    assert world.ledger.verify_chain()


def test_without_a_watermark_nothing_ever_goes(world: World, uplink: OutboxReader) -> None:
    fill(world, 2)
    world.clock.pass_(timedelta(days=300))
    fill(world, 1)
    assert seqs(uplink) == [1, 2, 3]


def test_a_number_is_never_given_twice(world: World, uplink: OutboxReader) -> None:
    fill(world, 2)
    uplink.confirm(world.order(2, epoch=uplink.epoch()))
    world.clock.pass_(timedelta(days=30))
    uplink.confirm(world.order(2, epoch=uplink.epoch()))
    assert seqs(uplink) == []
    fill(world, 1)
    assert seqs(uplink) == [3]


def test_a_rewind_past_what_is_kept_is_told_as_a_gap(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    uplink.confirm(world.order(3, epoch=uplink.epoch(), generation="aaaa"))
    world.clock.pass_(timedelta(days=30))
    uplink.confirm(world.order(3, epoch=uplink.epoch(), generation="aaaa"))
    fill(world, 1)
    uplink.confirm(world.order(1, epoch=uplink.epoch(), generation="bbbb"))
    assert seqs(uplink, 1) == [4, 5]
    assert gaps(uplink) == [("shed", [(2, 3)])]


def test_a_refused_row_is_a_dead_letter_once(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    uplink.refuse(2, "not-authorised")
    uplink.refuse(2, "not-authorised")
    assert seqs(uplink) == [1, 3, 4]
    assert gaps(uplink) == [("dead-letter", [(2, 2)])]
    assert world.reader.status().outbox.dead == 1


def test_a_refused_gap_record_breeds_no_other(world: World, uplink: OutboxReader) -> None:
    fill(world, 1)
    uplink.refuse(1, "not-authorised")
    uplink.refuse(2, "not-authorised")
    assert (uplink.highest(), seqs(uplink), world.reader.status().outbox.dead) == (2, [], 2)


def test_a_committed_row_cannot_be_refused(world: World, uplink: OutboxReader) -> None:
    fill(world, 1)
    uplink.confirm(world.order(1, epoch=uplink.epoch()))
    uplink.refuse(1, "late")
    assert (uplink.highest(), seqs(uplink)) == (1, [1])


def test_a_restored_box_begins_a_new_epoch_and_loses_nothing(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    epoch = uplink.epoch()
    uplink.confirm(world.order(1, epoch=epoch))
    # HQ has seen nine rows of this epoch: the other six were written before an old copy of the file was put back.
    assert uplink.confirm(world.order(9, epoch=epoch)) == 1
    assert world.reader.status().outbox.beyond == 9
    world.reopen()
    assert uplink.epoch() != epoch
    assert (seqs(uplink), uplink.highest(), uplink.committed()) == ([1, 2], 2, 0)
    sent = [opened(row.payload) for row in uplink.after(0, 9)]
    assert all(one.epoch == uplink.epoch() for one in sent)
    told = {found.event_id for one in sent if isinstance(one, wire.TagsEnvelope) for found in one.data.tags}
    assert told < {one.tag.id for one in world.reader.tags()}
    assert len(told) == 2
    assert world.reader.status().outbox.beyond == 0
    assert world.ledger.verify_chain()


def test_the_worker_signs_a_birth_with_the_outbox_as_it_is(world: World, uplink: OutboxReader) -> None:
    fill(world, 3)
    uplink.confirm(world.order(1, epoch=uplink.epoch()))
    birth = wire.open_birth(uplink.birth(), signing.verifier(signing.public_of(BOX_KEY)))
    assert (birth.epoch, birth.outbox_depth, birth.first_seq, birth.last_seq, birth.committed) == (uplink.epoch(), 2, 1, 3, 1)
    assert birth.boot_id == world.clock.boot().id


def test_a_birth_outside_the_contract_is_refused(world: World) -> None:
    wrong = Presence(software="一", models=(), lexicons=DIGEST, ruleset=DIGEST, recipients=DIGEST)
    with WatermarkServer(world.ledger.terms, world.folder / "w.sock", wrong):
        uplink = OutboxReader(world.path, world.folder / "w.sock")
        with pytest.raises(OutboxAway):
            uplink.birth()


def test_the_socket_is_for_its_owner_alone(door: Path) -> None:
    assert stat.S_IMODE(door.stat().st_mode) == 0o600


def test_the_socket_goes_with_its_server(world: World) -> None:
    path = world.folder / "w.sock"
    with WatermarkServer(world.ledger.terms, path, PRESENCE):
        assert path.is_socket()
    assert not path.exists()


def test_a_killed_workers_socket_is_replaced(world: World) -> None:
    path = world.folder / "w.sock"
    path.touch()
    with WatermarkServer(world.ledger.terms, path, PRESENCE):
        uplink = OutboxReader(world.path, path)
        assert uplink.birth()
        uplink.close()


def test_a_very_long_path_works_too(world: World) -> None:
    path = world.folder / ("d" * 120) / "worker.sock"
    with WatermarkServer(world.ledger.terms, path, PRESENCE):
        uplink = OutboxReader(world.path, path)
        assert uplink.birth()
        uplink.close()


def talk(door: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(door))
        try:
            client.sendall(line)
            client.shutdown(socket.SHUT_WR)
            return client.recv(1 << 16)
        except (BrokenPipeError, ConnectionResetError):
            return b""


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b"{}\n", b'{"op":"drop"}\n', b'{"op":"birth","extra":1}\n', b'{"op":"refuse","seq":0,"reason":"x"}\n',
        b'{"op":"refuse","seq":1,"reason":"a sentence"}\n', b'{"op":"birth"}',
        b'{"op":"confirm","message":"' + b"A" * 100_000 + b'"}\n', b'{"op":"confirm","message":5}\n', b"\xff\xfe\n",
    ],
)  # fmt: skip
def test_nonsense_on_the_socket_is_dropped_and_the_next_question_answered(
    world: World, door: Path, uplink: OutboxReader, line: bytes
) -> None:
    fill(world, 1)
    assert talk(door, line) == b""
    assert seqs(uplink) == [1]
    assert uplink.confirm(world.order(1, epoch=uplink.epoch())) == 1


def test_the_line_is_json_as_documented(world: World, door: Path) -> None:
    fill(world, 1)
    assert json.loads(talk(door, b'{"op":"refuse","seq":1,"reason":"too-large"}\n')) == {}
    assert json.loads(talk(door, b'{"op":"confirm","message":""}\n')) == {}
    assert set(json.loads(talk(door, b'{"op":"birth"}\n'))) == {"payload"}


def test_another_user_is_not_heard(world: World) -> None:
    path = world.folder / "w.sock"
    with WatermarkServer(world.ledger.terms, path, PRESENCE, peers={os.geteuid() + 1}):
        assert talk(path, b'{"op":"birth"}\n') == b""


def test_an_uplink_before_its_worker_waits(folder: Path) -> None:
    uplink = OutboxReader(folder / "ledger.db", folder / "w.sock")
    for question in (uplink.epoch, uplink.highest, uplink.birth, lambda: uplink.after(0, 1)):
        with pytest.raises(OutboxAway):
            question()
    world = World(folder)
    assert uplink.highest() == 0
    uplink.close()
    world.close()


def test_the_uplinks_connection_cannot_write(world: World, uplink: OutboxReader) -> None:
    fill(world, 1)
    with pytest.raises(OutboxAway):
        uplink._read("DELETE FROM outbox RETURNING seq", ())
    assert seqs(uplink) == [1]


def test_worker_and_watermarks_write_at_the_same_time(world: World, uplink: OutboxReader) -> None:
    for n in range(1, 30):
        fill(world, 1)
        assert uplink.confirm(world.order(n, epoch=uplink.epoch())) == n
    assert world.ledger.verify_chain()


def test_a_server_that_cannot_bind_says_so(world: World) -> None:
    path = world.folder / "w.sock"
    path.mkdir()
    with pytest.raises(Unavailable):
        WatermarkServer(world.ledger.terms, path, PRESENCE).start()


def test_limits_are_the_callers(folder: Path) -> None:
    world = World(folder, options={"limits": Limits(outbox_bytes=1), "keep": timedelta(days=1)})
    fill(world, 1)
    assert world.reader.status().outbox.shed == 1
    world.close()
