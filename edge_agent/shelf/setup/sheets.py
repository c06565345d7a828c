"""The three tables of a set-up: planogram (what stands where), price list (what each SKU is), and, where there are no tags to go
by, corners of slots. Read together, so that all faults are found at once.

`explained` prints the columns with an example of each file.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge_agent.domain.planogram import Quad
from edge_agent.shelf.setup.bay import upright
from edge_agent.shelf.setup.table import Column, Faults, Line, doubles, read_table

PLANOGRAM: Final = "planogram"
PRICES: Final = "prices"
SLOTS: Final = "slots"

_SKU: Final = Column(
    name="sku",
    zh="商品编码",
    needed=True,
    also=("编码", "货号", "商品代码", "条码", "code", "item"),
    means="code of the product",
    means_zh="商品编码",
)
PLAN_COLUMNS: Final = (
    Column(
        name="row",
        zh="层",
        needed=True,
        also=("层号", "层数", "board", "shelf", "货架层"),
        means="board, 1 = top",
        means_zh="第几层，1 为最上层",
    ),
    _SKU,
    Column(
        name="facings",
        zh="排面",
        also=("排面数", "陈列面", "facing"),
        means="units side by side in front, 1 if empty",
        means_zh="排面数，空为 1",
    ),
    Column(
        name="position",
        zh="位置",
        also=("序号", "顺序", "pos", "no"),
        means="order from the left; else the order of lines",
        means_zh="从左起第几个；没有此列则按行的先后",
    ),
    Column(
        name="slot",
        zh="货位",
        also=("货位号", "slotid"),
        means="code of the place; else r<row>s<n>",
        means_zh="货位编号；空为 r层s序号",
    ),
    Column(
        name="height_cm",
        zh="层高",
        also=("离地高度",),
        means="middle of the board's products above the floor, cm",
        means_zh="该层商品中部离地高度，厘米",
    ),
)
PRICE_COLUMNS: Final = (
    _SKU,
    Column(
        name="name",
        zh="品名",
        needed=True,
        also=("商品名称", "名称", "商品名", "product"),
        means="name as on the tag",
        means_zh="品名，与价签一致",
    ),
    Column(name="brand", zh="品牌", needed=True, means="brand", means_zh="品牌"),
    Column(
        name="price",
        zh="售价",
        needed=True,
        also=("价格", "零售价", "单价", "标价"),
        means="shelf price in yuan",
        means_zh="货架价，元",
    ),
    Column(name="category", zh="品类", also=("类别", "分类"), means="category", means_zh="品类"),
    Column(name="width_cm", zh="宽度", also=("单面宽",), means="width of one facing, cm", means_zh="一个排面的宽度，厘米"),
    Column(
        name="eye_level",
        zh="黄金层",
        also=("视平层",),
        means="yes: agreed to stand at eye level",
        means_zh="约定陈列在黄金层：是/否",
    ),
)
_CORNERS: Final = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")
SLOT_COLUMNS: Final = (
    Column(
        name="slot",
        zh="货位",
        needed=True,
        also=("货位号", "slotid"),
        means="code of the place, as in the planogram",
        means_zh="货位编号，同陈列图",
    ),
    *(
        Column(
            name=one,
            zh=f"角{one}",
            needed=True,
            means=f"corner {one[1]} of the slot, clockwise from the top left",
            means_zh=f"货位第 {one[1]} 角，从左上顺时针",
        )
        for one in _CORNERS
    ),
    *(
        Column(
            name=f"tag_{one}",
            zh=f"价签{one}",
            means=f"corner {one[1]} of its price tag, if it has one",
            means_zh=f"价签第 {one[1]} 角，无价签则空",
        )
        for one in _CORNERS
    ),
)

EXAMPLES: Final = {
    PLANOGRAM: "层,位置,商品编码,排面\n1,1,jg-milk-1l,3\n1,2,mt-oat-400,2\n2,1,jg-soda-330,4\n",
    PRICES: (
        "商品编码,品名,品牌,售价,品类,宽度\n"
        "jg-milk-1l,金谷草莓牛奶,金谷,¥13.90,乳品,7.5\n"
        "mt-oat-400,麦田燕麦麦片,麦田,19.50,冲调,18\n"
        "jg-soda-330,金谷青柠汽水,金谷,5.8,饮料,6.6\n"
    ),
    SLOTS: "slot,x1,y1,x2,y2,x3,y3,x4,y4\nr1s1,0.04,0.06,0.33,0.06,0.33,0.28,0.04,0.28\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One line of the planogram. `row` counts from the top."""

    line: int
    row: int
    slot: str
    sku: str
    facings: int
    position: float | None = None
    height_cm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One line of the price list; `price` in yuan with two decimals."""

    line: int
    sku: str
    name: str
    brand: str
    price: str
    category: str = ""
    width_cm: float | None = None
    eye_level: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """One line of corners, fractions of the photo."""

    line: int
    slot: str
    area: Quad
    tag: Quad | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """The planogram: its boards from the top, each from the left. `codes`: (line, SKU) of every line, faulty ones too."""

    boards: list[list[Planned]]
    codes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The price list by SKU. `codes`, `brands`: what its lines name, faulty ones too, so that no fault brings about another."""

    products: dict[str, Priced]
    codes: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()


def planogram(raw: bytes | None, faults: Faults, *, from_bottom: bool = False) -> Boards:
    """No boards where faults leave none. `from_bottom`: the table counts boards from below. `raw` None = could not be read."""
    read = [(one.number, *_planned(one)) for one in _lines(raw, PLANOGRAM, PLAN_COLUMNS, faults)]
    known = [one for _, _, one in read if one is not None]
    rows: dict[int, list[Planned]] = defaultdict(list)
    for one in known:
        rows[one.row].append(one)
    for members in rows.values():
        _check_order(members, faults)
    numbers = sorted(rows, reverse=from_bottom)
    boards = [_in_order(rows[number], place) for place, number in enumerate(numbers, 1)]
    flat = [one for board in boards for one in board]
    for code in sorted(doubles(one.slot for one in flat)):
        for one in flat:
            if one.slot == code:
                faults.add(PLANOGRAM, one.line, "slot", f"the slot {code} is planned twice", f"货位 {code} 重复")
    return Boards(boards=boards, codes=tuple((line, sku) for line, sku, _ in read if sku))


def prices(raw: bytes | None, faults: Faults) -> PriceList:
    """`raw` None = could not be read."""
    read = [_priced(one) for one in _lines(raw, PRICES, PRICE_COLUMNS, faults)]
    lines = [one for _, _, one in read if one is not None]
    listed: dict[str, Priced] = {}
    for one in lines:
        first = listed.setdefault(one.sku, one)
        if first is not one and replace(first, line=0) != replace(one, line=0):
            faults.add(
                PRICES,
                one.line,
                "sku",
                f"{one.sku} was listed otherwise in line {first.line}",
                f"{one.sku} 与第 {first.line} 行不一致",
            )
    return PriceList(products=listed, codes=frozenset(sku for sku, _, _ in read), brands=frozenset(brand for _, brand, _ in read))


def outlines(raw: bytes | None, faults: Faults, width: int, height: int) -> dict[str, Outlined]:
    """Corners by slot. Where any number of the file is above 1, all are pixels of the `width` x `height` photo."""
    lines = _lines(raw, SLOTS, SLOT_COLUMNS, faults)
    found: dict[str, Outlined] = {}
    read = [(one, one.code("slot"), _numbers(one, ""), _numbers(one, "tag_")) for one in lines]
    pixels = any(value > 1 for _, _, area, tag in read for value in (*area, *tag))
    scale = (1 / width, 1 / height) if pixels else (1.0, 1.0)
    for line, slot, area, tag in read:
        if slot in found:
            line.wrong("slot", f"{slot} stands twice", f"{slot} 重复")
        quad, tag_quad = _quad(line, area, "x1", scale), _quad(line, tag, "tag_x1", scale) if tag else None
        if not area:
            line.wrong("x1", "the slot needs four corners", "缺少货位四角")
        if slot and quad is not None:
            found[slot] = Outlined(line=line.number, slot=slot, area=quad, tag=tag_quad)
    return found


def agree(planned: Boards, listed: PriceList, faults: Faults) -> None:
    """Every planned SKU is on the price list."""
    if not listed.codes:
        return
    for line, sku in planned.codes:
        if sku not in listed.codes:
            faults.add(PLANOGRAM, line, "sku", f"{sku} is not on the price list", f"{sku} 不在价格表中")


def agree_brands(brands: Iterable[str], option: str, listed: PriceList, faults: Faults) -> None:
    """Every brand that `option` names is on the price list: a slip there would put its products on no side."""
    for brand in brands if listed.brands else ():
        if brand not in listed.brands:
            faults.add(PRICES, 0, "brand", f"{brand} of {option} is on no line", f"{option} 的 {brand} 不在价格表中")


def explained() -> Iterator[str]:
    """The columns of each file and an example, in both languages."""
    for file, zh, columns in (
        (PLANOGRAM, "陈列图", PLAN_COLUMNS),
        (PRICES, "价格表", PRICE_COLUMNS),
        (SLOTS, "货位四角（没有价签时，或改正用）", SLOT_COLUMNS),
    ):
        yield f"--{file} {zh}"
        for one in columns:
            need = "必填 needed" if one.needed else "可空 optional"
            yield f"  {one.zh} / {one.name}（{need}）：{one.means_zh} {one.means}"
        yield "  例 Example:"
        yield from (f"    {line}" for line in EXAMPLES[file].splitlines())
        yield ""
    yield "CSV：UTF-8 或 GB18030；逗号、分号或制表符；其他列不影响。 Commas, semicolons or tabs; other columns are left alone."
    yield "--photos：文件名 = 商品编码，1 至 5 张：CODE.jpg 或 CODE-1.jpg … CODE-5.jpg。 File name = SKU code, 1 to 5 each."


def _lines(raw: bytes | None, file: str, columns: Sequence[Column], faults: Faults) -> list[Line]:
    """None of a file that could not be read, which is among the faults already."""
    return [] if raw is None else read_table(raw, file, columns, faults)


def _planned(line: Line) -> tuple[str, Planned | None]:
    """Its SKU, and all of it where it has no fault."""
    row, sku, facings = line.whole("row", 1, 50), line.code("sku"), line.whole("facings", 1, 60, 1)
    position, height = line.measure("position", 0, 10_000), line.measure("height_cm", 0, 400)
    slot = line.code("slot", needed=False)
    if row is None or facings is None or not sku:
        return sku, None
    return sku, Planned(line=line.number, row=row, slot=slot, sku=sku, facings=facings, position=position, height_cm=height)


def _priced(line: Line) -> tuple[str, str, Priced | None]:
    """Its SKU and brand, and all of it where it has no fault."""
    sku, price = line.code("sku"), line.price("price")
    name, brand = line.label("name"), line.label("brand")
    category, width, eye = line.label("category", needed=False), line.measure("width_cm", 0.1, 200), line.yes("eye_level")
    if not (sku and price and name and brand):
        return sku, brand, None
    return (
        sku,
        brand,
        Priced(line=line.number, sku=sku, name=name, brand=brand, price=price, category=category, width_cm=width, eye_level=eye),
    )


def _check_order(members: Sequence[Planned], faults: Faults) -> None:
    placed = [one for one in members if one.position is not None]
    if placed and len(placed) < len(members):
        for one in members:
            if one.position is None:
                faults.add(
                    PLANOGRAM, one.line, "position", "is empty while others of its board have one", "同层其他行有位置，此行为空"
                )
    again = doubles(str(one.position) for one in placed)
    for one in placed:
        if str(one.position) in again:
            faults.add(PLANOGRAM, one.line, "position", "another line of this board has the same", "同层位置重复")


def _in_order(members: Sequence[Planned], row: int) -> list[Planned]:
    ordered = sorted(members, key=lambda one: (one.position or 0.0, one.line))
    return [replace(one, row=row, slot=one.slot or f"r{row}s{place}") for place, one in enumerate(ordered, 1)]


def _numbers(line: Line, prefix: str) -> tuple[float, ...]:
    """The eight numbers of four corners, () when all are empty; a fault for each one that is missing."""
    names = [f"{prefix}{one}" for one in _CORNERS]
    if not any(line.cells[name] for name in names):
        return ()
    values = [line.measure(name, 0, 100_000) for name in names]
    for name, value in zip(names, values, strict=True):
        if value is None and not line.cells[name]:
            line.wrong(name, "is empty", "不能为空")
    return () if None in values else tuple(value for value in values if value is not None)


def _quad(line: Line, numbers: Sequence[float], column: str, scale: tuple[float, float]) -> Quad | None:
    if not numbers:
        return None
    points = [(x * scale[0], y * scale[1]) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    if any(not 0 <= value <= 1 for point in points for value in point):
        line.wrong(column, "a corner lies outside the photo", "角点在照片之外")
        return None
    if not upright([list(point) for point in points]):
        line.wrong(column, "corners must run clockwise from the top left", "四角应从左上顺时针")
        return None
    a, b, c, d = points
    return (a, b, c, d)
