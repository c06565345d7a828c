"""`edge-agent`: the command line of the box. Each group of commands is a module with `add(commands)`; this one parses and ends.

`--json` prints exactly one document (see `edge_agent.documents`) on stdout; notes go to stderr. Exit codes: 0 done, 1 refused
or partly failed with reasons, 2 usage, 70 internal error, 75 try again later. Nothing heavy is imported before a command runs.
"""

import argparse
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from edge_agent import __version__
from edge_agent.cli import (
    audit,
    bundle,
    channel,
    claims,
    config,
    consent,
    contest,
    doctor,
    enrol,
    facts,
    floor,
    learn,
    lexicon,
    listen,
    models,
    officers,
    opening,
    retention,
    rules,
    score,
    shelf,
    show,
    subject,
    tools,
    vault,
    watch,
    work,
)
from edge_agent.cli.options import where
from edge_agent.errors import EdgeError

INTERNAL = 70


def main(argv: list[str] | None = None) -> int:
    """Run one command and give its exit code."""
    sys.excepthook = _internal
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except EdgeError as error:
        _say(error)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The whole command line; also the source of the README's command table."""
    top = argparse.ArgumentParser(
        prog="edge-agent",
        description="门店语音与货架视频本地分析：录音录像加密留在本机，只有结构化行为标签离开。 "
        "On-prem voice and shelf-video analysis: recordings stay encrypted here, only behaviour tags leave.",
    )
    top.add_argument("--version", action="version", version=f"edge-agent {__version__}")
    where(top)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for group in (
        work, show, tools, shelf, models, vault, opening, officers, audit, consent, contest, retention, subject, config, doctor,
        enrol, bundle, facts, lexicon, learn, listen, watch, channel, rules, claims, score, floor,
    ):  # fmt: skip
        group.add(commands)
    return top


def _say(error: EdgeError) -> None:
    if error.zh:
        print(error.zh, file=sys.stderr)
    print(f"edge-agent: {error}", file=sys.stderr)


def _internal(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error nobody foresaw: where it happened and its class, never its message, which may quote its input."""
    print(f"edge-agent: internal error {kind.__name__}", file=sys.stderr)
    for frame in traceback.extract_tb(trace)[-6:]:
        print(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}", file=sys.stderr)
    if "EDGE_AGENT_DEBUG" in os.environ:
        traceback.print_exception(kind, error, trace)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERNAL)
