"""Core ML packages: written here, and run by the interpreter."""

import shutil

import coremltools as ct
import numpy as np
import pytest
import torch

from exporter.backends import coreml
from exporter.errors import BackendError
from exporter.manifest import Variant
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from tests.models import classifier_graph


@pytest.fixture(scope="module")
def graph():
    return classifier_graph("efficientformer")


@pytest.fixture(scope="module")
def package(packages):
    return packages("efficientformer", "fp16").path


def test_the_input_is_an_rgb_image_and_the_output_single_precision(package):
    description = ct.utils.load_spec(str(package)).description
    image = description.input[0].type.imageType
    assert (image.width, image.height) == (96, 96)
    assert image.colorSpace == image.ColorSpace.Value("RGB")
    assert description.output[0].type.multiArrayType.dataType == ct.proto.FeatureTypes_pb2.ArrayFeatureType.FLOAT32


@pytest.mark.parametrize(("precision", "operator"), [("fp16", True), ("fp32", False)])
def test_precision_is_that_of_the_arithmetic(packages, precision, operator):
    assert ("cast" in packages("efficientformer", precision).lowered.operators) is operator


def test_half_precision_halves_the_weights(packages):
    half, full = (
        packages("efficientformer", precision).path / "Data/com.apple.CoreML/weights/weight.bin"
        for precision in ("fp16", "fp32")
    )
    assert half.stat().st_size < 0.55 * full.stat().st_size


def test_layer_norm_stays_native(package):
    assert coreml._census(ct.utils.load_spec(str(package)))["layer_norm"] == 3


@pytest.mark.parametrize(("min_ios", "target"), [(16, "iOS16"), (17, "iOS17"), (19, "iOS18"), (27, "iOS26")])
def test_the_operator_set_is_the_newest_that_the_oldest_system_has(min_ios, target):
    assert coreml.deployment_target(min_ios) == target


def test_a_system_without_mlprograms_is_refused():
    with pytest.raises(BackendError, match=r"iOS 12 is too old.*--min-os 16"):
        coreml.deployment_target(12)


def test_the_package_carries_the_operator_set_it_was_made_for(packages):
    package = packages("efficientformer", "fp16", 18)
    assert package.lowered.min_os == "iOS18"
    assert ct.utils.load_spec(str(package.path)).specificationVersion == ct.target.iOS18.value


def test_the_runner_takes_one_threads_number_and_leaves_pytorchs_alone(graph, package):
    before = torch.get_num_threads()
    coreml.load(package, threads=before + 1)({"image": np.zeros((1, 3, 96, 96), np.float32)})
    assert torch.get_num_threads() == before


def test_what_a_package_describes_to_apps_is_the_graphs(graph, package):
    assert coreml.inspect(package, graph.inputs, graph.outputs) == "inputs and outputs match"


def test_inspection_finds_an_output_of_another_shape(graph, package):
    (logits,) = graph.outputs
    with pytest.raises(BackendError, match="inputs and outputs"):
        coreml.inspect(package, graph.inputs, [logits.model_copy(update={"shape": (1, 7)})])


def test_weights_that_are_not_finite_fail_verification(graph, package, tmp_path):
    damaged = tmp_path / "damaged.mlpackage"
    shutil.copytree(package, damaged)
    weights = damaged / "Data/com.apple.CoreML/weights/weight.bin"
    content = bytearray(weights.read_bytes())
    content[128:132] = b"\xff" * 4  # the first values; in half precision not a number
    weights.write_bytes(content)
    picture = {"image": np.ones((1, 1, 3, 96, 96), np.float32)}
    expected = {"logits": np.ones((1, 1, 16), np.float32)}
    case = Case(Variant("coreml", "fp16"), "classify", damaged, graph.inputs, graph.outputs, picture, expected)
    verdict = verify(case)
    assert verdict.status == "failed"
    assert "not finite" in verdict.detail
