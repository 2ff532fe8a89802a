"""What a manifest says must fit together: every way in which it may not is found, and said."""

import re

import pytest

from exporter.graphs.contradictions import contradiction
from exporter.graphs.tasks import TASKS
from exporter.manifest import Manifest, Variant
from tests.models import classifier_graph, tracker_graphs


def changed(part, **changes):
    return part.model_copy(update=changes)


def first(parts, **changes):
    return (changed(parts[0], **changes), *parts[1:])


def reshaped(specs, *shape):
    return first(specs, shape=shape)


def renamed(specs, name):
    return first(specs, name=name)


CLASSIFIERS = {
    "several graphs classify": lambda m: changed(m, graphs=(*m.graphs, *m.graphs)),
    "has no graph track_step": lambda m: changed(m, graphs=first(m.graphs, name="track_step")),
    "the graph classify is missing": lambda m: changed(m, graphs=()),
    "it has a sequence and no tracker": lambda m: changed(
        m, sequence={"file": "vectors/sequence.safetensors", "frames": 24, "objects": 2, "covering": 24}
    ),
    "its state is not that of the task": lambda m: changed(m, state={"logits": "image"}),
    "classify has picture and needs image": lambda m: changed(
        m, graphs=first(m.graphs, inputs=renamed(m.graphs[0].inputs, "picture"))
    ),
    "classify has nothing and needs logits": lambda m: changed(m, graphs=first(m.graphs, outputs=())),
    r"image of classify has the shape \[1, 3, 32, 32\] and elsewhere \[1, 3, 64, 64\]": lambda m: changed(
        m, graphs=first(m.graphs, inputs=reshaped(m.graphs[0].inputs, 1, 3, 32, 32))
    ),
    r"logits of classify has the shape \[1, 1000\] and elsewhere \[1, 10\]": lambda m: changed(
        m, model=changed(m.model, num_classes=10)
    ),
    "an artefact or variant is there twice": lambda m: changed(m, artifacts=(*m.artifacts, m.artifacts[0])),
    "artefacts are not one of each graph in each variant": lambda m: changed(m, artifacts=m.artifacts[1:]),
    "not one of each graph": lambda m: changed(m, variants=(*m.variants, Variant("onnx", "fp16"))),
    "the coreml artefact of classify takes or gives something else": lambda m: changed(
        m, artifacts=first(m.artifacts, inputs=reshaped(m.artifacts[0].inputs, 1, 3, 32, 32))
    ),
    "logits of classify is points, and class_scores in models of the task": lambda m: changed(
        m, graphs=first(m.graphs, outputs=first(m.graphs[0].outputs, kind="points"))
    ),
    "logits of classify is float16, and graphs take and give float32": lambda m: changed(
        m, graphs=first(m.graphs, outputs=first(m.graphs[0].outputs, dtype="float16"))
    ),
    "logits of the onnx artefact of classify is float16, and the artefact fp32": lambda m: changed(
        m, artifacts=tuple(
            changed(one, outputs=first(one.outputs, dtype="float16")) if one.format == "onnx" else one
            for one in m.artifacts
        )
    ),
    "classify.mlpackage has .* bytes, and its artefact 7": lambda m: changed(m, artifacts=first(m.artifacts, bytes=7)),
    "figures of the coreml artefact of classify are of other outputs": lambda m: changed(
        m, artifacts=first(m.artifacts, verification=changed(
            m.artifacts[0].verification, outputs={"scores": m.artifacts[0].verification.outputs["logits"]}
        ))
    ),
    "figures of the coreml artefact of classify are of other vectors": lambda m: changed(
        m, artifacts=first(m.artifacts, verification=changed(m.artifacts[0].verification, vectors=0))
    ),
    "a file is listed twice": lambda m: changed(m, files=(*m.files, m.files[0])),
    "'onnx/other.onnx' is not among its files": lambda m: changed(
        m, artifacts=(*m.artifacts[:-1], changed(m.artifacts[-1], file="onnx/other.onnx"))
    ),
    "'vectors' is not among its files": lambda m: changed(
        m, graphs=first(m.graphs, vectors="vectors"), files=tuple(f for f in m.files if "vectors/" not in f.path)
    ),
    "there is a latency of coreai": lambda m: changed(m, latencies=first(m.latencies, format="coreai")),
    "is of graphs that are not there": lambda m: changed(m, latencies=first(m.latencies, graphs=("track_step",))),
    "a latency and a reason why there is none, or neither": lambda m: changed(
        m, latencies=first(m.latencies, missing=None, latency=None)
    ),
}  # fmt: skip
TRACKERS = {
    "a rollout of onnx counts its frames in two ways": lambda m: changed(m, rollouts=first(m.rollouts, max_abs=())),
    "a rollout of tflite fp32, and no such artefact": lambda m: changed(m, rollouts=first(m.rollouts, format="tflite")),
    "a tracker has no sequence": lambda m: changed(m, sequence=None),
    "its state is not that of the task": lambda m: changed(m, state={}),
    "the graph prompt_points is missing": lambda m: changed(
        m, graphs=tuple(graph for graph in m.graphs if graph.name != "prompt_points")
    ),
    "memory of the onnx artefact of track_step is image, and float32 elsewhere in onnx fp32": lambda m: changed(
        m, artifacts=(*m.artifacts[:-1], changed(m.artifacts[-1], inputs=tuple(
            changed(spec, dtype="image") if spec.name == "memory" else spec for spec in m.artifacts[-1].inputs
        )))
    ),
    "memory of track_step has the shape": lambda m: changed(
        m, graphs=(*m.graphs[:-1], changed(m.graphs[-1], inputs=tuple(
            changed(spec, shape=(1, *spec.shape[1:])) if spec.name == "memory" else spec for spec in m.graphs[-1].inputs
        )))
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", CLASSIFIERS)
def test_a_contradiction_in_a_classifiers_manifest_is_said(bundles, words):
    assert_said(bundles["mobilevit"].manifest, words, CLASSIFIERS[words])


@pytest.mark.parametrize("words", TRACKERS)
def test_a_contradiction_in_a_trackers_manifest_is_said(tracker_bundle, words):
    assert_said(tracker_bundle.manifest, words, TRACKERS[words])


def assert_said(manifest: Manifest, words: str, change) -> None:
    assert contradiction(manifest) is None
    said = contradiction(change(manifest))
    assert said is not None
    assert re.search(words, said), said


@pytest.mark.parametrize(("task", "graphs"), [("classify", lambda: [classifier_graph("mobilevit")]),
                                              ("track", tracker_graphs)])  # fmt: skip
def test_the_table_of_tasks_has_the_tensors_of_the_graphs_that_are_cut(task, graphs):
    cut = {
        graph.name: (tuple(spec.name for spec in graph.inputs), tuple(spec.name for spec in graph.outputs))
        for graph in graphs()
    }
    kinds = {spec.name: spec.kind for graph in graphs() for spec in (*graph.inputs, *graph.outputs)}
    assert kinds == TASKS[task].kinds
    assert cut == {name: tensors for name, tensors in TASKS[task].graphs.items() if name in cut}
    assert cut.keys() | set(TASKS[task].may_lack) == TASKS[task].graphs.keys()
