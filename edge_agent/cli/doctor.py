"""`edge-agent doctor`: what is wrong with this box and what to do; `--from` looks at a service's walls from inside."""

import argparse
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.config import Config

FAILED = 1


def add(commands: Commands) -> None:
    doctor = command(commands, "doctor", _doctor, "自检：哪里有问题、怎么办", "What is wrong with this box, and what to do")
    doctor.add_argument(
        "--from",
        dest="role",
        choices=("worker", "uplink", "capture"),
        help="look at this service's walls; run inside its unit (systemd/probe.sh)",
    )


def _doctor(arguments: argparse.Namespace) -> int:
    settings = loaded(arguments)
    return _walls(arguments, settings) if arguments.role else _examine(arguments, settings)


def _examine(arguments: argparse.Namespace, settings: "Config") -> int:
    from edge_agent import doctor, documents, view  # noqa: PLC0415 - after parsing

    found = doctor.diagnose(settings)
    if arguments.json:
        print(documents.encode(found))
    else:
        view.console().print(view.doctor(found))
    return 0 if found.ok else FAILED


def _walls(arguments: argparse.Namespace, settings: "Config") -> int:
    from edge_agent import documents  # noqa: PLC0415
    from edge_agent.doctor import walls  # noqa: PLC0415

    found = walls.look(settings, arguments.role)
    if arguments.json:
        print(documents.encode(found))
    else:
        for one in found.walls:
            print({True: "ok  ", False: "OPEN", None: "?   "}[one.holds], one.wall, one.seen)
    return 0 if found.ok else FAILED
