"""What makes a file of integers slow: operators that are slower that way, and conversions that need not be."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.backends.tflite import BETWEEN, FASTER_AS_NUMBERS
from exporter.lint.conditions import shape
from exporter.lint.subject import Place, Subject
from exporter.operations.operation import Operation


def slower_than_numbers(operation: Operation, subject: Subject) -> str | None:
    """An operator that LiteRT computes with integers outside XNNPACK, or in it by a table."""
    if operation.kind not in FASTER_AS_NUMBERS or not any(one.dtype == "int8" for one in operation.outputs):
        return None
    return f"{operation.kind} of integers, {shape(operation.outputs[0])}"


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
