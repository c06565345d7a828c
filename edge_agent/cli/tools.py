"""The bench tools `transcribe`, `tag`, `shelf score`, `shelf tags`: look at one file, store nothing."""

import argparse
from pathlib import Path

from edge_agent import privilege
from edge_agent.cli import shelf_prices
from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    transcribe = command(commands, "transcribe", _transcribe, "转写一个录音（不保存）", "Recognise one file, store nothing")
    transcribe.add_argument("file", type=Path)
    transcribe.add_argument("--channels", default="rep,customer", help="speaker of each channel of a stereo file, left first")
    transcribe.add_argument("--industry", default="", help="whose terms to listen for")
    transcribe.add_argument("--mask", action="store_true", help="电话、证件等打码 hide what identifies a person")
    tag = command(
        commands,
        "tag",
        _tag,
        "给一段对话或录音打标签（不保存）",
        "Tag one dialogue (TOML) or recording, store nothing",
    )
    tag.add_argument("file", type=Path)
    tag.add_argument(
        "--sidecar",
        type=Path,
        metavar="DIALOGUE",
        help="for audio: industry, context and brands from this dialogue file",
    )
    tag.add_argument("--why-not", default="", metavar="EVENT", help="为什么没有这个标签 why this event does not come about")
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
    shelf_prices.add_verb(verbs)


def _transcribe(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415 - after parsing

    found = bench.transcribe(
        loaded(arguments),
        arguments.file,
        channels=tuple(arguments.channels.split(",")),
        industry=arguments.industry,
        mask=arguments.mask,
    )
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table(f"{found.model}  RTF {found.rtf:.2f}", "时刻 Time", "谁 Who", "内容 Text", "把握 Sure")
    for line in found.utterances:
        lines.add_row(view.clock(line.start_ms), view.SPEAKERS[line.speaker], line.text, f"{line.confidence:.2f}")
    view.console().print(lines)
    view.console().print(view.quality(found.quality))
    return 0


def _tag(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, bench, documents, view  # noqa: PLC0415

    settings = loaded(arguments)
    if arguments.why_not:
        answer = bench.why_not(settings, arguments.file, arguments.why_not, sidecar=arguments.sidecar)
        if arguments.json:
            print(documents.encode(answer))
        else:
            view.console().print(view.why_not(answer))
        return 0
    found = bench.tag(settings, arguments.file, sidecar=arguments.sidecar)
    if arguments.json:
        print(documents.encode(found))
        return 0
    names = answers.event_names(settings)
    lines = view.table("标签 Tags", "时刻 Time", "轮 Turn", "谁 Who", "发现 Finding", "代码 Code", "把握 Sure")
    for line in found.tags:
        lines.add_row(
            view.clock(line.start_ms), str(line.turn), view.SPEAKERS[line.speaker], " ".join(names.get(line.code, ("", ""))),
            line.code, f"{line.confidence:.2f}",
        )  # fmt: skip
    view.console().print(lines)
    return 0


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
