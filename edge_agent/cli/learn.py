"""`edge-agent learn term|gain`: what reviewers confirm joins the local lexicon, and what that brings."""

import argparse
from functools import partial
from pathlib import Path

from edge_agent.cli.options import Commands, command, loaded
from edge_agent.domain.contests import REASONS, Reason, Role
from edge_agent.errors import BadInput


def add(commands: Commands) -> None:
    words = "把复核确认的说法加入本地词库，并量一量效果 Take confirmed sayings into the local lexicon, measure the gain"
    group = commands.add_parser("learn", help=words, description=words).add_subparsers(required=True, metavar="ACT")
    term = command(
        group,
        "term",
        _term,
        "加入一个说法、否决词或热词",
        "Take in a saying, a veto or a hot word; refused if any example breaks",
    )
    term.add_argument("word", metavar="WORD")
    whose = term.add_mutually_exclusive_group(required=True)
    whose.add_argument("--event", default="", metavar="ID", help="事件的又一种说法 one more way to say this event")
    whose.add_argument("--industry", metavar="ID", help='行业热词，"" = 各行业 a hot word of this trade; "" = of all')
    term.add_argument("--veto", action="store_true", help="出现这个说法就不算该事件 it rules the event out")
    term.add_argument("--must", action="append", default=[], metavar="LINE", help="应命中的例句 a line that must match")
    term.add_argument("--must-not", action="append", default=[], metavar="LINE", help="不应命中的例句 a line that must not")
    term.add_argument("--by", required=True, choices=[Role.MANAGER, Role.COMPLIANCE], help="谁确认（只记角色） who confirmed it")
    reasons = "，".join(f"{one.value} {zh}" for one, (zh, _) in REASONS.items())
    term.add_argument("--reason", default=Reason.OTHER, choices=[*Reason], metavar="CODE", help=reasons)
    measured = command(group, "gain", _gain, "加入前后的准确率和召回率", "Precision and recall without and with what was learned")
    measured.add_argument(
        "--set", type=Path, metavar="SET.toml", help="别人评过的例句 examples that somebody else judged; default: own lines"
    )
    for one in (term, measured):
        one.add_argument("--to", type=Path, metavar="FOLDER", help="the company's folder; default: the configured one")


def _term(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, learning, vocabulary  # noqa: PLC0415 - after parsing

    settings, by, reason = loaded(arguments), Role(arguments.by), Reason(arguments.reason)
    if not arguments.event:
        if arguments.veto or arguments.must or arguments.must_not:
            raise BadInput("term", "a hot word takes no veto and no lines", remedy="give --event instead", zh="热词不带例句")
        note = learning.note_of(by, reason)
        log = partial(learning.noted, settings, event=arguments.industry, kind="hotword", by=by, reason=reason)
        added = vocabulary.add(settings, [arguments.word], industry=arguments.industry, to=arguments.to, note=note, log=log)
        print(documents.encode(added) if arguments.json else f"已加入 added：{added.file}")
        return 0
    lesson = learning.Lesson(
        saying=arguments.word, event=arguments.event, kind="veto" if arguments.veto else "phrase", must=tuple(arguments.must),
        must_not=tuple(arguments.must_not), by=by, reason=reason,
    )  # fmt: skip
    done = learning.learn(settings, lesson, to=arguments.to)
    if arguments.json:
        print(documents.encode(done))
        return 0
    print(f"已加入 learned：{done.file}；{done.examples} 条例句全部通过 examples hold")
    if done.elsewhere:
        print(f"! 这个说法也出现在其他事件的 {done.elsewhere} 条例句里，可能太宽 it also stands in examples of other events")
    print("重启识别服务后生效 it counts once the worker is started again")
    return 0


def _gain(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, learning, view  # noqa: PLC0415

    found = learning.gain(loaded(arguments), arguments.set, to=arguments.to)
    if arguments.json:
        print(documents.encode(found))
        return 0
    made = view.table("学习效果 Gain", "事件 Event", "例句 Examples", "准确率 Precision", "召回率 Recall")
    for one in (*found.events, found.total):
        before_after = (one.precision_before, one.precision), (one.recall_before, one.recall)
        made.add_row(one.event, str(one.examples), *(f"{view.percent(was)} → {view.percent(now)}" for was, now in before_after))
    view.console().print(made)
    for line in found.changed:
        right = "✓" if line.must is line.found else "✗"
        print(f"{right} {line.event} {'现在命中 found now' if line.found else '现在不命中 no longer found'}：{line.text}")
    if found.basis == "own-lines":
        print("以上是加入时自带的例句，不能说明对别的话的效果；请用 --set 给出另外评过的例句 own lines: measure with --set")
    return 0
