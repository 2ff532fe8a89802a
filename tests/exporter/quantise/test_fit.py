"""Fitting changes weights and ranges, in the way that runtimes take them, and never to a higher cost."""

import numpy as np
import pytest
import torch

from exporter.quantise.fit import fit
from exporter.quantise.observed import Observed, affine, extremes
from exporter.quantise.scheme import Integers
from exporter.quantise.simulated import Simulation, rounded_weights
from tests.exporter.quantise.small import Residual, TwoLayers, graph, images, seeded

CASES = {"two layers": (TwoLayers, "class_scores"), "residual": (Residual, "features")}


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def fitted(request):
    module, kind = CASES[request.param]
    small = graph(seeded(module), kind)
    return small, fit(small, images(6), Integers())


def test_it_costs_no_more_than_the_extremes(fitted):
    _, found = fitted
    assert 0 < found.chosen <= found.extremes


def test_weights_are_on_the_grid_that_a_toolchain_finds_by_their_extremes(fitted):
    small, found = fitted
    shapes = {tuple(value.shape) for value in small.program.state_dict.values() if value.ndim > 1}
    weights = [value for value in found.graph.program.state_dict.values() if tuple(value.shape) in shapes]
    assert len(weights) == 2
    for weight in weights:
        assert torch.allclose(rounded_weights(weight), weight, rtol=1e-5, atol=1e-7)


def test_the_changed_program_computes_nearly_the_same(fitted):
    small, found = fitted
    for inputs in images(3, seed=1):
        (before,), (after,) = Simulation(small.program).outputs(inputs), Simulation(found.graph.program).outputs(inputs)
        assert (after - before).norm() < 0.03 * before.norm()


def test_a_tensor_is_recognised_whatever_its_shape(fitted):
    _, found = fitted
    known, transposed = Observed(), Observed()
    for inputs in images(6):
        (value,) = Simulation(found.graph.program).record(inputs, ["conv2d"])[1].values()
        known.add(value.numpy())
        transposed.add(value.numpy().T.ravel() * np.float32(1 + 1e-5))
    assert found.reading(transposed) == found.reading(known)
    known.add(value.numpy())
    assert found.reading(known) == extremes(known)


def test_a_range_has_zero_in_it(fitted):
    _, found = fitted
    for inputs in images(6):
        observed = Observed()
        observed.add(inputs["image"] + 10)
        assert affine(found.reading(observed)).rounded(np.zeros(1)) == 0


def test_without_calibration_inputs_there_is_nothing_to_fit():
    with pytest.raises(ValueError, match="calibration"):
        fit(graph(seeded(TwoLayers)), [], Integers())


@pytest.mark.parametrize("name", ["encode_image", "prompt_mask"])
def test_graphs_with_outputs_that_follow_from_constants_alone_are_fitted_too(followed_tracker, name):
    graph, (given, _) = followed_tracker.graphs[name], followed_tracker.vectors[name]
    inputs = [{key: value[one] for key, value in given.items()} for one in range(2)]
    fitted = fit(graph, inputs, Integers())
    assert fitted.chosen <= fitted.extremes
