"""ExecuTorch's repetitions are left out; its files stay the same, byte for byte."""

from contextlib import nullcontext

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from exporter.backends import executorch, executorch_passes
from exporter.backends.executorch_passes import without_repetition
from exporter.backends.interface import LowerOptions
from exporter.graphs.capture import Graph, exported
from exporter.manifest import TensorSpec
from tests.exporter.backends.in_full import in_full
from tests.models import classifier_graph

SHAPE = (1, 4, 8, 8)


class Works(nn.Module):
    """A function of a map, with a convolution before and behind it, which XNNPACK takes."""

    def __init__(self, work, *layers):
        super().__init__()
        self.before, self.behind = nn.Conv2d(4, 4, 3, padding=1), nn.LazyConv2d(2, 1)
        self.work, self.layers = work, nn.ModuleList(layers)

    def forward(self, x):
        return {"y": self.behind(self.work(self.before(x), *self.layers))}


def attention(x):
    q = x.reshape(1, 2, 32, 4)
    seen = F.scaled_dot_product_attention(q, q, q, attn_mask=torch.ones(32, 32).tril() > 0)
    return seen.transpose(1, 2).reshape(SHAPE)


def added_product(x, layer):
    return torch.addmm(layer.bias, x.reshape(32, 8), layer.weight).reshape(SHAPE)


WORK = {
    "nothing that a pass looks for": (torch.sigmoid,),
    "enlarged": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),),
    "a product": (lambda x, layer: layer(x), nn.Linear(8, 8, bias=False)),
    "a product and a sum": (added_product, nn.Linear(8, 8)),
    "attention": (attention,),
    "normalised": (lambda x, layer: layer(x), nn.BatchNorm2d(4)),
    "normalised apart": (lambda x, layer: layer(x + 1), nn.BatchNorm2d(4)),
    "an activation": (lambda x: F.relu(x) + F.relu6(x),),
    "seven maps joined": (lambda x: torch.cat([x + i for i in range(7)], 1),),
    "the largest": (lambda x: F.max_pool2d(x, 3, 1, 1),),
    "the largest of a row": (lambda x: x.max(3, keepdim=True).values + x,),
    "a slope": (lambda x, layer: layer(x), nn.PReLU(1)),
    "one-dimensional": (lambda x, layer: layer(x.flatten(2)).reshape(SHAPE), nn.Conv1d(4, 4, 3, padding=1)),
    "an operator that XNNPACK turns down": (lambda x: torch.cumsum(x, 3),),
    "two pieces": (lambda x, layer: layer(torch.cumsum(x.relu(), 3)), nn.Conv2d(4, 4, 1)),
    "a number of the shape": (lambda x: x * x.shape[-1] + torch.arange(8),),
}


@pytest.fixture
def graph(request):
    torch.manual_seed(0)
    work, *layers = WORK[request.param]
    module = Works(work, *layers).eval()
    module(torch.zeros(SHAPE))  # which makes the last layer
    module.requires_grad_(False)
    x = TensorSpec(name="x", shape=SHAPE, dtype="float32", layout="NCHW", kind="features", meaning="")
    shape = tuple(module(torch.zeros(SHAPE))["y"].shape)
    y = x.model_copy(update={"name": "y", "shape": shape})
    return Graph("work", module, exported(module, (x,)), (x,), (y,))


@pytest.mark.parametrize("graph", WORK, indirect=True)
def test_the_file_is_the_one_of_all_passes(graph, tmp_path, monkeypatch):
    executorch.lower(graph, tmp_path / "few.pte", LowerOptions("fp32", rewrites=()))
    monkeypatch.setattr(executorch_passes, "without_repetition", nullcontext)
    executorch.lower(graph, tmp_path / "all.pte", LowerOptions("fp32", rewrites=()))
    assert (tmp_path / "few.pte").read_bytes() == (tmp_path / "all.pte").read_bytes()


def test_the_file_of_a_classifier_is_the_one_of_whole_traces_all_passes_and_all_checks(tmp_path, monkeypatch):
    from executorch import exir

    def checking(*args, compile_config, **named):
        return lower(*args, **named)

    graph, lower = classifier_graph("efficientformer"), exir.to_edge_transform_and_lower
    executorch.lower(graph, tmp_path / "few.pte", LowerOptions("fp32"))
    monkeypatch.setattr(exir, "to_edge_transform_and_lower", checking)
    with in_full("executorch_passes.without_repetition"):
        executorch.lower(graph, tmp_path / "all.pte", LowerOptions("fp32"))
    assert (tmp_path / "few.pte").read_bytes() == (tmp_path / "all.pte").read_bytes()


def test_every_pass_that_may_be_left_out_is_one_of_this_release():
    from executorch.backends.xnnpack._passes import XNNPACKPassManager

    manager = XNNPACKPassManager(torch.export.export(nn.ReLU(), (torch.zeros(1),)))
    names = {one.__name__ for one in manager.passes}
    assert set(executorch_passes._LOOKS_FOR) <= names


def test_executorch_is_as_before_afterwards():
    from executorch.backends.xnnpack._passes import XNNPACKPassManager
    from executorch.exir.pass_base import _ExportPassBase
    from torch.export import ExportedProgram

    owners = {XNNPACKPassManager: "transform", _ExportPassBase: "_fx", ExportedProgram: "run_decompositions"}
    before = {owner: getattr(owner, name) for owner, name in owners.items()}
    with pytest.raises(ZeroDivisionError), without_repetition():
        assert all(getattr(owner, name) is not before[owner] for owner, name in owners.items())
        1 / 0  # noqa: B018
    assert all(getattr(owner, name) is before[owner] for owner, name in owners.items())
