"""`edge-agent status|tags|metrics|why|why-not`: what this box knows, read-only."""

import argparse

from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    command(commands, "status", _status, "本机状态", "What is here, what waits, what is wrong")
    tags = command(commands, "tags", _tags, "行为标签", "Findings, newest recording last")
    tags.add_argument("--recording", default="", metavar="ID", help="only this recording")
    metrics = command(
        commands, "metrics", _metrics, "通话指标", "How calls were conducted: talk ratio, patience, speed and so on"
    )
    metrics.add_argument("recording", nargs="?", default="", help="only this recording")
    why = command(commands, "why", _why, "为什么有这个标签", "The conditions that held, rule and model")
    why.add_argument("tag", help="tag id, or the last characters of one")
    against = command(
        commands,
        "why-not",
        _why_not,
        "为什么没有这个标签",
        "Why an event is not among a recording's tags: the nearest missing condition",
    )
    against.add_argument("recording", metavar="RECORDING")
    against.add_argument("event", metavar="EVENT")


def _status(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, app, documents, view  # noqa: PLC0415 - after parsing

    settings = loaded(arguments)
    now = answers.status(settings)
    if arguments.json:
        print(documents.encode(now))
    else:
        view.console().print(view.status(now, app.zone(settings)))
    return 0


def _tags(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, documents, view  # noqa: PLC0415

    settings = loaded(arguments)
    lines = answers.tags(settings, recording=arguments.recording)
    if arguments.json:
        print(documents.encode(documents.Tags(tags=lines)))
    else:
        view.console().print(view.tags(lines, answers.event_names(settings)))
    return 0


def _metrics(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, documents, view  # noqa: PLC0415

    lines = answers.metrics(loaded(arguments), recording=arguments.recording)
    if arguments.json:
        print(documents.encode(documents.MetricsList(recordings=lines)))
    else:
        view.console().print(view.metrics(lines))
    return 0


def _why_not(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, documents, view  # noqa: PLC0415

    answer = answers.why_not(loaded(arguments), arguments.recording, arguments.event)
    if arguments.json:
        print(documents.encode(answer))
    else:
        view.console().print(view.why_not(answer))
    return 0


def _why(arguments: argparse.Namespace) -> int:
    from edge_agent import answers, documents, view  # noqa: PLC0415

    answer = answers.why(loaded(arguments), arguments.tag)
    if arguments.json:
        print(documents.encode(answer))
    else:
        view.console().print(view.why(answer))
    return 0
