"""Plans of bays: made from a shop's photo and tables, kept in versions, put in force, drawn for checking. Answers documents.

A plan that leaves doubts, or whose photo shows people, is written but not put in force: a person corrects it, gives corners or
another photo, or accepts it as it is. Which plan is in force is a fact of the audit log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec

from edge_agent import app, privilege
from edge_agent.config import Config
from edge_agent.documents import Calibrated, PackLine, Packs, PlanUsed, UnderstoodSlot
from edge_agent.domain.planogram import Quad
from edge_agent.errors import BadInput, EdgeError, MissingAsset, NotFound
from edge_agent.sandbox import decode_picture
from edge_agent.shelf.pictures import check_sheet
from edge_agent.shelf.setup import packs, photos, plan_file, sheets
from edge_agent.shelf.setup.bay import Code, load, read_picture
from edge_agent.shelf.setup.dividing import Divider
from edge_agent.shelf.setup.grid import gridded
from edge_agent.shelf.setup.outcome import Remark, Understanding, Understood
from edge_agent.shelf.setup.second_look import Stretch, look_again
from edge_agent.shelf.setup.table import Faults
from edge_agent.shelf.setup.understand import corrected, understand

if TYPE_CHECKING:
    from edge_agent.shelf.floor.people.detector import People
    from edge_agent.shelf.price_tags.photo import TagReading
    from edge_agent.shelf.setup.bay import Picture
    from edge_agent.shelf.setup.sheets import Outlined, Planned, Priced

MAX_TABLE_BYTES: Final = 6 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to make a plan from. `grid`: the bay's four corners where there are no tags, `bottoms`: where its boards end in it.

    `version` "" = the next number. `accept`: put it in force with its doubts. `own`, `competitors`: brands.
    """

    bay: str
    photo: Path
    planogram: Path
    prices: Path
    photos: Path
    slots: Path | None = None
    grid: Quad | None = None
    bottoms: tuple[float, ...] = ()
    version: str = ""
    own: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    from_bottom: bool = False
    tags_above: bool = False
    accept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """Everything a person gave, read and free of faults."""

    photo: "Picture"
    boards: "list[list[Planned]]"
    listed: "dict[str, Priced]"
    pictures: dict[str, list[bytes]]
    outlined: "dict[str, Outlined]" = field(default_factory=dict)
    strangers: int = 0


def calibrate(settings: Config, wanted: Wanted, find: "People | None" = None) -> tuple[Calibrated, list[Any]]:
    """Make a new version of a bay's plan; the document, and the pages of its check sheet.

    `find` finds people on the photo; by default this box's own detector, where its weights are.

    Raises:
        BadConfig: every fault of the tables and photos at once; or the version is there already. Unavailable, MissingAsset.
    """
    folder = _folder(settings, wanted.bay)
    version = _code(wanted.version, "version") if wanted.version else packs.free_version(folder)
    given = _given(settings, wanted)
    understood = corrected(_understood(settings, wanted, given), given.outlined)
    plan = packs.publish(folder, version, _files(wanted, version, given, understood))
    people = _people(settings, given.photo, find)
    used = wanted.accept or not (understood.doubtful or people == "people")
    if used:
        use(settings, wanted.bay, version)
    notes = {one.slot: one for one in understood.slots}
    return Calibrated(
        bay=wanted.bay, version=version, digest=plan.digest, plan=str(plan.reference.parent / packs.PLAN), in_force=used,
        doubtful=len(understood.doubtful), unplanned_tags=len(understood.unplanned), unmatched_photos=given.strangers,
        people=people, slots=[_slot(one) for one in understood.slots],
    ), check_sheet.pages(given.photo, plan, notes)  # fmt: skip


def listed(settings: Config, bay: str = "") -> Packs:
    """Versions of one bay's plan or of all; NotFound for a bay without one, BadInput for what is no bay's code."""
    root = app.bays_folder(settings)
    if bay and not any(packs.plans(_folder(settings, bay))):
        raise NotFound(f"there is no plan for bay {bay}", remedy="edge-agent shelf plans lists all", zh="没有这个货架的陈列图")
    folders = [_folder(settings, bay)] if bay else sorted(one for one in root.glob("*") if one.is_dir())
    return Packs(plans=[_pack(one) for folder in folders for one in packs.packs(folder)])


def use(settings: Config, bay: str, version: str) -> PlanUsed:
    """Put a version in force, from the worker's next scan on. NotFound, BadConfig (all its errors), Unavailable."""
    folder = _folder(settings, bay)
    plan = load(packs.find(folder, _code(version, "version")))
    before = _digest_in_force(folder)
    _noted(settings, bay, version, plan.digest, before)
    packs.use(folder, version, app.SystemClock().now())
    return PlanUsed(bay=bay, version=version, digest=plan.digest, before=before)


def sheet(settings: Config, bay: str, version: str = "") -> list[Any]:
    """The check sheet of a plan, by default of the one in force."""
    folder = _folder(settings, bay)
    plan = load(packs.find(folder, _code(version, "version")) if version else packs.in_force(folder))
    photo = read_picture(plan.reference, partial(decode_picture, limits=settings.limits))
    return check_sheet.pages(photo, plan, {})


def _given(settings: Config, wanted: Wanted) -> _Given:
    """Read all that was given; BadConfig with every fault of every file."""
    faults, decode = Faults(), partial(decode_picture, limits=settings.limits)
    plan = sheets.planogram(_bytes(wanted.planogram, sheets.PLANOGRAM, faults), faults, from_bottom=wanted.from_bottom)
    prices = sheets.prices(_bytes(wanted.prices, sheets.PRICES, faults), faults)
    boards, listed = plan.boards, prices.products
    sheets.agree(plan, prices, faults)
    sheets.agree_brands(wanted.own, "--own", prices, faults)
    sheets.agree_brands(wanted.competitors, "--competitors", prices, faults)
    planned = {sku for _, sku in plan.codes}
    with privilege.raised():
        found, strangers = photos.by_sku(wanted.photos, prices.codes | planned, faults)
    pictures = photos.encoded(found, planned, _opened, decode, faults=faults)
    photo = photos.reference(wanted.photo, _opened, decode, faults)
    outlined: dict[str, Outlined] = {}
    if wanted.slots is not None and photo is not None:
        raw = _bytes(wanted.slots, sheets.SLOTS, faults)
        outlined = sheets.outlines(raw, faults, photo.shape[1], photo.shape[0])
        slots = {one.slot for board in boards for one in board}
        whole = all(one.file != sheets.PLANOGRAM for one in faults.found)
        for one in outlined.values():
            if whole and one.slot not in slots:
                faults.add(sheets.SLOTS, one.line, "slot", f"{one.slot} is not in the planogram", f"陈列图中没有货位 {one.slot}")
    if wanted.bottoms and len(wanted.bottoms) != len(boards):
        faults.add(
            sheets.PLANOGRAM, 0, "row", f"has {len(boards)} boards, --rows has {len(wanted.bottoms)}", "层数与 --rows 不一致"
        )
    faults.stop()
    assert photo is not None
    return _Given(photo=photo, boards=boards, listed=listed, pictures=pictures, outlined=outlined, strangers=strangers)


def _people(settings: Config, photo: "Picture", find: "People | None") -> Literal["none", "people", "not-looked"]:
    """Whether people are on the photo: it goes uncovered into every picture that is evidence."""
    try:
        found = (find or app.Floor(settings).people)(photo)
    except MissingAsset:
        return "not-looked"
    return "people" if found else "none"


def _understood(settings: Config, wanted: Wanted, given: _Given) -> Understanding:
    slots = {one.slot for board in given.boards for one in board}
    if wanted.grid is not None or slots == given.outlined.keys():
        whole: Quad = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
        return gridded(given.boards, given.listed, wanted.grid or whole, wanted.bottoms)
    shelf = app.Shelf(settings)
    tags = shelf.read_tags(BytesIO(photos.jpeg(given.photo)))
    aspect = given.photo.shape[0] / given.photo.shape[1]

    def again(stretch: Stretch, sought: "Sequence[Priced]") -> "list[TagReading]":
        return look_again(given.photo, stretch, sought, shelf.reader)

    between = Divider(given.photo).between
    return understand(tags, given.boards, given.listed, aspect, again, between=between, tags_above=wanted.tags_above)


def _files(wanted: Wanted, version: str, given: _Given, understood: Understanding) -> dict[str, bytes]:
    """The plan's folder: bay.toml and its pictures under names of ours. A priced SKU with photos is in it though unplanned."""
    named = {
        code: {f"sku/{code}-{number}.jpg": content for number, content in enumerate(contents, 1)}
        for code, contents in given.pictures.items()
    }
    files = {name: content for contents in named.values() for name, content in contents.items()}
    head = plan_file.Named(bay=wanted.bay, version=version, own=wanted.own, competitors=wanted.competitors)
    skus = [given.listed[code] for code in sorted(given.pictures)]
    text = plan_file.render(head, understood.slots, given.boards, skus, {code: list(one) for code, one in named.items()})
    return {packs.PLAN: text.encode(), "reference.jpg": photos.jpeg(given.photo), **files}


def _slot(one: Understood) -> UnderstoodSlot:
    return UnderstoodSlot(
        slot=one.slot, row=one.row, sku=one.sku, facings=one.facings, area=_corners(one.area),
        tag=None if one.tag is None else _corners(one.tag), price=one.price,
        doubt="" if one.doubt is None else one.doubt.value, remark="other-price" if one.remark is Remark.OTHER_PRICE else "",
    )  # fmt: skip


def _corners(quad: Quad) -> list[list[float]]:
    return [[round(x, 5), round(y, 5)] for x, y in quad]


def _pack(one: packs.Pack) -> PackLine:
    return PackLine(
        bay=one.bay, version=one.version, digest=one.digest, in_force=one.in_force,
        since="" if one.since is None else one.since.isoformat(), changed=one.changed, slots=one.slots, fault=one.fault,
    )  # fmt: skip


def _noted(settings: Config, bay: str, version: str, digest: str, before: str) -> None:
    """Into the audit log before the switch, where this box has one."""
    if not settings.paths.ledger.is_file():
        return
    ledger = app.ledger(settings, app.keys(settings))
    try:
        ledger.noted("plan.used", bay=bay, version=version, digest=digest, before=before)
    finally:
        ledger.close()


def _digest_in_force(folder: Path) -> str:
    try:
        return load(packs.in_force(folder)).digest
    except EdgeError:
        return ""


def _folder(settings: Config, bay: str) -> Path:
    return app.bays_folder(settings) / _code(bay, "bay")


def _code(text: str, what: str) -> str:
    try:
        return msgspec.convert(text, Code)
    except msgspec.ValidationError:
        raise BadInput(
            what, f"a {what} is a code: lower-case letters, digits, _ . -", remedy="for example bay-a or 2026-12",
            zh="货架和版本的编号只能用小写字母、数字和 _ . -",
        ) from None  # fmt: skip


@privilege.raised()
def _opened(path: Path) -> BinaryIO:
    try:
        if not path.is_file():
            raise BadInput("not-a-file", "not a regular file", remedy="give the path of one file", zh="不是普通文件")
        return path.open("rb")
    except OSError as error:
        raise BadInput(
            "unreadable", "the file cannot be read", remedy="check the path and its rights", zh="文件无法读取"
        ) from error


def _bytes(path: Path, kind: str, faults: Faults) -> bytes | None:
    """A table's bytes, None and a fault when it cannot be read."""
    try:
        with _opened(path) as file:
            return file.read(MAX_TABLE_BYTES)
    except (BadInput, OSError):
        faults.add(kind, 0, "", "cannot be read: check the path", "文件无法读取，请检查路径")
        return None


def brands(text: Sequence[str]) -> tuple[str, ...]:
    """Brand names from options that may each hold several, with , or ，between them."""
    return tuple(name for one in text for part in one.replace("，", ",").split(",") if (name := part.strip()))
