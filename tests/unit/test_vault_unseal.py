"""Request -> release -> unseal: one object, one purpose, a limited time, two officers; everything else is refused."""

import base64
import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent import ids
from edge_agent.errors import BadInput, NotAllowed, NotFound, Refused, SealBroken
from edge_agent.vault import age, request, signed, unseal
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.release import Release, release
from edge_agent.vault.request import Asked, Request
from edge_agent.vault.shares import Role, Share
from edge_agent.vault.x25519 import Identity, Recipient

LEGAL, HR, SECOND_HR, STRANGER = (Identity.generate() for _ in range(4))
CONTENT = os.urandom(2 * 65536 + 99)
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


class Clock:
    def now(self) -> datetime:
        return NOW


@dataclass(frozen=True)
class Box:
    """A box with one closed object and one request for it."""

    vault: DeviceVault
    object_id: str
    asked: Asked
    out: Path

    def released(self, officer: Identity, asked: Asked | None = None) -> bytes:
        return msgspec.json.encode(release((asked or self.asked).document, officer, now=NOW))

    def both(self, asked: Asked | None = None) -> list[bytes]:
        return [self.released(LEGAL, asked), self.released(HR, asked)]

    def sessions(self) -> int:
        return len(list((self.vault.keys.folder / "sessions").iterdir()))


def closed_object(vault: DeviceVault, content: bytes = CONTENT) -> str:
    object_id = ids.new_id()
    vault.seal(object_id, [content], retention="call")
    vault.close(object_id)
    return object_id


def ask(vault: DeviceVault, object_id: str, *, purpose: str = "客户投诉复核", hours: float = 2) -> Asked:
    return request.ask(vault, object_id, purpose=purpose, hours=hours, now=NOW)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    keys = DeviceKeys.create(tmp_path / "keys", legal=[str(LEGAL)], hr=[str(HR), str(SECOND_HR)])
    vault = DeviceVault(tmp_path / "vault", keys, Clock())
    object_id = closed_object(vault)
    return Box(vault, object_id, ask(vault, object_id), tmp_path / "out")


def test_two_officers_release_exactly_the_original_bytes(box: Box) -> None:
    opening = unseal.combine(box.vault, box.object_id, box.both(), now=NOW)
    assert opening.write(box.out) == len(CONTENT)
    assert box.out.read_bytes() == CONTENT
    assert box.out.stat().st_mode & 0o777 == 0o600
    assert (opening.object_id, opening.request_id, opening.purpose) == (box.object_id, box.asked.id, "客户投诉复核")
    assert opening.officers == {Role.LEGAL: str(LEGAL), Role.HR: str(HR)}


def test_any_officer_of_a_role_will_do_in_any_order(box: Box) -> None:
    opening = unseal.combine(box.vault, box.object_id, [box.released(SECOND_HR), box.released(LEGAL)], now=NOW)
    assert opening.officers[Role.HR] == str(SECOND_HR)


def test_the_stock_tool_opens_the_object_with_the_released_identity(box: Box) -> None:
    if shutil.which("age") is None:
        pytest.fail("the stock age tool is not installed: apt-get install age")
    unseal.combine(box.vault, box.object_id, box.both(), now=NOW).write(box.out, identity=True)
    ciphertext = box.vault.keys.folder.parent / f"vault/objects/{box.object_id}.age"
    opened = subprocess.run(["age", "-d", "-i", box.out, ciphertext], capture_output=True, check=True)
    assert opened.stdout == CONTENT


def test_two_officers_and_the_boxs_record_need_none_of_our_software(box: Box) -> None:
    """The disaster road of shares.py: two stock decryptions, the object's key, and one XOR."""
    root = box.vault.keys.folder.parent
    (epoch_key,) = (root / "keys/epochs").glob("shares.*.key")
    record = (root / "vault/epochs/shares/00000001.records").read_bytes()
    frame = record[-76:]  # the newest object's
    entry = ChaCha20Poly1305(epoch_key.read_bytes()).decrypt(frame[:12], frame[12:], b"edge-agent epoch shares 1 1")
    assert entry[:16].hex() == box.object_id.replace("-", "")
    wrapped = box.vault.wrapped_shares(box.object_id)
    halves = []
    for role, officer in ((Role.LEGAL, LEGAL), (Role.HR, HR)):
        key = box.out.with_name(f"{role}.key")
        key.write_text(officer.text)
        opened = subprocess.run(["age", "-d", "-i", key], input=wrapped[role], capture_output=True, check=True)
        locked = base64.b64decode(json.loads(opened.stdout)["share"])
        context = f"edge-agent share {box.object_id} {role}".encode()
        halves.append(ChaCha20Poly1305(entry[16:]).decrypt(locked[:12], locked[12:], context))
    identity = box.out.with_name("identity")
    identity.write_bytes(bytes(a ^ b for a, b in zip(*halves, strict=True)))
    ciphertext = root / f"vault/objects/{box.object_id}.age"
    assert subprocess.run(["age", "-d", "-i", identity, ciphertext], capture_output=True, check=True).stdout == CONTENT


def test_the_request_shows_what_for_and_until_when_and_the_session_key_stays_here(box: Box) -> None:
    said = signed.check(box.asked.document, Request, "request", box.vault.keys.public)
    assert (said.object, said.purpose, said.expires_at) == (box.object_id, "客户投诉复核", LATER)
    kept = box.vault.keys.folder / f"sessions/{box.asked.id}.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    secret = msgspec.json.decode(kept.read_bytes())["identity"]
    assert secret.startswith("AGE-SECRET-KEY-1")
    assert secret.encode() not in box.asked.document


def test_a_used_request_opens_nothing_more(box: Box) -> None:
    both = box.both()
    unseal.combine(box.vault, box.object_id, both, now=NOW).write(box.out)
    assert box.sessions() == 0
    with pytest.raises(NotAllowed, match="it was used"):
        unseal.combine(box.vault, box.object_id, both, now=NOW)


def test_an_output_that_could_not_be_written_leaves_the_request_open(box: Box) -> None:
    both = box.both()
    box.out.write_text("precious")
    opening = unseal.combine(box.vault, box.object_id, both, now=NOW)
    with pytest.raises(NotAllowed, match="exists already"):
        opening.write(box.out)
    with pytest.raises(BadInput, match="folder does not exist"):
        opening.write(box.out / "under/a/file")
    assert box.out.read_text() == "precious"
    opening.write(box.out.with_name("other"))


def test_a_damaged_object_writes_no_file_and_keeps_the_request(box: Box) -> None:
    both = box.both()
    path = box.vault.keys.folder.parent / f"vault/objects/{box.object_id}.age"
    content = bytearray(path.read_bytes())
    content[70_000] ^= 1
    path.write_bytes(bytes(content))
    opening = unseal.combine(box.vault, box.object_id, both, now=NOW)
    with pytest.raises(SealBroken, match="chunk 1"):
        opening.write(box.out)
    assert [path.name for path in box.out.parent.iterdir() if path.is_file()] == []
    assert box.sessions() == 1


# Who -------------------------------------------------------------------------------------------------------------------------


def test_one_share_opens_nothing(box: Box) -> None:
    for one in box.both():
        with pytest.raises(NotAllowed, match="two shares are needed"):
            unseal.combine(box.vault, box.object_id, [one], now=NOW)


def test_three_shares_are_not_two(box: Box) -> None:
    with pytest.raises(NotAllowed, match="two shares are needed"):
        unseal.combine(box.vault, box.object_id, [*box.both(), box.released(SECOND_HR)], now=NOW)


def test_the_same_share_twice_is_refused(box: Box) -> None:
    with pytest.raises(NotAllowed, match="both shares are LEGAL's"):
        unseal.combine(box.vault, box.object_id, [box.released(LEGAL)] * 2, now=NOW)


def test_two_officers_of_one_role_are_refused(box: Box) -> None:
    with pytest.raises(NotAllowed, match="both shares are HR's"):
        unseal.combine(box.vault, box.object_id, [box.released(HR), box.released(SECOND_HR)], now=NOW)


def changed(share: bytes, **what: object) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(share) | what)


def test_a_share_relabelled_with_the_other_role_is_refused(box: Box) -> None:
    relabelled = changed(box.released(LEGAL), role="hr", officer=str(HR))
    with pytest.raises(SealBroken, match="not this officer's"):
        unseal.combine(box.vault, box.object_id, [box.released(LEGAL), relabelled], now=NOW)


def test_one_officer_named_for_both_roles_is_refused(box: Box) -> None:
    with pytest.raises(NotAllowed, match="one officer released both"):
        unseal.combine(box.vault, box.object_id, [box.released(LEGAL), changed(box.released(HR), officer=str(LEGAL))], now=NOW)


def test_a_share_in_another_officers_name_is_refused(box: Box) -> None:
    borrowed = changed(box.released(HR), officer=str(SECOND_HR))
    with pytest.raises(SealBroken, match="not this officer's"):
        unseal.combine(box.vault, box.object_id, [box.released(LEGAL), borrowed], now=NOW)


def test_a_stranger_cannot_release(box: Box) -> None:
    with pytest.raises(NotAllowed, match="opens no share"):
        box.released(STRANGER)


def test_an_officer_taken_off_the_list_cannot_release_here_any_more(box: Box, tmp_path: Path) -> None:
    both = box.both()
    keys = box.vault.keys.enrol(legal=[str(LEGAL)], hr=[str(SECOND_HR)])
    vault = DeviceVault(tmp_path / "vault", keys, Clock())
    with pytest.raises(NotAllowed, match="not on this box's HR list"):
        unseal.combine(vault, box.object_id, both, now=NOW)
    unseal.combine(vault, box.object_id, [both[0], box.released(SECOND_HR)], now=NOW).write(box.out)


def test_a_key_that_opens_both_shares_is_refused(box: Box) -> None:
    """A box whose lists were made by other software: the officer's tool still refuses."""
    said = signed.unchecked(box.asked.document, Request, "request")
    share = Share.unwrap(said.legal, LEGAL)
    twice = msgspec.structs.replace(said, hr=msgspec.structs.replace(share, role=Role.HR).wrap((LEGAL.recipient,)))
    with pytest.raises(NotAllowed, match="opens both shares"):
        release(signed.sign(twice, "request", box.vault.keys.sign), LEGAL, now=NOW)


# What ------------------------------------------------------------------------------------------------------------------------


def test_shares_for_another_object_are_refused(box: Box) -> None:
    other = closed_object(box.vault)
    with pytest.raises(NotAllowed, match="another object"):
        unseal.combine(box.vault, other, box.both(), now=NOW)


def test_shares_relabelled_for_another_object_are_refused(box: Box) -> None:
    other = closed_object(box.vault)
    asked = ask(box.vault, other)
    replayed = [changed(one, object=other) for one in box.both()]
    with pytest.raises(NotAllowed, match="another request"):
        unseal.combine(box.vault, other, replayed, now=NOW)
    replayed = [changed(one, object=other, request=asked.id, binding=request.binding(asked.document)) for one in box.both()]
    with pytest.raises(SealBroken, match="was changed"):
        unseal.combine(box.vault, other, replayed, now=NOW)


def test_a_box_that_puts_another_objects_share_into_a_request_is_refused(box: Box) -> None:
    """The officer believes to open a harmless object; the share inside names the other one."""
    harmless = closed_object(box.vault)
    said = signed.unchecked(ask(box.vault, harmless).document, Request, "request")
    secret = box.vault.wrapped_shares(box.object_id)
    mixed = msgspec.structs.replace(said, legal=secret[Role.LEGAL], hr=secret[Role.HR])
    with pytest.raises(SealBroken, match="another object"):
        release(signed.sign(mixed, "request", box.vault.keys.sign), LEGAL, now=NOW)


def test_an_officer_who_forges_a_request_gets_nothing_from_the_other(box: Box, tmp_path: Path) -> None:
    """LEGAL asks HR behind the box's back, with a session key of their own and a signature of their own."""
    mine, said = Identity.generate(), signed.unchecked(box.asked.document, Request, "request")
    forger = DeviceKeys.create(tmp_path / "forger", legal=[str(LEGAL)], hr=[str(HR)])
    forged = signed.sign(msgspec.structs.replace(said, session=str(mine.recipient)), "request", forger.sign)
    with pytest.raises(SealBroken, match="signature does not verify"):
        release(forged, HR, now=NOW)


def test_swapped_shares_in_a_request_are_refused(box: Box) -> None:
    said = signed.unchecked(box.asked.document, Request, "request")
    swapped = msgspec.structs.replace(said, legal=said.hr, hr=said.legal)
    with pytest.raises(SealBroken, match="another object or role"):
        release(signed.sign(swapped, "request", box.vault.keys.sign), LEGAL, now=NOW)


def test_shares_for_two_requests_do_not_join(box: Box) -> None:
    other = ask(box.vault, box.object_id, purpose="另一个用途")
    for mixed in (
        [box.released(LEGAL), box.released(HR, other)],
        [box.released(LEGAL, other), box.released(HR)],
    ):
        with pytest.raises(NotAllowed, match="another request or purpose"):
            unseal.combine(box.vault, box.object_id, mixed, now=NOW)


def test_a_share_relabelled_for_another_purpose_is_refused(box: Box) -> None:
    other = ask(box.vault, box.object_id, purpose="另一个用途")
    relabelled = [changed(one, request=other.id, binding=request.binding(other.document)) for one in box.both()]
    with pytest.raises(SealBroken, match="was changed"):
        unseal.combine(box.vault, box.object_id, relabelled, now=NOW)


def test_shares_for_another_box_are_refused(box: Box, tmp_path: Path) -> None:
    keys = DeviceKeys.create(tmp_path / "other-keys", legal=[str(LEGAL)], hr=[str(HR)])
    copied = DeviceVault(tmp_path / "other-vault", keys, Clock())
    copied.seal(box.object_id, [b"x"], retention="call")
    with pytest.raises(NotAllowed, match="another box"):
        unseal.combine(copied, box.object_id, box.both(), now=NOW)


# When ------------------------------------------------------------------------------------------------------------------------


def test_an_expired_request_is_not_released(box: Box) -> None:
    release(box.asked.document, LEGAL, now=LATER - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="expired"):
        release(box.asked.document, LEGAL, now=LATER)


def test_shares_released_in_time_open_nothing_after_expiry(box: Box) -> None:
    with pytest.raises(NotAllowed, match="expired"):
        unseal.combine(box.vault, box.object_id, box.both(), now=LATER)
    assert box.sessions() == 0
    with pytest.raises(NotAllowed):
        unseal.combine(box.vault, box.object_id, box.both(), now=NOW)  # nor does turning the clock back help


def test_a_later_request_clears_expired_and_damaged_sessions(box: Box) -> None:
    for name, age_s in (("half-written", 601), ("being-written", 0)):
        part = box.vault.keys.folder / f"sessions/{name}.json.part"
        part.write_bytes(b"{")
        os.utime(part, (time.time() - age_s,) * 2)
    (box.vault.keys.folder / f"sessions/{ids.new_id()}.json").write_bytes(b"{")
    later = request.ask(box.vault, box.object_id, purpose="p", hours=1, now=LATER)
    left = {path.name for path in (box.vault.keys.folder / "sessions").iterdir()}
    assert left == {f"{later.id}.json", "being-written.json.part"}


def test_an_expired_object_cannot_be_asked_for_or_opened(box: Box) -> None:
    both = box.both()
    box.vault.expire(box.object_id)
    with pytest.raises(NotFound):
        ask(box.vault, box.object_id)
    with pytest.raises(NotFound):
        unseal.combine(box.vault, box.object_id, both, now=NOW)


# Tampering -------------------------------------------------------------------------------------------------------------------


def test_every_changed_byte_of_a_request_is_refused_by_the_officer(box: Box) -> None:
    document = box.asked.document.strip()
    step = 7  # a co-prime stride over ~2.5 KB keeps this fast and reaches every member
    for place in range(0, len(document), step):
        tampered = document[:place] + bytes([document[place] ^ 1]) + document[place + 1 :]
        with pytest.raises(Refused):
            release(tampered, LEGAL, now=NOW)


def test_every_changed_member_of_a_share_is_refused(box: Box) -> None:
    legal, hr = box.both()
    said = msgspec.json.decode(hr)
    for name, value in said.items():
        for other in (value[:-1], value[::-1], "", ids.new_id(), None):
            with pytest.raises(Refused):
                unseal.combine(box.vault, box.object_id, [legal, changed(hr, **{name: other})], now=NOW)
    for name in said:
        with pytest.raises(Refused):
            unseal.combine(
                box.vault, box.object_id, [legal, msgspec.json.encode({k: v for k, v in said.items() if k != name})], now=NOW
            )


def test_a_garbage_share_from_a_right_officer_is_refused(box: Box) -> None:
    """An officer may seal nonsense; it does not open and does not crash."""
    honest = msgspec.json.decode(box.released(HR), type=Release)
    session = signed.unchecked(box.asked.document, Request, "request").session
    to = Recipient.parse(session)
    for nonsense in (b"", bytes(74), os.urandom(74), os.urandom(75)):
        lying = msgspec.structs.replace(honest, sealed=age.encrypt_bytes([to], nonsense), mac=b"")
        lying = msgspec.structs.replace(lying, mac=lying.authenticated(HR, to))
        with pytest.raises(SealBroken, match="do not belong together"):
            unseal.combine(box.vault, box.object_id, [box.released(LEGAL), msgspec.json.encode(lying)], now=NOW)


@pytest.mark.parametrize("garbage", [b"{}", b"[]", b"\xff\xfe", b"null", b'{"request":"', b"x" * 5000])
def test_what_is_no_share_or_request_is_refused_by_name(garbage: bytes, box: Box) -> None:
    with pytest.raises(SealBroken, match="release"):
        unseal.combine(box.vault, box.object_id, [garbage, box.released(HR)], now=NOW)
    with pytest.raises(SealBroken, match="request"):
        release(garbage, LEGAL, now=NOW)


@pytest.mark.parametrize("purpose", ["", "   ", "x" * 301, "two\nlines", "\x1b[2J", "a\u202eb"])
def test_a_purpose_is_one_printable_line(purpose: str, box: Box) -> None:
    with pytest.raises(BadInput, match="purpose"):
        ask(box.vault, box.object_id, purpose=purpose)


def test_a_purpose_that_would_drive_the_officers_terminal_is_refused_there_too(box: Box) -> None:
    said = msgspec.to_builtins(signed.unchecked(box.asked.document, Request, "request")) | {"purpose": "\x1b[2J"}
    with pytest.raises(SealBroken, match="not the document it should be"):
        release(signed.sign(said, "request", box.vault.keys.sign), LEGAL, now=NOW)


@pytest.mark.parametrize("hours", [0, -1, 168.1, float("nan"), float("inf")])
def test_a_request_is_valid_for_a_limited_time(hours: float, box: Box) -> None:
    with pytest.raises(BadInput, match="168"):
        ask(box.vault, box.object_id, hours=hours)


def test_no_print_of_an_opening_shows_a_secret(box: Box) -> None:
    opening = unseal.combine(box.vault, box.object_id, box.both(), now=NOW)
    assert "SECRET" not in repr(opening)
