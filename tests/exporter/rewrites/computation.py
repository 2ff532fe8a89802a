"""A computation before and after a pass."""

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, fx

from exporter.rewrites import Rewrite, rewrite


class Computation(torch.nn.Module):
    """A function of one input and some weights, as a module."""

    def __init__(self, function: Callable[..., Tensor], *weights: Tensor) -> None:
        super().__init__()
        self.function = function
        self.weights = torch.nn.ParameterList(weights)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.weights)


def rewritten(apply: Rewrite, x: Tensor, function: Callable[..., Tensor], *weights: Tensor) -> Counter[object]:
    """Operators of a computation after one pass; asserts that in float64 its result has not changed."""
    module = Computation(function, *weights).requires_grad_(False)
    before = torch.export.export(module, (x,))
    after = rewrite(before, (apply,))
    expected, actual = before.module()(x), after.module()(x)
    assert actual.shape == expected.shape
    assert (actual - expected).abs().max() <= 1e-10 * expected.abs().max()
    return count(after.graph)


def count(graph: fx.Graph) -> Counter[object]:
    """How often a graph calls each operator."""
    return Counter(node.target for node in graph.nodes if node.op == "call_function")


def random(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)
