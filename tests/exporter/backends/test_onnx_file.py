"""The operators of an .onnx file, read without running them."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from exporter.backends.onnx_file import operations


def model(*nodes, domains=("",)):
    """From `x` float [1, n, 4] to `y`, with the weight `w` [4, 3]."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "n", 4])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weight = numpy_helper.from_array(np.arange(12, dtype=np.float32).reshape(4, 3), "w")
    graph = helper.make_graph(nodes, "small", [given], [made], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(domain, 18) for domain in domains])


def test_each_has_what_it_reads_computes_and_is_told():
    product = helper.make_node("MatMul", ["x", "w"], ["h"], name="product")
    turned = helper.make_node("Transpose", ["h"], ["y"], name="turned", perm=[0, 2, 1])
    first, second = operations(model(product, turned))
    assert [(one.kind, one.name) for one in (first, second)] == [("MatMul", "product"), ("Transpose", "turned")]
    x, weight = first.inputs
    assert (x.name, x.shape, x.dtype, x.constant) == ("x", (1, None, 4), "float32", None)
    assert (weight.shape, weight.dtype) == ((4, 3), "float32")
    assert weight.constant is not None
    assert weight.constant[1, 0] == 3
    assert first.given == (x,)
    assert first.outputs == second.inputs
    assert second.outputs[0].shape == (1, 3, None)
    assert second.attributes == {"perm": [0, 2, 1]}


def test_what_is_left_out_is_not_read():
    (clip,) = operations(model(helper.make_node("Clip", ["x", "", "w"], ["y"])))
    assert [value.name for value in clip.inputs] == ["x", "w"]


def test_of_an_operator_that_onnx_does_not_know_results_are_not_described():
    own = helper.make_node("FusedThing", ["x"], ["y"], domain="com.microsoft")
    (found,) = operations(model(own, domains=("", "com.microsoft")))
    assert (found.kind, found.outputs[0].shape, found.outputs[0].name) == ("FusedThing", (), "y")
