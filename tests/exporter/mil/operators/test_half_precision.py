"""Half precision is the best that an operator could deliver: its result in single precision, rounded."""

import numpy as np

from tests.exporter.mil.operators.examples import Example, examples
from tests.exporter.mil.operators.programs import evaluate


@examples()
def test_floating_results_are_rounded_and_others_exact(example: Example) -> None:
    single, half = (
        evaluate(example.kind, example.inputs, arithmetic=arithmetic, **example.attributes)
        for arithmetic in ("fp32", "fp16")
    )
    pairs = zip(single, half, strict=True) if isinstance(single, tuple) else [(single, half)]
    for exact, rounded in pairs:
        expected = exact.astype(np.float16).astype(np.float32) if exact.dtype.kind == "f" else exact
        np.testing.assert_array_equal(rounded, expected)
        assert rounded.dtype == exact.dtype
