"""What a format is: a record of facts and functions. Each module of this package fills one in, as its `BACKEND`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from device_profiles.vocabulary import ComputeUnit, Precision
from exporter.errors import BackendError
from exporter.manifest import Delegation, TensorSpec
from exporter.operations.operation import Operation
from exporter.quantise.scheme import Scheme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from exporter.backends.runner import Arrays, Runner
    from exporter.graphs.capture import Graph


@dataclass(frozen=True)
class LowerOptions:
    """How a graph is to be written in a format."""

    precision: Precision
    min_ios: int = 17
    """Oldest iOS major version that a Core ML program must load on."""
    delegate: str | None = None
    """Accelerated backend inside the format, where it has several; None is the format's first."""
    rewrites: tuple[str, ...] | None = None
    """Passes to apply first; None is the backend's own, an empty tuple converts the program as it is."""
    edges: Literal["float32"] | None = None
    """What a file takes and gives, but images; None is what apps do in that precision and format."""
    scheme: Scheme | None = None
    """What gets fewer bits; None is what the backend has for the precision."""
    calibration: Sequence[Arrays] = ()
    """Inputs of the graph that a quantiser may look at, never those that artefacts are verified on."""
    full: Path | None = None
    """The graph in the format's full precision, where it is written already: what quantises files begins with it."""


@dataclass(frozen=True)
class Lowered:
    """What a backend knows about a file it has just written."""

    operators: dict[str, int] = field(default_factory=dict)
    delegation: Delegation | None = None
    min_os: str | None = None
    compute_units: tuple[ComputeUnit, ...] = ()
    """The processors that the file may be run on."""
    inputs: tuple[TensorSpec, ...] | None = None
    """The inputs as the file takes them, where they differ from the graph's."""
    outputs: tuple[TensorSpec, ...] | None = None
    """The same of the outputs."""
    quantised: str = ""
    """What has fewer bits, in words."""

    def signature(self, graph: Graph) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
        """The inputs and outputs of the graph as the file has them."""
        return self.inputs or graph.inputs, self.outputs or graph.outputs


class NotExecutableError(BackendError):
    """A valid artefact that nothing on this machine can run."""


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


class Load(Protocol):
    """Loads a file of a format."""

    def __call__(self, path: Path, threads: int | None = None) -> Runner:
        """`threads` None takes about one for each core. Raises `NotExecutableError` for what cannot run here."""


@dataclass(frozen=True)
class Backend:
    """A format: how a graph becomes a file, and how the file runs here."""

    name: str
    extension: str
    precisions: tuple[Precision, ...]
    """Default first."""
    rewrites: Mapping[str | None, tuple[str, ...]]
    """Delegate, None where there is no choice -> the passes that suit it, by their names in exporter.rewrites."""
    toolchain: tuple[str, ...]
    """Distributions that write it; their versions go into the manifest."""
    runtime: str
    """What runs its artefacts on this machine."""
    extra: str
    """The extra of vitexport that installs the toolchain."""
    lower: Callable[[Graph, Path, LowerOptions], Lowered]
    """Write the graph to a path."""
    inspect: Callable[[Path, Sequence[TensorSpec], Sequence[TensorSpec]], str]
    """Compare what a file says of its inputs and outputs with those of its graph, without running it, and say in a few
    words what was compared. Raises `BackendError`."""
    load: Load
    delegates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Delegate -> distributions it needs besides the toolchain; default first, empty where there is no choice."""
    optional_imports: tuple[str, ...] = ()
    """Packages that what runs it imports where they are installed, and does nothing with."""
    interpreted: bool = False
    """Whether its runtime here is an interpreter, whose times say nothing of the format."""
    on_request: bool = False
    """Whether it is made only where it is asked for by name."""
    seconds: float | None = None
    """Time box of a verification: once it is up, no further input is run. None runs them all."""
    trace: Callable[[Path, Mapping[str, NDArray[np.float32]]], Iterator[Computed]] | None = None
    """Run once, and yield every operation in the order of execution, where the runtime shows the values inside.

    What is declared to be half precision is computed in single precision where the runtime can.
    """
    reorders_axes: bool = False
    """Whether the values of `trace` have their axes in another order than PyTorch's."""
    operations: Callable[[Path], Iterator[Operation]] | None = None
    """The operators of a file in the order of execution, without running them, where something reads them."""
    precision_loss: Callable[[Path, Mapping[str, NDArray[np.float32]], float], str | None] | None = None
    """The first operation that loses more than a share of its range to half precision, in words; None if none does."""
    schemes: Mapping[Precision, Scheme] = field(default_factory=dict)
    """What gets fewer bits in those of the precisions that are made by quantising."""

    since: Mapping[Precision, int] = field(default_factory=dict)
    """Precision -> the first iOS that has its operators, where the format's oldest has not."""
    without_ranges: Mapping[Precision, Precision] = field(default_factory=dict)
    """Precision with fixed ranges of activations -> the one that a graph has in its place that they do not suit."""
    groups: tuple[tuple[str, ...], ...] = ()
    """Kinds of operators that have fewer bits together or not at all, where a mixture is sought; empty where none is"""
    kinds: Callable[[Graph, Path], Iterable[str]] | None = None
    """The kinds of operators that a graph has in its file in full precision, for that search"""

    @property
    def full_precision(self) -> Precision:
        """What is quantised is compared with the same graph in this."""
        return self.precisions[0]

    def scheme(self, options: LowerOptions) -> Scheme | None:
        """What gets fewer bits; None where nothing does."""
        return options.scheme or self.schemes.get(options.precision)

    @property
    def default_delegate(self) -> str | None:
        """The delegate that is taken where none is asked for; None where there is no choice."""
        return next(iter(self.delegates), None)

    def passes(self, options: LowerOptions) -> tuple[str, ...]:
        """Rewrites that a program goes through before it is written, by name."""
        if options.rewrites is not None:
            return options.rewrites
        return self.rewrites[options.delegate or self.default_delegate]
