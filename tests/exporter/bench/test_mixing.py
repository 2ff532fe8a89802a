"""Mixed precision: found among real files, within a bound on noise."""

from dataclasses import replace
from math import inf

import pytest

from exporter.backends import backend, onnx
from exporter.backends.interface import LowerOptions
from exporter.bench.mixing import mixed
from exporter.errors import BackendError
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


@pytest.fixture
def damaged(options, monkeypatch):
    """Makes ONNX's files without those operators that it is given incomplete, as a faulty toolchain would."""
    usual = onnx.BACKEND

    def damage(*spared):
        def lower(graph, path, options):
            lowered = usual.lower(graph, path, options)
            if not set(spared) & set(options.scheme.kinds):
                path.write_bytes(path.read_bytes()[:100])
            return lowered

        monkeypatch.setattr(onnx, "BACKEND", replace(usual, lower=lower))

    return damage


@pytest.mark.parametrize("format", ["onnx"], indirect=True)
class TestAFileThatDoesNotRun:
    def test_is_passed_over(self, format, options, damaged, tmp_path):
        damaged("Conv")
        found = tried(format, options, 0.0, tmp_path)
        assert found.curve
        assert all("Conv" in point.kinds for point in found.curve)
        assert not list(tmp_path.iterdir()), "what was tried is gone"

    def test_ends_the_search_where_none_does(self, format, options, damaged, tmp_path):
        damaged()
        with pytest.raises(
            BackendError, match=r"No operators of classify get fewer bits in onnx \(.+\): leave mixed out"
        ):
            tried(format, options, 0.0, tmp_path)
