"""`edge-hq audit list|export|acknowledge`: the gateways' checkpoints as HQ judged them, and what an auditor takes to a box."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_sync.cli.options import at_store, opened
from edge_sync.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_sync.witness import Kept

ALARMED = 1


def add(commands: Any) -> None:
    group = commands.add_parser("audit", help="checkpoints of the gateways' audit logs: list, export, acknowledge")
    verbs = group.add_subparsers(title="verbs", required=True, metavar="VERB")
    listing = verbs.add_parser(
        "list", help="each gateway's newest checkpoint, every alarm, who fell silent; exit 1 when there is any"
    )
    at_store(listing)
    listing.add_argument("--gateway", default="", help="only this one, with all its checkpoints")
    listing.add_argument(
        "--silence-minutes", type=int, default=30, metavar="N", help="how long rows may go on coming without a checkpoint (30)"
    )
    listing.add_argument("--json", action="store_true", help="one JSON document (schema/hq-audit.json)")
    listing.set_defaults(run=_list)
    export = verbs.add_parser("export", help="write the checkpoints that an auditor holds against a box")
    at_store(export)
    export.add_argument("--gateway", default="", help="only this one (default: all)")
    export.add_argument("--origin", default="", help="only this log (`audit list` names them)")
    export.add_argument("--all", action="store_true", help="not only the newest of each log and the alarms")
    export.add_argument("--key", type=Path, required=True, metavar="KEY", help="HQ's operations key file, which cosigns them")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    export.set_defaults(run=_export)
    known = verbs.add_parser(
        "acknowledge", help="people know why this gateway began another log: `replaced` is no alarm any more"
    )
    at_store(known)
    known.add_argument("gateway", metavar="GATEWAY")
    known.add_argument("--origin", required=True, help="the log that was begun (`audit list` names it)")
    known.set_defaults(run=_acknowledge)


def _list(given: argparse.Namespace) -> int:
    from datetime import timedelta  # noqa: PLC0415 - `--help` needs none of what the commands need

    import msgspec  # noqa: PLC0415

    from edge_sync.witness import CheckpointLine, CheckpointsReport, silent  # noqa: PLC0415

    store = opened(given.store, create=False)
    try:
        # In this order: what comes in between is never taken for rows without their checkpoint.
        heard = [one for one in store.heard() if given.gateway in {"", one.gateway}]
        found = store.checkpoints(given.gateway)
    finally:
        store.close()
    shown = found if given.gateway else _newest_and_alarms(found)
    alarms = sum(one.alarming for one in found)
    quiet = silent(found, heard, after=timedelta(minutes=given.silence_minutes))
    if given.json:
        lines = tuple(CheckpointLine.of(one) for one in shown)
        print(msgspec.json.encode(CheckpointsReport(checkpoints=lines, n=len(found), alarms=alarms, silent=quiet)).decode())
    else:
        print(f"{len(found)} checkpoints, {alarms} alarms, {len(quiet)} silent")
        for one in shown:
            print(f"{'!' if one.alarming else ' '} {one.judged_at:%Y-%m-%d %H:%M:%S}  {one.verdict:13}  rows {one.size}"
                  f"  {one.origin}")  # fmt: skip
        for line in quiet:
            since = "none" if line.judged_at is None else f"{line.judged_at:%Y-%m-%d %H:%M:%S}"
            print(f"! {line.heard_at:%Y-%m-%d %H:%M:%S}  silent         {line.gateway}, last followed checkpoint: {since}")
    return ALARMED if alarms or quiet else 0


def _export(given: argparse.Namespace) -> int:
    from edge_sync import signing  # noqa: PLC0415

    key = signing.load(given.key)
    store = opened(given.store, create=False)
    try:
        found = [one for one in store.checkpoints(given.gateway) if given.origin in {"", one.origin}]
        chosen = found if given.all else _newest_and_alarms(found)
        content = b"".join(_lines(chosen, key))
    finally:
        store.close()
    if not content:
        raise Refused("there is no checkpoint to export", remedy="see `edge-hq audit list`")
    try:
        with given.output.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise Refused(f"the output cannot be written ({error.strerror})", remedy="choose a new file name") from error
    print(f"{len(content.splitlines())} checkpoints")
    return 0


def _acknowledge(given: argparse.Namespace) -> int:
    store = opened(given.store, create=False)
    try:
        if not store.acknowledge(given.gateway, given.origin):
            raise Refused("that gateway began no such log in place of another", remedy="see `edge-hq audit list`")
    finally:
        store.close()
    return 0


def _lines(chosen: "Iterable[Kept]", key: bytes) -> "Iterable[bytes]":
    """One JSON object a line: gateway, size, verdict, time, and the signed note with HQ's cosignature where it gave one."""
    import msgspec  # noqa: PLC0415

    from edge_sync import checkpoint, signing  # noqa: PLC0415
    from edge_sync.witness import CheckpointLine, Verdict  # noqa: PLC0415

    sign, public = signing.signer(key), signing.public_of(key)
    for one in chosen:
        if one.verdict is Verdict.BAD_SIGNATURE:
            continue  # nobody but HQ's own log can speak for it
        note = checkpoint.written(one.head(sign), one.key, hq_key=public)
        yield msgspec.json.encode(CheckpointLine.of(one, note=note)) + b"\n"


def _newest_and_alarms(found: "Sequence[Kept]") -> "list[Kept]":
    last = {one.origin: one for one in found if one.verdict.followed}
    return [one for one in found if one.verdict.alarming or last.get(one.origin) is one]
