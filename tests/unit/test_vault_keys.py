"""The box's key folder: made whole or not at all, private, and its officers' lists cannot be edited."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.errors import BadConfig, NotAllowed, NotFound, SealBroken
from edge_agent.vault import bech32
from edge_agent.vault.keys import DeviceKeys, Recipients
from edge_agent.vault.x25519 import Identity


def officer() -> str:
    return str(Identity.generate())


def make(folder: Path, **change: object) -> DeviceKeys:
    given: dict[str, object] = {"legal": [officer()], "hr": [officer()], "hq_public": bytes(range(32))}
    return DeviceKeys.create(folder, **(given | change))  # type: ignore[arg-type]


def test_what_was_created_is_loaded(tmp_path: Path) -> None:
    made = make(tmp_path / "keys")
    loaded = DeviceKeys.load(tmp_path / "keys")
    assert loaded.public == made.public
    assert loaded.recipients == made.recipients
    assert loaded.digest_key == made.digest_key
    assert len(loaded.digest_key) == 32
    assert loaded.device_identity.text == made.device_identity.text
    assert loaded.hq_public == bytes(range(32))
    assert loaded.recipients_digest == made.recipients.digest


def test_signatures_verify_under_the_public_key(tmp_path: Path) -> None:
    keys = make(tmp_path)
    signature = keys.sign(b"message")
    assert len(signature) == 64
    Ed25519PublicKey.from_public_bytes(keys.public).verify(signature, b"message")


def test_a_box_without_hq_has_no_hq_key(tmp_path: Path) -> None:
    assert make(tmp_path, hq_public=None).hq_public is None


def test_files_and_folder_are_private(tmp_path: Path) -> None:
    make(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    names = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()}
    assert names == dict.fromkeys(("device.age", "signing.key", "digest.key", "recipients.toml", "hq.pub"), 0o600)


def test_no_print_of_the_keys_shows_a_secret(tmp_path: Path) -> None:
    keys = make(tmp_path)
    assert "SECRET" not in repr(keys)
    assert repr(keys.digest_key) not in repr(keys)


def test_keys_are_never_made_twice(tmp_path: Path) -> None:
    first = make(tmp_path)
    with pytest.raises(NotAllowed, match="has keys already"):
        make(tmp_path)
    assert DeviceKeys.load(tmp_path).public == first.public


def test_what_an_interrupted_creation_left_is_replaced(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "recipients.toml").unlink()  # it is written last
    with pytest.raises(NotFound, match="no keys yet"):
        DeviceKeys.load(tmp_path)
    make(tmp_path, hq_public=None)
    assert DeviceKeys.load(tmp_path).hq_public is None


def test_an_empty_folder_has_no_keys(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no keys yet"):
        DeviceKeys.load(tmp_path / "nowhere")


SAME = officer()

BAD_LISTS = {
    "nobody for LEGAL": ([], [officer()], "no LEGAL officer"),
    "nobody for HR": ([officer()], [], "no HR officer"),
    "one key in both lists": ([SAME], [officer(), SAME], r"hr\[2\]: the same key"),
    "one key in both lists, once in upper case": ([SAME], [SAME.upper()], r"hr\[1\]: the same key"),
    "one key twice in a list": ([SAME, SAME], [officer()], r"legal\[2\]: the same key"),
    "a text that is no key": ([officer()], ["age1nonsense"], r"hr\[1\]: not an age X25519 recipient"),
    "a secret key": ([Identity.generate().text], [officer()], r"legal\[1\]: not an age X25519 recipient"),
}


@pytest.mark.parametrize(("legal", "hr", "message"), BAD_LISTS.values(), ids=BAD_LISTS.keys())
def test_lists_that_would_let_one_person_open_are_refused(legal: list[str], hr: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=message) as refused:
        make(tmp_path, legal=legal, hr=hr)
    assert "SECRET" not in str(refused.value)
    assert not (tmp_path / "recipients.toml").exists()


def test_the_same_key_in_another_spelling_does_not_slip_into_the_other_list(tmp_path: Path) -> None:
    point = bytearray(Identity.generate().recipient.point)
    other = bytes(point[:31]) + bytes([point[31] | 0x80])
    with pytest.raises(BadConfig, match="not an age X25519 recipient"):
        make(tmp_path, legal=[bech32.encode("age", bytes(point))], hr=[bech32.encode("age", other)])


def test_the_digest_does_not_depend_on_order_but_on_roles() -> None:
    one, two, three = officer(), officer(), officer()
    assert Recipients.parse([one, two], [three]).digest == Recipients.parse([two, one], [three]).digest
    assert Recipients.parse([one], [three]).digest != Recipients.parse([three], [one]).digest


def test_an_edited_list_is_refused(tmp_path: Path) -> None:
    keys = make(tmp_path)
    file = tmp_path / "recipients.toml"
    file.write_text(file.read_text().replace(str(keys.recipients.hr[0]), officer()))
    with pytest.raises(SealBroken, match="signature does not verify"):
        DeviceKeys.load(tmp_path)


def test_swapped_roles_are_refused(tmp_path: Path) -> None:
    make(tmp_path)
    file = tmp_path / "recipients.toml"
    text = file.read_text()
    file.write_text(text.replace("legal =", "x =").replace("hr =", "legal =").replace("x =", "hr ="))
    with pytest.raises(SealBroken, match="signature does not verify"):
        DeviceKeys.load(tmp_path)


def test_new_lists_replace_the_old_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    keys = make(tmp_path)
    newer = keys.enrol(legal=[officer(), officer()], hr=[officer()])
    assert DeviceKeys.load(tmp_path).recipients == newer.recipients != keys.recipients
    assert newer.public == keys.public
    with pytest.raises(BadConfig, match="the same key"):
        newer.enrol(legal=[SAME], hr=[SAME])
    assert DeviceKeys.load(tmp_path).recipients == newer.recipients


DAMAGE = {
    "recipients.toml": "legal = [\n",
    "device.age": "AGE-SECRET-KEY-1\n",
    "signing.key": base64.b64encode(bytes(31)).decode(),
    "digest.key": "not base64!",
    "hq.pub": base64.b64encode(bytes(33)).decode(),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_named(name: str, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / name).write_text(DAMAGE[name])
    with pytest.raises(BadConfig, match=name.split(".", maxsplit=1)[0]):
        DeviceKeys.load(tmp_path)


def test_an_unknown_entry_in_the_lists_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    with (tmp_path / "recipients.toml").open("a") as file:
        file.write("admin = []\n")
    with pytest.raises(BadConfig, match="schema"):
        DeviceKeys.load(tmp_path)


@pytest.mark.parametrize("name", ["device.age", "signing.key", "digest.key", "recipients.toml"])
def test_a_file_that_others_may_read_is_refused(name: str, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / name).chmod(0o640)
    with pytest.raises(NotAllowed, match="readable by others"):
        DeviceKeys.load(tmp_path)


def test_an_hq_key_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="HQ's key"):
        make(tmp_path, hq_public=bytes(31))
