"""`edge-hq broker-config`: what Mosquitto needs to be this region's broker."""

import argparse
from pathlib import Path
from typing import Any

from edge_sync.cli.options import at_ca, at_store, opened


def add(commands: Any) -> None:
    broker = commands.add_parser("broker-config", help="write Mosquitto's configuration, access rules and revocations")
    at_ca(broker)
    at_store(broker)
    broker.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="where broker.pem and broker.key are")
    broker.add_argument("--port", type=int, default=8883)
    broker.add_argument("--address", default="", help="listen on this address only (default: all)")
    broker.add_argument("--user", default="mosquitto", help="account that the broker changes to (default %(default)s)")
    broker.set_defaults(run=_config)


def _config(given: argparse.Namespace) -> int:
    from edge_sync import mosquitto  # noqa: PLC0415 - `--help` needs none of what the commands need
    from edge_sync.ca import Authority  # noqa: PLC0415

    folder = given.output.resolve()
    store = opened(given.store)
    try:
        mosquitto.write(folder, Authority.open(given.ca), store.gateways, port=given.port, address=given.address, user=given.user)
    finally:
        store.close()
    print(f"start it with: mosquitto -c {folder}/mosquitto.conf")
    return 0
