"""Tags become slots: boards by their lines, products by their order, and what is not certain is said."""

from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest

from edge_agent.shelf.price_tags.photo import TagReading
from edge_agent.shelf.setup.align import align
from edge_agent.shelf.setup.areas import edges
from edge_agent.shelf.setup.dividing import Divider
from edge_agent.shelf.setup.grid import gridded
from edge_agent.shelf.setup.outcome import Doubt, Remark
from edge_agent.shelf.setup.rows import TagRow, rows_of
from edge_agent.shelf.setup.sheets import Outlined, Planned, Priced
from edge_agent.shelf.setup.understand import corrected, understand

ASPECT = 0.6


def best_by_trying(agreement, found_alone, planned_alone) -> float:
    """Every way to pair in order, by brute force."""
    found, planned = agreement.shape
    best = -np.inf
    for size in range(min(found, planned) + 1):
        for left in combinations(range(found), size):
            for right in combinations(range(planned), size):
                paired = sum(agreement[i, j] for i, j in zip(left, right, strict=True))
                alone = sum(found_alone[i] for i in range(found) if i not in left)
                best = max(best, paired + alone + sum(planned_alone[j] for j in range(planned) if j not in right))
    return best


@pytest.mark.parametrize("seed", range(30))
def test_the_alignment_is_the_best_there_is(seed):
    rng = np.random.default_rng(seed)
    found, planned = rng.integers(0, 6, size=2)
    scores = rng.normal(size=(found, planned)) * 3
    alone = rng.uniform(-3, 0, found).tolist(), rng.uniform(-3, 0, planned).tolist()
    got = align(scores, *alone)
    assert got.total == pytest.approx(best_by_trying(scores, *alone))
    pairs = [(i, j) for j, i in enumerate(got.found_of) if i is not None]
    assert pairs == sorted(pairs)
    paired = {i for i, _ in pairs}
    total = sum(scores[i, j] for i, j in pairs) + sum(alone[0][i] for i in range(found) if i not in paired)
    total += sum(alone[1][j] for j, i in enumerate(got.found_of) if i is None)
    assert total == pytest.approx(got.total)


def test_the_margin_is_what_the_next_best_alignment_lacks():
    scores = np.asarray([[3.0, 1.0], [0.0, 2.0]])
    got = align(scores, [-2.0, -2.0], [-2.0, -2.0])
    assert got.found_of == (0, 1)
    without = [
        best_by_trying(np.where([[i == k and j == place for j in range(2)] for i in range(2)], -99, scores), [-2, -2], [-2, -2])
        for place, k in enumerate(got.found_of)
    ]
    assert got.margin == pytest.approx([got.total - one for one in without])


@pytest.mark.parametrize("degrees", [-8, -3, 0, 3, 8])
@pytest.mark.parametrize("fan", [-0.15, 0.0, 0.15])
def test_rows_are_found_in_a_tilted_photo_seen_from_the_side(degrees, fan):
    rng = Random(degrees * 7 + round(fan * 100))
    slope = np.tan(np.radians(degrees))
    points, truth = [], []
    for row, level in enumerate((0.18, 0.33, 0.5)):
        for x in np.linspace(0.08, 0.92, 5 + row):
            points.append((x, level + (slope + fan * (level - 0.33)) * (x - 0.5) + rng.uniform(-0.002, 0.002)))
            truth.append(row)
    order = list(range(len(points)))
    rng.shuffle(order)
    rows = rows_of([points[one] for one in order], 0.04)
    assert [[truth[order[one]] for one in row.members] for row in rows] == [[0] * 5, [1] * 6, [2] * 7]
    assert [points[order[one]][0] for one in rows[2].members] == sorted(points[order[one]][0] for one in rows[2].members)


def test_sides_of_slots_lie_halfway_between_tags():
    assert edges([0.2, 0.4, 0.8]) == pytest.approx([0.1, 0.3, 0.6, 1.0])


def shelf(columns=(4, 5, 4)) -> tuple[list[list[Planned]], dict[str, Priced], dict[str, TagReading]]:
    """Boards of evenly hung tags, each with its own price and name."""
    boards, listed, tags = [], {}, {}
    for row, count in enumerate(columns, 1):
        board = []
        for place in range(count):
            sku = f"p{row}{place}"
            price = f"{row * 10 + place}.{place}0"
            listed[sku] = Priced(line=1, sku=sku, name=f"{'甲乙丙丁戊'[place]}{'红黄蓝'[row - 1]}饼干", brand="麦田", price=price)
            board.append(Planned(line=1, row=row, slot=f"r{row}s{place + 1}", sku=sku, facings=1))
            x, y = (place + 0.5) / count, row / (len(columns) + 0.2)
            tags[sku] = TagReading(
                box=(x - 0.04, y - 0.03, x + 0.04, y + 0.03), price=price, text=(listed[sku].name, f"¥{price}"), confidence=0.9
            )
        boards.append(board)
    return boards, listed, tags


def looks(*_):
    return []


def unread(tag: TagReading) -> TagReading:
    return TagReading(box=tag.box, price=None, text=(), confidence=0.3)


def test_every_slot_of_a_readable_shelf_is_certain_and_lies_over_its_tag():
    boards, listed, tags = shelf()
    got = understand(list(tags.values())[::-1], boards, listed, ASPECT, looks)
    assert not got.doubtful
    for one in got.slots:
        assert one.tag is not None
        assert one.tag[0][0] == pytest.approx(tags[one.sku].box[0], abs=0.005)
        assert one.area[3][0] < one.tag[0][0] < one.tag[1][0] < one.area[2][0]
        assert one.area[2][1] < tags[one.sku].box[1]
    below = next(one for one in got.slots if one.slot == "r2s1")
    assert below.area[0][1] > tags["p10"].box[3]


def test_a_missing_tag_shifts_nothing_and_its_slot_is_in_doubt():
    boards, listed, tags = shelf()
    whole = understand(list(tags.values()), boards, listed, ASPECT, looks)
    del tags["p22"]
    got = understand(list(tags.values()), boards, listed, ASPECT, looks)
    assert [(one.slot, one.doubt) for one in got.doubtful] == [("r2s3", Doubt.NO_TAG)]
    for before, after in zip(whole.slots, got.slots, strict=True):
        assert after.area[3][0] == pytest.approx(before.area[3][0], abs=0.02)


def test_a_missing_tag_that_the_second_look_finds_leaves_no_doubt():
    boards, listed, tags = shelf()
    hidden = tags.pop("p22")

    def again(stretch, sought):
        inside = stretch.left < 0.5 < stretch.right
        return [hidden] if inside and [one.sku for one in sought] == ["p22"] else []

    got = understand(list(tags.values()), boards, listed, ASPECT, again)
    assert not got.doubtful


def test_a_tag_that_is_not_planned_shifts_nothing_and_is_told():
    boards, listed, tags = shelf()
    box = tags["p21"].box
    stranger = TagReading(box=(0.36, box[1], 0.44, box[3]), price="77.70", text=("别家汽水",), confidence=0.9)
    got = understand([*tags.values(), stranger], boards, listed, ASPECT, looks)
    assert not got.doubtful
    assert len(got.unplanned) == 1


def test_one_unread_tag_between_two_read_ones_is_certain_by_its_place():
    boards, listed, tags = shelf()
    tags["p22"] = unread(tags["p22"])
    assert not understand(list(tags.values()), boards, listed, ASPECT, looks).doubtful


def test_a_board_of_unreadable_tags_is_in_doubt_although_their_number_is_right():
    boards, listed, tags = shelf()
    for sku in [sku for sku in tags if sku.startswith("p2")]:
        tags[sku] = unread(tags[sku])
    got = understand(list(tags.values()), boards, listed, ASPECT, looks)
    assert {one.row for one in got.doubtful} == {2}
    assert {one.doubt for one in got.doubtful} == {Doubt.ORDER_ONLY}


def test_unreadable_tags_of_which_one_is_missing_are_never_guessed():
    boards, listed, tags = shelf()
    for sku in [sku for sku in tags if sku.startswith("p2")]:
        tags[sku] = unread(tags[sku])
    del tags["p22"]
    got = understand(list(tags.values()), boards, listed, ASPECT, looks)
    assert all(one.doubt is not None for one in got.slots if one.row == 2)


def test_a_board_without_any_tag_lies_between_its_neighbours_and_is_in_doubt():
    boards, listed, tags = shelf()
    left = [tag for sku, tag in tags.items() if not sku.startswith("p2")]
    got = understand(left, boards, listed, ASPECT, looks)
    assert {(one.row, one.doubt) for one in got.doubtful} == {(2, Doubt.NO_BOARD)}
    middle = next(one for one in got.slots if one.row == 2)
    assert 0.3 < middle.area[0][1] < middle.area[3][1] < 0.65


def test_another_price_on_a_tag_with_the_right_name_is_a_remark():
    boards, listed, tags = shelf()
    old = tags["p11"]
    tags["p11"] = TagReading(box=old.box, price="99.90", text=old.text, confidence=0.9)
    got = understand(list(tags.values()), boards, listed, ASPECT, looks)
    assert not got.doubtful
    assert [one.slot for one in got.slots if one.remark is Remark.OTHER_PRICE] == ["r1s2"]


def test_no_tag_at_all_puts_every_slot_in_doubt():
    boards, listed, _ = shelf()
    got = understand([], boards, listed, ASPECT, looks)
    assert len(got.doubtful) == len(got.slots) == 13


def test_corners_by_hand_win_and_leave_no_doubt():
    boards, listed, _ = shelf()
    area = ((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2))
    got = corrected(understand([], boards, listed, ASPECT, looks), {"r1s1": Outlined(line=2, slot="r1s1", area=area, tag=None)})
    assert got.slots[0].area == area
    assert got.slots[0].doubt is None
    assert len(got.doubtful) == 12


def test_a_grid_divides_the_bay_by_boards_and_facings():
    boards, listed, _ = shelf((2, 1))
    boards[0][0] = Planned(line=1, row=1, slot="r1s1", sku="p10", facings=3)
    got = gridded(boards, listed, ((0.0, 0.0), (0.8, 0.0), (0.8, 1.0), (0.0, 1.0)), (0.25, 1.0))
    assert np.allclose(got.slots[0].area, ((0.0, 0.0), (0.6, 0.0), (0.6, 0.25), (0.0, 0.25)))
    assert np.allclose(got.slots[2].area, ((0.0, 0.25), (0.8, 0.25), (0.8, 1.0), (0.0, 1.0)))
    assert not got.doubtful


def board(*stripes: tuple[float, tuple[int, int, int]]) -> np.ndarray:
    """A photo of coloured stripes: up to which share of the width, which colour; with grain."""
    photo = np.zeros((240, 400, 3), np.float32)
    start = 0.0
    for end, colour in stripes:
        photo[:, round(400 * start) : round(400 * end)] = colour
        start = end
    grain = np.random.default_rng(1).normal(0, 4, photo.shape)
    return np.clip(photo + grain, 0, 255).astype(np.uint8)


LINES = (TagRow(members=(), level=0.1, slope=0.0), TagRow(members=(), level=0.5, slope=0.0))


@pytest.mark.parametrize("edge", [0.35, 0.45, 0.6])
def test_a_board_is_divided_where_the_products_meet_not_halfway_between_their_tags(edge):
    photo = board((edge, (200, 40, 40)), (1.0, (40, 60, 200)))
    assert Divider(photo).between(LINES, 0.25, 0.75, 0.08) == pytest.approx(edge, abs=0.02)


def test_two_products_that_look_alike_are_divided_halfway():
    photo = board((1.0, (120, 120, 120)))
    assert Divider(photo).between(LINES, 0.2, 0.8, 0.08) == 0.5


def test_tags_above_their_products_have_their_slots_below():
    boards, listed, tags = shelf()
    lower = [replace(tag, box=(tag.box[0], tag.box[1] - 0.25, tag.box[2], tag.box[3] - 0.25)) for tag in tags.values()]
    got = understand(lower, boards, listed, ASPECT, looks, tags_above=True)
    assert not got.doubtful
    for one in got.slots:
        assert one.tag is not None
        assert one.tag[3][1] <= one.area[0][1] < one.area[3][1]
    assert max(one.area[3][1] for one in got.slots) <= 1


def test_a_tag_found_in_two_pieces_is_one_tag():
    boards, listed, tags = shelf()
    whole = tags.pop("p22")
    left, top, right, bottom = whole.box
    pieces = [
        replace(whole, box=(left, top, left + 0.05, bottom), price=whole.price.split(".")[0]),
        replace(whole, box=(left + 0.03, top, right, bottom), text=("饼干",)),
    ]
    got = understand([*tags.values(), *pieces], boards, listed, ASPECT, looks)
    assert not got.doubtful
    assert not got.unplanned
    found = next(one for one in got.slots if one.sku == "p22")
    assert found.price == whole.price
    assert found.tag is not None
    assert found.tag[0][0] == pytest.approx(left, abs=0.001)
