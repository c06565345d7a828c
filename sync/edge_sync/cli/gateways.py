"""`edge-hq keygen|enrol`: HQ's key, and which gateways are admitted."""

import argparse
from pathlib import Path
from typing import Any

from edge_sync.cli.options import at_store, opened
from edge_sync.errors import Refused


def add(commands: Any) -> None:
    keygen = commands.add_parser("keygen", help="make HQ's operations key; prints its public half")
    keygen.add_argument("-o", "--output", type=Path, required=True, metavar="KEY")
    keygen.set_defaults(run=_keygen)

    enrol = commands.add_parser(
        "enrol", help="admit a gateway by its public key, without a certificate (a demo, a broker of your own)"
    )
    enrol.add_argument("gateway", metavar="GATEWAY")
    enrol.add_argument("--tenant", required=True)
    enrol.add_argument("--key", required=True, metavar="PUBLIC", help="base64, as the gateway prints it")
    at_store(enrol)
    enrol.set_defaults(run=_enrol)


def _keygen(given: argparse.Namespace) -> int:
    from edge_sync import signing  # noqa: PLC0415 - `--help` needs none of what the commands need

    print(signing.text_of(signing.create(given.output)))
    return 0


def _enrol(given: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415

    from edge_sync import approval, scalars, signing  # noqa: PLC0415
    from edge_sync.store import Gateway  # noqa: PLC0415

    try:
        for name in (given.gateway, given.tenant):
            msgspec.convert(name, scalars.Name)
    except msgspec.ValidationError:
        raise Refused("gateway and tenant are [a-z0-9-]", remedy="use the name in the certificate") from None
    store = opened(given.store)
    try:
        key = signing.public_key(given.key)
        approval.check_name(store.gateway(given.gateway), tenant=given.tenant, key=key)
        store.enrol(Gateway(name=given.gateway, tenant=given.tenant, key=key))
    finally:
        store.close()
    return 0
