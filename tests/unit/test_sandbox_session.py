"""The parent's side against children that lie, stall, flood or die: small scripts that speak the socket raw."""

import io
import sys
import time
import tracemalloc

import msgspec
import pytest

from edge_agent.errors import BadInput, SealBroken, Unavailable
from edge_agent.sandbox import faults, session, wire
from edge_agent.sandbox.wire import HEADER, Job, Kind

JOB = Job(operation="audio", max_duration_ms=1000, max_px=1000)

SPEAK = """
import socket, struct, sys, time, os, signal, resource
s = socket.socket(fileno=0)
def exactly(n):
    b = b''
    while len(b) < n:
        b += s.recv(n - len(b))
    return b
def take():
    kind, length = struct.unpack('<BI', exactly(5)); return kind, exactly(length)
def give(kind, payload=b''):
    s.sendall(struct.pack('<BI', kind, len(payload)) + payload)
take()
"""


def child(script, media=None, **limits):
    limits = {"stall_s": 5.0, "wall_s": 10.0} | limits
    return session.Session(
        media or io.BytesIO(b"x" * 1000),
        JOB,
        max_file_bytes=10_000,
        command=(sys.executable, "-I", "-S", "-c", SPEAK + script),
        **limits,
    )


def outcome(script, take="blocks", **limits):
    with child(script, **limits) as it, pytest.raises(BadInput) as caught:
        it.info() if take == "info" else list(getattr(it, take)())
    return caught.value.kind


LIES = {
    "a kind that does not exist": "give(99)",
    "a message longer than its kind may be": "s.sendall(struct.pack('<BI', 5, 2**32 - 1))",
    "a READ that is too long": "give(3, bytes(5000))",
    "a READ that is too short": "give(3, b'x')",
    "a READ beyond the end": "give(3, struct.pack('<QI', 5000, 10))",
    "a READ of too many bytes": "give(3, struct.pack('<QI', 0, 2**31))",
    "more samples than bytes": "give(5, struct.pack('<II', 2, 100) + bytes(8))",
    "fewer samples than bytes": "give(5, struct.pack('<II', 1, 1) + bytes(800))",
    "no channels": "give(5, struct.pack('<II', 0, 0))",
    "too many channels": "give(5, struct.pack('<II', 9, 1) + bytes(36))",
    "a channel that appears later": "give(5, struct.pack('<II', 1, 1) + bytes(4)); give(5, struct.pack('<II', 2, 1) + bytes(8))",
    "samples that are no numbers": "give(5, struct.pack('<IIf', 1, 1, float('nan')))",
    "a header that is cut": "give(5, b'1234')",
    "a picture among samples": "give(6, struct.pack('<qII', 0, 1, 1) + bytes(3))",
    "the parent's own words": "give(2, b'data')",
    "an error code of its own": "give(7, b'<script>alert(1)</script>')",
    "blaming the box after it saw the file": "give(3, struct.pack('<QI', 0, 10)); take(); give(7, b'not-confined')",
    "an error code that is no text": "give(7, bytes([255, 254]))",
}


@pytest.mark.parametrize("script", LIES.values(), ids=LIES.keys())
def test_a_lie_ends_the_session(script):
    assert outcome(script + "; time.sleep(30)") == "decoder-misbehaved"


FRAME_LIES = {
    "more pixels than allowed": "give(6, struct.pack('<qII', 0, 40, 40) + bytes(4800))",
    "fewer bytes than pixels": "give(6, struct.pack('<qII', 0, 10, 10) + bytes(299))",
    "a picture of no height": "give(6, struct.pack('<qII', 0, 0, 10))",
    "time that runs backwards": "[give(6, struct.pack('<qII', t, 1, 1) + bytes(3)) for t in (500, 400)]",
    "time before the beginning": "give(6, struct.pack('<qII', -1, 1, 1) + bytes(3))",
    "no picture at all": "give(8)",
}


@pytest.mark.parametrize("script", FRAME_LIES.values(), ids=FRAME_LIES.keys())
def test_a_lie_about_pictures_ends_the_session(script):
    assert outcome(script + "; time.sleep(30)", take="frames") == "decoder-misbehaved"


@pytest.mark.parametrize("script", ["give(4, b'{}')", "give(4, b'{')", "give(8)", "give(5, bytes(8))"])
def test_a_probe_without_a_proper_answer_is_refused(script):
    assert outcome(script + "; time.sleep(30)", take="info") == "decoder-misbehaved"


def test_garbage_is_refused():
    assert outcome("s.sendall(os.urandom(100_000))") == "decoder-misbehaved"


def test_a_child_that_says_nothing_is_ended_when_the_time_is_up():
    began = time.monotonic()
    assert outcome("time.sleep(60)", stall_s=0.4) == "decode-timeout"
    assert time.monotonic() - began < 5


def test_a_child_that_drips_is_ended_when_all_its_time_is_up():
    began = time.monotonic()
    dripping = "s.sendall(struct.pack('<BI', 5, 100000))\nwhile 1: s.sendall(b'x'); time.sleep(0.1)"
    assert outcome(dripping, stall_s=5, wall_s=0.8) == "decode-timeout"
    assert time.monotonic() - began < 5


def test_a_child_that_asks_for_ever_is_ended_when_all_its_time_is_up():
    assert outcome("while 1: give(3, struct.pack('<QI', 0, 1000)); take()", wall_s=0.5) == "decode-timeout"


def test_a_slow_consumer_costs_the_child_no_time():
    script = "[give(5, struct.pack('<II', 1, 1) + bytes(4)) for _ in range(4)]; give(8)"
    with child(script, wall_s=1.0) as it:
        for block in it.blocks():
            assert block.shape == (1, 1)
            time.sleep(0.4)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "decoder-died"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "decode-limit"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "decode-limit"),
        ("give(5, struct.pack('<II', 1, 1) + bytes(4)); sys.exit(0)", "decoder-died"),
        ("give(3, struct.pack('<QI', 0, 10)); take(); sys.exit(3)", "decoder-died"),
    ],
)
def test_a_child_that_dies_is_told_by_how_it_died(script, kind):
    assert outcome(script) == kind


def test_a_child_that_never_came_up_is_the_boxs_fault_not_the_files():
    with pytest.raises(Unavailable), child("sys.exit(3)") as it:
        it.info()


def test_parents_memory_stays_bounded_while_a_child_floods():
    flood = "block = struct.pack('<II', 1, 480000) + bytes(1920000)\nfor _ in range(100): give(5, block)\ngive(8)"
    tracemalloc.start()
    with child(flood) as it:
        assert sum(block.shape[1] for block in it.blocks()) == 48_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_a_huge_length_takes_no_memory():
    tracemalloc.start()
    assert outcome("s.sendall(struct.pack('<BI', 5, 2**32 - 1))") == "decoder-misbehaved"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_the_child_is_gone_when_the_consumer_stops_early():
    with child("give(5, struct.pack('<II', 1, 1) + bytes(4)); time.sleep(60)") as it:
        next(it.blocks())
        process = it._child
    assert process.returncode == -9


def test_the_child_gets_nothing_of_our_environment_or_descriptors(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGE_SECRET", "top")
    script = """
found = os.environ.get('EDGE_SECRET', '') + str(sorted(int(n) for n in os.listdir('/proc/self/fd') if int(n) > 3))
give(4, ('{"container":"%s","kind":"audio"}' % found).encode())
"""
    with (tmp_path / "open").open("w") as held:
        held.flush()
        with child(script) as it:
            assert it.info().container == "[]"


class Broken(io.BytesIO):
    def __init__(self, error):
        super().__init__(b"x" * 1000)
        self.error = error

    def read(self, size=-1):
        raise self.error


@pytest.mark.parametrize(
    ("raised", "seen"),
    [(SealBroken("object does not verify"), SealBroken), (OSError(5, "Input/output error"), Unavailable)],
)
def test_a_stream_that_fails_is_not_blamed_on_the_file(raised, seen):
    with pytest.raises(seen), child("give(3, struct.pack('<QI', 0, 10)); time.sleep(60)", Broken(raised)) as it:
        list(it.blocks())


@pytest.mark.parametrize(("size", "kind"), [(0, "empty"), (10_001, "too-large")])
def test_size_is_refused_before_a_child_is_started(size, kind):
    with pytest.raises(BadInput) as caught:
        child("", io.BytesIO(bytes(size)))
    assert caught.value.kind == kind


def test_an_unknown_name_in_the_weakening_variable_is_refused(monkeypatch):
    monkeypatch.setenv(session.LACKS, "landlock,everything")
    with pytest.raises(Unavailable):
        child("")


def test_every_fault_says_what_and_what_to_do_in_both_languages():
    for code in faults.FAULTS:
        error = faults.fault(code)
        assert isinstance(error, BadInput)
        assert error.kind == code
        assert error.message
        assert error.remedy
        assert any("一" <= character <= "鿿" for character in error.zh)


def test_the_job_survives_its_way():
    assert msgspec.json.decode(msgspec.json.encode(JOB), type=Job) == JOB
    assert HEADER.size == 5
    assert wire.largest(Kind.FRAME, 1000) == wire.FRAME.size + 3000
