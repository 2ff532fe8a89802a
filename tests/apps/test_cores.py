"""The cores of the apps for phones: their own tests, on real graphs too, and what is made of what these measured."""

import re

import pytest

from tests.apps.cases import missing
from tests.apps.imported import answered
from tests.apps.results import BENCHMARK, KERNEL_TIMES, KERNELS, PACK

DEVICES = {"android": "pixel8", "ios": "iphone15"}
"""Core -> whose its figures are taken for, in a database of the test's own: none but a known device is a target"""


@pytest.fixture(params=DEVICES)
def name(request) -> str:
    return request.param


@pytest.fixture
def core(request, name):
    """What the tests of the core came to."""
    return request.getfixturevalue(name)


def test_its_tests_pass_and_none_is_skipped(core):
    assert len(core.report) > 90
    assert [name for name, passed in core.report.items() if not passed] == []


def test_among_them_is_every_case_of_the_contract(core, name):
    assert missing(name, core.report) == []


def test_a_benchmarks_result_answers_for_its_device(core, name, trained_bundle, database, tmp_path):
    said, found = answered(core.folder / BENCHMARK, DEVICES[name], trained_bundle.path, database, tmp_path)
    assert said["selftest"]["pass"]
    assert found["device"] == DEVICES[name]
    assert found["ms"] == pytest.approx(sum(graph["p50"] for graph in said["graphs"].values()), rel=1e-3)


def test_a_packs_result_estimates_a_model_for_its_device(core, name, database, tmp_path):
    said, found = answered(core.folder / KERNEL_TIMES, DEVICES[name], core.folder / PACK, database, tmp_path)
    assert (len(said["kernels"]), said["failures"]) == (KERNELS, [])
    assert (found["device"], found["method"]) == (DEVICES[name], "transfer")
    assert re.match(r"\d+ kernels measured on it", found["reason"])
    assert 0 < found["low"] < found["ms"] < found["high"]
