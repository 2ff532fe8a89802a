"""A program in place of LiteRT's `benchmark_model`: it runs an artefact with LiteRT and prints what that prints.

It lies on the device of the tests, and is begun by a line that names this machine's Python. A test may set FAILS_ON
and INTERRUPTED_ON, each the name of an artefact, and RUNS_AT_MOST; KEEPS names a file for what it was told and what it
printed.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

OPTIONS = dict(argument.removeprefix("--").split("=", 1) for argument in sys.argv[1:])


def line(times):
    if len(times) == 1:
        return f"count=1 curr={times[0]:.0f}"
    low, median, high = np.percentile(times, [5, 50, 95])
    return (
        f"count={len(times)} first={times[0]:.0f} curr={times[-1]:.0f} min={min(times):.0f} max={max(times):.0f} "
        f"avg={np.mean(times):g} std={np.std(times):.0f} p5={low:.0f} median={median:.0f} p95={high:.0f}"
    )


def main():
    print("INFO: STARTING!")
    print(f"INFO: Graph: [{OPTIONS['graph']}]")
    if OPTIONS["use_gpu"] == "true":
        print("Explicitly applied GPU delegate, and the model graph will be", end=" ")
        print("partially executed by the delegate w/ 1 delegate kernels.")
    begun = time.perf_counter()
    interpreter = Interpreter(OPTIONS["graph"], num_threads=int(OPTIONS["num_threads"]))
    interpreter.allocate_tensors()
    init = 1e6 * (time.perf_counter() - begun)
    for given in interpreter.get_input_details():
        interpreter.set_tensor(given["index"], np.ones(given["shape"], np.float32))
    phases = []
    for runs in (int(OPTIONS["warmup_runs"]), int(OPTIONS["num_runs"])):
        print(f"INFO: Running benchmark for at least {runs} iterations", end=" ")
        print(f"and at least {OPTIONS['min_secs']} seconds but terminate if exceeding {OPTIONS['max_secs']} seconds.")
        times = []
        for _ in range(min(runs, int(os.environ.get("RUNS_AT_MOST", runs)))):
            begun = time.perf_counter()
            interpreter.invoke()
            times.append(1e6 * (time.perf_counter() - begun))
        print(f"INFO: {line(times)}\n")
        phases.append(times)
    warmup, timed = phases
    print(f"INFO: Inference timings in us: Init: {init:.0f}, First inference: {warmup[0]:.0f},", end=" ")
    print(f"Warmup (avg): {np.mean(warmup):g}, Inference (avg): {np.mean(timed):g}")
    keep(options=OPTIONS, warmup=len(warmup), median_us=round(float(np.median(timed))))


def keep(**facts):
    if "KEEPS" in os.environ:
        with Path(os.environ["KEEPS"]).open("a") as lines:
            lines.write(json.dumps(facts) + "\n")


def is_set(variable):
    return variable in os.environ and os.environ[variable] in OPTIONS["graph"]


if is_set("FAILS_ON"):
    sys.exit("ERROR: Failed to initialize XNNPACK delegate")
if is_set("INTERRUPTED_ON"):  # as by a user at the computer, whose process runs the tests and their device
    os.kill(int(os.environ["PYTEST_PROCESS"]), signal.SIGINT)
    time.sleep(1)
main()
