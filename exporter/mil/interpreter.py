"""Evaluates a program, one operation after the other."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from exporter.errors import BackendError, InputShapeError, describe
from exporter.mil.operators import OPERATORS
from exporter.mil.operators.conversions import TYPES
from exporter.mil.program import Operation, Program

Arithmetic = Literal["fp32", "fp16"]
"""fp32: every floating value is float32. fp16: so is the arithmetic inside an operator; its result is rounded."""

Step = tuple[Operation, tuple[Tensor, ...]]
"""An operation, and what it computed"""


def run(
    program: Program, inputs: Mapping[str, NDArray[Any]], arithmetic: Arithmetic | None = None
) -> dict[str, NDArray[Any]]:
    """The outputs by name. `arithmetic` None is that which the program declares.

    Raises `InputShapeError` for inputs that the program does not take, `BackendError` where an operator fails.
    """
    wanted = {output.name for output in program.outputs}
    arithmetic = arithmetic or ("fp16" if program.half else "fp32")
    found = {name: value for name, value in _given(program, inputs).items() if name in wanted}
    for operation, results in steps(program, inputs, arithmetic):
        for declared, result in zip(operation.results, results, strict=True):
            if declared.name in wanted:
                found[declared.name] = result
    return {output.name: found[output.name].numpy().copy() for output in program.outputs}


def steps(program: Program, inputs: Mapping[str, NDArray[Any]], arithmetic: Arithmetic) -> Iterator[Step]:
    """Each operation with its results, in order. A value is forgotten once nothing needs it any more."""
    uses = Counter(name for operation in program.operations for name in operation.reads)
    values = _given(program, inputs)
    for operation in program.operations:
        with torch.inference_mode():
            results = _evaluate(program, operation, values, arithmetic)
        yield operation, results
        for name in operation.reads:
            uses[name] -= 1
            if not uses[name]:
                values.pop(name, None)
        values |= {
            declared.name: result
            for declared, result in zip(operation.results, results, strict=True)
            if uses[declared.name]
        }


def _given(program: Program, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    given = {name: tuple(value.shape) for name, value in inputs.items()}
    wanted = {declared.name: declared.shape for declared in program.inputs}
    if given != wanted:
        raise InputShapeError(f"{program.name} takes {wanted}, not {given}.")
    tensors = {declared.name: torch.from_numpy(np.asarray(inputs[declared.name])) for declared in program.inputs}
    # An input is what it is: the program itself makes half precision of it, by a cast.
    return {declared.name: tensors[declared.name].to(TYPES[declared.type]) for declared in program.inputs}


def _evaluate(
    program: Program, operation: Operation, values: Mapping[str, Tensor], arithmetic: Arithmetic
) -> tuple[Tensor, ...]:
    tensors = _tensor_parameters(operation.kind)

    def argument(parameter: str, name: str) -> Any:
        value = values[name] if name in values else program.constants[name]
        if parameter not in tensors:  # an attribute: a number, text, or a list of numbers
            return value.tolist() if isinstance(value, Tensor) else value
        # Constants are rounded like all else; those of a half-precision program are already.
        return value if name in values or program.half else _rounded(value, arithmetic)

    try:
        computed = OPERATORS[operation.kind](
            **{
                parameter: [argument(parameter, name) for name in given]
                if isinstance(given, tuple)
                else argument(parameter, given)
                for parameter, given in operation.parameters.items()
            }
        )
        results = computed if isinstance(computed, tuple) else (computed,)
        shapes = [tuple(result.shape) for result in results]
        declared = [result.shape for result in operation.results]
        if shapes != declared:
            raise ValueError(f"its results have the shapes {shapes}, and {declared} are declared")
    except Exception as error:  # whatever PyTorch says of arguments that do not fit
        raise BackendError(f"{program.name}: {operation} cannot be evaluated ({describe(error)}).") from error
    stored = (result.to(TYPES[one.type]) for result, one in zip(results, operation.results, strict=True))
    return tuple(_rounded(result, arithmetic) for result in stored)


def _rounded(value: Any, arithmetic: Arithmetic) -> Any:
    """Floating values in half precision, where the arithmetic is."""
    return value.half().float() if arithmetic == "fp16" and value.is_floating_point() else value


@cache
def _tensor_parameters(kind: str) -> frozenset[str]:
    """The parameters of an operator that take tensors, by their annotations."""
    parameters = inspect.signature(OPERATORS[kind]).parameters
    return frozenset(name for name, one in parameters.items() if "Tensor" in str(one.annotation))
