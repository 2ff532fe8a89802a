"""Registered models timed whole on this machine, for what a model costs beside its kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from exporter.bench.host.session import Session
from exporter.bench.kernels.artifacts import build_of
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from exporter.errors import describe
from exporter.models.registry import ModelInfo
from latency_db.measurement import Subject

SECONDS = 1.5
"""For each model"""
AT_ONCE = 6
"""Models that are timed in turns, and are in memory meanwhile"""
_GRAPH = "classify"
_NOTE = "seeded weights"


@dataclass(frozen=True)
class Calibrated:
    """What became of timing models."""

    timed: int
    failed: dict[str, str]
    """Model -> why it was not lowered, or did not run"""


def subject(info: ModelInfo) -> Subject:
    return Subject.of_graph(info.name, _GRAPH, (info.image_size, info.image_size))


def calibrate(
    session: Session, models: Sequence[ModelInfo], folder: Path, end: float, enough: int, seconds: float = SECONDS
) -> Calibrated:
    """Time classifiers at their own sizes, small ones first, until the store has `enough` or `time.monotonic` gives
    `end`. Those that it has come last, and only if the machine was busy then."""
    had = session.measured()
    known = {info.name for info in models if subject(info) in had and had[subject(info)].quality != "busy"}
    waiting = sorted(
        (info for info in models if info.name not in known), key=lambda info: (subject(info) in had, info.gmacs)
    )
    total, timed, failed = len(waiting), 0, dict[str, str]()
    while waiting and monotonic() < end and len(known) + timed < enough:
        made = list[tuple[Subject, Timed]]()
        most = min(AT_ONCE, enough - len(known) - timed)
        while waiting and len(made) < most and monotonic() < end:
            info = waiting.pop(0)
            session.progress(f"{session.runtime}: {info.name}", 1 - (len(waiting) + 1) / total)
            try:
                made.append((subject(info), _artifact(info, session, folder)))
            except (OSError, MemoryError):
                raise
            except Exception as error:  # whatever a toolchain throws costs one model
                failed[info.name] = describe(error)
        session.progress(f"{session.runtime}: timing {len(made)} models", 1 - len(waiting) / total)
        ran, others = time_graphs(session, made, seconds, _NOTE)
        timed, failed = timed + ran, failed | others
    return Calibrated(timed, failed)


def time_graphs(
    session: Session, artifacts: Sequence[tuple[Subject, Timed]], seconds: float = SECONDS, note: str = _NOTE
) -> tuple[int, dict[str, str]]:
    """Time graphs, several in turns, and store them; returns how many ran, and model -> why the others did not."""
    count, failed = 0, dict[str, str]()
    for first in range(0, len(artifacts), AT_ONCE):
        batch = artifacts[first : first + AT_ONCE]
        times = time_artifacts(session.runtime, [artifact for _, artifact in batch], seconds, session.threads)
        timed = [(graph, one) for (graph, _), one in zip(batch, times, strict=True)]
        count += session.add(timed, note)
        failed |= {graph.name: one.error for graph, one in timed if one.samples is None}
    return count, failed


def _artifact(info: ModelInfo, session: Session, folder: Path) -> Timed:
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions
    from exporter.graphs.cut import graphs_of
    from exporter.models.registry import create_model
    from exporter.models.weights.loading import seed_weights

    path = folder / build_of(session.runtime) / f"{info.name}-{info.image_size}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        network = create_model(info.name, info.image_size)
        seed_weights(network)
        unfinished = path.with_suffix(".part")
        backend(session.runtime).lower(graphs_of(network)[0], unfinished, LowerOptions("fp32"))
        unfinished.replace(path)
    return Timed(path, {"image": (1, 3, info.image_size, info.image_size)})
