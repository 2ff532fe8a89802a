"""The artefacts of a bundle in a process of their own, with limits: whatever their runtimes do, ours goes on."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.atomic.staging import staging
from exporter.backends.interface import Backend, NotExecutableError
from exporter.backends.runner import Runner
from exporter.errors import BackendError
from exporter.manifest import TensorSpec
from exporter.printable import relay
from exporter.worker.process import PACKAGES, Guest, Process, started
from exporter.worker.shared_tensors import SharedTensors

PATIENCE = 600.0
"""Seconds for loading an artefact, and for one run of it: the slowest known takes a tenth, a 1024-pixel tracker's step
in the Core ML interpreter."""
MEMORY = 12_000_000_000
"""Bytes of data that the process may have: several times what the largest known model needs."""
_MOST_PRINTED = 65_536
"""Characters of what runtimes have written that are passed on, the last ones"""


class CrashedError(BackendError):
    """The process in which an artefact was run has ended, or had to be ended."""


class Isolated:
    """Loads artefacts in a process of their own. One that ends is replaced when the next artefact is loaded."""

    def __init__(self, folder: Path, patience: float, memory: int) -> None:
        self._folder, self._patience, self._memory = folder, patience, memory
        self._process: Process | None = None
        self._ends = ExitStack()
        self._count = 0

    def __call__(
        self,
        format: Backend,
        path: Path,
        inputs: Sequence[TensorSpec],
        outputs: Sequence[TensorSpec],
        threads: int | None = None,
    ) -> Runner:
        """An artefact, ready to be run on inputs of the shapes that its manifest says.

        Raises `NotExecutableError` for what cannot run here, `CrashedError` where the process ends, and `BackendError`
        for what the runtime refuses.
        """
        self._count += 1
        process, name = self._alive(), str(self._count)
        given, results = self._folder / f"given-{name}", self._folder / f"results-{name}"
        order = {
            "order": "load",
            "name": name,
            "format": format.name,
            "file": str(path.resolve()),
            "threads": threads,
            "inputs": [spec.model_dump() for spec in inputs],
            "outputs": [spec.model_dump() for spec in outputs],
            "given": str(given),
            "results": str(results),
        }

        def ask(order: Mapping[str, Any]) -> dict[str, Any]:
            return _ask(process, order, self._patience, path.name)

        runtime = ask(order)["runtime"]
        run = partial(ask, {"order": "run", "name": name})
        return _RemoteRunner(runtime, SharedTensors(given, inputs), SharedTensors(results, outputs), run)

    def close(self) -> None:
        """End the process, if there is one, and pass on what its runtimes have written to stderr."""
        if self._process is not None:
            relay(self._process.stderr()[-_MOST_PRINTED:])
        self._ends.close()

    def _alive(self) -> Process:
        if self._process is None or not self._process.alive:
            self.close()
            path = (*(str(folder.parent) for folder in PACKAGES.values()), os.environ.get("PYTHONPATH"))
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
            self._process = self._ends.enter_context(started(Guest([sys.executable], environment), self._folder))
            limits = {"order": "limits", "memory": self._memory, "parent": os.getpid()}
            _ask(self._process, limits, self._patience, "Python")
        return self._process


class _RemoteRunner:
    """A runner in the other process, which sees the same memory."""

    def __init__(self, runtime: str, given: SharedTensors, results: SharedTensors, run: Callable[[], object]) -> None:
        self.runtime = runtime
        self._given, self._results, self._run = given, results, run

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        self._given.write(inputs)
        self._run()
        return self._results.read()


def _ask(process: Process, order: Mapping[str, Any], seconds: float, file: str) -> dict[str, Any]:
    """Give an order and return the answer; raises `BackendError` where there is none, or it is an error."""
    process.send(dict(order))
    answer = process.receive(seconds)
    if answer is None:
        raise CrashedError(f"{file} does not run: {process.last_words()}.")
    if "error" not in answer:
        return answer
    match answer.get("kind"):
        case "not executable":
            raise NotExecutableError(answer["error"])
        case "ours":
            raise BackendError(answer["error"])
    raise BackendError(f"{file} does not run ({answer['error']})")


@contextmanager
def isolated(patience: float = PATIENCE, memory: int = MEMORY) -> Iterator[Isolated]:
    """Artefacts that are loaded in the block run in a process of their own, which ends with it.

    `patience` is in seconds, for loading one and for each run; `memory` in bytes.
    """
    with staging(Path(tempfile.gettempdir())) as folder:
        loader = Isolated(folder, patience, memory)
        try:
            yield loader
        finally:
            loader.close()
