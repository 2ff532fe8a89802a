"""Verification of artefacts from disk: what passes, what fails, and what is refused."""

import shutil
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest

from exporter.backends import FORMATS, backend
from exporter.bundle import Bundle
from exporter.errors import BundleError
from exporter.manifest import TensorSpec, Variant, Verification
from exporter.verify.artifact import verify, verify_bundle
from exporter.verify.case import case_of, cases_of
from exporter.verify.tolerances import TOLERANCES


def judged(bundle: Bundle, format: str, seconds: float | None = None, **changes: object) -> Verification:
    """Verification of a classifier in a format, of which the case is changed."""
    return verify(replace(case_of(bundle, bundle.artifact(format, "classify")), **changes), seconds=seconds)


def test_a_verification_cut_short_says_how_many_inputs_it_had(bundles):
    found = judged(bundles["mobilevit"], "onnx", seconds=0)
    assert (found.status, found.vectors, found.left_out) == ("passed", 1, 15)
    assert "on 1 of 16 inputs; then its 0 s were up" in found.detail
    assert len(found.outputs["logits"].per_vector) == 1


@pytest.fixture
def copy(bundles, tmp_path) -> Bundle:
    """A bundle that a test may damage."""
    path = tmp_path / "copy"
    shutil.copytree(bundles["mobilevit"].path, path)
    return Bundle.open(path)


@pytest.fixture(scope="module")
def verified(bundles) -> dict[str, Verification]:
    """Format -> what a second verification of the bundle finds."""
    return {artifact.format: found for artifact, found in verify_bundle(bundles["mobilevit"])}


def test_an_intact_bundle_passes_again(verified):
    statuses = {format: found.status for format, found in verified.items()}
    assert statuses == {"coreml": "passed", "executorch": "passed", "tflite": "passed", "onnx": "passed"}


def test_a_passed_artefact_names_the_runtime_that_ran_it(verified):
    runtimes = {format: found.runtime for format, found in verified.items()}
    assert runtimes["coreml"] == f"MIL interpreter {version('vitexport')} in half precision"
    assert [runtimes[name].split()[0] for name in ("executorch", "tflite", "onnx")] == ["ExecuTorch", "LiteRT", "ONNX"]


@pytest.mark.parametrize("file", ["tflite/classify.tflite", "coreml/classify.mlpackage/Manifest.json"])
def test_an_altered_file_is_refused(copy, file):
    with (copy.path / file).open("ab") as opened:
        opened.write(b" ")
    with pytest.raises(BundleError, match="altered"):
        verify_bundle(copy)


def test_the_cases_of_a_bundle_are_its_artefacts_with_their_vectors(copy):
    cases = cases_of(copy)
    assert [(case.variant, case.graph, case.path) for case in cases] == [
        (artifact.variant, artifact.graph, copy.path / artifact.file) for artifact in copy.manifest.artifacts
    ]
    given, expected = copy.vectors("classify")
    assert all(np.array_equal(case.given["image"], given["image"]) for case in cases)
    assert all(np.array_equal(case.expected["logits"], expected["logits"]) for case in cases)
    (copy.path / "vectors" / "classify.safetensors").write_bytes(b"")
    with pytest.raises(BundleError, match="altered"):
        cases_of(copy)


def test_a_missing_file_is_refused(copy):
    (copy.path / "onnx" / "classify.onnx").unlink()
    with pytest.raises(BundleError, match=r"lacks onnx/classify\.onnx"):
        verify_bundle(copy)


def test_a_failure_says_which_output_and_how_far_off(bundles):
    _, expected = bundles["mobilevit"].vectors("classify")
    found = judged(bundles["mobilevit"], "onnx", expected={"logits": expected["logits"] * 1.01})
    assert found.status == "failed"
    assert found.detail.startswith("logits is off by 9.9e-03 of its range (max abs ")
    assert "1e-04 is allowed" in found.detail


def test_an_artefact_that_its_runtime_refuses_has_failed(copy):
    (copy.path / "tflite" / "classify.tflite").write_bytes(b"no model")
    found = judged(copy, "tflite")
    assert found.status == "failed"
    assert "classify.tflite does not run" in found.detail


def test_a_package_that_describes_other_outputs_to_apps_fails(copy):
    wrong = TensorSpec(name="scores", shape=(1, 5), dtype="float32", layout="NC", kind="class_scores", meaning="")
    found = judged(copy, "coreml", outputs=(wrong,))
    assert found.status == "failed"
    assert "scores" in found.detail


def test_a_mask_of_other_pixels_fails_even_within_the_relative_error(tracker_bundle):
    case = case_of(tracker_bundle, tracker_bundle.artifact("onnx", "prompt_points"))
    logits = case.expected["mask_logits"]
    shifted = case.expected | {"mask_logits": logits + np.float32(0.019 * np.abs(logits).max())}
    found = verify(replace(case, variant=Variant("onnx", "fp16"), expected=shifted))
    assert found.status == "failed"
    assert found.detail.startswith("mask_logits has a mask of IoU 0.9")
    assert found.detail.endswith("0.98 is asked")


def test_every_precision_that_a_format_offers_has_its_tolerances():
    offered = {precision for format in FORMATS for precision in backend(format).precisions}
    assert offered <= set(TOLERANCES)
