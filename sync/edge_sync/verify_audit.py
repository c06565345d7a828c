r"""Checks an exported audit log, or the proof of one row, with Python and `cryptography` alone, and believes nothing it is told.

    python verify_audit.py EXPORT_DIR|PROOF_FILE [--checkpoints FILE] [--key BASE64] [--hq-key BASE64]

FILE is what HQ's `edge-hq audit export` wrote; the keys are those HQ enrolled (without them the export's own, and that is said).
HQ vouches only for what stands in FILE or is cosigned by the `--hq-key`: anybody can put a key of his own into an export.
Each row is hashed as SHA-256(0 || line), the Merkle tree (RFC 6962) is built anew, and its root must stand in a checkpoint (C2SP
signed note) of the box's key. Every checkpoint that HQ holds must be a root of this same tree. Exit 0 = nothing was
changed, 1 = something does not fit, 2 = usage; always with a sentence.
"""

import argparse
import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Keys = dict[str, bytes]
Head = tuple[str, int, bytes, bool]
"""Origin, size, root, whether HQ vouches for it."""
FIELDS = {"at", "body", "boot", "kind", "mono_ms", "seq"}
ALONE = "on the word of the box's key alone"


class WrongError(Exception):
    """What does not fit, as a sentence."""


def roots(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """The Merkle root over the first n leaves, for each n asked for."""
    found: dict[int, bytes] = {}
    peaks: list[tuple[int, bytes]] = []
    for n, leaf in enumerate(leaves, 1):
        level, top = 0, sha256(b"\x00" + leaf).digest()
        while peaks and peaks[-1][0] == level:
            level, top = level + 1, sha256(b"\x01" + peaks.pop()[1] + top).digest()
        peaks.append((level, top))
        if n in sizes:
            for _, left in reversed(peaks[:-1]):
                top = sha256(b"\x01" + left + top).digest()
            found[n] = top
    return found


def climbs(leaf: bytes, seq: int, size: int, proof: list[bytes]) -> bytes:
    """The root that row `seq` of a log of `size` rows leads to (RFC 9162, 2.1.3.2)."""
    here, last, top = seq - 1, size - 1, sha256(b"\x00" + leaf).digest()
    for sibling in proof:
        if last <= 0:
            raise WrongError("the proof is longer than its tree is high")
        if here & 1 or here == last:
            top = sha256(b"\x01" + sibling + top).digest()
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            top = sha256(b"\x01" + top + sibling).digest()
        here, last = here >> 1, last >> 1
    if last:
        raise WrongError("the proof is shorter than its tree is high")
    return top


def decoded(text: str) -> bytes:
    raw = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(raw).decode() != text:
        raise WrongError("base64 is spelled in an unusual way")
    return raw


def signed(line: str, name: str, kind: int, key: bytes, text: bytes) -> None:
    """Check one signature line of a note; kind 1 = the log itself, 4 = a witness with a time."""
    head, raw = f"— {name} ", b""
    if line.startswith(head):
        raw = decoded(line[len(head) :])
    if raw[:4] != sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]:
        raise WrongError("a checkpoint is not signed by the expected key")
    if kind == 4:
        text = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n".encode() + text
        raw = raw[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text)
    except InvalidSignature:
        raise WrongError("a checkpoint's signature does not hold") from None


def note(content: str, keys: Keys, *, hqs: bool = False) -> Head:
    """A checkpoint whose signatures hold; `hqs`: the HQ key, or the file that this stands in, is known to be HQ's."""
    text, _, lines = content.partition("\n\n")
    (origin, size, top), (first, *more) = text.split("\n"), lines.removesuffix("\n").split("\n")
    plain = size.isascii() and size.isdigit() and len(size) < 19 and size[0] != "0"
    if not plain or not lines.endswith("\n") or len(more) > 1:
        raise WrongError("a checkpoint is not written as one")
    signed(first, origin, 1, keys["gateway"], text.encode() + b"\n")
    if more:
        signed(more[0], "/".join([*origin.split("/")[:3], "hq"]), 4, keys.get("hq", b""), text.encode() + b"\n")
    return origin, int(size), decoded(top), hqs and bool(more)


def held(checkpoints: bytes, origin: str, keys: Keys) -> tuple[list[Head], list[str]]:
    """HQ's checkpoints of this log, and what else HQ knows of this gateway: a log that was begun anew, in its place or by it."""
    found, others = [], []
    for line in checkpoints.splitlines():
        said = json.loads(line)
        name = said["note"].split("\n")[0]
        head = note(said["note"], keys if name == origin else keys | {"gateway": decoded(said["key"])}, hqs=True)
        if name == origin:
            found.append(head)
        if name.rpartition("/")[0] == origin.rpartition("/")[0] and (name != origin or said["verdict"] == "replaced"):
            others.append(f"{name} ({said['verdict']}, {said['judged_at']})")
    if not found:
        raise WrongError("the checkpoints file holds none of this log")
    return found, others


def row(line: bytes, seq: int) -> None:
    read = json.loads(line)
    if not isinstance(read, dict) or set(read) != FIELDS or read["seq"] != seq:
        raise WrongError(f"row {seq} is not an audit row with that number")


def whole(rows: bytes, heads: list[Head]) -> str:
    """Check all rows against the box's newest head, first in `heads`, and the others; the sentence when all of it fits."""
    if not rows.endswith(b"\n"):
        raise WrongError("the last row is cut off")
    leaves = rows[:-1].split(b"\n")
    origin, size, _, _ = heads[0]
    if size != len(leaves) or any(name != origin for name, *_ in heads):
        raise WrongError(f"{len(leaves)} rows are here, the box signed {size}, or another log")
    made = roots(leaves, {at for _, at, _, _ in heads})
    for _, at, top, _ in sorted(heads):
        if at > size:
            raise WrongError(f"HQ has seen row {at}, this log ends at row {size}: its end was cut off")
        if made[at] != top:
            raise WrongError(f"row {at} or one before it was changed, added or taken away after it was signed")
    for seq, line in enumerate(leaves, 1):
        row(line, seq)
    until = max((at for _, at, _, by_hq in heads if by_hq), default=0)
    vouched = f"HQ vouches up to row {until}, the box's own key for the rest" if until else ALONE
    return f"{size} rows of log {origin}, nothing was changed; {vouched}"


def single(said: dict[str, Any], heads: list[Head], *, brought: bool) -> str:
    """Check the proof of one row against its head, first in `heads`, and HQ's if they were brought; the sentence when it fits."""
    origin, size, top, _ = heads[0]
    leaf, seq, proof = said["row"].encode(), said["seq"], [bytes.fromhex(one) for one in said["proof"]]
    row(leaf, seq)
    if not 0 < seq <= size or climbs(leaf, seq, size, proof) != top:
        raise WrongError(f"row {seq} does not stand in the log that was signed")
    same = [by_hq for *head, by_hq in heads if head == [origin, size, top]]
    if brought and len(same) == 1:
        raise WrongError("the checkpoint of this proof is not among those that HQ holds")
    return f"row {seq} stands in log {origin} of {size} rows, {'which HQ cosigned' if any(same) else ALONE}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check an exported audit log, or the proof of one row.")
    parser.add_argument("export", type=Path, help="the folder of `audit export`, or the file of `audit prove`")
    parser.add_argument("--checkpoints", type=Path, help="what HQ's `edge-hq audit export` wrote")
    parser.add_argument("--key", default="", help="the box's public key, as HQ enrolled it (base64)")
    parser.add_argument("--hq-key", default="", help="HQ's public key (base64)")
    given = parser.parse_args(arguments)
    try:
        folder = given.export if given.export.is_dir() else None
        told = json.loads((folder / "keys.json" if folder else given.export).read_bytes())
        keys = {name: decoded(text) for name, text in (told if folder else told["keys"]).items()}
        keys |= {name: decoded(text) for name, text in (("gateway", given.key), ("hq", given.hq_key)) if text}
        names = ("checkpoint.txt", "witnessed.txt")[: 1 + (given.export / "witnessed.txt").exists()]
        texts = [(folder / name).read_bytes().decode() for name in names] if folder else [told["checkpoint"]]
        heads = [note(text, keys, hqs=bool(given.hq_key)) for text in texts]
        brought, others = held(given.checkpoints.read_bytes(), heads[0][0], keys) if given.checkpoints else ([], [])
        heads += brought
        fits = single(told, heads, brought=bool(brought)) if not folder else whole((folder / "rows.jsonl").read_bytes(), heads)
    except WrongError as error:
        print(f"不一致 DOES NOT FIT: {error}.")
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"无法验证 CANNOT BE CHECKED: a file is missing or is not what its name says ({type(error).__name__}).")
        return 1
    print(f"一致 OK: {fits}.")
    if others:
        print(f"记录曾重新开始，请查问原因。 This gateway's history was begun anew; ask which box wrote: {', '.join(others)}.")
    for name, text, zh, en in (("gateway", given.key, "本机", "The box's"), ("hq", given.hq_key, "总部", "HQ's")):
        if not text and name in keys:
            print(f"{zh}公钥取自导出文件，请与总部核对。 {en} key was taken from the export, nobody vouches for it;"
                  f" HQ must know it as {base64.b64encode(keys[name]).decode()}.")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
