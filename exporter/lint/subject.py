"""What rules look at: a graph on its way into a format, before it is lowered and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from exporter.backends import backend, installed
from exporter.backends.interface import Backend
from exporter.errors import BackendError, describe
from exporter.graphs.tasks import TASKS
from exporter.lint.bounds import UNBOUNDED, Bounds, bounds
from exporter.manifest import Artifact, Delegation, Variant
from exporter.operations.operation import Operation, Value

if TYPE_CHECKING:
    from device_profiles.vocabulary import Precision
    from exporter.graphs.capture import Graph

LoweringStage = Literal["program", "artifact"]
"""Before it: the captured program, which all formats share; or after it: the file made of that."""


@dataclass(frozen=True)
class Subject:
    """A graph in a variant, before it is lowered or after."""

    graph: str
    variant: Variant
    stage: LoweringStage
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
    def format(self) -> str:
        """The format that the graph is made in."""
        return self.variant.format

    @property
    def precision(self) -> Precision:
        """The precision that the graph is made in."""
        return self.variant.precision

    @property
    def every_frame(self) -> bool:
        """Whether an app runs the graph on every frame; others run when the user points at something."""
        return any(self.graph in task.every_frame for task in TASKS.values())

    def reach(self, value: Value) -> Bounds:
        """How large a value may become."""
        return self.bounds.get(value.name, UNBOUNDED)


@dataclass(frozen=True)
class Place:
    """Where a rule applies, and what it found there."""

    where: str
    detail: str


def of_program(graph: Graph, variants: Iterable[Variant], min_ios: int) -> list[Subject]:
    """Describe a captured graph on its way into each of the variants."""
    from exporter.operations.of_program import operations, returned

    calls = tuple(operations(graph.program))
    reach = bounds(calls, graph.inputs)
    results = returned(graph.program)
    return [Subject(graph.name, variant, "program", calls, min_ios, reach, results) for variant in variants]


def of_artifact(artifact: Artifact, folder: Path, min_ios: int) -> Subject:
    """Describe a file of a bundle in `folder`; it has no operators where its toolchain is missing or shows none.

    Raises `BackendError` for a damaged file.
    """
    format = backend(artifact.format)
    calls: tuple[Operation, ...] = ()
    if format.operations is not None and installed(format):
        calls = _operations(format, folder / artifact.file)
    return Subject(
        graph=artifact.graph,
        variant=artifact.variant,
        stage="artifact",
        operations=calls,
        min_ios=min_ios,
        delegation=artifact.delegation,
        min_os=artifact.min_os,
    )


def _operations(format: Backend, path: Path) -> tuple[Operation, ...]:
    assert format.operations is not None
    try:
        return tuple(format.operations(path))
    except BackendError:
        raise
    except Exception as error:  # readers of files do not expect damage
        raise BackendError(f"{path.name} cannot be read ({describe(error)}); export the model again.") from error
