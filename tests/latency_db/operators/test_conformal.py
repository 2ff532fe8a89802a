"""An interval covers what it says it covers."""

import numpy as np
import pytest

from latency_db.coverage import quantile
from latency_db.operators import conformal


def test_intervals_of_new_data_cover_their_share_whatever_the_deviations_claim():
    drawn = np.random.default_rng(0)
    claimed = drawn.uniform(0.01, 0.2, 4000)
    residuals = drawn.standard_t(3, 4000) * claimed * 2
    known = quantile(conformal.scores(residuals[:2000], claimed[:2000]))
    covered = np.abs(residuals[2000:]) <= conformal.half_widths(known, claimed[2000:])
    assert covered.mean() == pytest.approx(0.9, abs=0.02)


def test_a_class_of_few_is_not_given_a_narrower_interval_than_all():
    known = np.concatenate([np.linspace(0, 1, 100), np.full(40, 5.0), [0.1, 0.2], [9.0]])
    groups = ["many"] * 100 + ["wide"] * 40 + ["few"] * 2 + ["far"]
    found = conformal.quantiles(known, groups)
    assert found["many"] == pytest.approx(0.9, abs=0.02)
    assert found["wide"] == found["few"] == quantile(known) == 5
    assert found["far"] == 9
