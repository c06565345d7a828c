"""Checks a bundle before anything of it runs: the signature of SHA256SUMS, then every file against it, and no file besides.

Needs nothing but the Python that Debian has, so that no code of the bundle is needed to trust it. Ed25519 as in RFC 8032,
verification only (public values: no secret is handled, so time does not matter).
"""

import argparse
import sys
from base64 import b64decode
from collections.abc import Iterator
from hashlib import file_digest, sha512
from pathlib import Path

SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]


def add(a: Point, b: Point) -> Point:
    """Extended coordinates (X, Y, Z, T), RFC 8032 section 5.1.4."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return (i * j % P, k * m % P, j * k % P, i * m % P)


def times(number: int, point: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = add(found, point)
        point = add(point, point)
        number >>= 1
    return found


def unpacked(raw: bytes) -> Point:
    """A point from its 32 bytes; ValueError when there is none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (not x and sign):
        raise ValueError("not a point")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = unpacked((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `key` signed `message`."""
    try:
        if len(key) != 32 or len(signature) != 64:
            return False
        a, r, s = unpacked(key), unpacked(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    if s >= ORDER:
        return False
    h = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def listed(root: Path) -> dict[str, str]:
    """What SHA256SUMS says: path -> digest. ValueError for a line that is none, or a path that leaves the bundle."""
    found = {}
    for line in (root / SUMS).read_text(encoding="utf-8").splitlines():
        digest, mark, path = line[:64], line[64:66], line[66:]
        if len(digest) != 64 or set(digest) - set("0123456789abcdef") or mark not in {"  ", " *"}:
            raise ValueError("SHA256SUMS has a line that is none")
        path = path.removeprefix("./")
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ValueError("SHA256SUMS names a path outside the bundle")
        found[path] = digest
    return found


def wrong(root: Path) -> Iterator[str]:
    """Every file that is missing, changed, a link, or not listed."""
    sums = listed(root)
    for path, digest in sums.items():
        file = root / path
        if file.is_symlink() or not file.is_file():
            yield f"缺少 missing: {path}"
            continue
        with file.open("rb") as content:
            if file_digest(content, "sha256").hexdigest() != digest:
                yield f"已被改动 changed: {path}"
    for file in sorted(root.rglob("*")):
        path = file.relative_to(root).as_posix()
        if (file.is_symlink() or not file.is_dir()) and path not in sums and path not in {SUMS, SIGNATURE}:
            yield f"多出的文件 not listed: {path}"


def untrusted(root: Path, key: str) -> str:
    """Why the signature of SHA256SUMS does not count; empty when it does."""
    if not key:
        return "没有公钥：用 --key 给出，或用 --unsigned | no key to check the signature with: give --key, or --unsigned"
    file = root / SIGNATURE
    signature = file.read_bytes() if file.is_file() else b""
    if signed(b64decode(key), (root / SUMS).read_bytes(), signature):
        return ""
    return "签名不对，不要安装 | the signature does not verify: do not install this"


def main() -> int:
    arguments = argparse.ArgumentParser(description="Check a bundle: signature, then every file.")
    arguments.add_argument("bundle", type=Path)
    trust = arguments.add_mutually_exclusive_group()
    trust.add_argument("--key", default="", help="base64 of the Ed25519 public key")
    trust.add_argument("--unsigned", action="store_true", help="check the sums only")
    given = arguments.parse_args()
    try:
        reason = "" if given.unsigned else untrusted(given.bundle, given.key)
        problems = [reason] if reason else list(wrong(given.bundle))
    except (ValueError, OSError) as error:
        problems = [f"{type(error).__name__}: {error}"]
    for problem in problems[:20]:
        print(f"安装包校验失败 bundle refused: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
