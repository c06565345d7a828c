"""`edge-hq ca init|server|client|revoke`: HQ's certificate authority, the broker's certificate, and HQ's own."""

import argparse
from pathlib import Path
from typing import Any

from edge_sync.cli.options import at_ca


def add(commands: Any) -> None:
    ca = commands.add_parser("ca", help="HQ's certificate authority: make it, and give out HQ's own certificates")
    verbs = ca.add_subparsers(required=True, metavar="VERB")
    init = verbs.add_parser("init", help="make the authority: a folder that only its operators read")
    init.add_argument("folder", type=Path, metavar="DIR")
    init.set_defaults(run=_init)

    server = verbs.add_parser("server", help="the broker's key and certificate: broker.key, broker.pem")
    server.add_argument("hosts", nargs="+", metavar="HOST", help="names and addresses that gateways connect to")
    at_ca(server)
    server.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    server.set_defaults(run=_server)

    client = verbs.add_parser("client", help="a key and a certificate for one of HQ's own: hq.ROLE.key, hq.ROLE.pem")
    client.add_argument("role", choices=("sink", "operator", "reader"))
    client.add_argument("--instance", default="", metavar="NAME", help="tells several of one role apart")
    at_ca(client)
    client.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    client.set_defaults(run=_client)

    revoke = verbs.add_parser("revoke", help="take back one of HQ's own certificates; then run broker-config again")
    revoke.add_argument("name", metavar="hq.NAME")
    at_ca(revoke)
    revoke.set_defaults(run=_revoke)


def _init(given: argparse.Namespace) -> int:
    from edge_sync.ca import Authority  # noqa: PLC0415 - `--help` needs none of what the commands need

    made = Authority.create(given.folder)
    print(f"valid until {made.certificate.not_valid_after_utc:%Y-%m-%d}; keep ca.key offline where you can")
    return 0


def _server(given: argparse.Namespace) -> int:
    from edge_sync.ca import Authority, write_pair  # noqa: PLC0415

    authority = Authority.open(given.ca)
    with authority.locked():
        write_pair(given.output, "broker", authority.server(given.hosts))
    return 0


def _client(given: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415

    from edge_sync import scalars  # noqa: PLC0415
    from edge_sync.ca import Authority, write_pair  # noqa: PLC0415
    from edge_sync.errors import Refused  # noqa: PLC0415

    try:
        instance = msgspec.convert(given.instance, scalars.Name) if given.instance else ""
    except msgspec.ValidationError:
        raise Refused("an instance is [a-z0-9-]", remedy="choose a short name") from None
    name = f"hq.{given.role}.{instance}" if instance else f"hq.{given.role}"
    authority = Authority.open(given.ca)
    with authority.locked():
        write_pair(given.output, name, authority.client(given.role, instance))
    return 0


def _revoke(given: argparse.Namespace) -> int:
    from edge_sync.ca import Authority  # noqa: PLC0415
    from edge_sync.errors import Refused  # noqa: PLC0415

    authority = Authority.open(given.ca)
    with authority.locked():
        if given.name not in authority.own():
            raise Refused("HQ has no such certificate in force", remedy="a gateway is revoked with: edge-hq revoke GATEWAY")
        count = authority.revoke(given.name)
    print(f"revoked: {given.name}, {count} certificates")
    return 0
