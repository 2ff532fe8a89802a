"""The mean error of each output channel, which a bias takes back exactly: rounding moves the mean of what follows it.

Layer after layer, as in arXiv 1906.04721 §4.2, but measured: each layer sees what those before it, corrected already,
make of the calibration inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, fx
from torch.export import ExportedProgram

from exporter.quantise.simulated import LAYERS, Inputs, Rounding, Simulation

aten = torch.ops.aten


def mean_errors(program: ExportedProgram, rounding: Rounding, calibration: Sequence[Inputs]) -> dict[str, Tensor]:
    """Layer -> what is to be taken from its bias [O], if the others' are taken from theirs.

    All inputs run side by side, one operator at a time, so that a layer is corrected before the next one is run.
    """
    found: dict[str, Tensor] = {}
    exact, coarse = (_Steps(program, how).each(calibration) for how in (Rounding(), rounding))
    with torch.inference_mode():
        for node in exact[0].graph.nodes:
            if node.op == "output":
                break
            if node.target in LAYERS:
                pairs = zip(exact, coarse, strict=True)
                errors = torch.stack(
                    [_by_channel(other.before_rounding(node) - one.before_rounding(node), node) for one, other in pairs]
                )
                found[node.name] = agreed(errors)
            for one in exact:
                one.step(node)
            for other in coarse:
                other.step(node, found.get(node.name))
    return found


def agreed(errors: Tensor) -> Tensor:
    """The mean [O] of errors [N, O] of N inputs, less of it the more the inputs disagree.

    A mean that is no more than the chance of which inputs were taken is none of the next one's.
    """
    mean = errors.mean(0)
    variance = errors.var(0, correction=len(errors) > 1) / len(errors)
    return mean * (1 - variance / mean.square().clamp_min(torch.finfo(mean.dtype).tiny)).clamp_min(0)


def _by_channel(error: Tensor, layer: fx.Node) -> Tensor:
    """The mean of each output channel [O]."""
    return error.mean((0, 2, 3)) if layer.target is aten.conv2d.default else error.flatten(0, -2).mean(0)


class _Steps(Simulation):
    """One input's run, which is led node by node."""

    _given: Mapping[str, Tensor]

    def each(self, calibration: Sequence[Inputs]) -> list[_Steps]:
        """Runs of several inputs, of which the program and its weights are in memory once."""
        runs = [copy(self) for _ in calibration]
        for run, inputs in zip(runs, calibration, strict=True):
            run.env = {}
            run._given = {name: torch.from_numpy(np.asarray(value)) for name, value in inputs.items()}
        return runs

    def before_rounding(self, layer: fx.Node) -> Tensor:
        """What a layer computes, before that is rounded."""
        return self._computed(layer)

    def step(self, node: fx.Node, error: Tensor | None = None) -> None:
        """Run a node; `error` [O] is taken from what a layer computes."""
        if node.op == "placeholder":
            result: Any = self._given[node.name]
        elif error is None:
            result = self._computed(node)
        else:
            shape = [-1, 1, 1] if node.target is aten.conv2d.default else [-1]
            result = self._computed(node) - error.reshape(shape)
        self.env[node] = self._rounded(node, result)
        for done in self.user_to_last_uses.get(node, []):
            del self.env[done]
