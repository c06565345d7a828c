"""The records of a rendered scene and their TOML files: plan, sidecar, truth. Standard library only."""

import json
from dataclasses import dataclass
from pathlib import Path

from edge_agent.samples.scene_camera import Quad
from edge_agent.samples.scene_products import Product
from edge_agent.samples.scene_shelf import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planted fault: the slot, its planned SKU, the SKU that stands there instead, or the price that was printed.

    `kind`: out_of_stock, misplaced, price_tag_mismatch; in some scenes also unknown_product, price_tag_missing.
    """

    kind: str
    slot: str
    sku: str
    seen_sku: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What was rendered. Quads are fractions of the reference photo; `walker_ms` = from, to on the clip's clock."""

    bay: str
    seed: int
    video: str
    own: tuple[str, ...]
    competitors: tuple[str, ...]
    skus: tuple[Product, ...]
    slots: tuple[tuple[Place, Quad, Quad], ...]
    faults: tuple[Fault, ...]
    walker_ms: tuple[int, int]


def write_scene(scene: Scene, out: Path) -> None:
    """Write bay.toml, `<video stem>.meta.toml` and truth.toml into `out`."""
    (out / "bay.toml").write_text(_plan(scene), encoding="utf-8")
    (out / f"{Path(scene.video).stem}.meta.toml").write_text(_sidecar(scene), encoding="utf-8")
    (out / "truth.toml").write_text(_truth(scene), encoding="utf-8")


def _plan(scene: Scene) -> str:
    own, rivals = (", ".join(_text(brand) for brand in brands) for brands in (scene.own, scene.competitors))
    lines = [f"bay = {_text(scene.bay)}", 'version = "1"', 'reference = "reference.jpg"', f"own = [{own}]"]
    lines.append(f"competitors = [{rivals}]")
    for sku in sorted(scene.skus, key=lambda sku: sku.id):
        lines += [
            "", "[[sku]]", f"id = {_text(sku.id)}", f"name = {_text(sku.name)}", f"brand = {_text(sku.brand)}",
            f"price = {_text(sku.price)}", f"photos = [{_text(f'sku/{sku.id}.jpg')}]",
        ]  # fmt: skip
    for place, area, tag in scene.slots:
        lines += [
            "", "[[slot]]", f"id = {_text(place.id)}", f"row = {place.row}", f"sku = {_text(place.product.id)}",
            f"facings = {place.facings}", f"area = {_quad(area)}", f"tag = {_quad(tag)}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _sidecar(scene: Scene) -> str:
    return (
        'kind = "shelf"\nstarted_at = 2026-11-20T09:30:00+08:00\nindustry = "store"\n'
        f'channel = "visit"\nbay = {_text(scene.bay)}\n\n[consent]\nbasis = "not-personal"\n'
    )


def _truth(scene: Scene) -> str:
    lines = [f"seed = {scene.seed}"]
    for fault in scene.faults:
        lines += ["", "[[fault]]"]
        lines += [f"{key} = {_text(value)}" for key in Fault.__slots__ if (value := getattr(fault, key))]
    lines += ["", "[walker]", f"from_ms = {scene.walker_ms[0]}", f"to_ms = {scene.walker_ms[1]}"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quad(quad: Quad) -> str:
    return "[" + ", ".join(f"[{x:.5f}, {y:.5f}]" for x, y in quad) + "]"
