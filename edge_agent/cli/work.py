"""`edge-agent demo|init|ingest|retry|run`: the commands that do the work."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.options import Commands, command, loaded

if TYPE_CHECKING:
    from edge_agent.documents import Ingested

PARTLY_FAILED = 1


def add(commands: Commands) -> None:
    demo = command(
        commands,
        "demo",
        _demo,
        "演示：样例录音与货架视频走完全程",
        "The whole product on bundled samples, here and now",
    )
    demo.add_argument(
        "--random",
        type=int,
        metavar="SEED",
        help="render a shelf scene nobody tuned for and use it instead of the bundled one",
    )
    demo.add_argument("--keep", type=Path, metavar="DIR", help="keep the state in this folder, to look around")
    init = command(commands, "init", _init, "初始化本机", "Make this box's keys and its ledger")
    init.add_argument(
        "--legal",
        action="append",
        required=True,
        metavar="AGE1…",
        help="LEGAL officer's recipient (edge-officer keygen)",
    )
    init.add_argument("--hr", action="append", required=True, metavar="AGE1…", help="HR officer's recipient")
    init.add_argument("--hq-key", default="", metavar="BASE64", help="HQ's public key (edge-hq keygen)")
    ingest = command(
        commands,
        "ingest",
        _ingest,
        "收入录音或视频",
        "Take files in: seal and analyse them; the originals stay where they are",
    )
    ingest.add_argument("files", nargs="+", type=Path, metavar="FILE")
    ingest.add_argument("--meta", type=Path, required=True, metavar="META.toml", help="sidecar: consent, channels, industry …")
    retry = command(
        commands,
        "retry",
        _retry,
        "重新处理搁置的录音",
        "Let the worker try a parked recording again",
        json=False,
    )
    retry.add_argument("recording")
    run = command(commands, "run", _run, "启动一个进程", "Run one of the processes of this box", json=False)
    run.add_argument("process", choices=("worker", "uplink", "capture"))


def _demo(arguments: argparse.Namespace) -> int:
    from edge_agent import demo, documents  # noqa: PLC0415 - after parsing

    found = demo.run(seed=arguments.random, keep=arguments.keep, quiet=arguments.json)
    if arguments.json:
        print(documents.encode(found))
    return 0


def _init(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, provision  # noqa: PLC0415

    ready = provision.provision(loaded(arguments), legal=arguments.legal, hr=arguments.hr, hq_key=arguments.hq_key)
    if arguments.json:
        print(documents.encode(ready))
    else:
        print(f"已初始化 ready: {ready.tenant}/{ready.gateway}\n网关公钥 gateway key: {ready.gateway_key}")
    return 0


def _ingest(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, processes, view  # noqa: PLC0415

    done = processes.ingest(loaded(arguments), arguments.files, arguments.meta)
    if arguments.json:
        print(documents.encode(done))
    else:
        lines = view.table("收入结果 Taken in", "序号 N", "编号 Recording", "状态 State", "说明 Note")
        for line in done.files:
            lines.add_row(str(line.n), line.recording or "—", view.STATES.get(line.state, line.state), _note(line))
        view.console().print(lines)
    for line in done.files:
        if line.error:
            print(f"edge-agent: file {line.n}: {line.reason} — {line.remedy}", file=sys.stderr)
    return PARTLY_FAILED if any(line.error for line in done.files) else 0


def _note(line: "Ingested") -> str:
    """Why it was refused or waits: Chinese first, where there is any; a code in its words."""
    from edge_agent import view  # noqa: PLC0415

    return view.REASONS.get(line.reason) or "\n".join(text for text in (line.zh, line.reason) if text)


def _retry(arguments: argparse.Namespace) -> int:
    from edge_agent import processes  # noqa: PLC0415

    processes.retry(loaded(arguments), arguments.recording)
    return 0


def _run(arguments: argparse.Namespace) -> int:
    from edge_agent import processes  # noqa: PLC0415

    settings = loaded(arguments)
    run = {"worker": processes.run_worker, "uplink": processes.run_uplink, "capture": processes.run_capture}
    run[arguments.process](settings)
    return 0
