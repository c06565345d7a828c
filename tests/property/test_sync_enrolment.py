"""Enrolment files that were damaged, cut or invented: refused by name, never with another exception."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_world import BOOT, BOX_PUBLIC, GATEWAY, HQ_PUBLIC, TENANT, box_sign, hq_sign

from edge_sync import certificates, enrolment
from edge_sync.errors import WireError

KEY = certificates.new_key()
REQUEST = enrolment.sealed(
    enrolment.bind(
        enrolment.Request(
            gateway=GATEWAY, tenant=TENANT, boot_id=BOOT, at=datetime(2026, 11, 20, tzinfo=UTC),
            csr=certificates.csr(KEY, name=GATEWAY, tenant=TENANT), key=BOX_PUBLIC,
        ),
        bytes(32),
    ),
    box_sign,
)  # fmt: skip
GRANT = enrolment.sealed(
    enrolment.Grant(
        gateway=GATEWAY, tenant=TENANT, at=datetime(2026, 11, 20, tzinfo=UTC), request="ab" * 32, certificate=bytes(100),
        ca=bytes(100), hq=HQ_PUBLIC, host="broker.example", port=8883,
    ),
    hq_sign,
)  # fmt: skip


def test_they_open_as_they_were_sealed() -> None:
    assert enrolment.opened_request(REQUEST).gateway == GATEWAY
    assert enrolment.opened_grant(GRANT).host == "broker.example"


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, min(len(REQUEST), len(GRANT)) - 1), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unnoticed(at: int, bit: int) -> None:
    for payload, opened in ((REQUEST, enrolment.opened_request), (GRANT, enrolment.opened_grant)):
        spoiled = payload[:at] + bytes([payload[at] ^ 1 << bit]) + payload[at + 1 :]
        with pytest.raises(WireError):
            opened(spoiled)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.integers(0, len(REQUEST) - 1).map(lambda end: REQUEST[:end])))
def test_what_is_no_enrolment_file_is_refused_by_name(payload: bytes) -> None:
    for opened in (enrolment.opened_request, enrolment.opened_grant):
        with pytest.raises(WireError):
            opened(payload)


def test_a_request_is_no_grant_and_a_grant_no_request() -> None:
    with pytest.raises(WireError):
        enrolment.opened_grant(REQUEST)
    with pytest.raises(WireError):
        enrolment.opened_request(GRANT)
