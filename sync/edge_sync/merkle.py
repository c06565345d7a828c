"""The Merkle tree of RFC 6962 / RFC 9162 (section 2.1) over SHA-256: roots, inclusion and consistency proofs, and their checks.

Pure and iterative. Trees are spoken of by `size` (number of leaves); leaves count from 0. Who makes a root or a proof gives
`node(level, place)`: the hash over the complete subtree of the 2**level leaves from `place * 2**level` on (level 0: a leaf's
own hash). Such a subtree never changes once it is complete, so whoever keeps them appends in amortised O(1) and proves in
O(log n). Who checks needs nothing but the proof.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

Node = Callable[[int, int], bytes]
"""(level, place) -> hash of that complete subtree."""

EMPTY: Final = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(content: bytes) -> bytes:
    return sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def completed(place: int, leaf: bytes, node: Node) -> Iterator[tuple[int, int, bytes]]:
    """(level, place, hash) of every subtree above level 0 that leaf number `place` completes; one on average."""
    level, found = 0, leaf
    while place & 1:
        found = node_hash(node(level, place - 1), found)
        level, place = level + 1, place >> 1
        yield level, place, found


def root(size: int, node: Node) -> bytes:
    """MTH of the first `size` leaves."""
    return _span(0, size, node)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """MTH of leaf hashes, all of them given: what a reader without any kept subtree computes."""
    ends: list[tuple[int, bytes]] = []
    for leaf in leaves:
        level, found = 0, leaf
        while ends and ends[-1][0] == level:
            found = node_hash(ends.pop()[1], found)
            level += 1
        ends.append((level, found))
    return _fold([found for _, found in ends])


def inclusion(place: int, size: int, node: Node) -> list[bytes]:
    """PATH(place, D[size]) of RFC 9162 2.1.3.1, lowest sibling first; ValueError outside the tree."""
    if not 0 <= place < size:
        raise ValueError("no such leaf in that tree")
    proof, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if place < middle:
            proof.append(_span(middle, end, node))
            end = middle
        else:
            proof.append(_span(begin, middle, node))
            begin = middle
    return proof[::-1]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 9162 2.1.4.1; empty for equal sizes; ValueError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError("the earlier tree is empty, or larger than the later one")
    proof, begin, end, whole = [], 0, new, True
    while end > old:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_span(middle, end, node))
            end = middle
        else:
            proof.append(_span(begin, middle, node))
            begin, whole = middle, False
    if not whole:
        proof.append(_span(begin, end, node))
    return proof[::-1]


def includes(leaf: bytes, place: int, size: int, top: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `leaf` stands at `place` of the tree of `size` with root `top` (RFC 9162 2.1.3.2)."""
    if not 0 <= place < size:
        return False
    here, last, found = place, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and found == top


def extends(old: int, old_top: bytes, new: int, new_top: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162 2.1.4.2)."""
    if old == new:
        return not proof and old_top == new_top
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_top, *proof]
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and before == old_top and after == new_top


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _span(begin: int, end: int, node: Node) -> bytes:
    """MTH of leaves `begin`..`end`; `begin` is a multiple of the power of two that holds the span, as every split makes it."""
    peaks = []
    for level in reversed(range((end - begin).bit_length())):
        if (end - begin) >> level & 1:
            peaks.append(node(level, begin >> level))
            begin += 1 << level
    return _fold(peaks)


def _fold(peaks: list[bytes]) -> bytes:
    if not peaks:
        return EMPTY
    found = peaks[-1]
    for left in reversed(peaks[:-1]):
        found = node_hash(left, found)
    return found
