"""How near slimmed classifiers come to their budgets, and what they lose beside uniform narrowing.

    .venv/bin/python -m benchmarks.slimming --out runs [--models efficientformerv2_s0] [--folds 5] [--seeds 3]
    .venv/bin/python -m benchmarks.slimming --out runs --table
    .venv/bin/python -m benchmarks.slimming --out runs --tracker [--epochs 70]
    .venv/bin/python -m benchmarks.slimming --prices

Runs are made one after the other, for each seed, fold of the digits and model; what is done is not done again, so that
a benchmark of hours may be stopped. A run trains one parent and one supernet, and searches once: from each budget on to
the next, smaller one. At each budget it trains what was found, and the widest uniformly narrowed network within it, and
times all of them in turns with the parent on this machine, in ONNX Runtime. The table for docs/slimming.md is of all
runs that are done: measured latency as a share of the parent's, and accuracy on the fold that nothing was chosen by,
mean and standard error over the folds.

`--tracker` slims `efficienttam_nano` to 0.6 of its time here, and follows all held-out clips of docs/nano.md with it
and with its parent. `--prices` says how many architectures a second a phone's table prices.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from exporter.models.registry import configuration, model_info
from exporter.slim.budget import Budget
from exporter.slim.methods import METHODS
from exporter.slim.prices.phone import phone_table
from exporter.slim.request import SlimRequest, settled
from exporter.slim.run import PARENT, SEARCHED, UNIFORM, candidates, narrowed, prepared, searched
from exporter.train.following import quality_on
from exporter.train.scenes.held_out import held_out_clips
from latency_db.measurement import Conditions

SHARES = (0.75, 0.5, 0.35)
"""Of the parent's latency"""
MODELS = ("efficientformerv2_s0", "efficientformer_l1")
RESULT = "result.json"
TRACKER, TRACKERS_SHARE = "efficienttam_nano_256x256", 0.6


def run(model: str, fold: int, seed: int, epochs: int | None, out: Path) -> None:
    """One run in a folder of its own, unless it is done."""
    folder = out / f"{model}-fold{fold}-seed{seed}"
    if (folder / RESULT).exists():
        return
    began = time.perf_counter()

    def told(what: str, share: float) -> None:
        if share == 0:
            print(f"{time.perf_counter() - began:7.0f} s  {what}", flush=True)

    print(f"{model}, fold {fold}, seed {seed}", flush=True)
    request = SlimRequest(model, [f"{SHARES[0]}x"], epochs=epochs, seed=seed, fold=fold, out=folder, resume=True)
    ready = prepared(settled(request), told)
    state, networks = ready.start, {PARENT: ready.task.space.parent}
    steps = []
    for share in SHARES:
        told(f"search {share}x", 0)
        budgets = [Budget.of(f"{share}x")]
        path = searched(ready, budgets, state)
        steps += [{"move": str(step.move), "lost": step.lost, "judged": step.weighed} for step in path.steps]
        state = networks[f"{SEARCHED} {share}"] = path.end
        narrow = narrowed(ready, budgets)
        if narrow is not None:
            networks[f"{UNIFORM} {share}"] = narrow
    models = {PARENT: ready.teacher}
    for name, architecture in networks.items():
        if name != PARENT:
            models[name] = ready.task.tuned(name, ready.judge.calibrated(architecture), ready.teacher)
    told("timing", 0)
    found = candidates(ready, networks, models)
    parent = found[0].measured_ms
    assert parent is not None
    result = {
        "model": model,
        "fold": fold,
        "seed": seed,
        "epochs": ready.plan.epochs,
        "parent_ms": parent,
        "steps": steps,
        "networks": {
            one.name: {
                "accuracy": one.accuracy,
                "parameters": one.parameters,
                "share": (one.measured_ms or np.nan) / parent,
            }
            for one in found
        },
    }
    (folder / RESULT).write_text(json.dumps(result, indent=1), encoding="utf-8")


def tracker(out: Path, epochs: int | None) -> Iterable[str]:
    """Rows of Markdown: the parent and what is found, without what it has to beat."""
    request = SlimRequest(TRACKER, [f"{TRACKERS_SHARE}x"], epochs=epochs, out=out, resume=True)
    plan = settled(request)
    ready = prepared(plan, _silent)
    path = searched(ready, plan.budgets, ready.start)
    for step in path.steps:
        print(f"{step.move}: {step.lost:.4f} lost, best of {step.weighed}", flush=True)
    found = ready.task.tuned(SEARCHED, ready.judge.calibrated(path.end), ready.teacher)
    models = {PARENT: ready.teacher, SEARCHED: found}
    whole, small = candidates(ready, {PARENT: ready.task.space.parent, SEARCHED: path.end}, models)
    assert whole.measured_ms is not None
    assert small.measured_ms is not None
    print(path.end, flush=True)
    yield "| network | parameters | share of the parent's time | clips | J | F | J&F |"
    yield "|---|---:|---:|---|---:|---:|---:|"
    for one in (whole, small):
        for occluded in (False, True):
            each = [quality_on(models[one.name], clip) for clip in held_out_clips(occluded)]
            region, boundary = (np.mean([getattr(clip, part) for clip in each]) for part in ("region", "boundary"))
            clips = f"{len(each)} with{'' if occluded else 'out'} occlusion"
            yield (
                f"| {one.name} | {one.parameters / 1e6:.2f} M | {one.measured_ms / whole.measured_ms:.3f} | {clips} "
                f"| {region:.3f} | {boundary:.3f} | {(region + boundary) / 2:.3f} |"
            )


def _silent(what: str, share: float) -> None:
    pass


def table(results: Sequence[dict[str, Any]]) -> Iterable[str]:
    """Rows of Markdown."""
    yield "| model | budget | network | runs | share of the parent's time | off by at most | parameters | accuracy, % |"
    yield "|---|---:|---|---:|---:|---:|---:|---:|"
    for model in dict.fromkeys(one["model"] for one in results):
        own = [one for one in results if one["model"] == model]
        for name in dict.fromkeys(name for one in own for name in one["networks"]):
            kind, _, share = name.partition(" ")
            rows = [(one["fold"], one["networks"][name]) for one in own if name in one["networks"]]
            shares = np.array([row["share"] for _, row in rows])
            off = "–" if not share else f"{np.abs(shares / float(share) - 1).max():.1%}"
            size = np.mean([row["parameters"] for _, row in rows]) / 1e6
            accuracies = 100 * _by_fold(rows)
            error = accuracies.std(ddof=1) / len(accuracies) ** 0.5 if len(accuracies) > 1 else np.nan
            yield (
                f"| {model} | {share + 'x' if share else '–'} | {kind} | {len(rows)} | {shares.mean():.3f} | {off} "
                f"| {size:.2f} M | {accuracies.mean():.2f} ± {error:.2f} |"
            )
        folds, seeds = ({one[key] for one in own} for key in ("fold", "seed"))
        yield f"<!-- {model}: {len(own)} runs, {len(folds)} folds, {len(seeds)} seeds -->"


def _by_fold(rows: Sequence[tuple[int, dict[str, float]]]) -> np.ndarray:
    """Mean accuracy of each fold over its seeds."""
    folds = sorted({fold for fold, _ in rows})
    return np.array([np.mean([row["accuracy"] for own, row in rows if own == fold]) for fold in folds])


def prices(phones: Sequence[tuple[str, Any]] = (("iphone12", "coreml"), ("pixel4", "tflite"))) -> None:
    """Of drawn architectures of `MODELS`, which share few pieces."""
    for model in MODELS:
        info = model_info(model)
        space = METHODS[info.family.name].space(configuration(info), 224, 1000)
        architectures = [space.drawn(Random(seed)) for seed in range(10_000)]
        for phone, runtime in phones:
            began = time.perf_counter()
            table = phone_table(space, info, phone, Conditions(runtime, None, None))
            table.ask(architectures)
            asked, cpu = time.perf_counter(), time.process_time()
            times = [table.ms(one) for one in architectures]
            ended, cpu_ended = time.perf_counter(), time.process_time()
            print(
                f"{model} on {phone} ({runtime}): {len(times) / (ended - asked):,.0f} architectures a second "
                f"({len(times) / (cpu_ended - cpu):,.0f} of CPU time), of {min(times):.2f} to {max(times):.2f} ms; "
                f"{len(table.known)} pieces, which took {asked - began:.0f} s before"
            )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder of all runs")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="default: vitexport slim's")
    parser.add_argument("--tracker", action="store_true", help="slim the trained tracker")
    parser.add_argument("--table", action="store_true", help="print the table of what is done, and run nothing")
    parser.add_argument("--prices", action="store_true", help="time the pricing of architectures, and run nothing")
    given = parser.parse_args(arguments)
    if given.prices:
        prices()
        return
    if given.tracker and given.out is not None:
        for row in tracker(given.out, given.epochs):
            print(row, flush=True)
        return
    if given.out is None:
        parser.error("--out is needed: a folder of all runs")
    if not given.table:
        for seed in range(given.seeds):
            for fold in range(given.folds):
                for model in given.models:
                    run(model, fold, seed, given.epochs, given.out)
    results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(given.out.glob(f"*/{RESULT}"))]
    print("\n".join(table(results)))


if __name__ == "__main__":
    main(sys.argv[1:])
