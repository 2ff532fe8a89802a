"""Saved packages as programs."""

import shutil

import coremltools as ct
import coremltools.optimize.coreml as compression
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import get_new_symbol

from exporter import mil
from exporter.errors import BackendError
from exporter.mil.program import from_mil

WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"


def test_inputs_and_outputs_are_those_of_the_graph(packages):
    packaged = packages("mobilevit")
    program = mil.load(packaged.path)
    assert [(one.name, one.type, one.shape) for one in program.inputs] == [("image", "fp32", (1, 3, 96, 96))]
    assert [(one.name, one.type, one.shape) for one in program.outputs] == [("logits", "fp32", (1, 16))]


def test_operations_are_numbered_in_the_order_of_execution(packages):
    program = mil.load(packages("mobilevit").path)
    known = {one.name for one in program.inputs} | set(program.constants)
    for number, operation in enumerate(program.operations, 1):
        assert operation.number == number
        assert known.issuperset(operation.reads)
        known.update(result.name for result in operation.results)


@pytest.mark.parametrize(("precision", "half"), [("fp16", True), ("fp32", False)])
def test_a_program_says_whether_it_is_one_of_half_precision(packages, precision, half):
    assert mil.load(packages("mobilevit", precision).path).half is half


def test_a_damaged_package_is_refused_in_words(packages, tmp_path):
    damaged = tmp_path / "damaged.mlpackage"
    shutil.copytree(packages("mobilevit").path, damaged)
    content = bytearray((damaged / WEIGHTS).read_bytes())
    content[64:68] = b"\xff" * 4  # the header of the first blob
    (damaged / WEIGHTS).write_bytes(content)
    with pytest.raises(BackendError, match=r"^damaged\.mlpackage cannot be read \("):
        mil.load(damaged)


def test_an_unknown_operator_is_named_with_where_it_occurs():
    @mb.program(input_specs=[mb.TensorSpec(shape=(4,))])
    def program(x):
        return mb.non_zero(x=x, name="places")

    with pytest.raises(BackendError, match=r"test uses the operator non_zero, as 'places', which the interpreter has"):
        from_mil(program.functions["main"], "test")


def test_compressed_weights_are_taken_for_what_they_stand_for(packages, tmp_path):
    packaged = packages("efficientformerv2")
    whole = ct.models.MLModel(str(packaged.path), skip_model_load=True)
    config = compression.OptimizationConfig(compression.OpLinearQuantizerConfig(weight_threshold=512))
    path = tmp_path / "compressed.mlpackage"
    compression.linear_quantize_weights(whole, config).save(str(path))
    assert (path / WEIGHTS).stat().st_size < 0.6 * (packaged.path / WEIGHTS).stat().st_size
    logits = mil.run(mil.load(path), packaged.given)["logits"]
    error = np.abs(logits - packaged.expected["logits"]).max() / np.abs(packaged.expected["logits"]).max()
    assert 1e-4 < error < 0.2


def test_flexible_shapes_are_refused_in_words():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1, get_new_symbol()))])
    def program(x):
        return mb.relu(x=x, name="y")

    with pytest.raises(BackendError, match="has a flexible shape: convert the model with fixed ones"):
        from_mil(program.functions["main"], "test")
