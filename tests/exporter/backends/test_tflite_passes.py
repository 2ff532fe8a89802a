"""litert-torch's repetitions are left out; its files stay the same, byte for byte."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from exporter.backends import tflite, tflite_passes
from exporter.backends.interface import LowerOptions
from exporter.graphs.capture import Graph, exported
from exporter.manifest import TensorSpec
from tests.exporter.backends.in_full import in_full
from tests.models import classifier_graph

SHAPE = (1, 4, 8, 8)
X = TensorSpec(name="x", shape=SHAPE, dtype="float32", layout="NCHW", kind="features", meaning="")


class Works(nn.Module):
    def __init__(self, work):
        super().__init__()
        self.work, self.layer = work, nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return {"y": self.work(self.layer(x))}


WORK = {
    "no range": torch.sigmoid,
    "an enlargement, whose ranges are cast at once": lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
    "a range of 64-bit numbers that stays one": lambda x: x[:, :, torch.arange(8) // 2 * 2],
    "a range of both": lambda x: x[:, :, torch.arange(8) // 2] * torch.arange(8).float(),
}


@pytest.fixture
def graph(request):
    torch.manual_seed(0)
    module = Works(WORK[request.param]).eval().requires_grad_(False)
    y = X.model_copy(update={"name": "y", "shape": tuple(module(torch.zeros(SHAPE))["y"].shape)})
    return Graph("work", module, exported(module, (X,)), (X,), (y,))


@pytest.mark.parametrize("graph", WORK, indirect=True)
def test_the_file_is_the_one_of_all_traces(graph, tmp_path, monkeypatch):
    few, whole = tmp_path / "few.tflite", tmp_path / "all.tflite"
    tflite.lower(graph, few, LowerOptions("fp32", rewrites=()))
    monkeypatch.setattr(tflite_passes, "without_repetition", nullcontext)
    tflite.lower(graph, whole, LowerOptions("fp32", rewrites=()))
    assert few.read_bytes() == whole.read_bytes()
    x = np.random.default_rng(0).standard_normal(SHAPE, np.float32)
    expected = graph.module(torch.from_numpy(x))["y"].numpy()
    assert np.abs(tflite.load(few)({"x": x})["y"] - expected).max() <= 1e-5


def test_the_file_of_a_classifier_is_the_one_of_whole_traces(tmp_path):
    few, whole = tmp_path / "few.tflite", tmp_path / "all.tflite"
    tflite.lower(classifier_graph("efficientformer"), few, LowerOptions("fp32"))
    with in_full("tflite_passes.without_repetition"):
        tflite.lower(classifier_graph("efficientformer"), whole, LowerOptions("fp32"))
    assert few.read_bytes() == whole.read_bytes()


def test_litert_is_as_before_afterwards():
    from jax._src.interpreters import mlir
    from litert_torch.backend import export

    before = export._convert_i64_to_i32, mlir.make_ir_context
    with pytest.raises(ZeroDivisionError), tflite_passes.without_repetition():
        assert export._convert_i64_to_i32 is not before[0]
        assert mlir.make_ir_context is not before[1]
        1 / 0  # noqa: B018
    assert (export._convert_i64_to_i32, mlir.make_ir_context) == before
