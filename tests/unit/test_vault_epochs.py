"""Keys that are destroyed for good: what an attacker finds in old blocks opens nothing, and nothing else is lost on the way."""

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import ids
from edge_agent.errors import SealBroken, Unavailable
from edge_agent.vault import age, durable, shares
from edge_agent.vault.device import DeviceVault
from edge_agent.vault.epochs import Epochs, lock_away, take_out
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.shares import Role, Share
from edge_agent.vault.x25519 import Identity

LEGAL, HR = Identity.generate(), Identity.generate()
CONTENT = b"what was said " * 1000
NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
FRAME = 12 + 48 + 16


class Clock:
    at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def ring(tmp_path: Path) -> Epochs:
    return Epochs(tmp_path / "records", tmp_path / "keys", "shares")


def again(tmp_path: Path) -> Epochs:
    """The same ring in another process."""
    return Epochs(tmp_path / "records", tmp_path / "keys", "shares")


def record(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "records/shares").glob("*.records")
    return found


def some(ring: Epochs, count: int) -> dict[str, bytes]:
    return {(one := ids.new_id()): ring.new(one, now=NOW) for _ in range(count)}


def test_keys_are_there_at_once_and_after_a_restart(ring: Epochs, tmp_path: Path) -> None:
    other = again(tmp_path)
    made = some(ring, 5)
    assert len(set(made.values())) == 5
    for name, key in made.items():
        assert ring.key(name) == other.key(name) == again(tmp_path).key(name) == key
    assert other.objects() == sorted(made)


def test_destroyed_keys_are_gone_and_the_others_stay(ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 6)
    gone, kept = list(made)[:2], list(made)[2:]
    other = again(tmp_path)
    assert other.objects() == sorted(made)
    assert ring.destroy(gone, now=NOW) is True
    assert ring.destroy(gone, now=NOW) is False
    for one in (ring, other, again(tmp_path)):
        assert {name: one.key(name) for name in kept} == {name: made[name] for name in kept}
        for name in gone:
            with pytest.raises(SealBroken, match=f"epoch: no shares key for object {name}"):
                one.key(name)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["shares.00000002.key"]
    assert record(tmp_path).name == "00000002.records"


def test_an_append_writes_one_frame_however_many_there_are(ring: Epochs, tmp_path: Path) -> None:
    some(ring, 50)
    ring.destroy([ring.objects()[0]], now=NOW)
    before = record(tmp_path).stat().st_size
    some(ring, 1)
    assert record(tmp_path).stat().st_size - before == FRAME


def test_the_old_epoch_key_is_overwritten_before_it_is_unlinked(ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 2)
    key = tmp_path / "keys/shares.00000001.key"
    secret = key.read_bytes()
    os.link(key, tmp_path / "the same blocks")
    ring.destroy([next(iter(made))], now=NOW)
    assert not key.exists()
    assert (tmp_path / "the same blocks").read_bytes() != secret
    assert len(secret) == 32


def test_old_records_open_nothing_with_the_new_key(ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 3)
    old = record(tmp_path).read_bytes()
    ring.destroy([next(iter(made))], now=NOW)
    path = record(tmp_path)
    path.write_bytes(old)  # a restored backup, under the new name …
    with pytest.raises(SealBroken, match="record 2 is damaged"):
        again(tmp_path).objects()
    path.unlink()
    (path.parent / "00000001.records").write_bytes(old)  # … and under its own
    with pytest.raises(SealBroken, match=r"key shares\.00000001\.key is lost"):
        again(tmp_path).objects()


def test_a_torn_last_frame_is_not_there_and_is_cut_off_by_the_next(ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 3)
    path = record(tmp_path)
    whole = path.read_bytes()
    for torn in (b"\0", bytes(FRAME - 1), bytes(FRAME), os.urandom(FRAME)):
        path.write_bytes(whole + torn)
        opened = again(tmp_path)
        assert opened.objects() == sorted(made)
        more = some(opened, 2)
        assert again(tmp_path).objects() == sorted([*made, *more])
        path.write_bytes(whole)


def test_every_changed_byte_of_a_record_is_refused_or_loses_at_most_the_newest_key(ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 1)
    ring.destroy(some(ring, 1), now=NOW)
    made |= some(ring, 2)
    path = record(tmp_path)
    right = path.read_bytes()
    for place in range(len(right)):
        path.write_bytes(right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :])
        if place >= len(right) - FRAME:
            assert again(tmp_path).objects() == sorted(made)[:-1]
        else:
            with pytest.raises(SealBroken, match="record 2 is damaged"):
                again(tmp_path).objects()


@pytest.mark.parametrize("what", ["dropped", "repeated", "swapped"])
def test_frames_have_their_place(what: str, ring: Epochs, tmp_path: Path) -> None:
    some(ring, 4)
    path = record(tmp_path)
    right = path.read_bytes()
    head, frames = right[: -4 * FRAME], [right[len(right) - n * FRAME :][:FRAME] for n in (4, 3, 2, 1)]
    changed = {
        "dropped": [frames[0], frames[2], frames[3]],
        "repeated": [frames[0], frames[0], *frames[1:]],
        "swapped": [frames[1], frames[0], *frames[2:]],
    }[what]
    path.write_bytes(head + b"".join(changed))
    with pytest.raises(SealBroken, match="damaged"):
        again(tmp_path).objects()


@pytest.mark.parametrize("content", [None, b"", b"short", bytes(33)])
def test_a_lost_epoch_key_is_said_by_name(content: bytes | None, ring: Epochs, tmp_path: Path) -> None:
    made = some(ring, 2)
    key = tmp_path / "keys/shares.00000001.key"
    if content is None:
        key.unlink()
    else:
        key.write_bytes(content)
    for act in (lambda: again(tmp_path).key(next(iter(made))), lambda: some(again(tmp_path), 1)):
        with pytest.raises(SealBroken, match=r"key shares\.00000001\.key is lost or damaged"):
            act()


def test_a_lost_record_is_not_begun_anew(ring: Epochs, tmp_path: Path) -> None:
    ring.destroy(list(some(ring, 2))[:1], now=NOW)
    record(tmp_path).unlink()
    with pytest.raises(SealBroken, match="record is missing"):
        some(again(tmp_path), 1)


def test_the_leftover_of_a_kill_before_the_first_record_does_no_harm(tmp_path: Path) -> None:
    ring = again(tmp_path)
    (tmp_path / "keys/shares.00000001.key").write_bytes(bytes(32))
    made = some(ring, 1)
    assert (tmp_path / "keys/shares.00000001.key").read_bytes() != bytes(32)
    assert again(tmp_path).objects() == list(made)


def test_two_rings_share_a_folder_of_keys_and_nothing_else(ring: Epochs, tmp_path: Path) -> None:
    hot = Epochs(tmp_path / "records", tmp_path / "keys", "hot")
    name = ids.new_id()
    one, two = ring.new(name, now=NOW), hot.new(name, now=NOW)
    assert one != two
    hot.destroy([name], now=NOW)
    assert again(tmp_path).key(name) == one
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["hot.00000002.key", "shares.00000001.key"]


def test_writers_side_by_side_lose_nothing(tmp_path: Path) -> None:
    made: list[dict[str, bytes]] = []

    def work() -> None:
        own = again(tmp_path)
        mine = some(own, 12)
        own.destroy(list(mine)[::3], now=NOW)
        made.append({name: key for at, (name, key) in enumerate(mine.items()) if at % 3})

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = {name: key for one in made for name, key in one.items()}
    assert len(kept) == 32
    assert {name: again(tmp_path).key(name) for name in again(tmp_path).objects()} == kept


def test_what_is_locked_away_opens_only_for_its_key_and_context() -> None:
    key, other = bytes(32), bytes(31) + b"\1"
    sealed = lock_away(key, "here", b"secret")
    assert take_out(key, "here", sealed) == b"secret"
    for wrong in ((other, "here", sealed), (key, "there", sealed), (key, "here", sealed[:-1]), (key, "here", b"")):
        with pytest.raises(SealBroken, match=r"^epoch: "):
            take_out(*wrong)


def test_files_are_private_and_no_print_shows_a_key(ring: Epochs, tmp_path: Path) -> None:
    (key,) = some(ring, 1).values()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any(key in path.read_bytes() for path in files)
    assert str(key) not in repr(ring._read)


# In the vault ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def vault(tmp_path: Path) -> DeviceVault:
    keys = DeviceKeys.create(tmp_path / "keys", legal=[str(LEGAL)], hr=[str(HR)])
    return DeviceVault(tmp_path / "vault", keys, Clock())


def seal(vault: DeviceVault) -> str:
    object_id = ids.new_id()
    vault.seal(object_id, [CONTENT], retention="call")
    return object_id


def recover(root: Path, object_id: str) -> bytes:
    """An attacker with root, both officers' keys and everything under `root`: files of the vault, now or from old blocks."""
    keys = DeviceKeys.load(root / "keys")
    found = DeviceVault(root / "vault", keys, Clock())
    wrapped = found.wrapped_shares(object_id)
    halves = {role: Share.unwrap(wrapped[role], key).share for role, key in ((Role.LEGAL, LEGAL), (Role.HR, HR))}
    with found.open_with(object_id, found.join(object_id, halves)) as plain:
        return plain.read()


def test_a_copy_of_everything_opens_nothing_once_the_epoch_key_is_destroyed(vault: DeviceVault, tmp_path: Path) -> None:
    victim, kept = seal(vault), seal(vault)
    vault.close(victim)
    shutil.copytree(tmp_path / "vault", tmp_path / "old blocks/vault")
    shutil.copytree(tmp_path / "keys", tmp_path / "old blocks/keys")
    vault.shred([victim])
    with pytest.raises(SealBroken, match="share: legal and hr"):
        recover(tmp_path, victim)
    assert recover(tmp_path, kept) == CONTENT
    old = tmp_path / "old blocks"
    assert recover(old, victim) == CONTENT  # with the old epoch key too: that is what must not survive
    shutil.rmtree(old / "keys/epochs")
    shutil.copytree(tmp_path / "keys/epochs", old / "keys/epochs")
    with pytest.raises(SealBroken, match="epoch: the key"):
        recover(old, victim)
    shutil.rmtree(old / "vault/epochs")
    shutil.copytree(tmp_path / "vault/epochs", old / "vault/epochs")
    with pytest.raises(SealBroken, match="no shares key"):
        recover(old, victim)
    assert recover(old, kept) == CONTENT


def test_a_hot_wrap_found_again_after_close_opens_nothing(vault: DeviceVault, tmp_path: Path) -> None:
    object_id = seal(vault)
    path = tmp_path / f"vault/hot/{object_id}.age"
    wrap = path.read_bytes()
    vault.close(object_id)
    path.write_bytes(wrap)
    with pytest.raises(SealBroken, match="no hot key"), vault.open_hot(object_id):
        pass
    age.decrypt_bytes([vault.keys.device_identity], wrap)  # the device key opens the wrap: what lies inside is locked


def test_shares_that_an_old_request_carried_open_nothing_after_shredding(vault: DeviceVault) -> None:
    object_id = seal(vault)
    wrapped = vault.wrapped_shares(object_id)
    halves = {role: Share.unwrap(wrapped[role], key).share for role, key in ((Role.LEGAL, LEGAL), (Role.HR, HR))}
    vault.shred([object_id])
    for key in (bytes(32), vault.keys.digest_key):
        with pytest.raises(SealBroken, match="do not belong together"):
            shares.join(halves, object_id=object_id, key=key)


def test_many_objects_are_shredded_in_one_epoch(vault: DeviceVault) -> None:
    made = [seal(vault) for _ in range(6)]
    assert vault.stats().epoch == 1
    vault.shred(made[:4])
    vault.shred(made[:4])
    assert (vault.stats().epoch, vault.stats().epoch_at, vault.objects()) == (2, NOW, made[4:])
    for object_id in made[4:]:
        vault.verify(object_id)


def test_an_object_sealed_without_the_layer_says_so(vault: DeviceVault) -> None:
    object_id = seal(vault)
    vault._ways._share_keys.destroy([object_id], now=NOW)
    for act in (lambda: vault.verify(object_id), lambda: vault.wrapped_shares(object_id)):
        with pytest.raises(
            SealBroken, match=f"no shares key for object {object_id}: it was shredded, or sealed by an older build"
        ):
            act()


def test_a_vault_whose_record_is_lost_neither_starts_nor_seals(vault: DeviceVault, tmp_path: Path) -> None:
    seal(vault)
    shutil.rmtree(tmp_path / "vault/epochs")
    lost = DeviceVault(tmp_path / "vault", vault.keys, Clock())
    for act in (lost.sweep, lambda: seal(lost)):
        with pytest.raises(SealBroken, match="epoch: the shares record is missing"):
            act()


def test_a_sweep_forgets_keys_that_no_object_needs(vault: DeviceVault, tmp_path: Path) -> None:
    kept, torn = seal(vault), seal(vault)
    (tmp_path / f"vault/manifests/{torn}.json").unlink()
    assert vault.sweep() == (torn,)
    assert vault._ways._share_keys.objects() == vault._ways._hot_keys.objects() == [kept]
    (tmp_path / f"vault/hot/{kept}.age").unlink()  # a close that was killed half way
    vault.sweep()
    assert vault._ways._hot_keys.objects() == []
    assert vault.stats().epoch == 2


def test_a_disk_too_full_to_turn_an_epoch_is_try_again_later(vault: DeviceVault, tmp_path: Path) -> None:
    one, two = seal(vault), seal(vault)
    blocked = tmp_path / "vault/epochs/shares/00000002.records.part"
    blocked.mkdir()  # the new record cannot be written
    with pytest.raises(Unavailable):
        vault.shred([one])
    assert not (tmp_path / f"vault/objects/{one}.age").exists()
    assert vault.objects() == [one, two]
    blocked.rmdir()
    vault.shred([one])
    assert vault.objects() == [two]
    vault.verify(two)


def test_an_epoch_has_an_age(vault: DeviceVault) -> None:
    assert vault.stats().epoch_at is None
    made = [seal(vault), seal(vault)]
    assert vault.stats().epoch_at == NOW
    vault._clock.at = NOW + timedelta(days=3)  # type: ignore[attr-defined]
    vault.shred(made[:1])
    assert vault.stats().epoch_at == NOW + timedelta(days=3)
    assert durable.names(vault.keys.folder / "epochs") == ["hot.00000002.key", "shares.00000002.key"]
