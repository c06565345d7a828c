"""Keys that can be destroyed: a small one for each object, all of them in a record under one epoch key of 32 bytes.

A ring is a row of epochs, of which one is current: `<n>.records` (the objects' keys, encrypted) and, in another folder,
`<ring>.<n>.key` (the epoch key). A new object costs one appended frame and one fsync. Destroying keys writes the others as
record n+1 under a new epoch key, makes that durable, and only then overwrites, fsyncs and unlinks key n. From then on no block
of any earlier record opens, and with it nothing that was sealed under the keys that are missing from record n+1.

Killed at any moment, a ring is in epoch n or in epoch n+1, whole; what is left of the other goes with the next change. A frame
that was torn by a power cut is cut off before the next one; anything else that does not verify is SealBroken, never skipped.
A record without its key (or a restored older one) is lost for good and said so: never back these key files up.

What that gives: whatever survives of records and wraps on flash, in snapshots, in backups of the vault, opens nothing. What it
does not: the 32 bytes of an epoch key lie in a file, and flash may remap even an overwritten block. Who reads the raw chips and
finds that one block can open the record it belonged to. Put the folder on a medium that forgets, or behind a TPM, to close that.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from edge_agent.vault import durable
from edge_agent.vault.refusal import broken

KEY_BYTES: Final = 32
_MAGIC: Final = b"edge-agent epoch 1\n"
_ID_BYTES: Final = 16
_ENTRY_BYTES: Final = _ID_BYTES + KEY_BYTES
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_FRAME_BYTES: Final = _NONCE_BYTES + _ENTRY_BYTES + _TAG_BYTES
_LARGEST_BYTES: Final = 1 << 30
_RECORDS: Final = re.compile(r"(\d{8})\.records")


def lock_away(key: bytes, context: str, secret: bytes) -> bytes:
    """`secret` under an object's key: nonce, then ChaCha20-Poly1305 with `context` as associated data."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, secret, context.encode())


def take_out(key: bytes, context: str, sealed: bytes) -> bytes:
    """What `lock_away` was given; SealBroken for another key, context or a changed byte."""
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise broken("epoch: it is not sealed under this object's key, or was changed") from error


@dataclass(slots=True, kw_only=True)
class _Epoch:
    """A record as far as it was read; `end` is where the next frame goes."""

    number: int
    key: bytes = field(repr=False)
    inode: int
    started_at: datetime
    keys: dict[str, bytes] = field(repr=False)
    frames: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochStats:
    """The current epoch; `number` 0 and no start before the first object."""

    number: int
    keys: int
    started_at: datetime | None


class Epochs:
    """One ring. Safe beside other processes and threads: every act holds the ring's file lock."""

    def __init__(self, records: Path, keys: Path, ring: str) -> None:
        self._ring = ring
        self._records = durable.folder(records / ring)
        self._keys = durable.folder(keys)
        self._read: _Epoch | None = None

    def new(self, object_id: str, *, now: datetime) -> bytes:
        """A fresh key for `object_id`, durable when this returns."""
        with self._held(alone=True):
            epoch = self._current() or self._begin(1, {}, now)
            key = secrets.token_bytes(KEY_BYTES)
            frame = _sealed(epoch.key, self._place(epoch.number, epoch.frames), UUID(object_id).bytes + key)
            durable.append(self._path(epoch.number), frame, at=epoch.end)
            return key

    def key(self, object_id: str) -> bytes:
        """The object's key.

        Raises:
            SealBroken: there is none (shredded, or sealed before there were epoch keys), or record or epoch key are lost.
        """
        found = self._all().get(object_id)
        if found is None:
            raise broken(f"epoch: no {self._ring} key for object {object_id}: it was shredded, or sealed by an older build")
        return found

    def objects(self) -> list[str]:
        """Ids that have a key here, oldest first."""
        return sorted(self._all())

    def destroy(self, object_ids: Iterable[str], *, now: datetime) -> bool:
        """Destroy these keys for good, all in one new epoch; False when none of them was here.

        Raises:
            Unavailable: the disk is full or fails; the ring is in one epoch or the other, and a repeat finishes.
        """
        with self._held(alone=True):
            epoch = self._current()
            if epoch is None:
                return False
            gone = set(object_ids)
            rest = {name: key for name, key in epoch.keys.items() if name not in gone}
            turned = len(rest) < len(epoch.keys)
            self._bury(self._begin(epoch.number + 1, rest, now).number if turned else epoch.number)
            return turned

    def begun(self) -> bool:
        """Whether there is a record at all."""
        return bool(self._numbers())

    def stats(self) -> EpochStats:
        with self._held(alone=False):
            epoch = self._current()
        if epoch is None:
            return EpochStats(number=0, keys=0, started_at=None)
        return EpochStats(number=epoch.number, keys=len(epoch.keys), started_at=epoch.started_at)

    def _all(self) -> Mapping[str, bytes]:
        with self._held(alone=False):
            epoch = self._current()
            return {} if epoch is None else epoch.keys

    def _current(self) -> _Epoch | None:
        """The highest record, read as far as it goes now."""
        numbers = self._numbers()
        if not numbers:
            self._refuse_lost()
            return None
        number = numbers[-1]
        inode, content = durable.identify(self._path(number)), b""
        epoch = self._read
        if epoch is None or (epoch.number, epoch.inode) != (number, inode):
            content = durable.read(self._path(number), limit=_LARGEST_BYTES)
            epoch = self._opened(number, inode, content)
        else:
            content = durable.read(self._path(number), limit=_LARGEST_BYTES, start=epoch.end)
            self._follow(epoch, content)
        self._read = epoch
        return epoch

    def _opened(self, number: int, inode: int, content: bytes) -> _Epoch:
        key = self._epoch_key(number)
        start = len(_MAGIC) + 4
        if not content.startswith(_MAGIC) or len(content) < start:
            raise self._damaged(number)
        count = int.from_bytes(content[len(_MAGIC) : start])
        end = start + _NONCE_BYTES + 8 + count * _ENTRY_BYTES + _TAG_BYTES
        first = _opened(key, self._place(number, 0), content[start:end])
        if first is None or len(content) < end:
            raise self._damaged(number)
        epoch = _Epoch(
            number=number, key=key, inode=inode, started_at=datetime.fromtimestamp(int.from_bytes(first[:8]) / 1000, UTC),
            keys=dict(_entries(first[8:])), frames=1, end=end,
        )  # fmt: skip
        self._follow(epoch, content[end:])
        return epoch

    def _follow(self, epoch: _Epoch, more: bytes) -> None:
        """Frames appended since; a torn last one is not there yet."""
        for at in range(0, len(more) - _FRAME_BYTES + 1, _FRAME_BYTES):
            plain = _opened(epoch.key, self._place(epoch.number, epoch.frames), more[at : at + _FRAME_BYTES])
            if plain is None:
                if len(more) - at > _FRAME_BYTES:
                    raise self._damaged(epoch.number)
                return
            epoch.keys.update(_entries(plain))
            epoch.frames += 1
            epoch.end += _FRAME_BYTES

    def _begin(self, number: int, keys: Mapping[str, bytes], now: datetime) -> _Epoch:
        """Make epoch `number` current, with these keys: the epoch key first, then the record, each durable."""
        fresh = secrets.token_bytes(KEY_BYTES)
        durable.write(self._key_path(number), fresh)
        said = int(now.timestamp() * 1000).to_bytes(8) + b"".join(UUID(name).bytes + key for name, key in keys.items())
        head = _MAGIC + len(keys).to_bytes(4)
        durable.write(self._path(number), head + _sealed(fresh, self._place(number, 0), said))
        current = self._current()
        assert current is not None
        return current

    def _bury(self, current: int) -> None:
        """Every other epoch, its key first and overwritten; also what a kill left of an epoch that never began."""
        durable.settle(self._keys)  # a killed predecessor may have named the current files without that
        durable.settle(self._records)
        for name in durable.names(self._keys):
            ring, _, rest = name.partition(".")
            if ring == self._ring and name != self._key_path(current).name and rest:
                durable.shred(self._keys / name)
        for name in durable.names(self._records):
            if name not in {self._path(current).name, "lock"}:
                durable.destroy(self._records / name)

    def _epoch_key(self, number: int) -> bytes:
        path = self._key_path(number)
        content = durable.read(path) if durable.exists(path) else b""
        if len(content) != KEY_BYTES:
            raise broken(f"epoch: the key {path.name} is lost or damaged; what its record protects cannot be opened any more")
        return content

    def _refuse_lost(self) -> None:
        """The first epoch's key may stand alone after a kill; a later one means that a record is gone."""
        first = self._key_path(1).name
        names = [name for name in durable.names(self._keys) if name.startswith(f"{self._ring}.") and name.endswith(".key")]
        if any(name > first for name in names):
            raise broken(f"epoch: the {self._ring} record is missing; put the vault's epochs folder back")

    def _numbers(self) -> list[int]:
        return [int(match[1]) for name in durable.names(self._records) if (match := _RECORDS.fullmatch(name))]

    def _place(self, number: int, frame: int) -> bytes:
        return f"edge-agent epoch {self._ring} {number} {frame}".encode()

    def _path(self, number: int) -> Path:
        return self._records / f"{number:08}.records"

    def _key_path(self, number: int) -> Path:
        return self._keys / f"{self._ring}.{number:08}.key"

    def _damaged(self, number: int) -> Exception:
        return broken(f"epoch: the {self._ring} record {number} is damaged")

    @contextmanager
    def _held(self, *, alone: bool) -> Iterator[None]:
        with durable.locked(self._records / "lock", alone=alone):
            yield


def _sealed(key: bytes, place: bytes, plain: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, place)


def _opened(key: bytes, place: bytes, sealed: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
    except (InvalidTag, ValueError):
        return None


def _entries(plain: bytes) -> Iterator[tuple[str, bytes]]:
    for at in range(0, len(plain), _ENTRY_BYTES):
        yield str(UUID(bytes=plain[at : at + _ID_BYTES])), plain[at + _ID_BYTES : at + _ENTRY_BYTES]
