"""What an artefact may differ by and still pass: from PyTorch, one table by precision, and from itself elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from device_profiles.vocabulary import Precision
from exporter.manifest import RolloutTolerance, Tolerance


@dataclass(frozen=True)
class Tolerances:
    """The bounds of one precision."""

    outputs: Tolerance
    """Of each output of a graph."""
    rollout: RolloutTolerance
    """Of a tracker's masks, frame by frame."""
    operation: float
    """Share of its range within which a value inside an artefact agrees, where the first disagreement is sought."""


# What is rounded to 256 steps, or fewer, is off by a hundredth everywhere: no bound on the worst element tells a good
# one from a bad one. At 20 dB the noise is a tenth of the signal; classes change on one picture in ten or so, and
# masks at their edges. Below that people notice, and are told.
_FEWER_BITS = Tolerances(
    Tolerance(relative=None, psnr=None, sqnr=20.0, top1=0.8, labels=0.95, mask_iou=0.9),
    RolloutTolerance(mask_iou=0.5, mean_iou=0.95, least_union=0.05, max_abs=None),
    operation=0.1,
)

TOLERANCES: dict[Precision, Tolerances] = {
    "fp32": Tolerances(
        Tolerance(relative=1e-4, psnr=None, top1=1.0, labels=0.999, mask_iou=0.999),
        RolloutTolerance(mask_iou=0.999, max_abs=1e-2),
        operation=1e-4,
    ),
    # Rounding the weights alone to half precision moves the logits by up to 3e-3. A prompted frame is remembered by the
    # sign of each mask pixel: one that flips moves a few elements of the memory by a tenth of its range. Inside an
    # artefact only weights are rounded, if the backend can help it: a tenth of the bound in one operation, most of it
    # after fifty. What is left of a hidden object may be ten pixels: as many may differ there as where the object is
    # whole, and then it covers 5 % of the frame.
    "fp16": Tolerances(
        Tolerance(relative=2e-2, psnr=40.0, top1=0.97, labels=0.97, mask_iou=0.98),
        RolloutTolerance(mask_iou=0.98, least_union=0.05, max_abs=None),
        operation=5e-3,
    ),
    **{precision: _FEWER_BITS for precision in get_args(Precision) if precision not in ("fp32", "fp16")},
}
"""Of every precision"""

BETWEEN_INSTRUCTION_SETS = Tolerance(relative=1e-5, psnr=None, top1=1.0, labels=0.999, mask_iou=0.999)
"""Of an artefact in single precision, from itself in another instruction set: sums in other orders."""


def worth_following(trained: bool, precision: Precision) -> bool:
    """Whether following objects proves anything: seeded weights make chaos of any but single precision's rounding."""
    return trained or precision == "fp32"
