"""Where an artefact leaves PyTorch."""

import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import exporter
from exporter.backends import Computed, LowerOptions, coreml, tflite
from exporter.backends import onnx as onnx_backend
from exporter.bundle import Bundle, digest
from exporter.errors import BundleError
from exporter.explain import AGREES, departure, explain_bundle, reference
from exporter.graphs.capture import capture
from exporter.intermediates import Index, Intermediate, intermediates
from exporter.manifest import TensorSpec
from exporter.verify import TOLERANCES, compare, verify_bundle
from tests.exporter.planted_bugs import KINDS, plant


def known(packaged, backend, precision="fp32") -> Index:
    rewrites = backend.REWRITES[None]
    return Index(intermediates(packaged.graph, rewrites, packaged.given), AGREES[precision], backend.REORDERS_AXES)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_bug_planted_in_a_core_ml_package_is_found_and_located_nine_times_in_ten(packages, tmp_path, precision):
    """A swapped axis may be seen an operation late, where the wrong value equals another one of PyTorch. In half
    precision a changed weight may be as small as the rounding of all others: of those that verification finds."""
    found, located = [], []
    for family in ("efficientformer", "mobilevit"):
        packaged = packages(family, precision)
        index = known(packaged, coreml, precision)
        for kind, seed in product(KINDS, range(6)):
            path = tmp_path / f"{family} {kind} {seed}.mlpackage"
            shutil.copytree(packaged.path, path)
            bug = plant(path, kind, seed)
            error = compare(packaged.expected, coreml.load(path)(packaged.given))["logits"].relative
            found.append(error > TOLERANCES[precision].relative)
            place = departure(coreml.trace(path, packaged.given), index)
            located.append(found[-1] and place is not None and place.name == bug.operation)
    assert len(found) == 36
    assert sum(found) >= {"fp32": 34, "fp16": 30}[precision]
    assert sum(located) >= 0.9 * (36 if precision == "fp32" else sum(found))


@pytest.mark.parametrize("backend", [coreml, onnx_backend, tflite], ids=["coreml", "onnx", "tflite"])
def test_an_artefact_that_agrees_leaves_nowhere(packages, tmp_path, backend):
    packaged = packages("mobilevit")
    path = tmp_path / f"artefact.{backend.EXTENSION}"
    backend.lower(packaged.graph, path, LowerOptions("fp32"))
    assert departure(backend.trace(path, packaged.given), known(packaged, backend)) is None


@pytest.mark.parametrize("family", ["efficientformer", "mobilevit"])
def test_a_package_of_half_precision_that_agrees_leaves_nowhere(packages, family):
    packaged = packages(family, "fp16")
    assert departure(coreml.trace(packaged.path, packaged.given), known(packaged, coreml, "fp16")) is None


@pytest.mark.parametrize("graph", ["encode_image", "prompt_mask"])
def test_a_trackers_graph_of_half_precision_that_agrees_leaves_nowhere(followed_tracker, tmp_path, graph):
    path = tmp_path / "graph.mlpackage"
    coreml.lower(followed_tracker.graphs[graph], path, LowerOptions("fp16"))
    given = {name: values[0] for name, values in followed_tracker.recorded[graph][0].items()}
    rewrites = coreml.REWRITES[None]
    index = Index(intermediates(followed_tracker.graphs[graph], rewrites, given), AGREES["fp16"], any_order=False)
    assert departure(coreml.trace(path, given), index) is None


def test_no_later_agreement_excuses_a_value_that_is_clearly_another(packages):
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

    spec = {"dtype": "float32", "layout": "NC", "meaning": ""}
    inputs, outputs = TensorSpec(name="x", shape=(1, 8), **spec), TensorSpec(name="y", shape=(1, 8), **spec)
    graph = capture("squares", Squares(), (inputs,), (outputs,))
    path = tmp_path / "squares.mlpackage"
    coreml.lower(graph, path, LowerOptions("fp16"))
    given = {"x": np.linspace(1, 500, 8, dtype=np.float32)[None]}
    index = Index(intermediates(graph, (), given), AGREES["fp16"], any_order=False)
    assert departure(coreml.trace(path, given), index) is None
    assert coreml.precision_loss(path, given, AGREES["fp16"]).endswith("overflows half precision")


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
    packaged, path = packages("mobilevit"), tmp_path / "artefact.onnx"
    onnx_backend.lower(packaged.graph, path, LowerOptions("fp32"))
    result = change_a_weight(path)
    place = departure(onnx_backend.trace(path, packaged.given), known(packaged, onnx_backend))
    assert (place.kind, place.name) == ("Conv", result)
    assert place.module.startswith("model.stages.")
    assert place.after


def test_a_changed_weight_of_a_tflite_file_is_located(packages, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    packaged, path = packages("mobilevit"), tmp_path / "artefact.tflite"
    tflite.lower(packaged.graph, path, LowerOptions("fp32"))
    interpreter = Interpreter(str(path))
    operation = [one for one in interpreter._get_ops_details() if one["op_name"] == "CONV_2D"][5]
    values = interpreter.get_tensor(operation["inputs"][1])
    content = bytearray(path.read_bytes())
    start = content.find(values.tobytes())
    wrong = values.copy()
    wrong.flat[3] *= -4
    content[start : start + values.nbytes] = wrong.tobytes()
    path.write_bytes(content)
    place = departure(tflite.trace(path, packaged.given), known(packaged, tflite))
    assert (place.kind, place.number) == ("CONV_2D", operation["index"] + 1)
    assert place.name.startswith("model.stages.")


@pytest.fixture
def copy(bundles, tmp_path) -> Bundle:
    """A bundle that a test may damage."""
    path = tmp_path / "copy"
    shutil.copytree(bundles["mobilevit"].path, path)
    return Bundle.open(path)


def taken_for_wrong(bundle: Bundle) -> list:
    """What verification finds, with every artefact failed."""
    return [(artifact, verdict.model_copy(update={"status": "failed"})) for artifact, verdict in verify_bundle(bundle)]


def test_each_failed_artefact_gets_a_sentence(copy):
    sentences = {one.format: one.sentence for one in explain_bundle(copy, taken_for_wrong(copy), reference(copy))}
    assert sentences == {
        "coreml": "run one at a time, all its operations agree with PyTorch.",
        "executorch": "ExecuTorch does not show what is computed inside an artefact.",
        "tflite": "run one at a time, all its operations agree with PyTorch.",
        "onnx": "run one at a time, all its operations agree with PyTorch.",
    }


def test_artefacts_that_passed_need_no_explanation(copy):
    assert explain_bundle(copy, verify_bundle(copy), reference(copy)) == []


def test_a_bundle_made_from_a_file_needs_that_file(tmp_path):
    def checkpoint(name: str, seed: int) -> Path:
        torch.manual_seed(seed)
        path = tmp_path / name
        torch.save(exporter.create_model("mobilevit_xxs", image_size=64).state_dict(), path)
        return path

    bundle = exporter.export(
        "mobilevit_xxs", formats=["onnx"], weights=str(checkpoint("own.pt", 0)), image_size=64, out=tmp_path / "out"
    )
    with pytest.raises(BundleError, match=r"was made from own\.pt: pass --weights with that file"):
        reference(bundle)
    with pytest.raises(BundleError, match=r"other\.pt is not what .* was made from"):
        reference(bundle, str(checkpoint("other.pt", 1)))
    assert set(reference(bundle, str(tmp_path / "own.pt")).graphs) == {"classify"}


def test_verify_explains_a_bundle_that_fails(copy):
    """As an export that failed leaves it: the manifest belongs to the file that is there."""
    path = copy.path / copy.artifact("onnx", "classify").file
    before = digest(path)
    result = change_a_weight(path)
    manifest = copy.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(before, digest(path)))
    command = [str(Path(sys.executable).parent / "vitexport"), "verify", str(copy.path), "--explain"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert re.search(
        rf"^onnx classify, input \d+: the artefact leaves PyTorch at operation \d+ of \d+, Conv '{result}'",
        done.stdout,
        re.MULTILINE,
    )
