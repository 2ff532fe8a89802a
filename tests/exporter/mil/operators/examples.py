"""An example or more of every operator, of values that half precision represents."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from coremltools.converters.mil.mil import mil_list

from tests.exporter.mil.operators.programs import Inputs

_rng = np.random.default_rng(0)


@dataclass(frozen=True)
class Example:
    kind: str
    inputs: Inputs
    attributes: dict[str, Any] = field(default_factory=dict)


def _numbers(*shape: int, least: float = -2.0, greatest: float = 2.0) -> np.ndarray:
    return _rng.uniform(least, greatest, shape).astype(np.float16).astype(np.float32)


def _integers(*shape: int, least: int = -5, greatest: int = 5) -> np.ndarray:
    return _rng.integers(least, greatest, shape, np.int32)


def _x(*shape: int, least: float = -2.0, greatest: float = 2.0) -> Inputs:
    return {"x": _numbers(*shape, least=least, greatest=greatest)}


def _pair(make: Any = _numbers, **limits: float) -> Inputs:
    return {"x": make(2, 3, **limits), "y": make(4, 1, 3, **limits)}


_half = np.float32(0.5)
_small = np.float32(2**-10)
_picture = {"x": _numbers(1, 4, 4, 4)}
_windows = {"kernel_sizes": [2, 2], "strides": [2, 2]}
_indices = np.int32([[1, 0], [0, 1]])
_sizes = {"target_size_height": 8, "target_size_width": 8}
_scales = {"scale_factor_height": 2, "scale_factor_width": 2}
_slice = {"begin": [0, 3], "end": [2, 0], "stride": [1, -2], "begin_mask": [True, False]}
_sampling = {
    "sampling_mode": "bilinear",
    "padding_mode": "constant",
    "padding_value": 0.0,
    "coordinates_mode": "normalized_minus_one_to_one",
    "align_corners": True,
}

EXAMPLES = (
    *(
        Example(kind, _x(2, 3))
        for kind in (
            *("abs", "atan", "ceil", "cos", "cosh", "erf", "exp", "exp2", "floor", "identity", "relu", "relu6"),
            *("round", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "softsign", "square", "tanh"),
        )
    ),
    *(Example(kind, _x(2, 3, least=-0.5, greatest=0.5)) for kind in ("acos", "asin", "atanh", "tan")),
    *(Example(kind, {"x": _integers(2, 3)}) for kind in ("abs", "sign", "square")),
    Example("sqrt", _x(2, 3, least=0.5)),
    *(Example(kind, _x(2, 3, least=0.5), {"epsilon": _small}) for kind in ("inverse", "log", "rsqrt")),
    *(
        Example(kind, _pair())
        for kind in ("add", "equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum", "mul")
    ),
    *(Example(kind, _pair()) for kind in ("not_equal", "sub")),
    *(Example(kind, _pair(least=0.5)) for kind in ("floor_div", "mod", "pow", "real_div")),
    *(Example(kind, _pair(_integers)) for kind in ("add", "equal", "less", "maximum", "mul", "not_equal", "sub")),
    *(Example(kind, {"x": _integers(9), "y": np.int32([3])}) for kind in ("floor_div", "mod")),
    *(
        Example(kind, {"x": _integers(4) > 0, "y": _integers(4) > 0})
        for kind in ("logical_and", "logical_or", "logical_xor")
    ),
    Example("logical_not", {"x": _integers(4) > 0}),
    Example("select", {"cond": _integers(2, 3) > 0, "a": _numbers(2, 3), "b": _numbers(2, 3)}),
    Example("clip", _x(2, 3), {"alpha": -_half, "beta": _half}),
    Example("threshold", _x(2, 3), {"alpha": _half}),
    *(Example(kind, _x(2, 3), {"alpha": _half}) for kind in ("elu", "leaky_relu", "thresholded_relu")),
    *(
        Example(kind, _x(2, 3), {"alpha": _half, "beta": np.float32(0.25)})
        # coremltools adds a negative beta twice to what clamped_relu leaves of positive elements.
        for kind in ("clamped_relu", "linear_activation", "scaled_tanh", "sigmoid_hard")
    ),
    *(Example("gelu", _x(2, 3), {"mode": mode}) for mode in ("EXACT", "TANH_APPROXIMATION", "SIGMOID_APPROXIMATION")),
    Example("prelu", _x(1, 2, 2, 3), {"alpha": _numbers(2)}),
    Example("softplus_parametric", _x(1, 2, 2, 3), {"alpha": _numbers(2), "beta": _numbers(2)}),
    Example("softmax", _x(2, 3), {"axis": 0}),
    Example("classify", {"probabilities": _numbers(1, 4)}, {"classes": mil_list(["cat", "dog", "bird", "fish"])}),
    # coremltools fails to infer exclusive sums.
    *(Example("cumsum", _x(2, 3), {"axis": 1, "reverse": reverse}) for reverse in (False, True)),
    *(Example("cast", _x(2, 3), {"dtype": dtype}) for dtype in ("bool", "int32", "int8")),
    Example("cast", {"x": _integers(4)}, {"dtype": "fp32"}),
    Example("cast", {"x": _integers(4) > 0}, {"dtype": "int32"}),
    Example("quantize", {"input": _numbers(2, 3)}, {"scale": _half, "zero_point": np.int8(1), "output_dtype": "int8"}),
    Example(
        "quantize", {"input": _numbers(2, 3)}, {"scale": np.float32([0.5, 0.25]), "axis": 0, "output_dtype": "uint8"}
    ),
    Example("dequantize", {"input": np.int8([[1, -2], [3, 4]])}, {"scale": np.float32([0.5, 0.25]), "axis": 1}),
    *(
        Example(kind, {"x": _numbers(2, 3, 4, least=0.5)}, {"axes": [0, -1], "keep_dims": keep_dims})
        for kind in (
            *("reduce_l1_norm", "reduce_l2_norm", "reduce_log_sum", "reduce_log_sum_exp", "reduce_max"),
            *("reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "reduce_sum_square"),
        )
        for keep_dims in (True, False)
    ),
    *(Example(kind, _x(2, 3), {"axis": 0}) for kind in ("reduce_argmax", "reduce_argmin")),
    *(Example("argsort", _x(2, 3), {"ascending": ascending}) for ascending in (True, False)),
    *(Example("topk", _x(2, 5), {"k": 2, "ascending": ascending}) for ascending in (True, False)),
    Example("matmul", {"x": _numbers(2, 3, 4), "y": _numbers(3, 4)}, {"transpose_y": True}),
    Example("linear", _x(2, 3), {"weight": _numbers(4, 3), "bias": _numbers(4)}),
    Example("einsum", {"values": [_numbers(1, 2, 3, 4), _numbers(2, 4, 1, 5)]}, {"equation": "nchw,nwhu->nchu"}),
    Example(
        "scaled_dot_product_attention",
        {name: _numbers(2, 3, 4) for name in ("query", "key", "value")} | {"attn_mask": _numbers(3, 3)},
    ),
    Example(
        "scaled_dot_product_attention",
        {name: _numbers(2, 3, 4) for name in ("query", "key", "value")} | {"attn_mask": np.tri(3, dtype=bool)},
    ),
    Example("batch_norm", _picture, {"mean": _numbers(4), "variance": _numbers(4, least=1), "epsilon": _small}),
    Example("instance_norm", _picture, {"gamma": _numbers(4), "beta": _numbers(4), "epsilon": _small}),
    Example(
        "layer_norm",
        _picture,
        {"axes": [1, 3], "gamma": _numbers(4, 4), "beta": _numbers(4, 4), "epsilon": _small},
    ),
    Example("l2_norm", _picture, {"epsilon": _small}),
    Example("l2_norm", _x(2, 2, 2), {"epsilon": _small}),
    Example("local_response_norm", _picture, {"size": 3, "alpha": _half, "beta": _half, "k": _half}),
    Example("conv", _picture, {"weight": _numbers(2, 4, 3, 3), "pad_type": "same"}),
    Example("conv_transpose", _picture, {"weight": _numbers(4, 2, 3, 3), "strides": [2, 2]}),
    *(Example(kind, _picture, {**_windows, "pad_type": "valid"}) for kind in ("avg_pool", "l2_pool", "max_pool")),
    Example("resize_bilinear", _picture, _sizes),
    Example("resize_nearest_neighbor", _picture, _sizes),
    Example("upsample_bilinear", _picture, _scales),
    Example("upsample_nearest_neighbor", _picture, _scales),
    Example("resize", _picture, {"shape": np.int32([8, 8]), "resized_dims": np.uint32(2)}),
    Example("resample", {**_picture, "coordinates": _numbers(1, 2, 2, 2)}, _sampling),
    Example("slice_by_index", _x(3, 4), _slice),
    Example("slice_by_index", _x(3, 4), {"begin": [1, 0], "end": [0, 2], "squeeze_mask": [True, False]}),
    Example("slice_by_size", _x(3, 4), {"begin": [1, 2], "size": [1, -1]}),
    Example("slice_update", {"x": _numbers(3, 4), "update": _numbers(2, 2)}, _slice),
    Example("gather", {"x": _numbers(3, 4), "indices": _indices}, {"axis": 1}),
    Example("gather", {"x": _numbers(2, 3, 4), "indices": _indices}, {"axis": 1, "batch_dims": 1}),
    Example("gather_along_axis", {"x": _numbers(2, 4), "indices": _indices}, {"axis": 1}),
    Example("gather_nd", {"x": _numbers(3, 4), "indices": _indices}),
    Example("scatter", {"data": _numbers(3, 4), "indices": np.int32([1]), "updates": _numbers(1, 4)}),
    # coremltools infers an update in every mode.
    Example(
        "scatter_along_axis",
        {"data": _numbers(2, 4), "indices": _indices, "updates": _numbers(2, 2)},
        {"axis": 1, "mode": "update"},
    ),
    Example("scatter_nd", {"data": _numbers(3, 4), "indices": _indices, "updates": _numbers(2)}),
    Example("band_part", _x(3, 4), {"lower": 1, "upper": 0}),
    # coremltools forgets to interleave.
    Example("concat", {"values": [_numbers(2, 3), _numbers(1, 3)]}, {"axis": 0}),
    Example("concat", {"values": [np.asarray(_half), np.asarray(_small)]}, {"axis": 0}),
    Example("crop", _picture, {"crop_height": [1, 0], "crop_width": [0, 2]}),
    Example("depth_to_space", _picture, {"block_size": 2}),
    Example("space_to_depth", _picture, {"block_size": 2}),
    Example("pixel_shuffle", _picture, {"upscale_factor": 2}),
    Example("pixel_unshuffle", _picture, {"downscale_factor": np.uint32(2)}),
    Example("expand_dims", _x(2, 3), {"axes": [0, -1]}),
    Example("squeeze", _x(1, 2, 1), {"axes": [0]}),
    Example("fill", {}, {"shape": np.int32([2, 3]), "value": _half}),
    Example("fill_like", {"ref_tensor": _numbers(2, 3)}, {"value": _half}),
    Example("flatten2d", _x(2, 3, 4), {"axis": -1}),
    Example(
        "one_hot", {"indices": np.int32([2, 0])}, {"one_hot_vector_size": 3, "on_value": _half, "off_value": -_half}
    ),
    *(Example("pad", _x(3, 4), {"pad": [1, 0, 2, 1], "mode": mode}) for mode in ("constant", "reflect", "replicate")),
    Example("range_1d", {}, {"start": np.float32(1), "end": np.float32(3), "step": _half}),
    Example("reshape", _x(2, 3, 4), {"shape": [0, -1, 2, 2]}),
    Example("reverse", _x(2, 3), {"axes": [1]}),
    Example("shape", _x(2, 3)),
    Example("sliding_windows", _x(2, 5), {"axis": 1, "size": 3}),
    Example("split", _x(2, 5), {"split_sizes": [2, 3], "axis": 1}),
    Example("stack", {"values": [_numbers(2, 3), _numbers(2, 3)]}, {"axis": 1}),
    Example("tile", _x(2, 3), {"reps": [2, 1]}),
    Example("transpose", _x(2, 3, 4), {"perm": [2, 0, 1]}),
)


def examples(*without: str) -> pytest.MarkDecorator:
    """Runs a test for each example but those of some operators."""
    chosen = [example for example in EXAMPLES if example.kind not in without]
    return pytest.mark.parametrize("example", chosen, ids=lambda example: example.kind)
