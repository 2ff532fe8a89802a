"""report.html: a bundle explained to people, in one file that needs nothing else.

It restates the manifest, the device profile and the conformance vectors. It judges nothing anew, and what was not
measured it does not show.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device_profiles.facts import described
from device_profiles.schema import FROM_MEMORY, Device
from exporter.contents import REPORT
from exporter.inference.classify import labels_of
from exporter.lint.rules import rules
from exporter.lint.summary import by_rule
from exporter.lint.summary import counted as findings_counted
from exporter.manifest import Artifact, GraphEntry, Latency, Manifest, Parity, TensorSpec, Variant
from exporter.report.environment import counted, environment, percent
from exporter.report.following import following
from exporter.report.pictures import jpeg
from exporter.vectors import read_vectors
from exporter.verify.figures import (
    by_output,
    error_text,
    is_off,
    largest,
    ms_per_frame,
    ms_text,
    psnr_text,
    task_metric,
    worst,
)
from exporter.verify.shortfalls import least_sqnr, shortfalls, speed_of
from exporter.verify.verdict import verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THUMBNAIL = 144
"""Longest side of a verification picture in the report, pixels."""

LABELLED_DECADES = 5
"""Most decades of a plot's axis that get a label each: more would run into one another on a phone."""


def write_report(
    folder: Path, manifest: Manifest, device: Device, followed: Mapping[str, NDArray[np.bool_]] | None = None
) -> None:
    """Write report.html for the bundle in `folder`; raises `BundleError` where its vectors cannot be read.

    `followed` are the masks [objects, frames, h, w] that each variant's artefacts saw, by its label, in a tracker's
    sequence.
    """
    filters: dict[str, Callable[..., Any]] = {
        "counted": counted,
        "error": error_text,
        "interval": _interval,
        "is_off": is_off,
        "megabytes": _megabytes,
        "ms": ms_text,
        "percent": percent,
        "psnr": psnr_text,
        "variant_label": manifest.label,
    }
    compared = [(artifact, parity) for artifact in manifest.artifacts if (parity := worst(artifact.verification))]
    page = (
        environment(filters)
        .get_template("report.html.jinja")
        .render(
            manifest=manifest,
            device=device,
            verdict=verdict(manifest),
            worst=worst,
            largest=largest,
            least_sqnr=least_sqnr,
            shortfalls=shortfalls(manifest),
            speed_of=speed_of,
            task_metric=task_metric,
            ms_per_frame=ms_per_frame,
            following=following(folder, manifest, followed or {}),
            compared=compared,
            agreement=by_output(manifest.artifacts),
            axis=_LogAxis(compared),
            pictures=_pictures(folder, manifest, compared),
            contracts=_contracts(manifest.artifacts, manifest.label),
            facts=described(device),
            from_memory=FROM_MEMORY,
            toolchain=_toolchain(manifest.artifacts),
            hazards=by_rule(manifest.findings),
            counted_findings=findings_counted(manifest.findings),
            titles={rule.id: rule.title for rule in rules()},
        )
    )
    (folder / REPORT).write_text(page, encoding="utf-8")


class _LogAxis:
    """Relative errors on a decade scale that includes the tolerances, as percentages of a plot's width.

    Zero and "not finite" have no place on such a scale: where they occur they get one of their own beyond its ends.
    """

    ZERO, NOT_FINITE = 4.0, 92.0

    def __init__(self, compared: Sequence[tuple[Artifact, Parity]]) -> None:
        errors = [error for _, parity in compared for error in parity.per_vector]
        bounds = [artifact.verification.tolerance.relative for artifact, _ in compared]
        shown = [error for error in (*errors, *bounds) if error]
        self._low = math.floor(math.log10(min(shown, default=1)))
        self._high = max(math.ceil(math.log10(max(shown, default=1))), self._low + 1)
        self._has_zero, self._has_not_finite = 0 in errors, None in errors
        self._left = 14.0 if self._has_zero else 4.0
        self._right = 78.0 if self._has_not_finite else 96.0

    def x(self, error: float | None) -> float:
        if error is None:
            return self.NOT_FINITE
        if error == 0:
            return self.ZERO
        share = (math.log10(error) - self._low) / (self._high - self._low)
        return round(self._left + share * (self._right - self._left), 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """(place in percent, label)"""
        stride = math.ceil((self._high - self._low) / LABELLED_DECADES)
        decades = [10.0**exponent for exponent in range(self._low, self._high + 1, stride)]
        zero = [(self.ZERO, "0")] if self._has_zero else []
        not_finite = [(self.NOT_FINITE, "not finite")] if self._has_not_finite else []
        return [*zero, *((self.x(decade), f"{decade:.0e}") for decade in decades), *not_finite]


@dataclass(frozen=True)
class _Picture:
    """A verification input, what PyTorch takes it for, and how far each artefact is from PyTorch on it."""

    graph: str
    number: int
    uri: str
    best_class: str | None
    errors: tuple[tuple[Artifact, float | None], ...]


def _pictures(folder: Path, manifest: Manifest, compared: Sequence[tuple[Artifact, Parity]]) -> list[_Picture]:
    return [
        _Picture(
            graph=graph.name,
            number=index + 1,
            uri=jpeg(pixels.transpose(1, 2, 0).astype("uint8"), THUMBNAIL),
            best_class=best_class,
            errors=tuple(
                (artifact, parity.per_vector[index])
                for artifact, parity in compared
                if artifact.graph == graph.name and index < len(parity.per_vector)
            ),
        )
        for graph in manifest.graphs
        for index, (pixels, best_class) in enumerate(_recorded(folder, graph, _class_names(manifest)))
    ]


def _recorded(
    folder: Path, graph: GraphEntry, names: Callable[[int], str]
) -> Iterator[tuple[NDArray[np.float32], str | None]]:
    """(RGB 0–255 [3, H, W], PyTorch's best class) of every verification input, where the graph takes a picture."""
    given, expected = read_vectors(folder / graph.vectors)
    scores = next((expected[spec.name] for spec in graph.outputs if spec.kind == "class_scores"), None)
    for spec in graph.inputs:
        if spec.kind == "image":
            for index, picture in enumerate(given[spec.name]):
                yield picture[0], None if scores is None else names(int(scores[index].argmax()))


def _class_names(manifest: Manifest) -> Callable[[int], str]:
    """Class index -> what to call it. A label on a guess of seeded weights would be taken for a mistake."""
    names = dict(enumerate(labels_of(manifest.model) if manifest.weights.trained else ()))
    return lambda index: names.get(index) or f"class {index}"


def _contracts(
    artifacts: Sequence[Artifact], label: Callable[[Variant], str]
) -> dict[tuple[str, tuple[TensorSpec, ...], tuple[TensorSpec, ...]], str]:
    """(graph, inputs, outputs) -> the formats that share them."""
    contracts: dict[tuple[str, tuple[TensorSpec, ...], tuple[TensorSpec, ...]], list[str]] = {}
    for artifact in artifacts:
        contracts.setdefault((artifact.graph, artifact.inputs, artifact.outputs), []).append(label(artifact.variant))
    return {contract: ", ".join(formats) for contract, formats in contracts.items()}


def _toolchain(artifacts: Sequence[Artifact]) -> dict[str, str]:
    """Versions of the packages that wrote the artefacts."""
    return {package: version for artifact in artifacts for package, version in artifact.toolchain.items()}


def _interval(latency: Latency) -> str:
    return f"{ms_text(latency.ms)} ms ({ms_text(latency.low)} to {ms_text(latency.high)})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.2f}"
