"""Runs artefacts in a process of their own: orders on stdin, a line of JSON each, on stdout what became of them.

Nothing else goes out there, whatever the runtimes print. A job is an artefact with all its inputs; an artefact may also
be loaded once and then run on what is written into memory that both processes share.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from exporter.backends import backend
from exporter.backends.interface import NotExecutableError
from exporter.backends.loading import load_checked
from exporter.backends.runner import Runner, run_all
from exporter.errors import BackendError, describe
from exporter.manifest import TensorSpec
from exporter.worker.parent import end_with
from exporter.worker.shared_tensors import SharedTensors

Tell = Callable[[dict[str, Any]], None]


def main() -> None:
    loaded = dict[str, tuple[Runner, SharedTensors, SharedTensors]]()
    with os.fdopen(os.dup(1), "w", buffering=1) as host:
        os.dup2(2, 1)

        def tell(event: dict[str, Any]) -> None:
            host.write(json.dumps(event) + "\n")

        for line in sys.stdin:
            order = json.loads(line)
            match order.pop("order"):
                case "job":
                    tell(_run_all(order, tell))
                case "limits":
                    tell(_limit(**order))
                case "load":
                    tell(_load(order, loaded))
                case "run":
                    tell(_run(*loaded[order["name"]]))


def _run_all(job: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Run an artefact on as many of its inputs as fit, and write what comes out of it as .npz."""
    try:
        runner = importlib.import_module(job["loader"]).load(Path(job["file"]), job["threads"])
        with np.load(job["given"]) as given:
            inputs = dict(given)
        outputs = run_all(runner, inputs, job["seconds"], lambda done, count: tell({"done": done, "count": count}))
        np.savez(job["results"], allow_pickle=False, **outputs)
    except Exception as error:  # whatever a runtime throws is the artefact's failure
        return {"error": describe(error)}
    return {"runtime": runner.runtime}


def _limit(memory: int, parent: int) -> dict[str, Any]:
    """Let this process have so many bytes for data, and end with its parent, where the system knows how to."""
    end_with(parent)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, resource.getrlimit(resource.RLIMIT_DATA)[1]))
    return {}


def _load(order: dict[str, Any], loaded: dict[str, Any]) -> dict[str, Any]:
    inputs, outputs = ([TensorSpec.model_validate(spec) for spec in order[side]] for side in ("inputs", "outputs"))
    format = backend(order["format"])
    try:
        with _without(format.optional_imports):
            runner = load_checked(format, Path(order["file"]), inputs, outputs, order["threads"])
    except NotExecutableError as error:
        return {"error": str(error), "kind": "not executable"}
    except BackendError as error:
        return {"error": str(error), "kind": "ours"}
    except Exception as error:  # whatever a runtime throws
        return {"error": describe(error)}
    given, results = SharedTensors(Path(order["given"]), inputs), SharedTensors(Path(order["results"]), outputs)
    loaded[order["name"]] = (runner, given, results)
    return {"runtime": runner.runtime}


@contextmanager
def _without(packages: Sequence[str]) -> Iterator[None]:
    """As if some packages were not installed, of those that nobody has imported: coremltools alone imports for 5 s more
    than it needs."""
    absent = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None there is "not found"
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _run(runner: Runner, given: SharedTensors, results: SharedTensors) -> dict[str, Any]:
    try:
        results.write(runner(given.read()))
    except Exception as error:
        return {"error": describe(error)}
    return {}


if __name__ == "__main__":
    main()
