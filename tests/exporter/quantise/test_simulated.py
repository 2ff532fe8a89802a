"""Rounding is what integers would make of a value, wherever it is asked for and nowhere else."""

import numpy as np
import pytest
import torch

from exporter.quantise.observed import Range, affine
from exporter.quantise.simulated import Rounding, Simulation, rounded, rounded_weights
from tests.exporter.quantise.small import Residual, TwoLayers, graph, images, seeded


@pytest.fixture(scope="module")
def small():
    return graph(seeded(TwoLayers))


def test_without_rounding_a_program_computes_what_it_did(small):
    (inputs,) = images(1)
    (found,) = Simulation(small.program).outputs(inputs)
    expected = small.module(torch.from_numpy(inputs["image"]))["logits"]
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_rounded_value_is_what_the_nodes_after_it_read(small):
    (inputs,) = images(1)
    how = affine(Range(-1.0, 1.0), bits=2)
    simulation = Simulation(small.program, Rounding(values={"mean": how}))
    (logits,), seen = simulation.record(inputs, ["mean", "conv2d"])
    assert set(np.unique(seen["mean"] / how.scale).round(3)) <= {-2.0, -1.0, 0.0, 1.0, 2.0}
    assert len(seen["conv2d"].unique()) > 4
    head = small.module.state_dict()
    assert torch.allclose(logits, seen["mean"] @ _only(head, "head.weight").T + _only(head, "head.bias"), atol=1e-6)


def _only(state, ending):
    (found,) = (value for name, value in state.items() if name.endswith(ending))
    return found


def test_a_layer_takes_the_weights_it_is_given():
    small = graph(seeded(Residual), "features")
    (inputs,) = images(1)
    (found,) = Simulation(small.program, Rounding(weights={"conv2d": torch.zeros(3, 3, 1, 1)})).outputs(inputs)
    expected = small.module.depthwise(torch.from_numpy(inputs["image"]))
    assert torch.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("range", [Range(3.0, 5.0), Range(-1.0, 2.0), Range(-5.0, -3.0)])
def test_tensors_and_arrays_are_rounded_alike(range):
    values = np.random.default_rng(0).uniform(range.low, range.high, 1000).astype(np.float32)
    how = affine(range)
    difference = np.abs(rounded(torch.from_numpy(values), how).numpy() - how.rounded(values))
    # Both round to nearest; a value half way between may fall on either side, because one divides and one multiplies.
    assert (difference > how.scale * 1e-3).mean() < 0.01


def test_each_channel_of_a_weight_has_its_own_scale():
    weight = torch.tensor([[1.0, 0.003], [1000.0, 3.0], [0.0, 0.0]])
    found = rounded_weights(weight)
    assert torch.allclose(found, torch.tensor([[1.0, 0.0], [1000.0, 0.0], [0.0, 0.0]]))
    assert torch.allclose(rounded_weights(found), found)


def test_a_clipped_channel_is_finer():
    weight = torch.tensor([[1.0, 0.101]])
    assert rounded_weights(weight, torch.tensor([0.127])).tolist() == [[pytest.approx(0.127), pytest.approx(0.101)]]
