"""Everything that is wrong with a configuration, all at once: where, what was expected, and in Chinese and English what to do.

Works on the plain values of a TOML file and the closed types; a message names keys of the schema and never repeats a value, which
may be a brand or a device that somebody mistyped.
"""

import difflib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import inspect

from edge_agent.config.cameras import faults

if TYPE_CHECKING:
    from edge_agent.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """`key` is dotted, with `[n]` from 1 in lists of tables; `expected` and `zh` say what must stand there."""

    key: str
    expected: str
    zh: str


def mistakes(given: Mapping[str, Any], types: type["Config"]) -> list[Mistake]:
    """All errors of the file, in the order of the schema. Contradictions are looked for only when every key is sound."""
    found = list(_table(given, types, ""))
    return found or list(_contradictions(msgspec.convert(given, types)))


def _table(given: Mapping[str, Any], kind: type[msgspec.Struct], at: str) -> Iterator[Mistake]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in given:
            yield from _value(given[name], field.type, at + name)
        elif field.required:
            needed, zh = expected(inspect.type_info(field.type))
            yield Mistake(key=at + name, expected=f"is missing; {needed}", zh=f"缺少；{zh}")
    for name in given:
        if name not in fields:
            yield _unknown(name, list(fields), at)


def _value(value: object, kind: Any, key: str) -> Iterator[Mistake]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if isinstance(value, dict):
            yield from _table(value, kind, f"{key}.")
        else:
            yield Mistake(key=key, expected=f"must be a table [{key}]", zh=f"应为表 [{key}]")
        return
    inside = _struct_inside(kind)
    if inside is not None and isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _value(one, inside, f"{key}[{number}]")
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        needed, zh = expected(inspect.type_info(kind))
        yield Mistake(key=key, expected=f"must be {needed}", zh=f"应为{zh}")


def _struct_inside(kind: Any) -> type[msgspec.Struct] | None:
    """The struct of a list of tables."""
    info = inspect.type_info(kind)
    item = getattr(info, "item_type", None)
    return item.cls if isinstance(item, inspect.StructType) else None


def _unknown(name: str, known: list[str], at: str) -> Mistake:
    """A mistyped key may be anything, so only what looks like a key is repeated."""
    shown = at + (name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,31}", name) else "?")
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return Mistake(
            key=shown, expected=f"is not known; did you mean {at}{near[0]}?", zh=f"没有这个配置项；是否想写 {at}{near[0]}？"
        )
    words = ", ".join(known)
    return Mistake(key=shown, expected=f"is not known; known here: {words}", zh=f"没有这个配置项；这里可用：{words}")


def expected(info: inspect.Type) -> tuple[str, str]:
    """A type in words, English and Chinese."""
    if isinstance(info, inspect.LiteralType):
        choices = ", ".join(f'"{one}"' for one in info.values)
        return f"one of {choices}", f"以下之一：{choices}"
    if isinstance(info, inspect.StrType):
        return (
            ("text like " + info.pattern, f"符合 {info.pattern} 的文字") if info.pattern else ("text in quotes", "带引号的文字")
        )
    if isinstance(info, inspect.IntType | inspect.FloatType):
        return _number(info)
    if isinstance(info, inspect.BoolType):
        return "true or false", "true 或 false"
    return _many(info)


def _many(info: inspect.Type) -> tuple[str, str]:
    """Tables and lists."""
    if isinstance(info, inspect.DictType):
        en, zh = expected(info.value_type)
        return f"a table, each value {en}", f"表，每个值为{zh}"
    item = getattr(info, "item_type", None)
    if item is None:
        return "another kind of value", "其他类型的值"
    if isinstance(item, inspect.StructType):
        return "a list of tables [[…]]", "表的列表 [[…]]"
    en, zh = expected(item)
    return f"a list, each {en}", f"列表，每项为{zh}"


def _number(info: inspect.IntType | inspect.FloatType) -> tuple[str, str]:
    whole = isinstance(info, inspect.IntType)
    low = info.ge if info.ge is not None else info.gt
    bounds = []
    if low is not None:
        bounds.append(f"{'>=' if info.ge is not None else '>'} {low:g}")
    if info.le is not None:
        bounds.append(f"<= {info.le:g}")
    tail = f" {' '.join(bounds)}" if bounds else ""
    return f"{'a whole number' if whole else 'a number'}{tail}", f"{'整数' if whole else '数字'}{tail}"


_PLAIN: Final = ("localhost",)


def is_here(host: str) -> bool:
    """Whether a broker at `host` is on this very machine, the only place for a plain link."""
    if host in _PLAIN:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _contradictions(config: "Config") -> Iterator[Mistake]:
    if config.timezone and not _is_zone(config.timezone):
        yield Mistake(
            key="timezone",
            expected="must be a time zone known here, like Asia/Shanghai",
            zh="应为本机认识的时区，如 Asia/Shanghai",
        )
    broker = config.broker
    if not is_here(broker.host) and not broker.ca:
        yield Mistake(
            key="broker.ca",
            expected="must name HQ's CA file: a broker on another machine is reached over TLS only",
            zh="必须填写总部 CA 文件：连接其他机器上的 broker 只能用 TLS",
        )
    if bool(broker.certificate) != bool(broker.key):
        lacking = "broker.key" if broker.certificate else "broker.certificate"
        yield Mistake(key=lacking, expected="certificate and key come together", zh="证书与私钥必须同时填写")
    names = [source.name for source in config.capture.sources]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            yield Mistake(key=f"capture.sources[{number}].name", expected="must differ from the others", zh="不能与其他来源重名")
    yield from _cameras(config)
    if config.consent.employees == "required":
        for number, source in enumerate(config.capture.sources, 1):
            if not source.rep:
                yield Mistake(
                    key=f"capture.sources[{number}].rep",
                    expected='must name the employee: with consent.employees = "required" nothing else would be analysed',
                    zh='必须填写员工编号：consent.employees = "required" 时未点名的录音不会被分析',
                )
    if config.limits.tag_floor_bytes > config.limits.media_floor_bytes > 0:
        yield Mistake(
            key="limits.tag_floor_bytes",
            expected="must not be above limits.media_floor_bytes: media stops first, tags last",
            zh="不能大于 limits.media_floor_bytes：空间不足时先停媒体，最后才停标签",
        )

    yield from _weights(config)


def _weights(config: "Config") -> Iterator[Mistake]:
    weights = config.shelf.weights
    together = round(sum(getattr(weights, name) for name in weights.__struct_fields__), 6)
    if together != 1:
        yield Mistake(
            key="shelf.weights", expected=f"must sum to 1, not to {together:g}", zh=f"各项之和应为 1，现为 {together:g}"
        )


def _cameras(config: "Config") -> Iterator[Mistake]:
    ids = [camera.id for camera in config.cameras]
    for number, camera in enumerate(config.cameras, 1):
        if camera.id in ids[: number - 1]:
            yield Mistake(key=f"cameras[{number}].id", expected="must differ from the others", zh="不能与其他摄像头重名")
        for key, needed, zh in faults(camera):
            yield Mistake(key=f"cameras[{number}].{key}", expected=needed, zh=zh)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True
