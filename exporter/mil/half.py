"""Finds where half precision hurts, by the same inputs in both arithmetics, operation by operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from numpy.typing import NDArray

from exporter.mil.interpreter import Arithmetic, steps
from exporter.mil.program import Operation, Program
from exporter.operations.relative_error import relative_error


@dataclass(frozen=True)
class PrecisionLoss:
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


def first_precision_loss(
    program: Program, inputs: Mapping[str, NDArray[Any]], share: float = 0.02, arithmetic: Arithmetic = "fp16"
) -> PrecisionLoss | None:
    """The first operation whose floating result overflows in `arithmetic`, or loses more than `share` of its range."""
    for (operation, exact), (_, rounded) in zip(
        steps(program, inputs, "fp32"), steps(program, inputs, arithmetic), strict=True
    ):
        for one, half in zip(exact, rounded, strict=True):
            if not one.is_floating_point():
                continue
            finite = torch.isfinite(one)
            if not torch.isfinite(half[finite]).all():
                return PrecisionLoss(operation, "overflow", float("inf"))
            if not finite.any():
                continue
            lost = relative_error(half[finite].numpy(), one[finite].numpy())
            if lost > share:
                tiny = float(one[finite].abs().max()) < torch.finfo(torch.half).tiny
                return PrecisionLoss(operation, "underflow" if tiny else "drift", lost)
    return None
