"""`edge-agent rules check|explain|dry-run|test`: rules in business language, by those who write them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.documents import LexiconProblem
    from edge_agent.rulebook.questions import Question

WRONG = 1
_JUDGED = {"talk": "一通对话里判断 in a talk", "days": "跨录音判断 over days", "never": "不会触发 never fires"}


def add(commands: Commands) -> None:
    group = commands.add_parser(
        "rules", help="业务规则：检查、念回、试跑、测例句 rules in business language: check, explain, try on the past, test"
    )
    verbs = group.add_subparsers(required=True, metavar="VERB")
    check = command(verbs, "check", _check, "检查全部规则文件", "Every rule: what it says, or what is wrong with it")
    check.add_argument("folder", nargs="?", type=Path, help="the company's folder; default: the configured one")
    explain = command(
        verbs, "explain", _explain, "把一条规则念回来，有歧义就反问", "Say a rule back, or ask where it is not clear"
    )
    explain.add_argument("text", help="当客户连续3次回避演示，则提醒店长")
    dry_run = command(
        verbs, "dry-run", _dry_run, "在已有的标签上试跑一条规则，不写入", "Run a rule over the tags kept here; write nothing"
    )
    dry_run.add_argument("text", help="当……，则……")
    dry_run.add_argument("--days", type=_days, default=30, metavar="N", help="how far back (default: 30)")
    test = command(verbs, "test", _test, "跑全部事件和规则的例句", "Every example of every event and rule")
    test.add_argument("folder", nargs="?", type=Path, help="the company's folder; default: the configured one")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3660:
        raise argparse.ArgumentTypeError("a number of days, 1 to 3660")
    return int(text)


def _check(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, rehearsal  # noqa: PLC0415 - after parsing

    found = rehearsal.check(loaded(arguments), arguments.folder)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    _tell(found.problems)
    for rule in found.rules:
        print(f"{'●' if rule.enabled else '○'} {rule.rule}：{rule.said_back}")
        print(f"    {_JUDGED[rule.judged]}{'：' + rule.why if rule.why else ''}")
    on = sum(rule.enabled for rule in found.rules)
    print(f"{len(found.rules)} 条规则 rules，{on} 条启用 enabled，{len(found.problems)} 处错误 faults")
    return 0 if found.ok else WRONG


def _explain(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, rehearsal  # noqa: PLC0415

    found = rehearsal.explain(loaded(arguments), arguments.text)
    if arguments.json:
        print(documents.encode(found))
    elif found.question is not None:
        _ask(found.question)
    else:
        print(found.said_back)
    return 0 if found.ok else WRONG


def _dry_run(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, rehearsal  # noqa: PLC0415

    found = rehearsal.dry_run(loaded(arguments), arguments.text, arguments.days)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    if found.question is not None:
        _ask(found.question)
        return WRONG
    print(found.said_back)
    if found.why:
        print(f"不会触发 it never fires: {found.why}")
    for one in found.where:
        print(f"  {one.recording} ×{one.times}")
    print(f"最近 {found.days} 天 days，{found.recordings} 个录音 recordings：会触发 {found.fired} 次 times")
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, rehearsal  # noqa: PLC0415

    found = rehearsal.every_example(loaded(arguments), arguments.folder)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    _tell(found.problems)
    for example in found.failures:
        print(f"✗ {example.event}  {'应命中 must match' if example.must else '不应命中 must not match'}：{example.text}")
    print(
        f"{found.events} 个事件 events（{found.key_nodes} 个关键节点 key nodes），{found.rules} 条规则 rules，"
        f"{found.examples} 条例句 examples：{found.passed} 条通过 passed，{found.failed} 条不通过 failed，"
        f"{found.skipped} 条无法判断 skipped；{found.inert} 个事件未启用 inert"
    )
    return 0 if found.ok else WRONG


def _ask(question: "Question") -> None:
    print(f"？{question.zh}")
    print(f"  {question.en}")
    for choice in question.choices:
        print(f"  · {choice}")
    for one in question.suggestions:
        print(f"  ≈ {one.zh}（{one.event}）{one.score:.2f}")


def _tell(problems: "list[LexiconProblem]") -> None:
    for problem in problems:
        print(f"✗ {problem.file}:{problem.line}  {problem.entry}: {problem.message} — {problem.remedy}")
