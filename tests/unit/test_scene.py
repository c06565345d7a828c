"""The rendered shelf scenes: what is planted is said, what is said is there, and the bundled one is what its seed gives."""

import subprocess
import sys
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from edge_agent.samples import scene_products
from edge_agent.samples.scene import Options, compose, other_price

SEEDS = range(60)
SAMPLES = Path(__file__).parents[2] / "edge_agent" / "samples"


def compositions(options: Options | None = None):
    return [compose(Random(seed), options or Options()) for seed in SEEDS]


def test_every_scene_has_an_empty_a_misplaced_and_a_wrongly_priced_slot():
    for _, planted in compositions():
        kinds = Counter(p.fault.kind for p in planted)
        assert min(kinds[kind] for kind in ("out_of_stock", "misplaced", "price_tag_mismatch")) >= 1


def test_no_slot_has_two_faults():
    for _, planted in compositions():
        assert len({p.slot for p in planted}) == len(planted)


def test_every_fault_differs_from_the_plan_in_exactly_what_it_says():
    for bay, planted in compositions(Options(unknown=True, missing_tag=True)):
        plan = {place.id: place.product for place in bay.places}
        for p in planted:
            product, fault = plan[p.slot], p.fault
            assert fault.sku == product.id
            held = p.filling.product
            if fault.kind == "out_of_stock":
                assert held is None
            elif fault.kind == "misplaced":
                assert held is not None
                assert held.id == fault.seen_sku != product.id
                assert held.id in {other.id for other in plan.values()}
            elif fault.kind == "unknown_product":
                assert held is not None
                assert held.id not in {other.id for other in plan.values()}
            else:
                assert held == product
            if fault.kind == "price_tag_mismatch":
                assert p.filling.price == fault.price != product.price
            elif fault.kind == "price_tag_missing":
                assert p.filling.price == ""
            else:
                assert p.filling.price == product.price


@pytest.mark.parametrize("kind", ["unknown_product", "price_tag_missing"])
def test_rarer_faults_come_when_asked_and_in_some_scenes_by_themselves(kind):
    def count(options: Options) -> int:
        return sum(any(p.fault.kind == kind for p in planted) for _, planted in compositions(options))

    asked = {"unknown": True} if kind == "unknown_product" else {"missing_tag": True}
    unasked = dict.fromkeys(asked, False)
    assert count(Options(**asked)) == len(SEEDS)
    assert count(Options(**unasked)) == 0
    assert 0 < count(Options()) < len(SEEDS)


def test_a_bay_is_three_or_four_rows_of_five_to_seven_slots_and_no_sku_stands_twice():
    for bay, _ in compositions():
        rows = Counter(place.row for place in bay.places)
        assert len(rows) in {3, 4}
        assert all(5 <= count <= 7 for count in rows.values())
        assert len({place.product.id for place in bay.places}) == len(bay.places)


def test_slots_of_a_row_do_not_overlap_and_tags_stay_in_their_slot_strip():
    for bay, _ in compositions():
        for left, right in zip(bay.places, bay.places[1:], strict=False):
            if left.row == right.row:
                assert left.opening[2] <= right.opening[0]
                assert left.tag[2] < right.tag[0]
                assert left.opening[3] < left.tag[1]


def test_similar_neighbours_occur():
    def twins(bay) -> bool:
        pairs = zip(bay.places, bay.places[1:], strict=False)
        return any(a.row == b.row and a.product.id.rsplit("-", 1)[0] == b.product.id.rsplit("-", 1)[0] for a, b in pairs)

    assert sum(twins(bay) for bay, _ in compositions()) > len(SEEDS) / 2


def test_the_same_seed_gives_the_same_scene_and_another_seed_another():
    assert compose(Random(7), Options()) == compose(Random(7), Options())
    assert compose(Random(7), Options()) != compose(Random(8), Options())


@pytest.mark.parametrize("price", ["0.50", "1.00", "3.90", "9.99", "12.90", "59.00", "199.90"])
def test_a_wrong_price_is_a_price_and_is_wrong(price):
    for seed in range(30):
        wrong = other_price(price, Random(seed))
        assert Decimal(wrong) > 0
        assert Decimal(wrong) != Decimal(price)
        assert len(wrong.partition(".")[2]) == 2


def test_sku_codes_are_codes():
    for bay, _ in compositions():
        for place in bay.places:
            assert place.product.id.isascii()
            assert place.product.id == place.product.id.lower()
            assert " " not in place.product.id


def test_every_line_can_be_drawn():
    from edge_agent.samples.scene_packaging import HEIGHT, pack

    style = scene_products.house_style(Random(1))
    for line in scene_products.LINES:
        made = scene_products.product(Random(2), line, ("x", "澜星"), line.flavours[0], style)
        picture = pack(made, yaw=0.2, seed=3)
        assert picture.size == (round(HEIGHT * line.aspect), HEIGHT)
        assert picture.mode == "RGBA"
        assert picture.getchannel("A").getextrema()[1] == 255


def test_the_bundled_scene_is_what_its_seed_gives():
    truth = tomllib.loads((SAMPLES / "shelf-1.truth.toml").read_text(encoding="utf-8"))
    plan = tomllib.loads((SAMPLES / "bay-a" / "bay.toml").read_text(encoding="utf-8"))
    bay, planted = compose(Random(truth["seed"]), Options(unknown=False, missing_tag=False))
    assert [(slot["id"], slot["sku"]) for slot in plan["slot"]] == [(p.id, p.product.id) for p in bay.places]
    assert {sku["id"]: sku["price"] for sku in plan["sku"]} == {p.product.id: p.product.price for p in bay.places}
    assert [f["slot"] for f in truth["fault"]] == [p.slot for p in planted]
    assert {f["kind"] for f in truth["fault"]} == {"out_of_stock", "misplaced", "price_tag_mismatch"}


def test_the_bundled_scene_has_its_pictures_and_stays_small():
    plan = tomllib.loads((SAMPLES / "bay-a" / "bay.toml").read_text(encoding="utf-8"))
    for sku in plan["sku"]:
        for photo in sku["photos"]:
            assert (SAMPLES / "bay-a" / photo).is_file()
    assert (SAMPLES / "shelf-1.mp4").stat().st_size < 3_000_000
    assert sum(path.stat().st_size for path in (SAMPLES / "bay-a").rglob("*") if path.is_file()) < 2_000_000


def test_areas_and_tags_lie_in_the_picture_clockwise():
    plan = tomllib.loads((SAMPLES / "bay-a" / "bay.toml").read_text(encoding="utf-8"))
    for slot in plan["slot"]:
        for quad in (slot["area"], slot["tag"]):
            assert all(0 <= value <= 1 for point in quad for value in point)
            turns = zip(quad, [*quad[1:], quad[0]], strict=True)
            assert sum(a[0] * b[1] - b[0] * a[1] for a, b in turns) > 0
        assert (slot["tag"][1][0] - slot["tag"][0][0]) * 1920 >= 150


def test_the_samples_package_itself_imports_nothing_heavy():
    code = "import sys, edge_agent.samples; print([m for m in ('numpy', 'PIL', 'av') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
