"""Prices on this machine: each piece as an artefact of its own, timed.

Pieces that are not there are measured, all that are asked for in turns with one another and with the parent as a whole,
whose time then sets theirs in relation: so what slows the machine at one time and not at another falls out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.bench.kernels.artifacts import LAYOUTS
from exporter.bench.kernels.graphs import module_graph
from exporter.bench.timing.timekeeper import Timed, Times, time_artifacts
from exporter.errors import LatencyError
from exporter.graphs.capture import Graph
from exporter.graphs.cut import every_frame
from exporter.models.model import Model
from exporter.slim.architecture import Architecture, Piece, Space
from exporter.slim.prices.interpolated import Interpolated
from exporter.slim.prices.table import Price, Table
from exporter.train.loop import processor

REPEATED = 4
"""A piece that gives what it takes is timed as so many in a row, each with weights of its own, so that what a run costs
beside it counts less"""
UNDISTURBED = 0.1
"""The quantile of its runs that a network is said to take: while other work shares the cores, it interrupts more than
half of those of a few ms, and medians were off by a factor of eight"""
SECONDS = 0.3
"""That a piece is timed for, and the parent beside it; by itself a whole is for five times as long"""


@dataclass(frozen=True, eq=False)
class Host:
    """This machine under a runtime."""

    space: Space
    runtime: str
    threads: int
    folder: Path
    """Of the artefacts that are timed, and of what they took"""

    def of(self, pieces: Iterable[Piece]) -> Mapping[Piece, Price]:
        """Measured, or as they were before."""
        asked = list(pieces)
        known = self.kept()
        missing = [piece for piece in asked if _name(piece) not in known]
        if missing:
            known |= self._measured(missing)
            self._keep(known)
        return {piece: Price(known[_name(piece)], "measured") for piece in asked}

    def whole(self, architectures: Sequence[Architecture]) -> list[float]:
        """ms of whole networks, timed in turns. Their weights, which times hardly depend on, are not trained."""
        timed = [self._whole(one) for one in architectures]
        times = iter(self._time([graph for graphs in timed for graph in graphs], 5 * SECONDS))
        return [sum(undisturbed(next(times), "a network") for _ in graphs) for graphs in timed]

    def _measured(self, pieces: Sequence[Piece]) -> dict[str, float]:
        """Each in relation to the parent, which is timed beside them and has one time for good."""
        timed = [self._piece(piece) for piece in pieces]
        whole = self._whole(self.space.parent)
        times = self._time([*whole, *timed], SECONDS)
        parent = sum(undisturbed(one, "the parent") for one in times[: len(whole)])
        reference = self.kept().get(PARENT) or self.whole([self.space.parent])[0]
        drift = reference / parent
        found = {PARENT: reference}
        for piece, one in zip(pieces, times[len(whole) :], strict=True):
            found[_name(piece)] = drift * undisturbed(one, str(piece)) / self._repeats(piece)
        return found

    def _time(self, timed: Sequence[Timed], seconds: float) -> list[Times]:
        return time_artifacts(self.runtime, timed, seconds, self.threads)

    def _piece(self, piece: Piece) -> Timed:
        _, shape = self.space.module(piece)
        row = nn.Sequential(*(self.space.module(piece)[0] for _ in range(self._repeats(piece))))
        x = torch.zeros(1, *shape)
        layout = LAYOUTS.get(self.runtime, "channels first") if len(shape) == 3 else "channels first"
        graph = module_graph("piece", row, [x], layout, str(piece))
        file = self.folder / hashlib.sha256(_name(piece).encode()).hexdigest()[:20]
        if not file.exists():
            self._lower(graph, file)
        last = ("input_0",) if layout == "channels last" else ()
        return Timed(file, {spec.name: spec.shape for spec in graph.inputs}, channels_last=last)

    def _repeats(self, piece: Piece) -> int:
        module, shape = self.space.module(piece)
        with torch.no_grad():
            made = module.eval()(torch.zeros(1, *shape))
        return REPEATED if isinstance(made, torch.Tensor) and made.shape[1:] == shape else 1

    def _whole(self, architecture: Architecture) -> list[Timed]:
        """The graphs that run for each picture or frame."""
        digest = hashlib.sha256(json.dumps(asdict(architecture), sort_keys=True).encode()).hexdigest()[:20]
        kept = self.folder / f"whole_{digest}.json"
        if not kept.exists():
            module = self.space.build(architecture)
            assert isinstance(module, Model)
            shapes = {}
            for graph in every_frame(module.eval().requires_grad_(False)):
                self._lower(graph, self._graph(digest, graph.name))
                shapes[graph.name] = {spec.name: spec.shape for spec in graph.inputs}
            _write(kept, shapes)
        shapes = json.loads(kept.read_text(encoding="utf-8"))
        return [
            Timed(self._graph(digest, name), {key: tuple(shape) for key, shape in own.items()})
            for name, own in shapes.items()
        ]

    def _lower(self, graph: Graph, file: Path) -> None:
        """A file that is there is whole."""
        unfinished = file.with_name(f"{file.name}.new")
        backend(self.runtime).lower(graph, unfinished, LowerOptions("fp32"))
        unfinished.replace(file)

    def _graph(self, digest: str, name: str) -> Path:
        return self.folder / f"whole_{digest}_{name}"

    def kept(self) -> dict[str, float]:
        """Piece -> ms, as they were measured before."""
        file = self.folder / KEPT
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def _keep(self, known: Mapping[str, float]) -> None:
        _write(self.folder / KEPT, known)


HOST = "host"
KEPT = "prices.json"
PARENT = "parent"
"""The parent's time among the pieces'"""


def host_table(host: Host) -> Table:
    """Of this machine: its pieces add up to the parent as it was measured beside them."""
    host.folder.mkdir(parents=True, exist_ok=True)
    threads = "one thread" if host.threads == 1 else f"{host.threads} threads"
    table = Table(
        *(host.space, HOST, host.runtime, Interpolated(host.space, host), 1.0, 1.0, 1.0),
        provenance=f"measured here under {host.runtime} on {threads} of {processor()}, the first decile of runs, and "
        "interpolated between",
        host=host,
    )
    table.ask([host.space.parent])
    return table.scaled(host.space.parent, host.kept()[PARENT])


def _write(file: Path, content: Mapping[str, Any]) -> None:
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    unfinished.replace(file)


def undisturbed(times: Times, what: str) -> float:
    """ms that something takes while nothing else does; raises `LatencyError` where it could not be timed."""
    if times.samples is None:
        raise LatencyError(f"{what} cannot be timed here: {times.error}")
    return float(np.quantile(times.samples.ms, UNDISTURBED))


def _name(piece: Piece) -> str:
    return f"{piece.kind} {' '.join(map(str, piece.numbers))}"
