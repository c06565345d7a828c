"""`edge-agent scores|score|card`: scorecards, why a score is what it is, a person's word on it, and the opportunity card.

With `--file` a dialogue file is judged instead of a recording and nothing is stored: a new scorecard is tried so.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded, moment
from edge_agent.domain.scores import REASONS, ROLES


def add(commands: Commands) -> None:
    scores = command(commands, "scores", _scores, "评分卡得分", "Scorecards of calls: points, coverage, what they rest on")
    scores.add_argument("recording", nargs="?", default="", help="only this recording")
    _file(scores)
    scores.add_argument(
        "--scorecard", action="append", default=[], metavar="ID", help="with --file: which cards (default: configured)"
    )
    words = "一项得分：为什么、人工改分 One score: why, or a person's word on it"
    group = commands.add_parser("score", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    why = command(group, "why", _why, "为什么是这个分", "What each item of a scorecard rests on")
    change = command(group, "override", _override, "人工改分", "A person's points for one item; the machine's stay on record")
    for one in (why, change):
        one.add_argument("recording", metavar="RECORDING")
        one.add_argument("card", metavar="CARD")
    change.add_argument("item", metavar="ITEM")
    change.add_argument("points", type=float, metavar="POINTS")
    change.add_argument("--reason", required=True, choices=REASONS)
    change.add_argument("--by", required=True, choices=ROLES, metavar="ROLE", help=f"one of {', '.join(ROLES)}")
    card = command(commands, "card", _card, "商机卡", "What a call tells about an opportunity: codes, numbers, dates")
    card.add_argument("recording", nargs="?", default="", metavar="RECORDING")
    _file(card)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--file", type=Path, metavar="DIALOGUE", help="try a dialogue (TOML) or recording, store nothing")
    parser.add_argument(
        "--at", type=moment, metavar="TIME", help="with --file: when it began, like 2026-11-25T10:00+08:00 (default: now)"
    )


def _began(arguments: argparse.Namespace) -> datetime:
    at: datetime | None = arguments.at
    return at or datetime.now(UTC).astimezone()


def _scores(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, cards, documents, scores, view  # noqa: PLC0415 - after parsing

    settings = loaded(arguments)
    lines = (
        bench.scores_of(settings, arguments.file, at=_began(arguments), wanted=arguments.scorecard)
        if arguments.file is not None
        else scores.scores(settings, recording=arguments.recording)
    )
    if arguments.json:
        print(documents.encode(documents.Scores(scorecards=lines)))
        return 0
    for line in lines:
        view.console().print(cards.scorecard_table(line))
    return 0


def _why(arguments: argparse.Namespace) -> int:
    from edge_agent import cards, documents, scores, view  # noqa: PLC0415

    answer = scores.why(loaded(arguments), arguments.recording, arguments.card)
    if arguments.json:
        print(documents.encode(answer))
        return 0
    made = view.table(f"为什么 Why: {cards.heading(answer.scorecard)}", "中文", "English")
    for zh, en in zip(answer.zh, answer.en, strict=True):
        made.add_row(zh, en)
    view.console().print(made)
    return 0


def _override(arguments: argparse.Namespace) -> int:
    from edge_agent import cards, documents, scores, view  # noqa: PLC0415

    line = scores.override(
        loaded(arguments), arguments.recording, arguments.card, arguments.item, arguments.points, reason=arguments.reason,
        role=arguments.by,
    )  # fmt: skip
    if arguments.json:
        print(documents.encode(line))
    else:
        view.console().print(cards.scorecard_table(line))
    return 0


def _card(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, cards, documents, scores, view  # noqa: PLC0415
    from edge_agent.errors import BadInput  # noqa: PLC0415

    settings = loaded(arguments)
    if arguments.file is not None:
        found = bench.card_of(settings, arguments.file, at=_began(arguments))
    elif arguments.recording:
        found = scores.card(settings, arguments.recording)
    else:
        raise BadInput("no-recording", "no recording was named", remedy="edge-agent status lists them", zh="请写明录音编号")
    if arguments.json:
        print(documents.encode(found))
    else:
        view.console().print(cards.card_table(found))
    return 0
