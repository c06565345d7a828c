"""`edge-hq`: HQ's side on the command line. Exit codes: 0 done, 1 refused, 2 usage, 70 internal, 75 try again later.

With `--json` exactly one document goes to stdout. Nothing heavy is imported before a command needs it.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_sync import __version__
from edge_sync.errors import Refused, SyncError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
    except SyncError as error:
        print(f"edge-hq: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge-hq", description="Receive the tag streams of all gateways.")
    parser.add_argument("--version", action="version", version=f"edge-hq {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    keygen = commands.add_parser("keygen", help="make HQ's operations key; prints its public half")
    keygen.add_argument("-o", "--output", type=Path, required=True, metavar="KEY")
    keygen.set_defaults(run=_keygen)

    enrol = commands.add_parser("enrol", help="admit a gateway by its public key")
    enrol.add_argument("gateway", metavar="GATEWAY")
    enrol.add_argument("--tenant", required=True)
    enrol.add_argument("--key", required=True, metavar="PUBLIC", help="base64, as the gateway prints it")
    enrol.add_argument("--store", type=Path, required=True, metavar="DB")
    enrol.set_defaults(run=_enrol)

    sink = commands.add_parser("sink", help="take in what the gateways send, until told to stop")
    sink.add_argument("--store", type=Path, required=True, metavar="DB")
    sink.add_argument("--key", type=Path, required=True, metavar="KEY", help="HQ's operations key file")
    sink.add_argument("--host", default="127.0.0.1")
    sink.add_argument("--port", type=int, default=1883)
    sink.add_argument("--tenant", default="+", help="only this tenant (default: all)")
    sink.add_argument("--tls-ca", default="", metavar="PEM")
    sink.add_argument("--tls-certificate", default="", metavar="PEM")
    sink.add_argument("--tls-key", default="", metavar="PEM")
    sink.set_defaults(run=_sink)

    rows = commands.add_parser("rows", help="what HQ holds, and what is missing")
    rows.add_argument("--store", type=Path, required=True, metavar="DB")
    rows.add_argument("--json", action="store_true", help="one JSON document (schema/hq-rows.json)")
    rows.add_argument("--limit", type=int, default=1000, help="rows shown (default %(default)s)")
    rows.set_defaults(run=_rows)
    return parser


def _keygen(given: argparse.Namespace) -> int:
    from edge_sync import signing  # noqa: PLC0415 - `--help` needs none of what the commands need

    print(signing.text_of(signing.create(given.output)))
    return 0


def _enrol(given: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415

    from edge_sync import scalars, signing  # noqa: PLC0415
    from edge_sync.sqlite_store import SqliteStore  # noqa: PLC0415
    from edge_sync.store import Gateway  # noqa: PLC0415

    try:
        for name in (given.gateway, given.tenant):
            msgspec.convert(name, scalars.Name)
    except msgspec.ValidationError:
        raise Refused("gateway and tenant are [a-z0-9-]", remedy="use the name in the certificate") from None
    store = SqliteStore(given.store)
    try:
        store.enrol(Gateway(name=given.gateway, tenant=given.tenant, key=signing.public_key(given.key)))
    finally:
        store.close()
    return 0


def _sink(given: argparse.Namespace) -> int:
    from edge_sync import log, signing  # noqa: PLC0415
    from edge_sync.link import Endpoint  # noqa: PLC0415
    from edge_sync.process import stop_on_signals  # noqa: PLC0415
    from edge_sync.sink import Sink, SinkSettings  # noqa: PLC0415
    from edge_sync.sqlite_store import SqliteStore  # noqa: PLC0415

    log.configure("sink")
    sign = signing.signer(signing.load(given.key))
    endpoint = Endpoint(host=given.host, port=given.port, ca=given.tls_ca, certificate=given.tls_certificate, key=given.tls_key)
    store = SqliteStore(given.store)
    try:
        Sink(store, SinkSettings(endpoint=endpoint, tenant=given.tenant), sign=sign).run(stop_on_signals())
    finally:
        store.close()
    return 0


def _rows(given: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415

    from edge_sync.sqlite_store import SqliteStore  # noqa: PLC0415

    store = SqliteStore(given.store, create=False)
    try:
        report = store.report(limit=max(0, given.limit))
    finally:
        store.close()
    if given.json:
        print(msgspec.json.encode(report).decode())
        return 0
    print(f"{report.n} envelopes, {report.tags} tags, {report.missing} missing, {report.duplicates} counted twice,"
          f" {report.dead_letters} dead letters")  # fmt: skip
    for stream in report.gateways:
        print(f"{stream.tenant}/{stream.gateway}  {stream.state or '-':8}  epoch {stream.epoch}  rows {stream.rows}"
              f"  committed {stream.committed} of {max(stream.highest, stream.announced)}  missing {stream.missing}"
              f"  gaps {stream.gaps}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
