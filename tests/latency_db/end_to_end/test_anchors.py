"""A new phone's cell from a few models that were measured on it."""

from dataclasses import replace

import numpy as np
import pytest

from latency_db.end_to_end.anchors import NoLikeness, mixture
from latency_db.end_to_end.cells import shipped


@pytest.fixture(scope="module")
def known():
    return [cell for cell in shipped().cells.values() if cell.id.version == "2.10" and cell.id.unit == "cpu"]


def test_a_phone_that_is_another_one_slowed_down_is_recognised(known):
    twin = known[0]
    anchors = {
        model: 3 * milliseconds for model, milliseconds in zip(twin.models[:10], twin.milliseconds, strict=False)
    }
    mixed = mixture(anchors, known)
    assert np.isclose(mixed.of_model(twin.models[40]), 3 * twin.milliseconds[40], rtol=0.03)
    assert np.allclose(mixed.coefficients.sum(), 3 * twin.coefficients.sum(), rtol=0.3)


def test_a_model_that_was_measured_nowhere_is_estimated_by_the_mixture_of_rooflines(known):
    twin = known[0]
    mixed = mixture(dict(zip(twin.models[:10], twin.milliseconds, strict=False)), known)
    graphs = shipped().features_of(twin)
    errors = np.abs(graphs @ mixed.coefficients / twin.milliseconds - 1)
    assert mixed.of_model("nobody's") is None
    assert np.median(errors) < 0.05


def test_anchors_that_no_cell_has_are_named(known):
    with pytest.raises(NoLikeness, match="nobody's"):
        mixture({"nobody's": 1.0}, known)


def test_a_slow_row_is_no_likeness(known):
    cell = replace(known[0], slow=np.ones(len(known[0].models), bool))
    with pytest.raises(NoLikeness):
        mixture({cell.models[0]: 1.0}, [cell])
