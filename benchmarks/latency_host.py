"""How far estimates of this machine are off, for each runtime: `python benchmarks/latency_host.py STEP CACHE`.

    lower CACHE       writes the artefacts and kernels of the held-out models below CACHE; the machine may be busy
    time CACHE        times them, and needs a machine with nothing else to do
    evaluate CACHE    prints how far the estimates of models and of kernels that were held out are off

The table of kernels, and what is fitted to it, is that of `vitexport bench --kernels --cache CACHE --db URL`. Each step
goes on where it was stopped. Models are in `host_models.py`.

A machine that others share is now some percent faster, now slower, for minutes, which is no estimate's fault. So the
held-out models are timed in turns with `YARDSTICKS`, models that calibrated the table: by as much as these take longer
or shorter now than in the table, what the others take is corrected. Both errors are printed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from host_models import HELD_OUT, HostModel
from numpy.typing import NDArray

from device_profiles.vocabulary import Runtime
from exporter.bench.host.calibration import AT_ONCE, SECONDS, Sized
from exporter.bench.host.calibration import artifact as calibrating_artifact
from exporter.bench.host.fit import fit, graphs_timed, kernel_times
from exporter.bench.host.plan import CALL
from exporter.bench.host.session import Session
from exporter.bench.kernels.artifacts import RUNTIMES
from exporter.bench.timing.timekeeper import Timed, time_artifacts
from exporter.models.registry import MODELS
from latency_db import store
from latency_db.kernel import Kernel
from latency_db.measurement import Measurement, Subject
from latency_db.operators.fit_file import Fit
from latency_db.operators.measured_device import MeasuredDevice
from latency_db.operators.table import configuration
from latency_db.store.store import Store

Array = NDArray[np.float64]

YARDSTICKS = ("efficientformerv2_s0", "mobilevit_xs")
"""At their own sizes"""

HELD_OUT_KERNELS = 0.2
"""Share of configurations that coverage is counted on, left out of the fit"""


def lower(cache: Path, runtimes: Sequence[Runtime]) -> None:
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions
    from exporter.operations.kernels import FUSIONS, kernels
    from exporter.operations.of_program import operations, returned

    cache.mkdir(parents=True, exist_ok=True)
    for model in HELD_OUT:
        missing = [runtime for runtime in runtimes if not kernels_file(cache, model, runtime).exists()]
        if not missing:
            continue
        graph = model.graph()
        calls, results = list(operations(graph.program)), returned(graph.program)
        for runtime in missing:
            backend(runtime).lower(graph, artifact(cache, model, runtime), LowerOptions("fp32"))
            made = [kernel.key for kernel in kernels(calls, results, FUSIONS[runtime, "cpu"])]
            kernels_file(cache, model, runtime).write_text(json.dumps(made))
            print(model.label, runtime, len(made), flush=True)


def artifact(cache: Path, model: HostModel, runtime: Runtime) -> Path:
    return cache / f"{model.label}.{runtime}"


def kernels_file(cache: Path, model: HostModel, runtime: Runtime) -> Path:
    """Its kernels' keys in order; written last."""
    return cache / f"{model.label}.{runtime}.json"


def subject(model: HostModel) -> Subject:
    return Subject.of_graph(model.name, "classify", (model.size, model.size))


def time(cache: Path, runtimes: Sequence[Runtime], threads: int, opened: Store) -> None:
    for runtime in runtimes:
        session = Session(opened, runtime, threads)
        had = session.measured()
        sized = [Sized(MODELS[name], MODELS[name].image_size) for name in YARDSTICKS]
        yardsticks = [calibrating_artifact(one, session, cache) for one in sized]
        if not all(one.subject in had for one in sized):
            raise SystemExit(
                f"{runtime}: the table lacks {' or '.join(map(str, sized))}; run `vitexport bench --kernels`."
            )
        then = [had[one.subject].latency.ms for one in sized]
        speeds = read_speeds(cache, runtime)
        missing = [
            model
            for model in HELD_OUT
            if kernels_file(cache, model, runtime).exists()
            and (subject(model) not in had or had[subject(model)].quality == "busy")
        ]
        for first in range(0, len(missing), AT_ONCE - len(yardsticks)):
            batch = missing[first : first + AT_ONCE - len(yardsticks)]
            files = [Timed(artifact(cache, one, runtime), {"image": (1, 3, one.size, one.size)}) for one in batch]
            times = time_artifacts(runtime, [*yardsticks, *files], SECONDS, threads)
            now = [one.samples.latency.ms for one in times if one.samples is not None]
            if len(now) < len(times):
                raise SystemExit(f"{runtime}: {next(one.error for one in times if one.samples is None)}")
            speed = float(np.exp(np.mean(np.log(np.array(then) / now[: len(then)]))))
            session.add(zip(map(subject, batch), times[len(then) :], strict=True), "seeded weights")
            speeds |= dict.fromkeys((model.label for model in batch), speed)
            speeds_file(cache, runtime).write_text(json.dumps(speeds))
            print(f"{runtime}: {first + len(batch)} of {len(missing)} models timed, speed {speed:.3f}", flush=True)


def speeds_file(cache: Path, runtime: Runtime) -> Path:
    return cache / f"speeds-{runtime}.json"


def read_speeds(cache: Path, runtime: Runtime) -> dict[str, float]:
    """Label of a held-out model -> how fast the machine was meanwhile, as a share of what it was for the table"""
    path = speeds_file(cache, runtime)
    return json.loads(path.read_text()) if path.exists() else {}


def evaluate(cache: Path, runtimes: Sequence[Runtime], threads: int, opened: Store) -> None:
    for runtime in runtimes:
        rows = Session(opened, runtime, threads).measured()
        us = kernel_times(rows.values())
        ours = {subject(model) for model in HELD_OUT}
        others = [row for graph, row in rows.items() if graph not in ours]
        print(f"\n{runtime}, {threads} thread(s): {len(us)} kernels, {quality(rows.values())}")
        print_models(cache, runtime, rows, us, fit(runtime, threads, us, graphs_timed(others, runtime)))
        print_kernels(runtime, threads, {kernel: t for kernel, t in us.items() if kernel != CALL})


def quality(rows: Iterable[Measurement]) -> str:
    words = [str(row.quality) for row in rows]
    return ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))


def print_models(
    cache: Path, runtime: Runtime, rows: dict[Subject, Measurement], us: dict[Kernel, float], found: Fit
) -> None:
    machine = MeasuredDevice.of(runtime, "host", us, found)
    was, said, inside, widths, uncorrected = [], [], [], [], []
    speeds = read_speeds(cache, runtime)
    for model in HELD_OUT:
        if subject(model) not in rows:
            continue
        keys = json.loads(kernels_file(cache, model, runtime).read_text())
        estimate = machine.graph([Kernel.of_key(key) for key in keys])
        raw = rows[subject(model)].latency.ms
        ms = raw * speeds.get(model.label, 1.0)
        was.append(ms)
        said.append(estimate.us / 1e3)
        inside.append(estimate.low <= 1e3 * ms <= estimate.high)
        widths.append(estimate.high / estimate.low)
        uncorrected.append(abs(estimate.us / 1e3 / raw - 1))
        plain = float(machine.priced([Kernel.of_key(key) for key in keys]).us.sum()) / 1e3
        exact = float(np.mean(estimate.kernels.methods == "measured"))
        print(
            f"  {model.label:<28} measured {raw:8.3f} ms, at the table's speed {ms:8.3f}"
            f"  estimated {said[-1]:8.3f}  error {said[-1] / ms - 1:+6.1%}"
            f"  sum of kernels {plain / ms - 1:+6.1%}  of them measured {exact:.0%}"
        )
    if not was:
        return
    errors = np.abs(np.array(said) / np.array(was) - 1)
    factors = ", ".join(f"{name} {value:.2f}" for name, value in found.calibration.factors.items())
    rates = ", ".join(f"{name} {value:.3g}" for name, value in found.calibration.rates.items())
    whole = ", ".join(f"{name} {value:.3g}" for name, value in found.calibration.whole.items())
    print(
        f"  calibrated by {found.calibration.graphs} graphs: {factors}; µs for a megabyte of {rates}; "
        f"µs for {whole}; a call {found.call:.2f} µs"
    )
    print(
        f"  {len(was)} models: MAPE {errors.mean():.1%} (uncorrected {np.mean(uncorrected):.1%}), worst "
        f"{errors.max():.1%}, Spearman {spearman(np.array(was), np.array(said)):.3f}, in the interval "
        f"{np.mean(inside):.0%} (median high/low {np.median(widths):.2f})"
    )


def print_kernels(runtime: Runtime, threads: int, us: dict[Kernel, float]) -> None:
    """Coverage on configurations that the fit has not seen"""
    names = sorted({configuration(kernel) for kernel in us})
    left_out = set(np.random.default_rng(0).permutation(names)[: round(HELD_OUT_KERNELS * len(names))])
    known = {kernel: t for kernel, t in us.items() if configuration(kernel) not in left_out}
    asked = [kernel for kernel in us if configuration(kernel) in left_out]
    found = MeasuredDevice.of(runtime, "host", known, fit(runtime, threads, known, ())).estimator.estimate(asked)
    actual = np.array([us[kernel] for kernel in asked])
    answered = ~np.isnan(found.us)
    errors = np.abs(found.us / actual - 1)[answered]
    inside = ((found.low <= actual) & (actual <= found.high))[answered]
    width = np.median((found.high / found.low)[answered])
    print(
        f"  {len(asked)} held-out kernels: {answered.sum()} answered, median error {np.median(errors):.1%}, "
        f"coverage {inside.mean():.1%}, median high/low {width:.2f}"
    )


def spearman(first: Array, second: Array) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("lower", "time", "evaluate"))
    parser.add_argument("cache", type=Path)
    parser.add_argument("--runtime", dest="runtimes", action="append", choices=RUNTIMES)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--db", help="URL of the database; default: CACHE/latency.sqlite3")
    options = parser.parse_args()
    runtimes = options.runtimes or list(RUNTIMES)
    if options.step == "lower":
        lower(options.cache, runtimes)
        return
    step = {"time": time, "evaluate": evaluate}[options.step]
    with store.open(options.db or f"sqlite:///{(options.cache / 'latency.sqlite3').resolve()}") as opened:
        step(options.cache, runtimes, options.threads, opened)


if __name__ == "__main__":
    main()
