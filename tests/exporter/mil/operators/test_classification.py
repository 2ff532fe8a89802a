"""Labels and probabilities."""

import numpy as np
import pytest
from coremltools.converters.mil.mil import mil_list
from hypothesis import given

from tests.exporter.mil.operators.programs import assert_agrees, evaluate, generators, proves


def listed(classes):
    """Of text, or of integers of 64 bits, which is what coremltools makes of a classifier's labels."""
    return mil_list([one if isinstance(one, str) else np.int64(one) for one in classes])


@proves("classify")
@pytest.mark.parametrize("classes", [["cat", "dog", "Vögel", "", "fish, raw"], [7, -1, 0, 2**40, 3]], ids=str)
@given(generators)
def test_the_label_is_that_of_the_greatest_probability(kind, classes, rng):
    probabilities = rng.random((1, 5), np.float32)
    label, found = evaluate(kind, {"probabilities": probabilities}, classes=listed(classes))
    assert label.item() == classes[probabilities.argmax()]
    assert label.shape == ()
    assert_agrees(found, probabilities[0], tolerance=0)


@proves("classify")
def test_probabilities_may_have_any_shape_and_follow_the_classes_in_one_row(kind):
    probabilities = np.float32([[[0.1]], [[0.7]], [[0.2]]])
    label, found = evaluate(kind, {"probabilities": probabilities}, classes=listed(["a", "b", "c"]))
    assert (str(label), found.tolist()) == ("b", probabilities.flatten().tolist())
