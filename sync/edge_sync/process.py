"""How a process is told to stop: SIGTERM and SIGINT set an event, and its loop says goodbye."""

import _thread
import signal
import threading
from types import FrameType


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; call it in the main thread."""
    stop = threading.Event()

    def told(_: int, __: FrameType | None) -> None:
        tell(stop)

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop


def tell(stop: threading.Event) -> None:
    """Set `stop` from a signal's handler.

    A handler runs in the main thread, between any two steps of it, perhaps while that very thread holds the event's lock because
    it begins to wait or has just waited: setting it there would never end. So a thread of its own does.
    """
    _thread.start_new_thread(stop.set, ())
