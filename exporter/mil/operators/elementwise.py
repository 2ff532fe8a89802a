"""Arithmetic, comparisons and logic, element by element, with NumPy's broadcasting."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def _unary(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def operator(x: Tensor) -> Tensor:
        return function(x)

    return operator


def _binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    def operator(x: Tensor, y: Tensor) -> Tensor:
        return function(x, y)

    return operator


def clip(x: Tensor, alpha: float, beta: float) -> Tensor:
    return x.clamp(alpha, beta)


def exp2(x: Tensor) -> Tensor:
    if not x.is_floating_point():
        raise NotImplementedError("integers, whose result is declared one")
    return torch.exp2(x)


def inverse(x: Tensor, epsilon: float = 1e-4) -> Tensor:
    return 1 / (x + epsilon)


def log(x: Tensor, epsilon: float = 1e-45) -> Tensor:
    return torch.log(x + epsilon)


def rsqrt(x: Tensor, epsilon: float = 1e-12) -> Tensor:
    return torch.rsqrt(x + epsilon)


def threshold(x: Tensor, alpha: float) -> Tensor:
    return x.clamp(min=alpha)


def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.where(cond.bool(), a, b)


def cumsum(x: Tensor, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Tensor:
    """Running sums from one end; an exclusive one leaves each element's own value out."""
    sums = (x.flip(axis) if reverse else x).cumsum(axis)
    if exclusive:
        nothing = torch.zeros_like(sums.narrow(axis, 0, 1))
        sums = torch.cat((nothing, sums.narrow(axis, 0, x.shape[axis] - 1)), axis)
    return sums.flip(axis) if reverse else sums


def real_div(x: Tensor, y: Tensor) -> Tensor:
    """The quotient of integers is declared an integer, and how it would be rounded nowhere."""
    if x.is_floating_point():
        return x / y
    if torch.remainder(x, y).any():
        raise NotImplementedError("integers that do not divide")
    return torch.floor_divide(x, y)


_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    "abs": torch.abs,
    "acos": torch.acos,
    "asin": torch.asin,
    "atan": torch.atan,
    "atanh": torch.atanh,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "erf": torch.erf,
    "exp": torch.exp,
    "floor": torch.floor,
    "identity": torch.Tensor.clone,
    "logical_not": torch.logical_not,
    "round": torch.round,
    "sign": torch.sign,
    "sin": torch.sin,
    "sinh": torch.sinh,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tan": torch.tan,
    "tanh": torch.tanh,
}

_BINARY: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": torch.add,
    "equal": torch.eq,
    "floor_div": torch.floor_divide,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,
    "mul": torch.mul,
    "not_equal": torch.ne,
    "pow": torch.pow,
    "sub": torch.sub,
}

OPERATORS = {
    **{kind: _unary(function) for kind, function in _UNARY.items()},
    **{kind: _binary(function) for kind, function in _BINARY.items()},
    "clip": clip,
    "cumsum": cumsum,
    "exp2": exp2,
    "inverse": inverse,
    "log": log,
    "real_div": real_div,
    "rsqrt": rsqrt,
    "select": select,
    "threshold": threshold,
}
