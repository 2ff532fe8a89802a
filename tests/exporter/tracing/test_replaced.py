"""What is replaced is so for a while only, and what a release does not have is left alone."""

import colorsys
from fractions import Fraction

import pytest

from exporter.tracing.replaced import replaced


def doubled(function):
    return lambda *args: (function(*args), function(*args))


def test_a_function_of_a_module_is_replaced_for_a_while():
    hue = colorsys.rgb_to_hsv(1, 0, 0)
    with replaced("colorsys:rgb_to_hsv", doubled):
        assert colorsys.rgb_to_hsv(1, 0, 0) == (hue, hue)
    assert colorsys.rgb_to_hsv(1, 0, 0) == hue


def test_a_method_is_replaced_for_a_while():
    with replaced("fractions:Fraction.limit_denominator", doubled):
        assert Fraction(1, 3).limit_denominator() == (Fraction(1, 3), Fraction(1, 3))
    assert Fraction(1, 3).limit_denominator() == Fraction(1, 3)


def test_a_function_is_as_before_after_a_failure():
    before = colorsys.rgb_to_hsv
    with pytest.raises(ZeroDivisionError), replaced("colorsys:rgb_to_hsv", doubled):
        assert colorsys.rgb_to_hsv is not before
        1 / 0  # noqa: B018
    assert colorsys.rgb_to_hsv is before


@pytest.mark.parametrize(
    "name",
    [
        "package_of_an_older_release:function",
        "email.module_of_an_older_release:function",
        "colorsys:function_of_an_older_release",
        "fractions:Fraction.method_of_an_older_release",
        "fractions:ClassOfAnOlderRelease.method",
    ],
)
def test_what_a_release_has_no_more_is_left_alone(name):
    with replaced(name, lambda before: pytest.fail("there is nothing to replace")):
        assert not hasattr(colorsys, "function_of_an_older_release")
        assert not hasattr(Fraction, "method_of_an_older_release")


def test_a_failure_where_nothing_was_replaced_is_that_failure():
    with pytest.raises(ZeroDivisionError) as failure, replaced("package_of_an_older_release:function", doubled):
        1 / 0  # noqa: B018
    assert failure.value.__context__ is None
