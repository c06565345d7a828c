"""Bare shelf is told by what the reference photo shows of it, under whatever light falls on the part that goods hid."""

import numpy as np

from edge_agent.shelf.products.appearance import Unit
from edge_agent.shelf.products.backdrop import Backdrop

TALL, WIDE = 240, 200


def _panel(box=None):
    """A grey panel with a row of holes every 16 px, growing lighter downwards; `box` = rows that plain packs hide."""
    light = np.linspace(100, 215, TALL)[:, None] * np.ones((1, WIDE))
    rows, columns = np.mgrid[0:TALL, 0:WIDE]
    light = np.where((rows % 16 < 6) & (columns % 64 < 18), light * 0.6, light)
    if box is not None:
        for left in (20, 110):
            light[box, left : left + 70] = 205
            light[box.start : box.start + 3, left : left + 70] = 60
    return np.repeat(light[..., None], 3, axis=2).astype(np.uint8)


def _backdrop():
    """Learnt where goods hide all but the upper two fifths of the panel."""
    made = Backdrop()
    hull = (0.0, 110.0, float(WIDE), float(TALL))
    unit = Unit(sku="a", inliers=9, correlation=1.0, chroma=0.0, hull=hull, tint=(1.0, 1.0, 1.0), affine=np.eye(2, 3))
    made.learn(_panel(), [unit])
    return made


def test_panel_that_grows_lighter_below_what_was_seen_of_it_is_bare():
    assert _backdrop().emptiness(_panel(), 3)[1]


def test_plain_packs_in_the_tone_of_the_lit_panel_are_not_bare():
    assert not _backdrop().emptiness(_panel(slice(130, 225)), 3)[1]
