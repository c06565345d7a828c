"""A process that is told to stop stops, whatever its main thread is doing at that moment."""

import subprocess
import sys

PROGRAM = """
import signal
import sys
from edge_sync.process import stop_on_signals
stop = stop_on_signals()
with stop._cond:  # as `stop.wait` holds it for a moment, at its beginning and at its end
    signal.raise_signal(signal.SIGTERM)
sys.exit(0 if stop.wait(10) else 1)
"""


def test_a_signal_that_comes_while_the_event_is_locked_does_not_hang() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], timeout=60, check=True)
