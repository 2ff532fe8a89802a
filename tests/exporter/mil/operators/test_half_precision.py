"""Half precision is the best that an operator could deliver: its result in single precision, rounded."""

import numpy as np
import pytest

from exporter.mil.operators import MOVES
from tests.exporter.mil.operators.examples import EXAMPLES, Example, examples
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


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_what_only_moves_elements_of_half_precision_needs_no_rounding(kind: str) -> None:
    chosen = [example for example in EXAMPLES if example.kind == kind]
    assert chosen
    for example in chosen:
        result = evaluate(kind, example.inputs, arithmetic="fp32", **example.attributes)
        for values in result if isinstance(result, tuple) else (result,):
            np.testing.assert_array_equal(values, values.astype(np.float16))
