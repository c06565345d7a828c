"""`edge-agent models list|install|verify`: which weights there are, put in place and checked."""

import argparse
import sys
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded


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
    return _show(arguments, "list")


def _install(arguments: argparse.Namespace) -> int:
    return _show(arguments, "install")


def _verify(arguments: argparse.Namespace) -> int:
    return _show(arguments, "verify")


def _show(arguments: argparse.Namespace, verb: str) -> int:
    from edge_agent import app, documents, view  # noqa: PLC0415 - after parsing

    settings = loaded(arguments)
    if verb == "install":
        app.install_models(settings, arguments.name, from_dir=arguments.from_dir, progress=_progress)
    if verb == "verify":
        app.verify_models(settings, arguments.name)
    lines = app.list_models(settings)
    if arguments.json:
        print(documents.encode(documents.Models(models=lines)))
        return 0
    made = view.table("模型 Models", "名称 Name", "用途 Task", "许可 Licence", "大小 MB", "状态 State")
    for line in lines:
        made.add_row(line.name, line.task, line.licence, f"{line.bytes / 1e6:.1f}", line.state)
    view.console().print(made)
    return 0


def _progress(name: str, done: int, total: int) -> None:
    """A bar on stderr while a model is copied and hashed."""
    if not sys.stderr.isatty():
        return
    share = done / total if total else 1.0
    bar = "█" * int(share * 30)
    end = "\n" if done >= total else ""
    print(f"\r{name:32} {bar:30} {share:4.0%}", end=end, file=sys.stderr, flush=True)
