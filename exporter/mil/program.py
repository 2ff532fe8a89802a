"""A Core ML package as a list of operations on named values, read from disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.errors import BackendError, describe
from exporter.mil.operators import OPERATORS
from exporter.toolchain_noise import quiet

if TYPE_CHECKING:
    from torch import Tensor

_WEIGHTS = Path("Data/com.apple.CoreML/weights")


@dataclass(frozen=True)
class Declared:
    """The name, type and shape that a program declares of a value."""

    name: str
    type: str
    """"fp16", "fp32", "int32", "bool", …"""
    shape: tuple[int, ...]


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
    constants: Mapping[str, Tensor | str]
    operations: tuple[Operation, ...]
    """In the order of execution, without constants"""

    @cached_property
    def half(self) -> bool:
        """Whether the program declares half-precision arithmetic."""
        return any(result.type == "fp16" for operation in self.operations for result in operation.results)


def load(path: str | Path) -> Program:
    """Read the main function of an .mlpackage; raises `BackendError` for a damaged one, or an unknown operator."""
    path = Path(path)
    with quiet("coremltools"):
        import coremltools
        from coremltools.converters.mil.frontend.milproto.load import load as load_program

        try:
            spec = coremltools.utils.load_spec(str(path))
            if spec.WhichOneof("Type") != "mlProgram":
                raise BackendError(f"{path.name} holds no mlprogram: convert the model with convert_to='mlprogram'.")
            function = load_program(spec, spec.specificationVersion, str(path / _WEIGHTS)).functions["main"]
        except BackendError:
            raise
        except Exception as error:  # coremltools reports damage in many ways
            raise BackendError(f"{path.name} cannot be read ({describe(error)}).") from error
    return from_mil(function, path.name)


def from_mil(function: Any, name: str) -> Program:
    """A program from coremltools' own representation of a function; raises `BackendError` for an unknown operator."""
    constants: dict[str, Tensor | str] = {}
    operations: list[Operation] = []
    for op in function.operations:
        if op.op_type == "const" or op.op_type.startswith("constexpr_"):
            (output,) = op.outputs
            value = output.val if op.op_type == "const" else op.materialized_val_inference()
            constants[output.name] = _constant(value)
            continue
        if op.op_type not in OPERATORS:
            raise BackendError(
                f"{name} uses the operator {op.op_type}, as {op.outputs[0].name!r}, which the interpreter has not."
            )
        parameters = {
            parameter: tuple(one.name for one in given) if isinstance(given, (list, tuple)) else given.name
            for parameter, given in op.inputs.items()
            if given is not None
        }
        results = tuple(_declared(output) for output in op.outputs)
        operations.append(Operation(len(operations) + 1, op.op_type, parameters, results))
    return Program(
        name,
        tuple(_declared(variable) for variable in function.inputs.values()),
        tuple(_declared(variable) for variable in function.outputs),
        constants,
        tuple(operations),
    )


def _constant(value: Any) -> Tensor | str:
    import numpy as np
    import torch

    if isinstance(value, str):
        return value
    array = np.asarray(value)
    return torch.from_numpy(array.astype(np.float32) if array.dtype == np.float16 else np.array(array))


def _declared(variable: Any) -> Declared:
    import numpy as np
    from coremltools.converters.mil.mil.types import builtin_to_string

    if not all(isinstance(extent, int | np.integer) for extent in variable.shape):
        raise BackendError(f"{variable.name!r} has a flexible shape: convert the model with fixed ones.")
    return Declared(variable.name, builtin_to_string(variable.dtype), tuple(map(int, variable.shape)))
