"""Every document a command prints has a schema in the repository, and it is the one its type says."""

from pathlib import Path

import jsonschema
import msgspec
import pytest

import edge_agent
from edge_agent import documents

FOLDER = Path(edge_agent.__file__).parent / "schemas"


def test_committed_schemas_are_what_the_types_say() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert committed == documents.schemas(), "run: python -m edge_agent.documents edge_agent/schemas"


@pytest.mark.parametrize("name", sorted(documents.PRINTED))
def test_schema_is_valid_and_closed(name: str) -> None:
    schema = msgspec.json.decode(documents.schemas()[f"{name}.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        if definition.get("type") == "object" and "properties" in definition and not name.startswith("models"):
            assert definition["additionalProperties"] is False


def test_a_document_that_breaks_its_type_is_not_printed() -> None:
    with pytest.raises(msgspec.ValidationError):
        documents.encode(documents.HqCount(rows="many", missing=0, duplicates=0))
