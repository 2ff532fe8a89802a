"""What half precision loses, and where first."""

import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb

from exporter import mil
from exporter.mil.program import from_mil


def chain(*operations):
    """A program that applies each (operator, parameters) to the result of the one before."""

    @mb.program(input_specs=[mb.TensorSpec(shape=(4,))])
    def program(x):
        for number, (operator, parameters) in enumerate(operations):
            x = getattr(mb, operator)(x=x, name=f"value_{number}", **parameters)
        return x

    return from_mil(program.functions["main"], "test")


X = {"x": np.array([1.0, 2.0, 3.0, 300.0], np.float32)}


def test_an_overflow_is_found_at_its_first_operation():
    loss = mil.first_precision_loss(chain(("sqrt", {}), ("square", {}), ("square", {}), ("square", {})), X)
    assert (loss.kind, loss.operation.number, loss.share) == ("overflow", 3, float("inf"))
    assert str(loss) == "operation 3, square 'value_2' overflows half precision"


def test_what_vanishes_is_an_underflow():
    loss = mil.first_precision_loss(chain(("mul", {"y": 1e-5}), ("mul", {"y": 1e-6}), ("mul", {"y": 1e11})), X)
    assert (loss.kind, loss.operation.number) == ("underflow", 2)


def test_errors_that_add_up_are_a_drift():
    # 2048 is where half precision keeps no more fractions.
    loss = mil.first_precision_loss(chain(("mul", {"y": 0.001}), ("add", {"y": 2048.0}), ("sub", {"y": 2048.0})), X)
    assert (loss.kind, loss.operation.number) == ("drift", 3)
    assert loss.share > 0.5


def test_a_program_that_half_precision_suits_loses_nothing():
    assert mil.first_precision_loss(chain(("sqrt", {}), ("mul", {"y": 0.3})), X) is None


@pytest.mark.parametrize(("share", "loses"), [(1e-5, True), (1e-2, False)])
def test_the_share_that_may_be_lost_is_the_callers_choice(share, loses):
    loss = mil.first_precision_loss(chain(("mul", {"y": 1 / 7})), X, share)
    assert (loss is not None) is loses


def test_what_is_infinite_in_single_precision_too_is_no_loss_of_half_precision():
    nothing = {"x": np.zeros(4, np.float32)}
    assert mil.first_precision_loss(chain(("log", {"epsilon": 0.0})), nothing) is None


def test_an_overflow_beside_an_infinity_is_found():
    given = {"x": np.array([0.0, 1.0, 2.0, 300.0], np.float32)}
    loss = mil.first_precision_loss(chain(("log", {"epsilon": 0.0}), ("exp", {}), ("square", {})), given)
    assert (loss.kind, loss.operation.kind) == ("overflow", "square")
    below = mil.first_precision_loss(chain(("inverse", {"epsilon": 0.0}), ("mul", {"y": 70000.0})), given)
    assert (below.kind, below.operation.kind) == ("overflow", "mul")
