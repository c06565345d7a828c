"""The bays of this store: their plans in force, and the closed set of values that a message may carry because of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.app.floors import floors_folder
from edge_agent.config import Config
from edge_agent.errors import BadConfig

if TYPE_CHECKING:
    from edge_agent.domain.planogram import Planogram


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
    just before the switch.
    """

    def __init__(self, lexicon: frozenset[str], settings: Config) -> None:
        self._lexicon = lexicon
        self._bays = bays_folder(settings)
        self._floors = floors_folder(settings)
        self._planned: frozenset[str] = frozenset()

    def __contains__(self, value: object) -> bool:
        if value in self._lexicon or value in self._planned:
            return True
        self._planned = frozenset(self._read())  # a plan may have come since
        return value in self._planned

    def _read(self) -> Iterator[str]:
        from edge_agent.shelf.floor import plan as floor  # noqa: PLC0415
        from edge_agent.shelf.setup import packs  # noqa: PLC0415
        from edge_agent.shelf.setup.bay import load  # noqa: PLC0415

        for path in sorted(self._floors.glob("*/floor.toml")):
            known = floor.load(path)
            yield known.floor
            yield from (zone.id for zone in known.zones)
        for folder in packs.bays(self._bays):
            current = packs.in_force(folder)
            for path in packs.plans(folder):
                try:
                    plan = load(path)
                except BadConfig:
                    if path == current:
                        raise
                    continue
                yield plan.bay
                yield from (sku.id for sku in plan.skus)
                yield from (slot.id for slot in plan.slots)


def bays_folder(settings: Config) -> Path:
    return Path(settings.shelf.bays) if settings.shelf.bays else settings.paths.bays
