"""JSON Schema 2020-12 of every message and document, and AsyncAPI 3: `python -m edge_sync.schema sync/schema [--check]`.

Signed messages get their last member, `signature`, which is no field of any type. `--check` writes nothing and exits 1 when a
committed file is not what the types say.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from edge_sync import asyncapi, enrolment, messages
from edge_sync.store import DeadLettersReport, GatewaysReport, RowsReport
from edge_sync.witness import CheckpointsReport

_SIGNED: Final[dict[str, type]] = {
    "tags.v1": messages.TagsEnvelope,
    "shelf.v1": messages.ShelfEnvelope,
    "floor.v1": messages.FloorEnvelope,
    "case.v1": messages.CaseEnvelope,
    "gap.v1": messages.GapEnvelope,
    "birth.v1": messages.Birth,
    "committed.v1": messages.Committed,
    "cmd.replay.v1": messages.Replay,
    "cmd.rebirth.v1": messages.Rebirth,
    "audit.v1": messages.AuditEnvelope,
    "witness.v1": messages.Witness,
    "enrol.request.v1": enrolment.Request,
    "enrol.renewal.v1": enrolment.Renewal,
    "enrol.grant.v1": enrolment.Grant,
}
_UNSIGNED: Final[dict[str, type]] = {
    "state.v1": messages.State,
    "health.v1": messages.Health,
    "hq-rows": RowsReport,
    "hq-audit": CheckpointsReport,
    "hq-gateways": GatewaysReport,
    "hq-dead-letters": DeadLettersReport,
}
_SIGNATURE: Final = {
    "type": "string",
    "description": "Ed25519, base64; covers the bytes before this last member, plus `}`.",
    "pattern": "^[A-Za-z0-9+/]{86}==$",
}


def schemas() -> dict[str, dict[str, Any]]:
    """File name -> schema."""
    made = {}
    for name, kind in (_SIGNED | _UNSIGNED).items():
        schema = msgspec.json.schema(kind)
        if name in _SIGNED:
            root = schema["$defs"][kind.__name__]
            root["properties"]["signature"] = _SIGNATURE
            root["required"].append("signature")
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:sx:schema:{name}.json"}
        made[f"{name}.json"] = head | schema
    made["asyncapi.json"] = asyncapi.document(_SIGNED | _UNSIGNED)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or with `--check` compare them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m edge_sync.schema", description="Generate the wire's schemas.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    wanted = {name: json.dumps(settled(schema), indent=2, ensure_ascii=False) + "\n" for name, schema in schemas().items()}
    if not given.check:
        given.folder.mkdir(parents=True, exist_ok=True)
        for name, text in wanted.items():
            (given.folder / name).write_text(text, encoding="utf-8")
        return 0
    held = {path.name: path.read_text(encoding="utf-8") for path in sorted(given.folder.glob("*.json"))}
    wrong = sorted(name for name in held.keys() | wanted.keys() if held.get(name) != wanted.get(name))
    for name in wrong:
        print(f"{name}: not what the types say — run python -m edge_sync.schema", file=sys.stderr)
    return 1 if wrong else 0


def settled(value: Any) -> Any:
    """`enum` and `anyOf` in one order: typing caches unions by equality, so their order follows whatever was imported first."""
    if isinstance(value, dict):
        return {
            key: sorted(map(settled, item), key=json.dumps) if key in {"enum", "anyOf"} else settled(item)
            for key, item in value.items()
        }
    return [settled(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
