"""The bays of this store: their plans in force, and the closed set of values that a message may carry because of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.app.floors import floors_folder
from edge_agent.config import Config
from edge_agent.errors import BadConfig

if TYPE_CHECKING:
    from edge_agent.domain.planogram import Planogram

_Written = tuple[int, int] | None
"""When a file was last written, in ns, and its size; None = it is gone."""
_Plans = dict[Path, tuple[_Written, frozenset[str]]]


class Bays:
    """Implements `ports.Planograms` over a folder of bay plans."""

    def __init__(self, settings: Config) -> None:
        self._root = bays_folder(settings)

    def load(self, bay: str) -> "Planogram":
        from edge_agent.shelf.setup import packs  # noqa: PLC0415
        from edge_agent.shelf.setup.bay import load  # noqa: PLC0415

        return load(packs.in_force(self._root / bay))


class Listed:
    """The closed set of values a message may carry: those of the lexicons, and the ids in the plans here.

    Brands and topics; SKUs, slots and bays; floors and zones. Plans that are not in force count too: a scan may have been scored
    just before the switch. A plan is read again only when its file has changed; one that cannot be read adds nothing, unless it
    is a bay's plan in force: that is an error for whoever asks for a value that is not known.
    """

    def __init__(self, lexicon: frozenset[str], settings: Config) -> None:
        self._lexicon = lexicon
        self._bays = bays_folder(settings)
        self._floors = floors_folder(settings)
        self._planned: frozenset[str] = frozenset()
        self._plans: _Plans = {}

    def __contains__(self, value: object) -> bool:
        if value in self._lexicon or value in self._planned:
            return True
        self._planned = frozenset(self._read())  # a plan may have come since
        return value in self._planned

    def _read(self) -> Iterator[str]:
        from edge_agent.shelf.setup import packs  # noqa: PLC0415

        seen = self._plans
        self._plans = {}
        for path in sorted(self._floors.glob("*/floor.toml")):
            yield from self._said(path, _of_floor, seen)
        for folder in packs.bays(self._bays):
            current = packs.in_force(folder)
            for path in packs.plans(folder):
                yield from self._said(path, _of_bay, seen, needed=path == current)

    def _said(
        self, path: Path, values: Callable[[Path], frozenset[str]], seen: _Plans, *, needed: bool = False
    ) -> frozenset[str]:
        """The values of one plan, as last read where its file is what it was."""
        written = _written(path)
        known = seen.get(path)
        if known is None or known[0] != written:
            try:
                known = (written, values(path))
            except BadConfig:
                if needed:
                    raise
                return frozenset()
        self._plans[path] = known
        return known[1]


def _of_floor(path: Path) -> frozenset[str]:
    from edge_agent.shelf.floor.plan import load  # noqa: PLC0415

    plan = load(path)
    return frozenset([plan.floor, *(zone.id for zone in plan.zones)])


def _of_bay(path: Path) -> frozenset[str]:
    from edge_agent.shelf.setup.bay import load  # noqa: PLC0415

    plan = load(path)
    return frozenset([plan.bay, *(sku.id for sku in plan.skus), *(slot.id for slot in plan.slots)])


def _written(path: Path) -> _Written:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def bays_folder(settings: Config) -> Path:
    return Path(settings.shelf.bays) if settings.shelf.bays else settings.paths.bays
