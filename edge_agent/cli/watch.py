"""`edge-agent watch`: every configured camera, sealed as it is seen."""

import argparse
import sys
from contextlib import suppress

from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    command(
        commands,
        "watch",
        _watch,
        "持续录制摄像头：边录边加密，断线自动重连",
        "Record the cameras: sealed as it is seen, opened again after every outage",
        json=False,
    )


def _watch(arguments: argparse.Namespace) -> int:
    from edge_agent import watching  # noqa: PLC0415 - after parsing

    def say(zh: str, en: str) -> None:
        with suppress(OSError):  # nobody reads it any more: no reason to stop sealing
            print(f"{zh}  {en}", file=sys.stderr, flush=True)

    watching.watch(loaded(arguments), say)
    return 0
