"""A model that answers by the machine that it runs on."""

from pathlib import Path

import onnx
from onnx import TensorProto, helper


def picky_model(path: Path) -> Path:
    """y = x as an integer and back: where x is too large for one, x86-64 makes it the least and arm64 the greatest."""
    nodes = [
        helper.make_node("Cast", ["x"], ["integer"], to=TensorProto.INT32),
        helper.make_node("Cast", ["integer"], ["y"], to=TensorProto.FLOAT),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy")
    model = helper.make_model(helper.make_graph(nodes, "picky", [x], [y]), opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    onnx.save(model, path)
    return path
