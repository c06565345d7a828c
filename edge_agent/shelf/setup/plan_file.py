"""A plan as text: the `bay.toml` of what was understood, for a person to read and correct."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.setup.outcome import Doubt, Remark, Understood
from edge_agent.shelf.setup.sheets import Planned, Priced

DOUBTS: Final = {
    Doubt.NO_BOARD: ("这一层没找到价签，位置是估计", "no tag of this board was found, its place is an estimate"),
    Doubt.NO_TAG: ("没找到价签，位置是估计", "no tag was found, its place is an estimate"),
    Doubt.UNCLEAR: ("价签与不止一个商品相符", "its tag fits more than one product"),
    Doubt.ORDER_ONLY: ("价签读不出，只按顺序对应", "its tag could not be read, only the order speaks for it"),
}
REMARKS: Final = {
    Remark.OTHER_PRICE: ("照片上的价格与价格表不同", "the tag on the photo shows another price than the list"),
}
_HEAD: Final = """\
# 货架陈列图：由 edge-agent shelf calibrate 生成，可以手工修改。坐标是照片宽、高的比例，四角从左上顺时针。
# 改好后用 edge-agent shelf use {bay} {version} 启用。
# Made by edge-agent shelf calibrate, yours to correct; edge-agent shelf use {bay} {version} puts it in force.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the plan's head says. `own`, `competitors`: brands."""

    bay: str
    version: str
    own: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()


def render(
    head: Named,
    slots: Sequence[Understood],
    boards: Iterable[Sequence[Planned]],
    skus: Sequence[Priced],
    photos: Mapping[str, Sequence[str]],
) -> str:
    """The text of bay.toml. `photos`: paths in the plan's folder by SKU."""
    return "\n".join(
        [
            _HEAD.format(bay=head.bay, version=head.version),
            f"bay = {_text(head.bay)}",
            f"version = {_text(head.version)}",
            'reference = "reference.jpg"',
            f"own = {_texts(head.own)}",
            f"competitors = {_texts(head.competitors)}",
            *(line for board in boards for line in _row(board)),
            *(line for one in skus for line in _sku(one, photos[one.sku])),
            *(line for one in slots for line in _slot(one)),
            "",
        ]
    )


def _row(board: Sequence[Planned]) -> Iterator[str]:
    heights = [one.height_cm for one in board if one.height_cm is not None]
    if heights:
        yield from ("", "[[row]]", f"row = {board[0].row}", f"height_cm = {heights[0]:g}")


def _sku(one: Priced, photos: Sequence[str]) -> Iterator[str]:
    yield from ("", "[[sku]]", f"id = {_text(one.sku)}", f"name = {_text(one.name)}", f"brand = {_text(one.brand)}")
    yield from (f"price = {_text(one.price)}", f"photos = {_texts(photos)}")
    if one.category:
        yield f"category = {_text(one.category)}"
    if one.width_cm is not None:
        yield f"width_cm = {one.width_cm:g}"
    if one.eye_level:
        yield "eye_level = true"


def _slot(one: Understood) -> Iterator[str]:
    yield ""
    if one.doubt is not None:
        yield f"# ？ {'  '.join(DOUBTS[one.doubt])}"
    if one.remark is not None:
        yield f"# ！ {'  '.join(REMARKS[one.remark])}"
    yield from ("[[slot]]", f"id = {_text(one.slot)}", f"row = {one.row}", f"sku = {_text(one.sku)}", f"facings = {one.facings}")
    yield f"area = {_quad(one.area)}"
    if one.tag is not None:
        yield f"tag = {_quad(one.tag)}"


def _quad(quad: Quad) -> str:
    return "[" + ", ".join(f"[{x:.5f}, {y:.5f}]" for x, y in quad) + "]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"
