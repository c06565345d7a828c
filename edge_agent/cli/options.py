"""Options that several commands share."""

import argparse
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from edge_agent import config
from edge_agent.cli.account import act_as_owner
from edge_agent.errors import BadInput

Commands = Any
"""What `ArgumentParser.add_subparsers` gives (its class is private)."""


def command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    zh: str,
    en: str,
    *,
    json: bool = True,
) -> argparse.ArgumentParser:
    """Add one command with its bilingual help, and `--json` unless it prints no document."""
    parser: argparse.ArgumentParser = commands.add_parser(name, help=f"{zh} {en}", description=f"{zh} {en}")
    parser.set_defaults(run=run)
    where(parser, default=argparse.SUPPRESS)  # also after the command's name
    if json:
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def person(given: str) -> str:
    """The code of a person; `-` reads it from standard input. BadInput when there is none."""
    code = sys.stdin.readline().strip() if given == "-" else given.strip()
    if not code:
        raise BadInput("no-code", "no code was given", remedy="type the code, or - and give it on standard input", zh="缺少编号")
    return code


def day(text: str) -> datetime:
    """The local midnight that begins a day YYYY-MM-DD."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time()).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError("a day is written YYYY-MM-DD") from None


def moment(text: str) -> datetime:
    """A time with its offset; without one it is local."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a time is written YYYY-MM-DDTHH:MM+08:00") from None
    return found if found.tzinfo is not None else found.astimezone()


def where(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """`--config` and `--state`."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default,
        help="configuration (default: $EDGE_AGENT_CONFIG, /etc/edge-agent/config.toml)",
    )  # fmt: skip
    parser.add_argument(
        "--state", type=Path, metavar="DIR", default=default, help="state directory, instead of the configured one"
    )


def loaded(arguments: argparse.Namespace) -> config.Config:
    """The configuration that `--config` and `--state` choose. From here on root acts as the box's own account."""
    settings = config.load(arguments.config, state=arguments.state)
    root = settings.paths.root
    return msgspec.structs.replace(settings, state=str(root)) if act_as_owner(root) else settings
