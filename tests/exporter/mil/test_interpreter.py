"""Programs, run operation by operation."""

import coremltools as ct
import numpy as np
import pytest
import torch
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import Function, types
from coremltools.converters.mil.mil.types.type_mapping import (
    np_int4_dtype,
    np_uint1_dtype,
    np_uint2_dtype,
    np_uint3_dtype,
    np_uint4_dtype,
    np_uint6_dtype,
)

from exporter import mil
from exporter.errors import BackendError, InputShapeError
from exporter.mil.program import from_mil
from tests.models import SMALLEST


def off(packaged, arithmetic) -> float:
    """Relative error of the logits."""
    outputs = mil.run(mil.load(packaged.path), packaged.given, arithmetic)
    return compare_one(packaged.expected["logits"], outputs["logits"])


def compare_one(expected, actual) -> float:
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("family", SMALLEST)
def test_a_program_of_single_precision_means_what_pytorch_means(packages, family):
    assert off(packages(family), "fp32") <= 1e-4


@pytest.mark.parametrize("min_ios", [16, 17, 18])
@pytest.mark.parametrize("family", ["efficientformer", "mobilevit"])
def test_a_program_of_half_precision_is_near_it_on_every_ios(packages, family, min_ios):
    assert 1e-4 < off(packages(family, "fp16", min_ios), "fp16") < 2e-2


def test_ios_18_keeps_attention_whole(packages):
    kinds = {operation.kind for operation in mil.load(packages("mobilevit", "fp16", 18).path).operations}
    assert "scaled_dot_product_attention" in kinds


def test_half_arithmetic_rounds_every_result(packages):
    packaged = packages("mobilevit")
    for operation, results in mil.steps(mil.load(packaged.path), packaged.given, "fp16"):
        for result in results:
            assert torch.equal(result, result.half().float()), operation


def test_single_arithmetic_leaves_a_half_program_with_the_rounding_of_its_weights_alone(packages):
    packaged = packages("mobilevit", "fp16")
    assert 1e-6 < off(packaged, "fp32") < off(packaged, "fp16")


@pytest.mark.parametrize(("precision", "arithmetic"), [("fp16", "fp16"), ("fp32", "fp32")])
def test_a_package_of_one_precision_declares_that_arithmetic(packages, precision, arithmetic):
    packaged = packages("mobilevit", precision)
    program = mil.load(packaged.path)
    assert np.array_equal(
        mil.run(program, packaged.given)["logits"], mil.run(program, packaged.given, arithmetic)["logits"]
    )


def test_of_a_program_of_both_precisions_only_what_is_declared_half_is_rounded():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1,))])
    def program(x):
        large = mb.mul(x=x, y=1e6)
        small = mb.cast(x=mb.mul(x=large, y=1e-6), dtype="fp16")
        return mb.cast(x=small, dtype="fp32", name="y")

    given = {"x": np.array([1 / 3], np.float32)}
    program = from_mil(program.functions["main"], "test")
    assert mil.run(program, given)["y"] == np.float16(1 / 3)
    assert mil.run(program, given, "fp32")["y"] == pytest.approx(1 / 3, rel=1e-6)
    assert np.isnan(mil.run(program, given, "fp16")["y"]) or np.isinf(mil.run(program, given, "fp16")["y"])


def test_an_output_may_be_a_constant():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1,))])
    def program(x):
        return mb.relu(x=x, name="y"), mb.const(val=np.float32([1.0, 2.0]), name="kept")

    outputs = mil.run(from_mil(program.functions["main"], "test"), {"x": np.ones(1, np.float32)})
    assert outputs["kept"].tolist() == [1, 2]


def test_every_operation_is_shown_once(packages):
    packaged = packages("mobilevit")
    program = mil.load(packaged.path)
    assert tuple(operation for operation, _ in mil.steps(program, packaged.given, "fp32")) == program.operations


def test_outputs_are_the_callers_own():
    @mb.program(input_specs=[mb.TensorSpec(shape=(3,))])
    def program(x):
        return mb.reshape(x=x, shape=(1, 3), name="y")

    given = np.ones(3, np.float32)
    outputs = mil.run(from_mil(program.functions["main"], "test"), {"x": given})
    given[:] = 5
    assert outputs["y"].tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("inputs", [{}, {"picture": (1, 3, 96, 96)}, {"image": (1, 3, 97, 96)}])
def test_inputs_that_the_program_does_not_take_are_refused_in_words(packages, inputs):
    program = mil.load(packages("mobilevit").path)
    with pytest.raises(InputShapeError, match=r"takes \{'image': \(1, 3, 96, 96\)\}, not"):
        mil.run(program, {name: np.zeros(shape, np.float32) for name, shape in inputs.items()})


def identity(shape, dtype):
    """A program that returns its input x as y."""

    @mb.program(input_specs=[mb.TensorSpec(shape=shape, dtype=dtype)], opset_version=ct.target.iOS17)
    def program(x):
        return mb.identity(x=x, name="y")

    return from_mil(program.functions["main"], "test")


@pytest.mark.parametrize(("arithmetic", "result"), [("declared", np.float16(1 / 3)), ("fp32", np.float32(1 / 3))])
def test_an_input_of_half_precision_is_rounded_to_it_where_anything_is(arithmetic, result):
    @mb.program(input_specs=[mb.TensorSpec(shape=(1,), dtype=types.fp16)], opset_version=ct.target.iOS17)
    def program(x):
        return mb.mul(x=mb.cast(x=x, dtype="fp32"), y=1.0, name="y")

    given = {"x": np.float32([1 / 3])}
    assert mil.run(from_mil(program.functions["main"], "test"), given, arithmetic)["y"] == result


@pytest.mark.parametrize(
    ("declared", "arithmetic", "dtype"),
    [
        (types.fp16, "declared", "float16"),
        (types.fp16, "fp16", "float16"),
        (types.fp16, "fp32", "float32"),
        (types.fp32, "declared", "float32"),
        (types.fp32, "fp16", "float32"),
    ],
)
def test_an_output_is_of_the_type_that_is_declared_unless_nothing_is_rounded(declared, arithmetic, dtype):
    found = mil.run(identity((1,), declared), {"x": np.float32([1 / 3])}, arithmetic)["y"]
    rounded = (declared, arithmetic) not in ((types.fp16, "fp32"), (types.fp32, "declared"))
    assert (found.dtype, found) == (dtype, np.float16(1 / 3) if rounded else np.float32(1 / 3))


def test_a_constant_of_half_precision_is_an_output_of_it():
    with Function({}, opset_version=ct.target.iOS17) as function:
        function.set_outputs([mb.const(val=np.float16([1 / 3]), name="y")])
    found = mil.run(from_mil(function, "test"), {})["y"]
    assert (found.dtype, found) == ("float16", np.float16(1 / 3))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1],
        np.arange(6, dtype=np.float32).reshape(3, 2).T,
        np.arange(6, dtype=">f4").reshape(2, 3),
        np.arange(6, dtype=np.float16).reshape(2, 3),
        np.arange(6, dtype=np.uint16).reshape(2, 3),
        np.arange(6).reshape(2, 3),
    ],
    ids=["backwards", "transposed", "big-endian", "float16", "uint16", "int64"],
)
def test_inputs_may_be_laid_out_in_any_way_and_of_any_type(values):
    assert mil.run(identity((2, 3), types.fp32), {"x": values})["y"].tolist() == values.tolist()


@pytest.mark.parametrize("values", [[1.5], [np.nan], [2.0**31], [np.inf]])
def test_numbers_that_an_integer_input_cannot_hold_are_refused_in_words(values):
    with pytest.raises(BackendError, match=r"^'x' is of int32: give it whole numbers within that type\.$"):
        mil.run(identity((1,), types.int32), {"x": np.array(values)})


@pytest.mark.parametrize("values", [np.array([2.0]), np.array([2], np.uint8), np.array([2])])
def test_whole_numbers_of_any_type_are_integers(values):
    found = mil.run(identity((1,), types.int32), {"x": values})["y"]
    assert (found.dtype, found.tolist()) == (np.int32, [2])


SMALL = [np_int4_dtype, np_uint1_dtype, np_uint2_dtype, np_uint3_dtype, np_uint4_dtype, np_uint6_dtype]


@pytest.mark.parametrize("dtype", [*SMALL, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.bool_])
def test_constants_of_any_type_are_what_they_are(dtype):
    with Function({}, opset_version=ct.target.iOS18) as function:
        function.set_outputs([mb.const(val=np.array([1, 0, 1], dtype), name="y")])
    assert mil.run(from_mil(function, "test"), {})["y"].tolist() == [1, 0, 1]


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32])
def test_indices_may_be_integers_of_any_type(dtype):
    @mb.program(input_specs=[mb.TensorSpec(shape=(3,))], opset_version=ct.target.iOS17)
    def program(x):
        return mb.gather(x=x, indices=np.array([2, 0], dtype), axis=0, name="y")

    given = {"x": np.float32([5, 6, 7])}
    assert mil.run(from_mil(program.functions["main"], "test"), given)["y"].tolist() == [7, 5]


def test_an_operation_that_cannot_be_evaluated_is_named():
    @mb.program(input_specs=[mb.TensorSpec(shape=(3,)), mb.TensorSpec(shape=(1,), dtype=types.int32)])
    def program(x, place):
        return mb.gather(x=mb.relu(x=x), indices=place, name="picked")

    given = {"x": np.ones(3, np.float32), "place": np.array([7], np.int32)}
    with pytest.raises(BackendError, match=r"^test: operation 2, gather 'picked' cannot be evaluated \(IndexError"):
        mil.run(from_mil(program.functions["main"], "test"), given)


def test_attributes_are_not_rounded():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 1, 3, 3))])
    def program(x):
        return mb.upsample_bilinear(x=x, scale_factor_height=4 / 3, scale_factor_width=4 / 3, name="y")

    picture = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    # 4 / 3 in half precision is a little less, and 3 times it is not 4 any more.
    assert mil.run(from_mil(program.functions["main"], "test"), {"x": picture}, "fp16")["y"].shape == (1, 1, 4, 4)


def test_constants_are_rounded_in_half_arithmetic():
    @mb.program(input_specs=[mb.TensorSpec(shape=(1,))])
    def program(x):
        return mb.mul(x=x, y=1 / 3, name="y")

    given = {"x": np.array([3 * 1024], np.float32)}
    assert mil.run(from_mil(program.functions["main"], "test"), given, "fp16")["y"] == np.float16(
        3072 * np.float16(1 / 3)
    )
