"""J and F are those of DAVIS 2017."""

import numpy as np
import pytest

from exporter.train.quality import boundary_accuracy, quality, region_similarity


def square(left: int, side: int = 40, size: int = 100) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[30 : 30 + side, left : left + side] = True
    return mask


EMPTY = np.zeros((100, 100), bool)


def test_a_mask_agrees_with_itself_and_nothing_with_nothing():
    for mask in (square(10), EMPTY):
        assert region_similarity(mask, mask) == boundary_accuracy(mask, mask) == 1


@pytest.mark.parametrize(("found", "true"), [(square(10), EMPTY), (EMPTY, square(10)), (square(0), square(60))])
def test_what_has_nothing_in_common_scores_nothing(found, true):
    assert region_similarity(found, true) == 0
    if not (found.any() and true.any()):
        assert boundary_accuracy(found, true) == 0


def test_the_region_is_the_intersection_over_the_union():
    assert region_similarity(square(10), square(20)) == pytest.approx(30 / 50)


def test_a_boundary_may_be_off_by_eight_thousandths_of_the_diagonal_and_no_more():
    """Of 100 x 100 pixels that is 1.13, rounded up to 2; beyond, only the sides along the shift are right."""
    assert boundary_accuracy(square(12), square(10)) == 1
    assert 0.4 < boundary_accuracy(square(13), square(10)) < 0.7


def test_the_first_frame_which_is_given_and_the_last_do_not_count():
    true = np.stack([square(10)] * 4)
    found = true.copy()
    found[0] = found[3] = EMPTY
    assert quality(found, true).both == 1
    found[1] = EMPTY
    assert quality(found, true).both == 0.5
