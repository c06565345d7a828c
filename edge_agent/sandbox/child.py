"""The child's main: take one job, give up all rights, decode, report. Nothing foreign is read before the walls stand.

Standard input is the socket to the parent. Exit status 0 after END or ERROR; the words for errors are the parent's.
"""

import os
import socket
from collections.abc import Iterator

import msgspec
import pyseccomp  # noqa: F401 - runs helpers at import, which the walls would forbid

from edge_agent.sandbox import wire
from edge_agent.sandbox.confine import NotConfinedError, confine
from edge_agent.sandbox.containers import FaultyError
from edge_agent.sandbox.decoding import OPERATIONS, warm_up
from edge_agent.sandbox.faults import NOT_CONFINED
from edge_agent.sandbox.remote import RemoteFile
from edge_agent.sandbox.vision import Picture
from edge_agent.sandbox.wire import Job, Kind


class Link:
    """The socket, framed. `ask` is RemoteFile's way to bytes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, kind: Kind, *parts: bytes | memoryview) -> None:
        length = sum(len(part) for part in parts)
        self._connection.sendall(wire.HEADER.pack(kind, length))
        for part in parts:
            self._connection.sendall(part)

    def receive(self, expected: Kind) -> bytes:
        code, length = wire.HEADER.unpack(self._exactly(wire.HEADER.size))
        if code != expected or length > wire.largest(expected, 0):
            raise ConnectionError
        return self._exactly(length)

    def ask(self, offset: int, size: int) -> bytes:
        self.send(Kind.READ, wire.READ.pack(offset, size))
        return self.receive(Kind.DATA)

    def _exactly(self, length: int) -> bytes:
        parts = []
        while length:
            part = self._connection.recv(length)
            if not part:
                raise ConnectionError
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


def main() -> None:
    with socket.socket(fileno=os.dup(0)) as connection:
        link = Link(connection)
        job = msgspec.json.decode(link.receive(Kind.JOB), type=Job)
        try:
            warm_up()
            confine(job.lacks)
        except NotConfinedError:
            link.send(Kind.ERROR, NOT_CONFINED.encode())
            return
        try:
            for kind, parts in results(RemoteFile(link.ask, job.size_bytes), job):
                link.send(kind, *parts)
            link.send(Kind.END)
        except FaultyError as error:
            link.send(Kind.ERROR, error.code.encode())
        except MemoryError:
            link.send(Kind.ERROR, b"decode-limit")


def results(file: RemoteFile, job: Job) -> Iterator[tuple[Kind, tuple[bytes | memoryview, ...]]]:
    """Every result of the job, as the parts of its frame."""
    for result in OPERATIONS[job.operation](file, job):
        if isinstance(result, wire.MediaInfo):
            yield Kind.INFO, (msgspec.json.encode(result),)
        elif isinstance(result, Picture):
            height, width, _ = result.rgb.shape
            yield Kind.FRAME, (wire.FRAME.pack(result.at_ms, height, width), result.rgb.data.cast("B"))
        else:
            channels, samples = result.shape
            yield Kind.AUDIO, (wire.AUDIO.pack(channels, samples), result.data.cast("B"))
