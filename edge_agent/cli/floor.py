"""Floors: what was counted, an example of a plan, and the bench tool `floor score`, which stores nothing."""

import argparse
from pathlib import Path

from edge_agent.cli import pictures
from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    """Add `floor` and its verbs."""
    floor = commands.add_parser("floor", help="卖场：人流热力图与等候（不识别任何人） heat map and waiting, nobody is recognised")
    verbs = floor.add_subparsers(required=True, metavar="VERB")
    score = command(
        verbs,
        "score",
        _score,
        "统计一段卖场视频（不保存）",
        "Count one floor video, store nothing",
    )
    score.add_argument("video", type=Path)
    score.add_argument("--floor", type=Path, required=True, metavar="FLOOR.toml", help="卖场平面图 the floor plan")
    score.add_argument("--picture", type=Path, metavar="PNG|SVG", help="把热力图写到这里 write the heat map here")
    command(verbs, "example", _example, "打印一份有注释的 floor.toml", "Print a commented floor.toml to start from", json=False)
    command(verbs, "show", _show, "已统计的卖场视频", "What was counted in floor videos")


def _example(_: argparse.Namespace) -> int:
    from edge_agent.shelf.floor.example import FLOOR  # noqa: PLC0415

    print(FLOOR, end="")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, documents, view  # noqa: PLC0415

    found = answers.floor_scores(loaded(arguments))
    if arguments.json:
        print(documents.encode(found))
        return 0
    if not found.floors:
        print("没有已统计的卖场视频 no floor video was counted yet")
    for one in found.floors:
        view.console().print(view.floor(one))
    return 0


def _score(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415 - after parsing

    pictures.checked(arguments.picture, ".png", ".svg")
    found, png, svg = bench.floor_score(loaded(arguments), arguments.video, arguments.floor)
    if arguments.picture:
        drawn = svg.encode() if arguments.picture.suffix.lower() == ".svg" else png
        pictures.write(arguments.picture, drawn)
    if arguments.json:
        print(documents.encode(found))
        return 0
    view.console().print(view.floor(found))
    return 0
