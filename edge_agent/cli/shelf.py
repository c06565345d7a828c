"""`edge-agent shelf …`: set up a bay and its plan versions, score videos, read price tags, follow a bay over time.

`score`, `tags` and `compare` look at files and store nothing. A plan with doubtful slots is not put in force: exit code 1.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edge_agent.cli import pictures, shelf_prices
from edge_agent.cli.options import Commands, command, loaded
from edge_agent.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge_agent.documents import Calibrated
    from edge_agent.domain.planogram import Quad
    from edge_agent.planning import Wanted

DOUBTFUL = 1


def add(commands: Commands) -> None:
    shelf = commands.add_parser("shelf", help="货架：建陈列图、评分、读价签 set up a bay, score it, read price tags")
    verbs = shelf.add_subparsers(required=True, metavar="VERB")
    score = command(
        verbs,
        "score",
        _score,
        "给一段货架视频评分（不保存）",
        "Score one video against a bay plan, store nothing",
    )
    score.add_argument("video", type=Path)
    score.add_argument(
        "--bay",
        type=Path,
        required=True,
        metavar="BAY|BAY.toml",
        help="货架编号（用启用的陈列图）或陈列图文件 a bay or a plan's file",
    )
    _add_view(score)
    score.add_argument("--picture", type=Path, metavar="PNG", help="write the evidence picture here")
    read = command(
        verbs,
        "tags",
        _price_tags,
        "读一张照片上的价签（不保存）",
        "Read the price tags on one photo, store nothing",
    )
    read.add_argument("image", type=Path)
    compare = command(
        verbs, "compare", _compare, "同一货架两段视频的前后对比（不保存）", "Before and after of one bay, store nothing"
    )
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    compare.add_argument(
        "--bay", type=Path, required=True, metavar="BAY|BAY.toml", help="货架编号或陈列图文件 a bay or a plan's file"
    )
    _add_view(compare)
    compare.add_argument("--picture", type=Path, metavar="PNG", help="write both as one picture here")
    shelf_prices.add_verb(verbs)
    _add_calibrate(verbs)
    plans = command(verbs, "plans", _plans, "列出陈列图版本", "Versions of plans, and which are in force")
    plans.add_argument("bay", nargs="?", default="", metavar="BAY")
    use = command(verbs, "use", _use, "启用陈列图的一个版本", "Put a version of a bay's plan in force, also an earlier one")
    use.add_argument("bay", metavar="BAY")
    use.add_argument("version", metavar="VERSION")
    sheet = command(verbs, "sheet", _sheet, "打印陈列图核对单", "The check sheet of a plan (PNG or PDF)", json=False)
    sheet.add_argument("bay", metavar="BAY")
    sheet.add_argument("version", nargs="?", default="", metavar="VERSION")
    sheet.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.pdf|png")
    trend = command(verbs, "trend", _trend, "一个货架的合规走势", "A bay's scores over time")
    trend.add_argument("bay", metavar="BAY")
    trend.add_argument("--picture", type=Path, metavar="FILE.svg|png", help="合规走势图 the scores over time")
    trend.add_argument("--brands", type=Path, metavar="FILE.svg|png", help="各品牌排面占比 share of shelf in the newest scan")


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--view", choices=("fixed", "walk"), default="fixed",
        help="拍摄方式：fixed 固定机位，walk 手机走动拍摄 how it was filmed: from one place, or walking by (default: fixed)",
    )  # fmt: skip


def _add_calibrate(verbs: Commands) -> None:
    calibrate = command(
        verbs,
        "calibrate",
        _calibrate,
        "用参考照片、陈列图表格和价格表建一个货架的陈列图",
        "Make a bay's plan from a reference photo and tables; --columns explains them",
    )
    calibrate.add_argument("bay", nargs="?", default="", metavar="BAY")
    calibrate.add_argument("--columns", action="store_true", help="表格各列的说明和例子 print the tables' columns with examples")
    calibrate.add_argument("--photo", type=Path, metavar="JPG", help="货架照片 the bay, filled as planned, seen straight on")
    calibrate.add_argument("--planogram", type=Path, metavar="CSV", help="陈列图表格 what stands where")
    calibrate.add_argument("--prices", type=Path, metavar="CSV", help="价格表 the price list")
    calibrate.add_argument("--photos", type=Path, metavar="DIR", help="商品照片 photos of products, named by their code")
    calibrate.add_argument("--own", action="append", default=[], metavar="BRAND,…", help="本品品牌 own brands")
    calibrate.add_argument("--competitors", action="append", default=[], metavar="BRAND,…", help="竞品品牌 competitors' brands")
    calibrate.add_argument("--version", default="", metavar="V", help="版本号 name of this version (default: the next number)")
    calibrate.add_argument("--slots", type=Path, metavar="CSV", help="手工给出的货位四角 corners by hand; they win")
    calibrate.add_argument(
        "--grid", default="", metavar="L,T,R,B",
        help="没有价签时：货架区域 no tags: where the bay lies (fractions of the photo; or eight numbers, four corners)",
    )  # fmt: skip
    calibrate.add_argument(
        "--rows", default="", metavar="Y1,Y2,…", help="--grid 内每层的下沿 where each board ends, fractions of the bay's height"
    )
    calibrate.add_argument("--from-bottom", action="store_true", help="表格的第 1 层是最下层 the table counts boards from below")
    calibrate.add_argument("--tags-above", action="store_true", help="价签在商品上方（挂钩） tags hang above their products")
    calibrate.add_argument("--accept", action="store_true", help="有存疑也启用 put it in force with its doubts")
    calibrate.add_argument("--sheet", type=Path, metavar="FILE.pdf|png", help="写出核对单 write the check sheet here")


def _score(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415
    from edge_agent.domain.recording import View  # noqa: PLC0415

    pictures.checked(arguments.picture, ".png")
    found, picture = bench.shelf_score(loaded(arguments), arguments.video, arguments.bay, View(arguments.view))
    pictures.write(arguments.picture, picture)
    if arguments.json:
        print(documents.encode(found))
    else:
        view.console().print(view.shelf(found))
    return 0


def _price_tags(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415

    found = bench.price_tags(loaded(arguments), arguments.image)
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table("价签 Price tags", "位置 Box", "价格 Price", "文字 Text", "把握 Sure")
    for line in found.tags:
        lines.add_row(
            " ".join(f"{x:.2f}" for x in line.box),
            line.price or "—",
            " ".join(line.text),
            f"{line.confidence:.2f}",
        )
    view.console().print(lines)
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from edge_agent import bench, documents, view  # noqa: PLC0415
    from edge_agent.domain.recording import View  # noqa: PLC0415

    pictures.checked(arguments.picture, ".png")
    found, picture = bench.shelf_compare(
        loaded(arguments), arguments.before, arguments.after, arguments.bay, View(arguments.view)
    )
    pictures.write(arguments.picture, picture)
    if arguments.json:
        print(documents.encode(found))
        return 0
    lines = view.table("变化 Changes", "货位 Slot", "计划 Planned", "之前 Before", "之后 After", "价格 Price")
    for line in found.changes:
        price = f"{line.price_before or '—'} → {line.price_after or '—'}"
        lines.add_row(line.slot, line.sku, line.seen_before, line.seen_after, price)
    view.console().print(lines)
    return 0


def _calibrate(arguments: argparse.Namespace) -> int:
    if arguments.columns:
        from edge_agent.shelf.setup import sheets  # noqa: PLC0415

        print("\n".join(sheets.explained()))
        return 0
    from edge_agent import documents, planning  # noqa: PLC0415 - after parsing

    pictures.checked(arguments.sheet, ".pdf", ".png")
    found, pages = planning.calibrate(loaded(arguments), _wanted(arguments))
    _write_sheet(arguments.sheet, pages)
    if arguments.json:
        print(documents.encode(found))
    else:
        _print_calibrated(found)
    return 0 if found.in_force else DOUBTFUL


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    from edge_agent import planning  # noqa: PLC0415

    missing = [f"--{name}" for name in ("photo", "planogram", "prices", "photos") if getattr(arguments, name) is None]
    if not arguments.bay or missing:
        raise BadInput(
            "missing", f"needed: {' '.join([*(['BAY'] if not arguments.bay else []), *missing])}",
            remedy="edge-agent shelf calibrate --help", zh="缺少参数：货架编号、照片、陈列图、价格表、商品照片都要给出",
        )  # fmt: skip
    return planning.Wanted(
        bay=arguments.bay, photo=arguments.photo, planogram=arguments.planogram, prices=arguments.prices,
        photos=arguments.photos, slots=arguments.slots, grid=_grid(arguments.grid), bottoms=_numbers(arguments.rows, "--rows"),
        version=arguments.version, own=planning.brands(arguments.own), competitors=planning.brands(arguments.competitors),
        from_bottom=arguments.from_bottom, tags_above=arguments.tags_above, accept=arguments.accept,
    )  # fmt: skip


def _grid(text: str) -> "Quad | None":
    from edge_agent.shelf.setup.bay import upright  # noqa: PLC0415

    numbers = _numbers(text, "--grid")
    if not numbers:
        return None
    if len(numbers) == 4:
        left, top, right, bottom = numbers
        numbers = (left, top, right, top, right, bottom, left, bottom)
    points = [[x, y] for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
    if len(numbers) != 8 or not upright(points):
        raise BadInput(
            "grid", "--grid takes left,top,right,bottom or four corners, clockwise from the top left",
            remedy="for example --grid 0.05,0.1,0.95,0.9", zh="--grid 为左,上,右,下四个数，或从左上顺时针的四角",
        )  # fmt: skip
    a, b, c, d = ((x, y) for x, y in points)
    return (a, b, c, d)


def _numbers(text: str, option: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.replace("，", ",").split(",")) if text else ()
    except ValueError:
        numbers = (-1.0,)
    if any(not 0 <= number <= 1 for number in numbers) or (option == "--rows" and list(numbers) != sorted(set(numbers))):
        raise BadInput(
            option, f"{option} takes fractions from 0 to 1 with commas between", remedy="edge-agent shelf calibrate --help",
            zh=f"{option} 为 0 到 1 之间、用逗号隔开的数",
        )  # fmt: skip
    return numbers


def _print_calibrated(found: "Calibrated") -> None:
    from edge_agent import view  # noqa: PLC0415
    from edge_agent.shelf.setup.plan_file import DOUBTS, REMARKS  # noqa: PLC0415

    words = {key.value: "  ".join(value) for key, value in (*DOUBTS.items(), *REMARKS.items())}
    table = view.table(f"货架 {found.bay} 版本 {found.version}", "货位 Slot", "商品 SKU", "照片价 Read", "说明 Note")
    for one in found.slots:
        if one.doubt or one.remark:
            mark = "？" if one.doubt else "！"
            table.add_row(one.slot, one.sku, one.price or "—", f"{mark} {words[one.doubt or one.remark]}")
    if table.row_count:
        view.console().print(table)
    print(f"货位 {len(found.slots)}，存疑 {found.doubtful} slots, doubtful")
    if found.unplanned_tags:
        print(f"照片上有 {found.unplanned_tags} 个价签不在陈列图中 tags on the photo that the plan does not know")
    if found.unmatched_photos:
        print(f"{found.unmatched_photos} 张商品照片的文件名不是编码，未使用 photos not named by a code, left alone")
    if found.people == "people":
        print("照片上有人：请等没人时重拍，或裁掉后重做 people on the photo: take it again without them, or crop them off")
    if found.people == "not-looked":
        print("未检查照片上是否有人（未安装人体检测模型），请自行确认 not looked for people (no detector): see for yourself")
    if found.in_force:
        print(f"已启用 in force: {found.digest[:12]}\n  {found.plan}")
        print(f"下一步 next: edge-agent shelf score VIDEO --bay {found.bay}")
        return
    print("未启用：看核对单改正下面的文件后启用；或用 --slots 给出四角重做；或 --accept 照样启用")
    print("Not in force: correct this file and use it; or give corners with --slots; or --accept it as it is")
    print(f"  {found.plan}\n  edge-agent shelf use {found.bay} {found.version}")


def _plans(arguments: argparse.Namespace) -> int:
    from edge_agent import app, documents, planning, view  # noqa: PLC0415

    settings = loaded(arguments)
    found = planning.listed(settings, arguments.bay)
    if arguments.json:
        print(documents.encode(found))
        return 0
    if not found.plans:
        print("没有陈列图 there are no plans yet: edge-agent shelf calibrate")
        return 0
    zone = app.zone(settings)
    table = view.table("陈列图 Plans", "货架 Bay", "版本 Version", "货位 Slots", "摘要 Digest", "启用 In force", "说明 Note")
    for one in found.plans:
        note = one.fault or ("启用后有改动 changed since" if one.changed else "")
        since = (view.moment(one.since, zone) or "是 yes") if one.in_force else ""
        table.add_row(one.bay, one.version, str(one.slots), one.digest[:12], since, note)
    view.console().print(table)
    return 0


def _use(arguments: argparse.Namespace) -> int:
    from edge_agent import documents, planning  # noqa: PLC0415

    found = planning.use(loaded(arguments), arguments.bay, arguments.version)
    print(documents.encode(found) if arguments.json else f"已启用 {found.bay} {found.version} in force: {found.digest[:12]}")
    return 0


def _sheet(arguments: argparse.Namespace) -> int:
    from edge_agent import planning  # noqa: PLC0415

    pictures.checked(arguments.output, ".pdf", ".png")
    pages = planning.sheet(loaded(arguments), arguments.bay, arguments.version)
    _write_sheet(arguments.output, pages)
    print(f"已写出核对单 wrote the check sheet: {len(pages)} 页 pages, {arguments.output}")
    return 0


def _trend(arguments: argparse.Namespace) -> int:
    from edge_agent import app, documents, trends, view  # noqa: PLC0415

    for path in (arguments.picture, arguments.brands):
        pictures.checked(path, ".svg", ".png")
    settings = loaded(arguments)
    series = trends.series(settings, arguments.bay)
    if arguments.picture is not None:
        pictures.write(arguments.picture, trends.chart(settings, arguments.bay, series, _kind(arguments.picture)))
    if arguments.brands is not None:
        pictures.write(arguments.brands, trends.brands(settings, arguments.bay, series[-1][1], _kind(arguments.brands)))
    found = trends.document(arguments.bay, series)
    if arguments.json:
        print(documents.encode(found))
        return 0
    table = view.table(f"货架 Bay {found.bay}", "时间 Time", "有货率 OSA", "陈列 Planogram", "价签 Price", "看到 Coverage")
    for one in found.points:
        shares = [
            f"{view.percent(share.value)}（{share.good}/{share.assessed}）" for share in (one.osa, one.planogram, one.price)
        ]
        table.add_row(view.moment(one.at, app.zone(settings)), *shares, view.percent(one.osa.coverage))
    view.console().print(table)
    return 0


def _kind(path: Path) -> Literal["svg", "png"]:
    return "svg" if path.suffix.casefold() == ".svg" else "png"


def _write_sheet(path: Path | None, pages: "Sequence[Any]") -> None:
    from edge_agent.shelf.pictures import check_sheet  # noqa: PLC0415

    if path is not None:
        pictures.write(path, check_sheet.as_pdf(pages) if path.suffix.casefold() == ".pdf" else check_sheet.as_png(pages))
