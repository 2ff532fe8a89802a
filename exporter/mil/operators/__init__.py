"""What each MIL operator computes, in PyTorch: a table `op type -> function`.

A function takes its operator's parameters by their names in Apple's specification (coremltools,
`converters/mil/mil/ops/defs`). A parameter annotated `Tensor` or `Tensors` gets tensors, any other what `tolist` makes
of one. Floating values are float32 whatever the program says: rounding is the interpreter's work, so that a result is
the best that its operator could deliver.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exporter.mil.operators import (
    activations,
    classification,
    conversions,
    convolutions,
    elementwise,
    indexing,
    matrices,
    normalisations,
    pools,
    reductions,
    resampling,
    shapes,
)

Operator = Callable[..., Any]

_MODULES = (
    activations,
    classification,
    conversions,
    convolutions,
    elementwise,
    indexing,
    matrices,
    normalisations,
    pools,
    reductions,
    resampling,
    shapes,
)

OPERATORS: dict[str, Operator] = {kind: operator for module in _MODULES for kind, operator in module.OPERATORS.items()}

MOVES = frozenset(shapes.OPERATORS) - {"range_1d"}
"""Operators whose results hold elements of what they are given, and of constants of the same type, and no others."""
