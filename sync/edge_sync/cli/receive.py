"""`edge-hq sink|rows`: take in what the gateways send, and say what is there."""

import argparse
from pathlib import Path
from typing import Any

from edge_sync.cli.options import at_broker, at_store, endpoint, opened

_PATIENCE_S = 60.0
"""How long a database server is waited for at the start; then the service manager's turn."""


def add(commands: Any) -> None:
    sink = commands.add_parser("sink", help="take in what the gateways send, until told to stop")
    at_store(sink)
    sink.add_argument("--key", type=Path, required=True, metavar="KEY", help="HQ's operations key file")
    sink.add_argument("--tenant", default="+", help="only this tenant (default: all)")
    at_broker(sink)
    sink.set_defaults(run=_sink)

    rows = commands.add_parser("rows", help="what HQ holds, and what is missing")
    at_store(rows)
    rows.add_argument("--json", action="store_true", help="one JSON document (schema/hq-rows.json)")
    rows.add_argument("--limit", type=int, default=1000, help="rows shown (default %(default)s)")
    rows.set_defaults(run=_rows)


def _sink(given: argparse.Namespace) -> int:
    from edge_sync import log, signing  # noqa: PLC0415
    from edge_sync.process import stop_on_signals  # noqa: PLC0415
    from edge_sync.sink import Sink, SinkSettings  # noqa: PLC0415

    log.configure("sink")
    sign = signing.signer(signing.load(given.key))
    store = opened(given.store, patience_s=_PATIENCE_S)
    try:
        Sink(store, SinkSettings(endpoint=endpoint(given), tenant=given.tenant), sign=sign).run(stop_on_signals())
    finally:
        store.close()
    return 0


def _rows(given: argparse.Namespace) -> int:
    import msgspec  # noqa: PLC0415

    store = opened(given.store, create=False)
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
