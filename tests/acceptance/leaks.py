"""Looks for anything a person could have said in bytes that leave: the oracle of the leak test, independent of the product.

`peel` undoes what could hide a sentence (zstd, gzip/zlib, JSON escapes, base64, hex, percent-encoding), again and again;
`leaks` names what it found in any of the layers. `publishes` cuts MQTT PUBLISH packets out of a recorded client stream.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote_to_bytes

import zstandard

HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]{3,}")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){9,}")
DEPTH = 6


def publishes(stream: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """(topic, properties, payload) of each whole PUBLISH in a client-to-broker MQTT 5 byte stream."""
    at = 0
    while at + 2 <= len(stream):
        kind, flags = stream[at] >> 4, stream[at] & 15
        length, shift, cursor = 0, 0, at + 1
        while True:
            if cursor >= len(stream):
                return
            byte = stream[cursor]
            length |= (byte & 127) << shift
            shift += 7
            cursor += 1
            if byte < 128:
                break
        body = stream[cursor : cursor + length]
        if len(body) < length:
            return
        at = cursor + length
        if kind != 3:
            continue
        size = int.from_bytes(body[:2])
        topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
        if flags & 6:
            rest = rest[2:]
        properties, used = rest[1 : 1 + rest[0]], 1 + rest[0]
        assert rest[0] < 128, "longer properties than this reader expects"
        yield topic, properties, rest[used:]


def peel(raw: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """`raw` and everything that can be unwrapped from it."""
    yield raw
    if depth == 0 or len(raw) < 4:
        return
    inner: list[bytes] = []
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        inner.append(zstandard.ZstdDecompressor().decompressobj().decompress(raw))
    inner.extend(_inflated(raw))
    with suppress(ValueError, RecursionError):
        inner.extend(_strings(json.loads(raw)))
    if b"\\u" in raw:
        inner.append(re.sub(rb"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)).encode("utf-8", "replace"), raw))
    for match in BASE64.finditer(raw):
        text = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(min(4, len(text))):
            piece = text[start:]
            try:
                inner.append(base64.b64decode(piece[: len(piece) // 4 * 4] + (b"" if len(piece) % 4 == 0 else _tail(piece))))
            except binascii.Error:
                continue
    inner.extend(bytes.fromhex(match[0].decode()) for match in HEX.finditer(raw))
    if b"%" in raw:
        inner.append(unquote_to_bytes(raw))
    for one in inner:
        if one and one != raw:
            yield from peel(one, depth - 1)


def _inflated(raw: bytes) -> Iterator[bytes]:
    """What whole zlib, gzip or bare DEFLATE streams hold; a stream that is not whole is noise that happens to inflate.

    A signature starts like a bare DEFLATE stream now and then, and its few repeats can look like one character said again
    and again. Bare DEFLATE has no checksum, so it must end with the last byte besides.
    """
    for wbits in (15, 31, -15):
        stream = zlib.decompressobj(wbits)
        with suppress(zlib.error):
            plain = stream.decompress(raw, 1 << 20)
            if stream.eof and (wbits > 0 or not stream.unused_data):
                yield plain


def _tail(piece: bytes) -> bytes:
    rest = piece[len(piece) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _strings(value: object) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key.encode("utf-8", "replace")
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _is_text(layer: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return bool(layer.decode("utf-8")) and b"\0" not in layer
    return False


def _everyday(run: str) -> bool:
    """Three characters in a row of GB 2312's level one (rows 16 to 55: 0xB0 to 0xD7)."""
    return "111" in "".join("1" if 0xB0 <= one.encode("gb2312", "replace")[0] <= 0xD7 else "0" for one in run)


def leaks(raw: bytes, canaries: frozenset[str]) -> set[str]:
    """What no outgoing byte may hold: a run of three Han characters, or any canary (case ignored), in any layer.

    In a layer that is not text (a signature, a digest) three rare characters in a row come up by chance, about once in
    4,000 messages; there the run must hold three of the 3,755 characters of everyday use (GB 2312, level one).
    """
    found: set[str] = set()
    for layer in peel(raw):
        for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
            if encoding != "utf-8" and layer is not raw and len(layer) > 4096:
                continue
            text = layer.decode(encoding, "ignore")
            if encoding == "utf-8":
                runs = HAN_RUN.findall(text)
                found.update(f"han:{run}" for run in runs if _is_text(layer) or _everyday(run))
            lowered = text.lower()
            found.update(f"canary:{word}" for word in canaries if word.lower() in lowered)
    return found
