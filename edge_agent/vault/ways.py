"""The ways into an object: two wrapped shares, a hot wrap for the box itself, and the keys that all three hang on.

What a wrap holds is locked under a key of the object's own before it is wrapped for anybody: one ring of such keys for shares,
one for hot wraps (see `epochs`). So `close` and `destroy` take the way itself away, not just the file that shows it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from edge_agent.errors import NotAllowed
from edge_agent.vault import age, epochs, shares
from edge_agent.vault.epochs import Epochs, EpochStats
from edge_agent.vault.keys import DeviceKeys
from edge_agent.vault.refusal import broken
from edge_agent.vault.shares import Role
from edge_agent.vault.wraps import Wraps
from edge_agent.vault.x25519 import Identity

EPOCHS: Final = "epochs"


class Ways:
    """`hot/<id>.age` and `shares/<id>.<role>.age` under `root`; key records in `root/epochs`, epoch keys in the key folder."""

    def __init__(self, root: Path, keys: DeviceKeys) -> None:
        self._keys = keys
        self._hot = Wraps(root / "hot", ".age")
        self._shares = {role: Wraps(root / "shares", f".{role}.age") for role in Role}
        self._hot_keys, self._share_keys = (Epochs(root / EPOCHS, keys.folder / EPOCHS, ring) for ring in ("hot", "shares"))
        self.folders = [root / "hot", root / "shares"]

    def make(self, object_id: str, identity: Identity, *, now: datetime) -> None:
        """Keys, both shares and the hot wrap of a new object, durably."""
        key, box = self._share_keys.new(object_id, now=now), self._keys.public
        for role, share in shares.split(identity, object_id=object_id, box=box, key=key).items():
            self._shares[role].put(object_id, share.wrap(self._keys.recipients.of(role)))
        hot_key = self._hot_keys.new(object_id, now=now)
        locked = epochs.lock_away(hot_key, _context(object_id), identity.text.encode())
        self._hot.put(object_id, age.encrypt_bytes([self._keys.device_identity.recipient], locked))

    def hot_identity(self, object_id: str) -> Identity:
        """What opens the object while it is hot; NotAllowed once it is closed, SealBroken."""
        wrap = self._hot.get(object_id)
        if wrap is None:
            raise NotAllowed(
                f"object {object_id} is closed", remedy="LEGAL and HR open it together: `edge-agent request`",
                zh="该录音已封存，需法务与人事共同放行",
            )  # fmt: skip
        locked, key = age.decrypt_bytes([self._keys.device_identity], wrap), self._hot_keys.key(object_id)
        return Identity.parse(epochs.take_out(key, _context(object_id), locked).decode("ascii"))

    def join(self, object_id: str, halves: dict[Role, bytes]) -> Identity:
        """What opens the object, from both officers' halves; SealBroken when they or the object's key do not fit."""
        return shares.join(halves, object_id=object_id, key=self._share_keys.key(object_id))

    def wrapped_shares(self, object_id: str) -> dict[Role, bytes]:
        """Both shares as they lie on the disk; SealBroken when one, or what they are locked under, is missing."""
        found = {role: wraps.get(object_id) for role, wraps in self._shares.items()}
        missing = [role for role, wrap in found.items() if wrap is None]
        if missing:
            raise broken(f"share: {' and '.join(missing)} of object {object_id} is missing")
        self._share_keys.key(object_id)
        return {role: wrap for role, wrap in found.items() if wrap is not None}

    def is_hot(self, object_id: str) -> bool:
        return self._hot.get(object_id) is not None

    def hot(self) -> list[str]:
        """Ids of hot objects, oldest first."""
        return self._hot.objects()

    def close(self, object_id: str, *, now: datetime) -> bool:
        """Destroy the hot way for good; False when there was none."""
        was = self._hot.destroy(object_id)
        return self._hot_keys.destroy((object_id,), now=now) or was

    def unlink(self, object_id: str) -> None:
        """Remove the files only. Their keys go with `destroy`, or `forget_others`."""
        self._hot.destroy(object_id)
        for wraps in self._shares.values():
            wraps.destroy(object_id)

    def destroy(self, object_ids: Sequence[str], *, now: datetime) -> None:
        """Destroy what the wraps of these objects hang on, for good; one new epoch for all of them."""
        self._hot_keys.destroy(object_ids, now=now)
        self._share_keys.destroy(object_ids, now=now)

    def forget_others(self, sealed: Iterable[str], *, now: datetime, spared: Callable[[str], bool]) -> None:
        """Destroy every key that no sealed object needs any more, and what a kill left of an epoch; not what is `spared`."""
        kept = set(sealed)
        for ring, needed in ((self._share_keys, kept), (self._hot_keys, kept & set(self.hot()))):
            ring.destroy([one for one in ring.objects() if one not in needed and not spared(one)], now=now)

    def begun(self) -> bool:
        """Whether any object's share key was ever recorded here."""
        return self._share_keys.begun()

    def stats(self) -> EpochStats:
        return self._share_keys.stats()


def _context(object_id: str) -> str:
    return f"edge-agent hot {object_id}"
