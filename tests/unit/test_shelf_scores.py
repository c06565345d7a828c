"""The scores of a scan on hand-computed examples: what is unknown enters none of them, and lowers coverage instead."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge_agent import answers, config, view
from edge_agent.domain.planogram import Planogram, Row, Side, Sku, Slot
from edge_agent.domain.shelf import WEIGHTS, Perfect, Seen, SlotReading
from edge_agent.errors import BadConfig
from edge_agent.shelf.pictures import drawing, evidence
from edge_agent.shelf.scoring.align import aligned, in_order, shift
from edge_agent.shelf.scoring.observing import observed
from edge_agent.shelf.scoring.score import scored
from edge_agent.shelf.scoring.shares import Verdict


def sku(code, brand, side, width=None, **more):
    return Sku(id=code, name=code, brand=brand, price="5.00", photos=(), side=side, width_cm=width, **more)


def place(code, row, column, what, facings=1):
    left, top = column / 10, row / 10
    quad = ((left, top), (left + 0.1, top), (left + 0.1, top + 0.1), (left, top + 0.1))
    return Slot(id=code, row=row, sku=what, facings=facings, area=quad, tag=quad)


PLAN = Planogram(
    bay="b", version="1", reference=Path("r"), digest="0" * 64, max_competitor_share=0.4,
    skus=(
        sku("tea", "麦田", Side.OWN, 6.0, eye_level=True), sku("milk", "麦田", Side.OWN, 8.0),
        sku("cola", "澜星", Side.COMPETITOR, 6.0), sku("juice", "无名", Side.UNKNOWN),
    ),
    slots=(
        place("r1s1", 1, 1, "tea", 3), place("r1s2", 1, 2, "milk", 2), place("r1s3", 1, 3, "cola", 2),
        place("r2s1", 2, 1, "juice", 2), place("r2s2", 2, 2, "cola", 1),
    ),
    rows=(Row(number=1, height_cm=140.0), Row(number=2, height_cm=60.0)),
)  # fmt: skip


def verdict(slot, seen, what="", *, facings=None, tag=True, holds=None, price=""):
    planned = next(one.sku for one in PLAN.slots if one.id == slot)
    reading = SlotReading(
        slot=slot, seen=seen, sku=what, confidence=0.9, frames=3, at_ms=0, facings=facings, tag_visible=tag, price=price,
        price_reads=3 if price else 0, price_confidence=0.9 if price else 0.0,
    )  # fmt: skip
    return Verdict(
        reading=reading, planned=planned, holds_planned=seen is Seen.EXPECTED if holds is None else holds, has_tag=True,
        price_list="5.00", price_settled=bool(price), seen_from_ms=0, seen_to_ms=9000, price_at_ms=0,
    )  # fmt: skip


SEEN = [
    verdict("r1s1", Seen.EXPECTED, "tea", facings=2, price="5.00"),
    verdict("r1s2", Seen.EMPTY, tag=False),
    verdict("r1s3", Seen.EXPECTED, "cola", facings=2, price="6.00"),
    verdict("r2s1", Seen.UNKNOWN, tag=None),
    verdict("r2s2", Seen.OTHER, "tea"),
]


def score(verdicts=SEEN, plan=PLAN):
    return scored(plan, verdicts, model_digest="0" * 64, duration_ms=9000, frames_used=3, weights=dict(WEIGHTS))


def test_shares_of_slots_and_tags():
    found = score()
    names = ("osa", "oos", "facings", "planogram", "position", "price", "tags")
    shares = {name: getattr(found, name) for name in names}
    counts = {name: (one.good, one.assessed, one.planned) for name, one in shares.items()}
    assert counts == {
        "osa": (2, 4, 5), "oos": (2, 4, 5), "facings": (4, 7, 10), "planogram": (2, 4, 5), "position": (2, 4, 5),
        "price": (1, 2, 5), "tags": (3, 4, 5),
    }  # fmt: skip
    low, high = found.osa.interval
    assert (round(low, 3), round(high, 3)) == (0.150, 0.850)


def test_share_of_shelf_by_facings_and_by_width():
    found = {one.brand: one for one in score().brands}
    assert [one.brand for one in score().brands] == ["麦田", "澜星", "无名"]
    assert {brand: one.facings for brand, one in found.items()} == {"麦田": 2, "澜星": 2, "无名": 0}
    assert found["麦田"].sos.value == pytest.approx(2 / 4)
    assert found["麦田"].sos.coverage == pytest.approx(7 / 10)
    assert found["麦田"].linear_sos.value == pytest.approx(12 / 24)
    assert (found["无名"].side, found["无名"].sos.value) == (Side.UNKNOWN, 0.0)


def test_without_widths_nothing_linear_is_said():
    plan = replace(PLAN, skus=tuple(replace(one, width_cm=None) for one in PLAN.skus))
    assert all(one.linear_sos.value is None for one in score(plan=plan).brands)


def test_competitors_are_counted_against_own_facings_and_nobody_else():
    index = score().competitor_index
    assert (index.own, index.competitor, index.value, index.coverage) == (2, 2, 1.0, pytest.approx(0.7))
    low, high = index.interval
    assert low < 1 < high
    stranger = [*SEEN[:3], verdict("r2s1", Seen.EXPECTED, "juice", facings=2), SEEN[4]]
    assert score(stranger).competitor_index.value == index.value
    assert score(stranger).competitor_index.coverage == pytest.approx(0.9 * 4 / 6)
    assert score(stranger).brands[0].sos.value == pytest.approx(2 / 6)


def test_where_the_plan_names_no_competitor_there_is_no_index():
    skus = tuple(replace(one, side=Side.UNKNOWN) if one.side is Side.COMPETITOR else one for one in PLAN.skus)
    index = score(plan=replace(PLAN, skus=skus)).competitor_index
    assert (index.value, index.interval, index.coverage, index.n) == (None, None, 0.0, 0)


def test_nobody_counts_an_intruder_in_a_slot_of_one_facing():
    assert score().brands[0].facings == 2
    assert score().brands[0].sos.coverage == pytest.approx(0.7)


def test_eye_level_counts_only_rows_whose_height_is_known_to_be_there():
    assert score().eye_level.value == pytest.approx(2 / 4)
    assert score().eye_level.coverage == 1.0
    assert score(plan=replace(PLAN, rows=())).eye_level.value is None


def test_perfect_shelf_is_the_weighted_sum_with_every_part_shown():
    perfect = score().perfect
    values = {"osa": 2 / 4, "facings": 4 / 7, "planogram": 2 / 4, "position": 2 / 4, "price": 1 / 2, "tags": 3 / 4}
    assert perfect.value == pytest.approx(sum(weight * values[name] for name, weight in WEIGHTS))
    assert [one.name for one in perfect.parts] == [name for name, _ in WEIGHTS]
    assert sum(weight for _, weight in WEIGHTS) == pytest.approx(1.0)
    low, high = perfect.interval
    assert low < perfect.value < high
    assert perfect.n == 2
    blind = score([verdict(one.id, Seen.NOT_ASSESSABLE, tag=None) for one in PLAN.slots])
    assert (blind.perfect.value, blind.perfect.coverage, len(blind.perfect.parts)) == (None, 0.0, 6)
    assert Perfect().value is None


def test_order_and_alignment_tell_a_shifted_row_from_a_jumbled_one():
    plan = list("ABCDEF")
    assert in_order(list("ABDF"), plan) == 4
    assert in_order([None, *"BC"], plan) == 2
    assert aligned(list("XABCDE"), plan)[0] == 2
    assert shift(list("XABCDE"), plan) == (1, 5)
    assert shift(list("BCDEFX"), plan) == (-1, 5)
    assert shift(list("BADCFE"), plan) == (0, 0)
    assert shift(list("ABCDEX"), plan) == (0, 0)
    assert shift(list("AXCDEF"), plan) == (0, 0)
    assert shift([None] * 6, plan) == (0, 0)


def values(subject, verdicts=SEEN, plan=PLAN):
    seen = observed(plan, verdicts, score(verdicts, plan))
    return {name: value for one in seen if one.subject == subject for name, value in one.values}


def test_a_scan_tells_of_slots_tags_products_and_the_bay():
    assert values("slot:r1s1") == {
        "planned_facings": 3, "view_occluded": False, "in_planned_slot": True, "confidence": 0.9, "facings": 2,
        "facing_ratio": 0.6667, "tag_detected": True, "abs_price_diff": 0.0, "consistent_reads": 3, "promo_active": False,
    }  # fmt: skip
    assert values("slot:r1s2")["facings"] == 0
    assert values("slot:r1s3")["abs_price_diff"] == 1.0
    assert values("slot:r2s1") == {"planned_facings": 2, "view_occluded": False}
    assert values("slot:r2s2") | {"facings": None} == {
        "planned_facings": 1, "view_occluded": False, "in_planned_slot": False, "confidence": 0.9, "tag_detected": True,
        "facings": None,
    }  # fmt: skip
    bay = values("")
    assert (bay["visible_ratio"], bay["compliance"], bay["empty_ratio"]) == (1.0, 0.5, 0.2)
    assert (bay["own_share"], bay["competitor_share"], bay["category_facings"], bay["agreed_max_share"]) == (0.5, 0.5, 4, 0.4)
    assert values("sku:tea") == {"eye_level_agreed": True, "total_facings": 3, "eye_level_facings": 2}


def test_what_is_not_known_is_absent():
    blocked = [verdict("r1s1", Seen.NOT_ASSESSABLE, tag=None), *SEEN[1:]]
    assert values("slot:r1s1", blocked) == {"planned_facings": 3, "view_occluded": True}
    assert values("", blocked)["visible_ratio"] == 0.8
    assert values("sku:tea", blocked) == {}
    uncounted = [verdict("r1s1", Seen.EXPECTED, "tea"), *SEEN[1:]]
    assert values("slot:r1s1", uncounted)["facings"] == 1
    assert "facing_ratio" not in values("slot:r1s1", uncounted)


def test_every_score_is_printed_with_what_it_rests_on(capsys):
    line = answers.shelf_line(score(), PLAN, [])
    assert [one.name for one in line.scores][-1] == "perfect"
    assert (line.scores[0].low, line.scores[0].high, line.scores[0].n) == (0.15, 0.85, 4)
    view.console().print(view.shelf(line))
    said = capsys.readouterr().out
    assert "完美货架" in said
    assert [(one.facings, one.planned_facings, one.price_wrong) for one in line.slots[:4]] == [
        (2, 3, False), (0, 2, False), (2, 2, True), (None, 2, False),
    ]  # fmt: skip
    assert "✗ 6.00" in said
    assert "无名" in said


def test_empty_slots_alone_tell_nothing_of_facings():
    uncounted = [replace(one, reading=replace(one.reading, facings=None)) for one in SEEN]
    found = score(uncounted)
    assert found.facings.value is found.competitor_index.value is found.eye_level.value is None
    assert {one.sos.value for one in found.brands} == {None}
    assert found.perfect.parts[1].coverage == 0.0
    assert found.osa.value == 0.5


def test_weights_that_do_not_sum_to_one_are_refused(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[shelf.weights]\nosa = 0.5\n")
    with pytest.raises(BadConfig, match=r"shelf.weights must sum to 1, not to 1.1"):
        config.load(file)


def test_the_badge_of_a_wrong_price_stands_beside_its_tag():
    tag = ((0.3, 0.5), (0.4, 0.5), (0.4, 0.55), (0.3, 0.55))
    slot = replace(PLAN.slots[2], tag=tag, area=((0.3, 0.2), (0.4, 0.2), (0.4, 0.4), (0.3, 0.4)))
    seen = score().osa
    raw = evidence.draw(np.zeros((400, 800, 3), np.uint8), [slot], [SEEN[2]], {}, (seen, seen, seen))
    orange = (np.asarray(Image.open(BytesIO(raw)).convert("RGB")) == drawing.ORANGE).all(axis=2)
    left, right, top, bottom = (round(share * side) for share, side in ((0.3, 1280), (0.4, 1280), (0.5, 640), (0.55, 640)))
    assert not orange[top + 8 : bottom - 8, left + 8 : right - 8].any()
    assert orange[top : bottom + 8, right + 8 : right + 40].any()
