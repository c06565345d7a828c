"""The closed contract: what may leave, what may come in, and what a signature covers."""

import base64
import json
import re
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
import zstandard
from sync_world import (
    BOOT,
    NOON,
    FileOutbox,
    a_birth,
    a_tag,
    box_sign,
    box_verify,
    committed,
    envelope,
    hq_verify,
    other_sign,
    sealed,
    tags_data,
    uuid7,
)  # fmt: skip

from edge_sync import data, messages, wire
from edge_sync.errors import BadSignature, Malformed, Oversized, Unlisted, WireError
from edge_sync.health import Cameras, report


def resigned(body: bytes, sign: wire.Sign = box_sign) -> bytes:
    return body[:-1] + b',"signature":"' + base64.b64encode(sign(body)) + b'"}'


def body_of(payload: bytes) -> bytes:
    return wire.unpack(payload)[:-104] + b"}"


def test_sealed_envelope_opens_to_what_was_sealed() -> None:
    assert wire.open(sealed(7), box_verify) == envelope(7)


def test_signature_is_the_last_member_and_covers_everything_before_it() -> None:
    payload = sealed(7)
    found = re.fullmatch(rb'(\{.*),"signature":"([A-Za-z0-9+/]{86}==)"\}', payload)
    assert found
    assert box_verify(found[1] + b"}", base64.b64decode(found[2]))
    assert list(json.loads(payload))[-1] == "signature"


def test_the_same_message_seals_to_the_same_bytes() -> None:
    assert sealed(7) == sealed(7)


def test_identity_is_readable_from_the_envelope() -> None:
    one = envelope(42)
    assert (one.tenant, one.gateway, one.epoch, one.seq) == ("demo", "gateway-1", "0123abcd", 42)
    assert (one.id, one.source, one.sequence) == ("gateway-1/0123abcd/42", "urn:sx:demo:gateway-1", "0" * 18 + "42")


def test_sequences_compare_as_strings() -> None:
    assert envelope(9).sequence < envelope(10).sequence < envelope(2**53).sequence


SPOILED = {
    "one letter of the body changed": lambda p: p.replace(b"price.objection", b"price.objectioN", 1),
    "moved to another sequence": lambda p: p.replace(b"/7", b"/8").replace(b"007", b"008"),
    "moved to another gateway": lambda p: p.replace(b"gateway-1", b"gateway-2"),
    "signature of another message": lambda p: p[:-90] + sealed(8)[-90:],
    "signed by another key": lambda p: resigned(body_of(p), other_sign),
    "signature left out": body_of,
    "signature too short": lambda p: p[:-6] + p[-2:],
    "signature not base64": lambda p: p[:-6] + b"!" + p[-5:],
    "something after the signature": lambda p: p + b" ",
    "a member after the signature": lambda p: p[:-1] + b',"x":1}',
    "cut in the middle": lambda p: p[: len(p) // 2],
    "nothing at all": lambda p: b"",
}


@pytest.mark.parametrize("how", SPOILED)
def test_spoiled_signature_is_refused_as_such(how: str) -> None:
    with pytest.raises(BadSignature):
        wire.open(SPOILED[how](sealed(7)), box_verify)


def test_padding_bits_of_the_signature_cannot_be_changed() -> None:
    payload = sealed(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = chr(payload[-5])
    other = alphabet[alphabet.index(last) ^ 1].encode()
    with pytest.raises(BadSignature):
        wire.open(payload[:-5] + other + payload[-4:], box_verify)


SMUGGLED = {
    "a space": lambda b: b.replace(b'"data":', b'"data": '),
    "a line break at the end": lambda b: b[:-1] + b"\n}",
    "an unknown field": lambda b: b[:-1] + b',"note":"x"}',
    "a second signature": lambda b: b[:-1] + b',"signature":"x"}',
    "a field given twice": lambda b: b.replace(b'"speaker":"customer"', b'"speaker":"rep","speaker":"customer"'),
    "an escaped letter": lambda b: b.replace(b'"customer"', b'"\\u0063ustomer"'),
    "another order of fields": lambda b: b.replace(b'"start_ms":1200,"end_ms":4100', b'"end_ms":4100,"start_ms":1200', 1),
    "a number spelled longer": lambda b: b.replace(b'"confidence":0.82', b'"confidence":0.820'),
    "a byte order mark": lambda b: b"\xef\xbb\xbf" + b,
    "broken UTF-8": lambda b: b.replace(b"customer", b"custome\xff"),
    "NaN": lambda b: b.replace(b"0.82", b"NaN"),
    "infinity": lambda b: b.replace(b"0.82", b"1e999"),
    "a confidence above one": lambda b: b.replace(b"0.82", b"1.82"),
    "id and sequence that disagree": lambda b: b.replace(b"/7", b"/8"),
    "id and source that disagree": lambda b: b.replace(b"demo:gateway-1", b"demo:gateway-2"),
    "a span that ends before it starts": lambda b: b.replace(b'"end_ms":4100,"known', b'"end_ms":1100,"known'),
    "the year 1": lambda b: b.replace(b'"time":"2026', b'"time":"0001'),
    "the year 1969": lambda b: b.replace(b'"recordedtime":"2026', b'"recordedtime":"1969'),
    "the year 9999": lambda b: b.replace(b'"time":"2026', b'"time":"9999'),
    "an unknown type": lambda b: b.replace(b"cn.sx.tags.v1", b"cn.sx.talk.v1"),
    "a sentence for a code": lambda b: b.replace(b'"rival-1"', '"太贵了，比金谷贵"'.encode()),
    "a code with a trailing newline": lambda b: b.replace(b'"rival-1"', b'"rival-1\\n"'),
    "digits that are not ASCII": lambda b: b.replace(b'"9.60"', '"٩.60"'.encode()),
    "no consent": lambda b: b.replace(b'"consent":"notice"', b'"consent":"none"'),
    "nesting without end": lambda b: b'{"type":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("what", SMUGGLED)
def test_properly_signed_message_outside_the_contract_is_refused(what: str) -> None:
    body = SMUGGLED[what](body_of(sealed(7)))
    assert body != body_of(sealed(7))
    with pytest.raises(Malformed) as refusal:
        wire.open(resigned(body), box_verify)
    assert "太贵" not in str(refusal.value)


def test_refusal_names_the_place_and_not_the_value() -> None:
    with pytest.raises(Malformed, match=re.escape("$.data.tags[0].slots.brand")) as refusal:
        wire.seal(envelope(1, tags_data_with(slots=wire.Slots(brand="我们再商量商量"))), box_sign)
    assert not re.search(r"[一-鿿]", str(refusal.value))


def tags_data_with(**changes: object) -> wire.TagsData:
    return msgspec.structs.replace(tags_data(), tags=(a_tag(**changes),))


def test_every_string_of_every_message_has_a_closed_pattern_or_a_closed_list() -> None:
    """Independent of the encoder: walks the generated schemas."""
    open_ended: list[str] = []
    for kind in (
        messages.TagsEnvelope, messages.ShelfEnvelope, messages.CaseEnvelope, messages.GapEnvelope, messages.Birth,
        messages.State, messages.Health,
    ):  # fmt: skip
        (_,), parts = msgspec.json.schema_components([kind])
        for name, part in parts.items():
            for field, schema in part.get("properties", {}).items():
                open_ended += [f"{name}.{field}" for one in leaves(schema) if is_open(one)]
    assert open_ended == []


def leaves(schema: dict) -> list[dict]:
    nested = [*schema.get("anyOf", []), *([schema["items"]] if isinstance(schema.get("items"), dict) else [])]
    return [leaf for one in nested for leaf in leaves(one)] if nested else [schema]


SENTENCES = ("太贵了，比金谷贵", "太贵了", "two words", "Zhang", "x" * 65, "a\n", "1\n", "0123abcd\n", "a.b\n", "", " ", "“a”")


def is_open(schema: dict) -> bool:
    if schema.get("type") != "string" or "enum" in schema or schema.get("format") == "date-time":
        return False
    return "pattern" not in schema or any(re.search(schema["pattern"], sentence) for sentence in SENTENCES)


def test_code_outside_the_ruleset_is_refused() -> None:
    with pytest.raises(Unlisted):
        wire.seal(envelope(1), box_sign, codes={"need.pain_confirmed"})
    assert wire.seal(envelope(1), box_sign, codes={"price.objection"}) == sealed(1)


def test_brand_outside_the_closed_list_is_refused() -> None:
    with pytest.raises(Unlisted):
        wire.seal(envelope(1), box_sign, values={"rival-2"})
    assert wire.seal(envelope(1), box_sign, values={"rival-1"}) == sealed(1)


def test_missing_event_outside_the_ruleset_is_refused() -> None:
    with pytest.raises(Unlisted):
        wire.seal(envelope(1, tags_data_with(slots=wire.Slots(missing="a.b"))), box_sign, codes={"price.objection"})


def test_shelf_reading_outside_the_closed_list_is_refused() -> None:
    with pytest.raises(Unlisted):
        wire.seal(envelope(1, shelf_data()), box_sign, values={"bay-a", "a1"})
    wire.seal(envelope(1, shelf_data()), box_sign, values={"bay-a", "a1", "milk-1"})


def shelf_data(**changes: object) -> wire.ShelfData:
    share = wire.Share(good=1, assessed=1, planned=2)
    given = {
        "recording": uuid7(5), "consent": "not-personal", "ruleset": "cd" * 32, "models": (), "bay": "bay-a",
        "planogram": "56" * 32, "duration_ms": 30_000, "frames_used": 4, "osa": share, "planogram_compliance": share,
        "price_compliance": share,
        "readings": (
            wire.ShelfReading(slot="a1", seen="expected", confidence=0.9, frames=4, at_ms=100, sku="milk-1", price="12.90"),
        ),
    }  # fmt: skip
    return wire.ShelfData(**(given | changes))


def test_share_that_counts_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="more than there is"):
        wire.Share(good=2, assessed=1, planned=2)


def test_gap_record_that_miscounts_is_refused() -> None:
    with pytest.raises(ValueError, match="does not count"):
        wire.Gap(reason="shed", ranges=(wire.Range(first=1, last=3),), count=2)


def test_large_batch_is_packed_and_opens_again() -> None:
    payload = wire.seal(envelope(3, tags_data(3, tags=200)), box_sign)
    assert payload.startswith(b"\x28\xb5\x2f\xfd")
    assert len(payload) < len(wire.unpack(payload)) / 4
    assert wire.open(payload, box_verify) == envelope(3, tags_data(3, tags=200))


def test_small_message_is_not_packed() -> None:
    assert sealed(3).startswith(b"{")


def test_batch_beyond_the_limit_is_refused_before_it_leaves() -> None:
    evidence = tuple(wire.Evidence(kind="phrase", start_ms=k, end_ms=k) for k in range(60))
    tags = tuple(a_tag(k, evidence=evidence) for k in range(400))
    with pytest.raises(Oversized):
        wire.seal(envelope(1, msgspec.structs.replace(tags_data(), tags=tags)), box_sign)


PACKED = {
    "a bomb that says its size": (zstandard.compress(b" " * 50_000_000), Oversized),
    "a bomb that says nothing": (zstandard.ZstdCompressor(write_content_size=False).compress(b" " * 50_000_000), Oversized),
    "two frames": (zstandard.compress(sealed(1)) + zstandard.compress(b"hidden"), Malformed),
    "bytes after the frame": (zstandard.compress(sealed(1)) + b"hidden", Malformed),
    "half a frame": (zstandard.compress(sealed(1))[:-20], Malformed),
    "only the magic": (b"\x28\xb5\x2f\xfd", Malformed),
    "more than the limit": (b"{" + b" " * 2**20, Oversized),
}


@pytest.mark.parametrize("what", PACKED)
def test_packed_message_that_is_not_one_bounded_frame_is_refused(what: str) -> None:
    payload, kind = PACKED[what]
    with pytest.raises(kind):
        wire.open(payload, box_verify)


def test_birth_opens_only_as_a_birth() -> None:
    birth = wire.seal(a_birth(), box_sign)
    assert wire.open_birth(birth, box_verify) == a_birth()
    with pytest.raises(Malformed):
        wire.open(birth, box_verify)
    with pytest.raises(Malformed):
        wire.open_birth(sealed(1), box_verify)


def test_order_of_hq_opens_however_its_json_is_spelled() -> None:
    body = b'{ "seq": 4, "epoch":"0123abcd", "generation":"feed","counter":1,"gateway":"gateway-1", "type":"cn.sx.committed.v1"}'
    from sync_world import hq_sign

    order = wire.open_order(resigned(body, hq_sign), hq_verify)
    assert order == wire.open_order(committed(4), hq_verify)


def test_state_and_health_are_closed_too() -> None:
    assert wire.parse(wire.plain(wire.State(state="online", boot_id=BOOT)), wire.State).state == "online"
    health = wire.Health(boot_id=BOOT, at=NOON, backlog=3)
    assert wire.parse(wire.plain(health), wire.Health) == health
    with pytest.raises(Malformed):
        wire.parse(b'{"state":"asleep","boot_id":"' + BOOT.encode() + b'"}', wire.State)
    with pytest.raises(Malformed):
        wire.plain(wire.State(state="asleep", boot_id=BOOT))  # type: ignore[arg-type]


def test_a_box_with_cameras_says_how_they_are_and_nobody_else_does(tmp_path: Path) -> None:
    outbox = FileOutbox(tmp_path / "outbox.db")
    reported = partial(report, outbox, committed=0, boot_id=BOOT, state=tmp_path, at=NOON)
    none, some = (wire.plain(reported(cameras=one)) for one in (None, Cameras(lost=0, dropped=7)))
    assert b"cameras_lost" not in none
    assert b"recordings_dropped" not in none
    assert b'"cameras_lost":0,"recordings_dropped":7' in some
    assert wire.parse(some, wire.Health).recordings_dropped == 7


def test_time_without_an_offset_is_refused() -> None:
    one = msgspec.structs.replace(envelope(1), time=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(Malformed, match=re.escape("$.time")):
        wire.seal(one, box_sign)


def test_object_that_is_no_message_is_refused() -> None:
    with pytest.raises(WireError):
        wire.seal(msgspec.structs.replace(envelope(1), data=object()), box_sign)


def test_whole_numbers_in_fraction_fields_are_spelled_as_fractions() -> None:
    payload = wire.seal(envelope(1, tags_data_with(confidence=1)), box_sign)
    assert b'"confidence":1.0' in payload
    wire.open(payload, box_verify)


def test_wire_offers_every_type_an_envelope_is_made_of() -> None:
    public = {name for name, kind in vars(data).items() if isinstance(kind, type) and kind.__module__ == data.__name__} - {
        "Closed"
    }
    assert public <= set(wire.__all__)
