"""Where an artefact leaves PyTorch: the first operation after which nothing agrees any more.

Converters fuse, split and reorder, so that many values of an artefact have no counterpart in PyTorch. But as long as
something that is computed from a value agrees, the value was right. The operation sought is the first of which not
even that is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from exporter.backends import Computed, Tracing, backend
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.graphs.capture import Graph
from exporter.intermediates import Index, Intermediate, intermediates, relative_error, says_something
from exporter.manifest import Artifact, Verification
from exporter.models.registry import create_model, model_info
from exporter.models.weights import provide_weights
from exporter.pipeline import graphs_of


@dataclass(frozen=True)
class Departure:
    """Where an artefact leaves PyTorch."""

    kind: str
    """Operator type of the first operation after which nothing agrees, in the words of the format"""
    name: str
    number: int
    """Its place among the `of` operations of the artefact, from 1"""
    of: int
    error: float | None
    """max|a-b| / max|b| to PyTorch's operation of that name; None where it has none"""
    module: str | None
    """Module of the model that PyTorch's operation of that name belongs to"""
    after: tuple[str, ...]
    """What it reads and PyTorch agrees on, as PyTorch's operations and their modules"""

    def __str__(self) -> str:
        module = f" in {self.module}" if self.module else ""
        error = "with a result that PyTorch does not have"
        if self.error is not None:
            error = f"{self.error:.1e} of its range from PyTorch's" if isfinite(self.error) else "not finite"
        after = f"; what it reads is right: {', '.join(self.after)}" if self.after else ""
        return f"operation {self.number} of {self.of}, {self.kind} {self.name!r}{module}, {error}{after}"


@dataclass(frozen=True)
class Explanation:
    """What became of an artefact that failed verification."""

    format: str
    graph: str
    vector: int
    """The conformance vector that it is worst on, from 0"""
    departure: Departure | None
    sentence: str


def explain_bundle(
    bundle: Bundle,
    checked: Sequence[tuple[Artifact, Verification]],
    weights: str | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> list[Explanation]:
    """Where each artefact that ran and failed verification leaves PyTorch.

    `weights` is the checkpoint, where the bundle was made from a file. Raises `BundleError` if it is another.
    """
    failed = [(artifact, verdict) for artifact, verdict in checked if verdict.status == "failed" and verdict.outputs]
    graphs = reference_graphs(bundle, weights) if failed else {}
    explained = []
    for index, (artifact, verdict) in enumerate(failed):
        if progress is not None:
            progress(f"{artifact.format}: explain {artifact.graph}", index / len(failed))
        explained.append(_explained(bundle, artifact, verdict, graphs[artifact.graph]))
    return explained


def reference_graphs(bundle: Bundle, weights: str | None = None) -> dict[str, Graph]:
    """The graphs of a bundle's model, captured anew; raises `BundleError` if its weights are not to be had."""
    manifest = bundle.manifest
    if manifest.weights.kind == "file" and weights is None:
        raise BundleError(f"{bundle.path} was made from {manifest.weights.source}: pass --weights with that file.")
    info = model_info(manifest.model.name)
    network = create_model(info.name, manifest.model.image_size, num_classes=manifest.model.num_classes or 1000)
    loaded = provide_weights(network, info, weights or ("random" if manifest.weights.kind == "seeded" else "required"))
    if loaded.sha256 != manifest.weights.sha256:
        raise BundleError(f"{loaded.source} is not what {bundle.path} was made from: its sha256 differs.")
    return {graph.name: graph for graph in graphs_of(network, info)}


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
    error: float | None
    module: str | None


def _match(operation: Computed, known: Index) -> _Match:
    agreeing = {name: one for name, value in operation.results.items() if (one := known.agreeing(value)) is not None}
    name, value = next(iter(operation.results.items()))
    # Core ML's converter marks what it has cast to half precision.
    namesake = known.named(name.removesuffix("_cast_fp16"), value)
    return _Match(
        kind=operation.kind,
        name=operation.name,
        reads=operation.reads,
        results=frozenset(operation.results),
        agreeing=agreeing,
        evidence=any(says_something(operation.results[name]) for name in agreeing),
        error=relative_error(value, namesake.value) if namesake else None,
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
        doubtful = match.results - needed - match.agreeing.keys()
        right[index] = not (doubtful & read if len(match.results) > 1 else doubtful)
        if right[index] and (match.evidence or match.results & needed):
            needed.update(match.reads)
    return right


def _explained(bundle: Bundle, artifact: Artifact, verdict: Verification, graph: Graph) -> Explanation:
    errors = [[np.inf if error is None else error for error in one.per_vector] for one in verdict.outputs.values()]
    worst = int(np.argmax(np.max(errors, axis=0)))
    module = backend(artifact.format)
    if not hasattr(module, "trace"):
        sentence = f"{module.RUNTIME} does not show what is computed inside an artefact."
        return Explanation(artifact.format, artifact.graph, worst, None, sentence)
    tracing = cast(Tracing, module)
    inputs: dict[str, NDArray[Any]] = {key: value[worst] for key, value in bundle.vectors(artifact.graph)[0].items()}
    known = Index(intermediates(graph, artifact.rewrites, inputs), verdict.tolerance.relative, tracing.REORDERS_AXES)
    found = departure(tracing.trace(bundle.path / artifact.file, inputs), known)
    sentence = (
        f"the artefact leaves PyTorch at {found}."
        if found
        else "run one at a time, all its operations agree with PyTorch."
    )
    return Explanation(artifact.format, artifact.graph, worst, found, sentence)
