"""`edge-agent officers`: who opens recordings, together; and other persons in their place."""

import argparse

from edge_agent.cli.options import Commands, command, loaded


def add(commands: Commands) -> None:
    officers = command(
        commands, "officers", _officers, "法务与人事放行人名单", "Who opens recordings, one LEGAL and one HR together; new lists"
    )
    officers.add_argument(
        "--legal", action="append", default=[], metavar="AGE1…", help="the whole new list, together with --hr; none: show it"
    )
    officers.add_argument(
        "--hr", action="append", default=[], metavar="AGE1…", help="HR officer's recipient (edge-officer keygen)"
    )


def _officers(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, provision  # noqa: PLC0415 - after parsing

    found = provision.officers(loaded(arguments), legal=arguments.legal, hr=arguments.hr)
    if arguments.json:
        print(documents.encode(found))
        return 0
    for role, keys in (("法务 LEGAL", found.legal), ("人事 HR   ", found.hr)):
        print(f"{role}  {' '.join(keys)}")
    if found.recipients != found.before:
        print("已更换，工作进程重启后对新录音生效 changed: restart the worker; what is sealed from then on is for these officers")
    return 0
