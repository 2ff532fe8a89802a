"""Which processor each operation is predicted to run on."""

import pytest

from exporter.lint.neural_engine import ROWS, placement, row_for
from exporter.lint.subject import Subject
from exporter.manifest import Variant
from exporter.operations.macs import macs
from exporter.operations.operation import Operation, Value


def value(*shape: int, dtype: str = "float16", constant: bool = False) -> Value:
    import numpy as np

    return Value("v", shape, dtype, np.zeros(shape, np.float16) if constant else None)


def operation(kind: str, x: Value, weight: Value | None = None, out: Value | None = None, **others: Value) -> Operation:
    named = {"x": x, **others} | ({"weight": weight} if weight else {})
    return Operation(kind, kind, tuple(named.values()), (out or x,), named=named)


MAP, WEIGHT = value(1, 8, 16, 16), value(4, 8, 3, 3, constant=True)

LEAVING = [
    operation("add", value(1, 8, dtype="float32")),
    operation("greater", MAP, out=value(1, 8, 16, 16, dtype="bool")),
    operation("gather", MAP),
    operation("topk", MAP),
    operation("cumsum", MAP),
    operation("conv", MAP, value(4, 8, 3, 3)),
    operation("conv", MAP, value(4, 8, 17, 17, constant=True)),
    operation("resample", MAP),
    operation("read_state", MAP),
    operation("softmax", value(1, 1, 8, 16385)),
]
"""One for each row of the table, in its order"""


@pytest.mark.parametrize("index", range(len(ROWS)))
def test_an_operation_leaves_for_the_reason_of_its_row(index):
    assert row_for(LEAVING[index]) is ROWS[index]


@pytest.mark.parametrize(
    "stays", [operation("conv", MAP, WEIGHT), operation("softmax", value(1, 1, 8, 16384)), operation("layer_norm", MAP)]
)
def test_what_no_row_is_about_stays(stays):
    assert row_for(stays) is None


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        (operation("conv", MAP, WEIGHT, value(1, 4, 16, 16)), 4 * 16 * 16 * 8 * 9),
        (operation("linear", value(1, 5, 8), value(3, 8, constant=True), value(1, 5, 3)), 5 * 3 * 8),
        (operation("matmul", value(1, 2, 5, 8), y=value(1, 2, 8, 6), out=value(1, 2, 5, 6)), 2 * 5 * 6 * 8),
        (operation("relu", MAP), 0),
    ],
)
def test_multiply_accumulates_are_counted(counted, expected):
    assert macs(counted) == expected


def test_the_prediction_says_so_and_gives_shares_pieces_and_reasons():
    conv = operation("conv", MAP, WEIGHT, value(1, 4, 16, 16))
    subject = Subject(
        "classify", Variant("coreml", "fp16"), "artifact", (conv, operation("gather", MAP), conv, conv), 17
    )
    (place,) = placement(subject)
    assert place.detail == (
        "predicted: 75.0% of operations and 100.0% of multiply-accumulates on the Neural Engine, in 2 pieces; "
        "1 gather on the CPU, because gathers run on the CPU"
    )
