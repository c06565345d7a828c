"""What HQ makes of a message before it stores anything: a table of topics and payloads."""

import base64

import pytest
from sync_world import BOOT, BOX_PUBLIC, GATEWAY, TENANT, a_birth, box_sign, other_sign, sealed

from edge_sync import wire
from edge_sync.intake import examine
from edge_sync.store import Accepted, Born, Gateway, Rejected, Seen

ROOT = f"sx/v1/{TENANT}/{GATEWAY}"
KNOWN = {GATEWAY: Gateway(name=GATEWAY, tenant=TENANT, key=BOX_PUBLIC)}


def resigned(body: bytes) -> bytes:
    return body[:-1] + b',"signature":"' + base64.b64encode(box_sign(body)) + b'"}'


def year_1(signed: bytes) -> bytes:
    return signed[:-104].replace(b'":"2026-', b'":"0001-') + b"}"


def newer_contract(seq: int) -> bytes:
    return resigned(sealed(seq)[:-104].replace(b"cn.sx.tags.v1", b"cn.sx.tags.v2") + b"}")


def test_good_envelope_is_accepted_from_tags_and_from_backfill() -> None:
    for leaf in ("tags", "backfill"):
        arrival = examine(f"{ROOT}/{leaf}", sealed(3), KNOWN.get)
        assert isinstance(arrival, Accepted)
        assert (arrival.envelope.seq, arrival.payload) == (3, sealed(3))


def test_birth_state_and_health_are_known() -> None:
    assert isinstance(examine(f"{ROOT}/birth", wire.seal(a_birth(), box_sign), KNOWN.get), Born)
    state = wire.plain(wire.State(state="stopped", boot_id=BOOT))
    assert examine(f"{ROOT}/state", state, KNOWN.get) == Seen(gateway=GATEWAY, state="stopped")
    assert isinstance(examine(f"{ROOT}/health", b"{}", KNOWN.get), Rejected)


REJECTED = {
    "a topic of another tree": ("a/b/c", sealed(1), "unknown-topic"),
    "a leaf that gateways do not have": (f"{ROOT}/committed", sealed(1), "unknown-topic"),
    "a gateway nobody enrolled": (f"sx/v1/{TENANT}/gateway-2/tags", sealed(1), "unknown-gateway"),
    "the right gateway under another tenant": (f"sx/v1/rival/{GATEWAY}/tags", sealed(1), "unknown-gateway"),
    "no signature": (f"{ROOT}/tags", b'{"a":1}', "bad-signature"),
    "someone else's signature": (f"{ROOT}/tags", wire.seal(wire.open(sealed(1), lambda *_: True), other_sign), "bad-signature"),
    "noise": (f"{ROOT}/tags", b"\x00\xff" * 100, "bad-signature"),
    "nothing": (f"{ROOT}/tags", b"", "bad-signature"),
    "a megabyte and more": (f"{ROOT}/tags", b"x" * 2**21, "oversized"),
    "a broken frame": (f"{ROOT}/tags", b"\x28\xb5\x2f\xfd\x00", "malformed"),
    "another gateway's envelope, signed by this one": (f"{ROOT}/tags", sealed(1, gateway="gateway-2"), "wrong-sender"),
    "another tenant's envelope, signed by this one": (f"{ROOT}/tags", sealed(1, tenant="rival"), "wrong-sender"),
    "a birth that claims another gateway": (f"{ROOT}/birth", wire.seal(a_birth(gateway="gateway-2"), box_sign), "wrong-sender"),
    "an envelope where a birth belongs": (f"{ROOT}/birth", sealed(1), "malformed"),
    "a birth where an envelope belongs": (f"{ROOT}/tags", wire.seal(a_birth(), box_sign), "malformed"),
    "a birth in the year 1": (f"{ROOT}/birth", resigned(year_1(wire.seal(a_birth(), box_sign))), "malformed"),
    "a health report of the year 9999": (
        f"{ROOT}/health",
        b'{"boot_id":"%s","at":"9999-12-31T23:59:59Z","backlog":0}' % BOOT.encode(),
        "malformed",
    ),
    "a state that is a sentence": (f"{ROOT}/state", '{"state":"我很好"}'.encode(), "malformed"),
}


@pytest.mark.parametrize("what", REJECTED)
def test_rejected_without_keeping_a_byte_of_it(what: str) -> None:
    topic, payload, reason = REJECTED[what]
    arrival = examine(topic, payload, KNOWN.get)
    assert isinstance(arrival, Rejected)
    assert (arrival.reason, arrival.seq, arrival.payload) == (reason, 0, b"")
    assert (arrival.size_bytes, len(arrival.sha256)) == (len(payload), 64)


def test_signed_message_of_a_newer_contract_is_kept_whole_under_its_sequence() -> None:
    arrival = examine(f"{ROOT}/tags", newer_contract(5), KNOWN.get)
    assert isinstance(arrival, Rejected)
    assert (arrival.reason, arrival.epoch, arrival.seq, arrival.payload) == ("malformed", "0123abcd", 5, newer_contract(5))


def test_signed_message_that_names_another_gateway_settles_nothing() -> None:
    body = sealed(5)[:-104].replace(b"cn.sx.tags.v1", b"cn.sx.tags.v2").replace(b"gateway-1", b"gateway-2") + b"}"
    arrival = examine(f"{ROOT}/tags", resigned(body), KNOWN.get)
    assert isinstance(arrival, Rejected)
    assert arrival.seq == 0


@pytest.mark.parametrize("seq", [2**53 + 1, 10**16, 2**63 - 1, 2**63, 10**19])
def test_a_sequence_beyond_the_last_is_a_dead_letter_without_one(seq: int) -> None:
    for body in (sealed(5), newer_contract(5)):
        moved = body[:-104].replace(b'/5"', b'/%d"' % seq).replace(b'"%020d"' % 5, b'"%020d"' % seq) + b"}"
        arrival = examine(f"{ROOT}/tags", resigned(moved), KNOWN.get)
        assert isinstance(arrival, Rejected)
        assert (arrival.reason, arrival.seq, arrival.payload) == ("malformed", 0, b"")


def test_nothing_of_a_revoked_gateway_is_taken_in_however_well_signed() -> None:
    revoked = {GATEWAY: Gateway(name=GATEWAY, tenant=TENANT, key=BOX_PUBLIC, revoked=True)}
    for leaf, payload in (("tags", sealed(3)), ("birth", wire.seal(a_birth(), box_sign))):
        arrival = examine(f"{ROOT}/{leaf}", payload, revoked.get)
        assert isinstance(arrival, Rejected)
        assert (arrival.gateway, arrival.reason, arrival.seq, arrival.payload) == (GATEWAY, "revoked", 0, b"")
