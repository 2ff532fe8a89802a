"""How fast kernels and graphs are looked up in process, and models by command: `python benchmarks/latency_lookups.py`.

Kernels become rows of a table once, when a search begins; from then on a look-up takes rows to µs, low, high and
method. Prints the rate of that, of finding rows by key, and of pricing whole graphs by their features; then what a
`vitexport latency` of a registered model takes from its start to its end, in a process of its own, with no database.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from latency_db.end_to_end.cells import shipped
from latency_db.operators.estimates import KernelEstimator

LOOK_UPS = 1_000_000
REPEATS = 7
ASKED = (
    ("efficientformer_l1", "--target", "iphone12"),
    ("mobilevit_s", "--target", "pixel4", "--runtime", "tflite", "--unit", "gpu"),
    ("efficienttam_s", "--target", "iphone15_pro_max"),
)
"""What `vitexport latency` is asked"""


def rate(of: Callable[[], object], count: int) -> float:
    """Look-ups a second: the median of several runs."""
    took = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        of()
        took.append(time.perf_counter() - begun)
    return count / float(np.median(took))


def answered(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Seconds of a command by the clock, and of the processor: the medians of several runs."""
    took = []
    with tempfile.TemporaryDirectory() as empty:
        environment = os.environ | {"XDG_DATA_HOME": empty}
        for _ in range(REPEATS):
            begun, used = time.perf_counter(), processor_seconds()
            command = [sys.executable, "-c", "from exporter.cli import main; main()", "latency", *arguments]
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            took.append((time.perf_counter() - begun, processor_seconds() - used))
    wall, own = np.median(took, axis=0).tolist()
    return wall, own


def processor_seconds() -> float:
    """Of the processes that were started here and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def processor() -> str:
    """Its name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if platform.system() == "Linux" else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def main() -> None:
    chance = np.random.default_rng(0)
    estimator = KernelEstimator.shipped("tflite", "pixel4")
    kernels = estimator.table.kernels
    found = estimator.estimate(kernels)
    rows = chance.integers(len(kernels), size=LOOK_UPS)
    keys = [kernels[row].key for row in rows]
    by_key = estimator.table.by_key
    table = shipped()
    cell = next(cell for cell in table.cells.values() if cell.id.device == "pixel4" and cell.id.unit == "gpu")
    graphs = table.features_of(cell)[chance.integers(len(cell.models), size=LOOK_UPS // 10)]
    print(f"{processor()}, {len(kernels)} kernels of TFLite's GPU delegate on a Pixel 4")
    print(f"rows to µs, low, high and method  {rate(lambda: found[rows], LOOK_UPS) / 1e6:8.2f} M/s")
    print(f"rows to µs                        {rate(lambda: found.us[rows], LOOK_UPS) / 1e6:8.2f} M/s")
    print(f"keys to µs                        {rate(lambda: [by_key[key] for key in keys], LOOK_UPS) / 1e6:8.2f} M/s")
    graph_rate = rate(lambda: graphs @ cell.coefficients, len(graphs))
    print(f"graphs of features to ms          {graph_rate / 1e6:8.2f} M/s")
    for arguments in ASKED:
        wall, own = answered(arguments)
        print(f"vitexport latency {' '.join(arguments):65s} {wall:.2f} s, {own:.2f} s of the processor")
    print(f"Load of the machine meanwhile: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
