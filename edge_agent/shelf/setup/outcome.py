"""What set-up understood of a bay: its slots, how certain each is, and what else was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.setup.sheets import Planned

Boards = Sequence[Sequence[Planned]]
"""Planned boards from the top, each from the left."""


class Doubt(StrEnum):
    """Why a slot is not certain, for those who correct it."""

    NO_BOARD = "no-board"
    NO_TAG = "no-tag"
    UNCLEAR = "unclear-tag"
    ORDER_ONLY = "order-only"


class Remark(StrEnum):
    """What is worth knowing of a certain slot."""

    OTHER_PRICE = "other-price"


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One slot as understood. `price` as read on the reference photo, None = unread."""

    slot: str
    row: int
    sku: str
    facings: int
    area: Quad
    tag: Quad | None
    price: str | None = None
    doubt: Doubt | None = None
    remark: Remark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All slots in the plan's order, and tags that no slot claimed."""

    slots: tuple[Understood, ...]
    unplanned: tuple[Quad, ...] = ()

    @property
    def doubtful(self) -> tuple[Understood, ...]:
        return tuple(one for one in self.slots if one.doubt is not None)
