"""Where an artefact leaves PyTorch."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest

import exporter
from exporter.backends import LowerOptions, coreml, tflite
from exporter.backends import onnx as onnx_backend
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.explain import departure, explain_bundle, reference_graphs
from exporter.intermediates import Index, intermediates
from exporter.verify import TOLERANCES, compare, verify_bundle
from tests.exporter.planted_bugs import KINDS, plant

TOLERANCE = TOLERANCES["fp32"].relative


def known(packaged, backend) -> Index:
    rewrites = backend.REWRITES[None]
    return Index(intermediates(packaged.graph, rewrites, packaged.given), TOLERANCE, backend.REORDERS_AXES)


def test_a_bug_planted_in_a_core_ml_package_is_found_and_located_nine_times_in_ten(packages, tmp_path):
    """A swapped axis may be seen an operation late, where the wrong value equals another one of PyTorch."""
    located = []
    for family in ("efficientformer", "mobilevit"):
        packaged = packages(family)
        reference = known(packaged, coreml)
        for kind, seed in product(KINDS, range(6)):
            path = tmp_path / f"{family} {kind} {seed}.mlpackage"
            shutil.copytree(packaged.path, path)
            bug = plant(path, kind, seed)
            actual = coreml.load(path)(packaged.given)
            found = compare(packaged.expected, actual)["logits"].relative > TOLERANCE
            place = departure(coreml.trace(path, packaged.given), reference)
            located.append(found and place is not None and place.name == bug.operation)
    assert len(located) == 36
    assert np.mean(located) >= 0.9


@pytest.mark.parametrize("backend", [coreml, onnx_backend, tflite], ids=["coreml", "onnx", "tflite"])
def test_an_artefact_that_agrees_leaves_nowhere(packages, tmp_path, backend):
    packaged = packages("mobilevit")
    path = tmp_path / f"artefact.{backend.EXTENSION}"
    backend.lower(packaged.graph, path, LowerOptions("fp32"))
    assert departure(backend.trace(path, packaged.given), known(packaged, backend)) is None


def test_a_changed_weight_of_an_onnx_file_is_located(packages, tmp_path):
    packaged, path = packages("mobilevit"), tmp_path / "artefact.onnx"
    onnx_backend.lower(packaged.graph, path, LowerOptions("fp32"))
    model = onnx.load(path)
    node = [node for node in model.graph.node if node.op_type == "Conv"][5]
    (weight,) = (one for one in model.graph.initializer if one.name == node.input[1])
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[3] *= -4
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    onnx.save(model, path)
    place = departure(onnx_backend.trace(path, packaged.given), known(packaged, onnx_backend))
    assert (place.kind, place.name) == ("Conv", node.output[0])
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
    sentences = {one.format: one.sentence for one in explain_bundle(copy, taken_for_wrong(copy))}
    assert sentences == {
        "coreml": "run one at a time, all its operations agree with PyTorch.",
        "executorch": "ExecuTorch does not show what is computed inside an artefact.",
        "tflite": "run one at a time, all its operations agree with PyTorch.",
        "onnx": "run one at a time, all its operations agree with PyTorch.",
    }


def test_artefacts_that_passed_need_no_explanation(copy):
    assert explain_bundle(copy, verify_bundle(copy)) == []


def test_a_bundle_made_from_a_file_needs_that_file(tmp_path):
    import torch

    def checkpoint(name: str, seed: int) -> Path:
        torch.manual_seed(seed)
        path = tmp_path / name
        torch.save(exporter.create_model("mobilevit_xxs", image_size=64).state_dict(), path)
        return path

    bundle = exporter.export(
        "mobilevit_xxs", formats=["onnx"], weights=str(checkpoint("own.pt", 0)), image_size=64, out=tmp_path / "out"
    )
    with pytest.raises(BundleError, match=r"was made from own\.pt: pass --weights with that file"):
        reference_graphs(bundle)
    with pytest.raises(BundleError, match=r"other\.pt is not what .* was made from"):
        reference_graphs(bundle, str(checkpoint("other.pt", 1)))
    assert set(reference_graphs(bundle, str(tmp_path / "own.pt"))) == {"classify"}
