"""Tags in any photo: boxes out of the network's answer, the second look at small ones, what is read on them."""

import numpy as np
import pytest

from edge_agent.infer import tag_boxes
from edge_agent.shelf.price_tags import photo
from edge_agent.shelf.price_tags.photo import find_tags


class Finder:
    """Finds the given boxes (fractions of the picture) and remembers how large the pictures were."""

    def __init__(self, *found):
        self.found = found
        self.widths = []

    def find(self, rgb):
        tall, wide = rgb.shape[:2]
        self.widths.append(wide)
        return [
            ((left * wide, top * tall, right * wide, bottom * tall), score) for (left, top, right, bottom), score in self.found
        ]


class Reader:
    def __init__(self, *lines):
        self.lines = lines

    def read(self, _rgb):
        return self.lines


def answer(*cells, rows=10, columns=12):
    """A network's answer with the given (row, column, score, (left, top, right, bottom)) in it."""
    told = np.zeros((5, rows, columns), np.float32)
    for row, column, score, edges in cells:
        told[0, row, column] = score
        told[1:, row, column] = edges
    return told


def test_a_cell_gives_the_box_around_its_middle():
    boxes, scores = tag_boxes(answer((3, 4, 0.9, (20, 10, 22, 12))), 96, 80)
    assert boxes == [[36 - 20, 28 - 10, 36 + 22, 28 + 12]]
    assert scores == pytest.approx([0.9])


def test_a_box_ends_where_the_picture_ends():
    assert tag_boxes(answer((0, 11, 0.9, (20, 10, 30, 12))), 96, 80)[0] == [[72, 0, 96, 16]]


def test_of_neighbouring_cells_only_the_best_is_a_tag():
    boxes, scores = tag_boxes(answer((3, 4, 0.7, (20, 10, 20, 10)), (3, 5, 0.9, (20, 10, 20, 10))), 96, 80)
    assert scores == pytest.approx([0.9])
    assert len(boxes) == 1


def test_of_boxes_over_each_other_the_best_is_kept_and_those_beside_stay():
    found = answer((3, 3, 0.6, (24, 16, 32, 16)), (3, 5, 0.9, (32, 16, 24, 16)), (8, 5, 0.5, (16, 8, 16, 8)))
    assert tag_boxes(found, 96, 80)[1] == pytest.approx([0.9, 0.5])


def test_nothing_is_found_where_nothing_scores():
    assert tag_boxes(answer(), 96, 80) == ([], [])


def test_a_tag_is_listed_with_what_is_read_on_it_and_without_a_price_when_nothing_is():
    picture = np.full((600, 1280, 3), 128, np.uint8)
    line = (((10, 10), (90, 10), (90, 50), (10, 50)), "¥5.00", 0.95)
    finder = Finder(((0.5, 0.4, 0.6, 0.5), 0.9), ((0.1, 0.41, 0.2, 0.5), 0.8), ((0.8, 0.8, 0.9, 0.9), 0.01))
    read = find_tags(picture, finder, Reader(line))
    assert [(tag.box[0], tag.price, tag.text, tag.confidence) for tag in read] == [
        (pytest.approx(0.1), "5.00", ("¥5.00",), 0.8),
        (pytest.approx(0.5), "5.00", ("¥5.00",), 0.9),
    ]
    unread = find_tags(picture, finder, Reader())
    assert [(tag.price, tag.confidence) for tag in unread] == [(None, pytest.approx(0.64)), (None, pytest.approx(0.72))]


def test_small_tags_and_none_are_looked_for_again_in_a_larger_picture():
    picture = np.full((900, 1920, 3), 128, np.uint8)
    small = Finder(((0.5, 0.4, 0.512, 0.41), 0.9))
    assert len(photo.tag_boxes(picture, small)) == 1
    assert small.widths == [1280, 1920]
    none = Finder()
    assert photo.tag_boxes(picture, none) == []
    assert none.widths == [1280, 1920]


def test_large_tags_are_looked_for_once():
    large = Finder(((0.5, 0.4, 0.56, 0.45), 0.9))
    assert len(photo.tag_boxes(np.full((900, 1920, 3), 128, np.uint8), large)) == 1
    assert large.widths == [1280]
