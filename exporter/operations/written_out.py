"""Activations that a model writes out and a converter makes one operator of again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from exporter.operations.operation import Operation, Value


def with_hard_swish(operations: Iterable[Operation], returned: Collection[str]) -> list[Operation]:
    """`x * relu6(x + 3) / 6` as one operator, where nothing else reads what is between, nor the graph returns it.

    MobileNetV3, arXiv 1905.02244 §5.2. TFLite's converter has a pattern for it and an operator, HARD_SWISH.
    """
    calls = list(operations)
    made = {value.name: call for call in calls for value in call.outputs}
    readers = Counter(value.name for call in calls for value in call.inputs) + Counter(returned)
    gone = set[str]()
    swishes: dict[str, Value] = {}
    for call in calls:
        parts = _parts(call, made)
        if parts and all(readers[part.outputs[0].name] == 1 for part in parts):
            gone |= {part.name for part in parts}
            swishes[call.name] = parts[-1].inputs[0]
    return [
        replace(call, kind="aten.hardswish.default", inputs=(swishes[call.name],), attributes={})
        if call.name in swishes
        else call
        for call in calls
        if call.name not in gone
    ]


def _parts(call: Operation, made: Mapping[str, Operation]) -> list[Operation]:
    """The product, the clamp and the sum before a division that ends a hard swish; [] of any other call."""
    product = _before(call, made, "div", 6) or None
    if product is None or ".mul" not in product.kind or len(product.inputs) != 2:
        return []
    for x, clamped in (product.inputs, product.inputs[::-1]):
        clamp = made.get(clamped.name)
        if clamp is None or not _clamps_from_0_to_6(clamp):
            continue
        shifted = made.get(clamp.inputs[0].name)
        if shifted is not None and _adds(shifted, 3) and shifted.inputs[0].name == x.name:
            return [product, clamp, shifted]
    return []


def _before(call: Operation, made: Mapping[str, Operation], name: str, number: float) -> Operation | None:
    """What made the value that a call of this name has with a number."""
    if f".{name}" not in call.kind or len(call.inputs) != 1 or call.attributes.get("other") != number:
        return None
    return made.get(call.inputs[0].name)


def _adds(call: Operation, number: float) -> bool:
    return ".add" in call.kind and len(call.inputs) == 1 and call.attributes.get("other") == number


def _clamps_from_0_to_6(call: Operation) -> bool:
    names = call.kind.replace("_", "").split(".")
    limits = call.attributes.get("min_val"), call.attributes.get("max_val")
    return "relu6" in names or ("hardtanh" in names and limits == (0, 6))
