"""`edge-hq claim|approve|revoke`: who gets a certificate, and who no longer has one."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_sync.cli.options import at_ca, at_running_broker, at_store, opened

if TYPE_CHECKING:
    from edge_sync.ca import Authority
    from edge_sync.store import Store


def add(commands: Any) -> None:
    claim = commands.add_parser("claim", help="promise a gateway its name: prints a code that is good once")
    claim.add_argument("gateway", metavar="GATEWAY")
    claim.add_argument("--tenant", required=True)
    claim.add_argument("--hours", type=float, default=72.0, help="how long the code is good (default %(default)s)")
    at_ca(claim)
    claim.set_defaults(run=_claim)

    approve = commands.add_parser("approve", help="answer a box's request (or renewal) with its certificate")
    approve.add_argument("request", type=Path, metavar="REQUEST")
    approve.add_argument("-o", "--output", type=Path, required=True, metavar="GRANT")
    at_ca(approve)
    at_store(approve)
    approve.add_argument("--key", type=Path, required=True, metavar="KEY", help="HQ's operations key file")
    approve.add_argument("--host", required=True, help="the broker that this gateway shall connect to")
    approve.add_argument("--port", type=int, default=8883)
    at_running_broker(approve)
    approve.set_defaults(run=_approve)

    revoke = commands.add_parser("revoke", help="take nothing in from a gateway any more, and revoke its certificates")
    revoke.add_argument("gateway", metavar="GATEWAY")
    at_ca(revoke)
    at_store(revoke)
    at_running_broker(revoke)
    revoke.set_defaults(run=_revoke)


def _claim(given: argparse.Namespace) -> int:
    from datetime import timedelta  # noqa: PLC0415 - `--help` needs none of what the commands need

    from edge_sync import approval  # noqa: PLC0415
    from edge_sync.ca import Authority  # noqa: PLC0415

    life = timedelta(hours=given.hours)
    code, made = approval.claim(Authority.open(given.ca), gateway=given.gateway, tenant=given.tenant, life=life)
    print(f"{code}\ngood once, until {made.expires_at:%Y-%m-%d %H:%M} UTC")
    return 0


def _approve(given: argparse.Namespace) -> int:
    from edge_sync import durable, signing  # noqa: PLC0415
    from edge_sync.approval import Approver  # noqa: PLC0415
    from edge_sync.ca import Authority  # noqa: PLC0415

    payload = durable.read(given.request, remedy="name the file that the box made")
    authority, hq = Authority.open(given.ca), signing.load(given.key)
    store = opened(given.store)
    try:
        grant, file = Approver(authority, store, hq=hq, host=given.host, port=given.port).approve(payload)
        durable.write(given.output, file, mode=0o644)
        _broker(given.broker, authority, store)
    finally:
        store.close()
    print(f"granted: {grant.tenant}/{grant.gateway}")
    return 0


def _revoke(given: argparse.Namespace) -> int:
    from edge_sync import approval  # noqa: PLC0415
    from edge_sync.ca import Authority  # noqa: PLC0415

    authority = Authority.open(given.ca)
    store = opened(given.store, create=False)
    try:
        count = approval.revoke(authority, store, given.gateway)
        _broker(given.broker, authority, store)
    finally:
        store.close()
    print(f"revoked: {given.gateway}, {count} certificates")
    return 0


def _broker(folder: Path | None, authority: "Authority", store: "Store") -> None:
    if folder is not None:
        from edge_sync import mosquitto  # noqa: PLC0415

        mosquitto.refresh(folder, authority, store.gateways)
