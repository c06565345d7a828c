"""age v1 against independent oracles: the published vectors, pyrage, the stock `age` tool, BIP 173."""

import hashlib
import io
import os
import shutil
import subprocess
import zlib
from pathlib import Path

import pyrage
import pytest

from edge_agent.errors import BadInput, SealBroken
from edge_agent.vault import age, bech32
from edge_agent.vault.x25519 import Identity, Recipient

SHARED = Path(__file__).parents[3] / "shared/testdata/age-vectors"
NOT_OURS = {"armor": "binary files only", "scrypt": "no passphrases", "hybrid": "no ML-KEM keys", "ssh": "no SSH keys"}
"""Kinds of published vectors that do not apply, by the first word of their name."""

EMPTY = hashlib.sha256(b"").hexdigest()
SIZES = (0, 1, 65535, 65536, 65537, 2 * 65536, 200_000)

PARTS = {
    "header failure": "header:",
    "HMAC failure": "header MAC:",
    "no match": "no identity matches",
    "payload failure": "payload:",
}


def published() -> list[Path]:
    found = sorted(SHARED.iterdir()) if SHARED.is_dir() else []
    return [path for path in found if path.name.split("_")[0] not in NOT_OURS]


def others() -> list[Path]:
    return sorted({*SHARED.iterdir()} - {*published()}) if SHARED.is_dir() else []


def parsed(path: Path) -> tuple[dict[str, str], bytes]:
    head, _, body = path.read_bytes().partition(b"\n\n")
    said = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return said, zlib.decompress(body) if said.get("compressed") == "zlib" else body


@pytest.mark.shared
def test_the_published_vectors_are_here_and_most_apply() -> None:
    if not SHARED.is_dir():
        pytest.skip("shared/testdata/age-vectors is not beside this checkout")
    assert len(published()) >= 66


@pytest.mark.shared
@pytest.mark.parametrize("path", published(), ids=lambda path: path.name)
def test_published_vector(path: Path) -> None:
    said, body = parsed(path)
    identities = [Identity.parse(said["identity"])] if "identity" in said else []
    released, refusal = b"", ""
    try:
        for plain in age.decrypt(identities, io.BytesIO(body)):
            released += plain
    except SealBroken as error:
        refusal = error.message
    if said["expect"] == "success":
        assert refusal == ""
    else:
        assert refusal.startswith(PARTS[said["expect"]])
    assert hashlib.sha256(released).hexdigest() == said.get("payload", EMPTY)  # also what came before the failure


@pytest.mark.shared
@pytest.mark.parametrize("path", published(), ids=lambda path: path.name)
def test_published_vector_read_seekably_gives_all_or_nothing(path: Path) -> None:
    said, body = parsed(path)
    identities = [Identity.parse(said["identity"])] if "identity" in said else []
    if said["expect"] == "success":
        with age.open_sealed(identities, io.BytesIO(body)) as reader:
            assert hashlib.sha256(reader.read()).hexdigest() == said["payload"]
    else:
        with pytest.raises(SealBroken, match=f"^{PARTS[said['expect']]}"):
            age.open_sealed(identities, io.BytesIO(body)).read()


@pytest.mark.shared
@pytest.mark.parametrize("path", others(), ids=lambda path: path.name)
def test_a_published_vector_of_another_kind_is_refused_and_releases_nothing(path: Path) -> None:
    said, body = parsed(path)
    released = b""
    try:
        identities = [Identity.parse(said["identity"])] if "identity" in said else []
    except BadInput:
        identities = []  # an ML-KEM key: we cannot even read it
    with pytest.raises(SealBroken):
        released += next(age.decrypt([*identities, Identity.generate()], io.BytesIO(body)))
    assert released == b""


@pytest.mark.parametrize("size", SIZES)
def test_pyrage_opens_what_we_seal(size: int) -> None:
    theirs = pyrage.x25519.Identity.generate()
    content = os.urandom(size)
    sealed = age.encrypt_bytes([Recipient.parse(str(theirs.to_public()))], content)
    assert pyrage.decrypt(sealed, [theirs]) == content


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_pyrage_seals(size: int) -> None:
    ours = Identity.generate()
    content = os.urandom(size)
    sealed = pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(str(ours))])
    assert age.decrypt_bytes([ours], sealed) == content
    with age.open_sealed([ours], io.BytesIO(sealed)) as reader:
        assert reader.read() == content


@pytest.fixture
def age_tool() -> str:
    found = shutil.which("age")
    if found is None:
        pytest.fail("the stock age tool is not installed: apt-get install age")
    return found


@pytest.mark.parametrize("size", [0, 65536, 200_000])
def test_the_stock_tool_opens_what_we_seal(age_tool: str, tmp_path: Path, size: int) -> None:
    ours, content = Identity.generate(), os.urandom(size)
    (tmp_path / "key").write_text(ours.text)
    sealed = age.encrypt_bytes([Identity.generate().recipient, ours.recipient], content)
    opened = subprocess.run([age_tool, "-d", "-i", tmp_path / "key"], input=sealed, capture_output=True, check=True)
    assert opened.stdout == content


@pytest.mark.parametrize("size", [0, 65536, 200_000])
def test_we_open_what_the_stock_tool_seals(age_tool: str, size: int) -> None:
    ours, content = Identity.generate(), os.urandom(size)
    sealed = subprocess.run([age_tool, "-r", str(ours)], input=content, capture_output=True, check=True)
    assert age.decrypt_bytes([ours], sealed.stdout) == content


def test_a_key_of_the_stock_keygen_is_one_of_ours() -> None:
    keygen = shutil.which("age-keygen")
    if keygen is None:
        pytest.fail("the stock age-keygen is not installed: apt-get install age")
    made = subprocess.run([keygen], capture_output=True, check=True, text=True).stdout.splitlines()
    public = next(line.removeprefix("# public key: ") for line in made if line.startswith("# public key: "))
    assert str(Identity.parse(made[-1])) == public == str(Recipient.parse(public))
    assert Identity.parse(made[-1]).text == made[-1]


# BIP 173, "Test vectors"; those with an invalid length do not apply: age has no such limit.
RIGHT = [
    "A12UEL5L", "a12uel5l", "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "?1ezyfcl",
]  # fmt: skip
WRONG = [
    "\x201nwldj5", "\x7f1axkwrx", "\x801eym55h", "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff",
    "A1G7SGD8", "10a06t8", "1qzzfhee", "a12UEL5L", "",
]  # fmt: skip


@pytest.mark.parametrize("text", RIGHT)
def test_bech32_checksum_of_bip_173_holds(text: str) -> None:
    prefix, content = bech32.decode(text)
    assert bech32.encode(prefix, content) == text.lower()


@pytest.mark.parametrize("values", [[1], [0], [0, 1], [0, 0, 0]])
def test_bech32_padding_that_is_not_zero_or_too_long_is_refused(values: list[int]) -> None:
    check = bech32._polymod([*bech32._expand("age"), *values, *[0] * 6]) ^ 1
    digits = [*values, *((check >> 5 * (5 - i)) & 31 for i in range(6))]
    with pytest.raises(ValueError, match="bad padding"):
        bech32.decode("age1" + "".join(bech32._ALPHABET[digit] for digit in digits))


@pytest.mark.parametrize("text", WRONG)
def test_bech32_fault_of_bip_173_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"short|character|checksum|case"):
        bech32.decode(text)


def test_a_second_spelling_of_a_key_is_refused() -> None:
    point = bytearray(Identity.generate().recipient.point)
    point[31] |= 0x80  # X25519 ignores this bit: same key, other text
    with pytest.raises(BadInput, match="recipient"):
        Recipient.parse(bech32.encode("age", bytes(point)))


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31)])
def test_a_point_of_low_order_is_no_recipient(point: bytes) -> None:
    with pytest.raises(BadInput, match="recipient"):
        Recipient.parse(bech32.encode("age", point))


def test_a_recipient_is_the_same_in_upper_case() -> None:
    text = str(Identity.generate())
    assert Recipient.parse(text) == Recipient.parse(text.upper())


@pytest.mark.parametrize("text", ["", "age1", "AGE-SECRET-KEY-1", "hello"])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    for parse in (Recipient.parse, Identity.parse):
        with pytest.raises(BadInput) as refused:
            parse(text or " ")
        assert "hello" not in str(refused.value)


def test_no_print_of_an_identity_shows_its_secret() -> None:
    identity = Identity.generate()
    assert "SECRET" not in f"{identity} {identity!r}"
    assert identity.text.startswith("AGE-SECRET-KEY-1")


def test_a_file_needs_a_recipient() -> None:
    with pytest.raises(ValueError, match="recipient"):
        age.encrypt_bytes([], b"")
