"""Age files with one failure each, made with raw primitives, not with the product. `python make_vectors.py` rewrites them.

Each function below is one vector; its name is the file's name and its docstring is what went wrong. Keys and nonces are fixed, so
a second run gives the same content. Full chunks are chosen so that their ciphertext is all zeros: the files compress to nothing.

A file is `expect:` (the refusal's first words, or "success"), `released:` (bytes and sha256 of the plaintext that may appear
before the refusal when reading in order), `identity:`, an empty line, and the age file, zlib-compressed.
"""

import hashlib
import hmac
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE_KEY = b"ONE FAILURE EACH"
NONCE = b"sixteen byte key"
CHUNK = 65536
OFFICER = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"the one who may open").digest())
STRANGER = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"somebody else").digest())
IDENTITY = "AGE-SECRET-KEY-17ULZQQGXVHEZLFUL890WK8UA6WEQLLNPPT5U2JN92PUC724M22PQWR5DRX"

Vector = tuple[str, bytes, bytes]
VECTORS: dict[str, Callable[[], Vector]] = {}


def vector(make: Callable[[], Vector]) -> Callable[[], Vector]:
    VECTORS[make.__name__] = make
    return make


# What a right file is made of ------------------------------------------------------------------------------------------------


def hkdf(secret: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def unpadded(content: bytes) -> bytes:
    return b64encode(content).rstrip(b"=")


def stanza(to: X25519PrivateKey = OFFICER, *, file_key: bytes = FILE_KEY, once: bytes = b"once") -> bytes:
    secret = X25519PrivateKey.from_private_bytes(hashlib.sha256(once).digest())
    share, point = secret.public_key().public_bytes_raw(), to.public_key().public_bytes_raw()
    key = hkdf(secret.exchange(X25519PublicKey.from_public_bytes(point)), share + point, b"age-encryption.org/v1/X25519")
    body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + unpadded(share) + b"\n" + unpadded(body) + b"\n"


def mac(head: bytes, file_key: bytes = FILE_KEY) -> bytes:
    return unpadded(hmac.digest(hkdf(file_key, None, b"header"), head, "sha256"))


def header(*stanzas: bytes, version: bytes = b"age-encryption.org/v1") -> bytes:
    head = version + b"\n" + b"".join(stanzas or (stanza(),)) + b"---"
    return head + b" " + mac(head) + b"\n"


def aead(file_key: bytes = FILE_KEY) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hkdf(file_key, NONCE, b"payload"))


def place(index: int, last: bool) -> bytes:
    return index.to_bytes(11, "big") + bytes([last])


def chunk(plain: bytes, index: int, *, last: bool) -> bytes:
    return aead().encrypt(place(index, last), plain, None)


def full(index: int, *, last: bool = False) -> bytes:
    """A full chunk's plaintext, such that its ciphertext is zeros."""
    return aead().encrypt(place(index, last), bytes(CHUNK), None)[:-16]


def payload(*plain: bytes) -> bytes:
    """The nonce and the chunks of a right payload."""
    return NONCE + b"".join(chunk(part, i, last=i == len(plain) - 1) for i, part in enumerate(plain))


# What is right ---------------------------------------------------------------------------------------------------------------


@vector
def right_and_short() -> Vector:
    """Nothing is wrong: one stanza, a few bytes."""
    return "success", b"hello", header() + payload(b"hello")


@vector
def right_and_empty() -> Vector:
    """Nothing is wrong: an empty plaintext is one empty last chunk."""
    return "success", b"", header() + payload(b"")


@vector
def right_and_exactly_one_chunk() -> Vector:
    """Nothing is wrong: a full chunk may be the last one."""
    return "success", full(0, last=True), header() + payload(full(0, last=True))


@vector
def right_for_two_people() -> Vector:
    """Nothing is wrong: the second stanza is ours, the first one is a stranger's."""
    return "success", b"hello", header(stanza(STRANGER, once=b"first"), stanza()) + payload(b"hello")


@vector
def right_beside_an_unknown_stanza() -> Vector:
    """Nothing is wrong: stanzas of other kinds are passed over."""
    return "success", b"hello", header(b"-> of-the-future with arguments\n\n", stanza()) + payload(b"hello")


# What can be wrong with a header -----------------------------------------------------------------------------------------------


@vector
def header_of_another_version() -> Vector:
    """The first line says v2."""
    return "header: not an age v1 file", b"", header(version=b"age-encryption.org/v2") + payload(b"hello")


@vector
def header_with_windows_line_ends() -> Vector:
    """CRLF instead of LF."""
    return "header: not an age v1 file", b"", header().replace(b"\n", b"\r\n") + payload(b"hello")


@vector
def header_cut_in_the_middle() -> Vector:
    """The file ends inside the stanza."""
    return "header: truncated", b"", header()[:70]


@vector
def header_that_never_ends() -> Vector:
    """Stanza after stanza: more than 64 KiB of header."""
    return "header: longer than 64 KiB", b"", header(*[stanza()] * 700) + payload(b"hello")


@vector
def header_without_a_stanza() -> Vector:
    """Nobody is named who could open it."""
    head = b"age-encryption.org/v1\n---"
    return "header: no stanza", b"", head + b" " + mac(head) + b"\n" + payload(b"hello")


@vector
def header_with_two_spaces() -> Vector:
    """An empty argument between two spaces."""
    return "header: a stanza has an empty argument", b"", header(stanza().replace(b"X25519 ", b"X25519  ")) + payload(b"hello")


@vector
def header_with_an_argument_too_many() -> Vector:
    """An X25519 stanza with a second argument."""
    return "header: an X25519 stanza has one argument", b"", header(stanza().replace(b"\n", b" more\n", 1)) + payload(b"hello")


@vector
def header_body_line_too_long() -> Vector:
    """A body line of 65 characters."""
    return "header: a body line is longer", b"", header(b"-> long\n" + b"A" * 65 + b"\n\n", stanza()) + payload(b"hello")


@vector
def header_base64_padded() -> Vector:
    """The share carries base64 padding."""
    return "header: base64 is not canonical", b"", header(stanza().replace(b"\n", b"=\n", 1)) + payload(b"hello")


@vector
def header_share_of_low_order() -> Vector:
    """The share is the point zero: every secret would be all zero."""
    body = stanza().split(b"\n")[1]
    low = b"-> X25519 " + unpadded(bytes(32)) + b"\n" + body + b"\n"
    return "header: an X25519 share of low order", b"", header(low) + payload(b"hello")


@vector
def header_file_key_too_long() -> Vector:
    """The wrapped file key has 17 bytes."""
    return "header: an X25519 stanza has the wrong length", b"", header(stanza(file_key=FILE_KEY + b"!")) + payload(b"hello")


@vector
def header_for_somebody_else() -> Vector:
    """The only stanza is a stranger's."""
    return "no identity matches", b"", header(stanza(STRANGER)) + payload(b"hello")


@vector
def header_mac_missing() -> Vector:
    """The last line of the header is bare."""
    return "header: no MAC", b"", header().rpartition(b" ")[0] + b"\n" + payload(b"hello")


@vector
def header_mac_too_short() -> Vector:
    """The MAC has 24 bytes."""
    return "header: the MAC has the wrong length", b"", header()[:-12] + b"\n" + payload(b"hello")


@vector
def header_stanza_added_later() -> Vector:
    """Somebody without the file key let a stranger in."""
    changed = header().replace(b"---", stanza(STRANGER, once=b"later") + b"---")
    return "header MAC", b"", changed + payload(b"hello")


@vector
def header_stanzas_swapped() -> Vector:
    """The two stanzas of a right header changed places."""
    first, second = stanza(STRANGER, once=b"first"), stanza()
    return "header MAC", b"", header(first, second).replace(first + second, second + first) + payload(b"hello")


@vector
def nonce_cut() -> Vector:
    """The file ends inside the payload's nonce."""
    return "header: truncated, no payload nonce", b"", header() + NONCE[:15]


# What can be wrong with a payload ----------------------------------------------------------------------------------------------


@vector
def payload_missing() -> Vector:
    """The file ends after the nonce."""
    return "payload: truncated, no chunk", b"", header() + NONCE


@vector
def payload_shorter_than_a_tag() -> Vector:
    """Fifteen bytes of a chunk are left."""
    return "payload: truncated inside a chunk", b"", header() + payload(b"hello")[: 16 + 15]


@vector
def payload_cut_inside_the_last_chunk() -> Vector:
    """The last byte is missing."""
    return "payload: chunk 1 does not verify", full(0), header() + payload(full(0), b"hello")[:-1]


@vector
def payload_cut_at_a_chunk_border() -> Vector:
    """The last chunk is missing, and what is left verifies."""
    return "payload: truncated, the last chunk is missing", full(0), header() + payload(full(0), b"hello")[: 16 + CHUNK + 16]


@vector
def payload_never_ends() -> Vector:
    """Its only chunk says that more will come."""
    return "payload: truncated, the last chunk is missing", b"", header() + NONCE + chunk(b"hello", 0, last=False)


@vector
def payload_bit_flipped_in_the_first_chunk() -> Vector:
    """One bit of the first chunk is another."""
    right = bytearray(payload(b"hello"))
    right[16] ^= 1
    return "payload: chunk 0 does not verify", b"", header() + bytes(right)


@vector
def payload_bit_flipped_in_the_second_tag() -> Vector:
    """One bit of the second chunk's tag is another."""
    right = bytearray(payload(full(0), b"hello"))
    right[-1] ^= 1
    return "payload: chunk 1 does not verify", full(0), header() + bytes(right)


@vector
def payload_chunks_swapped() -> Vector:
    """The first two of three chunks changed places."""
    chunks = chunk(full(1), 1, last=False) + chunk(full(0), 0, last=False) + chunk(b"end", 2, last=True)
    return "payload: chunk 0 does not verify", b"", header() + NONCE + chunks


@vector
def payload_chunk_dropped() -> Vector:
    """The first of two chunks is missing."""
    return "payload: chunk 0 does not verify", b"", header() + NONCE + chunk(b"hello", 1, last=True)


@vector
def payload_chunk_repeated() -> Vector:
    """The first chunk stands there twice."""
    twice = chunk(full(0), 0, last=False) * 2 + chunk(b"end", 1, last=True)
    return "payload: chunk 1 does not verify", full(0), header() + NONCE + twice


@vector
def payload_of_another_file() -> Vector:
    """The chunks were sealed under another file key."""
    other = aead(b"ANOTHER FILE KEY").encrypt(place(0, last=True), b"hello", None)
    return "payload: chunk 0 does not verify", b"", header() + NONCE + other


@vector
def payload_with_an_empty_last_chunk() -> Vector:
    """A full chunk, then an empty last one: it should have been the last itself."""
    return "payload: an empty last chunk", full(0), header() + payload(full(0), b"")


@vector
def payload_with_data_after_the_end() -> Vector:
    """A full last chunk, and then a few bytes."""
    return (
        "payload: data after the last chunk",
        full(0, last=True),
        header() + payload(full(0, last=True)) + b"and then some more",
    )


@vector
def payload_with_two_ends() -> Vector:
    """Two last chunks, each of them right in its place."""
    ends = chunk(full(0, last=True), 0, last=True) + chunk(b"hello", 1, last=True)
    return "payload: data after the last chunk", full(0, last=True), header() + NONCE + ends


def written(make: Callable[[], Vector]) -> bytes:
    """A vector as its file."""
    expect, released, age_file = make()
    lines = (
        f"# {make.__doc__}", f"expect: {expect}", f"released: {len(released)} {hashlib.sha256(released).hexdigest()}",
        f"identity: {IDENTITY}", "", "",
    )  # fmt: skip
    return "\n".join(lines).encode() + zlib.compress(age_file, 9)


def main() -> None:
    for name, make in VECTORS.items():
        (Path(__file__).with_name("vectors") / f"{name}.age-vector").write_bytes(written(make))
    print(f"{len(VECTORS)} vectors written", file=sys.stderr)


if __name__ == "__main__":
    main()
