"""A few kernels measured on a new device say which devices it is like, and how its times differ."""

import numpy as np
import pytest

from latency_db.kernel import Kernel
from latency_db.operators.estimates import KernelEstimator
from latency_db.operators.process import class_processes, read_fitted
from latency_db.operators.table import read_table
from latency_db.operators.transfer import TooFewAnchors, transfer

SOURCES = ("galaxy_a03s", "iphone_xs", "pixel4")
SOFTMAX = Kernel("softmax", ("softmax",), ((1, 4, 49, 49),), ((1, 4, 49, 49),))
"""Of which no table has any"""


def depthwise(device):
    table = read_table("tflite", device)
    return table.lines(
        np.array([row for row, kernel in enumerate(table.kernels) if kernel.kind == "depthwise_conv"])
    )  # fmt: skip


@pytest.fixture(scope="module")
def sources():
    tables = [depthwise(device) for device in SOURCES]
    return [KernelEstimator(table, class_processes(table, read_fitted("tflite", table.device))) for table in tables]


@pytest.fixture(scope="module")
def target():
    return depthwise("iphone7")


def test_thirty_anchors_give_a_useful_estimate_of_the_others(sources, target):
    anchors = np.random.default_rng(0).choice(len(target.kernels), 30, replace=False)
    others = np.setdiff1d(np.arange(len(target.kernels)), anchors)
    found = transfer(target.kernels_at(anchors), target.us[anchors], sources).estimate(target.kernels_at(others))
    us = target.us[others]
    assert set(found.methods) == {"transfer"}
    assert np.median(np.abs(found.us / us - 1)) < 0.2
    assert np.mean((found.low <= us) & (us <= found.high)) > 0.75


def test_a_device_twice_as_slow_as_a_known_one_is_found_most_like_it(sources):
    known = sources[0].table
    anchors = known.kernels_at(np.arange(0, len(known.kernels), 9))
    slow = transfer(anchors, 2 * sources[0].estimate(anchors).us, sources)
    assert slow.bridges[0].source is sources[0]


def test_a_handful_of_anchors_is_refused(sources, target):
    with pytest.raises(TooFewAnchors, match="measure 5"):
        transfer(target.kernels[:3], target.us[:3], sources)


def test_an_anchor_of_a_class_that_sources_lack_changes_nothing(sources, target):
    anchors = np.arange(0, len(target.kernels), 20)
    among = target.kernels_at(anchors)
    without = transfer(among, target.us[anchors], sources)
    found = transfer([SOFTMAX, *among], np.array([50.0, *target.us[anchors]]), sources)
    assert found.estimate(target.kernels[:9]).high == pytest.approx(without.estimate(target.kernels[:9]).high)


def test_anchors_of_classes_that_sources_lack_are_not_among_those_that_suffice(sources, target):
    with pytest.raises(TooFewAnchors, match="4 of 6 measured kernels"):
        transfer([SOFTMAX, SOFTMAX, *target.kernels[:4]], np.append([50.0, 60.0], target.us[:4]), sources)
