"""Core ML packages, executed by the interpreter: classifiers and trackers, fp32 and fp16. Writes docs/coreml.md.

    .venv/bin/python -m benchmarks.coreml [MODEL ...]

With seeded weights, so that the tables come out the same everywhere. With model names only those are measured, and
printed. All of it takes hours on two cores; the two times at the end want an otherwise idle machine.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.page import machine, write
from benchmarks.timing import THREADS
from device_profiles.vocabulary import Precision
from exporter.backends import coreml
from exporter.backends.interface import LowerOptions
from exporter.backends.runner import Arrays, Runner, run_all
from exporter.graphs.capture import Graph
from exporter.graphs.cut import graphs_of
from exporter.graphs.tasks import CLASSIFY, ENCODE_IMAGE, PROMPT_MASK, PROMPT_POINTS, TRACK_FIRST, TRACK_STEP
from exporter.inference.prompts import Prompt, model_mask
from exporter.inference.steps import ArtefactSteps
from exporter.inference.tracker import follow_all
from exporter.manifest import Variant
from exporter.media.images import photo_crops, to_input, verification_images
from exporter.media.sample_clip import sample_click, sample_clip
from exporter.models.registry import MODELS, create_model
from exporter.models.weights.loading import seed_weights
from exporter.vectors import read_vectors, vectors_file
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from exporter.verify.conformance import recorded_sequence
from exporter.verify.figures import error_text, largest
from exporter.verify.parity import compare
from exporter.verify.record import EagerRunner, record_sequence
from exporter.verify.sequence import follow
from exporter.verify.tolerances import worth_following

DOCUMENT = Path(__file__).parent.parent / "docs" / "coreml.md"
CROPS = 256
FOLLOWED = 512
"""Image size up to which trackers follow the sequence; a frame of the larger ones takes many seconds."""
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16")
TIMED = (("mobilevit_s", CLASSIFY, "fp16"), ("efficienttam_ti_512x512", ENCODE_IMAGE, "fp16"))

HEADER = """# Core ML, executed

Written by `benchmarks/coreml.py`. Apple's runtime is for Apple systems only; what ran these packages, from disk, is
`exporter.mil`, which evaluates an mlprogram operator by operator in PyTorch. In fp32 that shows whether a program means
what PyTorch means. In fp16 every result is rounded to half precision, which is the best that the Neural Engine could
deliver: a device adds errors of its own. All weights are seeded; nothing here says how good a trained model is.

"""

CLASSIFIERS_HEADER = f"""## Classifiers

*Error* is `max|a−b| / max|b|` of the logits against eager PyTorch: over the 16 verification inputs in fp32, over
{CROPS} random crops of two photographs in fp16. *Agreement* is the share of those crops with the same best class. Of
the others, *widest flip* is the greatest margin that PyTorch has between its two best classes; it must stay below the
greatest error of any logit on the {CROPS} crops, *worst logit*.

| model | fp32 error | fp16 error | agreement | flips | widest flip | worst logit |
|---|---|---|---|---|---|---|
"""

TRACKERS_HEADER = """
## Trackers

`max|a−b| / max|b|` of each graph over its conformance vectors, the worst of its outputs; in brackets, where it is above
2e-2, the least PSNR, for a prompted frame is remembered by the sign of its mask, and half precision flips some pixels.
Then, in fp32, 24 frames are followed with the artefacts alone: the least mask IoU with the official algorithm in
PyTorch, and how far the mask logits of any frame are off. In fp16 seeded weights follow nothing; docs/nano.md has what
half precision does to a tracker that is trained. Models for 1024 pixels run each graph once, in fp32, and follow no
sequence.

| model | precision | {graphs} | least mask IoU | worst logit |
|---|---|{rules}---|---|
"""

GRAPHS = (ENCODE_IMAGE, PROMPT_POINTS, PROMPT_MASK, TRACK_FIRST, TRACK_STEP)


def main() -> None:
    torch.set_num_threads(THREADS)
    wanted = sys.argv[1:]
    chosen = [info for name, info in MODELS.items() if name in (wanted or MODELS)]
    classifiers = [info.name for info in chosen if info.family.task == "classify"]
    trackers = [info.name for info in chosen if info.family.task == "track" and info.image_size <= FOLLOWED]
    larger = [info.name for info in chosen if info.family.task == "track" and info.image_size > FOLLOWED]
    with tempfile.TemporaryDirectory() as folder:
        parts = [HEADER, CLASSIFIERS_HEADER, *map(_shown, _classifier_rows(classifiers, Path(folder)))]
        head = TRACKERS_HEADER.format(graphs=" | ".join(GRAPHS), rules="---|" * len(GRAPHS))
        parts += [head, *map(_shown, _tracker_rows(trackers, Path(folder)))]
        parts += map(_shown, _larger_rows(larger, Path(folder)))
        if not wanted:
            parts += ["\n## Time\n\n", *map(_shown, _times(Path(folder))), f"\n{machine()}\n"]
            write(DOCUMENT, "".join(parts))


def _shown(line: str) -> str:
    print(line, end="", flush=True)
    return line


def _graphs(name: str) -> tuple[Graph, ...]:
    network = create_model(name)
    seed_weights(network)
    return graphs_of(network)


def _package(graph: Graph, precision: Precision, folder: Path) -> Path:
    path = folder / f"{graph.name}-{precision}.mlpackage"
    coreml.lower(graph, path, LowerOptions(precision))
    return path


def _classifier_rows(names: list[str], folder: Path) -> Iterator[str]:
    for name in names:
        (graph,) = _graphs(name)
        size = graph.inputs[0].shape[-1]
        single, half = (coreml.load(_package(graph, precision, folder / name)) for precision in PRECISIONS)
        exact = _worst(graph, single, [to_input(pixels) for pixels in verification_images(size)])
        crops = [to_input(pixels) for pixels in photo_crops(np.random.Philox(key=CROPS), size, CROPS)]
        expected, actual = _eager(graph, crops), run_all(half, {"image": np.stack(crops)})["logits"]
        parity = compare({"logits": expected}, {"logits": actual}, {"logits": "class_scores"})["logits"]
        flat = expected.reshape(CROPS, -1)
        flipped = flat.argmax(1) != actual.reshape(CROPS, -1).argmax(1)
        second, first = np.sort(flat, axis=1)[:, -2:].T
        widest = (first - second)[flipped].max(initial=0.0)
        yield (
            f"| {name} | {error_text(exact)} | {error_text(parity.relative)} | {parity.top1:.1%} | {flipped.sum()} | "
            f"{widest:.1e} | {error_text(parity.max_abs)} |\n"
        )


def _eager(graph: Graph, pictures: list[np.ndarray]) -> np.ndarray:
    with torch.inference_mode():
        return np.stack([graph.module(torch.from_numpy(picture))["logits"].numpy() for picture in pictures])


def _worst(graph: Graph, runner: Runner, pictures: list[np.ndarray]) -> float | None:
    actual = run_all(runner, {"image": np.stack(pictures)})
    return compare({"logits": _eager(graph, pictures)}, actual, {})["logits"].relative


def _tracker_rows(names: list[str], folder: Path) -> Iterator[str]:
    for name in names:
        network = create_model(name)
        seed_weights(network)
        graphs = graphs_of(network)
        (folder / name).mkdir()
        sequence = record_sequence(graphs, network, folder / name)
        recorded = recorded_sequence(folder / name, sequence, network.image_size)
        vectors = {graph.name: read_vectors(folder / name / vectors_file(graph.name)) for graph in graphs}
        for precision in PRECISIONS:
            paths = {graph.name: _package(graph, precision, folder / name) for graph in graphs}
            cells = [_graph_cell(*vectors[graph], paths[graph]) if graph in paths else "–" for graph in GRAPHS]
            iou = logit = "–"
            if worth_following(trained=False, precision=precision):
                runners = {graph: coreml.load(path) for graph, path in paths.items()}
                followed = follow(Variant("coreml", precision), runners, recorded).rollout
                iou, logit = f"{min(followed.mask_iou):.4f}", error_text(largest(followed.max_abs))
            yield f"| {name} | {precision} | {' | '.join(cells)} | {iou} | {logit} |\n"


def _larger_rows(names: list[str], folder: Path) -> Iterator[str]:
    """Each graph once, in fp32: after a click on the first frame, its state goes into one step."""
    for name in names:
        network = create_model(name)
        seed_weights(network)
        graphs = {graph.name: graph for graph in graphs_of(network)}
        size = network.image_size
        frames, masks = sample_clip(2, size, size)
        eager = {graph.name: EagerRunner(graph) for graph in graphs.values()}
        steps = ArtefactSteps(eager, size)
        prompt = Prompt(points=[sample_click(masks)], labels=[1])
        for _ in follow_all(steps, frames, [prompt]):
            pass
        steps.prompt_mask(eager[ENCODE_IMAGE].outputs[0]["features"], model_mask(masks[0], size))
        if TRACK_FIRST in graphs:
            features = eager[ENCODE_IMAGE].outputs[1]["features"]
            state = {key: value for key, value in eager[TRACK_FIRST].inputs[0].items() if key != "features"}
            steps.follow(features, (TRACK_STEP, state))
        cells = []
        for graph in GRAPHS:
            if graph in graphs:
                given, expected = (
                    {k: v[None] for k, v in one.items()} for one in (eager[graph].inputs[0], eager[graph].outputs[0])
                )
                cells.append(_graph_cell(given, expected, _package(graphs[graph], "fp32", folder / name)))
            else:
                cells.append("–")
        yield f"| {name} | fp32 | {' | '.join(cells)} | – | – |\n"


def _graph_cell(given: Arrays, expected: Arrays, path: Path) -> str:
    outputs = compare(expected, run_all(coreml.load(path), given), {}).values()
    relative = largest(output.relative for output in outputs)
    psnr = min((output.psnr for output in outputs if output.psnr is not None), default=None)
    return error_text(relative) + (f" ({psnr:.0f} dB)" if relative is not None and psnr and relative > 2e-2 else "")


def _times(folder: Path) -> Iterator[str]:
    """A verification each, as `vitexport verify` does it: from disk, all inputs."""
    for name, wanted, precision in TIMED:
        graph = next(graph for graph in _graphs(name) if graph.name == wanted)
        path = folder / "timed" / f"{graph.name}-{precision}.mlpackage"
        signature = coreml.lower(graph, path, LowerOptions(precision)).signature(graph)
        pictures = np.stack([to_input(pixels) for pixels in verification_images(graph.inputs[0].shape[-1])])
        with torch.inference_mode():
            results = [graph.module(torch.from_numpy(picture)) for picture in pictures]
        expected = {spec.name: np.stack([result[spec.name].numpy() for result in results]) for spec in graph.outputs}
        wall, cpu = time.perf_counter(), time.process_time()
        given = {"image": pictures}
        verify(Case(Variant("coreml", precision), wanted, path, *signature, given, expected))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        yield (
            f"* `{name}`, {wanted}, {precision}: {len(pictures)} inputs verified in {wall:.1f} s "
            f"({cpu:.1f} s of CPU time on {THREADS} threads).\n"
        )


if __name__ == "__main__":
    main()
