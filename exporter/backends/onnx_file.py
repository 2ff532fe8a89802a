"""Reads the operators of an .onnx file, without running them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exporter.operations.operation import Operation, Value

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto


def operations(model: ModelProto) -> Iterator[Operation]:
    """Yield the operators of a model in the order of execution, as far as ONNX infers what is between them.

    Of an operator that it does not know, such as one of ONNX Runtime's own, results have no axes and no type.
    """
    import onnx

    graph = onnx.shape_inference.infer_shapes(model).graph
    values = {one.name: _described(one) for one in (*graph.input, *graph.value_info, *graph.output)}
    for tensor in graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        values[tensor.name] = Value(tensor.name, array.shape, array.dtype.name, array)
    for node in graph.node:
        inputs, outputs = (
            tuple(values.get(name, Value(name, (), "")) for name in names if name)
            for names in (node.input, node.output)
        )
        attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        yield Operation(node.op_type, node.name, inputs, outputs, attributes)


def _described(value: ValueInfoProto) -> Value:
    import onnx

    tensor = value.type.tensor_type
    shape = tuple(one.dim_value if one.HasField("dim_value") else None for one in tensor.shape.dim)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name if tensor.elem_type else ""
    return Value(value.name, shape, dtype)
