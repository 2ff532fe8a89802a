"""Where half precision hurts: the same inputs in both arithmetics, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from numpy.typing import NDArray

from exporter.mil.interpreter import steps
from exporter.mil.program import Operation, Program

SHARE = 0.02
"""Of a result's range; what may be lost unless told otherwise."""


@dataclass(frozen=True)
class Loss:
    """An operation whose result half precision spoils."""

    operation: Operation
    kind: Literal["overflow", "underflow", "drift"]
    """Beyond 65504; all below 6.1e-5, where precision fades; or too far off, by its own error or those before it"""
    share: float
    """max|a-b| / max|b|, a in half precision and b in single; infinite for an overflow"""

    def __str__(self) -> str:
        what = {
            "overflow": "overflows half precision",
            "underflow": f"underflows: {self.share:.1e} of its range is lost in half precision",
            "drift": f"is off by {self.share:.1e} of its range in half precision",
        }
        return f"{self.operation} {what[self.kind]}"


def first_loss(program: Program, inputs: Mapping[str, NDArray[Any]], share: float = SHARE) -> Loss | None:
    """The first operation whose floating result overflows in half precision or loses more than `share` of its range."""
    for (operation, exact), (_, rounded) in zip(
        steps(program, inputs, "fp32"), steps(program, inputs, "fp16"), strict=True
    ):
        for one, half in zip(exact, rounded, strict=True):
            if not one.is_floating_point() or not one.numel():
                continue
            if not torch.isfinite(half).all() and torch.isfinite(one).all():
                return Loss(operation, "overflow", float("inf"))
            lost = relative_error(half, one)
            if lost > share:
                tiny = float(one.abs().max()) < torch.finfo(torch.half).tiny
                return Loss(operation, "underflow" if tiny else "drift", lost)
    return None


def relative_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """max|a-b| / max|b|; not a number where one of them is none."""
    scale = expected.abs().max().clamp(min=torch.finfo(torch.float32).tiny)
    return float((actual - expected).abs().max() / scale)
