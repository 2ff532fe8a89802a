"""A few kernels measured on a new device say which devices it is like, and how its times differ."""

from dataclasses import replace

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
    assert set(found.methods) == {"transfer", "transfer outside the table"}
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


def test_outside_the_tables_of_other_devices_a_transfer_says_so_and_is_less_certain(sources, target):
    anchors = np.arange(0, len(target.kernels), 20)
    usual = Kernel("depthwise_conv", ("conv2d",), ((1, 96, 56, 56),), ((1, 96, 56, 56),), (3, 3), (1, 1), groups=96)
    huge = replace(usual, inputs=((1, 96, 2000, 2000),), outputs=((1, 96, 2000, 2000),))
    estimator = transfer(target.kernels_at(anchors), target.us[anchors], sources)
    found = estimator.estimate([usual, huge])
    assert list(found.methods) == ["transfer", "transfer outside the table"]
    theirs = [bridge.source.estimate([huge]) for bridge in estimator.bridges]
    assert found.high[1] / found.low[1] > min(own.high[0] / own.low[0] for own in theirs)


def test_a_class_that_one_of_two_devices_has_is_estimated_from_that_one(sources, target):
    pooled = read_table("tflite", "pixel4")
    pooled = pooled.lines(np.flatnonzero([kernel.kind in ("depthwise_conv", "pooling") for kernel in pooled.kernels]))
    both = KernelEstimator(pooled, class_processes(pooled, read_fitted("tflite", "pixel4")))
    anchors = np.arange(0, len(target.kernels), 20)
    estimator = transfer(target.kernels_at(anchors), target.us[anchors], [both, sources[0]])
    pooling = next(kernel for kernel in pooled.kernels if kernel.kind == "pooling" and kernel.window)
    found = estimator.estimate([pooling, target.kernels[0], SOFTMAX])
    assert list(found.methods) == ["transfer", "transfer", "unknown"]
    assert found.low[0] < found.us[0] < found.high[0]
    assert np.isnan(found.us[2])


def test_without_a_device_to_transfer_from_the_whole_has_to_be_measured():
    with pytest.raises(ValueError, match="measure a whole table"):
        transfer([], np.array([]), [])
