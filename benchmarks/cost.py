"""What a user waits for: `vitexport --help`, a classifier's export and a tracker's, with verification. Prints a table.

    .venv/bin/python -m benchmarks.cost

Wall time beside CPU time of the process and its children: on an idle machine help's two agree, and an export's CPU time
is at most its wall time times the cores. Run it while nothing else runs.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

VITEXPORT = str(Path(sys.executable).parent / "vitexport")


def main() -> None:
    print("| command | wall s | CPU s | peak memory GB |\n|---|---|---|---|")
    runs = [measure("--help") for _ in range(5)]
    print(row("--help (median of 5)", sorted(runs)[2]))
    with tempfile.TemporaryDirectory() as folder:
        for target, model in (("pixel8", "mobilevit_s"), ("iphone15", "efficienttam_s")):
            print(row(f"--target {target} {model}", measure("--target", target, model, "--out", folder)))


def measure(*arguments: str) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak resident gigabytes of one command."""
    start = time.perf_counter()
    process = subprocess.Popen([VITEXPORT, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        sys.exit(f"vitexport {' '.join(arguments)} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6


def row(command: str, measured: tuple[float, float, float]) -> str:
    wall, cpu, memory = measured
    return f"| `vitexport {command}` | {wall:.2f} | {cpu:.2f} | {memory:.2f} |"


if __name__ == "__main__":
    main()
