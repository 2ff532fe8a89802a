"""A Core ML package as a list of operations on named values, read from disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from exporter.errors import BackendError, VitexportError, describe
from exporter.mil import package, specification
from exporter.mil.compression import DECOMPRESSIONS
from exporter.mil.flexible_shapes import settle_shapes
from exporter.mil.operators import OPERATORS
from exporter.mil.operators.conversions import WIDER
from exporter.toolchain_noise import quiet


@dataclass(frozen=True)
class Declared:
    """The name, type and shape that a program declares of a value."""

    name: str
    type: str
    """"fp16", "fp32", "int32", "bool", …; "string" or "int64" of a classifier's label"""
    shape: tuple[int, ...]
    colour: str | None = None
    """The colour order of what is an image to apps: "RGB", "BGR" or "GRAYSCALE"; of an array none"""
    default: float | None = None
    """What all elements are of an input that may be left out"""


@dataclass(frozen=True)
class Operation:
    """One call of an operator in a program."""

    number: int
    """Its place in the program, from 1"""
    kind: str
    """Operator type, such as "conv"."""
    parameters: Mapping[str, str | tuple[str, ...]]
    """Parameter -> the value, or list of values, that it is given"""
    results: tuple[Declared, ...]

    @property
    def reads(self) -> list[str]:
        """The names of the values that the operation is given, each as often as it is."""
        given = self.parameters.values()
        return [name for names in given for name in (names if isinstance(names, tuple) else (names,))]

    def __str__(self) -> str:
        return f"operation {self.number}, {self.kind} {self.results[0].name!r}"


@dataclass(frozen=True)
class Program:
    name: str
    inputs: tuple[Declared, ...]
    outputs: tuple[Declared, ...]
    constants: Mapping[str, Tensor | str | tuple[str, ...]]
    """Weights as what they stand for, numbers, text, and lists of text"""
    operations: tuple[Operation, ...]
    """In the order of execution, without constants"""
    classes: Mapping[str, tuple[str, ...] | tuple[int, ...]] = field(default_factory=dict)
    """Each output of a classifier, label and probabilities -> its classes, in the order of the probabilities"""
    function: str = "main"
    functions: tuple[str, ...] = ("main",)
    """All that the package has, the default one first"""

    @cached_property
    def half(self) -> bool:
        """Whether the program declares half-precision arithmetic."""
        return any(result.type == "fp16" for operation in self.operations for result in operation.results)


def load(path: str | Path, function: str | None = None, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Program:
    """Read a function of an .mlpackage, by default the one that the package names as such.

    Inputs of flexible shape get that of `shapes`, or else their default one; what `shapes` says of others is ignored.
    Raises `BackendError` for what is no package, a damaged one, a function that is not there, or an unknown operator,
    `InputShapeError` for a shape that the package does not allow.
    """
    found = package.find(Path(path))
    with quiet("coremltools"):
        import coremltools
        from coremltools.converters.mil.frontend.milproto.load import load as load_program

        try:
            model = coremltools.utils.load_spec(str(found.specification))
            specification.check_kind(model, found.name)
            functions = specification.function_names(model)
            function = specification.choose_function(model, function, found.name)
            features = specification.features(model, function)
            specification.keep_only(model, function)
            operations = specification.operations_of(model, function, found.name)
            specification.check_operators(operations, {"const", *DECOMPRESSIONS, *OPERATORS}, found.name)
            found.check_weights(specification.weight_files(operations))
            specification.inline_lists(operations)
            settle_shapes(model, function, shapes or {}, found.name)
            read = load_program(model, model.specificationVersion, str(found.weights)).functions[function]
            program = from_mil(read, found.name)
        except VitexportError:
            raise
        except Exception as error:  # coremltools reports damage in many ways
            raise BackendError(
                f"{found.name} cannot be read ({describe(error)}): copy it again whole, or convert the model anew."
            ) from error
    return replace(
        program,
        inputs=tuple(_to_apps(one, features.get(one.name)) for one in program.inputs),
        outputs=tuple(_to_apps(one, features.get(one.name)) for one in program.outputs),
        function=function,
        functions=functions,
    )


def from_mil(function: Any, name: str) -> Program:
    """A program from coremltools' own representation of a function; raises `BackendError` for an unknown operator."""
    arrays: dict[str, Any] = {}
    operations: list[Operation] = []
    declared = {variable.name: _declared(variable) for variable in function.inputs.values()}
    classes: dict[str, tuple[str, ...] | tuple[int, ...]] = {}
    for op in function.operations:
        parameters = {
            parameter: tuple(one.name for one in given) if isinstance(given, (list, tuple)) else given.name
            for parameter, given in op.inputs.items()
            if given is not None
        }
        if op.op_type == "const":
            arrays[op.outputs[0].name] = op.outputs[0].val
        elif op.op_type in DECOMPRESSIONS:
            values = DECOMPRESSIONS[op.op_type](**{key: arrays[str(given)] for key, given in parameters.items()})
            names = (output.name for output in op.outputs)
            arrays |= zip(names, values if isinstance(values, tuple) else (values,), strict=True)
        elif op.op_type not in OPERATORS:
            raise specification.unknown_operator(name, op.op_type, op.outputs[0].name)
        else:
            results = _results(op)
            if op.op_type == "classify":
                classes |= dict.fromkeys((one.name for one in results), tuple(np.asarray(op.classes.val).tolist()))
            declared |= {one.name: one for one in results}
            operations.append(Operation(len(operations) + 1, op.op_type, parameters, results))
    outputs = tuple(declared.get(variable.name) or _declared(variable) for variable in function.outputs)
    needed = {one.name for one in outputs} | {given for operation in operations for given in operation.reads}
    return Program(
        name,
        tuple(declared[variable.name] for variable in function.inputs.values()),
        outputs,
        {constant: _constant(value) for constant, value in arrays.items() if constant in needed},
        tuple(operations),
        classes,
    )


def _constant(value: Any) -> Tensor | str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind in "UO":
        return tuple(map(str, array.flatten()))
    return torch.from_numpy(np.array(array, WIDER.get(array.dtype.name, array.dtype), order="C"))


def _results(op: Any) -> tuple[Declared, ...]:
    from coremltools.converters.mil.mil.types import builtin_to_string

    if op.op_type != "classify":
        return tuple(_declared(output) for output in op.outputs)
    label, probabilities = op.outputs
    return (
        Declared(label.name, builtin_to_string(op.classes.elem_type), ()),
        # Apps get a dictionary of them; here they are an array, and `Program.classes` says whose each is.
        Declared(probabilities.name, "fp32", (int(np.prod(op.probabilities.shape)),)),
    )


def _declared(variable: Any) -> Declared:
    from coremltools.converters.mil.mil.types import builtin_to_string

    if not all(isinstance(extent, int | np.integer) for extent in variable.shape):
        raise BackendError(f"{variable.name!r} has a flexible shape: convert the model with fixed ones.")
    return Declared(variable.name, builtin_to_string(variable.dtype), tuple(map(int, variable.shape)))


def _to_apps(declared: Declared, feature: Any) -> Declared:
    """An input or output with what its package says of it to apps."""
    return replace(declared, colour=specification.colour(feature), default=specification.default_value(feature))
