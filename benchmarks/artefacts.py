"""How fast are the artefacts: eager PyTorch, plain conversion and ours, in every runtime? Writes docs/speed.md.

    .venv/bin/python -m benchmarks.artefacts [--files FOLDER] [MODEL ...]

Plain conversion is what a runtime's toolchain makes of the exported model: no folds, no rewrites. Both are lowered
first, in processes of their own (or found in FOLDER, where an earlier run left them). Then everything that a model has
takes turns, as `timing.py` says. With model names the rows are printed, not written. Run it while nothing else runs:
it says when something did.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from math import exp, log
from pathlib import Path

import numpy as np
import torch

from benchmarks.page import machine, write
from benchmarks.timing import BUSY, GEMM, ROUNDS, THREADS, Timing, in_turns, worker
from exporter import create_model
from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.errors import describe
from exporter.graphs.capture import Graph, exported
from exporter.graphs.cut import graphs_of
from exporter.models.registry import MODELS, model_info
from exporter.models.weights.loading import seed_weights

DOCUMENT = Path(__file__).parent.parent / "docs" / "speed.md"
FORMATS = ("executorch", "tflite", "onnx")

CLASSIFIERS = [name for name, info in MODELS.items() if info.family.task == "classify"]

TARGETS = ("efficientformer_l1", "efficientformerv2_s0", "mobilevit_xs", "mobilevit_s", "mobilevitv2_100")
"""The models whose ExecuTorch artefact may take at most 1.2 times as long as their TFLite one."""

HEADER = f"""# Speed

Written by `benchmarks/artefacts.py`: milliseconds of one run with seeded weights at the model's own image size, fp32,
batch 1, {THREADS} threads; medians of {ROUNDS} rounds in which everything of a row took turns in random order.
*Plain* is what the runtime's toolchain makes of the exported model, *ours* is what vitexport writes; *plain / ours*
is the median of the rounds' ratios, over 1 where ours is faster. *Of GEMM* is the rate of the model's own arithmetic
as a share of the machine's fp32 rate of multiplying {GEMM} × {GEMM} matrices, measured in the same rounds. *Spread*
is the distance between the quartiles as a share of the median, the worst of our three; *others* is the share of the
machine that other processes took meanwhile (over {BUSY:.0%} the row is marked). Compare within a row: a shared
machine's speed drifts between rows. Over 100 % of GEMM, a runtime's kernels are faster than the library
behind PyTorch's product.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=[])
    parser.add_argument("--files", type=Path, help="folder to keep artefacts in, and to take them from")
    parser.add_argument("--worker", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        WORK[arguments.worker](arguments.models[0], arguments.files)
        return
    with tempfile.TemporaryDirectory() as temporary:
        files = arguments.files or Path(temporary)
        run(arguments.models or CLASSIFIERS, files, publish=not arguments.models)


def run(models: list[str], files: Path, publish: bool) -> None:
    for model in models:
        if not (files / model).exists():
            print(f"lowering {model}", file=sys.stderr, flush=True)
            worker("benchmarks.artefacts", "lower", files, model)
    timings = {}
    for model in models:
        timings[model] = Timing.from_json(worker("benchmarks.artefacts", "time", files, model))
        print(row(model, timings[model]), flush=True)
    page = document(timings)
    print(page)
    if publish:
        write(DOCUMENT, page)


def graph_of(model: str) -> Graph:
    network = create_model(model)
    seed_weights(network)
    (graph,) = graphs_of(network)
    return graph


def lower(model: str, files: Path) -> None:
    graph = graph_of(model)
    for name, program, rewrites in (("plain", exported(graph.module, graph.inputs), ()), ("ours", graph.program, None)):
        for format in FORMATS:
            record = backend(format)
            path = files / model / f"{format}-{name}.{record.extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                record.lower(replace(graph, program=program), path, LowerOptions("fp32", rewrites=rewrites))
            except Exception as error:  # plain conversion may fail, and the table says so
                if name == "ours":
                    raise
                path.with_suffix(".failed").write_text(describe(error))


def measure(model: str, files: Path) -> None:
    """Print the rounds of one model as JSON."""
    graph = graph_of(model)
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, graph.inputs[0].shape).astype(np.float32))
    given = {"image": picture.numpy()}
    candidates: dict[str, Callable[[], object]] = {"eager": lambda: graph.module(picture)}
    for path in sorted((files / model).iterdir()):
        if path.suffix != ".failed":
            runner = backend(path.stem.split("-")[0]).load(path, THREADS)
            candidates[path.stem] = lambda runner=runner: runner(given)
    print(in_turns(candidates).to_json())


WORK = {"lower": lower, "time": measure}
"""What a process of its own is for."""


def rate(model: str, timing: Timing, name: str) -> float:
    """FLOP/s of a model's own multiply-accumulates; what rewrites add does not count."""
    return 2e9 * model_info(model).gmacs / timing.median(name)


def row(model: str, timing: Timing) -> str:
    cells = [model, f"{timing.median('eager') * 1e3:.1f}"]
    for format in FORMATS:
        plain, ours = f"{format}-plain", f"{format}-ours"
        converted = plain in timing.seconds
        cells += [
            f"{timing.median(plain) * 1e3:.1f}" if converted else "fails",
            f"{timing.median(ours) * 1e3:.1f}",
            f"{timing.ratio(plain, ours):.2f}" if converted else "–",
            f"{rate(model, timing, ours) / timing.gemm:.0%}",
        ]
    cells.append(f"{timing.ratio('executorch-ours', 'tflite-ours'):.2f}")
    cells.append(f"{timing.gemm / 1e9:.0f}")
    cells.append(f"{max(timing.spread(f'{format}-ours') for format in FORMATS):.0%}")
    cells.append(f"{timing.others:.1%}{' **busy**' if timing.others > BUSY else ''}")
    return f"| {' | '.join(cells)} |"


def document(timings: dict[str, Timing]) -> str:
    columns = ["model", "eager"]
    for title in ("ExecuTorch", "TFLite", "ONNX"):
        columns += [f"{title} plain", "ours", "plain / ours", "of GEMM"]
    columns += ["ExecuTorch / TFLite", "GEMM GFLOP/s", "spread", "others"]
    lines = [HEADER, f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [row(model, timing) for model, timing in timings.items()]
    lines += ["", "| | geometric mean of plain / ours | least | slower than plain by over 5 % |", "|---|---|---|---|"]
    for format, title in zip(FORMATS, ("ExecuTorch", "TFLite", "ONNX"), strict=True):
        gains = {
            model: timing.ratio(f"{format}-plain", f"{format}-ours")
            for model, timing in timings.items()
            if f"{format}-plain" in timing.seconds
        }
        slower = [model for model, gain in gains.items() if gain < 1 / 1.05]
        mean = exp(statistics.mean(map(log, gains.values())))
        lines.append(f"| {title} | {mean:.2f} | {min(gains.values()):.2f} | {', '.join(slower) or 'none'} |")
    targets = {m: t.ratio("executorch-ours", "tflite-ours") for m, t in timings.items() if m in TARGETS}
    if targets:
        lines += ["", f"ExecuTorch over TFLite, worst of {', '.join(targets)}: {max(targets.values()):.2f}."]
    versions = {name: metadata.version(name) for name in ("torch", "executorch", "ai-edge-litert", "onnxruntime")}
    lines += ["", f"Made with {', '.join(f'{name} {version}' for name, version in versions.items())}. {machine()}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
