"""Coremltools' own value inference, which folds the constants of every program that it converts."""

import coremltools as ct
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import Function

from exporter.mil import run
from exporter.mil.program import from_mil
from tests.exporter.mil.operators.examples import Example, examples
from tests.exporter.mil.operators.programs import assert_agrees

NOT_INFERRED = (
    *("avg_pool", "batch_norm", "classify", "conv", "conv_transpose", "crop", "depth_to_space", "dequantize"),
    *("gather_nd", "instance_norm", "l2_pool", "local_response_norm", "max_pool", "one_hot", "pixel_shuffle"),
    *("pixel_unshuffle", "resample", "resize", "resize_bilinear", "resize_nearest_neighbor", "scatter", "scatter_nd"),
    *("silu", "sliding_windows", "space_to_depth", "upsample_bilinear", "upsample_nearest_neighbor"),
)
"""Coremltools leaves these to the runtime"""


@examples(*NOT_INFERRED)
def test_an_operator_of_constants_is_what_coremltools_infers(example: Example) -> None:
    constants = {
        name: [array[()] for array in value] if isinstance(value, list) else value
        for name, value in example.inputs.items()
    }
    with Function({}, opset_version=ct.target.iOS18) as function:
        results = getattr(mb, example.kind)(**constants, **example.attributes)
        results = list(results) if isinstance(results, (list, tuple)) else [results]
        function.set_outputs(results)
    computed = run(from_mil(function, example.kind), {}, "fp32")
    for result in results:
        assert_agrees(computed[result.name], result.val)
