"""What a manifest says of comparisons with PyTorch: of one output, of an artefact, and of a whole sequence."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from exporter.manifest.part import Amount, Count, InnerPath, MadeInVariant, Part


class Tolerance(Part):
    """What an artefact may differ from PyTorch by and still pass; one of fewer bits passes, and falls short."""

    relative: float | None = Field(
        description="Bound on max|a-b| / max|b| for every output over all vectors; null where bits are few."
    )
    sqnr: float | None = Field(
        default=None, description="Least SQNR of an output in dB, where bits are few; null where they are not."
    )
    psnr: float | None = Field(
        description="PSNR in dB from which a memory passes whatever its worst element; null: none does."
    )
    top1: float = Field(description="Least share of vectors with the same best class.")
    labels: float = Field(description="Least share of labels that are judged alike.")
    mask_iou: float = Field(description="Least IoU of a mask, over all vectors.")


class Parity(Part):
    """One output against PyTorch over all vectors; null where a value was not finite."""

    max_abs: float | None
    relative: float | None
    psnr: float | None = Field(
        description="20 log10(max|b| / root mean square of a-b) in dB; null too where the two are equal."
    )
    sqnr: float | None = Field(
        description="10 log10(sum b² / sum (a-b)²) in dB; null too where the two are equal, and of single scores."
    )
    top1: float | None = Field(description="Share of vectors with the same best class; null without classes.")
    top5: float | None = Field(
        description="Mean share of the five best classes that both have; null where there are no more than five."
    )
    labels: float | None = Field(
        description="Share of labels that are judged alike, by a score above zero; null without label scores."
    )
    mask_iou: float | None = Field(description="Least IoU of a mask (of two empty ones 1); null where it is no mask.")
    per_vector: tuple[float | None, ...] = Field(description="max|a-b| / max|b|, one for each vector.")


class Verification(Part):
    status: Literal["passed", "failed", "not executed"]
    runtime: str | None = Field(description="What ran the artefact from disk, with its version; null if nothing did.")
    tolerance: Tolerance
    vectors: Amount = Field(description="Conformance vectors that were run.")
    left_out: Amount = Field(default=0, description="Those that were not, because a slow runtime's time was up.")
    outputs: dict[str, Parity]
    by_psnr: tuple[str, ...] = Field(default=(), description="Outputs that passed by their PSNR, not by `relative`.")
    short: tuple[str, ...] = Field(
        default=(), description="What falls short of the tolerance where bits are few, in words; a warning."
    )
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class RolloutTolerance(Part):
    """What a tracker's artefacts may see otherwise than PyTorch and still pass."""

    mask_iou: float = Field(description="Least IoU of a mask.")
    mean_iou: float | None = Field(default=None, description="Least mean IoU of all masks, where bits are few.")
    least_union: float = Field(
        default=0.0, description="Share of the frame that the union counts as at least, in the IoU of two masks."
    )
    max_abs: float | None = Field(description="Greatest difference of a mask logit; null is no bound.")


class Rollout(MadeInVariant):
    """A variant's artefacts as a whole, on the bundle's sequence, against the official algorithm in PyTorch."""

    tolerance: RolloutTolerance
    status: Literal["passed", "failed"]
    runtime: str
    mask_iou: tuple[float, ...] = Field(
        description="Least IoU of an object's mask, one for each frame that was followed; of two empty masks 1. "
        "It is 1 less the share of pixels that differ, in a union that counts as `least_union` at least."
    )
    max_abs: tuple[float | None, ...] = Field(
        description="Greatest max|a-b| of an object's mask logits, one for each frame."
    )
    mean_iou: float | None = Field(
        description="Mean IoU of the masks of all objects in all frames that were followed; null if none was."
    )
    left_out: Amount = Field(default=0, description="Frames that were not, because a slow runtime's time was up.")
    short: tuple[str, ...] = Field(
        default=(), description="What falls short of the tolerance where bits are few, in words; a warning."
    )
    ms: dict[str, float] = Field(
        description="Graph -> median ms of a run on the exporting machine; empty where an interpreter ran it."
    )
    detail: str = Field(description="One sentence: what was checked, or what is wrong and by how much.")


class SequenceEntry(Part):
    """The frames that a tracker's artefacts are verified on as a whole, with the official algorithm's answers.

    It is the conformance set of apps too. `write_sequence` of exporter/verify/conformance.py says what its tensors are.
    """

    file: InnerPath = Field(description="safetensors, relative to the bundle: frames, prompts, answers by object.")
    frames: Count
    objects: Count = Field(description="Objects that are prompted in them, and followed.")
    covering: Amount = Field(
        description="Reference masks of prompted objects that cover 1 to 99 % of their frame; half must, to count."
    )
