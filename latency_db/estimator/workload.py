"""What a device is asked to run for one image or frame: graphs cut into kernels, and the facts of their model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from latency_db.kernel import Kernel
from latency_db.measurement import Subject
from latency_db.published.coreml_models import ModelFacts

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
