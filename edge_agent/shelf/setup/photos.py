"""Photos that a shop gives: each decoded in the limited child, made smaller, and written anew without anything but its pixels.

A photo belongs to the SKU that its file is named after, `CODE.jpg` or `CODE-1.jpg` to `CODE-5.jpg`; its name goes no further.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image

from edge_agent.errors import BadInput
from edge_agent.shelf.frames.geometry import resized
from edge_agent.shelf.setup.bay import Decode, Picture
from edge_agent.shelf.setup.table import Faults

PHOTOS: Final = "photos"
REFERENCE: Final = "photo"
MAX_PHOTOS: Final = 5
MAX_FILES: Final = 10_000
REFERENCE_PX: Final = 3840
MIN_REFERENCE_PX: Final = 640
PHOTO_PX: Final = 1000
_PICTURE: Final = re.compile(r"(.+?)\.(?:jpe?g|png|webp|bmp)", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"(.+)[-_ (]+\d+\)?")

Open = Callable[[Path], BinaryIO]


def reference(path: Path, opened: Open, decode: Decode, faults: Faults) -> Picture | None:
    """The reference photo, no side longer than 3840 px; None and a fault when it is no usable photo."""
    try:
        with opened(path) as file:
            picture = _within(decode(file), REFERENCE_PX)
    except BadInput as error:
        faults.add(REFERENCE, 0, "", f"cannot be used ({error.kind})", f"参考照片不能用（{error.zh or error.kind}）")
        return None
    if max(picture.shape[:2]) < MIN_REFERENCE_PX:
        faults.add(
            REFERENCE, 0, "", f"is smaller than {MIN_REFERENCE_PX} px: tags cannot be read on it", "照片太小，价签读不出来"
        )
    return picture


def by_sku(folder: Path, codes: Iterable[str], faults: Faults) -> tuple[dict[str, list[Path]], int]:
    """The picture files of each code, and how many pictures belong to none. A name that is a code is that code's."""
    known = set(codes)
    found: dict[str, list[Path]] = defaultdict(list)
    strangers = 0
    try:
        files = sorted(folder.iterdir())[:MAX_FILES]
    except OSError:
        faults.add(PHOTOS, 0, "", "is no folder that can be read", "不是可读取的文件夹")
        return {}, 0
    for path in files:
        name = _PICTURE.fullmatch(path.name)
        if name is None or path.name.startswith("."):
            continue
        stem = name[1].strip().casefold()
        numbered = _NUMBERED.fullmatch(stem)
        code = stem if stem in known else "" if numbered is None else numbered[1]
        if code in known:
            found[code].append(path)
        else:
            strangers += 1
    return dict(found), strangers


def encoded(
    paths: dict[str, list[Path]], planned: Iterable[str], opened: Open, decode: Decode, faults: Faults
) -> dict[str, list[bytes]]:
    """Each SKU's photos as JPEG; a fault for every planned SKU without one and every photo that cannot be used."""
    for code in sorted(set(planned) - paths.keys()):
        faults.add(PHOTOS, 0, code, f"no photo: {code}.jpg is missing", f"缺少照片 {code}.jpg")
    made: dict[str, list[bytes]] = {}
    for code, files in sorted(paths.items()):
        if len(files) > MAX_PHOTOS:
            faults.add(
                PHOTOS, 0, code, f"has {len(files)} photos, {MAX_PHOTOS} at most", f"有 {len(files)} 张照片，最多 {MAX_PHOTOS} 张"
            )
            continue
        for number, path in enumerate(files, 1):
            try:
                with opened(path) as file:
                    picture = _within(decode(file), PHOTO_PX)
            except BadInput as error:
                faults.add(
                    PHOTOS,
                    0,
                    code,
                    f"photo {number} cannot be used ({error.kind})",
                    f"第 {number} 张照片不能用（{error.zh or error.kind}）",
                )
                continue
            made.setdefault(code, []).append(jpeg(picture))
    return made


def jpeg(picture: Picture, quality: int = 92) -> bytes:
    """The pixels and nothing else."""
    out = BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _within(picture: Picture, longest: int) -> Picture:
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    return picture if scale >= 1 else resized(picture, max(1, round(width * scale)), max(1, round(height * scale)))
