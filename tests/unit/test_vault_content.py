"""The content digest: the same for the same bytes however they are cut, another for any other bytes or another key."""

import hmac
from hashlib import sha256
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.poly1305 import Poly1305
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.vault.content import BLOCK_BYTES, ContentDigest

KEY = bytes(range(32))


def digest(*chunks: bytes, key: bytes = KEY) -> str:
    made = ContentDigest(key)
    for chunk in chunks:
        made.update(chunk)
    assert made.length == sum(map(len, chunks))
    return made.hexdigest()


def by_the_book(content: bytes) -> str:
    """The definition, in one piece."""
    block_key = hmac.digest(KEY, b"edge-agent content block v1", sha256)
    blocks = [content[at : at + BLOCK_BYTES] for at in range(0, len(content), BLOCK_BYTES)]
    if not blocks or len(blocks[-1]) == BLOCK_BYTES:
        blocks.append(b"")
    tags = b"".join(Poly1305.generate_tag(block_key, block) for block in blocks)
    return hmac.digest(hmac.digest(KEY, b"edge-agent content v1", sha256), tags + len(content).to_bytes(8, "big"), sha256).hex()


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES])
def test_the_digest_is_what_its_definition_says(size: int) -> None:
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    assert digest(content) == by_the_book(content)
    assert digest(*(content[at : at + 700_001] for at in range(0, size, 700_001))) == by_the_book(content)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_how_content_is_cut_does_not_matter(content: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    assert digest(*(content[a:b] for a, b in pairwise(edges))) == digest(content)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_other_content_has_another_digest(one: bytes, other: bytes) -> None:
    assert (digest(one) == digest(other)) == (one == other)


def test_without_the_key_nothing_is_recognised() -> None:
    assert digest(b"abc") != digest(b"abc", key=bytes(32))
    assert digest(b"abc") != sha256(b"abc").hexdigest()
