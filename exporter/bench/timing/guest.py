"""The process in which artefacts are timed: an order on stdin, a line of JSON, and on stdout what they took."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from exporter.backends import backend
from exporter.backends.runner import Repeatable
from exporter.bench.timing.quietness import watched
from exporter.bench.timing.turns import time_in_turns
from exporter.errors import describe
from exporter.worker.parent import end_with
from latency_db.kernel import Shape


def main() -> None:
    with os.fdopen(os.dup(1), "w", buffering=1) as host:
        os.dup2(2, 1)  # whatever runtimes print
        for line in sys.stdin:
            order = json.loads(line)
            end_with(order.pop("parent"))
            host.write(json.dumps(_timed(**order)) + "\n")


def _timed(format: str, threads: int, seconds: float, artifacts: list[dict[str, Any]]) -> dict[str, Any]:
    calls: list[Callable[[], object]] = []
    times: list[dict[str, Any]] = []
    runnable = list[dict[str, Any]]()
    for artifact in artifacts:
        try:
            runner = cast(Repeatable, backend(format).load(Path(artifact["file"]), threads))
            call = runner.prepared(_inputs(artifact["shapes"], artifact["channels_last"]))
            call()
        except Exception as error:  # whatever a runtime throws is the artefact's failure
            times.append({"error": describe(error)})
            continue
        calls.append(call)
        runnable.append({"runtime": runner.runtime})
        times.append(runnable[-1])
    with watched() as watch:
        samples = time_in_turns(calls, seconds)
    for one, taken in zip(runnable, samples, strict=True):
        one |= {"ms": taken.ms, "block": taken.block}
    return {"times": times, "quietness": asdict(watch.seen)}


def _inputs(shapes: dict[str, list[int]], channels_last: list[str]) -> dict[str, NDArray[np.float32]]:
    """Numbers between 0 and 1: no denormal slows what multiplies them."""
    random = np.random.default_rng(0)
    return {name: _laid(tuple(shape), name in channels_last, random) for name, shape in shapes.items()}


def _laid(shape: Shape, channels_last: bool, random: np.random.Generator) -> NDArray[np.float32]:
    if not channels_last:
        return random.random(shape, dtype=np.float32)
    batch, channels, *extents = shape
    return np.moveaxis(random.random((batch, *extents, channels), dtype=np.float32), -1, 1)


if __name__ == "__main__":
    main()
