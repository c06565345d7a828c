"""A bay of photographed price tags and its scans: what a tag reader is given, with the truth about each tag."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from tag_pictures import Look, Shown, a_pose, a_tag, look, misprice, printed, reference_take, scan_take, seen

from edge_agent.domain.planogram import Planogram, Side, Sku, Slot
from edge_agent.shelf.price_tags.reading import tag_crop

TILE = (480, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagBay:
    """`shown` is what the price list says of each slot; `reference` the photo of all tags in their right state."""

    plan: Planogram
    reference: Any
    style: Look
    shown: tuple[Shown, ...]
    poses: tuple[Any, ...]
    wide_px: int


def tag_bay(seed: int, count: int, wide_px: int, faces: Sequence[str] = (), side: Side = Side.OWN) -> TagBay:
    rng = Random(f"bay {seed}")
    style = look(seed, faces)
    shown, poses = tuple(a_tag(rng) for _ in range(count)), tuple(a_pose(rng) for _ in range(count))
    columns = 8
    rows = -(-count // columns)
    reference = np.full((TILE[1] * rows, TILE[0] * columns, 3), 128, np.uint8)
    slots = []
    for index, (one, pose) in enumerate(zip(shown, poses, strict=True)):
        x, y = index % columns * TILE[0], index // columns * TILE[1]
        photo, quad = seen(printed(one, style), wide_px, reference_take(rng), rng, pose)
        photo = photo[: TILE[1], : TILE[0]]
        reference[y : y + photo.shape[0], x : x + photo.shape[1]] = photo
        size = (reference.shape[1], reference.shape[0])
        tag = tuple(((u * photo.shape[1] + x) / size[0], (v * photo.shape[0] + y) / size[1]) for u, v in quad)
        slots.append(Slot(id=f"r1s{index + 1}", row=1, sku=f"sku-{index + 1}", facings=1, area=tag, tag=tag))
    skus = tuple(
        Sku(id=slot.sku, name=one.name, brand="b", price=one.price, photos=(), side=side)
        for slot, one in zip(slots, shown, strict=True)
    )
    plan = Planogram(bay="bay", version="1", reference=Path("none.jpg"), slots=tuple(slots), skus=skus, digest="d")
    return TagBay(plan=plan, reference=reference, style=style, shown=shown, poses=poses, wide_px=wide_px)


def wrong_tags(bay: TagBay, seed: int, share: float) -> dict[str, Shown]:
    """Some slots' tags with another price than the list's."""
    rng = Random(f"wrong {seed}")
    pairs = zip(bay.plan.slots, bay.shown, strict=True)
    return {slot.id: replace(one, price=misprice(one.price, rng)) for slot, one in pairs if rng.random() < share}


def scan_of(bay: TagBay, seed: int, wrong: dict[str, Shown], frames: int) -> Iterator[list[tuple[Slot, Any]]]:
    """Frame by frame, the crop of every tag: one light per scan, other noise and place in every frame."""
    rng = Random(f"scan {seed}")
    takes = [replace(scan_take(rng), gain=gain) for gain in [scan_take(rng).gain] * frames]
    drift = np.asarray([[rng.gauss(0, 0.004) for _ in range(2)] for _ in range(2)])
    for take in takes:
        yield [
            (slot, tag_crop(*seen(printed(wrong.get(slot.id, one), bay.style), bay.wide_px, take, rng, pose + drift)))
            for slot, one, pose in zip(bay.plan.slots, bay.shown, bay.poses, strict=True)
        ]
