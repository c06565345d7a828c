"""For business staff: `python -m edge_agent.tagging check [FOLDER]` and `… try "客户：太贵了。" [--why EVENT]`.

`check` reads the lexicons (the company's folder over the built-in ones), runs every example and lists what fails or is inert.
Prints the examples' own text: they are data of the lexicons, nobody's speech.
"""

import argparse
import sys
from pathlib import Path

from edge_agent import assets
from edge_agent.errors import EdgeError
from edge_agent.lexicon.examples import BadExample, scene
from edge_agent.tagging.tagger import RuleTagger
from edge_agent.tagging.trial import passes, play, staged, trials


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 when everything holds, 1 when something does not, 2 on usage."""
    parser = argparse.ArgumentParser(prog="python -m edge_agent.tagging", description="检查词库 / check the lexicons")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="检查文件和全部例句 / files and all examples")
    attempt = commands.add_parser("try", help="一句话会得到什么标签 / which tags a line of talk gets")
    attempt.add_argument("text", help="客户：太贵了。 / 销售：……")
    attempt.add_argument("--speaker", default="customer", choices=["rep", "customer"])
    attempt.add_argument("--industry", default="*")
    attempt.add_argument("--why", metavar="EVENT", help="为什么没有这个标签 / why not this event")
    for command in (check, attempt):
        command.add_argument("folder", nargs="?", type=Path, help="公司词库 / the company's folder")
    given = parser.parse_args(arguments)
    try:
        tagger = RuleTagger.load(assets.bundled("lexicons"), company=given.folder)
        return _check(tagger) if given.command == "check" else _try(tagger, given)
    except (EdgeError, BadExample) as error:
        print(error, file=sys.stderr)
        return 1


def _check(tagger: RuleTagger) -> int:
    tried = failed = skipped = 0
    for trial in trials(tagger):
        tried += 1
        try:
            verdict = passes(tagger, trial)
        except BadExample as error:
            verdict = False
            print(f"✗ {trial.event}: {error}")
        if verdict is None:
            skipped += 1
        elif not verdict:
            failed += 1
            print(f"✗ {trial}")
    for code, reason in tagger.inert({"outbound", "recorded", "dual_record", "b2b"}).items():
        print(f"- {code} 未启用 inert: {reason}")
    print(f"{len(tagger.events)} 个事件 events，{tried} 条例句 examples：{failed} 条不通过 failed，{skipped} 条未启用 inert")
    return 1 if failed else 0


def _try(tagger: RuleTagger, given: argparse.Namespace) -> int:
    acted = scene(given.text, given.speaker)
    event = tagger.lexicon.events.get(given.why) if given.why else None
    for tag in play(tagger, acted, given.industry, event):
        print("\n  ".join(tagger.explain(tag).zh))
    if given.why:
        print("\n".join(tagger.why_not(given.why, staged(tagger, acted, given.industry, event)).zh))
    return 0


if __name__ == "__main__":
    sys.exit(main())
