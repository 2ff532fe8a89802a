"""The core of the iOS app: its own tests, on real graphs too, and what `vitexport latency` makes of its results."""

import re

from tests.apps.cases import missing
from tests.apps.imported import answered
from tests.apps.ios.report import BENCHMARK, KERNEL_TIMES, KERNELS, PACK

DEVICE = "iphone15"
"""Whose the figures are taken for, in a database of the test's own: none but a known one is a target"""


def test_the_tests_in_swift_pass_and_none_is_skipped(ios):
    assert len(ios.report) > 90
    assert [name for name, passed in ios.report.items() if not passed] == []


def test_among_them_is_every_case_of_the_contract(ios):
    assert missing("ios", ios.report) == []


def test_a_benchmarks_result_answers_for_its_device(ios, trained_bundle, database, tmp_path):
    said, found = answered(ios.folder / BENCHMARK, DEVICE, trained_bundle.path, database, tmp_path)
    assert said["selftest"]["pass"]
    assert found["device"] == DEVICE
    assert abs(found["ms"] / sum(graph["p50"] for graph in said["graphs"].values()) - 1) < 1e-3


def test_a_packs_result_estimates_a_model_for_its_device(ios, database, tmp_path):
    said, found = answered(ios.folder / KERNEL_TIMES, DEVICE, ios.folder / PACK, database, tmp_path)
    assert (len(said["kernels"]), said["failures"]) == (KERNELS, [])
    assert (found["device"], found["method"]) == (DEVICE, "transfer")
    assert re.match(r"\d+ kernels measured on it", found["reason"])
    assert 0 < found["low"] < found["ms"] < found["high"]
