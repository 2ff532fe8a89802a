"""Refuses tensors that are no weights: of kinds that a model cannot compute with, or with values that spoil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from exporter.errors import WeightsError

_KINDS: tuple[tuple[Callable[[Tensor], bool], str], ...] = (
    (lambda value: value.is_meta, "has no values (it is a meta tensor)"),
    (lambda value: value.is_quantized, "is quantised ({dtype})"),
    (lambda value: value.layout is not torch.strided, "is sparse ({layout})"),
    (lambda value: value.is_complex(), "is complex ({dtype})"),
    (lambda value: value.is_floating_point() and value.itemsize == 1, "is an 8-bit float ({dtype})"),
)
"""Kinds of tensors that are no weights -> what to call them."""


def refuse_kinds(state: Mapping[str, Tensor], source: str) -> None:
    """Raise `WeightsError` for the first tensor that is not strided, real and in full."""
    for key, value in state.items():
        for applies, kind in _KINDS:
            if applies(value):
                what = kind.format(dtype=value.dtype, layout=value.layout)
                raise WeightsError(
                    f"{source} has weights that are no floats: {key} {what}; save them as plain float tensors."
                )


def refuse_values(state: Mapping[str, Tensor], own: Mapping[str, Tensor], source: str, others: str = "") -> None:
    """Raise `WeightsError` for the first entry of a model with which it would compute nonsense.

    That is an integer in place of a float, a value that is no number or too large for single precision, and a variance
    below zero. `others` are sets of weights that might be taken instead.
    """
    instead = f", or --weights-key {others}" if others else ""
    for key, value in state.items():
        if key not in own or not own[key].is_floating_point():
            continue
        if not value.is_floating_point():
            raise WeightsError(
                f"{source} has weights that are no floats: {key} is {value.dtype}, and what it was scaled by is not "
                f"known; pass the weights from before they were quantised{instead}."
            )
        bad = int((~torch.isfinite(value.float())).sum())
        if bad:
            raise WeightsError(
                f"{source} is spoiled: {key} has {bad} of {value.numel()} values that are infinite or no number; "
                f"pass a checkpoint from before training diverged{instead}."
            )
        if key.endswith("running_var") and bool((value < 0).any()):
            raise WeightsError(
                f"{source} is spoiled: {key} is a variance and below zero; pass another checkpoint{instead}."
            )
