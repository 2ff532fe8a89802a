"""What makes a file of integers slow: operators that are slower that way, and conversions that need not be."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.backends.tflite import BETWEEN, FASTER_AS_FLOAT, PRODUCTS
from exporter.lint.conditions import shape
from exporter.lint.subject import Place, Subject
from exporter.operations.operation import Operation

MOST_PIECES = 8
"""Every classifier of docs/int8.md has one"""


def slower_than_float(operation: Operation, subject: Subject) -> str | None:
    """An operator that LiteRT computes with integers outside XNNPACK, or in it by a table."""
    if operation.kind not in FASTER_AS_FLOAT or not any(one.dtype == "int8" for one in operation.outputs):
        return None
    return f"{operation.kind} of integers, {shape(operation.outputs[0])}"


def signed_activations(operation: Operation, subject: Subject) -> str | None:
    """Signed integers that ONNX Runtime makes of computed numbers."""
    if operation.kind != "QuantizeLinear" or not operation.given:
        return None
    (made,) = operation.outputs
    return f"{made.name} of int8, {shape(made)}" if made.dtype == "int8" else None


def wide_activations(operation: Operation, subject: Subject) -> str | None:
    """A product of activations of 16 bits with weights of fewer."""
    if operation.kind not in PRODUCTS or operation.outputs[0].dtype != "int16":
        return None
    return f"{operation.kind} of int16, {shape(operation.outputs[0])}"


def small_pieces(subject: Subject) -> Iterator[Place]:
    """A delegate that is given a graph in many pieces."""
    delegation = subject.delegation
    if delegation is not None and delegation.pieces > MOST_PIECES:
        yield Place(subject.graph, f"{delegation.pieces} pieces in {delegation.delegate}")


def islands(subject: Subject) -> Iterator[Place]:
    """An operator between two conversions, which would do without both."""
    made_by = {value.name: one for one in subject.operations for value in one.outputs}
    readers: dict[str, list[Operation]] = {}
    for operation in subject.operations:
        for value in operation.given:
            readers.setdefault(value.name, []).append(operation)
    for operation in subject.operations:
        if operation.kind not in BETWEEN or not operation.given:
            continue
        before = [made_by.get(value.name) for value in operation.given]
        after = [reader for value in operation.outputs for reader in readers.get(value.name, [])]
        from_integers = all(one is not None and one.kind == "DEQUANTIZE" for one in before)
        if from_integers and after and all(one.kind == "QUANTIZE" for one in after):
            yield Place(operation.where, f"{operation.kind} between integers, {shape(operation.outputs[0])}")
