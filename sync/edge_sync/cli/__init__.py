"""`edge-hq`: HQ's side on the command line. Exit codes: 0 done, 1 refused, 2 usage, 70 internal, 75 try again later.

With `--json` exactly one document goes to stdout. Nothing heavy is imported before a command needs it.
"""

import argparse
import sys
from collections.abc import Sequence

from edge_sync import __version__
from edge_sync.cli import audit, broker, ca, enrolment, gateways, orders, receive
from edge_sync.errors import SyncError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except SyncError as error:
        print(f"edge-hq: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge-hq", description="Receive the tag streams of all gateways.")
    parser.add_argument("--version", action="version", version=f"edge-hq {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    for group in (gateways, receive, ca, enrolment, broker, orders, audit):
        group.add(commands)
    return parser
