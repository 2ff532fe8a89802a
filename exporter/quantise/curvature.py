"""How much an error in each value of a program matters to what it returns: the diagonal of the Gauss-Newton matrix.

arXiv 2303.12557 §3.3 squares the gradient of KL(float ‖ quantised). At the float program, which is where the expansion
is made, that gradient is zero, and its square is that of rounding noise. What is meant is the Fisher information: the
second derivative of the same divergence, which is E[g²] for gradients g of v · outputs, where v is random and has the
Hessian of the loss at the outputs as its covariance.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import torch
from torch import Tensor

from exporter.graphs.capture import Graph
from exporter.quantise.simulated import Inputs, Simulation

Draw = Callable[[Tensor, torch.Generator], Tensor]


def curved(
    graph: Graph, inputs: Sequence[Inputs], wanted: Collection[str], draws: int = 1
) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """Of each input, and of each node in `wanted` whose result is of floats: its values, and the curvature at each.

    An error e of a value adds e² · curvature / 2 to the loss, in nats; errors of several values add up as if they were
    independent. The loss is the divergence from what the float program says: of one class among all for class scores,
    of each by itself for label scores and mask logits. Other outputs count by their squared error, in standard
    deviations. A value that no output depends on has curvature 0. `draws` are those of v.
    """
    generator = torch.Generator().manual_seed(0)
    simulation = Simulation(graph.program)
    for given in inputs:
        yield _of_one(simulation, graph, given, wanted, draws, generator)


def _of_one(
    simulation: Simulation,
    graph: Graph,
    given: Inputs,
    wanted: Collection[str],
    draws: int,
    generator: torch.Generator,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    # Whatever is computed from an input that asks for gradients has one, weights need none.
    leaves = {name: torch.as_tensor(value).requires_grad_(True) for name, value in given.items()}
    with torch.enable_grad():
        outputs, values = simulation.record_tensors(leaves, wanted)
    curvature = {name: torch.zeros(value.shape) for name, value in values.items()}
    # What follows from constants, or from which element is the greatest, changes with nothing.
    kinds = [spec.kind for spec, output in zip(graph.outputs, outputs, strict=True) if output.requires_grad]
    follow = [output for output in outputs if output.requires_grad]
    moved = {name: value for name, value in values.items() if value.requires_grad}
    for _ in range(draws if follow and moved else 0):
        directions = [
            DRAWS.get(kind, _of_squares)(output.detach(), generator) for kind, output in zip(kinds, follow, strict=True)
        ]
        gradients = torch.autograd.grad(follow, list(moved.values()), directions, retain_graph=True, allow_unused=True)
        for name, gradient in zip(moved, gradients, strict=True):
            if gradient is not None:
                curvature[name].addcmul_(gradient, gradient, value=1 / draws)
    return {name: value.detach() for name, value in values.items()}, curvature


def _of_classes(logits: Tensor, generator: torch.Generator) -> Tensor:
    """softmax - onehot of a class drawn from it [1, C]: its covariance is diag(p) - p pᵀ."""
    chances = logits.softmax(-1)
    drawn = torch.multinomial(chances, 1, generator=generator)
    return chances.scatter_add(-1, drawn, chances.new_full(drawn.shape, -1.0))


def _of_labels(logits: Tensor, generator: torch.Generator) -> Tensor:
    """sigmoid - a flag drawn with that chance: its variance is p (1 - p)."""
    chances = logits.sigmoid()
    return chances - torch.bernoulli(chances, generator=generator)


def _of_squares(output: Tensor, generator: torch.Generator) -> Tensor:
    """±1 standard deviation of the output at a time, so that it counts alike whatever its unit."""
    signs = torch.randint(0, 2, output.shape, generator=generator) * 2 - 1
    spread = output.std(correction=0) if output.numel() > 1 else output.abs().max()
    return signs / spread.clamp_min(torch.finfo(output.dtype).tiny)


DRAWS: dict[str, Draw] = {"class_scores": _of_classes, "label_scores": _of_labels, "mask_logits": _of_labels}
"""Kind of an output -> a random vector whose covariance is the Hessian of its loss"""
