"""The tracker's largest graph in the formats that take long to convert to; ONNX is followed as a whole elsewhere."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter

from exporter.backends import Lowered, LowerOptions, backend
from exporter.rollout import EagerRunner, follow
from exporter.verify import verify


@dataclass(frozen=True)
class LoweredStep:
    format: str
    path: Path
    lowered: Lowered


@pytest.fixture(scope="module", params=["executorch", "tflite"])
def step(request, lowered_tracker):
    made = lowered_tracker(request.param, "track_step")
    return LoweredStep(request.param, made.path, made.lowered)


def test_a_step_with_a_full_memory_agrees_with_pytorch(followed_tracker, step):
    graph = followed_tracker.graphs["track_step"]
    given, expected = followed_tracker.recorded["track_step"]
    verdict = verify(step.format, step.path, "fp32", graph.inputs, graph.outputs, given, expected)
    assert verdict.status == "passed", verdict.detail
    if delegation := step.lowered.delegation:
        assert delegation.macs == 1, delegation.outside
        assert delegation.pieces <= 5


def test_no_product_of_a_litert_step_is_left_outside_xnnpack(step):
    """XNNPACK takes fully connected layers with constant weights only; attention's products must not become such."""
    if step.format != "tflite":
        return
    interpreter = Interpreter(str(step.path))
    operators = interpreter._get_ops_details()
    made = {int(output) for operator in operators for output in operator["outputs"]}
    layers = [operator for operator in operators if operator["op_name"] == "FULLY_CONNECTED"]
    assert layers
    assert not [layer for layer in layers if int(layer["inputs"][1]) in made]


def test_the_errors_of_a_step_do_not_add_up_over_a_sequence(followed_tracker, step):
    """All that is remembered goes from step to step; PyTorch runs the graphs before them."""
    tracker = followed_tracker
    runners = {name: EagerRunner(graph, ()) for name, graph in tracker.graphs.items()}
    runners["track_step"] = backend(step.format).load(step.path)
    followed = follow(step.format, "fp32", runners, tracker.image_size, tracker.sequence, tracker.vectors)
    assert followed.rollout.status == "passed", followed.rollout.detail


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_core_ml_takes_prompts(followed_tracker, tmp_path, precision):
    graph = followed_tracker.graphs["prompt_points"]
    path = tmp_path / "prompt_points.mlpackage"
    backend("coreml").lower(graph, path, LowerOptions(precision))
    given, expected = followed_tracker.recorded["prompt_points"]
    verdict = verify("coreml", path, precision, graph.inputs, graph.outputs, given, expected)
    assert verdict.status == "passed", verdict.detail


def test_a_core_ml_step_in_half_precision_follows_an_object(followed_tracker, tmp_path):
    tracker, path = followed_tracker, tmp_path / "track_step.mlpackage"
    backend("coreml").lower(tracker.graphs["track_step"], path, LowerOptions("fp16"))
    runners = {name: EagerRunner(graph, ()) for name, graph in tracker.graphs.items()}
    runners["track_step"] = backend("coreml").load(path)
    rollout = follow("coreml", "fp16", runners, tracker.image_size, tracker.sequence, tracker.vectors).rollout
    assert rollout.status == "passed", rollout.detail
    assert max(rollout.max_abs) > 1e-2  # it is half precision that passed
    assert rollout.ms == {}  # an interpreter's times say nothing
