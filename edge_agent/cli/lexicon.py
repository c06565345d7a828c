"""`edge-agent lexicon check|add|correct|eval`: the words of the trade, by those who know them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded
from edge_agent.errors import BadInput

if TYPE_CHECKING:
    from edge_agent.documents import SoundClash

WRONG = 1


def add(commands: Commands) -> None:
    group = commands.add_parser(
        "lexicon", help="词库：检查、加词、试用、评测 check, extend, try and measure the words of the trade"
    )
    verbs = group.add_subparsers(required=True, metavar="VERB")
    check = command(verbs, "check", _check, "检查词库和全部例句", "Every fault of the lexicons and every example at once")
    check.add_argument("folder", nargs="?", type=Path, help="the company's folder; default: the configured one")
    fair = command(
        verbs, "probe", _probe, "公平性探针：性别、年龄、方言、姓名、停顿不得改变结果",
        "Does gender, age, dialect, a name or a pause change the outcome of any example",
    )  # fmt: skip
    fair.add_argument("folder", nargs="?", type=Path, help="the company's folder; default: the configured one")
    fair.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth example; default: all")
    more = command(verbs, "add", _add, "给公司词库加热词", "Add hot words to the company's folder")
    more.add_argument("terms", nargs="+", metavar="TERM")
    more.add_argument("--industry", default="", metavar="ID", help="whose words they are; default: of all trades")
    more.add_argument("--to", type=Path, metavar="FOLDER", help="the company's folder; default: the configured one")
    correct = command(
        verbs,
        "correct",
        _correct,
        "按读音纠正句子里的行业词（标准输入，一行一句）",
        "Put misheard terms right in lines on standard input",
    )
    correct.add_argument("--terms", type=Path, required=True, metavar="TERMS.txt", help="UTF-8, one term a line")
    measure = command(verbs, "eval", _eval, "用录音评测行业词识别率", "Measure the recall of terms on recordings of your own")
    measure.add_argument("--terms", type=Path, required=True, metavar="TERMS.txt", help="UTF-8, one term a line")
    measure.add_argument("--set", type=Path, required=True, metavar="SET.tsv", help="file, reference text, comma-separated terms")


def _check(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, vocabulary  # noqa: PLC0415 - after parsing

    found = vocabulary.check(loaded(arguments), arguments.folder)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    for problem in found.problems:
        print(f"✗ {problem.file}:{problem.line}  {problem.entry}: {problem.message} — {problem.remedy}")
    for example in found.failed:
        print(f"✗ {example.event}  {'应命中 must match' if example.must else '不应命中 must not match'}：{example.text}")
    _warn(found.clashes)
    print(
        f"{found.terms} 个词 terms，{found.events} 个事件 events，{found.examples} 条例句 examples："
        f"{len(found.problems)} 处错误 faults，{len(found.failed)} 条不通过 failed，{found.inert} 个未启用 inert"
    )
    return 0 if found.ok else WRONG


def _probe(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, vocabulary  # noqa: PLC0415

    if arguments.every < 1:
        raise BadInput("every", "--every must be at least 1", remedy="leave it out to try all", zh="--every 至少为 1")
    found = vocabulary.probe(loaded(arguments), arguments.folder, every=arguments.every)
    if arguments.json:
        print(documents.encode(found))
        return 0 if found.ok else WRONG
    for one in found.moved:
        print(
            f"✗ {one.event}（第 {one.example + 1} 条例句 example）{one.difference} {' / '.join(one.pair)}: {' '.join(one.codes)}"
        )
    for code in found.staff_emotion:
        print(f"✗ {code}：评判员工情绪的事件不允许存在 judges what staff feel")
    for way in found.person_words:
        print(f"✗ {way}：只凭称呼，不是行为 a word about a person is no behaviour")
    tried = "，".join(f"{name} {count}" for name, count in found.tried.items())
    print(f"{found.examples} 条例句 examples；比较 compared：{tried}；{len(found.moved)} 处变化 moved")
    return 0 if found.ok else WRONG


def _add(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, vocabulary  # noqa: PLC0415

    done = vocabulary.add(loaded(arguments), arguments.terms, industry=arguments.industry, to=arguments.to)
    if arguments.json:
        print(documents.encode(done))
        return 0
    print(f"已加入 added {len(done.added)}：{done.file}")
    _warn(done.clashes)
    print("重启识别服务后生效 they count once the worker is started again")
    return 0


def _warn(clashes: "Sequence[SoundClash]") -> None:
    """What cannot be told apart by ear, a line for each term."""
    by_term: dict[str, list[str]] = {}
    for clash in clashes:
        by_term.setdefault(clash.term, []).append(clash.other if clash.kind == "word" else f"{clash.other}（词库 term）")
    for term, others in by_term.items():
        print(f"! {term} ≈ {' '.join(others)}（听起来一样 sound alike）")


def _correct(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, vocabulary  # noqa: PLC0415

    try:
        lines = sys.stdin.buffer.read().decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise BadInput("text", "standard input is not UTF-8", remedy="give UTF-8 text", zh="标准输入不是 UTF-8 文本") from None
    found = vocabulary.correct(loaded(arguments), arguments.terms, lines)
    if arguments.json:
        print(documents.encode(found))
        return 0
    for line in found.results:
        for one in line.corrections:
            print(f"{line.line}: {one.raw} → {one.term}  {one.score:.2f}  {one.reason}")
    print(
        f"{found.lines} 行 lines，{found.characters} 字 characters，{found.replacements} 处替换 replacements，"
        f"每千字 per 1,000：{found.per_1000}"
    )
    return 0


def _eval(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, vocabulary  # noqa: PLC0415

    found = vocabulary.evaluate(loaded(arguments), arguments.terms, arguments.set)
    for line in found.unread:
        print(f"edge-agent: line {line} of the set: its recording cannot be used 第 {line} 行的录音无法使用", file=sys.stderr)
    if arguments.json:
        print(documents.encode(found))
    else:
        print(f"识别率 recall {found.recall:.1%}（{found.recall_before:.1%} → ），误报 false {found.false_per_1000:.2f}/1000")
        print(f"字错率 CER {found.cer_before:.1%} → {found.cer_after:.1%}")
        for length, one in found.per_length.items():
            print(f"  {length} 字 characters: {one.found}/{one.said}  {one.recall:.1%}（{one.recall_before:.1%} → ）")
    return WRONG if found.unread else 0
