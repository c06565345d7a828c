"""Registration, light, clear views, recognition and the vote, on a small painted bay."""

import cv2
import numpy as np
import pytest
from painted_bay import PLACES, PLAN, PLANNED, SKUS, SLOTS, TALL, WIDE, KeyFrame, NoText, bay, person, photo, quad, shaken

from edge_agent.domain.shelf import Seen
from edge_agent.shelf.frames.clear import Gate
from edge_agent.shelf.frames.geometry import column, inside, through, widened
from edge_agent.shelf.frames.light import fit
from edge_agent.shelf.frames.register import Registrar, sane
from edge_agent.shelf.price_tags.reader import TagReader
from edge_agent.shelf.products.facings import slot_picture
from edge_agent.shelf.products.verify import Opinion, Verifier, vote
from edge_agent.shelf.scan import scan


@pytest.fixture(scope="module")
def reference():
    return bay(PLANNED)


@pytest.fixture(scope="module")
def verifier(reference):
    return Verifier(PLAN, reference, {sku: [photo(sku)] for sku in SKUS})


@pytest.fixture(scope="module")
def look_at(reference, verifier):
    registrar, gate = Registrar(reference), Gate(reference, SLOTS)

    def go(pictures):
        frames = [KeyFrame(n * 1000, picture) for n, picture in enumerate(pictures)]
        scanned = scan(frames, registrar, gate, verifier, TagReader(NoText(), reference, PLAN))
        return {one.clear.slot.id: vote(one.opinions).seen if one.at_ms else Seen.NOT_ASSESSABLE for one in scanned.slots}

    return go


def test_a_shifted_frame_is_registered_to_a_pixel(reference):
    matrix = np.float64([[1.01, 0.004, 12], [-0.004, 1.01, -7], [0, 0, 1]])
    frame = cv2.warpPerspective(reference, matrix, (WIDE, TALL), borderMode=cv2.BORDER_REPLICATE)
    homography = Registrar(reference).register(frame)
    assert homography is not None
    points = np.float64([[(0.2, 0.2), (0.8, 0.3), (0.5, 0.8)]])
    truth = cv2.perspectiveTransform(points * (WIDE, TALL), matrix)[0]
    assert np.abs(cv2.perspectiveTransform(points, homography)[0] * (WIDE, TALL) - truth).max() < 1.5


@pytest.mark.parametrize("what", ["noise", "other bay", "mirrored", "moved", "turned", "dark"])
def test_a_frame_that_is_not_this_bay_seen_from_this_place_is_refused(reference, what):
    rng = np.random.default_rng(1)
    frame = {
        "noise": rng.integers(0, 255, (TALL, WIDE, 3)).astype(np.uint8),
        "other bay": bay(dict(zip(PLACES, reversed(SKUS), strict=True)))[::-1].copy(),
        "mirrored": reference[:, ::-1].copy(),
        "moved": np.roll(reference, 118, axis=1),
        "turned": cv2.warpAffine(reference, cv2.getRotationMatrix2D((WIDE / 2, TALL / 2), 14, 1), (WIDE, TALL)),
        "dark": np.clip(reference * 0.01 + rng.normal(2, 2, reference.shape), 0, 255).astype(np.uint8),
    }[what]
    homography = Registrar(reference).register(frame)
    assert homography is None or Gate(reference, SLOTS).look(frame, 0, homography) is None


def test_a_folded_or_far_homography_is_not_sane():
    assert sane(np.eye(3))
    assert not sane(np.diag([-1.0, 1.0, 1.0]))
    assert not sane(np.diag([1.5, 1.5, 1.0]))
    assert not sane(np.full((3, 3), np.nan))


def test_light_is_measured_past_a_removed_product(reference):
    frame = bay({**PLANNED, "r1s1": None}).astype(float) * (0.6, 0.7, 0.5)
    light = fit(reference, frame.astype(np.uint8), np.ones((TALL, WIDE), bool))
    assert light is not None
    assert np.allclose(np.exp(light.planes[:, 0]), (1 / 0.6, 1 / 0.7, 1 / 0.5), rtol=0.05)


def test_too_little_light_is_refused(reference):
    dark = (reference * 0.05).astype(np.uint8)
    assert fit(reference, dark, np.ones((TALL, WIDE), bool)) is None


def stranger(picture, slot):
    x, y = PLACES[slot]
    noise = np.random.default_rng(3).integers(0, 255, (20, 14, 3)).astype(np.uint8)
    picture[y + 14 : y + 174, x + 50 : x + 160] = cv2.resize(noise, (110, 160), interpolation=cv2.INTER_NEAREST)
    return picture


def test_faults_are_told_apart_while_someone_walks_by(look_at):
    seen = stranger(bay({**PLANNED, "r1s2": None, "r2s1": "apple"}), "r2s2")
    found = look_at([person(shaken(seen, n), -80 + 160 * n) for n in range(6)])
    assert found == {"r1s1": Seen.EXPECTED, "r1s2": Seen.EMPTY, "r2s1": Seen.OTHER, "r2s2": Seen.UNKNOWN}


@pytest.mark.parametrize("sway", [0, 7])
def test_slots_behind_someone_who_stays_are_not_assessable(look_at, sway):
    seen = bay({**PLANNED, "r1s2": None, "r2s2": None})
    found = look_at([person(shaken(seen, n), 440 + sway * (n % 3)) for n in range(4)])
    assert found["r1s2"] is found["r2s2"] is Seen.NOT_ASSESSABLE
    assert found["r1s1"] is found["r2s1"] is Seen.EXPECTED


def test_one_frame_alone_is_no_scan(look_at, reference):
    assert set(look_at([reference]).values()) == {Seen.NOT_ASSESSABLE}


def test_blurred_frames_raise_nothing(look_at):
    blurred = cv2.GaussianBlur(bay({**PLANNED, "r2s2": "apple", "r1s1": None}), (0, 0), 7)
    assert set(look_at([blurred] * 2).values()) <= {Seen.UNKNOWN, Seen.NOT_ASSESSABLE}


def test_a_dense_video_is_thinned(reference, verifier):
    frames = [KeyFrame(n * 40, reference) for n in range(100)]
    gate, tags = Gate(reference, ()), TagReader(NoText(), reference, PLAN)
    scanned = scan(frames, Registrar(reference), gate, verifier, tags)
    assert [look.at_ms for look in scanned.looks] == [0, 1400, 2800]
    assert scanned.last_ms == 99 * 40


def opinion(seen, sku="", confidence=0.9):
    return Opinion(seen=seen, sku=sku, confidence=confidence, holds_planned=seen is Seen.EXPECTED)


@pytest.mark.parametrize(
    ("frames", "seen"),
    [
        ([opinion(Seen.EMPTY)] * 2, Seen.EMPTY),
        ([opinion(Seen.EMPTY)], Seen.UNKNOWN),
        ([opinion(Seen.EMPTY), opinion(Seen.EMPTY), opinion(Seen.UNKNOWN)], Seen.EMPTY),
        ([opinion(Seen.EMPTY), opinion(Seen.EXPECTED, "a"), opinion(Seen.UNKNOWN)], Seen.UNKNOWN),
        ([opinion(Seen.OTHER, "a"), opinion(Seen.OTHER, "b")], Seen.UNKNOWN),
        ([], Seen.UNKNOWN),
    ],
)
def test_a_verdict_needs_two_frames_and_two_thirds(frames, seen):
    assert vote(frames).seen is seen


def test_a_slot_is_cut_out_with_its_margin_and_in_parts(reference):
    slot = SLOTS[0]
    assert slot_picture(reference, slot).shape[:2] == (round(176 * 1.12), round(210 * 1.12))
    left = column(slot.area, 0, 2)
    assert left[1][0] == pytest.approx((slot.area[0][0] + slot.area[1][0]) / 2)
    assert np.allclose(through(np.eye(3), slot.area), slot.area)
    assert not inside(widened(quad(0, 0, WIDE, TALL), 0.1))
