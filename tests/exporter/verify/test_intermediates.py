"""What PyTorch computes on the way, and what agrees with it."""

import numpy as np
import pytest

from exporter.verify.intermediates import Index, Intermediate, intermediates, says_something
from exporter.verify.record import EagerRunner
from tests.models import classifier_graph, classifier_pictures

VALUE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)


def index(any_order: bool = False) -> Index:
    return Index([Intermediate("conv2d", "stem.conv", VALUE)], 1e-3, any_order)


@pytest.fixture(scope="module")
def computed() -> list[Intermediate]:
    """What PyTorch computes on the way of a picture through a classifier."""
    given = {"image": classifier_pictures("mobilevit")["image"][-1]}
    return list(intermediates(classifier_graph("mobilevit"), (), given))


def test_a_programs_values_have_names_and_modules(computed):
    found = {one.name: one for one in computed}
    assert found["conv2d"].module == "model.stem.conv"
    logits = next(one.value for one in found.values() if one.value.shape == (1, 16))
    expected = EagerRunner(classifier_graph("mobilevit"))({"image": classifier_pictures("mobilevit")["image"][-1]})
    assert np.allclose(logits, expected["logits"], atol=1e-4)


def test_attention_is_seen_whole_and_in_its_parts(computed):
    assert {"scaled_dot_product_attention", "_softmax"} <= {one.name for one in computed}


def test_a_value_agrees_within_the_tolerance_of_its_spread():
    assert index().agreeing(VALUE + 0.004).name == "conv2d"
    assert index().agreeing(VALUE + 0.006) is None


def test_flags_agree_if_hardly_any_is_turned_over():
    flags = np.tile([0.0, 1.0], 1000).astype(np.float32)
    turned = flags.copy()
    turned[0] = 1
    index = Index([Intermediate("gt", "", flags)], 1e-3, False)
    assert index.agreeing(turned).name == "gt"
    assert index.agreeing(1 - flags) is None


def test_a_value_that_occurs_in_two_forms_is_kept_once():
    index = Index([Intermediate("conv2d", "a", VALUE), Intermediate("convolution", "b", VALUE.copy())], 1e-3, False)
    assert index.named("convolution", VALUE).value is VALUE
    assert index.named("convolution", VALUE).module == "b"


def test_a_value_that_is_not_finite_agrees_with_nothing():
    assert index().agreeing(np.full_like(VALUE, np.nan)) is None


def test_axes_of_one_do_not_count_and_others_do():
    assert index().agreeing(VALUE.reshape(2, 1, 3)).name == "conv2d"
    assert index().agreeing(VALUE.reshape(1, 6)) is None


@pytest.mark.parametrize("any_order", [True, False])
def test_a_transposed_value_agrees_where_axes_may_be_reordered(any_order):
    assert (index(any_order).agreeing(VALUE.T[None]) is not None) is any_order


def test_a_namesake_has_the_same_shape():
    assert index().named("conv2d", VALUE + 1).module == "stem.conv"
    assert index().named("conv2d", VALUE.T) is None
    assert index().named("linear", VALUE) is None


@pytest.mark.parametrize(
    ("value", "evidence"),
    [
        (VALUE, True),
        (np.ones((2, 3), np.float32), False),
        (VALUE[0], False),
        (np.arange(6), False),
        (VALUE > 2, False),
        ((VALUE > 2).astype(np.float32), False),
    ],
)
def test_flags_indices_constants_and_few_numbers_are_no_evidence(value, evidence):
    assert says_something(value) is evidence
