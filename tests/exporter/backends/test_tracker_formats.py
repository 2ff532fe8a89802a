"""The tracker's largest graph in the formats that take long to convert to; ONNX is followed as a whole elsewhere."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter

from exporter.backends import backend
from exporter.backends.interface import Lowered, LowerOptions
from exporter.manifest import Variant
from exporter.verify.artifact import verify
from exporter.verify.record import EagerRunner
from exporter.verify.sequence import follow


@dataclass(frozen=True)
class LoweredStep:
    variant: Variant
    path: Path
    lowered: Lowered


@pytest.fixture
def lowered_step(lowered_tracker):
    def step(format: str) -> LoweredStep:
        made = lowered_tracker(format, "track_step")
        return LoweredStep(Variant(format, "fp32", backend(format).default_delegate), made.path, made.lowered)

    return step


@pytest.fixture
def rollout(followed_tracker):
    """What becomes of a sequence of which one format takes the steps; PyTorch runs the graphs before them."""

    def followed(variant: Variant, path: Path):
        runners = {name: EagerRunner(graph) for name, graph in followed_tracker.graphs.items()}
        runners["track_step"] = backend(variant.format).load(path)
        return follow(variant, runners, followed_tracker.recorded).rollout

    return followed


@pytest.mark.parametrize("format", ["executorch", "tflite"])
def test_a_step_with_a_full_memory_agrees_with_pytorch(followed_tracker, lowered_step, format):
    step = lowered_step(format)
    found = verify(followed_tracker.case(step.variant, "track_step", step.path))
    assert found.status == "passed", found.detail


@pytest.mark.parametrize("format", ["executorch", "tflite"])
def test_the_errors_of_a_step_do_not_add_up_over_a_sequence(lowered_step, rollout, format):
    """All that is remembered goes from step to step."""
    step = lowered_step(format)
    found = rollout(step.variant, step.path)
    assert found.status == "passed", found.detail


def test_no_product_of_an_executorch_step_is_left_outside_xnnpack(lowered_step):
    delegation = lowered_step("executorch").lowered.delegation
    assert not [outside for outside in delegation.outside if outside.macs]
    assert delegation.macs == 1
    assert delegation.pieces <= 5


def test_no_product_of_a_litert_step_is_left_outside_xnnpack(lowered_step):
    """XNNPACK takes fully connected layers with constant weights only; attention's products must not become such."""
    interpreter = Interpreter(str(lowered_step("tflite").path))
    operators = interpreter._get_ops_details()
    made = {int(output) for operator in operators for output in operator["outputs"]}
    layers = [operator for operator in operators if operator["op_name"] == "FULLY_CONNECTED"]
    assert layers
    assert not [layer for layer in layers if int(layer["inputs"][1]) in made]


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_core_ml_takes_prompts(trained_tracker, tmp_path, precision):
    path = tmp_path / "prompt_points.mlpackage"
    lowered = backend("coreml").lower(trained_tracker.graphs["prompt_points"], path, LowerOptions(precision))
    found = verify(trained_tracker.case(Variant("coreml", precision), "prompt_points", path, lowered))
    assert found.status == "passed", found.detail


def test_a_core_ml_step_in_half_precision_follows_an_object(trained_tracker, tmp_path):
    runners = {name: EagerRunner(graph) for name, graph in trained_tracker.graphs.items()}
    path = tmp_path / "track_step.mlpackage"
    backend("coreml").lower(trained_tracker.graphs["track_step"], path, LowerOptions("fp16"))
    runners["track_step"] = backend("coreml").load(path)
    found = follow(Variant("coreml", "fp16"), runners, trained_tracker.recorded).rollout
    assert found.status == "passed", found.detail
    assert max(found.max_abs) > 1e-2  # it is half precision that passed
    assert found.ms == {}  # an interpreter's times say nothing
