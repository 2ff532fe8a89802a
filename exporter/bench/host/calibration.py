"""Registered models timed whole on this machine, for what a model costs beside its kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from exporter.bench.host.plan import FURTHER_SIZES
from exporter.bench.host.session import Session
from exporter.bench.kernels.artifacts import build_of
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from exporter.errors import describe
from exporter.models.registry import ModelInfo
from latency_db.measurement import Subject

SECONDS = 1.5
"""For each model"""
MOST_GMACS = 6.0
"""Of a model at another than its own size: larger ones take long, and say what smaller ones of their family say"""
AT_ONCE = 6
"""Models that are timed in turns, and are in memory meanwhile"""
_GRAPH = "classify"
_NOTE = "seeded weights"


class Sized(NamedTuple):
    """A classifier at an image size in pixels."""

    model: ModelInfo
    size: int

    @property
    def subject(self) -> Subject:
        return Subject.of_graph(self.model.name, _GRAPH, (self.size, self.size))

    @property
    def gmacs(self) -> float:
        return self.model.gmacs * (self.size / self.model.image_size) ** 2

    def __str__(self) -> str:
        return f"{self.model.name} at {self.size} px"


@dataclass(frozen=True)
class Calibrated:
    """What became of timing models."""

    timed: int
    failed: dict[str, str]
    """Model and size -> why it was not lowered, or did not run"""


def sized(models: Sequence[ModelInfo], further: Sequence[int] = FURTHER_SIZES) -> list[Sized]:
    """Models to calibrate with, the first to be timed first: at their own sizes, then at others, small ones first.

    One model at several sizes tells what a kernel costs from what its numbers cost.
    """
    own = [Sized(info, info.image_size) for info in models]
    others = [Sized(info, size) for info in models for size in further if size != info.image_size]
    light = [one for one in others if one.gmacs <= MOST_GMACS]
    return [*sorted(own, key=lambda one: one.gmacs), *sorted(light, key=lambda one: one.gmacs)]


def calibrate(
    session: Session, models: Sequence[Sized], folder: Path, end: float, enough: int, seconds: float = SECONDS
) -> Calibrated:
    """Time classifiers in their order until the store has `enough` or `time.monotonic` gives `end`. Those that it has
    come last, and only if the machine was busy then."""
    had = session.measured()
    known = {one for one in models if one.subject in had and had[one.subject].quality != "busy"}
    waiting = sorted((one for one in models if one not in known), key=lambda one: one.subject in had)
    total, timed, failed = len(waiting), 0, dict[str, str]()
    while waiting and monotonic() < end and len(known) + timed < enough:
        made = list[tuple[Sized, Timed]]()
        most = min(AT_ONCE, enough - len(known) - timed)
        while waiting and len(made) < most and monotonic() < end:
            one = waiting.pop(0)
            session.progress(f"{session.runtime}: {one}", 1 - (len(waiting) + 1) / total)
            try:
                made.append((one, artifact(one, session, folder)))
            except (OSError, MemoryError):
                raise
            except Exception as error:  # whatever a toolchain throws costs one model
                failed[str(one)] = describe(error)
        session.progress(f"{session.runtime}: timing {len(made)} models", 1 - len(waiting) / total)
        ran, others = _time_graphs(session, [(one.subject, file) for one, file in made], seconds)
        timed += ran
        failed |= {str(one): others[one.subject] for one, _ in made if one.subject in others}
    return Calibrated(timed, failed)


def _time_graphs(
    session: Session, artifacts: Sequence[tuple[Subject, Timed]], seconds: float
) -> tuple[int, dict[Subject, str]]:
    """Time graphs, several in turns, and store them; returns how many ran, and why the others did not."""
    count, failed = 0, dict[Subject, str]()
    for first in range(0, len(artifacts), AT_ONCE):
        batch = artifacts[first : first + AT_ONCE]
        times = time_artifacts(session.runtime, [file for _, file in batch], seconds, session.threads)
        timed = [(graph, one) for (graph, _), one in zip(batch, times, strict=True)]
        count += session.add(timed, _NOTE)
        failed |= {graph: one.error for graph, one in timed if one.samples is None}
    return count, failed


def artifact(one: Sized, session: Session, folder: Path) -> Timed:
    """A model's artefact below `folder`, made if it is not there."""
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions
    from exporter.graphs.cut import graphs_of
    from exporter.models.registry import create_model
    from exporter.models.weights.loading import seed_weights

    path = folder / build_of(session.runtime) / f"{one.model.name}-{one.size}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        network = create_model(one.model.name, one.size)
        seed_weights(network)
        unfinished = path.with_suffix(".part")
        backend(session.runtime).lower(graphs_of(network)[0], unfinished, LowerOptions("fp32"))
        unfinished.replace(path)
    return Timed(path, {"image": (1, 3, one.size, one.size)})
