"""The configuration explained from its own types: every key with type, default and meaning; as lines, TOML or JSON Schema."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from edge_agent.config import Config
from edge_agent.config.check import expected
from edge_agent.config.words import words
from edge_agent.errors import NotFound

INSTALLED: Final[Mapping[str, object]] = {
    "state": "/var/lib/edge-agent",
    "inbox": "/run/edge-agent/inbox",
    "run": "/run/edge-agent/worker",
    "uplink_user": "edge-uplink",
}
"""Where an installed box differs from the defaults: its services have accounts and folders of their own."""
_WRITTEN: Final = frozenset({"gateway", "tenant", *INSTALLED})


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`default` is a TOML value; empty for a key that must be given, or a list of tables."""

    key: str
    type: str
    default: str
    zh: str
    en: str


def listed(prefix: str = "") -> list[Key]:
    """Every key, or those at and below `prefix`; NotFound names the nearest."""
    found = list(_keys(Config, ""))
    if not prefix:
        return found
    chosen = [one for one in found if one.key == prefix or one.key.startswith(f"{prefix}.")]
    if not chosen:
        near = difflib.get_close_matches(prefix, [one.key for one in found], n=1)
        hint = f"did you mean {near[0]}?" if near else "edge-agent config explain lists all"
        raise NotFound("there is no such configuration key", remedy=hint, zh="没有这个配置项")
    return chosen


def _keys(kind: type[msgspec.Struct], at: str) -> Iterator[Key]:
    for field in msgspec.structs.fields(kind):
        name, info = at + field.name, inspect.type_info(field.type)
        item = getattr(info, "item_type", None)
        if isinstance(info, inspect.StructType):
            yield from _keys(info.cls, f"{name}.")
            continue
        zh, en = words(name)
        yield Key(key=name, type=expected(info)[0], default=_default(field), zh=zh, en=en)
        if isinstance(item, inspect.StructType):
            yield from _keys(item.cls, f"{name}.")


def _default(field: Any) -> str:
    if field.default is not msgspec.NODEFAULT:
        return literal(field.default)
    return "" if field.default_factory is msgspec.NODEFAULT else literal(field.default_factory())


def literal(value: object) -> str:
    """A TOML value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | frozenset):
        return f"[{', '.join(sorted(map(literal, value)) if isinstance(value, frozenset) else map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{msgspec.json.encode(key).decode()} = {literal(one)}" for key, one in value.items()) + "}"
    return msgspec.json.encode(value).decode()


def toml() -> str:
    """The file of a new box: every key with its meaning; what is not set is commented out with its default."""
    lines = [
        "# 本机配置。被注释的行是默认值。改完运行 edge-agent config check，再运行 systemctl restart edge-agent.target",
        "# This box's configuration. Commented lines show the defaults. After an edit: edge-agent config check, then",
        "# systemctl restart edge-agent.target",
    ]
    section = ""
    keys = listed()
    tables = {one.key for one in keys if any(other.key.startswith(f"{one.key}.") for other in keys)}
    for one in keys:
        table, _, name = one.key.rpartition(".")
        if one.key in tables:
            lines += ["", f"# {one.zh}", f"# {one.en}"]
            continue
        if table != section:
            section = table
            lines += ["", f"# [[{table}]]" if table in tables else f"[{table}]"]
        set_here = one.key in _WRITTEN
        value = literal(INSTALLED[one.key]) if one.key in INSTALLED else one.default
        lines += ["" if not section else "#", f"# {one.zh}", f"# {one.en}", f"{'' if set_here else '# '}{name} = {value or '…'}"]
    return "\n".join(lines) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of the file, with the meanings as titles (Chinese) and descriptions (English)."""
    found: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "edge-agent config.toml",
        **msgspec.json.schema(Config),
    }
    _say(found, Config, "")
    return found


def _say(found: dict[str, Any], kind: type[msgspec.Struct], at: str) -> None:
    properties = found["$defs"][kind.__name__]["properties"]
    for field in msgspec.structs.fields(kind):
        name, info = at + field.name, inspect.type_info(field.type)
        item = getattr(info, "item_type", None)
        inside = info if isinstance(info, inspect.StructType) else item if isinstance(item, inspect.StructType) else None
        if inside is not None:
            _say(found, inside.cls, f"{name}.")
        zh, en = words(name)
        if zh:
            properties[field.name] |= {"title": zh, "description": en}
