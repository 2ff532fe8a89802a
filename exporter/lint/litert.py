"""What LiteRT's GPU delegate refuses, or computes otherwise than its CPU kernels, without a word."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.lint.conditions import shape
from exporter.lint.subject import Place, Subject
from exporter.operations.operation import Operation

_ELEMENTWISE = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")


def attention_of_rank_three(operation: Operation, subject: Subject) -> str | None:
    """A product of two computed tensors of rank 3: heads folded into the batch."""
    if operation.kind != "BATCH_MATMUL" or len(operation.given) < 2:
        return None
    left, right = operation.given[:2]
    return f"{operation.kind} of {shape(left)} and {shape(right)}" if left.rank == right.rank == 3 else None


def different_ranks(operation: Operation, subject: Subject) -> str | None:
    """Operands of different rank, unless one is a constant of floats or int8 and lower rank, such as a bias."""
    if operation.kind not in _ELEMENTWISE or len(operation.inputs) != 2:
        return None
    left, right = operation.inputs
    lower, higher = sorted((left, right), key=lambda value: value.rank)
    harmless = lower.constant is not None and (lower.dtype.startswith(("float", "int8")) or lower.elements == 1)
    return None if lower.rank == higher.rank or harmless else f"{operation.kind} of {shape(left)} and {shape(right)}"


def mask_for_all_heads(subject: Subject) -> Iterator[Place]:
    """A mask of one head added to the logits of several."""
    products = {value.name for one in subject.operations if one.kind == "BATCH_MATMUL" for value in one.outputs}
    for operation in subject.operations:
        if operation.kind != "ADD" or len(operation.given) != 2:
            continue
        logits, mask = sorted(operation.given, key=lambda value: value.elements, reverse=True)
        if logits.name in products and logits.rank == mask.rank == 4 and logits.shape[1] != mask.shape[1]:
            yield Place(operation.where, f"ADD of {shape(logits)} and {shape(mask)}")


def transposed_product(operation: Operation, subject: Subject) -> str | None:
    flags = [name for name in ("adjX", "adjY") if operation.attributes.get(name)]
    return f"{operation.kind} with {' and '.join(flags)}" if operation.kind == "BATCH_MATMUL" and flags else None


def pad_of_rank_three(operation: Operation, subject: Subject) -> str | None:
    """Padding in rank 3 of any axis but the last."""
    if operation.kind not in ("PAD", "PADV2", "MIRROR_PAD") or len(operation.inputs) < 2:
        return None
    source, amounts = operation.inputs[:2]
    if source.rank != 3 or amounts.constant is None or not amounts.constant[:-2].any():
        return None
    return f"{operation.kind} of {shape(source)} to {shape(operation.outputs[0])}"


def refused(operation: Operation, subject: Subject) -> str | None:
    """Operators that the delegate of LiteRT 2.3.0 named when it refused a graph here."""
    if operation.kind in ("BROADCAST_TO", "RELU_0_TO_1"):
        return operation.kind
    only_constants = operation.kind in ("PAD", "PADV2", "BATCH_MATMUL") and not operation.given
    return f"{operation.kind} of constants" if only_constants else None
