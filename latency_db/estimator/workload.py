"""What a device is asked to run for one image or frame: graphs cut into kernels, and the facts of their model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from latency_db.end_to_end.features import of_kernel
from latency_db.kernel import Kernel
from latency_db.measurement import Subject
from latency_db.published.coreml_models import ModelFacts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WHOLE = ""
"""In place of a graph's name: all of them at once"""


@dataclass(frozen=True)
class Workload:
    """The graphs that run once for each image, as one runtime on one compute unit cuts them."""

    graphs: Mapping[str, tuple[Kernel, ...]]
    """Graph -> its kernels in order. A classifier has `classify`; a frame of a tracker is `encode_image` and
    `track_step`."""
    facts: ModelFacts | None = None
    """Of the model, by which published rows are found; None of kernels that are no known model's"""
    usual_size: int | None = None
    """Side of the image, in pixels, at which the model is run where nobody says: what is measured without a size is at
    this one. None where nobody knows it"""

    def timed_as(self) -> Iterator[Mapping[str, Subject]]:
        """Graph, or `WHOLE` -> its subject, for each way in which all of the model may have been timed."""
        facts = self.facts
        if facts is None:
            return
        # Published rows have a model that has a size in its name; who measured the plain one at that size has it too.
        with_size = f"_{facts.size}x{facts.size}"
        graphs = list(self.graphs)
        names = dict.fromkeys((facts.model, facts.model.removesuffix(with_size)))
        for name, size in product(names, ((facts.size, facts.size), None)):
            usual = facts.stated_size is None or facts.size == self.usual_size or name.endswith(with_size)
            if size is None and not usual:
                continue
            for task in (graphs[0], "") if len(graphs) == 1 else ("",):
                yield {WHOLE: Subject.of_model(name, task, size)}
            yield {graph: Subject.of_graph(name, graph, size) for graph in graphs}

    @cached_property
    def subjects(self) -> frozenset[Subject]:
        """Its graphs, or the whole, as it may have been timed"""
        return frozenset(subject for way in self.timed_as() for subject in way.values())

    @cached_property
    def names(self) -> frozenset[str]:
        """Of the model, in those"""
        return frozenset(subject.name for subject in self.subjects)

    @cached_property
    def kernels(self) -> Mapping[tuple[str, Kernel], int]:
        """(graph, kernel) -> how often"""
        return {
            (graph, kernel): count
            for graph, kernels in self.graphs.items()
            for kernel, count in Counter(kernels).items()
        }

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """[1, features] of `latency_db.end_to_end.features`, over all graphs"""
        rows = [count * of_kernel(kernel) for (_, kernel), count in self.kernels.items()]
        return sum(rows[1:], rows[0])[None]
