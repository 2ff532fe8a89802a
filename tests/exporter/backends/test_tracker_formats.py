"""The tracker's largest graph in the formats that take long to convert to; ONNX is followed as a whole elsewhere."""

import pytest

from exporter import rollout
from exporter.backends import LowerOptions, backend
from exporter.graphs.tracker import tracker_graphs
from exporter.models.registry import IMAGENET_MEAN, IMAGENET_STD
from exporter.verify import verify
from tests.models import reduced_tracker


@pytest.fixture(scope="module")
def tracker(tmp_path_factory):
    """Graphs by name, and what eager PyTorch makes of their inputs."""
    model = reduced_tracker()
    graphs = tracker_graphs(model, IMAGENET_MEAN, IMAGENET_STD)
    recorded, _ = rollout.record(graphs, model, tmp_path_factory.mktemp("vectors"))
    return {graph.name: graph for graph in graphs}, recorded


@pytest.mark.parametrize("format", ["executorch", "tflite"])
def test_a_step_with_a_full_memory_agrees_with_pytorch(tracker, format, tmp_path):
    graphs, recorded = tracker
    graph, path = graphs["track_step"], tmp_path / f"track_step.{backend(format).EXTENSION}"
    lowered = backend(format).lower(graph, path, LowerOptions("fp32"))
    verdict = verify(format, path, "fp32", graph.inputs, graph.outputs, *recorded["track_step"])
    assert verdict.status == "passed", verdict.detail
    if lowered.delegation:
        assert lowered.delegation.macs == 1, lowered.delegation.outside
        assert lowered.delegation.pieces <= 5


def test_core_ml_takes_prompts(tracker, tmp_path):
    graph = tracker[0]["prompt_points"]
    path = tmp_path / "prompt_points.mlpackage"
    backend("coreml").lower(graph, path, LowerOptions("fp16"))
    verdict = verify("coreml", path, "fp16", graph.inputs, graph.outputs, {}, {})
    assert verdict.status == "not executed"
    assert "inputs and outputs match" in verdict.detail
