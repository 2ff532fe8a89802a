"""What a person might give to say which object is meant."""

import numpy as np

from exporter.train.prompts import box, centre_click, click

RANDOM = np.random.default_rng(0)
DISC = np.hypot(*np.ogrid[-30:34, -24:40]) < 15


def test_a_click_in_the_middle_is_as_far_from_the_border_as_can_be():
    x, y = centre_click(DISC)
    assert abs(x - 24) <= 1
    assert abs(y - 30) <= 1


def test_a_click_is_on_the_object():
    for _ in range(50):
        (point,), (label,) = click(DISC, RANDOM)
        assert DISC[int(point[1]), int(point[0])]
        assert label == 1


def test_a_box_is_about_the_objects_and_inside_the_picture():
    for _ in range(50):
        corners, labels = box(DISC, RANDOM)
        assert labels.tolist() == [2, 3]
        assert np.abs(corners - [[10, 16], [38, 44]]).max() <= 10
        assert (corners >= 0).all()
        assert (corners < 64).all()
