"""The tree against pymerkle, against RFC 9162's recursive words, and against every wrong proof."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from edge_sync import merkle

SIZES = range(1, 40)


def contents(size: int) -> list[bytes]:
    return [f"leaf {n}".encode() for n in range(size)]


class Kept:
    """A tree as its keeper has it: complete subtrees only."""

    def __init__(self, size: int) -> None:
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.made = 0
        for place, content in enumerate(contents(size)):
            leaf = merkle.leaf_hash(content)
            self.nodes[0, place] = leaf
            for level, at, found in merkle.completed(place, leaf, self.node):
                self.nodes[level, at] = found
                self.made += 1

    def node(self, level: int, place: int) -> bytes:
        return self.nodes[level, place]


def mth(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, as it is written there."""
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def subproof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162 2.1.4.1, as it is written there."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def pymerkle(size: int) -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for content in contents(size):
        tree.append_entry(content)
    return tree


def test_roots_and_inclusion_proofs_are_pymerkles() -> None:
    kept, oracle = Kept(40), pymerkle(40)
    for size in SIZES:
        assert merkle.root(size, kept.node) == oracle.get_root(size) == mth(contents(size))
        assert merkle.root_of(merkle.leaf_hash(one) for one in contents(size)) == oracle.get_root(size)
        for place in range(size):
            _, *path = oracle.prove_inclusion(place + 1, size).serialize()["path"]
            assert [one.hex() for one in merkle.inclusion(place, size, kept.node)] == path


def test_consistency_proofs_are_the_rfcs() -> None:
    kept = Kept(40)
    for new in SIZES:
        for old in range(1, new + 1):
            assert merkle.consistency(old, new, kept.node) == subproof(old, contents(new))


def test_the_empty_tree_has_the_rfcs_root() -> None:
    assert merkle.root(0, Kept(1).node) == merkle.root_of([]) == sha256(b"").digest()


@given(size=st.integers(1, 300), data=st.data())
def test_what_is_proved_verifies_and_nothing_else_does(size: int, data: st.DataObject) -> None:
    kept = Kept(size)
    top = merkle.root(size, kept.node)
    place = data.draw(st.integers(0, size - 1))
    leaf, proof = kept.node(0, place), merkle.inclusion(place, size, kept.node)
    assert len(proof) <= max(size - 1, 1).bit_length()
    assert merkle.includes(leaf, place, size, top, proof)
    assert not merkle.includes(sha256(b"other").digest(), place, size, top, proof)
    assert not merkle.includes(leaf, place, size, top, [*proof, top])
    for wrong in {place - 1, place + 1, size, -1} - {place}:
        assert not merkle.includes(leaf, wrong, size, top, proof)
    old = data.draw(st.integers(1, size))
    before, grown = merkle.root(old, kept.node), merkle.consistency(old, size, kept.node)
    assert merkle.extends(old, before, size, top, grown)
    assert not merkle.extends(old, sha256(b"other").digest(), size, top, grown)
    assert not merkle.extends(old, before, size, sha256(b"other").digest(), grown)
    assert not merkle.extends(old, before, size, top, [*grown, top])
    for n in range(len(grown)):
        assert not merkle.extends(old, before, size, top, grown[:n] + grown[n + 1 :])
        assert not merkle.extends(old, before, size, top, [*grown[:n], sha256(grown[n]).digest(), *grown[n + 1 :]])


def test_sizes_that_cannot_be_are_refused() -> None:
    kept = Kept(3)
    for old, new in ((0, 3), (4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="earlier tree"):
            merkle.consistency(old, new, kept.node)
        assert not merkle.extends(old, b"", new, b"", [b"x"])
    for place in (-1, 3):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion(place, 3, kept.node)


def test_appending_makes_one_node_per_leaf_at_most() -> None:
    assert Kept(1000).made < 1000
