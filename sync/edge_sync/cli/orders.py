"""`edge-hq replay|rebirth|gateways|dead-letters`: what an operator asks of a gateway, and looks at."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_sync.cli.options import at_broker, at_store, endpoint, opened

if TYPE_CHECKING:
    from edge_sync import wire
    from edge_sync.store import Store


def add(commands: Any) -> None:
    replay = commands.add_parser("replay", help="order a gateway to send rows again, as far as it still keeps them")
    replay.add_argument("gateway", metavar="GATEWAY")
    replay.add_argument("--from", dest="first", type=int, required=True, metavar="SEQ")
    replay.add_argument("--to", dest="last", type=int, required=True, metavar="SEQ")
    replay.add_argument("--epoch", default="", help="default: the one it is in")
    _order(replay)
    replay.set_defaults(run=_replay)

    rebirth = commands.add_parser("rebirth", help="order a gateway to say again who it is")
    rebirth.add_argument("gateway", metavar="GATEWAY")
    _order(rebirth)
    rebirth.set_defaults(run=_rebirth)

    gateways = commands.add_parser("gateways", help="who is enrolled, and where each stands")
    at_store(gateways)
    gateways.add_argument("--json", action="store_true", help="one JSON document (schema/hq-gateways.json)")
    gateways.set_defaults(run=_gateways)

    dead = commands.add_parser("dead-letters", help="what was refused, and why; the newest first")
    at_store(dead)
    dead.add_argument("--json", action="store_true", help="one JSON document (schema/hq-dead-letters.json)")
    dead.add_argument("--limit", type=int, default=100, help="shown at most (default %(default)s)")
    dead.set_defaults(run=_dead_letters)


def _order(parser: argparse.ArgumentParser) -> None:
    at_store(parser)
    parser.add_argument("--key", type=Path, required=True, metavar="KEY", help="HQ's operations key file")
    at_broker(parser)


def _replay(given: argparse.Namespace) -> int:
    from edge_sync import orders  # noqa: PLC0415 - `--help` needs none of what the commands need

    store = opened(given.store, create=False)
    try:
        _send(given, store, orders.replay(store, given.gateway, first=given.first, last=given.last, epoch=given.epoch))
    finally:
        store.close()
    return 0


def _rebirth(given: argparse.Namespace) -> int:
    from edge_sync import orders  # noqa: PLC0415

    store = opened(given.store, create=False)
    try:
        _send(given, store, orders.rebirth(store, given.gateway))
    finally:
        store.close()
    return 0


def _send(given: argparse.Namespace, store: "Store", order: "wire.Replay | wire.Rebirth") -> None:
    from edge_sync import orders, signing  # noqa: PLC0415

    orders.send(store, order, endpoint(given), signing.signer(signing.load(given.key)))


def _gateways(given: argparse.Namespace) -> int:
    from edge_sync.store import GatewaysReport  # noqa: PLC0415

    store = opened(given.store, create=False)
    try:
        report = GatewaysReport(gateways=tuple(store.gateways()))
    finally:
        store.close()
    if given.json:
        return _print(report)
    for one in report.gateways:
        print(f"{one.tenant}/{one.gateway}  {'revoked' if one.revoked else one.state or '-':8}"
              f"  committed {one.committed} of {one.highest}  epoch {one.epoch or '-'}")  # fmt: skip
    return 0


def _dead_letters(given: argparse.Namespace) -> int:
    from edge_sync.store import DeadLettersReport  # noqa: PLC0415

    store = opened(given.store, create=False)
    try:
        report = DeadLettersReport(dead_letters=tuple(store.dead_letters(limit=max(0, given.limit))))
    finally:
        store.close()
    if given.json:
        return _print(report)
    for one in report.dead_letters:
        print(f"{one.last_at:%Y-%m-%d %H:%M}  {one.gateway or '-'}  {one.leaf}  {one.reason}  x{one.count}"
              f"  {one.size_bytes} bytes, sha256 {one.sha256[:16]}")  # fmt: skip
    return 0


def _print(report: object) -> int:
    import msgspec  # noqa: PLC0415

    print(msgspec.json.encode(report).decode())
    return 0
