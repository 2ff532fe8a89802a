"""A quantile covers a new error too, not only those that it is made from."""

import numpy as np
import pytest

from latency_db.coverage import quantile


def test_the_quantile_is_the_error_of_the_rank_that_a_new_one_is_to_stay_below():
    assert quantile(np.arange(1.0, 100.0)) == 90
    assert quantile(range(1, 20), 0.5) == 10


def test_of_few_errors_only_the_greatest_covers():
    assert quantile([3.0, 1.0, 2.0]) == 3
    assert quantile(range(1, 10), 0.9) == 9


def test_no_error_at_all_says_nothing():
    with pytest.raises(ValueError, match="at least one known error"):
        quantile([])
