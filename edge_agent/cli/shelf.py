"""`edge-agent shelf …`: score one video, read the price tags of one photo; both look at a file and store nothing."""

import argparse
from pathlib import Path

from edge_agent import privilege
from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    shelf = commands.add_parser("shelf", help="货架：评分、读价签 score a bay, read price tags")
    verbs = shelf.add_subparsers(required=True, metavar="VERB")
    score = command(
        verbs,
        "score",
        _score,
        "给一段货架视频评分（不保存）",
        "Score one video against a bay plan, store nothing",
    )
    score.add_argument("video", type=Path)
    score.add_argument("--bay", type=Path, required=True, metavar="BAY.toml")
    score.add_argument("--picture", type=Path, metavar="PNG", help="write the evidence picture here")
    read = command(
        verbs,
        "tags",
        _price_tags,
        "读一张照片上的价签（不保存）",
        "Read the price tags on one photo, store nothing",
    )
    read.add_argument("image", type=Path)


def _score(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415

    found, picture = bench.shelf_score(loaded(arguments), arguments.video, arguments.bay)
    if arguments.picture:
        with privilege.raised():
            arguments.picture.write_bytes(picture)
    if arguments.json:
        print(documents.encode(found))
    else:
        view.console().print(view.shelf(found))
    return 0


def _price_tags(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415

    found = bench.price_tags(loaded(arguments), arguments.image)
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table("价签 Price tags", "位置 Box", "价格 Price", "文字 Text", "把握 Sure")
    for line in found.tags:
        lines.add_row(
            " ".join(f"{x:.2f}" for x in line.box),
            line.price or "—",
            " ".join(line.text),
            f"{line.confidence:.2f}",
        )
    view.console().print(lines)
    return 0
