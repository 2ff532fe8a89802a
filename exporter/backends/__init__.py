"""What a format is: it lowers a graph to a file, and loads that file again to run it.

One module a format. A toolchain is imported only inside its own module's functions, so that a missing one costs a
format and not the program.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from exporter.errors import BackendError, closest
from exporter.manifest import Delegation, Precision, TensorSpec
from exporter.operations import Operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.graphs.capture import Graph

FORMATS = ("coreml", "coreai", "executorch", "tflite", "onnx")


class Runner(Protocol):
    """A loaded artefact. Keeps alive whatever memory its runtime reads from."""

    runtime: str
    """Name and version of what executes it."""

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Run once; the arrays returned are the caller's own."""


@dataclass(frozen=True)
class LowerOptions:
    precision: Precision
    min_ios: int = 17
    """Oldest iOS major version that a Core ML program must load on."""
    delegate: str | None = None
    """Accelerated backend inside the format, where it has several; None is the format's first."""
    rewrites: tuple[str, ...] | None = None
    """Passes to apply first; None is the backend's own, an empty tuple converts the program as it is."""


@dataclass(frozen=True)
class Lowered:
    """What a backend knows about a file it has just written."""

    operators: dict[str, int] = field(default_factory=dict)
    delegation: Delegation | None = None
    min_os: str | None = None
    compute_units: str | None = None
    inputs: tuple[TensorSpec, ...] | None = None
    """The inputs as the file takes them, where they differ from the graph's."""


class NotExecutableError(BackendError):
    """A valid artefact that nothing on this machine can run."""


class Backend(Protocol):
    """The interface of the modules in this package."""

    NAME: str
    EXTENSION: str
    PRECISIONS: tuple[Precision, ...]
    """Default first."""
    DELEGATES: Mapping[str, tuple[str, ...]]
    """Delegate -> distributions it needs besides the toolchain; default first, empty where there is no choice."""
    REWRITES: Mapping[str | None, tuple[str, ...]]
    """Delegate, None where there is no choice -> the passes that suit it, by their names in exporter.rewrites."""
    TOOLCHAIN: tuple[str, ...]
    """Distributions that write it; their versions go into the manifest."""
    RUNTIME: str
    """What runs its artefacts on this machine."""
    INTERPRETED: bool
    """Whether that is an interpreter, whose times say nothing of the format"""
    SECONDS: float | None
    """Time box of a verification: once it is up, no further input is run. None runs them all."""
    ON_REQUEST: bool
    """Whether it is made only where it is asked for by name"""
    EXTRA: str
    """The extra of vitexport that installs the toolchain."""

    def lower(self, graph: Graph, path: Path, options: LowerOptions) -> Lowered:
        """Write the graph to `path`."""

    def load(self, path: Path, threads: int | None = None) -> Runner:
        """`threads` None takes about one for each core. Raises `NotExecutableError` for what cannot run here."""


@dataclass(frozen=True)
class Computed:
    """An operation of an artefact, and what it computed in one run."""

    kind: str
    """Operator type, in the words of the format"""
    name: str
    origin: str | None
    """What PyTorch's program calls it, where the format keeps such names"""
    reads: tuple[str, ...]
    """The values it was given, by name, without constants"""
    results: Mapping[str, NDArray[np.generic]]
    """What it computed, by name"""


class Tracing(Protocol):
    """What a backend has besides, if its runtime lets the values inside an artefact be seen."""

    REORDERS_AXES: bool
    """Whether its values have their axes in another order than PyTorch's"""

    def trace(self, path: Path, inputs: Mapping[str, NDArray[np.float32]]) -> Iterator[Computed]:
        """Run once, and yield every operation in the order of execution.

        What is declared to be half precision is computed in single precision where the runtime can.
        """


class Readable(Protocol):
    """What a backend has besides, if rules can be put to the operators of its files."""

    def operations(self, path: Path) -> Iterator[Operation]:
        """The operators of a file in the order of execution, without running them."""


class Rounding(Protocol):
    """What a backend has besides, if it can tell the errors of half precision from others."""

    def precision_loss(self, path: Path, inputs: Mapping[str, NDArray[np.float32]], share: float) -> str | None:
        """The first operation that loses more than `share` of its range, in words; None if none does."""


class Inspecting(Protocol):
    """What a backend has besides, if running an artefact here does not prove all that the file declares."""

    def inspect(self, path: Path, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> str:
        """Check the structure of a file without running it, and say in a few words what was checked.

        Raises `BackendError` with what is wrong.
        """


def backend(name: str) -> Backend:
    """The module of a format; raises `BackendError` for an unknown name."""
    if name not in FORMATS:
        raise BackendError(f"There is no format {name!r}; closest are {closest(name, FORMATS)}.")
    return cast(Backend, importlib.import_module(f"exporter.backends.{name}"))


def all_formats() -> list[str]:
    """What "all" stands for: every format that is not made on request only."""
    return [name for name in FORMATS if not backend(name).ON_REQUEST]


def rewrites_for(options: LowerOptions, by_delegate: Mapping[str | None, tuple[str, ...]]) -> tuple[str, ...]:
    """Which of a backend's `REWRITES` a program goes through before it is written."""
    return by_delegate[options.delegate or next(iter(by_delegate))] if options.rewrites is None else options.rewrites


def toolchain_versions(module: Backend, delegate: str | None = None) -> dict[str, str]:
    """Installed versions of the format's toolchain; raises `BackendError` that says how to install what is missing."""
    versions = {}
    for distribution in (*module.TOOLCHAIN, *(module.DELEGATES[delegate] if delegate else ())):
        try:
            versions[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            raise BackendError(
                f"The format {module.NAME} needs {distribution}, which is not installed: "
                f"pip install 'vitexport[{module.EXTRA}]'."
            ) from None
    return versions


def installed(module: Backend) -> bool:
    """Whether the format's toolchain is there."""
    try:
        return bool(toolchain_versions(module))
    except BackendError:
        return False
