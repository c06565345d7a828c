"""Bech32 (BIP 173) as age uses it: keys as text with a checksum, of any length.

Rules: all lower or all upper case; the polymod checksum constant is 1; padding bits are zero and fewer than five.
"""

from typing import Final

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6


def encode(prefix: str, content: bytes) -> str:
    """`content` under the human-readable `prefix`, in lower case."""
    values = _regroup(content, 8, 5, pad=True)
    checked = _polymod([*_expand(prefix), *values, *[0] * _CHECKSUM]) ^ 1
    checksum = [(checked >> 5 * (_CHECKSUM - 1 - i)) & 31 for i in range(_CHECKSUM)]
    return f"{prefix}1" + "".join(_ALPHABET[value] for value in [*values, *checksum])


def decode(text: str) -> tuple[str, bytes]:
    """Prefix (lower case) and content of `text`.

    Raises:
        ValueError: mixed case, a foreign character, a wrong checksum or bad padding.
    """
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixed case")
    prefix, separator, digits = text.lower().rpartition("1")
    if not separator or not prefix or len(digits) < _CHECKSUM:
        raise ValueError("too short")
    if not all("!" <= character <= "~" for character in prefix):
        raise ValueError("foreign character in the prefix")
    values = [_ALPHABET.find(digit) for digit in digits]
    if -1 in values:
        raise ValueError("foreign character")
    if _polymod([*_expand(prefix), *values]) != 1:
        raise ValueError("wrong checksum")
    return prefix, bytes(_regroup(values[:-_CHECKSUM], 5, 8, pad=False))


def _expand(prefix: str) -> list[int]:
    return [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            check ^= term if top >> bit & 1 else 0
    return check


def _regroup(values: bytes | list[int], width: int, target: int, *, pad: bool) -> list[int]:
    pool, bits, out = 0, 0, []
    for value in values:
        pool, bits = pool << width | value, bits + width
        while bits >= target:
            bits -= target
            out.append(pool >> bits & (1 << target) - 1)
        pool &= (1 << bits) - 1
    if pad and bits:
        out.append(pool << target - bits)
    elif not pad and (bits >= width or pool):
        raise ValueError("bad padding")
    return out
