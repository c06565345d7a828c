"""A phone passes along a rendered bay: what it saw is judged right, what it did not see is not judged."""

import pytest
from shop_judge import counts, figures, told
from shop_scene import render
from shop_tuning import LOOKS

from edge_agent.domain.recording import View
from edge_agent.domain.shelf import Seen
from edge_agent.shelf.engine import ShelfEngine
from edge_agent.shelf.setup.bay import load

pytestmark = [pytest.mark.model, pytest.mark.timeout(600)]

HALF_WAY = 1043
"""A seed whose phone misses a part of the bay."""


class NoText:
    def read(self, rgb):
        return []


def test_a_walk_judges_what_it_saw_and_nothing_else(tmp_path):
    scene = render(LOOKS[0], HALF_WAY, "walk", tmp_path)
    plan = load(tmp_path / "bay.toml")
    scorer = ShelfEngine(ocr=NoText(), model_digest="0" * 64)
    with (tmp_path / "shelf.mp4").open("rb") as video:
        score = scorer.score(video, plan, view=View.WALK).score
    unseen = {one["slot"] for one in scene["slots"] if one["hidden"]}
    assert unseen
    assert all(one.seen is Seen.NOT_ASSESSABLE for one in score.readings if one.slot in unseen)
    right = figures(counts(scene, told(score.readings)))
    assert right["assessable"] >= 6
    assert right["coverage"] >= 0.8
    assert right["state"] >= 0.9
    assert score.visible is not None
    assert 0.3 < score.visible < 1 - 0.5 * len(unseen) / len(scene["slots"])
