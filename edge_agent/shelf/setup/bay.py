"""A bay's plan: `bay.toml` with its reference photo and SKU photos, read and checked as a whole.

Rules: the schema is closed and every error is reported at once, without repeating what was written; a picture path is relative to
the plan's folder and may not leave it, links resolved; every slot names a planned SKU; corners run clockwise from the top left
and form a convex quad. The digest is sha256 over the plan's bytes and each picture's path and bytes, in the plan's order. Nothing
is decoded here except by `read_picture`, which uses the limited child of `edge_agent.sandbox`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from edge_agent.domain.planogram import Planogram, Quad, Row, Side, Sku, Slot
from edge_agent.errors import BadConfig, BadInput
from edge_agent.shelf.setup.plan_text import fault, inside, tables

Picture = npt.NDArray[np.uint8]
"""H x W x 3, RGB."""
Decode = Callable[[BinaryIO], Picture]

MAX_PLAN_BYTES: Final = 2 * 2**20
MAX_PICTURE_BYTES: Final = 40 * 2**20

Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$(?!\n)")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
PlanPrice = Annotated[str, msgspec.Meta(pattern=r"^\d{1,6}(\.\d{1,2})?$(?!\n)")]
Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Corners = Annotated[
    list[Annotated[list[Fraction], msgspec.Meta(min_length=2, max_length=2)]],
    msgspec.Meta(min_length=4, max_length=4),
]


class _Sku(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Code
    name: Label
    brand: Label
    price: PlanPrice
    photos: Annotated[list[str], msgspec.Meta(min_length=1, max_length=12)]
    category: Annotated[str, msgspec.Meta(max_length=80)] = ""
    width_cm: Annotated[float, msgspec.Meta(gt=0, le=200)] | None = None
    eye_level: bool = False


class _Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Code
    row: Annotated[int, msgspec.Meta(ge=1, le=50)]
    sku: Code
    facings: Annotated[int, msgspec.Meta(ge=1, le=60)]
    area: Corners
    tag: Corners | None = None


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    row: Annotated[int, msgspec.Meta(ge=1, le=50)]
    height_cm: Annotated[float, msgspec.Meta(ge=0, le=400)] | None = None


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    bay: Code
    version: Code
    reference: str
    own: list[Label] = []
    competitors: list[Label] = []
    max_competitor_share: Fraction | None = None
    row: Annotated[list[_Row], msgspec.Meta(max_length=50)] = []
    sku: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=1000)]
    slot: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=1000)]


T = TypeVar("T")


@dataclass(slots=True)
class _Errors:
    """Collects what is wrong, so that a plan's author sees all of it in one go."""

    found: list[str]

    def read(self, given: object, kind: type[T], where: str) -> T | None:
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            self.found.append(f"{where}: {fault(error)}")
            return None

    def doubles(self, ids: Iterable[str], where: str) -> None:
        seen: set[str] = set()
        for one in ids:
            if one in seen:
                self.found.append(f"{where}: the id {one} is used twice")
            seen.add(one)


def load(path: Path) -> Planogram:
    """Read `path` (`bay.toml`) and hash every picture it names; pictures are not decoded yet.

    Raises:
        BadConfig: with one line per error: unreadable or not TOML, schema, unknown SKU, bad corners, missing pictures.
    """
    source = _bytes(path, MAX_PLAN_BYTES, "the plan")
    given = tables(source, "bay plan")
    errors = _Errors([])
    head = errors.read(given, _Head, "plan")
    if head is None:
        raise _refusal(errors.found)
    skus = [errors.read(one, _Sku, f"sku {_name(one, n)}") for n, one in enumerate(head.sku, 1)]
    slots = [errors.read(one, _Slot, f"slot {_name(one, n)}") for n, one in enumerate(head.slot, 1)]
    known = [one for one in skus if one is not None]
    placed = [one for one in slots if one is not None]
    errors.doubles((one.id for one in known), "sku")
    errors.doubles((one.id for one in placed), "slot")
    errors.doubles((str(one.row) for one in head.row), "row")
    errors.found += [f"own no. {n}: is among the competitors too" for n, one in enumerate(head.own, 1) if one in head.competitors]
    if None not in skus:
        ids = {one.id for one in known}
        errors.found += [f"slot {one.id}: no sku {one.sku} in this plan" for one in placed if one.sku not in ids]
    errors.found += [problem for one in placed for problem in _corner_problems(one)]
    digest = sha256(b"bay-plan/1\n" + sha256(source).digest())
    for what, picture in _pictures(head.reference, known):
        problem = _add_picture(digest.update, path.parent, picture, what)
        if problem:
            errors.found.append(problem)
    if errors.found:
        raise _refusal(errors.found)
    root = path.parent
    return Planogram(
        bay=head.bay,
        version=head.version,
        reference=root / head.reference,
        slots=tuple(_slot(one) for one in placed),
        skus=tuple(_sku(one, root, head) for one in known),
        digest=digest.hexdigest(),
        rows=tuple(Row(number=one.row, height_cm=one.height_cm) for one in sorted(head.row, key=lambda one: one.row)),
        max_competitor_share=head.max_competitor_share,
    )


def read_picture(path: Path, decode: Decode) -> Picture:
    """Decode one picture of a plan in the limited child.

    Raises:
        BadConfig: it is gone or no usable picture. (Not BadInput: that would be held against the video.)
    """
    try:
        with path.open("rb") as file:
            return decode(file)
    except BadInput as error:
        raise BadConfig(f"a picture of the bay plan cannot be used ({error.kind})", remedy="replace it") from error
    except OSError as error:
        raise BadConfig("a picture of the bay plan cannot be read", remedy="restore the plan's folder") from error


def _refusal(problems: list[str]) -> BadConfig:
    lines = "\n".join(f"  - {one}" for one in problems)
    return BadConfig(
        f"bay plan has {len(problems)} error(s):\n{lines}", remedy="correct these entries",
        zh=f"陈列图有 {len(problems)} 处错误，请改正：\n{lines}",
    )  # fmt: skip


def _name(given: dict[str, Any], number: int) -> str:
    try:
        return msgspec.convert(given.get("id"), Code)
    except msgspec.ValidationError:
        return f"no. {number}"


def _pictures(reference: str, skus: list[_Sku]) -> Iterator[tuple[str, str]]:
    """(what it is in words of ours, path)."""
    yield "the reference photo", reference
    for one in skus:
        yield from ((f"photo {number} of sku {one.id}", photo) for number, photo in enumerate(one.photos, 1))


def _add_picture(update: Callable[[bytes], None], root: Path, name: str, what: str) -> str:
    """Hash one picture into the digest; returns what is wrong with it, or nothing."""
    photo = inside(root, name)
    if photo is None:
        return f"{what}: the path must stay inside the plan's folder"
    try:
        content = _bytes(photo, MAX_PICTURE_BYTES, what)
    except BadConfig as error:
        return error.message
    if not content:
        return f"{what} is empty"
    update(name.encode() + b"\0" + sha256(content).digest())
    return ""


def _bytes(path: Path, limit: int, what: str) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise BadConfig(f"{what} is larger than {limit // 2**20} MB", remedy="save it smaller", zh="陈列图或其照片过大")
        return path.read_bytes()
    except OSError as error:
        raise BadConfig(
            f"{what} cannot be read ({error.strerror})", remedy="check the path", zh="陈列图或其照片无法读取，请检查路径"
        ) from error


def _corner_problems(slot: _Slot) -> Iterator[str]:
    for name, corners in (("area", slot.area), ("tag", slot.tag)):
        if corners is not None and not upright(corners):
            yield f"slot {slot.id}: {name} must be four corners, clockwise from the top left, of a convex quad"


def upright(corners: list[list[float]]) -> bool:
    """Every turn is to the right on a y-down picture, the first corner is left of the second and above the fourth."""
    turns = [
        (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in zip(corners, corners[1:] + corners[:1], corners[2:] + corners[:2], strict=True)
    ]
    return min(turns) > 1e-6 and corners[0][0] < corners[1][0] and corners[0][1] < corners[3][1]


def _quad(corners: list[list[float]]) -> Quad:
    a, b, c, d = ((x, y) for x, y in corners)
    return (a, b, c, d)


def _slot(one: _Slot) -> Slot:
    tag = None if one.tag is None else _quad(one.tag)
    return Slot(id=one.id, row=one.row, sku=one.sku, facings=one.facings, area=_quad(one.area), tag=tag)


def _sku(one: _Sku, root: Path, head: _Head) -> Sku:
    price = format(Decimal(one.price).quantize(Decimal("0.01")), "f")
    side = Side.OWN if one.brand in head.own else Side.COMPETITOR if one.brand in head.competitors else Side.UNKNOWN
    return Sku(
        id=one.id, name=one.name, brand=one.brand, price=price, photos=tuple(root / photo for photo in one.photos), side=side,
        category=one.category, width_cm=one.width_cm, eye_level=one.eye_level,
    )  # fmt: skip
