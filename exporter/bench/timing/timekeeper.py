"""Times artefacts in a process of their own, which one runtime has to itself: what crashes it costs one artefact.

ExecuTorch's pool of threads is process-wide and ONNX Runtime's threads look for work while there is none, so that each
(runtime, threads) gets its process.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import latency_db
from exporter.atomic.staging import staging
from exporter.bench.timing.quietness import Quietness
from exporter.bench.timing.turns import Samples
from exporter.worker.process import PACKAGES, Guest, started
from latency_db.kernel import Shape

PATIENCE = 300.0
"""Seconds beyond those of the timing itself, for loading: the largest model takes ten."""
KERNEL_PATIENCE = 30.0
"""The same for kernels, of which a hundred load in a second: one that hangs is looked for over five halvings."""


@dataclass(frozen=True)
class Timed:
    """An artefact to be timed, on inputs of no value."""

    file: Path
    shapes: Mapping[str, Shape]
    """Of its inputs, by name"""
    channels_last: tuple[str, ...] = ()
    """Inputs whose values lie in memory with the channels last"""


@dataclass(frozen=True)
class Times:
    """What came of timing one artefact."""

    samples: Samples | None
    """None where it could not be run"""
    quietness: Quietness | None
    """Of the machine meanwhile"""
    runtime: str = ""
    """Name and version"""
    error: str = ""


def time_artifacts(
    format: str, artifacts: Sequence[Timed], seconds: float, threads: int, patience: float = PATIENCE
) -> list[Times]:
    """Time artefacts of one format in turns, `seconds` each.

    If the process crashes, or says nothing for `patience` seconds more than they take, each half of them is timed by
    itself, until the one that does it is alone.
    """
    if not artifacts:
        return []
    answer = _answer(format, artifacts, seconds, threads, patience)
    if isinstance(answer, str):
        if len(artifacts) == 1:
            return [Times(None, None, error=answer)]
        middle = len(artifacts) // 2
        halves = artifacts[:middle], artifacts[middle:]
        return [times for half in halves for times in time_artifacts(format, half, seconds, threads, patience)]
    quietness = Quietness(**answer["quietness"])
    return [
        Times(None, None, error=one["error"])
        if "error" in one
        else Times(Samples(tuple(one["ms"]), one["block"]), quietness, one["runtime"])
        for one in answer["times"]
    ]


def _answer(
    format: str, artifacts: Sequence[Timed], seconds: float, threads: int, patience: float
) -> dict[str, Any] | str:
    """What the process says, or why it says nothing."""
    homes = (*(str(folder.parent) for folder in PACKAGES.values()), str(Path(latency_db.__file__).parents[1]))
    path = os.pathsep.join(filter(None, (*homes, os.environ.get("PYTHONPATH"))))
    # Threads of numpy's libraries go on spinning for a tenth of a second, beside what is timed.
    environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    order = {
        "parent": os.getpid(),
        "format": format,
        "threads": threads,
        "seconds": seconds,
        "artifacts": [
            {"file": str(one.file.resolve()), "shapes": dict(one.shapes), "channels_last": list(one.channels_last)}
            for one in artifacts
        ],
    }
    with (
        staging(Path(tempfile.gettempdir())) as folder,
        started(Guest([sys.executable], environment), folder, "exporter.bench.timing.guest") as process,
    ):
        process.send(order)
        answer = process.receive(patience + 3 * seconds * len(artifacts))
        if answer is None:
            return process.last_words()
    return answer
