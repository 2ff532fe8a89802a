"""Mixed precision: found among real files, within a bound on noise."""

from math import inf

import pytest

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.bench.mixing import mixed
from exporter.manifest import Variant
from tests.small_network import network, pictures

FORMATS = {"onnx": None, "executorch": "xnnpack"}
"""One whose files tell their operators, and one whose programs do; with their delegates"""


@pytest.fixture(scope="module", params=FORMATS)
def format(request):
    return request.param


@pytest.fixture(scope="module")
def options(format, tmp_path_factory):
    full = tmp_path_factory.mktemp("full") / f"full.{backend(format).extension}"
    backend(format).lower(network(), full, LowerOptions("fp32", delegate=FORMATS[format]))
    return LowerOptions("mixed", delegate=FORMATS[format], calibration=pictures(0), full=full)


@pytest.fixture(scope="module")
def found(format, options, tmp_path_factory):
    return tried(format, options, 30.0, tmp_path_factory.mktemp("tried"))


def tried(format, options, least, folder):
    variant = Variant(format, "mixed", FORMATS[format])
    return mixed(network(), variant, options, least, options.full, folder, lambda what, share: None)


def ratio(point):
    """SQNR in dB, of what loses nothing too"""
    return inf if point.sqnr is None else point.sqnr


def test_what_is_chosen_is_the_fastest_within_the_bound(found):
    good = [point for point in found.curve if ratio(point) >= 30]
    assert found.scheme.kinds == min(good, key=lambda point: point.time).kinds


def test_the_curve_has_each_choice_once_and_the_fastest_first(format, found):
    assert len({point.kinds for point in found.curve}) == len(found.curve) >= 4
    assert [point.time for point in found.curve] == sorted(point.time for point in found.curve)
    tried = {kind for point in found.curve for kind in point.kinds}
    usual = tried & set(backend(format).schemes["int8"].kinds)
    assert any(usual <= set(point.kinds) for point in found.curve), "int8 as it is was tried"


def test_fewer_operators_lose_less(found):
    by_kinds = {frozenset(point.kinds): point for point in found.curve}
    for kinds, point in by_kinds.items():
        for more, other in by_kinds.items():
            if kinds < more:
                assert ratio(point) > ratio(other) - 1.5


def test_without_any_choice_within_the_bound_the_best_is_taken(format, options, tmp_path):
    found = tried(format, options, 1000.0, tmp_path)
    assert found.scheme.kinds == max(found.curve, key=ratio).kinds
    assert not list(tmp_path.iterdir()), "what was tried is gone"
