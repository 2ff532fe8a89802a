"""Where the windows of convolutions and pools begin and end: MIL's kinds of padding as numbers."""

from __future__ import annotations

from collections.abc import Sequence


def padding(
    pad_type: str, pad: Sequence[int] | None, extents: Sequence[int], kernel: Sequence[int], strides: Sequence[int]
) -> list[tuple[int, int]]:
    """The padding (before, after) of each spatial axis of `extents`; `kernel` sizes include dilation.

    "same" makes ceil(extent / stride) outputs, with the odd element behind, "same_lower" with it in front.
    """
    match pad_type.lower():
        case "valid":
            return [(0, 0)] * len(extents)
        case "custom":
            flat = pad or [0] * (2 * len(extents))
            return list(zip(flat[::2], flat[1::2], strict=True))
    pairs = []
    for extent, size, stride in zip(extents, kernel, strides, strict=True):
        total = max((-(-extent // stride) - 1) * stride + size - extent, 0)
        less, more = total // 2, total - total // 2
        pairs.append((more, less) if pad_type.lower() == "same_lower" else (less, more))
    return pairs


def innermost_first(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The same paddings in the order in which `torch.nn.functional.pad` takes them."""
    return [amount for pair in reversed(pairs) for amount in pair]
