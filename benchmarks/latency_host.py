"""How far estimates of this machine are off, for each runtime: `python benchmarks/latency_host.py STEP CACHE`.

Steps, each of which goes on where it was stopped:

    lower CACHE [--runtime R]     writes the models' artefacts and kernels below CACHE; the machine may be busy
    time CACHE [--threads N]      times them in turns, all runtimes; needs a machine with nothing else to do
    evaluate CACHE [--db URL]     prints the table: estimates from the kernels that `vitexport bench --kernels` measured

The kernels and the models are timed by the same code. The table of kernels is `vitexport bench --kernels`'s own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from host_models import CALIBRATION, HELD_OUT, HostModel

RUNTIMES = ("onnx", "executorch", "tflite")


def lower(cache: Path, runtimes: list[str]) -> None:
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions
    from exporter.operations.kernels import FUSIONS, kernels
    from exporter.operations.of_program import operations, returned

    cache.mkdir(parents=True, exist_ok=True)
    for model in (*HELD_OUT, *CALIBRATION):
        missing = [runtime for runtime in runtimes if not kernels_file(cache, model, runtime).exists()]
        if not missing:
            continue
        graph = model.graph()
        calls, results = list(operations(graph.program)), returned(graph.program)
        for runtime in missing:
            path = artifact(cache, model, runtime)
            backend(runtime).lower(graph, path, LowerOptions("fp32"))
            made = [kernel.key for kernel in kernels(calls, results, FUSIONS[runtime, "cpu"])]
            kernels_file(cache, model, runtime).write_text(json.dumps(made))
            print(model.label, runtime, len(made), flush=True)


def artifact(cache: Path, model: HostModel, runtime: str) -> Path:
    return cache / f"{model.label}.{runtime}"


def kernels_file(cache: Path, model: HostModel, runtime: str) -> Path:
    """Its kernels' keys in order; written last."""
    return cache / f"{model.label}.{runtime}.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("lower", "time", "evaluate"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("--runtime", dest="runtimes", action="append", choices=RUNTIMES)
    options = parser.parse_args()
    lower(options.cache, options.runtimes or list(RUNTIMES))


if __name__ == "__main__":
    main()
