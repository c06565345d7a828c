"""`edge-agent models list|install|verify`: which weights there are, put in place and checked."""

import argparse
import sys
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded

FAILED = 1


def add(commands: Commands) -> None:
    group = commands.add_parser("models", help="模型：列出、安装、校验 list, install, verify weights")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    command(verbs, "list", _list, "列出清单中的模型", "What the manifest knows and what is here")
    install = command(verbs, "install", _install, "安装模型到本机", "Assemble, check and put in place")
    install.add_argument("name", nargs="*", help="model names; default: those the configuration uses")
    install.add_argument("--from-dir", type=Path, metavar="DIR", help="take the files from this folder (USB stick, mirror)")
    verify = command(verbs, "verify", _verify, "重新校验已安装的模型", "Hash every installed file again")
    verify.add_argument("name", nargs="*", help="model names; default: all that are installed")


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, view  # noqa: PLC0415 - after parsing
    from edge_agent.assets.commands import list_models  # noqa: PLC0415

    found = list_models(loaded(arguments).paths.models)
    if arguments.json:
        print(documents.encode(found))
        return 0
    made = view.table("模型 Models", "名称 Name", "说明 What", "许可 Licence", "MB", "状态 State", "来源 From")
    for row in found.models:
        made.add_row(row.name, row.summary, row.licence, f"{row.bytes / 1e6:.1f}", row.state, row.source)
    view.console().print(made)
    return 0


def _install(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, weights  # noqa: PLC0415

    done = weights.install(loaded(arguments), arguments.name, from_dir=arguments.from_dir, progress=_progress)
    if arguments.json:
        print(documents.encode(done))
    else:
        for row in done.models:
            print(f"{row.name}  {row.bytes / 1e6:.1f} MB  {'已存在 was here' if row.already else '已安装 installed'}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from edge_agent import documents  # noqa: PLC0415
    from edge_agent.assets.commands import verify_models  # noqa: PLC0415

    found = verify_models(loaded(arguments).paths.models, arguments.name)
    if arguments.json:
        print(documents.encode(found))
    for row in found.models:
        if not arguments.json:
            print(f"{row.name}  {'完好 ok' if row.ok else '损坏 damaged'}")
        for file in row.bad:
            print(f"edge-agent: {row.name}: {file.name} is {file.state} — {row.remedy}", file=sys.stderr)
    if not found.models:
        print("edge-agent: no model is installed — edge-agent models install", file=sys.stderr)
    return 0 if found.ok else FAILED


def _progress(done: int, total: int) -> None:
    """A bar on stderr while a model is copied and hashed."""
    if not sys.stderr.isatty():
        return
    share = done / total if total else 1.0
    print(f"\r{'█' * int(share * 30):30} {share:4.0%}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
