"""The AsyncAPI document: every reference leads somewhere, every leaf and every message is in it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_sync import asyncapi, schema, topics

FOLDER = Path(__file__).parents[2] / "sync" / "schema"
DOCUMENT = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(reference: str) -> Any:
    if not reference.startswith("#/"):
        return json.loads((FOLDER / reference).read_text(encoding="utf-8"))
    found = DOCUMENT
    for part in reference[2:].split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 40
    assert all(resolved(one) for one in found)


def test_it_has_the_parts_that_asyncapi_3_asks_for() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        channel = operation["channel"]["$ref"]
        assert all(one["$ref"].startswith(f"{channel}/messages/") for one in operation["messages"])
    for channel in DOCUMENT["channels"].values():
        assert {f"{{{name}}}" for name in channel["parameters"]} == {"{tenant}", "{gateway}"}
        assert all(f"{{{name}}}" in channel["address"] for name in channel["parameters"])


def test_every_leaf_that_the_code_knows_is_a_channel() -> None:
    sent = {one.leaf for one in asyncapi.CHANNELS if one.action == "send"}
    assert sent == topics.UP_LEAVES
    received = {one.leaf for one in asyncapi.CHANNELS if one.action == "receive"}
    assert {leaf.partition("/")[0] for leaf in received} == {leaf.partition("/")[0] for leaf in topics.GATEWAY_READS}


def test_every_message_that_travels_is_in_a_channel() -> None:
    carried = {f"{name}.json" for one in asyncapi.CHANNELS for name in one.messages}
    travelling = {name for name in schema.schemas() if not name.startswith(("hq-", "enrol.")) and name != "asyncapi.json"}
    assert travelling <= carried


@pytest.mark.parametrize("leaf", ["birth", "state", "committed"])
def test_what_is_retained_says_so(leaf: str) -> None:
    (operation,) = (one for name, one in DOCUMENT["operations"].items() if name.endswith(f".{leaf}"))
    assert operation["bindings"]["mqtt"] == {"qos": 1, "retain": True, "bindingVersion": "0.2.0"}
