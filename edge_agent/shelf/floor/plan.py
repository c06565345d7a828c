"""A floor's plan: `floor.toml` with its reference photo, read and checked as a whole.

Rules: the schema is closed and every error is reported at once, without repeating what was written; the reference's path is
relative and stays inside the plan's folder, links resolved. The floor is tied to the picture either by `[[point]]` pairs (four or
more; the worst may miss by `MAX_MISS_M`) or by one `[rectangle]` of known size.
A zone's outline is in metres, or with `space = "image"` in fractions of the reference photo.
The digest is sha256 over the plan's bytes and the photo's.
"""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from edge_agent.domain.floor import FloorPlan, Hours, Matrix, Point, Role, Zone
from edge_agent.errors import BadConfig
from edge_agent.shelf.floor.grid import fitted, on_floor
from edge_agent.shelf.setup.plan_text import fault, inside, tables

MAX_PLAN_BYTES: Final = 2**20
MAX_PHOTO_BYTES: Final = 40 * 2**20
MAX_MISS_M: Final = 0.5
MIN_AREA_M2: Final = 0.05

Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$(?!\n)")]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Metres = Annotated[float, msgspec.Meta(ge=-100.0, le=200.0)]
Fraction = Annotated[float, msgspec.Meta(ge=-0.5, le=1.5)]
InPicture = tuple[Fraction, Fraction]
OnFloor = tuple[Metres, Metres]
ClockTime = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$(?!\n)|^24:00$(?!\n)")]
Size = Annotated[float, msgspec.Meta(ge=0.5, le=200.0)]

T = TypeVar("T")


class _Closed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Pair(_Closed, frozen=True, kw_only=True):
    image: InPicture
    floor: OnFloor


class _Rectangle(_Closed, frozen=True, kw_only=True):
    """Corners in the picture, clockwise from the one that lies at `at` on the plan."""

    corners: tuple[InPicture, InPicture, InPicture, InPicture]
    width_m: Size
    depth_m: Size
    at: OnFloor = (0.0, 0.0)


class _Zone(_Closed, frozen=True, kw_only=True):
    id: Code
    name: Label
    role: Role
    outline: Annotated[tuple[tuple[float, float], ...], msgspec.Meta(min_length=3, max_length=40)]
    space: Literal["floor", "image"] = "floor"
    served_by: Code | None = None


class _Hours(_Closed, frozen=True, kw_only=True):
    start: ClockTime = msgspec.field(name="from")
    until: ClockTime
    days: Annotated[tuple[Annotated[int, msgspec.Meta(ge=1, le=7)], ...], msgspec.Meta(min_length=1)] = (1, 2, 3, 4, 5, 6, 7)


class _Plan(_Closed, frozen=True, kw_only=True):
    floor: Code
    version: Code
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    width_m: Size
    depth_m: Size
    cell_m: Annotated[float, msgspec.Meta(ge=0.5, le=5.0)] = 0.5
    point: Annotated[list[_Pair], msgspec.Meta(max_length=100)] = []
    rectangle: _Rectangle | None = None
    zone: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1, max_length=30)]
    open: Annotated[list[_Hours], msgspec.Meta(max_length=20)] = []
    staff_only: Annotated[list[_Hours], msgspec.Meta(max_length=20)] = []


def load(path: Path) -> FloorPlan:
    """Read `path` (`floor.toml`) and hash its photo, which is not decoded here.

    Raises:
        BadConfig: with one line per error: unreadable or not TOML, schema, points that fix no floor, zones, hours, the photo.
    """
    source = _bytes(path, MAX_PLAN_BYTES, "the floor plan")
    given = tables(source, "floor plan")
    problems: list[str] = []
    plan = _read(given, _Plan, "plan", problems)
    if plan is None:
        raise _refusal(problems)
    matrix = _tied(plan, problems)
    zones = [_zone(one, number, matrix, problems) for number, one in enumerate(plan.zone, 1)]
    known = [one for one in zones if one is not None]
    problems += _between(known, complete=None not in zones)
    hours = {name: _hours(given, name, problems) for name, given in (("open", plan.open), ("staff_only", plan.staff_only))}
    photo, digest = _photo(path.parent, plan.reference, problems)
    if problems or matrix is None:
        raise _refusal(problems)
    return FloorPlan(
        floor=plan.floor, version=plan.version, reference=photo, to_floor=matrix, width_m=plan.width_m, depth_m=plan.depth_m,
        cell_m=plan.cell_m, zones=tuple(known), open_hours=hours["open"], staff_only=hours["staff_only"],
        digest=sha256(b"floor-plan/1\n" + sha256(source).digest() + digest).hexdigest(),
    )  # fmt: skip


def _tied(plan: _Plan, problems: list[str]) -> Matrix | None:
    """The way from the picture to the floor, from whichever of the two the plan gives."""
    if bool(plan.point) == (plan.rectangle is not None):
        problems.append("plan: give either four or more [[point]] pairs or one [rectangle]")
        return None
    if plan.rectangle is not None:
        (x, y), width, depth = plan.rectangle.at, plan.rectangle.width_m, plan.rectangle.depth_m
        picture = list(plan.rectangle.corners)
        floor = [(x, y), (x + width, y), (x + width, y + depth), (x, y + depth)]
    else:
        picture, floor = [one.image for one in plan.point], [one.floor for one in plan.point]
    where = "rectangle" if plan.rectangle is not None else "point"
    if len(picture) < 4:
        problems.append(f"{where}: at least four pairs are needed")
        return None
    found = fitted(picture, floor)
    if found is None:
        problems.append(f"{where}: these points fix no floor; no three of four may lie on one line, all before the horizon")
        return None
    matrix, miss = found
    if miss > MAX_MISS_M:
        problems.append(f"{where}: the points contradict each other by {miss:.1f} m; measure the worst of them again")
        return None
    return matrix


def _zone(given: dict[str, Any], number: int, matrix: Matrix | None, problems: list[str]) -> Zone | None:
    said = given.get("id")
    where = f"zone {said if _is_code(said) else f'no. {number}'}"
    one = _read(given, _Zone, where, problems)
    if one is None:
        return None
    outline: list[Point] = list(one.outline)
    if one.space == "image" and matrix is not None:
        mapped = [on_floor(matrix, point) for point in outline]
        if None in mapped:
            problems.append(f"{where}: a corner lies beyond the horizon")
            return None
        outline = [point for point in mapped if point is not None]
    if abs(_area(outline)) < MIN_AREA_M2:
        problems.append(f"{where}: its outline encloses no floor")
        return None
    return Zone(id=one.id, name=one.name, role=one.role, outline=tuple(outline), served_by=one.served_by or "")


def _between(zones: list[Zone], *, complete: bool) -> list[str]:
    """What is wrong between zones: ids used twice, and who serves whom (only once every zone could be read)."""
    roles = {one.id: one.role for one in zones}
    found = [f"zone: the id {name} is used twice" for name in sorted(roles) if [one.id for one in zones].count(name) > 1]
    if complete:
        found += [
            f"zone {one.id}: served_by must name a zone of the role counter_staff"
            for one in zones if one.served_by and roles.get(one.served_by) is not Role.COUNTER_STAFF
        ]  # fmt: skip
    return found


def _hours(given: list[_Hours], name: str, problems: list[str]) -> tuple[Hours, ...]:
    made = tuple(
        Hours(days=frozenset(one.days), from_minute=_minute(one.start), until_minute=_minute(one.until)) for one in given
    )
    if any(one.from_minute >= one.until_minute for one in made):
        problems.append(f"{name}: `from` must be before `until`; hours past midnight are two entries")
    return made


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _photo(root: Path, name: str, problems: list[str]) -> tuple[Path, bytes]:
    photo = inside(root, name)
    if photo is None:
        problems.append("reference: the path must stay inside the plan's folder")
        return root, b""
    try:
        return photo, sha256(_bytes(photo, MAX_PHOTO_BYTES, "the reference photo")).digest()
    except BadConfig as error:
        problems.append(error.message)
        return root, b""


def _area(outline: list[Point]) -> float:
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(outline, outline[1:] + outline[:1], strict=True)) / 2


def _read(given: object, kind: type[T], where: str, problems: list[str]) -> T | None:
    try:
        return msgspec.convert(given, kind, strict=True)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {fault(error)}")
        return None


def _is_code(said: object) -> bool:
    try:
        msgspec.convert(said, Code)
    except msgspec.ValidationError:
        return False
    return True


def _bytes(path: Path, limit: int, what: str) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise BadConfig(f"{what} is larger than {limit // 2**20} MB", remedy="save it smaller")
        content = path.read_bytes()
    except OSError as error:
        raise BadConfig(
            f"{what} cannot be read ({error.strerror})", remedy="check the path", zh="平面图或其照片无法读取，请检查路径"
        ) from error
    if not content:
        raise BadConfig(f"{what} is empty", remedy="put the file there again")
    return content


def _refusal(problems: list[str]) -> BadConfig:
    lines = "\n".join(f"  - {one}" for one in problems)
    return BadConfig(
        f"floor plan has {len(problems)} error(s):\n{lines}",
        remedy="correct these entries",
        zh=f"平面图有 {len(problems)} 处错误，请改正：\n{lines}",
    )
