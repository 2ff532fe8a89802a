"""Conversions of types. Half precision is the interpreter's work: here every floating type is float32."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

TYPES = {
    "bool": torch.bool,
    "fp16": torch.float32,
    "fp32": torch.float32,
    "int16": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "int8": torch.int8,
    "string": torch.int64,  # a class's name, as its place among the classes
    "uint16": torch.int32,
    "uint32": torch.int64,
    "uint8": torch.uint8,
}
"""MIL's name of a type -> the PyTorch type that holds its values"""

WIDER = {"float16": np.float32, "uint16": np.int32, "uint32": np.int64, "uint64": np.int64}
"""NumPy's name of a type -> the one that holds its values here, where that is another"""

RANGES = {
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int8": (-(2**7), 2**7 - 1),
    "uint16": (0, 2**16 - 1),
    "uint8": (0, 2**8 - 1),
}
"""MIL's name of an integer type -> its least and greatest number"""


def cast(x: Tensor, dtype: str) -> Tensor:
    """Numbers lose their fraction on the way to an integer type; booleans are "not zero"."""
    if dtype in RANGES:
        least, greatest = RANGES[dtype]
        # In float64, which holds every bound; a value that is no number is not within them either.
        if not ((x.double().trunc() >= least) & (x.double().trunc() <= greatest)).all():
            raise NotImplementedError(f"values beyond {dtype}")
    return x.to(TYPES[dtype])


def quantize(
    input: Tensor, scale: Tensor, output_dtype: str, zero_point: Tensor | None = None, axis: int | None = None
) -> Tensor:
    """Rounds half to even, like Core ML; `scale` and `zero_point` have one number, or one for each of an axis."""
    steps = torch.round(input / _along(scale, input, axis))
    if zero_point is not None:
        steps = steps + _along(zero_point, input, axis)
    return steps.clamp(*RANGES[output_dtype]).to(TYPES[output_dtype])


def dequantize(input: Tensor, scale: Tensor, zero_point: Tensor | None = None, axis: int | None = None) -> Tensor:
    steps = input.float()
    if zero_point is not None:
        steps = steps - _along(zero_point, input, axis)
    return steps * _along(scale, input, axis)


def _along(values: Tensor, x: Tensor, axis: int | None) -> Tensor:
    values = values.float()
    return values if values.ndim == 0 or axis is None else values.reshape(-1, *[1] * (x.ndim - 1 - axis % x.ndim))


OPERATORS = {"cast": cast, "dequantize": dequantize, "quantize": quantize}
