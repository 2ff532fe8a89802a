"""Operators that are written to a file for which its runtime has no kernel: it does not load.

What is named here was lowered and loaded by the versions that pyproject.toml asks for; the tests do it again.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporter.lint.bounds import base_name
from exporter.lint.subject import Place, Subject
from exporter.operations.operation import Operation

_SORTS = ("sort", "argsort", "msort", "median", "kthvalue")
_SCATTERS = {
    "executorch": ("scatter_reduce", "index_reduce"),
    "tflite": ("scatter_reduce", "index_reduce", "scatter_add", "index_add"),
}


def sorting(subject: Subject) -> Iterator[Place]:
    """Find sorts, and in TFLite each topk of which nothing reads the indices."""
    read = {value.name for operation in subject.operations for value in operation.inputs} | set(subject.results)
    for operation in subject.operations:
        name = base_name(operation.kind)
        if name in _SORTS:
            yield Place(operation.where, operation.kind)
        elif name == "topk" and subject.format == "tflite" and operation.outputs[1].name not in read:
            yield Place(operation.where, f"{operation.kind}, of which only the values are read")


def scattering(operation: Operation, subject: Subject) -> str | None:
    return operation.kind if base_name(operation.kind) in _SCATTERS.get(subject.format, ()) else None


def not_registered(operation: Operation, subject: Subject) -> str | None:
    """Holds for operators of a file that the runtime has registered nothing for."""
    return operation.kind if operation.attributes.get("registered") is False else None
