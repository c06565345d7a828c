"""The committed schemas are what the types say, are valid themselves, and agree with the encoder about what is allowed."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest
from jsonschema import Draft202012Validator
from sync_world import NOON, an_hq, envelope, sealed

from edge_sync import schema, wire
from edge_sync.store import Accepted, DeadLettersReport, GatewaysReport, Rejected

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "sync" / "schema"
GOLDEN = ROOT / "tests" / "golden" / "wire"
FILES = sorted(path.name for path in FOLDER.glob("*.json"))
OF = {
    "tags.json": "tags.v1.json", "shelf.json": "shelf.v1.json", "floor.json": "floor.v1.json",
    "gap.json": "gap.v1.json", "case.json": "case.v1.json",
    "birth.json": "birth.v1.json",
    "state.json": "state.v1.json", "health.json": "health.v1.json", "committed.json": "committed.v1.json",
    "replay.json": "cmd.replay.v1.json", "rebirth.json": "cmd.rebirth.v1.json",
    "audit.json": "audit.v1.json", "witness.json": "witness.v1.json",
}  # fmt: skip


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((FOLDER / name).read_text()))


def test_committed_schemas_are_the_generated_ones(tmp_path: Path) -> None:
    # As its command is run: typing's caches make the order inside a union depend on what else this process imported.
    subprocess.run([sys.executable, "-m", "edge_sync.schema", str(FOLDER), "--check"], check=True)
    assert schema.main([str(tmp_path), "--check"]) == 1
    assert schema.main([str(tmp_path)]) == 0
    assert schema.main([str(tmp_path), "--check"]) == 0
    (tmp_path / "left-over.json").write_text("{}")
    assert schema.main([str(tmp_path), "--check"]) == 1


@pytest.mark.parametrize("name", [name for name in FILES if name != "asyncapi.json"])
def test_schema_is_valid_2020_12(name: str) -> None:
    Draft202012Validator.check_schema(json.loads((FOLDER / name).read_text()))


@pytest.mark.parametrize("name", OF)
def test_golden_message_satisfies_its_schema(name: str) -> None:
    validator(OF[name]).validate(json.loads((GOLDEN / name).read_text()))


def test_every_wire_schema_has_a_golden_message() -> None:
    others = {name for name in FILES if name.startswith(("hq-", "enrol.")) or name == "asyncapi.json"}
    assert set(OF.values()) | others == set(FILES)


SPOILED = {
    "a sentence as a code": lambda d: d["data"]["tags"][0].update(code="太贵了"),
    "an unknown field": lambda d: d["data"]["tags"][0].update(text="x"),
    "a newline after a code": lambda d: d["data"]["tags"][0].update(code="price.objection\n"),
    "no signature": lambda d: d.pop("signature"),
    "a confidence above one": lambda d: d["data"]["tags"][0].update(confidence=1.5),
    "an unknown slot": lambda d: d["data"]["tags"][0]["slots"].update(name="x"),
    "no consent": lambda d: d["data"].update(consent="none"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_the_encoder_refuses_the_schema_refuses(how: str) -> None:
    document = json.loads((GOLDEN / "tags.json").read_text())
    spoiled = copy.deepcopy(document)
    SPOILED[how](spoiled)
    with pytest.raises(jsonschema.ValidationError):
        validator("tags.v1.json").validate(spoiled)
    spoiled.pop("signature", None)
    if how != "no signature":
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(json.dumps(spoiled), type=wire.TagsEnvelope)


def test_documents_of_hq_satisfy_their_schemas(tmp_path: Path) -> None:
    store = an_hq(tmp_path / "hq.db")
    store.commit([Accepted(envelope=envelope(1), payload=sealed(1))], at=NOON)
    validator("hq-rows.json").validate(json.loads(msgspec.json.encode(store.report(limit=10))))
    validator("hq-gateways.json").validate(json.loads(msgspec.json.encode(GatewaysReport(gateways=tuple(store.gateways())))))
    bad = Rejected(gateway="", leaf="tags", reason="unknown-gateway", sha256="0" * 64, size_bytes=3)
    store.commit([bad], at=NOON)
    letters = DeadLettersReport(dead_letters=tuple(store.dead_letters(limit=9)))
    validator("hq-dead-letters.json").validate(json.loads(msgspec.json.encode(letters)))
    store.close()
