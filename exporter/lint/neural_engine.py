"""Which processor Core ML will choose for each operation: a prediction, because Apple publishes no table.

The rows hold what Apple's own notes and Core ML's users report; where those contradict one another there is no row.
Only Core ML itself knows, on the device: `MLComputePlan` tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from device_profiles.vocabulary import ComputeUnit
from exporter.lint.subject import Place, Subject
from exporter.operations.macs import macs
from exporter.operations.operation import Operation

NEURAL_ENGINE = "Neural Engine"

_LONGEST_AXIS = 16384
_WIDEST_KERNEL = 16


@dataclass(frozen=True)
class Row:
    """Operations that Core ML does not give to the Neural Engine."""

    kinds: tuple[str, ...]
    """Operator types; none for all"""
    applies: Callable[[Operation], bool]
    unit: ComputeUnit
    reason: str
    source: str


def _always(operation: Operation) -> bool:
    return True


def _computes(*dtypes: str) -> Callable[[Operation], bool]:
    return lambda operation: any(value.dtype in dtypes for value in operation.outputs)


def _has_long_axis(operation: Operation) -> bool:
    extents = [extent or 0 for value in (*operation.given, *operation.outputs) for extent in value.shape[-2:]]
    return max(extents, default=0) > _LONGEST_AXIS


def _has_computed_weights(operation: Operation) -> bool:
    return operation.named["weight"].constant is None


def _has_wide_kernel(operation: Operation) -> bool:
    return max(extent or 0 for extent in operation.named["weight"].shape[2:]) > _WIDEST_KERNEL


ROWS = (
    Row((), _computes("float32", "float64"), "gpu", "it is of single precision, and the Neural Engine of half",
        "https://github.com/apple/coremltools/issues/1984"),
    Row((), _computes("int32", "int64", "bool"), "cpu", "it computes integers or booleans",
        "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html"),
    Row(("gather", "gather_nd", "gather_along_axis"), _always, "cpu", "gathers run on the CPU",
        "https://github.com/apple/coremltools/issues/1103"),
    Row(("topk", "argsort", "reduce_argmax", "reduce_argmin"), _always, "cpu", "it returns indices",
        "https://github.com/roboflow/rf-detr/pull/1495"),
    Row(("scatter", "scatter_nd", "scatter_along_axis", "one_hot", "non_zero", "band_part", "reduce_prod", "mod",
         "logical_and", "logical_or", "logical_xor", "tan", "asin", "acos", "atan", "sinh", "cosh", "cumsum",
         "range_1d", "shape", "non_maximum_suppression", "while_loop", "cond", "lstm", "gru", "rnn"), _always, "cpu",
        "the Neural Engine has no such operator",
        "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html"),
    Row(("conv", "conv_transpose"), _has_computed_weights, "cpu", "its weights are no constant",
        "https://github.com/apple/coremltools/issues/2536"),
    Row(("conv", "conv_transpose"), _has_wide_kernel, "gpu", f"its kernel is wider than {_WIDEST_KERNEL}",
        "https://ane-guide.readthedocs.io/en/latest/part-1-machine/04-capability-surface.html"),
    Row(("resample",), _always, "cpu", "sampling at runtime coordinates runs on the CPU",
        "https://github.com/apple/coremltools/issues/1875"),
    Row(("read_state", "write_state"), _always, "cpu", "states were reported to leave the Neural Engine",
        "https://github.com/apple/coremltools/issues/2553"),
    Row((), _has_long_axis, "gpu", f"an axis is longer than {_LONGEST_AXIS}",
        "https://github.com/apple/coremltools/issues/1003"),
)  # fmt: skip
"""The first row that applies decides; what no row is about runs on the Neural Engine."""


def row_for(operation: Operation) -> Row | None:
    return next(
        (row for row in ROWS if operation.kind in (row.kinds or (operation.kind,)) and row.applies(operation)), None
    )


def placement(subject: Subject) -> Iterator[Place]:
    """What share of a graph stays on the Neural Engine, and what leaves it; changes of type are not counted."""
    operations = [operation for operation in subject.operations if operation.kind != "cast"]
    if not operations:
        return
    rows = [row_for(operation) for operation in operations]
    costs = [macs(operation) for operation in operations]
    kept = sum(cost for cost, row in zip(costs, rows, strict=True) if row is None) / (sum(costs) or 1)
    pieces = sum(stays for stays, _ in groupby(row is None for row in rows))
    share = (
        f"predicted: {rows.count(None) / len(rows):.1%} of operations and {kept:.1%} of multiply-accumulates on the "
        f"{NEURAL_ENGINE}, in {pieces} {'piece' if pieces == 1 else 'pieces'}"
    )
    others = Counter(
        f"{operation.kind} on the {row.unit.upper()}, because {row.reason}"
        for operation, row in zip(operations, rows, strict=True)
        if row is not None
    )
    yield Place(subject.graph, "; ".join([share, *(f"{count} {text}" for text, count in others.most_common())]))
