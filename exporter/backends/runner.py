"""Running a loaded artefact, which needs neither its toolchain nor anything that judges what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]
"""Tensor name -> values; of several runs, stacked along the first axis."""

Progress = Callable[[str, float], None]
"""Called as (what is being done, share of the whole that is done)."""

InputProgress = Callable[[int, int], None]
"""Called before each input as (inputs done, inputs in all)."""


class Runner(Protocol):
    """A loaded artefact. It keeps alive whatever memory its runtime reads from."""

    runtime: str
    """Name and version of what executes it."""

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> Arrays:
        """Run once; the arrays returned are the caller's own."""


class Repeatable(Runner, Protocol):
    """A runner that can be timed: what it does around a run is done once."""

    def prepared(self, inputs: Mapping[str, NDArray[np.float32]]) -> Callable[[], object]:
        """A call that runs on these inputs, and copies as little as the runtime lets it.

        ExecuTorch takes arrays with the strides that they have: a program that was made for channels last wants those.
        """


def run_all(
    runner: Runner, inputs: Arrays, seconds: float | None = None, progress: InputProgress | None = None
) -> Arrays:
    """Run the vectors one at a time, as an app would: all of them, or as many as can be begun within `seconds`.

    The first is always run.
    """
    begun, count = monotonic(), len(next(iter(inputs.values())))
    results: list[Arrays] = []
    while len(results) < count and not (results and seconds is not None and monotonic() - begun > seconds):
        if progress is not None:
            progress(len(results), count)
        results.append(runner({name: values[len(results)] for name, values in inputs.items()}))
    return {name: np.stack([result[name] for result in results]) for name in results[0]}
