"""What rules look at: a graph on its way into a format, before it is lowered and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from exporter.backends import Readable, backend, installed
from exporter.lint.bounds import UNBOUNDED, Bounds, bounds
from exporter.manifest import Artifact, Delegation, Precision
from exporter.operations import Operation, Value

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

Stage = Literal["program", "artifact"]
"""The captured program, which all formats share, or the file made of it."""

EVERY_FRAME = ("classify", "encode_image", "track_step")
"""Graphs that an app runs on every frame; the others run when the user points at something."""


@dataclass(frozen=True)
class Subject:
    """A graph in a format at a stage."""

    graph: str
    format: str
    precision: Precision
    stage: Stage
    operations: tuple[Operation, ...]
    """None at all where nothing here can read the file's"""
    min_ios: int
    """Oldest iOS that the device's users may have"""
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    """Value -> how large it may become; of a program only"""
    results: tuple[str, ...] = ()
    """The values that a program returns"""
    delegation: Delegation | None = None
    """Of an artefact, where its format has delegates"""
    min_os: str | None = None
    """Oldest system that an artefact loads on"""

    @property
    def every_frame(self) -> bool:
        return self.graph in EVERY_FRAME

    def reach(self, value: Value) -> Bounds:
        """How large a value may become."""
        return self.bounds.get(value.name, UNBOUNDED)


@dataclass(frozen=True)
class Place:
    """Where a rule applies, and what it found there."""

    where: str
    detail: str


def of_program(graph: Graph, formats: Mapping[str, Precision], min_ios: int) -> list[Subject]:
    """A captured graph, on its way into each of the formats."""
    from exporter.graphs.operations import operations, returned

    calls = tuple(operations(graph.program))
    reach = bounds(calls, graph.inputs)
    results = returned(graph.program)
    return [
        Subject(graph.name, format, precision, "program", calls, min_ios, reach, results)
        for format, precision in formats.items()
    ]


def of_artifact(artifact: Artifact, folder: Path, min_ios: int) -> Subject:
    """A file of a bundle in `folder`. Where its toolchain is missing, or shows no operators, there are none to look at.

    Raises `BackendError` for a damaged file.
    """
    module = backend(artifact.format)
    readable = installed(module) and hasattr(module, "operations")
    calls = tuple(cast(Readable, module).operations(folder / artifact.file)) if readable else ()
    return Subject(
        graph=artifact.graph,
        format=artifact.format,
        precision=artifact.precision,
        stage="artifact",
        operations=calls,
        min_ios=min_ios,
        delegation=artifact.delegation,
        min_os=artifact.min_os,
    )
