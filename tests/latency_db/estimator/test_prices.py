"""Thousands of variants of a workload are priced in one product, as the workload itself is estimated."""

import numpy as np
import pytest

from latency_db.end_to_end.features import of_graph
from latency_db.estimator.prices import prices
from latency_db.measurement import Conditions
from tests.latency_db.estimator.measurements import CPU, GPU
from tests.latency_db.estimator.workloads import MOBILEVIT_LIKE

KERNELS = MOBILEVIT_LIKE.graphs["classify"]


@pytest.mark.parametrize(
    ("device", "conditions"),
    [
        ("pixel4", CPU),
        ("pixel4", GPU),
        ("galaxy_s24", CPU),
        ("iphone15", Conditions("coreml", None, None)),
    ],
)
def test_the_workload_costs_what_it_is_estimated_at(device, conditions):
    found = prices(MOBILEVIT_LIKE, device, conditions)
    ms, low, high = found.of(of_graph(KERNELS)[None])
    assert ms[0] == pytest.approx(found.of_workload.ms)
    assert low[0] == pytest.approx(found.of_workload.low)
    assert high[0] == pytest.approx(found.of_workload.high)


def test_what_is_left_out_costs_nothing():
    found = prices(MOBILEVIT_LIKE, "pixel4", CPU)
    graphs = np.stack([of_graph(KERNELS[:end]) for end in range(1, len(KERNELS) + 1)])
    assert np.all(np.diff(found.of(graphs)[0]) >= 0)


def test_thousands_are_priced_at_once():
    found = prices(MOBILEVIT_LIKE, "pixel4", CPU)
    ms, _, _ = found.of(np.tile(of_graph(KERNELS), (5000, 1)) * np.linspace(0.5, 1, 5000)[:, None])
    assert ms.shape == (5000,)
    assert ms[0] == pytest.approx(found.of_workload.ms / 2)
