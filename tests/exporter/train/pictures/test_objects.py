"""Pictures of drawn objects: the same in every run, as many of each class, and judged by photographs never shown."""

import numpy as np
import pytest

from exporter.train.pictures.objects import CLASSES, JUDGED, corner, objects

COUNT = 4 * len(CLASSES)


def test_each_class_has_as_many_pictures_in_every_part():
    pictures, parts = objects(32, COUNT)
    assert pictures.pixels.shape == (COUNT, 3, 32, 32)
    assert len(pictures.classes) == len(set(pictures.classes)) == 20
    assert len(parts.judging) == JUDGED * COUNT
    assert set(np.bincount(pictures.labels[parts.judging])) == {1}
    assert sorted([*parts.training, *parts.choosing, *parts.judging]) == list(range(COUNT))


def test_a_picture_follows_from_its_number_alone():
    once, again = objects(32, COUNT)[0].pixels, objects(32, COUNT + len(CLASSES) * 4)[0].pixels
    assert np.array_equal(once[:40], again[:40])
    assert len(np.unique(once.reshape(COUNT, -1), axis=0)) == COUNT


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [((40, 61), (20, 41), (34, 14)), ((0, 10), (86, 96), (0, 64)), ((0, 0), (0, 0), (32, 32))],
    ids=["within", "at the edge", "out of sight"],
)
def test_a_picture_is_the_part_around_its_object(rows, columns, expected):
    labels = np.zeros((96, 96), np.uint8)
    labels[slice(*rows), slice(*columns)] = 1
    assert corner(labels, 32) == expected
