"""`edge-agent facts`: what a text names (numbers, money, dates, identifiers), one utterance a line, read from standard input."""

import argparse
import sys
from datetime import UTC, datetime

from edge_agent.cli.options import Commands, command, moment


def add(commands: Commands) -> None:
    made = command(
        commands, "facts", _facts, "找出文字中的金额、日期、数量、号码（不保存）",
        "What each line of standard input names: money, dates, quantities, identifiers; store nothing",
    )  # fmt: skip
    made.add_argument(
        "--at",
        type=moment,
        metavar="TIME",
        help="when it was said, like 2026-11-25T10:00+08:00 (default: now); days count from here",
    )
    made.add_argument("--mask", action="store_true", help="电话、证件等打码 hide what identifies a person")


def _facts(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415 - after parsing

    at = arguments.at or datetime.now(UTC).astimezone()
    found = bench.facts_of(sys.stdin, at, mask=arguments.mask)
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table("事实 Facts", "行 Line", "种类 Kind", "值 Value", "单位 Unit", "原文 Said", "把握 Sure")
    for number, line in enumerate(found.lines, start=1):
        for one in line.facts:
            said = line.text[one.char_start : one.char_end]
            lines.add_row(str(number), one.kind, one.value or "—", one.unit, said, f"{one.confidence:.2f}")
    view.console().print(lines)
    return 0
