"""Programs of one operator, made by coremltools' own builder and run by the interpreter.

The builder infers what shapes and types the results have, and the interpreter refuses others: each evaluation proves
an operator's shapes too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import coremltools as ct
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import Function, mil_list, types
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporter.mil import Arithmetic, Program, run
from exporter.mil.program import from_mil

Array = NDArray[Any]
Inputs = Mapping[str, Array | Sequence[Array]]
"""Parameter -> the tensor, or list of tensors, that a program is given for it"""

generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
"""Contents of tensors are drawn from one seed: hypothesis varies what matters, which is shapes and attributes."""


def proves(*kinds: str) -> pytest.MarkDecorator:
    """Runs a test for each of these operators, as its argument `kind`."""
    return pytest.mark.parametrize("kind", kinds)


def build(kind: str, inputs: Inputs, opset: Any, **attributes: Any) -> tuple[Program, dict[str, Array]]:
    """A program of one operator, and its inputs by their names there.

    Attributes are constants of the program, and so are numbers: an input has axes.
    """
    listed = {name: value if isinstance(value, list) else [value] for name, value in inputs.items()}
    given = {
        f"{name}_{number}": array
        for name, arrays in listed.items()
        for number, array in enumerate(arrays)
        if array.ndim
    }
    placeholders = {
        name: mb.placeholder(array.shape, dtype=types.numpy_type_to_builtin_type(array.dtype))
        for name, array in given.items()
    }
    with Function(placeholders, opset_version=opset) as function:
        variables = {
            name: [function.inputs.get(f"{name}_{number}", array[()]) for number, array in enumerate(arrays)]
            for name, arrays in listed.items()
        }
        arguments = {name: many if isinstance(inputs[name], list) else many[0] for name, many in variables.items()}
        constants = {
            name: mb.const(val=value) if isinstance(value, mil_list) else value for name, value in attributes.items()
        }
        results = getattr(mb, kind)(**arguments, **constants)
        function.set_outputs(list(results) if isinstance(results, (list, tuple)) else [results])
    return from_mil(function, kind), given


def evaluate(
    kind: str, inputs: Inputs, *, arithmetic: Arithmetic = "fp32", opset: Any = ct.target.iOS18, **attributes: Any
) -> Any:
    """What the interpreter makes of an operator: an array, or a tuple where it has several results."""
    program, given = build(kind, inputs, opset, **attributes)
    results = tuple(run(program, given, arithmetic)[output.name] for output in program.outputs)
    return results if len(results) > 1 else results[0]


def assert_agrees(actual: Array, expected: Any, tolerance: float = 1e-5) -> None:
    """Floating values within `tolerance` of the greatest; integers and booleans exactly."""
    expected = np.asarray(expected)
    assert actual.shape == expected.shape
    if actual.dtype.kind == "f":
        scale = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale)
    else:
        np.testing.assert_array_equal(actual, expected)
