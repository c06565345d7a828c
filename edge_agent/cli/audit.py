"""`edge-agent audit list|verify|prove|export`: the log for a compliance officer."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.documents import AuditLine

BROKEN = 1
_SHORT = 12


def add(commands: Commands) -> None:
    group = commands.add_parser("audit", help="审计记录：查看、校验、举证、导出 list, verify, prove, export the log")
    verbs = group.add_subparsers(required=True, metavar="VERB")
    listing = command(verbs, "list", _list, "查看审计记录", "Rows in words, oldest first")
    listing.add_argument("--kind", default="", help="only this kind, or family of kinds (recording, outbox …)")
    listing.add_argument("--since", default="", metavar="TIME", help="from this date or time on (box's own time zone)")
    listing.add_argument("--object", "--recording", dest="about", default="", metavar="ID", help="only rows that name this id")
    verify = command(verbs, "verify", _verify, "校验审计记录", "Recompute all of it; say what HQ vouches for")
    verify.add_argument("--checkpoints", type=Path, metavar="FILE", help="what HQ's `edge-hq audit export` wrote")
    prove = command(verbs, "prove", _prove, "为一行举证", "Write one row with its proof")
    prove.add_argument("seq", type=int, metavar="SEQ")
    prove.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    export = command(verbs, "export", _export, "导出全部并附校验程序", "Write all of it, with a verifier that needs no appliance")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")


def _list(arguments: argparse.Namespace) -> int:
    from edge_agent import auditing, documents, view  # noqa: PLC0415 - after parsing

    found = auditing.listed(loaded(arguments), kind=arguments.kind, since=arguments.since, about=arguments.about)
    if arguments.json:
        print(documents.encode(found))
        return 0
    made = view.table(
        f"审计记录 Audit log: {len(found.rows)}/{found.total}", "序号 #", "时间 UTC", "事件 What", "类别 Kind", "内容 About"
    )
    for row in found.rows:
        made.add_row(str(row.seq), row.at[:19].replace("T", " "), f"{row.zh} {row.en}", row.kind, _about(row))
    view.console().print(made)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from edge_agent import auditing, documents  # noqa: PLC0415

    found = auditing.verified(loaded(arguments), checkpoints=arguments.checkpoints)
    if arguments.json:
        print(documents.encode(found))
    elif found.intact:
        print(f"完整：{found.rows} 行审计记录未被改动。 Intact: {found.rows} audit rows, nothing was changed.")
        print(
            f"总部见证到第 {found.cosigned} 行；其后 {found.window} 行仅由本机密钥担保。 "
            f"HQ vouches up to row {found.cosigned}; the {found.window} rows since rest on this box's own key."
        )
        if found.others:
            others = ", ".join(found.others)
            print(f"记录曾重新开始，请查问原因。 This gateway's history was begun anew; ask which box wrote: {others}.")
        if found.cosigned and not found.checkpoints:
            print(f"请与总部核对其公钥。 This rests on HQ's key as this box has it; HQ must know it as {found.hq_key}.")
    else:
        print(f"不完整：{found.zh}。 BROKEN: {found.en}.")
    return 0 if found.intact else BROKEN


def _prove(arguments: argparse.Namespace) -> int:
    from edge_agent import auditing, documents  # noqa: PLC0415

    done = auditing.proved(loaded(arguments), arguments.seq, arguments.output)
    by = "总部已见证 cosigned by HQ" if done.cosigned else "尚未经总部见证 not yet cosigned by HQ"
    print(documents.encode(done) if arguments.json else f"已写证明 proof written: 第 row {done.seq}/{done.size} 行, {by}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from edge_agent import auditing, documents  # noqa: PLC0415

    done = auditing.exported(loaded(arguments), arguments.output)
    if arguments.json:
        print(documents.encode(done))
    else:
        print(f"已导出 {done.rows} 行，总部见证到第 {done.cosigned} 行。 {done.rows} rows, HQ vouches up to {done.cosigned}.")
        print("校验 Check it anywhere: python verify_audit.py . --key BASE64 --checkpoints FILE")
    return 0


def _about(row: "AuditLine") -> str:
    """Ids and digests by their last characters, which differ most."""
    said = ((key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for key, value in row.body.items())
    return "  ".join(f"{key}={text if len(text) <= 2 * _SHORT else '…' + text[-_SHORT:]}" for key, text in said)
