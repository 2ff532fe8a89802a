"""Runs artefacts inside a process of their own: jobs on stdin, a line of JSON each, and on stdout what became of them.

Nothing else goes out there, whatever the runtimes print.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from exporter.backends.runner import run_all
from exporter.errors import describe


def main() -> None:
    with os.fdopen(os.dup(1), "w", buffering=1) as host:
        os.dup2(2, 1)

        def tell(event: dict[str, Any]) -> None:
            host.write(json.dumps(event) + "\n")

        for line in sys.stdin:
            tell(_run(json.loads(line), tell))


def _run(job: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
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


if __name__ == "__main__":
    main()
