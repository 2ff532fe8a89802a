"""Operator calls in one form for all formats, so that a rule about them is written once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Value:
    """What an operation reads or computes."""

    name: str
    shape: tuple[int | None, ...]
    """None where an extent is not fixed"""
    dtype: str
    """numpy's name of it"""
    constant: NDArray[Any] | None = field(default=None, compare=False, repr=False)
    """Its elements, if it does not depend on the inputs"""

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def elements(self) -> int:
        """How many elements the value has; an extent that is not fixed counts as 1."""
        return prod(extent or 1 for extent in self.shape)

    @cached_property
    def largest(self) -> float:
        """The greatest absolute value of a constant; 0 of an empty one."""
        import numpy as np

        assert self.constant is not None
        return float(np.abs(self.constant.astype(np.float64)).max(initial=0.0))


@dataclass(frozen=True)
class Operation:
    """One call of an operator."""

    kind: str
    """Operator type in the words of the format, such as "aten.add.Tensor", "BATCH_MATMUL" or "layer_norm"."""
    name: str
    inputs: tuple[Value, ...]
    """Tensors only, in the operator's order"""
    outputs: tuple[Value, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that it is given, by the operator's own names"""
    named: Mapping[str, Value] = field(default_factory=dict)
    """The inputs by the names of the operator's parameters, where the format has such names and no order"""
    module: str | None = None
    """Module of the model that it comes from, where the format knows"""

    @property
    def given(self) -> tuple[Value, ...]:
        """The inputs that are not constants."""
        return tuple(value for value in self.inputs if value.constant is None)

    @property
    def where(self) -> str:
        return self.module or self.name
