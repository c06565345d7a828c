"""For any length, any way of cutting, seeking and reading, and any changed byte: like BytesIO, or refused."""

import io
import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge_agent.errors import SealBroken
from edge_agent.vault import age, stream
from edge_agent.vault.header import decode_base64, encode_base64
from edge_agent.vault.x25519 import Identity

KEY = bytes(range(32))
CHUNK = stream.CHUNK_BYTES
IDENTITY = Identity.generate()
NOISE = os.urandom(3 * CHUNK + 100)

lengths = st.builds(lambda chunks, more: max(0, chunks * CHUNK + more), st.integers(0, 3), st.integers(-20, 20))
moves = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.one_of(st.just(-1), st.integers(0, 2 * CHUNK + 3)), st.just(0)),
        st.tuples(st.just("readinto"), st.integers(0, CHUNK + 3), st.just(0)),
        st.tuples(st.just("seek"), st.integers(-4 * CHUNK, 4 * CHUNK), st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END])),
    ),
    max_size=12,
)


def play(file: io.IOBase, moves: list[tuple[str, int, int]]) -> list[object]:
    """What a file answers to a row of moves."""
    heard: list[object] = []
    for name, number, whence in moves:
        if name == "read":
            heard.append(file.read(number))  # type: ignore[attr-defined]
        elif name == "readinto":
            buffer = bytearray(number)
            heard.append((file.readinto(buffer), bytes(buffer)))  # type: ignore[attr-defined]
        else:
            size = file.seek(0, os.SEEK_CUR) if whence == os.SEEK_CUR else 0
            here = file.tell()
            end = file.seek(0, os.SEEK_END)
            file.seek(here)
            base = {os.SEEK_SET: 0, os.SEEK_CUR: size, os.SEEK_END: end}[whence]
            heard.append(file.seek(max(number, -base) if whence != os.SEEK_SET else abs(number), whence))
        heard.append(file.tell())
    return heard


@settings(max_examples=60, deadline=None)
@given(lengths, st.lists(st.integers(1, 2 * CHUNK), max_size=6))
@example(0, [])
@example(CHUNK, [CHUNK])
def test_any_length_in_any_pieces_comes_back(length: int, cuts: list[int]) -> None:
    content, pieces, at = NOISE[:length], [], 0
    for cut in cuts:
        pieces.append(content[at : at + cut])
        at += cut
    pieces.append(content[at:])
    sealed = b"".join(age.encrypt([IDENTITY.recipient], pieces))
    assert age.decrypt_bytes([IDENTITY], sealed) == content
    with age.open_sealed([IDENTITY], io.BytesIO(sealed)) as reader:
        assert reader.read() == content
    # the size is what the format says: header, nonce, one tag for each chunk
    header = sealed.index(b"\n--- ") + len("\n--- ") + 43 + 1
    assert len(sealed) == header + 16 + length + 16 * max(1, -(-length // CHUNK))


@settings(max_examples=60, deadline=None)
@given(lengths, moves)
def test_any_moves_are_answered_as_a_bytes_io_would(length: int, moves: list[tuple[str, int, int]]) -> None:
    content = NOISE[:length]
    sealed = b"".join(stream.seal(KEY, [content]))
    expected = play(io.BytesIO(content), moves)
    assert play(stream.Reader(KEY, io.BytesIO(sealed)), moves) == expected
    assert play(io.BufferedReader(stream.Reader(KEY, io.BytesIO(sealed)), CHUNK), moves) == expected


SHORT = age.encrypt_bytes([IDENTITY.recipient], b"short")
LONG_CONTENT = NOISE[: 2 * CHUNK + 50]
LONG = age.encrypt_bytes([IDENTITY.recipient], LONG_CONTENT)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LONG) - 1), st.integers(1, 255))
def test_any_changed_byte_gives_at_most_an_authentic_prefix_and_then_a_refusal(place: int, flip: int) -> None:
    changed = bytearray(LONG)
    changed[place] ^= flip
    released, refused = b"", False
    try:
        for plain in age.decrypt([IDENTITY], io.BytesIO(bytes(changed))):
            released += plain
    except SealBroken:
        refused = True
    assert refused
    assert LONG_CONTENT.startswith(released)
    try:
        got = age.open_sealed([IDENTITY], io.BytesIO(bytes(changed))).read()
    except SealBroken:
        got = b""
    assert got == b""


def test_every_changed_byte_of_a_short_file_is_refused() -> None:
    for place in range(len(SHORT)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(SHORT)
            changed[place] ^= flip
            try:
                got = age.decrypt_bytes([IDENTITY], bytes(changed))
            except SealBroken:
                continue
            raise AssertionError((place, flip, got))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(LONG) - 1))
def test_any_cut_is_refused(length: int) -> None:
    for cut in (LONG[:length], SHORT[: length % len(SHORT)]):
        try:
            got = age.open_sealed([IDENTITY], io.BytesIO(cut)).read()
        except SealBroken:
            continue
        raise AssertionError(len(got))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=60))
def test_foreign_bytes_are_refused_by_name_and_never_crash(body: bytes, head: bytes) -> None:
    for foreign in (body, b"age-encryption.org/v1\n" + body, SHORT[: len(head)] + body, SHORT[:-21] + body):
        try:
            age.decrypt_bytes([IDENTITY], foreign)
        except SealBroken as error:
            assert error.message.split(":")[0] in {  # noqa: PT017 - the refusal is one of two right outcomes
                "header", "header MAC", "payload", "no identity matches",
            }  # fmt: skip


@given(st.binary(max_size=100))
def test_unpadded_base64_has_one_spelling(content: bytes) -> None:
    text = encode_base64(content)
    assert decode_base64(text) == content
    for other in (text + "=", text + "A" * 4 + "=", text + "\n"):
        try:
            assert decode_base64(other) != content
        except SealBroken:
            continue
