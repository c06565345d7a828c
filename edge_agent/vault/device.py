"""The vault of one box: seals streams, opens them while they are hot, and afterwards keeps what only two officers can open.

An object is `objects/<id>.age` (or `rejected/<id>.age`), sealed for an identity of its own; that identity exists on the disk only
as two shares (`shares/<id>.legal.age`, `.hr.age`) and, while the object is hot, as a wrap for the box itself (`hot/<id>.age`).
Shares and hot wrap hold their secret locked under a key of the object's own that can be destroyed (see `ways` and `epochs`).
`manifests/<id>.json` is written last: an object without a manifest was never sealed, and `sweep` removes what is left of it.

What shredding proves: `close` destroys the key of the hot wrap, `shred` also that of both shares, for good. From then on
whatever is found of wraps, shares, old requests and ciphertext, in old blocks of a flash disk, in a snapshot or in a backup
of the vault, opens nothing, not even for somebody who holds the device key and one key of LEGAL and one of HR. What remains
is said in `epochs`: the one block of the epoch key that was overwritten.

Two processes may seal side by side: the worker, under its lock, and who listens live, under the listening lock; any may verify,
list and shred. Only the worker sweeps, and leaves alone what the other one may be sealing.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from edge_agent import ids, log
from edge_agent.errors import NotAllowed, NotFound, SealBroken
from edge_agent.ports import Clock, Sealed
from edge_agent.vault import age, durable, manifest, signed
from edge_agent.vault.beside import Beside
from edge_agent.vault.content import ContentDigest
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.manifest import Manifest
from edge_agent.vault.refusal import broken
from edge_agent.vault.shares import Role
from edge_agent.vault.ways import Ways
from edge_agent.vault.wraps import checked
from edge_agent.vault.x25519 import Identity

_BLOCK: Final = 1 << 20
_GROUP: Final = 16
_MOST_TORN: Final = 16
"""A few kills in a row leave a few objects without a manifest. A lone half-written object was never whole and counts for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How much lies here. `hot` objects can be opened by root on this box; `oldest_hot_at` is when the oldest was sealed.

    `epoch` counts the times that keys of shares were destroyed (from 1); `epoch_at` is when the present epoch began.
    """

    objects: int
    rejected: int
    hot: int
    oldest_hot_at: datetime | None
    epoch: int
    epoch_at: datetime | None


class DeviceVault:
    """Implements `ports.Vault`, and what status, retention and the officers' way need besides."""

    def __init__(self, root: Path, keys: DeviceKeys, clock: Clock) -> None:
        self.keys = keys
        self._clock = clock
        self._objects = durable.folder(root / "objects")
        self._rejected = durable.folder(root / "rejected")
        self._manifests = durable.folder(root / "manifests")
        self._ways = Ways(root, keys)
        self._folders = [self._objects, self._rejected, self._manifests, *self._ways.folders]

    def seal(self, object_id: str, chunks: Iterable[bytes], *, retention: str) -> Sealed:
        """Encrypt a stream as it comes, in bounded memory. When this returns, object, shares, hot wrap and manifest are durable.

        Raises:
            NotAllowed: `object_id` is taken, or `retention` is no code. NotFound: `object_id` is no generated id.
            Unavailable: the disk is full or fails. What `chunks` raises passes through. Either way nothing is left.
            SealBroken: the record of the objects' keys is lost or damaged.
        """
        self._refuse_taken(object_id)
        self._refuse_lost()
        if re.match(manifest.CODE, retention) is None:
            raise NotAllowed("a retention class is a short code", remedy="use the recording's kind or the object's use")
        identity, content = Identity.generate(), ContentDigest(self.keys.digest_key)
        sealed_bytes = 0
        with ExitStack() as undo, Beside(sha256()) as seal_hash:
            undo.callback(self._clear, object_id)
            with durable.writing(self._object(self._objects, object_id)) as file:
                for pieces in _grouped(age.encrypt([identity.recipient], _digested(chunks, content))):
                    seal_hash.update(pieces)
                    durable.write_pieces(file, pieces)
                    sealed_bytes += sum(map(len, pieces))
            now = self._clock.now()
            self._ways.make(object_id, identity, now=now)
            said = Manifest(
                object=object_id, sha256=seal_hash.hexdigest(), bytes=sealed_bytes, retention=retention,
                recipients=self.keys.recipients_digest, created_at=now,
            )  # fmt: skip
            durable.write(self._manifest(object_id), signed.sign(said, manifest.CONTEXT, self.keys.sign))
            undo.pop_all()
            return Sealed(
                object_id=object_id, digest=content.hexdigest(), plain_bytes=content.length, sealed_bytes=sealed_bytes,
                sha256=said.sha256,
            )  # fmt: skip

    def recalled(self, object_id: str) -> Sealed | None:
        """What `seal` gave, told anew: after a power cut the manifest may stand and the ledger know nothing of it.

        None for what has no manifest, and for what is closed: then somebody had begun to reject it.

        Raises:
            SealBroken: as `verify` and `open_hot`.
        """
        if not self._is_sealed(object_id) or not self.is_hot(object_id):
            return None
        said, content = self.verify(object_id), ContentDigest(self.keys.digest_key)
        with self.open_hot(object_id) as plain:
            while block := plain.read(_BLOCK):
                content.update(block)
        return Sealed(
            object_id=object_id, digest=content.hexdigest(), plain_bytes=content.length, sealed_bytes=said.bytes,
            sha256=said.sha256,
        )  # fmt: skip

    @contextmanager
    def open_hot(self, object_id: str) -> Iterator[BinaryIO]:
        """A seekable plaintext view, decrypted in memory chunk by chunk.

        Raises:
            NotFound: no such object. NotAllowed: it is closed. SealBroken: manifest, header, length or a chunk does not verify.
        """
        self.manifest(object_id)
        identity = self._ways.hot_identity(object_id)
        with self.open_with(object_id, identity) as plain:
            yield plain

    @contextmanager
    def open_with(self, object_id: str, identity: Identity) -> Iterator[BinaryIO]:
        """The same view for whoever holds the object's identity (see `unseal`)."""
        said = self.manifest(object_id)
        with durable.open_read(self._where(object_id)) as sealed:
            if sealed.seek(0, 2) != said.bytes:
                raise broken(f"manifest: object {object_id} has another size than was sealed")
            sealed.seek(0)
            with age.open_sealed([identity], sealed) as plain:
                yield plain

    def join(self, object_id: str, halves: dict[Role, bytes]) -> Identity:
        """The object's identity, from what both officers released; NotFound, SealBroken."""
        self.manifest(object_id)
        return self._ways.join(object_id, halves)

    def close(self, object_id: str) -> None:
        """Destroy the box's own way in (the hot wrap and its key), for good; idempotent."""
        if self._ways.close(checked(object_id), now=self._clock.now()):
            log.get().info("object.closed", object=object_id)

    def reject(self, object_id: str) -> None:
        """Close an object and move it into `rejected/`; idempotent. An object that was never sealed is cleared away."""
        self.close(object_id)
        if not self._is_sealed(object_id):
            self._destroy((object_id,))
            return
        durable.move(self._object(self._objects, object_id), self._object(self._rejected, object_id))

    def expire(self, object_id: str) -> None:
        """`shred` one."""
        self.shred((object_id,))

    def shred(self, object_ids: Sequence[str]) -> None:
        """Destroy these objects for good: files, then their keys in one new epoch, then manifests; idempotent.

        Killed in between, an object stays in `objects` until a repeat finishes it. Files go before keys so that a full disk
        gives way; what that proves stands in the module.
        """
        self._destroy(object_ids)
        for object_id in object_ids:
            log.get().info("object.expired", object=object_id)

    def sweep(self, *, since: str | None = None) -> tuple[str, ...]:
        """After a power cut: remove half-written files and objects that never got their manifest; gives their ids.

        Only while nothing is being sealed but what has an id after `since`, which is left alone. The plain file of an object that
        goes still lies where it came from; of live sound nothing is left.

        Raises:
            SealBroken: so many lack a manifest that it is the manifests that were lost; nothing is removed then.
        """
        self._refuse_lost()

        def spared(one: str) -> bool:
            return since is not None and ids.is_id(one) and one > since

        files = [(folder, name) for folder in self._folders for name in durable.names(folder)]
        stems = sorted({name.split(".", 1)[0] for _, name in files})
        torn = tuple(stem for stem in stems if ids.is_id(stem) and not spared(stem) and not self._is_sealed(stem))
        whole = {name.split(".", 1)[0] for _, name in files if not name.endswith(durable.PART)}
        lost = sum(stem in whole for stem in torn)
        if lost > _MOST_TORN:
            raise broken(f"manifest: {lost} objects have none; restore the manifests folder")
        for folder, name in files:
            if name.endswith(durable.PART) and not spared(name.split(".", 1)[0]):
                durable.destroy(folder / name)
        for object_id in torn:
            self._clear(object_id)
            log.get().warning("object.swept", object=object_id)
        self._ways.forget_others(self.objects(), now=self._clock.now(), spared=spared)
        return torn

    def manifest(self, object_id: str) -> Manifest:
        """What was signed about the object; NotFound, or SealBroken when it does not verify."""
        if not self._is_sealed(object_id):
            raise NotFound(f"no object {object_id} here", remedy="see `edge-agent status`", zh="本机没有这个对象")
        raw = durable.read(self._manifest(object_id))
        said = signed.check(raw, Manifest, manifest.CONTEXT, self.keys.public)
        if said.object != object_id:
            raise broken(f"manifest: it belongs to another object than {object_id}")
        return said

    def verify(self, object_id: str) -> Manifest:
        """Read the whole ciphertext against its manifest, and see that both shares and their key are there.

        Raises:
            NotFound: no such object. SealBroken: names what does not fit.
        """
        said = self.manifest(object_id)
        found, size = sha256(), 0
        with durable.open_read(self._where(object_id)) as sealed:
            while block := sealed.read(_BLOCK):
                found.update(block)
                size += len(block)
        if (size, found.hexdigest()) != (said.bytes, said.sha256):
            raise broken(f"manifest: object {object_id} is not what was sealed")
        self.wrapped_shares(object_id)
        return said

    def wrapped_shares(self, object_id: str) -> dict[Role, bytes]:
        """Both shares as they lie on the disk, for a request; SealBroken when one, or what they hang on, is missing."""
        return self._ways.wrapped_shares(object_id)

    def objects(self) -> list[str]:
        """Ids of everything sealed here, rejected ones included, oldest first."""
        stems = (name.removesuffix(".json") for name in durable.names(self._manifests))
        return [stem for stem in stems if ids.is_id(stem)]

    def is_hot(self, object_id: str) -> bool:
        return self._ways.is_hot(object_id)

    def stats(self) -> Stats:
        """Counts for `status`; an unreadable manifest counts as hot without an age."""
        hot, epoch = self._ways.hot(), self._ways.stats()
        rejected = sum(name.endswith(".age") for name in durable.names(self._rejected))
        return Stats(
            objects=len(self.objects()), rejected=rejected, hot=len(hot),
            oldest_hot_at=min(filter(None, map(self._sealed_at, hot)), default=None),
            epoch=epoch.number, epoch_at=epoch.started_at,
        )  # fmt: skip

    def _sealed_at(self, object_id: str) -> datetime | None:
        try:
            return self.manifest(object_id).created_at
        except (NotFound, SealBroken):
            return None

    def _refuse_taken(self, object_id: str) -> None:
        if self._is_sealed(object_id):
            raise NotAllowed(f"object {object_id} is sealed already", remedy="a sealed object is never replaced")

    def _refuse_lost(self) -> None:
        if not self._ways.begun() and self.objects():
            raise broken("epoch: the shares record is missing; put the vault's epochs folder back")

    def _destroy(self, object_ids: Sequence[str]) -> None:
        for object_id in object_ids:
            self._clear(object_id, manifest=False)
        self._ways.destroy(object_ids, now=self._clock.now())
        for object_id in object_ids:
            durable.destroy(self._manifest(object_id))

    def _clear(self, object_id: str, *, manifest: bool = True) -> None:
        """Unlink an object's files. Its keys stay: `sweep` finds those that no manifest asks for."""
        self._ways.unlink(object_id)
        for folder in (self._objects, self._rejected):
            durable.destroy(self._object(folder, object_id))
        # What a kill amid a seal left, which would else lie here until the next start.
        durable.destroy(self._objects / (checked(object_id) + ".age" + durable.PART))
        if manifest:
            durable.destroy(self._manifest(object_id))

    def _is_sealed(self, object_id: str) -> bool:
        return durable.exists(self._manifest(object_id))

    def _where(self, object_id: str) -> Path:
        moved = self._object(self._rejected, object_id)
        return moved if durable.exists(moved) else self._object(self._objects, object_id)

    def _manifest(self, object_id: str) -> Path:
        return self._manifests / (checked(object_id) + ".json")

    @staticmethod
    def _object(folder: Path, object_id: str) -> Path:
        return folder / (checked(object_id) + ".age")


def _digested(chunks: Iterable[bytes], digest: ContentDigest) -> Iterator[bytes]:
    """Plaintext on its way into the seal."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _grouped(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """About a megabyte of sealed pieces at a time: one system call, one handing over to the hash."""
    group: list[bytes] = []
    for piece in pieces:
        group.append(piece)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group
