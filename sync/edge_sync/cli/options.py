"""Options that several commands of HQ share, and the one place that opens a store by its name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_sync.link import Endpoint
    from edge_sync.store import Store

_POSTGRES: Final = ("postgresql://", "postgres://", "service=")


def at_store(parser: argparse.ArgumentParser) -> None:
    """`--store`: where HQ's database is."""
    parser.add_argument(
        "--store", required=True, metavar="DB", help="a file (SQLite), or postgresql://… or service=NAME (PostgreSQL)"
    )


def opened(place: str, *, create: bool = True, patience_s: float = 0.0) -> "Store":
    """The store at `place`; Refused when there is none and `create` is off. `patience_s`: how long a server is waited for."""
    if place.startswith(_POSTGRES):
        return _on_postgres(place, create=create, patience_s=patience_s)
    from edge_sync.sqlite_store import SqliteStore  # noqa: PLC0415 - `--help` needs none of what the commands need

    return SqliteStore(Path(place), create=create)


def _on_postgres(dsn: str, *, create: bool, patience_s: float) -> "Store":
    from edge_sync.errors import Refused  # noqa: PLC0415

    try:
        from edge_sync.postgres_store import PostgresStore  # noqa: PLC0415
    except ImportError as error:
        raise Refused("PostgreSQL needs psycopg", remedy='pip install "edge-agent[hq]"') from error
    return PostgresStore(dsn, create=create, patience_s=patience_s)


def at_broker(parser: argparse.ArgumentParser) -> None:
    """Where the broker is, and who we are there."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--tls-ca", default="", metavar="PEM")
    parser.add_argument("--tls-certificate", default="", metavar="PEM")
    parser.add_argument("--tls-key", default="", metavar="PEM")


def endpoint(given: argparse.Namespace) -> "Endpoint":
    from edge_sync.link import Endpoint  # noqa: PLC0415

    return Endpoint(host=given.host, port=given.port, ca=given.tls_ca, certificate=given.tls_certificate, key=given.tls_key)


def at_ca(parser: argparse.ArgumentParser) -> None:
    """`--ca`: the CA's folder."""
    parser.add_argument("--ca", type=Path, required=True, metavar="DIR", help="the folder that `edge-hq ca init` made")


def at_running_broker(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--broker", type=Path, metavar="FOLDER", help="renew this broker's access rules as well, and reload it")
