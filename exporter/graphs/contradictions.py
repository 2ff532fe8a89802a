"""Whether the parts of a manifest fit one another, whoever wrote it: what runs a bundle relies on all of this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from exporter.graphs.tasks import TASKS, Task
from exporter.manifest import GraphEntry, Kind, Manifest, TensorSpec, Variant


def contradiction(manifest: Manifest) -> str | None:
    """The first thing in a manifest that does not fit the rest, in words; None if all fits."""
    task = TASKS[manifest.model.task]
    parts = (
        _graphs(manifest, task),
        _tensors(manifest, task),
        _artifacts(manifest),
        _types(manifest),
        _files(manifest),
        _figures(manifest),
    )
    return next(chain.from_iterable(parts), None)


def _graphs(manifest: Manifest, task: Task) -> Iterator[str]:
    names = [graph.name for graph in manifest.graphs]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"there are several graphs {name}"
    for name in set(names) - task.graphs.keys():
        yield f"a model of the task {manifest.model.task} has no graph {name}"
    for name in task.graphs.keys() - set(names) - set(task.may_lack):
        yield f"the graph {name} is missing"
    if (manifest.sequence is not None) != (task.recorded_on == "sequence"):
        yield "it has a sequence and no tracker" if manifest.sequence else "a tracker has no sequence"
    if manifest.state != task.wiring:
        yield "its state is not that of the task"


def _tensors(manifest: Manifest, task: Task) -> Iterator[str]:
    size, classes = manifest.model.image_size, manifest.model.num_classes
    shapes: dict[str, tuple[int, ...]] = {"image": (1, 3, size, size), "mask": (1, 1, size, size)}
    shapes |= {"logits": (1, classes)} if classes is not None else {}
    for graph in manifest.graphs:
        signature = task.graphs.get(graph.name, ((), ()))
        for names, specs in zip(signature, (graph.inputs, graph.outputs), strict=True):
            if (there := tuple(spec.name for spec in specs)) != names:
                yield f"{graph.name} has {', '.join(there) or 'nothing'} and needs {', '.join(names)}"
                return
        for spec in (*graph.inputs, *graph.outputs):
            if spec.kind != (kind := task.kinds[spec.name]):
                yield f"{spec.name} of {graph.name} is {spec.kind}, and {kind} in models of the task"
            if spec.dtype != "float32":
                yield f"{spec.name} of {graph.name} is {spec.dtype}, and graphs take and give float32"
            known = shapes.setdefault(spec.name.removeprefix("next_"), spec.shape)
            if known != spec.shape:
                yield f"{spec.name} of {graph.name} has the shape {list(spec.shape)} and elsewhere {list(known)}"


def _artifacts(manifest: Manifest) -> Iterator[str]:
    graphs: dict[str, GraphEntry] = {graph.name: graph for graph in manifest.graphs}
    made = [(artifact.variant, artifact.graph) for artifact in manifest.artifacts]
    if len(set(made)) < len(made) or len(set(manifest.variants)) < len(manifest.variants):
        yield "an artefact or variant is there twice"
    if set(made) != {(variant, name) for variant in manifest.variants for name in graphs}:
        yield "its artefacts are not one of each graph in each variant"
    for artifact in manifest.artifacts:
        if (graph := graphs.get(artifact.graph)) is not None and (
            _contract(artifact.inputs) != _contract(graph.inputs)
            or _contract(artifact.outputs) != _contract(graph.outputs)
        ):
            yield f"the {artifact.format} artefact of {artifact.graph} takes or gives something else than the graph"


def _contract(specs: Sequence[TensorSpec]) -> list[tuple[str, tuple[int, ...], Kind]]:
    return [(spec.name, spec.shape, spec.kind) for spec in specs]


def _types(manifest: Manifest) -> Iterator[str]:
    """Features and states go from graph to graph of a variant as they are, so each has one type there."""
    known: dict[tuple[Variant, str], str] = {}
    for artifact in manifest.artifacts:
        for spec in (*artifact.inputs, *artifact.outputs):
            name = f"{spec.name} of the {artifact.format} artefact of {artifact.graph}"
            if spec.dtype == "float16" and artifact.precision == "fp32":
                yield f"{name} is float16, and the artefact fp32"
            first = known.setdefault((artifact.variant, spec.name.removeprefix("next_")), spec.dtype)
            if spec.dtype != first:
                yield f"{name} is {spec.dtype}, and {first} elsewhere in {artifact.variant}"


def _files(manifest: Manifest) -> Iterator[str]:
    sizes = Counter[str]()
    for file in manifest.files:
        if file.path in sizes:
            yield "a file is listed twice"
        for depth in range(file.path.count("/") + 1):  # the file, and each folder that it is in
            sizes[file.path.rsplit("/", depth)[0]] += file.bytes
    for path in manifest.paths:
        if path not in sizes:
            yield f"{path!r} is not among its files"
    for artifact in manifest.artifacts:
        if artifact.bytes != sizes[artifact.file]:
            yield f"{artifact.file} has {sizes[artifact.file]} bytes, and its artefact {artifact.bytes}"


def _figures(manifest: Manifest) -> Iterator[str]:
    for artifact in manifest.artifacts:
        verdict, names = artifact.verification, {spec.name for spec in artifact.outputs}
        if not verdict.outputs.keys() <= names:
            yield f"figures of the {artifact.format} artefact of {artifact.graph} are of other outputs"
        if any(len(parity.per_vector) != verdict.vectors or not verdict.vectors for parity in verdict.outputs.values()):
            yield f"figures of the {artifact.format} artefact of {artifact.graph} are of other vectors"
    for rollout in manifest.rollouts:
        if len(rollout.mask_iou) != len(rollout.max_abs) or (rollout.status == "passed" and not rollout.mask_iou):
            yield f"a rollout of {rollout.format} counts its frames in two ways"
        if rollout.variant not in manifest.variants:
            yield f"there is a rollout of {rollout.variant}, and no such artefact"
    for frame in manifest.latencies:
        if frame.variant not in manifest.variants:
            yield f"there is a latency of {frame.variant}, and no such artefact"
        if not {graph.name for graph in manifest.graphs}.issuperset(frame.graphs):
            yield f"the latency of {frame.variant} is of graphs that are not there"
        if (frame.latency is None) == (frame.missing is None):
            yield f"{frame.variant} has a latency and a reason why there is none, or neither"
