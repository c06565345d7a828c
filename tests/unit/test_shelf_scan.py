"""One scan as a whole: frames followed from one another, facings counted, how well and how much of the bay was seen."""

import cv2
import numpy as np
import pytest
from painted_bay import PLACES, PLAN, PLANNED, SLOTS, TALL, WIDE, KeyFrame, NoText, bay, pack, person, photo, quad, shaken

from edge_agent.domain.planogram import Planogram, Slot
from edge_agent.domain.shelf import Seen
from edge_agent.shelf.frames.clear import Gate
from edge_agent.shelf.frames.geometry import alike, median
from edge_agent.shelf.frames.light import fit
from edge_agent.shelf.frames.register import Follower, Registrar
from edge_agent.shelf.price_tags.reader import TagReader
from edge_agent.shelf.products.facings import Facings, slot_picture
from edge_agent.shelf.products.verify import Verifier, vote
from edge_agent.shelf.scan import scan, shown_view

THREE = Slot(id="r1", row=1, sku="apple", facings=3, area=quad(60, 44, 510, 176), tag=None)
ROW = Planogram(bay="b", version="1", reference=PLAN.reference, slots=(THREE,), digest="1" * 64, skus=PLAN.skus)


@pytest.fixture(scope="module")
def reference():
    return bay(PLANNED)


@pytest.fixture(scope="module")
def scanned(reference):
    kit = (
        Registrar(reference),
        Gate(reference, SLOTS),
        Verifier(PLAN, reference, {sku: [photo(sku)] for sku in PLANNED.values()}),
    )

    def go(pictures):
        frames = [KeyFrame(n * 1500, picture) for n, picture in enumerate(pictures)]
        return scan(frames, *kit, TagReader(NoText(), reference, PLAN))

    return go


def row_of(count, sku="apple"):
    picture = bay(dict.fromkeys(PLACES))
    for n in range(count):
        picture[58:218, 90 + 170 * n : 200 + 170 * n] = pack(sku)
    return picture


class Counting(Registrar):
    asked = 0

    def anchor(self, rgb):
        self.asked += 1
        return super().anchor(rgb)


def test_frames_are_followed_from_the_first_and_lie_where_registration_puts_them(reference):
    registrar = Counting(reference)
    follower, points = Follower(registrar), np.float64([[(0.1, 0.1), (0.9, 0.2), (0.5, 0.9)]])
    for n in range(5):
        frame = shaken(bay({**PLANNED, "r1s2": None}), n)
        followed, alone = follower.register(frame), Registrar(reference).register(frame)
        there = [cv2.perspectiveTransform(points, one)[0] * (WIDE, TALL) for one in (followed, alone)]
        assert np.abs(there[0] - there[1]).max() < 2.5
    assert registrar.asked == 1


def test_another_picture_is_not_followed(reference):
    follower = Follower(Registrar(reference))
    assert follower.register(reference) is not None
    assert follower.register(reference[:, ::-1].copy()) is None


def test_a_spot_of_light_is_fitted(reference):
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, WIDE), np.linspace(-0.5, 0.5, TALL))
    spot = 1.1 - 0.9 * (across**2 + down**2)
    light = fit(reference, (reference * spot[..., None]).astype(np.uint8), np.ones((TALL, WIDE), bool))
    assert light is not None
    relit = light.applied((reference * spot[..., None]).astype(np.uint8)).astype(int)
    assert np.abs(relit - reference).mean() < 4


@pytest.mark.parametrize("count", [3, 2, 1])
def test_facings_are_counted(count):
    verifier = Verifier(ROW, row_of(3), {})
    found = verifier.opinion(THREE, slot_picture(row_of(count), THREE))
    assert (found.seen, found.facings) == (Seen.EXPECTED, count)


def test_like_products_are_told_apart_where_they_differ():
    other = pack("apple")
    other[60:100, 20:90] = (250, 240, 60)
    twin = row_of(3)
    for n in range(3):
        twin[58:218, 90 + 170 * n : 200 + 170 * n] = other
    facings = Facings(ROW, row_of(3))
    view = facings.view(THREE, slot_picture(row_of(3), THREE))
    ours = facings.find(view, "apple")[0]
    theirs = Facings(ROW, twin).find(view, "apple")[0]
    assert ours.fit > theirs.fit
    assert facings.told_apart(view, ours, theirs) > 0.8
    assert facings.told_apart(view, theirs, ours) < -0.8


def test_a_scan_says_how_much_of_the_bay_it_saw(scanned):
    full = scanned([shaken(bay(PLANNED), n) for n in range(4)])
    assert full.visible_ratio == 1.0
    assert full.calibration_match > 0.7
    assert not any(one.view_occluded for one in full.slots)
    half = scanned([person(shaken(bay(PLANNED), n), 440) for n in range(4)])
    assert half.visible_ratio == pytest.approx(0.5)
    assert [one.view_occluded for one in half.slots] == [False, True, False, True]


def test_a_moved_camera_matches_nothing_and_darkness_says_nothing(scanned):
    assert scanned([np.roll(bay(PLANNED), 200, axis=1)] * 3).calibration_match == 0.0
    dark = scanned([(bay(PLANNED) * 0.02).astype(np.uint8)] * 3)
    assert dark.calibration_match is None
    assert dark.visible_ratio == 0.0


def test_each_view_that_shows_the_same_is_a_vote(scanned):
    found = scanned([shaken(bay({**PLANNED, "r2s1": None}), n) for n in range(4)])
    assert [len(one.opinions) for one in found.slots] == [3, 3, 3, 3]
    assert vote(found.slots[2].opinions).seen is Seen.EMPTY


def test_a_slot_that_never_looks_the_same_gets_no_verdict(scanned):
    pictures = [bay({**PLANNED, "r1s1": one}) for one in ("apple", None, "corn", "date")]
    found = scanned([shaken(one, n) for n, one in enumerate(pictures)])
    assert vote(found.slots[0].opinions).seen is Seen.UNKNOWN
    assert vote(found.slots[1].opinions).seen is Seen.EXPECTED


def test_the_median_leaves_out_what_passed():
    flat, spot = np.full((4, 4, 3), 90, np.uint8), np.full((4, 4, 3), 200, np.uint8)
    assert (median([flat, spot, flat]) == 90).all()
    assert (median([flat, spot, flat, flat, spot]) == 90).all()
    assert alike(pack("apple"), pack("apple")) == pytest.approx(1.0, abs=1e-4)


def test_who_passes_in_one_of_two_views_is_not_shown():
    shelf, passing = np.full((40, 60, 3), 200, np.uint8), np.full((40, 60, 3), 200, np.uint8)
    passing[:, 20:40] = (90, 60, 50)
    for views in ([shelf, passing], [passing, shelf]):
        assert (shown_view(views, shelf) == shelf).all()
    empty = np.full((40, 60, 3), 120, np.uint8)
    assert (shown_view([empty, empty], shelf) == empty).all()
