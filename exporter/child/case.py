"""What is asked of a process that runs artefacts, and what PyTorch says to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.bundle import Bundle
from exporter.manifest import Precision, TensorSpec
from exporter.verify import Arrays


@dataclass(frozen=True)
class Case:
    """An artefact, its inputs stacked along the first axis, and what PyTorch says."""

    format: str
    graph: str
    path: Path
    precision: Precision
    outputs: tuple[TensorSpec, ...]
    given: Arrays
    expected: Arrays


def cases_of(bundle: Bundle) -> list[Case]:
    """Every artefact of a bundle; raises `BundleError` if a file is missing or altered."""
    bundle.check()
    vectors = {graph.name: bundle.vectors(graph.name) for graph in bundle.manifest.graphs}
    return [
        Case(a.format, a.graph, bundle.path / a.file, a.precision, a.outputs, *vectors[a.graph])
        for a in bundle.manifest.artifacts
    ]
