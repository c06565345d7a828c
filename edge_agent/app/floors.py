"""The floors of this store: their plans."""

from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.config import Config
from edge_agent.errors import NotFound

if TYPE_CHECKING:
    from edge_agent.domain.floor import FloorPlan


class Floors:
    """Implements `ports.FloorPlans` over a folder of floor plans."""

    def __init__(self, settings: Config) -> None:
        self._root = floors_folder(settings)

    def load(self, floor: str) -> "FloorPlan":
        from edge_agent.shelf.floor.plan import load  # noqa: PLC0415

        plan = self._root / floor / "floor.toml"
        if not plan.is_file():
            raise NotFound(
                f"no plan for floor {floor}", remedy="put its floor.toml under the floors folder", zh="没有这个卖场的平面图"
            )
        return load(plan)


def floors_folder(settings: Config) -> Path:
    return Path(settings.floor.plans) if settings.floor.plans else settings.paths.floors
