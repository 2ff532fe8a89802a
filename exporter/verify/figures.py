"""An artefact's parity figures for people: the worst over its outputs, one output across the formats, in words.

The report and the terminal show the same figures, so both take them from here. Nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exporter.graphs.tasks import TASKS
from exporter.manifest import Artifact, Parity, Rollout, Tolerance, Verification


@dataclass(frozen=True)
class TaskMetric:
    """What parity comes to in the task's own terms, as text."""

    name: str
    value: str
    least: str
    """What the tolerance asks for"""
    reached: bool

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


@dataclass(frozen=True)
class Output:
    """One output of a graph in every format that was compared with PyTorch on the same inputs."""

    graph: str
    name: str
    formats: tuple[tuple[Artifact, Parity], ...]


def by_output(artifacts: Sequence[Artifact]) -> list[Output]:
    """Outputs graph by graph, so that formats can stand beneath one another; those compared nowhere are left out."""
    compared: dict[tuple[str, str], list[tuple[Artifact, Parity]]] = {}
    for graph in dict.fromkeys(artifact.graph for artifact in artifacts):
        for artifact in artifacts:
            if artifact.graph == graph:
                for name, parity in artifact.verification.outputs.items():
                    compared.setdefault((graph, name), []).append((artifact, parity))
    return [Output(graph, name, tuple(formats)) for (graph, name), formats in compared.items()]


def ms_text(ms: float) -> str:
    """Milliseconds to three digits that count; whole ones from a hundred up."""
    return f"{ms:,.0f}" if ms >= 99.95 else f"{ms:.3g}"


def worst(verification: Verification) -> Parity | None:
    """The worst of each figure over an artefact's outputs; None where nothing was compared."""
    outputs = tuple(verification.outputs.values())
    if not outputs:
        return None
    return Parity(
        max_abs=largest(output.max_abs for output in outputs),
        relative=largest(output.relative for output in outputs),
        psnr=_least(output.psnr for output in outputs),
        sqnr=_least(output.sqnr for output in outputs),
        top1=_least(output.top1 for output in outputs),
        top5=_least(output.top5 for output in outputs),
        labels=_least(output.labels for output in outputs),
        mask_iou=_least(output.mask_iou for output in outputs),
        per_vector=tuple(map(largest, zip(*(output.per_vector for output in outputs), strict=True))),
    )


def largest(errors: Iterable[float | None]) -> float | None:
    """None, "not finite", is larger than any number."""
    largest = 0.0
    for error in errors:
        if error is None:
            return None
        largest = max(largest, error)
    return largest


def _least(figures: Iterable[float | None]) -> float | None:
    """Of the outputs that have this figure."""
    return min((figure for figure in figures if figure is not None), default=None)


def is_off(parity: Parity, tolerance: Tolerance) -> bool:
    """Whether its worst element is further off than a tolerance has it, or not finite."""
    return parity.relative is None or (tolerance.relative is not None and parity.relative > tolerance.relative)


def task_metric(parity: Parity, tolerance: Tolerance) -> TaskMetric | None:
    """The one that applies; None for an output that is neither scores of classes nor a mask."""
    return next(_task_metrics(parity, tolerance), None)


def _task_metrics(parity: Parity, tolerance: Tolerance) -> Iterator[TaskMetric]:
    for name, value, least, form in (
        ("top-1", parity.top1, tolerance.top1, "{:.1%}"),
        ("labels", parity.labels, tolerance.labels, "{:.2%}"),
        ("mask IoU", parity.mask_iou, tolerance.mask_iou, "{:.4f}"),
    ):
        if value is not None:
            yield TaskMetric(name, form.format(value), form.format(least), value >= least)


def error_text(error: float | None) -> str:
    """A difference from PyTorch."""
    if error is None:
        return "not finite"
    return f"{error:.1e}" if error else "0"


def ms_per_frame(rollout: Rollout) -> float:
    """Median ms that the graphs of every frame took together; of a rollout that was timed."""
    return sum(rollout.ms[graph] for graph in TASKS["track"].every_frame)


def psnr_text(parity: Parity) -> str:
    """In dB; equal outputs have no noise."""
    if parity.psnr is None:
        return "not finite" if parity.max_abs is None else "equal"
    return f"{parity.psnr:.1f}"
