"""Bad and odd videos through the real, confined child: a picture or a clear refusal, within bounds, whatever was delivered."""

import io
import random
import resource
from itertools import pairwise
from pathlib import Path

import pytest
from bad_videos import CASES, DECODED, Case, film, two_sizes

from edge_agent import sandbox
from edge_agent.config import Limits
from edge_agent.errors import BadInput
from edge_agent.sandbox.confine import ADDRESS_SPACE_BYTES

pytestmark = pytest.mark.acceptance

LIMITS = Limits(max_picture_px=1_000_000)
GIF = Path(__file__).parents[3] / "shared/testdata/video/store-aisle-detection.gif"


def outcome(content: bytes) -> str:
    try:
        shown = list(sandbox.decode_key_frames(io.BytesIO(content), LIMITS))
    except BadInput as error:
        return error.kind if error.remedy and error.zh else "no words"
    assert shown
    assert all(one.at_ms < two.at_ms for one, two in pairwise(shown))
    return DECODED


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_ends_as_it_should(case: Case) -> None:
    assert outcome(case.make()) in case.outcomes


def test_none_of_them_took_more_memory_than_a_child_may() -> None:
    for case in CASES[-12:]:
        outcome(case.make())
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 <= ADDRESS_SPACE_BYTES


def test_a_film_whose_clock_begins_anew_goes_on_where_it_was_and_every_size_is_seen() -> None:
    shown = list(sandbox.decode_key_frames(io.BytesIO(two_sizes((96, 64))), LIMITS))
    assert [one.at_ms for one in shown] == [0, 1000, 2000, 3000]
    assert [one.rgb.shape[:2] for one in shown] == [(48, 64), (48, 64), (64, 96), (64, 96)]


def test_a_picture_that_grew_beyond_the_limit_is_not_shown() -> None:
    shown = list(sandbox.decode_key_frames(io.BytesIO(two_sizes((2000, 1500))), LIMITS))
    assert {one.rgb.shape[:2] for one in shown} == {(48, 64)}


def test_a_film_most_of_whose_key_frames_cannot_be_decoded_is_damaged_not_short() -> None:
    content = film("mpegts", frames=10) + film("mpegts", size=(2000, 1500), frames=30, options={"preset": "ultrafast"})
    assert outcome(content) == "damaged"


def test_random_changes_give_pictures_or_a_refusal() -> None:
    dice, whole = random.Random(5), film("matroska", frames=20)
    for _ in range(6):
        content = bytearray(whole)
        for _ in range(30):
            content[dice.randrange(len(content))] ^= dice.randrange(1, 256)
        assert outcome(bytes(content))


@pytest.mark.shared
@pytest.mark.skipif(not GIF.exists(), reason="the shared test data is not here")
def test_a_real_animated_gif_is_read() -> None:
    with GIF.open("rb") as media:
        assert next(sandbox.decode_key_frames(media, Limits())).rgb.size
