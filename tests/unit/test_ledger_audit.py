"""The log's form, recomputed here by other means, and what it says of clocks and starts."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from ledger_world import BOX_KEY, STRANGER_KEY, World, memory_folder
from pymerkle import InmemoryTree

from edge_agent.domain.recording import State
from edge_agent.errors import LedgerBroken
from edge_agent.ledger.audit import canonical
from edge_sync import signing


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as made:
        yield made


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.close()


def leaves(world: World) -> list[dict[str, object]]:
    with sqlite3.connect(world.path) as connection:
        rows = connection.execute("SELECT seq, at, boot, mono_ms, kind, body, hash FROM audit ORDER BY seq").fetchall()
    connection.close()
    return [dict(zip(("seq", "at", "boot", "mono_ms", "kind", "body", "hash"), row, strict=True)) for row in rows]


def kinds(world: World) -> list[object]:
    return [leaf["kind"] for leaf in leaves(world)]


def head(world: World) -> tuple[str, str, str, str]:
    """Origin, size, root and signature."""
    connection = sqlite3.connect(world.path)
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    connection.close()
    size, root, signature = meta["head"].split(" ")
    return meta["origin"], size, root, signature


def test_the_tree_can_be_recomputed_with_a_json_library_and_sha256(world: World) -> None:
    world.analysed()
    oracle = InmemoryTree(algorithm="sha256")
    for n, leaf in enumerate(leaves(world), 1):
        assert leaf["seq"] == n
        told = {key: leaf[key] for key in ("at", "body", "boot", "kind", "mono_ms", "seq")}
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert leaf["hash"] == hashlib.sha256(b"\x00" + text.encode()).digest()
        oracle.append_entry(text.encode())
    assert head(world)[1:3] == (str(n), oracle.get_root().hex())
    assert world.ledger.verify_chain() == n


def test_the_head_is_signed_by_the_device_as_a_checkpoint(world: World) -> None:
    world.analysed()
    origin, size, root, signature = head(world)
    assert origin.startswith("sx/v1/demo/gateway-1/")
    assert int(size) == len(leaves(world))
    note = f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(root)).decode()}\n"
    Ed25519PublicKey.from_public_bytes(signing.public_of(BOX_KEY)).verify(base64.b64decode(signature), note.encode())


def test_a_log_signed_by_another_device_is_refused(world: World) -> None:
    assert world.reader.verify_chain(sign=signing.signer(BOX_KEY)) > 0
    with pytest.raises(LedgerBroken):
        world.reader.verify_chain(sign=signing.signer(STRANGER_KEY))


def test_every_state_change_is_a_leaf(world: World) -> None:
    made = world.analysed()
    world.ledger.parked(made.id, "later")
    world.ledger.moved(made.id, State.CLOSED)
    world.ledger.moved(made.id, State.EXPIRED, reason="retention")
    assert kinds(world) == [
        "boot.seen", "ballast.kept", "ledger.created", "recording.captured", "recording.sealed",
        "recording.analysed", "recording.parked",
        "recording.closed", "recording.expired",
    ]  # fmt: skip


def test_a_start_says_which_facts_changed(world: World) -> None:
    world.ledger.started({"ruleset": "aa", "config": "11"})
    world.ledger.started({"ruleset": "aa", "config": "11"})
    world.ledger.started({"ruleset": "bb", "config": "11"})
    told = kinds(world)[3:]
    assert told == ["worker.started", "worker.started", "worker.started", "ruleset.changed"]
    assert json.loads(str(leaves(world)[-1]["body"])) == {"after": "bb", "before": "aa"}


@pytest.mark.parametrize("step", [timedelta(hours=-3), timedelta(days=400)])
def test_a_step_of_the_wall_clock_is_a_leaf(world: World, step: timedelta) -> None:
    world.clock.pass_(timedelta(days=1))
    world.take_in()
    assert "clock.stepped" not in kinds(world)
    world.clock.step(step)
    world.take_in()
    world.take_in()
    assert kinds(world).count("clock.stepped") == 1
    body = next(leaf["body"] for leaf in leaves(world) if leaf["kind"] == "clock.stepped")
    assert json.loads(str(body)) == {"step_ms": int(step.total_seconds() * 1000)}
    assert world.ledger.verify_chain()


def test_a_new_boot_with_a_dead_clock_says_how_far_it_is_behind(world: World) -> None:
    world.take_in()
    world.boot = "9" * 8
    world.clock.step(timedelta(days=-30))
    world.reopen()
    assert kinds(world)[-1] == "boot.seen"
    assert json.loads(str(leaves(world)[-1]["body"])) == {"behind_ms": 30 * 86_400_000}


def test_the_file_itself_refuses_to_rewrite_history(world: World) -> None:
    world.analysed()
    connection = sqlite3.connect(world.path)
    for statement in (
        "UPDATE audit SET kind = 'x'",
        "DELETE FROM audit",
        "UPDATE audit_nodes SET level = 9",
        "DELETE FROM audit_nodes",
        "UPDATE tags SET code = 'x'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("value", [1.0, {"a": [1, {"b": 0.5}]}])
def test_a_float_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)  # type: ignore[arg-type]


def test_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": ["价", None, True]}) == '{"a":["价",null,true],"b":1}'.encode()
