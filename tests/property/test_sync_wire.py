"""No bytes crash the receiver, no sentence gets out, and every order of arrival ends at the same watermark."""

import itertools
import re
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_world import BOX_PUBLIC, GATEWAY, NOON, TENANT, a_tag, an_hq, box_sign, box_verify, envelope, sealed, tags_data

from edge_sync import wire
from edge_sync.errors import WireError
from edge_sync.intake import examine
from edge_sync.store import Accepted, Gateway
from edge_sync.window import Outcome, Verdict, Window

KNOWN = {GATEWAY: Gateway(name=GATEWAY, tenant=TENANT, key=BOX_PUBLIC)}
TOPIC = f"sx/v1/{TENANT}/{GATEWAY}/tags"
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=20)
SENTENCES = st.one_of(HAN, st.text(min_size=1).filter(lambda text: re.search(r"[^a-z0-9_.-]", text) is not None))
PAYLOAD = sealed(5)


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_receiver(payload: bytes) -> None:
    for prefix in (b"", b"\x28\xb5\x2f\xfd", b"{"):
        examine(TOPIC, prefix + payload, KNOWN.get)


@given(st.text(max_size=80))
def test_no_topic_crashes_the_receiver(topic: str) -> None:
    examine(topic, PAYLOAD, KNOWN.get)


@given(at=st.integers(0, len(PAYLOAD) - 1), value=st.integers(0, 255))
def test_no_changed_byte_is_accepted(at: int, value: int) -> None:
    changed = PAYLOAD[:at] + bytes([value]) + PAYLOAD[at + 1 :]
    if changed != PAYLOAD:
        with pytest.raises(WireError):
            wire.open(changed, box_verify)


FIELDS = {
    "code": lambda text: {"code": text},
    "severity": lambda text: {"severity": text},
    "speaker": lambda text: {"speaker": text},
    "status": lambda text: {"status": text},
    "event_id": lambda text: {"event_id": text},
    "supersedes": lambda text: {"supersedes": text},
    "rule": lambda text: {"rule": wire.Rule(id=text, version=1, digest="ab" * 32)},
    "digest": lambda text: {"rule": wire.Rule(id="a", version=1, digest=text)},
    "evidence": lambda text: {"evidence": (wire.Evidence(kind=text, start_ms=0, end_ms=1),)},
    **{
        f"slot {field.name}": lambda text, name=field.name: {"slots": wire.Slots(**{name: text})}
        for field in msgspec.structs.fields(wire.Slots)
    },
}


@settings(max_examples=30)
@given(text=SENTENCES)
@pytest.mark.parametrize("field", FIELDS)
def test_no_sentence_fits_in(field: str, text: str) -> None:
    data = msgspec.structs.replace(tags_data(), tags=(a_tag(**FIELDS[field](text)),))
    with pytest.raises(WireError) as refusal:
        wire.seal(envelope(1, data), box_sign)
    assert not re.search(r"[一-鿿]", str(refusal.value))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 12), max_size=30), st.integers(1, 5))
def test_any_order_with_any_repeats_ends_at_the_watermark_of_the_set(order: list[int], group: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = an_hq(Path(folder) / "hq.db")
        for start in range(0, len(order), group):
            part = order[start : start + group]
            store.commit([Accepted(envelope=envelope(seq), payload=sealed(seq)) for seq in part], at=NOON)
        report = store.report(limit=100)
        marks = store.watermarks()
        store.close()
    held = set(order)
    expected = next(n for n in itertools.count() if n + 1 not in held)
    assert (report.n, report.duplicates) == (len(held), 0)
    assert report.missing == (max(held) - len(held) if held else 0)
    assert [mark.seq for mark in marks] == ([expected] if held else [])


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["send", "ack", "nobody", "refuse", "forbid", "confirm", "reconnect", "wait", "replay"]),
        st.integers(1, 40),
    ),
    max_size=80,
)


@given(OPERATIONS)
def test_the_window_keeps_its_bounds_and_skips_no_row_whatever_happens(operations: list[tuple[str, int]]) -> None:
    window = Window(size=4, lead=12, stall_s=10, hold_s=2)
    now, ticket, committed = 0.0, 0, 0
    reached, given_up = 0, set()
    window.start(0, now)
    for what, number in operations:
        now += 0.1
        if what == "send" and window.room():
            ticket += 1
            seq = window.cursor + 1
            assert seq <= reached + 1, "a row was passed over"
            reached = max(reached, seq)
            window.sent(ticket, seq, now)
        elif what in {"ack", "nobody", "refuse", "forbid"}:
            outcome, seq = window.answered(number, {"ack": 0, "nobody": 0x10, "refuse": 0x83, "forbid": 0x87}[what], now)
            if outcome is Outcome.GIVE_UP:
                given_up.add(seq)
        elif what == "confirm":
            committed = min(max(committed, number), reached)
            window.confirmed(committed, now)
        elif what == "reconnect":
            window.start(committed, now)
        elif what == "replay":
            window.replay(number, number + 3)
        elif what == "wait" and window.verdict(now := now + number) is Verdict.RECONNECT:
            window.start(committed, now)
        assert window.in_flight <= 4
        assert committed <= window.cursor <= committed + 12
        assert 0 <= window.room() <= 4
    assert given_up <= set(range(1, reached + 1))
