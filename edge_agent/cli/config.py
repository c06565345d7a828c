"""`edge-agent config check|schema|explain`: all mistakes at once, the file's JSON Schema, and what each key means."""

import argparse
import sys

from edge_agent.cli.options import Commands, command

WRONG = 1


def add(commands: Commands) -> None:
    group = commands.add_parser("config", help="配置：检查、说明 check and explain the configuration")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    command(verbs, "check", _check, "检查配置，一次列出所有错误", "Say everything that is wrong with the file at once")
    command(verbs, "schema", _schema, "配置文件的 JSON Schema", "JSON Schema of the file", json=False)
    explain = command(verbs, "explain", _explain, "每个配置项的含义与默认值", "Every key, its default and what it means")
    explain.add_argument("key", nargs="?", default="", metavar="KEY", help="only this key, or a section like broker")
    explain.add_argument("--toml", action="store_true", help="the commented file of a new box")


def _check(arguments: argparse.Namespace) -> int:
    from edge_agent import config, documents  # noqa: PLC0415 - after parsing
    from edge_agent.config.check import mistakes  # noqa: PLC0415

    given = config.read(arguments.config)
    if arguments.state is not None:
        given["state"] = str(arguments.state)
    found = [documents.ConfigMistake(key=one.key, expected=one.expected, zh=one.zh) for one in mistakes(given, config.Config)]
    if arguments.json:
        print(documents.encode(documents.ConfigCheck(ok=not found, mistakes=found)))
    else:
        for one in found:
            print(f"{one.key}：{one.zh}\n  {one.key}: {one.expected}", file=sys.stderr)
        if not found:
            print("配置无误 the configuration is sound")
    return WRONG if found else 0


def _schema(_: argparse.Namespace) -> int:
    import json  # noqa: PLC0415

    from edge_agent.config import explain  # noqa: PLC0415

    print(json.dumps(explain.schema(), indent=2, ensure_ascii=False))
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415
    from edge_agent.config import explain  # noqa: PLC0415

    if arguments.toml:
        print(explain.toml(), end="")
        return 0
    found = explain.listed(arguments.key)
    if arguments.json:
        print(documents.encode(documents.ConfigKeys(keys=found)))
        return 0
    for one in found:
        print(f"{one.key}  ({one.type}; {one.default or '—'})\n    {one.zh}\n    {one.en}")
    return 0
