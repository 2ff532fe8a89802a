"""Compressed weights: whatever coremltools' passes write means what coremltools itself makes of it."""

import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import coremltools as ct
import coremltools.optimize.coreml as compression
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import Function, types
from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry
from coremltools.converters.mil.mil.types.type_mapping import (
    np_int4_dtype,
    np_uint1_dtype,
    np_uint2_dtype,
    np_uint4_dtype,
)
from coremltools.optimize.coreml import _post_training_quantization as post_training
from coremltools.optimize.coreml._quantization_passes import WeightDecompressor

from exporter import mil
from exporter.mil.compression import DECOMPRESSIONS
from exporter.mil.program import from_mil
from exporter.operations.relative_error import relative_error
from exporter.toolchain_noise import quiet

Compress = Callable[[Any, bool], Any]
"""From a model, and whether to compress its weights once more, to a model"""

_rng = np.random.default_rng(0)
GIVEN = {
    "x": _rng.standard_normal((1, 16, 2, 2), np.float32),
    "places": np.int32([3]),
}
"""Of every program here"""


pytestmark = pytest.mark.usefixtures("frozen")


def embedded(x, places, weight):
    """The rows of a table, and a convolution."""
    x = mb.reduce_mean(x=mb.conv(x=x, weight=weight(16, 16, 1, 1)), axes=[2, 3])
    return mb.add(x=x, y=mb.gather(x=weight(32, 16), indices=places, axis=0))


def multiplied(x, places, weight):
    """The other operators whose weights the passes look for."""
    x = mb.conv_transpose(x=x, weight=weight(16, 8, 1, 1))
    x = mb.linear(x=mb.reduce_mean(x=x, axes=[2, 3]), weight=weight(32, 8))
    return mb.matmul(x=x, y=weight(32, 16))


@cache
def whole(target: Any, build: Callable[..., Any]) -> Any:
    """A model in single precision, and once more in half: a conversion takes long, and what is in it is cheap."""

    def weight(precision: Any) -> Any:
        return lambda *shape: _rng.standard_normal(shape).astype(precision)

    @mb.program(
        input_specs=[mb.TensorSpec((1, 16, 2, 2)), mb.TensorSpec((1,), dtype=types.int32)], opset_version=target
    )
    def program(x, places):
        single = build(x, places, weight(np.float32))
        half = build(mb.cast(x=x, dtype="fp16"), places, weight(np.float16))
        return mb.identity(x=single, name="single"), mb.cast(x=half, dtype="fp32", name="half")

    with quiet("coremltools"):
        return ct.convert(
            program,
            convert_to="mlprogram",
            minimum_deployment_target=target,
            compute_precision=ct.precision.FLOAT32,
            skip_model_load=True,
        )


def once(compress: Any, config: Any, **options: Any) -> Compress:
    def compressed(model: Any, joint: bool) -> Any:
        chosen = compression.OptimizationConfig(config(weight_threshold=0, **options))
        with quiet("coremltools"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of scikit-learn, about fewer distinct numbers than clusters
            return compress(model, chosen, joint_compression=joint)

    return compressed


def quantized(**options: Any) -> Compress:
    return once(compression.linear_quantize_weights, compression.OpLinearQuantizerConfig, **options)


def palettized(**options: Any) -> Compress:
    return once(compression.palettize_weights, compression.OpPalettizerConfig, **options)


def pruned(**options: Any) -> Compress:
    return once(compression.prune_weights, compression.OpMagnitudePrunerConfig, **options)


IOS16, IOS18 = ct.target.iOS16, ct.target.iOS18
SPARSE = pruned(target_sparsity=0.5)
GROUPS = {"granularity": "per_grouped_channel", "group_size": 4}
PER_TENSOR = quantized(granularity="per_tensor")

KINDS: dict[str, tuple[Any, tuple[Compress, ...]]] = {
    "int8": (IOS16, (quantized(),)),
    "int8 per tensor": (IOS16, (quantized(mode="linear", granularity="per_tensor"),)),
    "uint8": (IOS16, (quantized(mode="linear", dtype="uint8"),)),
    "uint8 per tensor": (IOS16, (quantized(dtype="uint8", granularity="per_tensor"),)),
    **{f"{bits} bits": (IOS16, (palettized(nbits=bits),)) for bits in (1, 6)},
    "sparse": (IOS16, (SPARSE,)),
    "int8, iOS 18": (IOS18, (quantized(mode="linear"),)),
    "uint8 per tensor, iOS 18": (IOS18, (quantized(mode="linear", dtype="uint8", granularity="per_tensor"),)),
    "int8 in blocks": (IOS18, (quantized(granularity="per_block", block_size=4),)),
    "int4": (IOS18, (quantized(dtype="int4"),)),
    "int4 per tensor": (IOS18, (quantized(mode="linear", dtype="int4", granularity="per_tensor"),)),
    "int4 in blocks": (IOS18, (quantized(dtype="int4", granularity="per_block", block_size=8),)),
    "uint4 in blocks": (IOS18, (quantized(mode="linear", dtype="uint4", granularity="per_block", block_size=8),)),
    **{f"{bits} bits, iOS 18": (IOS18, (palettized(nbits=bits),)) for bits in (1, 2, 3, 4, 6, 8)},
    "palettes of groups": (IOS18, (palettized(nbits=4, **GROUPS),)),
    "palettes of groups of inputs": (IOS18, (palettized(nbits=2, channel_axis=1, **GROUPS),)),
    "palette and channels' scales": (IOS18, (palettized(nbits=4, enable_per_channel_scale=True),)),
    "palette of pairs": (IOS18, (palettized(nbits=4, cluster_dim=2),)),
    "palettes of pairs of groups": (IOS18, (palettized(nbits=2, cluster_dim=2, **GROUPS),)),
    "sparse, iOS 18": (IOS18, (SPARSE,)),
    "two of four": (IOS18, (pruned(n_m_ratio=(2, 4)),)),
    "palette of int8": (IOS18, (palettized(nbits=4), PER_TENSOR)),
    "palettes of groups of int8": (IOS18, (palettized(nbits=4, **GROUPS), PER_TENSOR)),
    "int8 as a palette": (IOS18, (quantized(), palettized(nbits=4))),
    "sparse palette": (IOS18, (SPARSE, palettized(nbits=4))),
    "sparse palettes of groups": (IOS18, (SPARSE, palettized(nbits=2, **GROUPS))),
    "palette made sparse": (IOS18, (palettized(nbits=4), SPARSE)),
    "sparse int8": (IOS18, (SPARSE, quantized())),
    "sparse uint8": (IOS18, (SPARSE, quantized(mode="linear", dtype="uint8"))),
    "sparse int4 in blocks": (IOS18, (SPARSE, quantized(dtype="int4", granularity="per_block", block_size=8))),
    "sparse palette of int8": (IOS18, (SPARSE, palettized(nbits=4), PER_TENSOR)),
}
"""What the weights become -> the iOS version, and the passes one after the other"""


def assert_means_what_it_decompresses_to(model: Any, path: Path) -> None:
    model.save(str(path))
    program = mil.load(path)
    # `decompress_weights` without the passes that every conversion goes through, which take most of its time.
    WeightDecompressor(op_selector=lambda op: True).apply(model._mil_program)
    plain = from_mil(model._mil_program.functions["main"], "decompressed")
    for arithmetic in ("declared", "fp32", "fp16"):
        expected, actual = mil.run(plain, GIVEN, arithmetic), mil.run(program, GIVEN, arithmetic)
        for name in ("single", "half"):
            np.testing.assert_array_equal(actual[name], expected[name])


def constants(model: Any) -> set[str]:
    """The operators of constants in a model."""
    operations = model._mil_program.functions["main"].operations
    return {op.op_type for op in operations if op.op_type in ("const", *DECOMPRESSIONS)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_compressed_package_gives_what_its_decompression_gives(kind, tmp_path):
    target, passes = KINDS[kind]
    model = whole(target, embedded)
    for number, compress in enumerate(passes):
        model = compress(model, number > 0)
    assert len(constants(model)) > len(passes), "each pass adds an operator to plain constants"
    assert_means_what_it_decompresses_to(model, tmp_path / "compressed.mlpackage")


@pytest.mark.parametrize("compress", [quantized(dtype="int4"), palettized(nbits=2), SPARSE])
def test_weights_are_found_wherever_the_passes_compress_them(compress, tmp_path):
    model = compress(whole(IOS18, multiplied), False)
    assert_means_what_it_decompresses_to(model, tmp_path / "compressed.mlpackage")


def decompressed(build: Callable[[], Any], target: Any = IOS18) -> np.ndarray:
    """What the interpreter takes a constant for."""
    with Function({}, opset_version=target) as function:
        constant = build()
        function.set_outputs([mb.identity(x=constant)])
    return from_mil(function, "test").constants[constant.name].numpy()


SIX_BY_TWO = np.array([[2, 3], [3, 0], [1, 0], [3, 0], [2, 1], [0, 3]], np_uint2_dtype)
TWO_PALETTES = np.float16([1, 5, 9, 13, 2, 10, 18, 26]).reshape(2, 1, 4, 1)


def test_each_group_picks_from_its_own_palette():
    """The first example of Apple's specification."""
    expected = [[9, 13], [13, 1], [5, 1], [26, 2], [18, 10], [2, 26]]
    assert decompressed(lambda: mb.constexpr_lut_to_dense(indices=SIX_BY_TWO, lut=TWO_PALETTES)).tolist() == expected


VECTORS = np.float16([[1, 2, 3], [4, 5, 6]])
PICKS = np.array([[[0, 0], [1, 0]], [[1, 1], [0, 0]]], np_uint1_dtype)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
def test_vectors_lie_along_their_axis(axis):
    """The second example of Apple's specification, along every axis."""
    expected = np.concatenate(
        [np.stack([VECTORS[pick] for pick in row.flatten()]).reshape(*row.shape, 3) for row in PICKS[:, None]]
    )
    moved = np.moveaxis(expected, -1, axis % 3 + 1)
    extents = [3 * extent if place == axis % 3 else extent for place, extent in enumerate(PICKS.shape)]
    lut = VECTORS.reshape(1, 1, 1, 2, 3)
    found = decompressed(lambda: mb.constexpr_lut_to_dense(indices=PICKS, lut=lut, vector_axis=np.int32(axis)))
    np.testing.assert_array_equal(found, moved.reshape(extents))


MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 0, 0]], np_uint1_dtype)
CHANNELS = np.float16([0.5, 0.25, 2, 4]).reshape(4, 1)


def sparse(values: np.ndarray) -> np.ndarray:
    """Values in order where the mask is set."""
    expected, remaining = np.zeros(MASK.shape, np.float32), iter(values)
    for place in np.argwhere(MASK):
        expected[tuple(place)] = next(remaining)
    return expected


def test_sparse_values_are_scaled_by_the_block_that_they_lie_in():
    values = np.int8([10, 11, 3, 4, 5, 6, 7, 8, 9])

    def build():
        mask, scaled = mb.constexpr_sparse_blockwise_shift_scale(
            data_mask=MASK, nonzero_data=values, scale=np.float32([[0.5, 0.25]]), offset=np.int8([[1, 2]])
        )
        return mb.constexpr_sparse_to_dense(nonzero_data=scaled, mask=mask)

    scale, offset = np.repeat([[0.5, 0.25]], 2, 1), np.repeat([[1, 2]], 2, 1)
    np.testing.assert_array_equal(decompressed(build), (sparse(values) - offset) * scale * MASK)


def test_a_sparse_palette_may_be_compressed_itself_and_its_picks_scaled():
    """Which coremltools reads, and does not evaluate: every input of a `constexpr` may be the result of another."""
    picks = np.array([0, 1, 1, 0, 1, 1, 0, 0, 1], np_uint1_dtype)

    def build():
        lut = mb.constexpr_blockwise_shift_scale(
            data=np.int8([3, -5]).reshape(1, 1, 2, 1), scale=np.float16([0.5]).reshape(1, 1, 1, 1)
        )
        mask, picked = mb.constexpr_lut_to_sparse(indices_mask=MASK, indices_nonzero_data=picks, lut=lut)
        mask, scaled = mb.constexpr_sparse_blockwise_shift_scale(data_mask=mask, nonzero_data=picked, scale=CHANNELS)
        return mb.constexpr_sparse_to_dense(nonzero_data=scaled, mask=mask)

    palette = np.float32([1.5, -2.5])
    np.testing.assert_array_equal(decompressed(build), sparse(palette[picks]) * CHANNELS)


@pytest.mark.parametrize("axis", [0, -1])
def test_sparse_vectors_are_masked_as_a_whole(axis):
    picks = np.array([0, 1, 1, 0, 1, 1, 0, 0, 1], np_uint1_dtype)

    def build():
        mask, picked = mb.constexpr_lut_to_sparse(
            indices_mask=MASK,
            indices_nonzero_data=picks,
            lut=np.float16([[1, 2], [3, 4]]).reshape(1, 1, 2, 2),
            vector_axis=np.int32(axis),
        )
        return mb.constexpr_sparse_to_dense(nonzero_data=picked, mask=mask)

    halves = [sparse(np.float32(values)[picks]) for values in ([1, 3], [2, 4])]
    expected = np.stack(halves, axis % 2 + 1).reshape((8, 4) if axis == 0 else (4, 8))
    np.testing.assert_array_equal(decompressed(build), expected)


@pytest.mark.parametrize("dtype", [np_int4_dtype, np_uint4_dtype, np.int8, np.uint8])
def test_offsets_are_of_the_datas_type_or_numbers(dtype):
    data = np.array([[1, 2, 3, 4], [5, 6, 7, 0]], dtype)
    for offset in (np.array([[1, 7]], dtype), np.float32([[0.5, -2.25]])):
        found = decompressed(
            lambda offset=offset: mb.constexpr_blockwise_shift_scale(
                data=data, scale=np.float32([[0.5, 0.25]]), offset=offset
            )
        )
        shift = np.repeat(offset.astype(np.float32), 2, 1)
        np.testing.assert_array_equal(found, (data - shift) * np.float32([[0.5, 0.5, 0.25, 0.25]]))


@pytest.mark.parametrize("target", [IOS16, IOS18], ids=lambda target: target.name)
def test_a_constant_may_be_kept_in_half_precision_for_single(target):
    kept = np.float16([1 / 3, 2, -5])
    found = decompressed(lambda: mb.constexpr_cast(source_val=kept, output_dtype="fp32"), target)
    assert found.tolist() == kept.astype(np.float32).tolist()


def test_what_is_packed_into_bytes_may_end_within_one():
    """Five numbers of two bits, and a mask of five: the example of Apple's specification for iOS 16."""
    packed, shape, palette = np.uint8([0b01101100, 0b11]), np.uint32([5]), np.float32([1, 2, 3, 4])
    found = decompressed(lambda: mb.constexpr_lut_to_dense(indices=packed, lut=palette, shape=shape), IOS16)
    assert found.tolist() == [1, 4, 3, 2, 4]
    mask, values = np.uint8([0b01100]), np.float32([7, 8])
    found = decompressed(lambda: mb.constexpr_sparse_to_dense(nonzero_data=values, mask=mask, shape=shape), IOS16)
    assert found.tolist() == [0, 0, 7, 8, 0]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_scales_and_zero_points_may_each_be_one_or_of_an_axis(axis):
    data = np.int8([[1, -2, 3], [4, 5, -128]])
    several = np.float32([0.5, 0.25, 2])[: data.shape[axis]]
    for scale, zero in ((several, np.int8(3)), (np.float32(0.5), np.int8([1, 2, 3])[: data.shape[axis]])):
        found = decompressed(
            lambda scale=scale, zero=zero: mb.constexpr_affine_dequantize(
                quantized_data=data, scale=scale, zero_point=zero, axis=np.int32(axis)
            ),
            IOS16,
        )
        along = (-1, 1) if axis == 0 else (1, -1)
        expected = (data.astype(np.float32) - np.reshape(zero, along)) * np.reshape(scale, along)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("half", [False, True], ids=["fp32", "fp16"])
def test_quantized_activations_go_through_the_steps_that_they_are_given(half, saved):
    """What `linear_quantize_activations` writes around an operator, after a calibration on an Apple system."""
    precision = np.float16 if half else np.float32
    kernel = np.arange(-8, 8, dtype=np.int8).reshape(4, 4)

    @mb.program(input_specs=[mb.TensorSpec((1, 4), types.fp16 if half else types.fp32)], opset_version=IOS18)
    def program(x):
        steps = mb.quantize(input=x, scale=precision(0.25), zero_point=np.int8(3), output_dtype="int8")
        x = mb.dequantize(input=steps, scale=precision(0.25), zero_point=np.int8(3))
        weight = mb.constexpr_blockwise_shift_scale(data=kernel, scale=np.full((4, 1), 0.5, precision))
        return mb.linear(x=x, weight=weight, name="y")

    x = np.float32([[0.3, -1.1, 40, -40]])
    reached = np.float32([[0.25, -1, 31, -32.75]])
    assert mil.run(mil.load(saved(program)), {"x": x})["y"].tolist() == (reached @ (kernel * 0.5).T).tolist()


def test_a_package_of_quantized_activations_and_weights_is_near_the_whole_one(saved, monkeypatch):
    kernel = _rng.standard_normal((8, 4, 1, 1)).astype(np.float16)

    @mb.program(input_specs=[mb.TensorSpec((1, 4, 3, 3), types.fp16)], opset_version=IOS18)
    def program(x):
        x = mb.relu(x=mb.conv(x=x, weight=kernel))
        return mb.linear(x=mb.reduce_mean(x=x, axes=[2, 3]), weight=kernel.reshape(4, 8), name="y")

    given = {"x": _rng.standard_normal((1, 4, 3, 3), np.float32)}
    path = saved(program)
    plain = mil.load(path)

    def reached(*_: Any) -> dict[str, dict[str, float]]:
        """Least and greatest of every value, which coremltools finds out with Core ML, on Apple systems only."""
        values = given | {one.name: result.numpy() for ran, results in mil.steps(plain, given, "fp32")
                          for one, result in zip(ran.results, results, strict=True)}  # fmt: skip
        return {name: {"rmin": float(value.min()), "rmax": float(value.max())} for name, value in values.items()}

    monkeypatch.setattr(post_training, "_get_activation_calibration_stats", reached)
    config = compression.OptimizationConfig(compression.OpLinearQuantizerConfig())
    with quiet("coremltools"):
        whole_model = ct.models.MLModel(str(path), skip_model_load=True)
        model = compression.linear_quantize_activations(whole_model, config, [given])
    quantized(granularity="per_tensor")(model, False).save(str(saved.folder / "quantized.mlpackage"))
    program = mil.load(saved.folder / "quantized.mlpackage")
    assert {"quantize", "dequantize"} <= {operation.kind for operation in program.operations}
    assert 1e-4 < relative_error(mil.run(program, given)["y"], mil.run(plain, given)["y"]) < 0.05
    assert mil.first_precision_loss(program, given, share=0.05) is None


def test_every_decompression_is_of_an_operator_that_coremltools_has_and_the_other_way_round():
    known = {kind for kind in SSAOpRegistry.core_ops if kind.startswith("constexpr_")}
    assert set(DECOMPRESSIONS) == known
