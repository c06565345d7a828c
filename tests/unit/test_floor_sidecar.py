"""What the sidecar of a floor video must say, how long one is kept, and that its types are known everywhere."""

import pytest

from edge_agent.capture import sidecar
from edge_agent.config import Retention
from edge_agent.domain.recording import Kind
from edge_agent.errors import BadInput
from edge_agent.view import CONTENTS, RULES

FLOOR = 'kind = "floor"\nstarted_at = 2026-11-20T09:30:00Z\nfloor = "floor-a"\n[consent]\nbasis = "notice"\n'


def test_a_floor_video_names_its_floor() -> None:
    around = sidecar.read(FLOOR.encode())
    assert (around.kind, around.floor, around.bay) == (Kind.FLOOR, "floor-a", "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('floor = "floor-a"\n', "", "floor video names"),
        ("notice", "not-personal", "shows persons"),
        ("notice", "spoken", "no notice"),
    ],
)
def test_what_cannot_be_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        sidecar.read(FLOOR.replace(old, new).encode())


def test_every_kind_has_its_period_and_its_words() -> None:
    assert Retention().floor_days < Retention().shelf_days
    assert {one.value for one in Kind} <= set(CONTENTS) & set(RULES)
