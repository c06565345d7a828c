"""Every document a command prints has a schema in the repository, and it is the one its type says."""

import runpy
from pathlib import Path

import jsonschema
import msgspec
import pytest

from edge_agent import documents

SCRIPT = runpy.run_path(str(Path(__file__).with_name("make_schemas.py")))


def test_committed_schemas_are_what_the_types_say() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in SCRIPT["FOLDER"].glob("*.json")}
    assert committed == SCRIPT["schemas"](), "run: python tests/schema/make_schemas.py"


@pytest.mark.parametrize("name", sorted(SCRIPT["PRINTED"]))
def test_schema_is_valid_and_closed(name: str) -> None:
    schema = msgspec.json.decode(SCRIPT["schemas"]()[f"{name}.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        if definition.get("type") == "object" and "properties" in definition and not name.startswith("models"):
            assert definition["additionalProperties"] is False


def test_a_document_that_breaks_its_type_is_not_printed() -> None:
    with pytest.raises(msgspec.ValidationError):
        documents.encode(documents.HqCount(rows="many", missing=0, duplicates=0))
