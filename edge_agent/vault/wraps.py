"""Folders of small sealed secrets, one file per object: shares and hot wraps.

The only door to these files. `destroy` unlinks and fsyncs, which on flash and on copy-on-write disks proves nothing about the old
blocks. It need not: what a wrap holds is locked under a key of `epochs` before it is wrapped for anybody, and destroying that key
leaves nothing to be found in old blocks, wherever they survive.
"""

from pathlib import Path

from edge_agent import ids
from edge_agent.errors import NotFound
from edge_agent.vault import durable


class Wraps:
    """The wraps of one kind: `<object id><ending>` in one folder."""

    def __init__(self, folder: Path, ending: str) -> None:
        self._folder = durable.folder(folder)
        self._ending = ending

    def put(self, object_id: str, sealed: bytes) -> None:
        """Durable when this returns; Unavailable when the disk is full."""
        durable.write(self._path(object_id), sealed)

    def get(self, object_id: str) -> bytes | None:
        """The wrap, or None when it was never there or is destroyed."""
        path = self._path(object_id)
        try:
            return durable.read(path)
        except NotFound:
            return None

    def destroy(self, object_id: str) -> bool:
        """Durably gone when this returns; False when there was none."""
        return durable.destroy(self._path(object_id))

    def objects(self) -> list[str]:
        """Ids that have a wrap here, oldest first."""
        found = (name.removesuffix(self._ending) for name in durable.names(self._folder) if name.endswith(self._ending))
        return [name for name in found if ids.is_id(name)]

    def _path(self, object_id: str) -> Path:
        return self._folder / (checked(object_id) + self._ending)


def checked(object_id: str) -> str:
    """The id itself; NotFound for anything that is not a generated id, so that it can never be a path."""
    if not ids.is_id(object_id):
        raise NotFound("not an object's id", remedy="copy it from `edge-agent status`", zh="对象编号格式不正确")
    return object_id
