"""Reads the operations of a captured program."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from torch import Tensor, fx
from torch._ops import OpOverload
from torch.export import ExportedProgram

from exporter.operations.operation import Operation, Value


def operations(program: ExportedProgram) -> Iterator[Operation]:
    """The calls of a program in order, with their attributes under the names of ATen's schema."""
    values = _values(program)
    for node in program.graph.nodes:
        if node.op == "call_function" and node.target is not operator.getitem:
            yield Operation(
                kind=operator_name(node),
                name=node.name,
                inputs=_given(node, values),
                outputs=values[node],
                attributes=_attributes(node),
                module=module_of(node),
            )


def call_of(node: fx.Node) -> Operation:
    """One call by itself, of a captured program or of ExecuTorch's edge dialect; it shows no constants."""
    inputs: list[Value] = []
    fx.node.map_arg((node.args, node.kwargs), lambda given: inputs.extend(_results(given, None)))
    return Operation(
        kind=operator_name(node),
        name=node.name,
        inputs=tuple(inputs),
        outputs=_results(node, None),
        attributes=_attributes(node),
        module=module_of(node),
    )


def operator_name(node: fx.Node) -> str:
    """The namespace, operator and overload of a call, for instance `aten.conv2d.default`."""
    target: Any = node.target
    # ExecuTorch's edge operators have it as their name, PyTorch's as their text.
    return str(target) if isinstance(target, OpOverload) else str(target.__name__)


def module_of(node: fx.Node) -> str:
    """The path of the innermost module of the model that an operator was captured from."""
    stack = node.meta.get("nn_module_stack") or {"": ("", None)}
    path, _ = list(stack.values())[-1]
    return path or "the graph itself"


def returned(program: ExportedProgram) -> tuple[str, ...]:
    """The names of the values that a program returns."""
    values = _values(program)
    return tuple(value.name for node in program.graph.nodes if node.op == "output" for value in _given(node, values))


def _values(program: ExportedProgram) -> dict[fx.Node, tuple[Value, ...]]:
    """What each node computes; of an unpacking, the one that it takes."""
    constants = _constants(program)
    values: dict[fx.Node, tuple[Value, ...]] = {}
    for node in program.graph.nodes:
        if node.target is operator.getitem:
            source, index = node.args
            values[node] = (values[source][index],)
        else:
            values[node] = _results(node, constants.get(node.name))
    return values


def _constants(program: ExportedProgram) -> dict[str, Tensor]:
    """Placeholder -> the weight, buffer or constant that it stands for."""
    signature = program.graph_signature
    named = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    named |= signature.inputs_to_lifted_tensor_constants
    known = {**program.constants, **program.state_dict}
    return {name: known[target] for name, target in named.items() if isinstance(known.get(target), Tensor)}


def _results(node: fx.Node, constant: Tensor | None) -> tuple[Value, ...]:
    results = node.meta.get("val")
    tensors = [one for one in (results if isinstance(results, tuple | list) else [results]) if isinstance(one, Tensor)]
    names = [node.name] if len(tensors) == 1 else [f"{node.name}_{index}" for index in range(len(tensors))]
    array = None if constant is None else constant.detach().numpy()
    return tuple(
        Value(
            name=name,
            shape=tuple(extent if isinstance(extent, int) else None for extent in tensor.shape),
            dtype=str(tensor.dtype).removeprefix("torch."),
            constant=array,
        )
        for name, tensor in zip(names, tensors, strict=True)
    )


def _given(node: fx.Node, values: dict[fx.Node, tuple[Value, ...]]) -> tuple[Value, ...]:
    """The tensors that a call is given, as often as it is: x * x reads x twice."""
    found: list[Value] = []
    fx.node.map_arg((node.args, node.kwargs), lambda given: found.extend(values[given]))
    return tuple(found)


def _attributes(node: fx.Node) -> dict[str, Any]:
    """What is no tensor, with the schema's defaults for what is not said."""
    schema = getattr(getattr(node.target, "_schema", None), "arguments", ())
    given = dict(zip((argument.name for argument in schema), node.args, strict=False)) | dict(node.kwargs)
    defaults = {argument.name: argument.default_value for argument in schema if argument.has_default_value()}
    return {name: value for name, value in (defaults | given).items() if not _holds_nodes(value)}


def _holds_nodes(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_nodes, value))
    return isinstance(value, fx.Node)
