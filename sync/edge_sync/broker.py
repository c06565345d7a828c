"""An MQTT 5 broker inside a child process, for the demo and quick tests: rumqttd from the `iotcore` wheel, on 127.0.0.1 only.

It keeps nothing over a restart, ignores client certificates and session expiry, and does not report missing subscribers. For
anything real use Mosquitto or larger. The child ends with its parent: its standard input is a pipe that the parent holds.
"""

import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_sync.errors import Unavailable

_CONFIG = """id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 500
max_segment_size = 16777216
max_segment_count = 10
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 2097152
max_inflight_count = 200
dynamic_filters = false
"""
_START_S = 10.0


class EmbeddedBroker:
    """`with EmbeddedBroker() as broker: …` — listening on `broker.host`:`broker.port` inside, gone afterwards.

    `port` 0 = a free one. Unavailable when it does not come up.
    """

    host = "127.0.0.1"

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the child; 0 when it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    def start(self) -> Self:
        self.port = self.port or _free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="edge-broker-")
        config = Path(self._folder.name) / "broker.toml"
        config.write_text(_CONFIG.format(port=self.port))
        self._process = subprocess.Popen([sys.executable, "-m", "edge_sync.broker", str(config)], stdin=subprocess.PIPE)
        deadline = time.monotonic() + _START_S
        while not _listens(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Unavailable("embedded broker did not start", remedy="is `iotcore` installed?")
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """End the child; safe to call twice."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it has no state to save
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True


def _serve(config: str) -> None:
    from iotcore import IotCoreBroker  # noqa: PLC0415 - only the child loads it

    def end_with_parent() -> None:
        sys.stdin.buffer.read()
        os._exit(0)

    logging.disable()  # it logs every packet, as an error
    threading.Thread(target=end_with_parent, daemon=True).start()
    IotCoreBroker(config_path=config).run_forever()


if __name__ == "__main__":
    _serve(sys.argv[1])
