"""Which ranges a graph has: fixed ones only where eight bits can hold what it computes."""

from dataclasses import replace

import numpy as np
import pytest

from exporter.backends import FORMATS, backend
from exporter.backends.interface import LowerOptions
from exporter.calibration.schemes import prepared
from exporter.graphs.tasks import ENCODE_IMAGE, TASKS
from exporter.quantise.fit import Fitted
from exporter.quantise.methods import READINGS
from exporter.quantise.observed import Observed, extremes
from tests.small_network import network

CALIBRATED = [
    (format, precision)
    for format in FORMATS
    for precision, scheme in backend(format).schemes.items()
    if scheme.calibrated
]
WIDE = TASKS["track"].wide


def scheme_of(graph, format, precision, ranges=None, fitted=None):
    own, options = prepared(graph, backend(format), LowerOptions(precision), WIDE, ranges, fitted or {})
    return own, backend(format).scheme(options)


@pytest.mark.parametrize(("format", "precision"), CALIBRATED)
@pytest.mark.parametrize("name", sorted(WIDE))
def test_a_trackers_graph_has_its_ranges_found_in_each_run(name, format, precision):
    """Coordinates go through a sine, and a great number hides what is not there."""
    for ranges in (None, "percentile"):
        _, scheme = scheme_of(replace(network(), name=name), format, precision, ranges)
        assert not scheme.calibrated


@pytest.mark.parametrize(("format", "precision"), CALIBRATED)
def test_the_one_that_sees_pictures_has_fixed_ones(format, precision):
    assert ENCODE_IMAGE not in WIDE
    graph = replace(network(), name=ENCODE_IMAGE)
    assert scheme_of(graph, format, precision) == (graph, backend(format).schemes[precision])
    for ranges, reading in READINGS.items():
        assert scheme_of(graph, format, precision, ranges)[1].reading is reading


@pytest.mark.parametrize(("format", "precision"), CALIBRATED)
def test_a_value_in_a_million_widens_no_usual_range(format, precision):
    seen = Observed()
    seen.add(np.append(np.linspace(-1, 1, 10**6), 1000.0))
    assert backend(format).schemes[precision].reading(seen).high < 2


def test_what_was_fitted_to_a_formats_integers_is_taken_by_that_format_alone():
    tflite, onnx = (backend(format).schemes["int8"].integers for format in ("tflite", "onnx"))
    assert tflite != onnx
    other = replace(network())
    fitted = {(other.name, tflite): Fitted(other, extremes, (), ())}
    assert scheme_of(network(), "tflite", "int8", "percentile", fitted)[0] is other
    assert scheme_of(network(), "onnx", "int8", "percentile", fitted)[0] is network()


@pytest.mark.parametrize("format", FORMATS)
def test_full_precision_has_none(format):
    graph, scheme = scheme_of(network(), format, backend(format).full_precision, "percentile")
    assert (graph, scheme) == (network(), None)
