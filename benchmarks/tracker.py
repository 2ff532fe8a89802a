"""Does a tracker follow an object in every runtime, and how fast? Writes docs/tracker.md.

    .venv/bin/python -m benchmarks.tracker [--files FOLDER] [MODEL ...]

Each model is exported with seeded weights (or found in FOLDER, where an earlier run left it), which executes every
artefact, graph by graph and through a sequence of 24 frames. Then all models in eager PyTorch and in all runtimes take
turns, as `timing.py` says, at one frame in the middle of a video: `encode_image`, and `track_step` with a full memory
bank. With model names the page is printed, not written. Run it while nothing else runs: with something beside it, the
page is not written either.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import torch

from benchmarks.page import machine, write
from benchmarks.timing import BUSY, GEMM, ROUNDS, THREADS, Timing, in_turns, worker
from exporter import Bundle, create_model, export
from exporter.graphs.cut import graphs_of
from exporter.graphs.tasks import ENCODE_IMAGE, TASKS, TRACK_STEP
from exporter.graphs.tracker import EncodeImage
from exporter.models.efficienttam.config import MEMORY_SLOTS
from exporter.models.registry import model_info
from exporter.models.weights.loading import seed_weights
from exporter.operations.macs import macs
from exporter.operations.of_program import operations
from exporter.vectors import read_vectors

DOCUMENT = Path(__file__).parent.parent / "docs" / "tracker.md"
MODELS = ("efficienttam_ti_512x512", "efficienttam_ti_2_512x512")
FORMATS = {"executorch": "ExecuTorch", "tflite": "LiteRT", "onnx": "ONNX Runtime"}
GRAPHS = (ENCODE_IMAGE, TRACK_STEP)
"""What a frame in the middle of a video costs."""

HEADER = f"""# Trackers

Written by `benchmarks/tracker.py`, with seeded weights: what it says of agreement and speed holds for any weights, and
it says nothing of accuracy.

## Speed

Milliseconds of a frame in the middle of a video, with all seven frames and sixteen pointers remembered: `encode_image`
and `track_step`, fp32, batch 1, {THREADS} threads; medians of {ROUNDS} rounds in which everything in the table took
turns in random order. *Eager* is the official algorithm in PyTorch with a memory of variable length. *Of GEMM* is the
rate of the frame's own arithmetic as a share of the machine's fp32 rate of multiplying {GEMM} × {GEMM} matrices,
measured in the same rounds. *Eager / this* is the median of the rounds' ratios. *Spread* is the distance between the
quartiles as a share of the median.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=[])
    parser.add_argument("--files", type=Path, help="folder to keep bundles in, and to take them from")
    parser.add_argument("--worker", choices=WORK, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        WORK[arguments.worker](arguments.files, *arguments.models)
        return
    with tempfile.TemporaryDirectory() as temporary:
        timing, page = measure_all(arguments.models or list(MODELS), arguments.files or Path(temporary))
    print(page)
    if not arguments.models and timing.others <= BUSY:
        write(DOCUMENT, page)


def measure_all(models: list[str], files: Path) -> tuple[Timing, str]:
    for model in models:
        if not path_of(model, files).exists():
            print(f"exporting {model}", file=sys.stderr, flush=True)
            worker("benchmarks.tracker", "export", files, model)
    timing = Timing.from_json(worker("benchmarks.tracker", "time", files, *models))
    gflop = {model: float(worker("benchmarks.tracker", "count", files, model)) for model in models}
    return timing, document(timing, gflop, {model: Bundle.open(path_of(model, files)) for model in models})


def path_of(model: str, files: Path) -> Path:
    return files / f"{model}-host-untrained"


def export_model(files: Path, model: str) -> None:
    export(model, formats=list(FORMATS), weights="random", out=files)


def count(files: Path, model: str) -> None:
    """Print the arithmetic of a frame in GFLOP, two for a multiply-accumulate."""
    graphs = graphs_of(create_model(model))
    calls = [call for graph in graphs if graph.name in GRAPHS for call in operations(graph.program)]
    print(2e-9 * sum(map(macs, calls)))


def measure(files: Path, *models: str) -> None:
    """Print the rounds as JSON: every model, eager and in every format, each graph by itself."""
    print(in_turns({name: run for model in models for name, run in candidates_of(model, files).items()}).to_json())


def candidates_of(model: str, files: Path) -> dict[str, Callable[[], object]]:
    bundle = Bundle.open(path_of(model, files))
    given = {graph.name: read_vectors(bundle.path / graph.vectors)[0] for graph in bundle.manifest.graphs}
    # The last recorded step of the sequence has a full bank.
    inputs = {name: {key: array[-1].astype("float32") for key, array in given[name].items()} for name in GRAPHS}
    assert all(inputs[TRACK_STEP][name].all() for name in TASKS["track"].state if name.endswith("_valid"))
    candidates: dict[str, Callable[[], object]] = eager(model, inputs)
    for format in FORMATS:
        for graph in GRAPHS:
            runner = bundle.runner(format, graph, THREADS)
            candidates[f"{model} {format} {graph}"] = lambda runner=runner, graph=graph: runner(inputs[graph])
    return candidates


def eager(model: str, inputs: dict[str, dict]) -> dict[str, Callable[[], object]]:
    network, family = create_model(model), model_info(model).family
    seed_weights(network)
    encode = EncodeImage(network, family.mean, family.std)
    image = torch.from_numpy(inputs[ENCODE_IMAGE]["image"])
    features, memory, pointers = (torch.from_numpy(inputs[TRACK_STEP][k]) for k in ("features", "memory", "pointers"))

    def step() -> object:
        seen = network.predict(network.with_memory(features, memory, list(range(MEMORY_SLOTS)), pointers))
        return seen, network.remember(features, seen.mask_logits, prompted=False)

    return {f"{model} eager {ENCODE_IMAGE}": lambda: encode(image), f"{model} eager {TRACK_STEP}": step}


WORK = {"export": export_model, "count": count, "time": measure}
"""What a process of its own is for."""


def frame(model: str, runtime: str) -> tuple[str, ...]:
    """The candidates that make up a frame."""
    return tuple(f"{model} {runtime} {graph}" for graph in GRAPHS)


def best(model: str, timing: Timing) -> str:
    """The format that is fastest."""
    return min(FORMATS, key=lambda format: timing.median(*frame(model, format)))


def document(timing: Timing, gflop: dict[str, float], bundles: dict[str, Bundle]) -> str:
    lines = [HEADER, *speed(timing, gflop), "", *ratios(timing, list(gflop)), *agreement(bundles), *sizes(bundles)]
    versions = {name: metadata.version(name) for name in ("torch", "executorch", "ai-edge-litert", "onnxruntime")}
    lines += ["", f"Made with {', '.join(f'{name} {version}' for name, version in versions.items())}. {machine()}"]
    return "\n".join(lines) + "\n"


def speed(timing: Timing, gflop: dict[str, float]) -> list[str]:
    lines = [
        f"| model | runtime | {' | '.join(GRAPHS)} | frame | GFLOP | of GEMM | eager / this | spread |",
        f"|{'---|' * 9}",
    ]
    for model in gflop:
        for runtime, title in {"eager": "PyTorch, eager", **FORMATS}.items():
            parts = frame(model, runtime)
            cells = [
                model,
                title,
                *(f"{timing.median(part) * 1e3:.0f}" for part in parts),
                f"{timing.median(*parts) * 1e3:.0f}",
                f"{gflop[model]:.1f}",
                f"{1e9 * gflop[model] / timing.median(*parts) / timing.gemm:.0%}",
                f"{timing.ratio(frame(model, 'eager'), parts):.2f}",
                f"{timing.spread(*parts):.0%}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def ratios(timing: Timing, models: list[str]) -> list[str]:
    lines = [
        f"The machine multiplied matrices at {timing.gemm / 1e9:.0f} GFLOP/s; other processes took "
        f"{timing.disturbance} of it meanwhile.",
        "",
    ]
    fastest = {model: best(model, timing) for model in models}
    for model, format in fastest.items():
        ratio = timing.ratio(frame(model, "executorch"), frame(model, format))
        lines.append(f"* `{model}` is fastest in {FORMATS[format]}; ExecuTorch takes {ratio:.2f} times as long.")
    if set(MODELS) <= set(models):
        full, pooled = (frame(model, fastest[model]) for model in MODELS)
        lines.append(
            f"* Pooled attention: `{MODELS[0]}` takes {timing.ratio(full, pooled):.2f} times as long as `{MODELS[1]}`, "
            "each where it is fastest."
        )
    return lines


def agreement(bundles: dict[str, Bundle]) -> list[str]:
    lines = [
        "",
        "## Agreement with PyTorch",
        "",
        "`max|a−b| / max|b|` of each graph over its conformance vectors, the worst of its outputs; then two objects "
        "followed through a sequence of 24 frames with the artefacts alone, against the official algorithm: the least "
        "mask IoU, and how far the mask logits of any frame are off.",
        "",
    ]
    for model, bundle in bundles.items():
        names = [graph.name for graph in bundle.manifest.graphs]
        lines += [f"| {model} | {' | '.join(names)} | least mask IoU | worst logit |", f"|{'---|' * (len(names) + 3)}"]
        for rollout in bundle.manifest.rollouts:
            errors = [
                max(p.relative for p in bundle.artifact(rollout.format, name).verification.outputs.values())
                for name in names
            ]
            followed = f"{min(rollout.mask_iou):.4f} | {max(rollout.max_abs):.1e}"
            cells = " | ".join(f"{error:.1e}" for error in errors)
            lines.append(f"| {FORMATS[rollout.format]} | {cells} | {followed} |")
        lines.append("")
    return lines


def sizes(bundles: dict[str, Bundle]) -> list[str]:
    lines = ["## Sizes", "", "Megabytes of each file.", ""]
    for model, bundle in bundles.items():
        names = [graph.name for graph in bundle.manifest.graphs]
        lines += [f"| {model} | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
        for format, title in FORMATS.items():
            megabytes = " | ".join(f"{bundle.artifact(format, name).bytes / 1e6:.1f}" for name in names)
            lines.append(f"| {title} | {megabytes} |")
        lines.append("")
    return lines[:-1]


if __name__ == "__main__":
    main()
