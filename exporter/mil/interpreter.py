"""Evaluates a program, one operation after the other."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from exporter.errors import BackendError, InputShapeError, describe
from exporter.mil.operators import MOVES, OPERATORS
from exporter.mil.operators.conversions import RANGES, TYPES
from exporter.mil.program import Declared, Operation, Program

Arithmetic = Literal["declared", "fp32", "fp16"]
"""Which results are rounded to half precision: those that the program declares as such, none, or all. Inside an
operator arithmetic is single precision."""

Step = tuple[Operation, tuple[Tensor, ...]]
"""An operation, and what it computed"""


def run(
    program: Program, inputs: Mapping[str, NDArray[Any]], arithmetic: Arithmetic = "declared"
) -> dict[str, NDArray[Any]]:
    """Run the program and return its outputs by name.

    They are of the types that it declares, but that half precision is single precision in "fp32". Of a classifier they
    are the label, text or a number in an array of no axes, and its probabilities in the order of `Program.classes`.
    Inputs that have a default may be left out.

    Raises `InputShapeError` for inputs that the program does not take, `BackendError` for numbers that an input's type
    cannot hold, or where an operator fails.
    """
    wanted = {output.name: output for output in program.outputs}
    known = {**program.constants, **_given(program, inputs, arithmetic)}
    found = {name: value for name, value in known.items() if name in wanted}
    for operation, results in steps(program, inputs, arithmetic):
        for declared, result in zip(operation.results, results, strict=True):
            if declared.name in wanted:
                found[declared.name] = result
    return {
        name: _output(value, wanted[name], program.classes.get(name), arithmetic)
        for name, value in found.items()
        if isinstance(value, Tensor)
    }


def _output(
    value: Tensor, declared: Declared, classes: Sequence[str] | Sequence[int] | None, arithmetic: Arithmetic
) -> NDArray[Any]:
    if classes is not None and not value.is_floating_point():
        return np.array(classes[int(value)])
    if declared.type == "fp16" and arithmetic != "fp32":
        return value.half().numpy()
    return value.numpy().copy()


def steps(program: Program, inputs: Mapping[str, NDArray[Any]], arithmetic: Arithmetic) -> Iterator[Step]:
    """Yield each operation with its results, in order. A value is forgotten once nothing needs it any more."""
    uses = Counter(name for operation in program.operations for name in operation.reads)
    values = _given(program, inputs, arithmetic)
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


def _given(program: Program, inputs: Mapping[str, NDArray[Any]], arithmetic: Arithmetic) -> dict[str, Tensor]:
    given = {name: tuple(value.shape) for name, value in inputs.items()}
    wanted = {declared.name: declared.shape for declared in program.inputs}
    left_out = {one.name: np.full(one.shape, one.default) for one in program.inputs if one.default is not None}
    if {name: array.shape for name, array in left_out.items()} | given != wanted:
        raise InputShapeError(f"{program.name} takes {wanted}, not {given}.")
    values = left_out | dict(inputs)
    return {declared.name: _input(declared, values[declared.name], arithmetic) for declared in program.inputs}


def _input(declared: Declared, value: NDArray[Any], arithmetic: Arithmetic) -> Tensor:
    # PyTorch takes neither another machine's order of bytes nor steps backwards.
    array = np.array(value, value.dtype.newbyteorder("="), order="C")
    tensor = torch.from_numpy(array).to(TYPES[declared.type])
    if declared.type in RANGES and not np.array_equal(tensor.numpy(), array):
        raise BackendError(f"{declared.name!r} is of {declared.type}: give it whole numbers within that type.")
    # What is not half precision already is made so by the program itself, with a cast.
    return _rounded(tensor) if declared.type == "fp16" and arithmetic != "fp32" else tensor


def _evaluate(
    program: Program, operation: Operation, values: Mapping[str, Tensor], arithmetic: Arithmetic
) -> tuple[Tensor, ...]:
    tensors = _tensor_parameters(operation.kind)

    def argument(parameter: str, name: str) -> Any:
        value = values[name] if name in values else program.constants[name]
        if parameter not in tensors:  # an attribute: a number, text, or a list of numbers
            return value.tolist() if isinstance(value, Tensor) else value
        if arithmetic == "fp16" and name not in values and isinstance(value, Tensor):
            return _rounded(value)
        return value

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
        wanted = [declared.shape for declared in operation.results]
        if shapes != wanted:
            raise ValueError(f"its results have the shapes {shapes}, and {wanted} are declared")
    except NotImplementedError as left_out:
        raise BackendError(
            f"{program.name}: {operation} has {left_out}, which the interpreter does not cover."
        ) from None
    except Exception as error:  # whatever PyTorch says of arguments that do not fit
        raise BackendError(f"{program.name}: {operation} cannot be evaluated ({describe(error)}).") from error
    return tuple(
        _kept(result, declared.type, operation.kind, arithmetic)
        for result, declared in zip(results, operation.results, strict=True)
    )


def _kept(result: Tensor, type: str, kind: str, arithmetic: Arithmetic) -> Tensor:
    """A result of an operator of this kind, as the program keeps it."""
    # What is only moved was rounded when it was computed, in a program that declares half precision for both.
    rounds = arithmetic == "fp16" or (arithmetic == "declared" and type == "fp16" and kind not in MOVES)
    return _rounded(result.to(TYPES[type])) if rounds else result.to(TYPES[type])


def _rounded(value: Tensor) -> Tensor:
    """Floating values in half precision."""
    return value.half().float() if value.is_floating_point() else value


@cache
def _tensor_parameters(kind: str) -> frozenset[str]:
    """The parameters of an operator that take tensors, by their annotations."""
    parameters = inspect.signature(OPERATORS[kind]).parameters
    return frozenset(name for name, one in parameters.items() if "Tensor" in str(one.annotation))
