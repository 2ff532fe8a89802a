"""Where an artefact leaves PyTorch."""

import re
import shutil
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from device_profiles.vocabulary import Precision
from exporter.backends import backend, coreml, tflite
from exporter.backends import onnx as onnx_backend
from exporter.backends.interface import Backend, Computed, LowerOptions
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.graphs.capture import capture
from exporter.manifest import Artifact, TensorSpec, Verification
from exporter.operations.relative_error import relative_error
from exporter.verify.artifact import verify_bundle
from exporter.verify.explain import Reference, departure, explain_bundle, reference
from exporter.verify.intermediates import Index, Intermediate, intermediates
from exporter.verify.tolerances import TOLERANCES
from tests.exporter.cli.command_line import run
from tests.exporter.verify.planted_bugs import KINDS, plant
from tests.models import classifier_graph, classifier_pictures
from tests.sealed import keep_only, seal_again


@cache
def computed(family: str, passes: tuple[str, ...]) -> list[Intermediate]:
    """What PyTorch computes of a picture in a reduced classifier that went through these passes."""
    given = {"image": classifier_pictures(family)["image"][-1]}
    return list(intermediates(classifier_graph(family), passes, given))


def known(family: str, format: Backend, precision: Precision = "fp32") -> Index:
    passes = format.passes(LowerOptions(precision))
    return Index(computed(family, passes), TOLERANCES[precision].operation, format.reorders_axes)


def copy_of(packaged, folder: Path) -> Path:
    """The file, to be changed."""
    path = folder / packaged.path.name
    return shutil.copytree(packaged.path, path) if packaged.path.is_dir() else shutil.copy(packaged.path, path)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_bug_planted_in_a_core_ml_package_is_found_and_located_nine_times_in_ten(packages, tmp_path, precision):
    """A swapped axis may be seen an operation late, where the wrong value equals another one of PyTorch. In half
    precision a changed weight may be as small as the rounding of all others: of those that verification finds."""
    found, located = [], []
    for family in ("efficientformer", "mobilevit"):
        packaged = packages(family, precision)
        index = known(family, coreml.BACKEND, precision)
        for kind, seed in product(KINDS, range(6)):
            path = tmp_path / f"{family} {kind} {seed}.mlpackage"
            shutil.copytree(packaged.path, path)
            bug = plant(path, kind, seed)
            operations = list(coreml.trace(path, packaged.given))
            # The trace is in single precision; it need not be run again where the artefact is, too.
            run = coreml.load(path)(packaged.given) if precision == "fp16" else operations[-1].results
            error = relative_error(run["logits"], packaged.expected["logits"])
            found.append(error > TOLERANCES[precision].outputs.relative)
            place = departure(operations, index)
            located.append(found[-1] and place is not None and place.name == bug.operation)
    assert len(found) == 36
    assert sum(found) >= {"fp32": 34, "fp16": 30}[precision]
    assert sum(located) >= 0.9 * (36 if precision == "fp32" else sum(found))


@pytest.mark.parametrize("name", ["coreml", "onnx", "tflite"])
def test_an_artefact_that_agrees_leaves_nowhere(packages, name):
    packaged, format = packages("mobilevit", format=name), backend(name)
    assert departure(format.trace(packaged.path, packaged.given), known("mobilevit", format)) is None


@pytest.mark.parametrize("family", ["efficientformer", "mobilevit"])
def test_a_package_of_half_precision_that_agrees_leaves_nowhere(packages, family):
    packaged = packages(family, "fp16")
    assert departure(coreml.trace(packaged.path, packaged.given), known(family, coreml.BACKEND, "fp16")) is None


@pytest.mark.parametrize("graph", ["encode_image", "prompt_mask"])
def test_a_trackers_graph_of_half_precision_that_agrees_leaves_nowhere(followed_tracker, lowered_tracker, graph):
    path = lowered_tracker("coreml", graph, "fp16").path
    given = {name: values[0] for name, values in followed_tracker.vectors[graph][0].items()}
    rewrites = coreml.BACKEND.rewrites[None]
    computed = intermediates(followed_tracker.graphs[graph], rewrites, given)
    index = Index(computed, TOLERANCES["fp16"].operation, any_order=False)
    assert departure(coreml.trace(path, given), index) is None


def test_no_later_agreement_excuses_a_value_that_is_certainly_another(packages):
    """After a bounded function nearly all values agree."""
    right = np.linspace(-1, 1, 12, dtype=np.float32)
    index = Index([Intermediate("conv2d", "stem", right), Intermediate("sigmoid", "stem", right / 100)], 1e-4, False)
    operations = [
        Computed("Conv", "conv2d", "conv2d", (), {"conv2d": -4 * right}),
        Computed("Sigmoid", "sigmoid", "sigmoid", ("conv2d",), {"sigmoid": right / 100}),
    ]
    assert departure(operations, index).name == "conv2d"


def test_errors_of_half_precision_are_told_from_others(packages, tmp_path):
    """A program that means what PyTorch means, and overflows."""

    class Squares(torch.nn.Module):
        def forward(self, x):
            return {"y": (x * x).sqrt() + 1}

    spec = {"dtype": "float32", "layout": "NC", "kind": "features", "meaning": ""}
    inputs, outputs = TensorSpec(name="x", shape=(1, 8), **spec), TensorSpec(name="y", shape=(1, 8), **spec)
    graph = capture("squares", Squares(), (inputs,), (outputs,))
    path = tmp_path / "squares.mlpackage"
    coreml.lower(graph, path, LowerOptions("fp16"))
    given = {"x": np.linspace(1, 500, 8, dtype=np.float32)[None]}
    index = Index(intermediates(graph, (), given), TOLERANCES["fp16"].operation, any_order=False)
    assert departure(coreml.trace(path, given), index) is None
    assert coreml.precision_loss(path, given, TOLERANCES["fp16"].operation).endswith("overflows half precision")


def change_a_weight(path: Path) -> str:
    """Of the sixth convolution of an ONNX file; returns the name of its result."""
    model = onnx.load(path)
    node = [node for node in model.graph.node if node.op_type == "Conv"][5]
    (weight,) = (one for one in model.graph.initializer if one.name == node.input[1])
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[3] *= -4
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, path)
    return node.output[0]


def test_a_changed_weight_of_an_onnx_file_is_located(packages, tmp_path):
    packaged = packages("mobilevit", format="onnx")
    path = copy_of(packaged, tmp_path)
    result = change_a_weight(path)
    place = departure(onnx_backend.trace(path, packaged.given), known("mobilevit", onnx_backend.BACKEND))
    assert (place.kind, place.name) == ("Conv", result)
    assert place.module.startswith("model.stages.")
    assert place.after


def test_a_changed_weight_of_a_tflite_file_is_located(packages, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    packaged = packages("mobilevit", format="tflite")
    path = copy_of(packaged, tmp_path)
    interpreter = Interpreter(str(path))
    operation = [one for one in interpreter._get_ops_details() if one["op_name"] == "CONV_2D"][5]
    values = interpreter.get_tensor(operation["inputs"][1])
    content = bytearray(path.read_bytes())
    start = content.find(values.tobytes())
    wrong = values.copy()
    wrong.flat[3] *= -4
    content[start : start + values.nbytes] = wrong.tobytes()
    path.write_bytes(content)
    place = departure(tflite.trace(path, packaged.given), known("mobilevit", tflite.BACKEND))
    assert (place.kind, place.number) == ("CONV_2D", operation["index"] + 1)
    assert place.name.startswith("model.stages.")


@pytest.fixture
def onnx_copy(bundles, tmp_path) -> Bundle:
    """A bundle that a test may damage, with the artefact that is quickest to run."""
    path = tmp_path / "copy"
    shutil.copytree(bundles["mobilevit"].path, path)
    keep_only(path, "onnx")
    return Bundle.open(path)


@pytest.fixture(scope="module")
def checked(bundles) -> list[tuple[Artifact, Verification]]:
    """On the first picture only."""
    return verify_bundle(bundles["mobilevit"], seconds=0)


@pytest.fixture(scope="module")
def mobilevit(bundles) -> Reference:
    return reference(bundles["mobilevit"])


def test_each_failed_artefact_gets_a_sentence(bundles, checked, mobilevit):
    failed = [(artifact, found.model_copy(update={"status": "failed"})) for artifact, found in checked]
    sentences = {one.format: one.sentence for one in explain_bundle(bundles["mobilevit"], failed, mobilevit)}
    assert sentences == {
        "coreml": "run one at a time, all its operations agree with PyTorch.",
        "executorch": "ExecuTorch does not show what is computed inside an artefact.",
        "tflite": "run one at a time, all its operations agree with PyTorch.",
        "onnx": "run one at a time, all its operations agree with PyTorch.",
    }


def test_artefacts_that_passed_need_no_explanation(bundles, checked, mobilevit):
    assert explain_bundle(bundles["mobilevit"], checked, mobilevit) == []


def test_a_bundle_made_from_a_file_needs_that_file(own_weights, tmp_path):
    bundle, other = own_weights.bundle, tmp_path / "other.pt"
    with pytest.raises(BundleError, match=r"was made from three\.pt: pass --weights with that file"):
        reference(bundle)
    state = torch.load(own_weights.checkpoint)
    torch.save(state | {name: values + 1 for name, values in state.items() if name == "head.bias"}, other)
    with pytest.raises(BundleError, match=r"other\.pt is not what .* was made from"):
        reference(bundle, str(other))
    assert set(reference(bundle, str(own_weights.checkpoint)).graphs) == {"classify"}


def test_verify_explains_a_bundle_that_fails(onnx_copy):
    """As an export that failed leaves it: the manifest belongs to the file that is there."""
    path = onnx_copy.path / onnx_copy.artifact("onnx", "classify").file
    result = change_a_weight(path)
    seal_again(onnx_copy.path)
    done = run("verify", str(onnx_copy.path), "--explain")
    assert done.returncode == 1
    assert re.search(
        rf"^onnx classify, input \d+: the artefact leaves PyTorch at operation \d+ of \d+, Conv '{result}'",
        done.stdout,
        re.MULTILINE,
    )
