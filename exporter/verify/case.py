"""What verification is asked: an artefact, its inputs, and what PyTorch makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.backends.runner import Arrays
from exporter.bundle import Bundle
from exporter.manifest import Artifact, TensorSpec, Variant


@dataclass(frozen=True)
class Case:
    """An artefact, its inputs stacked along the first axis, and what PyTorch makes of them."""

    variant: Variant
    graph: str
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    given: Arrays
    expected: Arrays

    @property
    def format(self) -> str:
        """The format of the artefact."""
        return self.variant.format


def case_of(bundle: Bundle, artifact: Artifact) -> Case:
    """An artefact of a bundle with its conformance vectors; raises `BundleError` where they cannot be read."""
    given, expected = bundle.vectors(artifact.graph)
    path = bundle.path / artifact.file
    return Case(artifact.variant, artifact.graph, path, artifact.inputs, artifact.outputs, given, expected)


def cases_of(bundle: Bundle) -> list[Case]:
    """Every artefact of a bundle; raises `BundleError` if a file is missing or altered."""
    bundle.check()
    return [case_of(bundle, artifact) for artifact in bundle.manifest.artifacts]
