"""A convolution as ONNX Runtime computes it within a model: in blocks of channels.

It reorders once for many convolutions; one that is alone would be reordered before and behind. So the model is
optimised, and what that adds at its edges is cut off.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

IR_VERSION = 10
"""Of files, which all releases since 2024 read"""


def in_blocks(model: Any, adds: bool) -> Any | None:
    """The model of a convolution as it is computed between others: in blocks of channels. None of one that is not.

    With `adds` something is added to its result: a second input, in blocks as well.
    """
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    with tempfile.TemporaryDirectory() as folder:
        options = _quiet()
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        optimised = onnx.load(options.optimized_model_filepath)
    graph = optimised.graph
    first, last = graph.input[0].name, graph.output[0].name
    before = next((node for node in graph.node if node.op_type == "ReorderInput" and node.input[0] == first), None)
    behind = next((node for node in graph.node if node.op_type == "ReorderOutput" and node.output[0] == last), None)
    if behind is None:
        return None
    given, made = before.output[0] if before else first, behind.input[0]
    nodes = [node for node in graph.node if node not in (before, behind)]
    shapes = _shapes_seen(optimised, (given, made))
    inputs = [helper.make_tensor_value_info(given, TensorProto.FLOAT, shapes[0])]
    if adds:
        convolution = next(node for node in nodes if node.op_type == "Conv")
        convolution.input.append("added")
        inputs.append(helper.make_tensor_value_info("added", TensorProto.FLOAT, shapes[1]))
    outputs = [helper.make_tensor_value_info(made, TensorProto.FLOAT, shapes[1])]
    cut = helper.make_graph(nodes, "kernel", inputs, outputs, graph.initializer)
    return helper.make_model(cut, opset_imports=optimised.opset_import, ir_version=IR_VERSION)


def _quiet() -> Any:
    """Options of a session that is not timed; without them it warns that files of blocks are for this machine only."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return options


def _shapes_seen(model: Any, names: Sequence[str]) -> list[list[int]]:
    """The shapes of values inside a model, which a run tells."""
    import onnxruntime
    from onnx import ModelProto, helper

    shown = ModelProto()
    shown.CopyFrom(model)
    known = {value.name for value in model.graph.input}
    inside = [name for name in names if name not in known]
    shown.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in inside)
    session = onnxruntime.InferenceSession(shown.SerializeToString(), _quiet(), providers=["CPUExecutionProvider"])
    given = {value.name: np.zeros(value.shape, dtype=np.float32) for value in session.get_inputs()}
    seen = given | dict(zip(inside, session.run(inside, given), strict=True))
    return [list(seen[name].shape) for name in names]
