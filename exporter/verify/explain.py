"""Where an artefact leaves PyTorch: the first operation after which nothing agrees any more.

Converters fuse, split and reorder, so that many values of an artefact have no counterpart in PyTorch. But as long as
something that is computed from a value agrees, the value was right. The operation sought is the first of which not
even that is true. (What follows the sign of a number near zero may differ without a mistake, as what a tracker
remembers of a prompted frame does in half precision: only what comes before it can be told.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.backends import backend
from exporter.backends.interface import Computed
from exporter.backends.runner import Progress
from exporter.bundle import Bundle
from exporter.errors import BundleError, describe
from exporter.graphs.capture import Graph
from exporter.graphs.cut import graphs_of, info_of, model_of
from exporter.manifest import Artifact, Verification
from exporter.models.model import Model
from exporter.models.weights.loading import provide_weights
from exporter.operations.relative_error import relative_error
from exporter.verify.intermediates import Index, Intermediate, intermediates, says_something
from exporter.verify.tolerances import TOLERANCES

CERTAINLY_WRONG = 10
"""Multiple of the tolerance from which on a value is wrong for certain, though something computed from it may agree."""


@dataclass(frozen=True)
class Departure:
    """Where an artefact leaves PyTorch."""

    kind: str
    """Operator type of the first operation after which nothing agrees, in the words of the format"""
    name: str
    number: int
    """Its place among the `of` operations of the artefact, from 1"""
    of: int
    finite: bool
    """Whether its result is"""
    error: float | None
    """max|a-b| / max|b| to PyTorch's operation of that name; None where there is none, or it is not finite"""
    module: str | None
    """Module of the model that PyTorch's operation of that name belongs to"""
    after: tuple[str, ...]
    """What it reads and PyTorch agrees on, as PyTorch's operations and their modules"""

    def __str__(self) -> str:
        module = f" in {self.module}" if self.module else ""
        how = f", {self.error:.1e} of its range from PyTorch's" if self.error is not None else ""
        how = how if self.finite else ", not finite"
        after = f"; what it reads is right: {', '.join(self.after)}" if self.after else ""
        return f"operation {self.number} of {self.of}, {self.kind} {self.name!r}{module}{how}{after}"


@dataclass(frozen=True)
class Explanation:
    """What became of an artefact that failed verification."""

    format: str
    """The format, with what tells the variant from others of that format"""
    graph: str
    vector: int
    """The conformance vector that it is worst on, from 0"""
    departure: Departure | None
    sentence: str


@dataclass(frozen=True)
class Reference:
    """The model that a bundle was made from."""

    network: Model

    @cached_property
    def graphs(self) -> dict[str, Graph]:
        """Captured anew: takes a while for a tracker."""
        return {graph.name: graph for graph in graphs_of(self.network)}


def reference(bundle: Bundle, weights: str | None = None) -> Reference:
    """The model of a bundle, with its weights; `weights` is the checkpoint, if the bundle was made from a file.

    Raises `BundleError` for other weights than the bundle was made from, `WeightsError` where they are not to be had.
    """
    manifest = bundle.manifest
    if manifest.weights.kind == "file" and weights is None:
        raise BundleError(f"{bundle.path} was made from {manifest.weights.source}: pass --weights with that file.")
    network = model_of(manifest)
    choice = weights or ("random" if manifest.weights.kind == "seeded" else "required")
    loaded = provide_weights(network, info_of(manifest), choice, key=manifest.weights.key or None)
    if loaded.sha256 != manifest.weights.sha256:
        raise BundleError(f"{loaded.source} is not what {bundle.path} was made from: its sha256 differs.")
    return Reference(network)


def explain_bundle(
    bundle: Bundle,
    checked: Sequence[tuple[Artifact, Verification]],
    known: Reference,
    progress: Progress | None = None,
) -> list[Explanation]:
    """Where each artefact leaves PyTorch that ran and failed verification, or falls short of it."""
    failed = [
        (artifact, found) for artifact, found in checked if found.outputs and (found.status == "failed" or found.short)
    ]
    explained = []
    for index, (artifact, verification) in enumerate(failed):
        if progress is not None:
            progress(f"{bundle.manifest.label(artifact.variant)}: explain {artifact.graph}", index / len(failed))
        errors = [[inf if e is None else e for e in output.per_vector] for output in verification.outputs.values()]
        worst = int(np.argmax(np.max(errors, axis=0)))
        try:
            found, sentence = _explained(bundle, artifact, known.graphs[artifact.graph], worst)
        except Exception as error:  # whatever a runtime throws: the other artefacts can still be explained
            found, sentence = None, f"it cannot be explained ({describe(error)})."
        explained.append(Explanation(bundle.manifest.label(artifact.variant), artifact.graph, worst, found, sentence))
    return explained


def _explained(bundle: Bundle, artifact: Artifact, graph: Graph, vector: int) -> tuple[Departure | None, str]:
    format, path = backend(artifact.format), bundle.path / artifact.file
    if format.trace is None:
        return None, f"{format.runtime} does not show what is computed inside an artefact."
    inputs: dict[str, NDArray[Any]] = {key: value[vector] for key, value in bundle.vectors(artifact.graph)[0].items()}
    share = TOLERANCES[artifact.precision].operation
    known = Index(intermediates(graph, artifact.rewrites, inputs), share, format.reorders_axes)
    found = departure(format.trace(path, inputs), known)
    if found is not None:
        return found, f"the artefact leaves PyTorch at {found}."
    loss = format.precision_loss(path, inputs, share) if format.precision_loss is not None else None
    if loss is not None:
        return None, f"all its operations agree with PyTorch in single precision; {loss}."
    return None, "run one at a time, all its operations agree with PyTorch."


def departure(operations: Iterable[Computed], known: Index) -> Departure | None:
    """Where `operations`, in the order of execution, leave what is known; None if they never do."""
    matches = [_match(operation, known) for operation in operations]
    right = _right(matches)
    if all(right):
        return None
    found = right.index(False)
    wrong = matches[found]
    agreeing = {name: one for match in matches[:found] for name, one in match.agreeing.items()}
    return Departure(
        kind=wrong.kind,
        name=wrong.name,
        number=found + 1,
        of=len(matches),
        finite=wrong.finite,
        error=wrong.error,
        module=wrong.module,
        after=tuple(f"{one.name} in {one.module}" for name in wrong.reads if (one := agreeing.get(name)) is not None),
    )


@dataclass(frozen=True)
class _Match:
    """An operation of an artefact, and what of it PyTorch knows."""

    kind: str
    name: str
    reads: tuple[str, ...]
    results: frozenset[str]
    agreeing: dict[str, Intermediate]
    """Result -> a value in PyTorch that it equals"""
    evidence: bool
    """Whether a result agrees that would not by chance"""
    wrong: bool
    """Whether it is so far from PyTorch's operation of that name that nothing computed from it can excuse it"""
    finite: bool
    error: float | None
    module: str | None


def _match(operation: Computed, known: Index) -> _Match:
    agreeing = {name: one for name, value in operation.results.items() if (one := known.agreeing(value)) is not None}
    value = next(iter(operation.results.values()))
    namesake = known.named(operation.origin, value) if operation.origin else None
    error = relative_error(value, namesake.value) if namesake else None
    return _Match(
        kind=operation.kind,
        name=operation.name,
        reads=operation.reads,
        results=frozenset(operation.results),
        agreeing=agreeing,
        evidence=any(says_something(operation.results[name]) for name in agreeing),
        wrong=error is not None and says_something(value) and not error <= CERTAINLY_WRONG * known.tolerance,
        finite=bool(np.isfinite(value).all()),
        error=error if error is not None and isfinite(error) else None,
        module=namesake.module if namesake else None,
    )


def _right(matches: Sequence[_Match]) -> list[bool]:
    """Of each operation, whether its results agree, or something that is computed from them does."""
    read = {name for match in matches for name in match.reads}
    needed: set[str] = set()
    """Values that something right was computed from"""
    right = [False] * len(matches)
    for index in reversed(range(len(matches))):
        match = matches[index]
        # Of several results, each has to be right that anything reads: half of a split may be, and the other not.
        unconfirmed = match.results - needed - match.agreeing.keys()
        right[index] = not match.wrong and not (unconfirmed & read if len(match.results) > 1 else unconfirmed)
        if right[index] and (match.evidence or match.results & needed):
            needed.update(match.reads)
    return right
