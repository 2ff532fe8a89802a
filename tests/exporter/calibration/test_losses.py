"""Where eight bits lose most, as a manifest tells it."""

from math import log10

import pytest

from exporter.calibration.losses import TOLD, sensitivity
from exporter.quantise.sensitivity import noises
from tests.small_network import network, pictures


@pytest.fixture(scope="module")
def told():
    return sensitivity(network(), pictures(0, 4))


def test_noise_of_kinds_adds_up_to_that_of_all(told):
    assert sum(10 ** (-ratio / 10) for ratio in told.kinds.values()) == pytest.approx(10 ** (-told.sqnr / 10))
    assert list(told.kinds.values()) == sorted(told.kinds.values())
    assert {"aten.conv2d.default", "aten.linear.default", "aten.add.Tensor"} <= set(told.kinds)


def test_min_max_is_the_baseline_with_the_same_weights(told):
    found = noises(network(), pictures(0, 4))
    assert told.extremes == pytest.approx(-10 * log10(sum(one.extremes + one.weights for one in found)))


def test_the_worst_operators_are_told_first(told):
    first = noises(network(), pictures(0, 4))[0]
    assert (told.worst[0].module, told.worst[0].operator) == (first.module, first.kind)
    assert told.worst[0].sqnr == pytest.approx(-10 * log10(first.all))
    assert len(told.worst) == min(TOLD, len(noises(network(), pictures(0, 4))))
