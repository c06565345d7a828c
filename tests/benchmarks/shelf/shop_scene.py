"""One scene in a folder: bay.toml, reference.jpg, sku/*.jpg, shelf.mp4 with its sidecar, truth.json. Same seed, same truth.

A slot's `clear` counts the frames in which it is seen whole, sharp and with nobody before it; `hidden` says that no frame shows
even two thirds of it. A slot between the two (seen in part, or once) is judged by nobody.
"""

import json
from dataclasses import asdict, replace
from random import Random

import cv2
import numpy as np
from PIL import Image
from shop_faults import plant
from shop_film import (
    Light,
    Pose,
    ambient,
    cart,
    crossing,
    fixed,
    frames,
    grain_sheet,
    grainy,
    lit,
    reflections,
    shoot,
    walked,
    write,
)
from shop_forms import pack
from shop_furniture import Stand, furnish, printed, stocked
from shop_goods import stock

DISTURBANCES = ("calm", "people", "blocked", "glare", "shift", "roll", "warm", "dim", "compressed", "walk", "dark", "walk")
"""What troubles a scene, in turn; `dark` and `walk` have their own frames."""
CLEAR, HIDDEN, BLURRED = 0.985, 0.66, 9
FRAMES, EVERY_S = 9, 2.0


def render(look, seed, disturbance, out):
    """Render one scene into the folder `out`; returns its truth."""
    rng = Random(seed)
    goods = stock(rng, look.trades, look.prints, look.rows[1] * (look.per_row[1] + 2) + 6)
    bay = furnish(look, rng, goods)
    strangers, rivals = bay.filler[-3:], bay.filler[:2]
    base = Pose(
        yaw=rng.uniform(-look.yaw, look.yaw), pitch=rng.uniform(-look.pitch, look.pitch), roll=rng.gauss(0, 0.5), zoom=0.97
    )
    out.mkdir(parents=True, exist_ok=True)
    day = ambient(look, rng)
    planned = {p.id: Stand(product=p.product, count=p.facings, printed=printed(p.product, rng)) for p in bay.places}
    _reference(bay, planned, base, day, rng, out / "reference.jpg")
    stands, truth = plant(bay, rng, strangers, rivals)
    take = _take(look, rng, base, disturbance, bay)
    told = {p.id: {"clear": 0, "tag_clear": 0, "best": 0.0} for p in bay.places}

    def pictures():
        for n, (picture, hidden, matrix) in enumerate(frames(stocked(bay, stands, rng), bay.view, look.camera, take, rng)):
            sharp = not take.blur or take.blur[n] < BLURRED
            for place in bay.places:
                _tell(told[place.id], place, matrix, hidden, look.camera, sharp=sharp and disturbance != "dark")
            yield picture

    write(pictures(), out / "shelf.mp4", look.camera, take.every_s, take.crf)
    skus = {p.product.id: p.product for p in bay.places} | {one.id: one for one in rivals}
    (out / "sku").mkdir(exist_ok=True)
    photos = {code: _photos(one, rng, out / "sku") for code, one in sorted(skus.items())}
    _plan(bay, skus, photos, base, rng, out, f"{look.name}-{seed}")
    walk = disturbance == "walk"
    seeing = 'view = "walk"\n' if walk else ""
    (out / "shelf.meta.toml").write_text(
        'kind = "shelf"\nstarted_at = 2026-11-20T09:30:00+08:00\nindustry = "store"\nchannel = "visit"\n'
        f'bay = "{look.name}-{seed}"\n{seeing}\n[consent]\nbasis = "not-personal"\n',
        encoding="utf-8",
    )
    slots = [
        asdict(truth[p.id])
        | {
            "planned": p.product.id,
            "price_list": p.product.price,
            "planned_facings": p.facings,
            "clear": told[p.id]["clear"],
            "tag_clear": told[p.id]["tag_clear"],
            "hidden": told[p.id]["best"] < HIDDEN,
        }
        for p in bay.places
    ]
    scene = {"look": look.name, "seed": seed, "disturbance": disturbance, "view": "walk" if walk else "fixed", "slots": slots}
    (out / "truth.json").write_text(json.dumps(scene, ensure_ascii=False, indent=1), encoding="utf-8")
    return scene


def _reference(bay, stands, base, day, rng, path):
    size = bay.look.camera
    picture = shoot(lit(stocked(bay, stands, rng), day), base.matrix(bay.view, size), size)
    Image.fromarray(grainy(picture, day, grain_sheet(replace(day, grain=1.0), size, rng), rng)).save(path, quality=90)


def _take(look, rng, base, disturbance, bay):
    if disturbance == "walk":
        return walked(look, rng, base, 16, 1.5)
    take = fixed(look, rng, base, FRAMES, EVERY_S)
    if look.glass:
        take.glare = reflections(bay.canvas.shape, rng, strong=False)
    if disturbance == "people":
        take.people = [crossing(rng, FRAMES) for _ in range(rng.choice((1, 2)))]
    elif disturbance == "blocked":
        take.people = [crossing(rng, FRAMES, long=True), crossing(rng, FRAMES)] + [cart(rng, FRAMES)] * (rng.random() < 0.4)
    elif disturbance == "glare":
        take.glare = reflections(bay.canvas.shape, rng, strong=True)
    elif disturbance in {"shift", "roll"}:
        moved = (
            replace(base, shift=(rng.choice((-1, 1)) * rng.uniform(0.015, 0.045), rng.uniform(-0.02, 0.02)))
            if disturbance == "shift"
            else replace(
                base, roll=base.roll + rng.choice((-1, 1)) * rng.uniform(0.8, 2.0), zoom=base.zoom * rng.uniform(0.96, 1.04)
            )
        )
        take.poses = fixed(look, rng, moved, FRAMES, EVERY_S).poses
    elif disturbance == "warm":
        take.light = replace(take.light, warm=rng.uniform(0.12, 0.22), gain=take.light.gain * rng.uniform(0.7, 0.95))
    elif disturbance == "dim":
        take.light = replace(take.light, gain=rng.uniform(0.42, 0.55), warm=rng.uniform(-0.04, 0.08), grain=rng.uniform(3, 4.5))
    elif disturbance == "dark":
        take.light = Light(gain=rng.uniform(0.02, 0.05), grain=rng.uniform(2, 4))
    elif disturbance == "compressed":
        take.crf = rng.randint(32, 36)
    return take


def _tell(told, place, matrix, hidden, size, *, sharp):
    """Count how much of a slot and its tag this frame shows."""
    area, tag = (_seen_share(box, matrix, hidden > 0, size) for box in (place.opening, place.tag))
    if sharp:
        told["best"] = max(told["best"], _seen_share(place.opening, matrix, hidden > 1, size))
    told["clear"] += sharp and area >= CLEAR and tag >= CLEAR
    told["tag_clear"] += sharp and tag >= CLEAR


def _seen_share(box, matrix, hidden, size):
    x0, y0, x1, y1 = box
    quad = cv2.perspectiveTransform(np.asarray([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], np.float64), matrix)[0]
    inside = np.clip(quad, (0, 0), size)
    share = cv2.contourArea(inside.astype(np.float32)) / max(1.0, cv2.contourArea(quad.astype(np.float32)))
    mask = np.zeros(hidden.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(quad / 4).astype(np.int32), 1)
    where = mask > 0
    return float(min(1.0, share) * (1 - (hidden[where].mean() if where.any() else 1.0)))


def _photos(product, rng, folder):
    """One or two photos of a SKU, hand held, on some table, under other light."""
    names = []
    for n in range(rng.choice((1, 1, 2))):
        sprite = pack(product)
        tall, wide = sprite.shape[:2]
        pad = round(tall * rng.uniform(0.06, 0.14))
        table = np.asarray([rng.randint(150, 240)] * 3) + np.asarray([rng.randint(-14, 14) for _ in range(3)])
        ground = np.empty((tall + 2 * pad, wide + 2 * pad, 3), np.float32)
        ground[:] = table * np.linspace(1.04, 0.86, ground.shape[0])[:, None, None]
        alpha = sprite[..., 3:].astype(np.float32) / 255
        part = ground[pad : pad + tall, pad : pad + wide]
        ground[pad : pad + tall, pad : pad + wide] = sprite[..., :3] * alpha + part * (1 - alpha)
        warm, gain = rng.uniform(-0.06, 0.09), rng.uniform(0.82, 1.08)
        ground *= np.asarray((gain * (1 + warm), gain, gain * (1 - warm)))
        ground *= np.linspace(rng.uniform(0.85, 1.1), rng.uniform(0.85, 1.1), ground.shape[1])[None, :, None]
        h, w = ground.shape[:2]
        source = np.asarray([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
        target = source + np.asarray(
            [(rng.uniform(-0.025, 0.025) * w, rng.uniform(-0.025, 0.025) * h) for _ in range(4)], np.float32
        )
        warped = cv2.warpPerspective(ground, cv2.getPerspectiveTransform(source, target), (w, h), borderMode=cv2.BORDER_REPLICATE)
        noise = np.random.default_rng(rng.getrandbits(31)).normal(0, 2, warped.shape)
        photo = Image.fromarray(np.clip(warped + noise, 0, 255).astype(np.uint8))
        names.append(f"sku/{product.id}-{n + 1}.jpg")
        photo.save(folder.parent / names[-1], quality=86)
    return names


def _plan(bay, skus, photos, base, rng, out, code):
    matrix = base.matrix(bay.view, bay.look.camera)
    width, height = bay.look.camera
    brands = sorted({one.brand for one in skus.values()})
    own = brands[: max(1, len(brands) // 3)]
    rivals = brands[len(own) : len(own) + max(1, len(brands) // 2)]

    def text(value):
        return json.dumps(value, ensure_ascii=False)

    def quad(box):
        x0, y0, x1, y1 = box
        corners = cv2.perspectiveTransform(np.asarray([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], np.float64), matrix)[0]
        return "[" + ", ".join(f"[{min(1, max(0, x / width)):.5f}, {min(1, max(0, y / height)):.5f}]" for x, y in corners) + "]"

    lines = [
        f"bay = {text(code)}",
        'version = "1"',
        'reference = "reference.jpg"',
        f"own = {text(own)}",
        f"competitors = {text(rivals)}",
    ]
    top = rng.uniform(150, 190)
    for number in range(1, len(bay.rows) + 1):
        lines += ["", "[[row]]", f"row = {number}", f"height_cm = {top - (number - 1) * 130 / len(bay.rows):.0f}"]
    for key, one in sorted(skus.items()):
        lines += [
            "",
            "[[sku]]",
            f"id = {text(key)}",
            f"name = {text(one.name)}",
            f"brand = {text(one.brand)}",
            f"price = {text(one.price)}",
            f"photos = {text(photos[key])}",
            f"category = {text(one.noun)}",
            f"width_cm = {one.aspect * one.tall * 30:.1f}",
        ]
    for p in bay.places:
        lines += [
            "",
            "[[slot]]",
            f"id = {text(p.id)}",
            f"row = {p.row}",
            f"sku = {text(p.product.id)}",
            f"facings = {p.facings}",
            f"area = {quad(p.opening)}",
            f"tag = {quad(p.tag)}",
        ]
    (out / "bay.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
