"""Core ML packages: written here, and run by the interpreter."""

import shutil

import coremltools as ct
import coremltools.optimize.coreml as compression
import numpy as np
import pytest
import torch
from coremltools.converters.mil import Builder as mb

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
def packaged(packages):
    return packages("efficientformer", "fp16")


@pytest.fixture(scope="module")
def package(packaged):
    return packaged.path


@pytest.mark.parametrize(("precision", "type"), [("fp16", "FLOAT16"), ("fp32", "FLOAT32")])
def test_the_input_is_an_rgb_image_and_the_output_of_the_packages_precision(packages, precision, type):
    description = ct.utils.load_spec(str(packages("efficientformer", precision).path)).description
    image = description.input[0].type.imageType
    assert (image.width, image.height) == (96, 96)
    assert image.colorSpace == image.ColorSpace.Value("RGB")
    array = ct.proto.FeatureTypes_pb2.ArrayFeatureType
    assert description.output[0].type.multiArrayType.dataType == array.ArrayDataType.Value(type)


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


def test_what_a_package_describes_to_apps_is_the_graphs(graph, package, packaged):
    manifest = (package / "Manifest.json").stat()
    assert coreml.inspect(package, *packaged.lowered.signature(graph)) == "inputs and outputs match"
    assert (package / "Manifest.json").stat() == manifest  # coremltools would write it anew


def test_inspection_finds_an_output_of_another_shape(package, packaged):
    (logits,) = packaged.lowered.outputs
    with pytest.raises(BackendError, match="inputs and outputs"):
        coreml.inspect(package, packaged.lowered.inputs, [logits.model_copy(update={"shape": (1, 7)})])


@pytest.fixture(scope="module")
def compressed_classifier(tmp_path_factory):
    """Somebody's package: sparse, palettized weights in half precision, and labels."""
    weight = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float16)

    @mb.program(input_specs=[mb.TensorSpec((1, 64))], opset_version=ct.target.iOS18)
    def program(x):
        logits = mb.linear(x=mb.cast(x=x, dtype="fp16"), weight=weight, name="logits")
        return mb.softmax(x=logits, axis=-1, name="probabilities")

    options = {"convert_to": "mlprogram", "minimum_deployment_target": ct.target.iOS18, "skip_model_load": True}
    model = ct.convert(program, classifier_config=ct.ClassifierConfig(["a", "b", "c"]), **options)
    prune = compression.OpMagnitudePrunerConfig(target_sparsity=0.5, weight_threshold=0)
    palettize = compression.OpPalettizerConfig(nbits=2, weight_threshold=0)
    model = compression.prune_weights(model, compression.OptimizationConfig(prune))
    model = compression.palettize_weights(model, compression.OptimizationConfig(palettize), joint_compression=True)
    path = tmp_path_factory.mktemp("classifier") / "net.mlpackage"
    model.save(str(path))
    return path


X = {"x": np.linspace(-1, 1, 64, dtype=np.float32)[None]}


def test_the_operators_of_a_compressed_classifier_have_their_weights_whole_and_their_labels(compressed_classifier):
    found = {operation.kind: operation for operation in coreml.operations(compressed_classifier)}
    weight = found["linear"].named["weight"]
    assert (weight.shape, weight.dtype) == ((3, 64), "float32")
    assert len(np.unique(weight.constant)) <= 5, "four centres and zero"
    assert found["classify"].attributes["classes"] == ("a", "b", "c")
    assert [value.dtype for value in found["classify"].outputs] == ["string", "float32"]


def test_a_compressed_classifier_is_traced_and_run_alike(compressed_classifier):
    traced = {name: value for one in coreml.trace(compressed_classifier, X) for name, value in one.results.items()}
    outputs = coreml.load(compressed_classifier)(X)
    np.testing.assert_allclose(traced["classLabel_probs"], outputs["classLabel_probs"], atol=1e-3)
    assert outputs["classLabel"] == "abc"[outputs["classLabel_probs"].argmax()] == "abc"[int(traced["classLabel"])]


def test_a_compressed_classifier_says_where_it_loses_precision(compressed_classifier):
    assert coreml.precision_loss(compressed_classifier, X, 0.02) is None
    assert "overflows half precision" in str(coreml.precision_loss(compressed_classifier, {"x": 1e6 * X["x"]}, 0.02))


def test_weights_that_are_not_finite_fail_verification(graph, package, packaged, tmp_path):
    damaged = tmp_path / "damaged.mlpackage"
    shutil.copytree(package, damaged)
    weights = damaged / "Data/com.apple.CoreML/weights/weight.bin"
    content = bytearray(weights.read_bytes())
    content[128:132] = b"\xff" * 4  # the first values; in half precision not a number
    weights.write_bytes(content)
    picture = {"image": np.ones((1, 1, 3, 96, 96), np.float32)}
    expected = {"logits": np.ones((1, 1, 16), np.float32)}
    signature = packaged.lowered.signature(graph)
    case = Case(Variant("coreml", "fp16"), "classify", damaged, *signature, picture, expected)
    verdict = verify(case)
    assert verdict.status == "failed"
    assert "not finite" in verdict.detail
