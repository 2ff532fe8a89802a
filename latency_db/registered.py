"""The index of registered models: which kernels their graphs are cut into, so that a look-up needs no torch.

The tables in `data/registered` have each model at the image sizes that people export;
`latency_db/fitting/registered.py` makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from latency_db.estimator.workload import Workload
from latency_db.kernel import Kernel
from latency_db.published.coreml_models import Kind, ModelFacts, model_facts
from latency_db.shipped_tables import DATA, read_lines

TABLES = DATA / "registered"

UNITS = ("cpu", "npu", "gpu")
"""Whose cut stands for that of a unit of which nobody has said what it fuses, first one first"""


CUT_LIKE = {"coreai": "coreml"}
"""Runtime of which nobody has said what it fuses -> the one whose kernels a time of its is shared out among"""


class NotInIndex(LookupError):
    """A model, or a size of one, that the index lacks; the message says which sizes it has."""


@dataclass(frozen=True)
class RegisteredModel:
    """A model at one image size."""

    name: str
    size: int
    """Side of the image in pixels"""
    published_as: str
    """The name under which published rows have it at this size"""
    family: str
    kind: Kind
    params_m: float
    """Millions"""
    top1: float | None
    """ImageNet-1k top-1 in percent at `usual_size`, as timm publishes it for the weights; None where it does not"""
    usual_size: int
    """Side of the image in pixels at which the model is run where nobody says"""
    frame: tuple[str, ...]
    """Graphs that run once for each image or frame"""

    def facts(self, graphs: Mapping[str, tuple[Kernel, ...]]) -> ModelFacts:
        """What published rows are found by, and a regression over them knows: as that has it, else counted."""
        published = model_facts().get((self.published_as, self.size))
        if published is not None:
            return published
        macs = sum(kernel.macs for kernels in graphs.values() for kernel in kernels)
        return ModelFacts(
            model=self.published_as,
            stated_size=self.size,
            size=self.size,
            gmacs=macs / 1e9,
            params_m=self.params_m,
            kind=self.kind,
            family=self.family,
            origin="counted on vitexport's graphs of a frame",
        )


@dataclass(frozen=True)
class Index:
    """The tables as they were read; kernels are parsed when they are asked for."""

    models: Mapping[tuple[str, int], RegisteredModel]
    graphs: Mapping[tuple[str, int], Mapping[tuple[str, str], str]]
    """(model, size) -> (graph, "RUNTIME/UNIT") -> its kernels, as `7*2 9*1`: twice kernel 7, once kernel 9"""
    kernels: tuple[str, ...]
    """Keys, by number"""

    def sizes(self, model: str) -> tuple[int, ...]:
        """The image sizes at which a model is here, smallest first."""
        return tuple(sorted(size for name, size in self.models if name == model))

    def published_names(self, model: str) -> tuple[str, ...]:
        """Every name under which published rows have a model at any size, its own first; trackers have several."""
        own = {one.published_as for one in self.models.values() if one.name == model}
        same = {one.name for one in self.models.values() if one.published_as in own}
        others = {one.published_as for one in self.models.values() if one.name in same}
        return (model, *sorted(others - {model}))

    def workload(self, model: str, size: int, runtime: str, unit: str) -> Workload:
        """What a device is asked to run for one image or frame. Raises `NotInIndex`."""
        try:
            found, graphs = self.models[model, size], self.graphs[model, size]
        except KeyError:
            there = ", ".join(map(str, self.sizes(model)))
            has = f"has {model} at {there} pixels, not at {size}" if there else f"has no model {model}"
            raise NotInIndex(f"The index of registered models {has}.") from None
        like = CUT_LIKE.get(runtime, runtime)
        cut = next((f"{like}/{one}" for one in (unit, *UNITS) if (found.frame[0], f"{like}/{one}") in graphs), None)
        if cut is None:
            raise NotInIndex(f"The index of registered models has no graphs as {runtime} runs them.")
        cuts = {graph: self._parsed(graphs[graph, cut]) for graph in found.frame}
        return Workload(cuts, found.facts(cuts), found.usual_size)

    def _parsed(self, text: str) -> tuple[Kernel, ...]:
        pairs = (part.split("*") for part in text.split())
        return tuple(kernel for number, count in pairs for kernel in [self._kernel(int(number))] * int(count))

    def _kernel(self, number: int) -> Kernel:
        return Kernel.of_key(self.kernels[number])


@lru_cache(maxsize=1)
def shipped_index() -> Index:
    """The index of this package."""
    return read(TABLES)


def read(folder: Path) -> Index:
    """The index in a folder."""
    models = {
        (row["model"], int(row["size"])): RegisteredModel(
            row["model"], int(row["size"]), row["published_as"], row["family"], cast(Kind, row["kind"]),
            float(row["params_m"]), float(row["top1"]) if row["top1"] else None, int(row["usual_size"]),
            tuple(row["frame"].split()),
        )
        for row in read_lines(folder / "models.csv.gz")
    }  # fmt: skip
    graphs: dict[tuple[str, int], dict[tuple[str, str], str]] = {key: {} for key in models}
    for row in read_lines(folder / "graphs.csv.gz"):
        for model in row["models"].split():
            graphs[model, int(row["size"])].update({(row["graph"], cut): row["kernels"] for cut in row["cuts"].split()})
    return Index(models, graphs, tuple(row["kernel"] for row in read_lines(folder / "kernels.csv.gz")))
