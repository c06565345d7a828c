"""The vault: what is durable when `seal` returns, what `close` and `expire` take away, what a power cut leaves."""

import hashlib
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import ids
from edge_agent.errors import BadInput, NotAllowed, NotFound, SealBroken, Unavailable
from edge_agent.ports import Vault
from edge_agent.vault import age, signed
from edge_agent.vault.content import ContentDigest
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.manifest import Manifest
from edge_agent.vault.shares import Role, Share
from edge_agent.vault.x25519 import Identity

LEGAL, HR = Identity.generate(), Identity.generate()
CONTENT = os.urandom(3 * 65536 + 1234)
START = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(tmp_path: Path, clock: Clock) -> DeviceVault:
    keys = DeviceKeys.create(tmp_path / "keys", legal=[str(LEGAL)], hr=[str(HR)])
    return DeviceVault(tmp_path / "vault", keys, clock)


def seal(vault: DeviceVault, content: bytes = CONTENT) -> str:
    object_id = ids.new_id()
    vault.seal(object_id, (content[at : at + 10_000] for at in range(0, len(content), 10_000)), retention="call")
    return object_id


def files(tmp_path: Path) -> set[str]:
    """What lies in the vault, its record of keys aside (see test_vault_epochs)."""
    root = tmp_path / "vault"
    found = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith("epochs/")}


def everything(object_id: str) -> set[str]:
    return {
        f"objects/{object_id}.age", f"shares/{object_id}.legal.age", f"shares/{object_id}.hr.age", f"hot/{object_id}.age",
        f"manifests/{object_id}.json",
    }  # fmt: skip


def test_it_is_the_vault_of_the_ports(vault: DeviceVault) -> None:
    port: Vault = vault
    assert port is vault


def test_sealing_leaves_object_shares_hot_wrap_and_manifest_and_nothing_else(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    assert files(tmp_path) == everything(object_id)
    assert all((tmp_path / "vault" / name).stat().st_mode & 0o777 == 0o600 for name in files(tmp_path))


def test_what_sealing_says_is_so(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = ids.new_id()
    said = vault.seal(object_id, iter([CONTENT]), retention="call")
    ciphertext = (tmp_path / f"vault/objects/{object_id}.age").read_bytes()
    assert said.object_id == object_id
    assert (said.plain_bytes, said.sealed_bytes) == (len(CONTENT), len(ciphertext))
    assert said.sha256 == hashlib.sha256(ciphertext).hexdigest()
    by_hand = ContentDigest(vault.keys.digest_key)
    by_hand.update(CONTENT)
    assert said.digest == by_hand.hexdigest()


def test_the_same_content_is_recognised_but_sealed_differently(vault: DeviceVault) -> None:
    one = vault.seal(ids.new_id(), [CONTENT], retention="call")
    two = vault.seal(ids.new_id(), [CONTENT[:5], CONTENT[5:]], retention="call")
    assert one.digest == two.digest
    assert one.sha256 != two.sha256


def test_nothing_on_the_disk_holds_the_plaintext(vault: DeviceVault, tmp_path: Path) -> None:
    canary = b"canary-4711 " * 20_000
    object_id = seal(vault, canary)
    with vault.open_hot(object_id) as plain:
        assert plain.read() == canary
    assert not any(b"canary" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_hot_object_opens_seekably(vault: DeviceVault) -> None:
    with vault.open_hot(seal(vault)) as plain:
        plain.seek(70_000)
        assert plain.read(10) == CONTENT[70_000:70_010]
        assert plain.seek(0, os.SEEK_END) == len(CONTENT)


def test_an_empty_object_is_an_object(vault: DeviceVault) -> None:
    with vault.open_hot(seal(vault, b"")) as plain:
        assert plain.read() == b""


def test_a_closed_object_does_not_open(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    vault.close(object_id)
    vault.close(object_id)
    with pytest.raises(NotAllowed, match="is closed"), vault.open_hot(object_id):
        pass
    assert files(tmp_path) == everything(object_id) - {f"hot/{object_id}.age"}
    assert not vault.is_hot(object_id)


def test_the_keys_of_the_box_alone_open_nothing_once_closed(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    vault.close(object_id)
    for path in (tmp_path / "vault").rglob("*.age"):
        with pytest.raises(SealBroken, match="no identity matches"):
            age.decrypt_bytes([vault.keys.device_identity], path.read_bytes())


@pytest.mark.parametrize("officer", [LEGAL, HR], ids=["LEGAL", "HR"])
def test_one_officer_alone_opens_only_their_own_share(officer: Identity, vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    opened = []
    for path in (tmp_path / "vault").rglob("*.age"):
        try:
            opened.append(age.decrypt_bytes([officer], path.read_bytes()))
        except SealBroken:
            continue
    assert len(opened) == 1
    assert b"AGE-SECRET-KEY" not in opened[0]
    half = Share.unwrap(vault.wrapped_shares(object_id)[Role.LEGAL if officer is LEGAL else Role.HR], officer)
    with pytest.raises(SealBroken, match="do not belong together"):
        vault.join(object_id, {Role.LEGAL: half.share, Role.HR: half.share})


def test_both_shares_make_the_identity_that_opens_it(vault: DeviceVault) -> None:
    object_id = seal(vault)
    wrapped = vault.wrapped_shares(object_id)
    halves = {Role.LEGAL: Share.unwrap(wrapped[Role.LEGAL], LEGAL), Role.HR: Share.unwrap(wrapped[Role.HR], HR)}
    assert {half.object for half in halves.values()} == {object_id}
    assert {half.box for half in halves.values()} == {vault.keys.public}
    identity = vault.join(object_id, {role: half.share for role, half in halves.items()})
    with vault.open_with(object_id, identity) as plain:
        assert plain.read() == CONTENT


def test_shares_of_two_objects_do_not_join(vault: DeviceVault) -> None:
    target = seal(vault)
    one, two = vault.wrapped_shares(target), vault.wrapped_shares(seal(vault))
    halves = {Role.LEGAL: Share.unwrap(one[Role.LEGAL], LEGAL).share, Role.HR: Share.unwrap(two[Role.HR], HR).share}
    with pytest.raises(SealBroken, match="do not belong together"):
        vault.join(target, halves)


def test_a_rejected_object_is_closed_and_kept_sealed(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    vault.reject(object_id)
    vault.reject(object_id)
    expected = everything(object_id) - {f"hot/{object_id}.age", f"objects/{object_id}.age"} | {f"rejected/{object_id}.age"}
    assert files(tmp_path) == expected
    assert vault.verify(object_id).object == object_id
    with pytest.raises(NotAllowed, match="is closed"), vault.open_hot(object_id):
        pass


def test_rejecting_what_was_never_sealed_clears_it_away(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    (tmp_path / f"vault/manifests/{object_id}.json").unlink()
    vault.reject(object_id)
    vault.reject(ids.new_id())
    assert files(tmp_path) == set()


@pytest.mark.parametrize("rejected", [False, True])
def test_an_expired_object_is_gone_with_every_way_in(rejected: bool, vault: DeviceVault, tmp_path: Path) -> None:
    kept, gone = seal(vault), seal(vault)
    if rejected:
        vault.reject(gone)
    vault.expire(gone)
    vault.expire(gone)
    assert files(tmp_path) == everything(kept)
    with pytest.raises(NotFound):
        vault.verify(gone)


def test_an_interrupted_expiry_is_finished_by_the_next(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    (tmp_path / f"vault/hot/{object_id}.age").unlink()
    (tmp_path / f"vault/shares/{object_id}.legal.age").unlink()
    with pytest.raises(SealBroken, match="share: legal of object"):
        vault.verify(object_id)
    vault.expire(object_id)
    assert files(tmp_path) == set()


def test_what_the_source_raises_passes_through_and_leaves_nothing(vault: DeviceVault, tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield bytes(100_000)
        raise BadInput("too-large", "over the limit")

    with pytest.raises(BadInput, match="over the limit"):
        vault.seal(ids.new_id(), chunks(), retention="call")
    assert files(tmp_path) == set()


@contextmanager
def files_no_larger_than(limit: int) -> Iterator[None]:
    """A disk that is full after `limit` bytes of a file, as the kernel says it (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("limit", [0, 100_000])
def test_a_full_disk_is_try_again_later_and_leaves_nothing(limit: int, vault: DeviceVault, tmp_path: Path) -> None:
    with files_no_larger_than(limit), pytest.raises(Unavailable, match="disk is full"):
        seal(vault)
    assert files(tmp_path) == set()
    seal(vault)


def test_a_disk_that_is_full_only_for_the_wraps_leaves_nothing(vault: DeviceVault, tmp_path: Path) -> None:
    with files_no_larger_than(300), pytest.raises(Unavailable, match="disk is full"):
        seal(vault, b"x")  # the object fits, a share does not
    assert files(tmp_path) == set()


def test_an_object_is_never_replaced(vault: DeviceVault) -> None:
    object_id = seal(vault)
    with pytest.raises(NotAllowed, match="sealed already"):
        vault.seal(object_id, [b"other"], retention="call")
    with vault.open_hot(object_id) as plain:
        assert plain.read() == CONTENT


NAMED = "01939ae0-0000-7000-8000-00000000abcd"


@pytest.mark.parametrize("object_id", ["", "..", "../../etc/passwd", "call.wav", "0" * 36, NAMED + "\n", NAMED.upper()])
def test_only_generated_ids_name_objects(object_id: str, vault: DeviceVault, tmp_path: Path) -> None:
    for use in (vault.close, vault.reject, vault.expire, vault.verify, vault.manifest, vault.is_hot):
        with pytest.raises(NotFound):
            use(object_id)
    with pytest.raises(NotFound):
        vault.seal(object_id, [b""], retention="call")
    assert files(tmp_path) == set()


@pytest.mark.parametrize("retention", ["", "a sentence about somebody", "CALL", "call\n", "x" * 65])
def test_a_retention_class_is_a_code(retention: str, vault: DeviceVault, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match="short code"):
        vault.seal(ids.new_id(), [b""], retention=retention)
    assert files(tmp_path) == set()


def test_the_manifest_says_what_was_sealed(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    said = vault.verify(object_id)
    assert said.object == object_id
    assert said.bytes == (tmp_path / f"vault/objects/{object_id}.age").stat().st_size
    assert (said.retention, said.created_at) == ("call", START)
    assert said.recipients == vault.keys.recipients_digest


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


def test_every_changed_byte_of_a_manifest_is_refused(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault, b"x")
    right = (tmp_path / f"vault/manifests/{object_id}.json").read_bytes()
    for place in range(len(right)):
        changed = right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :]
        with pytest.raises(SealBroken, match=r"^manifest: "):
            signed.check(changed, Manifest, "manifest", vault.keys.public)
    with pytest.raises(SealBroken, match="does not verify"):
        signed.check(right, Manifest, "request", vault.keys.public)  # no signature serves for another kind of document
    assert signed.check(right, Manifest, "manifest", vault.keys.public) == vault.manifest(object_id)


def test_a_manifest_of_another_object_or_box_is_refused(vault: DeviceVault, tmp_path: Path) -> None:
    one, two = seal(vault), seal(vault)
    manifests = tmp_path / "vault/manifests"
    (manifests / f"{one}.json").write_bytes((manifests / f"{two}.json").read_bytes())
    with pytest.raises(SealBroken, match="belongs to another object"):
        vault.verify(one)
    other_keys = DeviceKeys.create(tmp_path / "other", legal=[str(LEGAL)], hr=[str(HR)])
    with pytest.raises(SealBroken, match="signature does not verify"):
        DeviceVault(tmp_path / "vault", other_keys, Clock()).verify(two)


@pytest.mark.parametrize("place", [0, 30, 250, 70_000, -1])
def test_a_changed_object_is_found_by_verify(place: int, vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    flip(tmp_path / f"vault/objects/{object_id}.age", place)
    with pytest.raises(SealBroken, match="not what was sealed"):
        vault.verify(object_id)


def test_a_cut_object_does_not_open(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    path = tmp_path / f"vault/objects/{object_id}.age"
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(SealBroken, match="another size"), vault.open_hot(object_id):
        pass


def test_another_object_put_in_its_place_does_not_open(vault: DeviceVault, tmp_path: Path) -> None:
    one, two = seal(vault), seal(vault)
    objects = tmp_path / "vault/objects"
    (objects / f"{one}.age").write_bytes((objects / f"{two}.age").read_bytes())
    with pytest.raises(SealBroken, match="no identity matches"), vault.open_hot(one):
        pass


def test_status_says_how_many_are_hot_and_how_old(vault: DeviceVault, clock: Clock) -> None:
    assert vault.stats().oldest_hot_at is None
    first = seal(vault)
    clock.at += timedelta(hours=3)
    second, third = seal(vault), seal(vault)
    vault.reject(third)
    stats = vault.stats()
    assert (stats.objects, stats.rejected, stats.hot, stats.oldest_hot_at) == (3, 1, 2, START)
    vault.close(first)
    assert vault.stats().oldest_hot_at == START + timedelta(hours=3)
    assert vault.objects() == [first, second, third]


TORN = {
    "only a half-written object": {"objects/ID.age.part"},
    "an object without shares": {"objects/ID.age"},
    "an object and a half-written share": {"objects/ID.age", "shares/ID.legal.age.part"},
    "an object and one share": {"objects/ID.age", "shares/ID.legal.age"},
    "everything but the manifest": {"objects/ID.age", "shares/ID.legal.age", "shares/ID.hr.age", "hot/ID.age"},
    "a half-written manifest": {
        "objects/ID.age", "shares/ID.legal.age", "shares/ID.hr.age", "hot/ID.age", "manifests/ID.json.part",
    },
}  # fmt: skip


@pytest.mark.parametrize("left", TORN.values(), ids=TORN.keys())
def test_what_a_power_cut_left_is_swept_and_the_rest_stays(left: set[str], vault: DeviceVault, tmp_path: Path) -> None:
    kept, torn = seal(vault), ids.new_id()
    for name in left:
        (tmp_path / "vault" / name.replace("ID", torn)).write_bytes(b"half")
    assert vault.sweep() == (torn,)
    assert files(tmp_path) == everything(kept)
    assert vault.sweep() == ()
    vault.verify(kept)


def test_what_somebody_else_may_be_sealing_is_left_alone_with_its_keys(vault: DeviceVault, tmp_path: Path) -> None:
    left, torn = ids.new_id(), seal(vault)
    since = ids.new_id()
    heard, live = seal(vault), ids.new_id()
    for one in (torn, heard):
        (tmp_path / f"vault/manifests/{one}.json").rename(tmp_path / one)
    for one in (left, live):
        (tmp_path / f"vault/objects/{one}.age.part").write_bytes(b"half")
    assert vault.sweep(since=since) == (left, torn)
    assert files(tmp_path) == {f"objects/{live}.age.part", *everything(heard)} - {f"manifests/{heard}.json"}
    (tmp_path / heard).rename(tmp_path / f"vault/manifests/{heard}.json")
    vault.verify(heard)
    with vault.open_hot(heard) as plain:
        assert plain.read() == CONTENT
    assert vault.sweep() == (live,)


def test_halves_of_killed_captures_are_swept_however_many_they_are(vault: DeviceVault, tmp_path: Path) -> None:
    kept, halves = seal(vault), [ids.new_id() for _ in range(40)]
    for one in halves:
        (tmp_path / f"vault/objects/{one}.age.part").write_bytes(b"half")
    assert vault.sweep() == tuple(halves)
    assert files(tmp_path) == everything(kept)


def test_what_sealing_said_is_told_anew_while_the_object_is_hot(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = ids.new_id()
    said = vault.seal(object_id, [CONTENT], retention="call")
    assert vault.recalled(object_id) == said
    assert vault.recalled(ids.new_id()) is None
    vault.close(object_id)
    assert vault.recalled(object_id) is None
    damaged = seal(vault)
    path = tmp_path / f"vault/objects/{damaged}.age"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SealBroken):
        vault.recalled(damaged)


def test_lost_manifests_are_not_taken_for_power_cuts(vault: DeviceVault, tmp_path: Path) -> None:
    kept = {f"objects/{ids.new_id()}.age" for _ in range(17)}
    for name in kept:
        (tmp_path / "vault" / name).write_bytes(b"an object")
    with pytest.raises(SealBroken, match="restore the manifests folder"):
        vault.sweep()
    assert files(tmp_path) == kept


def test_a_link_put_in_place_of_an_object_is_not_followed(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    path = tmp_path / f"vault/objects/{object_id}.age"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="ELOOP"), vault.open_hot(object_id):
        pass
