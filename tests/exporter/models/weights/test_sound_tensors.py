"""Tensors that are no weights are refused by name and kind, before anything is exported."""

import pytest
import torch

from exporter.errors import WeightsError
from exporter.models.weights.loading import load_weights
from tests.exporter.models.weights.states import holds, kept

KEY = "stages.1.0.conv3_1x1.conv.weight"


def quantised(value):
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


@pytest.mark.filterwarnings("ignore:Sparse", "ignore:.*quantize_per_tensor", "ignore:.*quantization")
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda value: (value * 10).to(torch.int8), r"is torch\.int8, and what it was scaled by is not known"),
        (lambda value: (value * 10).to(torch.uint8), r"is torch\.uint8"),
        (lambda value: value.to(torch.int64), r"is torch\.int64"),
        (lambda value: value > 0, r"is torch\.bool"),
        (lambda value: value.to(torch.float8_e4m3fn), r"is an 8-bit float \(torch\.float8_e4m3fn\)"),
        (lambda value: value.to(torch.float8_e5m2), r"is an 8-bit float \(torch\.float8_e5m2\)"),
        (lambda value: value.to(torch.complex64), r"is complex \(torch\.complex64\)"),
        (lambda value: value.flatten(1).to_sparse(), r"is sparse \(torch\.sparse_coo\)"),
        (lambda value: value.flatten(1).to_sparse_csr(), r"is sparse \(torch\.sparse_csr\)"),
        (quantised, r"is quantised \(torch\.qint8\)"),
        (lambda value: value.to("meta"), r"has no values"),
    ],
)  # fmt: skip
def test_a_kind_of_tensor_that_is_no_weight_is_named_with_its_key(model, trained, change, what):
    before = kept(model)
    trained[KEY] = change(trained[KEY])
    with pytest.raises(WeightsError, match=rf"has weights that are no floats: {KEY} {what}"):
        load_weights(model, trained)
    assert holds(model, before)


@pytest.mark.parametrize("change", [lambda value: value.to_sparse(), lambda value: value.to("meta")])
def test_they_are_refused_in_one_of_two_sets_as_well(model, trained, change):
    spoiled = trained | {KEY: change(trained[KEY])}
    with pytest.raises(WeightsError, match=rf"has weights that are no floats: {KEY}"):
        load_weights(model, {"model": trained, "ema": spoiled})


def test_int8_weights_are_named_though_their_scales_are_beside_them(model, trained):
    trained[KEY] = trained[KEY].to(torch.int8)
    trained[f"{KEY}_scale"] = torch.ones(1)
    with pytest.raises(WeightsError, match=rf"{KEY} is torch\.int8"):
        load_weights(model, trained)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_no_number_is_named_with_its_key(model, trained, value):
    trained[KEY].view(-1)[3] = value
    count = trained[KEY].numel()
    with pytest.raises(
        WeightsError, match=rf"is spoiled: {KEY} has 1 of {count} values that are infinite or no number"
    ):
        load_weights(model, trained)


def test_a_value_beyond_single_precision_is_infinite_in_the_model(model, trained):
    trained[KEY] = trained[KEY].double() * 1e300
    with pytest.raises(WeightsError, match=f"{KEY} has"):
        load_weights(model, trained)


def test_a_variance_below_zero_is_named(model, trained):
    trained["stem.bn.running_var"][0] = -0.1
    with pytest.raises(WeightsError, match=r"stem\.bn\.running_var is a variance and below zero"):
        load_weights(model, trained)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_single_precision(model, trained, dtype):
    other = {key: value.to(dtype) if value.is_floating_point() else value for key, value in trained.items()}
    load_weights(model, other)
    assert holds(model, {key: value.to(trained[key].dtype) for key, value in other.items()})
