"""No key outside the allow-list, and no text that is not a code, reaches the log."""

import json
import logging
import subprocess
import sys

from edge_agent import log

PROGRAM = """
from edge_agent import log
import logging
log.configure("test")
log.get().info("recording.sealed", recording="0190", path="/tmp/王总.wav", reason="他说太贵了", bytes=7)
logging.getLogger("lib").warning("he said %s", "太贵了")
logging.getLogger("lib").info("quiet")
"""


def _lines() -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_only_allowed_keys_and_codes_are_written() -> None:
    first, second = _lines()
    assert first["recording"] == "0190"
    assert first["bytes"] == 7
    assert first["withheld"] == ["path", "reason"]
    assert "path" not in first
    assert "reason" not in first
    assert second["event"] == "library.warned"
    assert second["kind"] == "lib"
    assert "太贵" not in json.dumps([first, second], ensure_ascii=False)


def test_library_handler_never_formats_the_message() -> None:
    class Explodes:
        def __str__(self) -> str:
            raise AssertionError

    record = logging.LogRecord("lib", logging.WARNING, "", 0, "%s", (Explodes(),), None)
    assert "kind" in log.ALLOWED
    logging.Handler.handle(log._LibraryHandler(), record)
