"""HQ's orders as the box takes them: signed, for this gateway, and newer than the last one obeyed.

The last counter obeyed is kept in a small file of the uplink's own, durably and *before* the order is carried out: a replayed
order is refused after any restart, and an order lost to a crash is simply asked for again by HQ. `committed` is only checked
for who it is meant for: the worker decides about it.
"""

import os
from pathlib import Path

from edge_sync import wire
from edge_sync.errors import BadSignature, OrderNotKept, WireError


class CounterFile:
    """The last counter obeyed, as decimal text; replaced atomically, file and directory fsynced."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def last(self) -> int:
        """0 before the first order; OrderNotKept when the file is damaged (then nothing may be obeyed)."""
        try:
            text = self._path.read_text(encoding="ascii")
        except FileNotFoundError:
            return 0
        except (OSError, UnicodeDecodeError) as error:
            raise OrderNotKept("order counter cannot be read", remedy="check the state directory") from error
        if not (text.isascii() and text.strip().isdecimal()):
            raise OrderNotKept("order counter is damaged", remedy="restore it, or have HQ's key replaced")
        return int(text)

    def advance(self, counter: int) -> None:
        """Remember `counter`, durably; OrderNotKept when that fails."""
        draft = self._path.with_name(self._path.name + ".new")
        try:
            with draft.open("w", encoding="ascii") as file:
                file.write(f"{counter}\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise OrderNotKept("order counter cannot be written", remedy="free disk space") from error


class Orders:
    """Turns a message of HQ into an order to carry out."""

    def __init__(self, *, gateway: str, verify: wire.Verify, counter: CounterFile) -> None:
        self._gateway = gateway
        self._verify = verify
        self._counter = counter

    def command(self, payload: bytes) -> wire.Command | None:
        """The command, once; None when it is older than one already obeyed.

        Raises:
            BadSignature, Malformed, Oversized: it is not HQ's, or not for this gateway.
            OrderNotKept: its counter cannot be remembered; it is not obeyed.
        """
        order = self._read(payload)
        if isinstance(order, wire.Committed | wire.Witness) or order.counter <= self._counter.last():
            return None
        self._counter.advance(order.counter)
        return order

    def is_watermark(self, payload: bytes) -> bool:
        """Whether this is a watermark of HQ for this gateway; what is not is for the worker to refuse and to remember."""
        try:
            return isinstance(self._read(payload), wire.Committed)
        except WireError:
            return False

    def _read(self, payload: bytes) -> wire.Order:
        order = wire.open_order(payload, self._verify)
        if order.gateway != self._gateway:
            raise BadSignature("order: meant for another gateway")
        return order
