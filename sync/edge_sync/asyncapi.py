"""The same contract as an AsyncAPI 3 document: channels, who sends what where, and the JSON Schema of each message beside it.

Written by `python -m edge_sync.schema`. Operations are the gateway's: what it sends, what it receives.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final, Literal

from edge_sync import __version__, topics

CLOUD_EVENT: Final = "application/cloudevents+json"
_PLAIN: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One leaf of the topic tree; `messages` are names of schemas."""

    leaf: str
    action: Literal["send", "receive"]
    summary: str
    messages: tuple[str, ...]
    retained: bool = False
    content: str = CLOUD_EVENT


_ROWS: Final = ("tags.v1", "shelf.v1", "floor.v1", "gap.v1")
CHANNELS: Final = (
    Channel(leaf="tags", action="send", summary="Live rows of the outbox.", messages=_ROWS),
    Channel(leaf="backfill", action="send", summary="The same rows, sent again or older than 60 s.", messages=_ROWS),
    Channel(leaf="case", action="send", summary="Cases: a finding contested or closed.", messages=("case.v1",)),
    Channel(leaf="audit", action="send", summary="Signed checkpoints of the audit log.", messages=("audit.v1",)),
    Channel(
        leaf="birth", action="send", summary="Who this box is right now, signed.", messages=("birth.v1",), retained=True,
        content=_PLAIN,
    ),
    Channel(
        leaf="state", action="send", summary="Liveness hint; `offline` is the last will.", messages=("state.v1",), retained=True,
        content=_PLAIN,
    ),
    Channel(leaf="health", action="send", summary="Backlog, age, disk, temperature.", messages=("health.v1",), content=_PLAIN),
    Channel(
        leaf="committed", action="receive", summary="Everything up to here is in HQ's database, signed.",
        messages=("committed.v1",), retained=True, content=_PLAIN,
    ),
    Channel(
        leaf="witness", action="receive", summary="HQ's cosignature of the newest checkpoint.", messages=("witness.v1",),
        retained=True, content=_PLAIN,
    ),
    Channel(
        leaf="cmd/replay", action="receive", summary="Send rows again, signed.", messages=("cmd.replay.v1",), content=_PLAIN
    ),
    Channel(
        leaf="cmd/rebirth", action="receive", summary="Publish `birth` again, signed.", messages=("cmd.rebirth.v1",),
        content=_PLAIN,
    ),
)  # fmt: skip


def document(known: Container[str]) -> dict[str, Any]:
    """The whole document; `known` are the names that have a schema file: a channel without any is left out."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for channel in CHANNELS:
        carried = [name for name in channel.messages if name in known]
        if not carried:
            continue
        key = channel.leaf.replace("/", ".")
        channels[key] = {
            "address": f"{topics.ROOT}/{{tenant}}/{{gateway}}/{channel.leaf}",
            "summary": channel.summary,
            "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in ("tenant", "gateway")},
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        }
        operations[f"{channel.action}.{key}"] = {
            "action": channel.action,
            "channel": {"$ref": f"#/channels/{key}"},
            "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in carried],
            "bindings": {"mqtt": {"qos": 1, "retain": channel.retained, "bindingVersion": "0.2.0"}},
        }
        messages |= {name: _message(name, channel.content) for name in carried}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "What leaves the building",
            "version": __version__,
            "description": "The contract between a gateway and HQ, as a gateway sees it. README.md tells the same to people.",
        },
        "servers": {"region": _server()},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "parameters": {
                "tenant": {"description": "As in the certificate's O: [a-z0-9-], at most 63 characters."},
                "gateway": {"description": "As in the certificate's CN: [a-z0-9-], at most 63 characters."},
            },
            "securitySchemes": {"mtls": {"type": "X509", "description": "A client certificate by HQ's CA; see `enrol`."}},
        },
    }


def _message(name: str, content: str) -> dict[str, Any]:
    schema = {"$ref": f"./{name}.json"}
    return {
        "name": f"cn.sx.{name}",
        "contentType": content,
        "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema},
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": "secure-mqtt",
        "protocolVersion": "5",
        "variables": {"host": {"description": "From HQ's grant."}, "port": {"default": "8883"}},
        "security": [{"$ref": "#/components/securitySchemes/mtls"}],
    }
