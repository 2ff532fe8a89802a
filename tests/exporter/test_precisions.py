"""Several precisions of one format in one bundle: each artefact is known by format, precision, delegate and graph."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from exporter.bundle import Bundle
from exporter.contents import seal
from exporter.errors import BackendError, BundleError
from exporter.inference.classify import classify_photo
from exporter.manifest import Manifest, Variant
from exporter.media.images import sample_photo
from exporter.operations.relative_error import relative_error
from exporter.verify.artifact import verify_bundle
from exporter.verify.regression import compare_bundles
from exporter.verify.tolerances import TOLERANCES
from exporter.verify.verdict import verdict

HALF, SINGLE, ONNX = Variant("coreml", "fp16"), Variant("coreml", "fp32"), Variant("onnx", "fp32")


@pytest.fixture(scope="module")
def bundle(two_precisions: Path) -> Bundle:
    return Bundle.open(two_precisions)


def changed(manifest: Manifest, variant: Variant, **changes: object) -> Manifest:
    """A manifest with another artefact of a variant."""
    artifacts = tuple(one.model_copy(update=changes) if one.variant == variant else one for one in manifest.artifacts)
    return manifest.model_copy(update={"artifacts": artifacts})


def test_each_precision_is_an_artefact_in_a_folder_of_its_own(bundle):
    bundle.check()
    assert [(artifact.variant, artifact.file) for artifact in bundle.manifest.artifacts] == [
        (HALF, "coreml/classify.mlpackage"),
        (SINGLE, "coreml-fp32/classify.mlpackage"),
        (ONNX, "onnx/classify.onnx"),
    ]


def test_a_variant_is_called_by_its_format_and_what_tells_it_from_others(bundle):
    manifest = bundle.manifest
    assert (manifest.variants, manifest.formats) == ((HALF, SINGLE, ONNX), ("coreml", "onnx"))
    assert [manifest.label(variant) for variant in manifest.variants] == ["coreml fp16", "coreml fp32", "onnx"]
    assert repr(bundle).endswith("coreml fp16 passed, coreml fp32 passed, onnx passed)")


def test_an_artefact_is_found_by_its_precision_and_without_one_the_first_is_meant(bundle):
    assert bundle.artifact("coreml", "classify").variant == HALF
    assert bundle.artifact("coreml", "classify", "fp32").variant == SINGLE
    with pytest.raises(BundleError, match=r"no 'classify' in onnx fp16; it has coreml fp16, coreml fp32, onnx"):
        bundle.artifact("onnx", "classify", "fp16")


def test_a_runner_computes_in_the_precision_that_was_asked_for(bundle):
    given, expected = bundle.vectors("classify")
    half, single = (
        relative_error(
            bundle.runner("coreml", "classify", precision=precision)({"image": given["image"][-1]})["logits"],
            expected["logits"][-1],
        )
        for precision in ("fp16", "fp32")
    )
    assert single <= TOLERANCES["fp32"].outputs.relative < half <= TOLERANCES["fp16"].outputs.relative


def test_an_artefact_takes_and_gives_what_its_precision_is_and_a_runner_single_precision(bundle):
    dtypes = {one.variant: (one.inputs[0].dtype, one.outputs[0].dtype) for one in bundle.manifest.artifacts}
    assert dtypes == {HALF: ("image", "float16"), SINGLE: ("image", "float32"), ONNX: ("float32", "float32")}
    image = bundle.vectors("classify")[0]["image"][-1]
    for variant, runners in bundle.runners():
        assert runners["classify"]({"image": image})["logits"].dtype == np.float32, variant


@pytest.mark.parametrize(("variant", "is_", "said"), [(HALF, "FLOAT16", "float32"), (ONNX, "FLOAT", "image")])
def test_a_manifest_that_says_another_type_than_its_file_is_refused_by_the_files_name(
    two_precisions, tmp_path, variant, is_, said
):
    copy = shutil.copytree(two_precisions, tmp_path / "copy")
    manifest = Bundle.open(copy).manifest
    (made,) = (one for one in manifest.artifacts if one.variant == variant)
    logits = made.outputs[0].model_copy(update={"dtype": said})
    seal(copy, changed(manifest, variant, outputs=(logits,)))
    words = rf"{Path(made.file).name} has inputs and outputs .* logits {is_} \[1, 1000\], and should have .* logits"
    opened = Bundle.open(copy)
    with pytest.raises(BackendError, match=f"^{words}"):
        opened.runner(variant.format, "classify", precision=variant.precision)
    verdicts = {artifact.variant: found for artifact, found in verify_bundle(opened)}
    assert {one: found.status for one, found in verdicts.items()} == {
        one: "failed" if one == variant else "passed" for one in verdicts
    }
    assert re.match(words, verdicts[variant].detail)


def test_runners_are_those_of_every_variant_or_of_what_is_asked_for(bundle):
    def ran(*asked: object) -> list[Variant]:
        return [variant for variant, _ in bundle.runners(*asked)]

    assert ran() == [ONNX, HALF, SINGLE]  # what is interpreted comes last
    assert ran(["coreml"]) == [HALF, SINGLE]
    assert ran(None, None, ["fp32"]) == [ONNX, SINGLE]
    assert ran(["coreml"], None, ["fp32"]) == [SINGLE]
    with pytest.raises(BundleError, match="nothing in int8; it has fp16, fp32"):
        ran(None, None, ["int8"])
    with pytest.raises(BundleError, match="no onnx in fp16"):
        ran(["onnx"], None, ["fp16"])
    with pytest.raises(BundleError, match="no onnx in fp16 or int8; it has "):
        ran(["onnx"], None, ["fp16", "int8"])
    with pytest.raises(BundleError, match="no tflite; it has "):
        ran(["tflite"])


def test_a_photo_is_classified_in_every_variant(bundle):
    answers = classify_photo(bundle, sample_photo("china.jpg"))
    assert list(answers) == ["onnx", "coreml fp16", "coreml fp32"]
    assert list(classify_photo(bundle, sample_photo("china.jpg"), ["coreml"], precisions=["fp32"])) == ["coreml fp32"]
    probabilities = {label: np.array([one.probability for one in answer]) for label, answer in answers.items()}
    assert np.allclose(probabilities["coreml fp32"], probabilities["onnx"], rtol=1e-4)
    assert not np.array_equal(probabilities["coreml fp16"], probabilities["coreml fp32"])


def test_each_variant_is_held_to_the_tolerance_of_its_precision(bundle):
    for artifact in bundle.manifest.artifacts:
        assert artifact.verification.tolerance == TOLERANCES[artifact.precision].outputs


def test_the_verdict_counts_variants_and_says_how_far_each_precision_is_off(bundle):
    found = verdict(bundle.manifest)
    assert found.outcome == "passed"
    assert found.sentence.startswith("3 variants agree with PyTorch within ")
    assert "(fp16 " in found.sentence
    assert ", fp32 " in found.sentence


def test_the_variant_that_fails_is_named(bundle):
    failed = bundle.manifest.artifacts[1].verification.model_copy(update={"status": "failed", "detail": "Too far off."})
    manifest = changed(bundle.manifest, SINGLE, verification=failed)
    assert verdict(manifest).sentence.endswith("; coreml fp32 disagrees with PyTorch.")
    assert manifest.failures == ["coreml fp32 classify: Too far off."]


def test_a_regression_compares_each_variant_with_itself(bundle):
    manifest = bundle.manifest
    assert compare_bundles(manifest, manifest).worse == 0
    (artifact,) = (one for one in manifest.artifacts if one.variant == SINGLE)
    larger = changed(manifest, SINGLE, bytes=2 * artifact.bytes)
    (worse,) = (change for change in compare_bundles(larger, manifest).changes if change.standing == "worse")
    assert (worse.format, worse.graph, worse.metric) == ("coreml fp32", "classify", "bytes")


def test_a_variant_that_is_gone_is_worse_though_another_precision_is_there(bundle):
    manifest = bundle.manifest
    fewer = manifest.model_copy(
        update={
            "artifacts": tuple(one for one in manifest.artifacts if one.variant != SINGLE),
            "variants": (HALF, ONNX),
        }
    )
    lost = compare_bundles(fewer, manifest)
    (worse,) = (change for change in lost.changes if change.standing == "worse")
    assert (worse.format, worse.metric, worse.old, worse.new) == ("coreml fp32", "status", "passed", None)
    assert compare_bundles(manifest, fewer).worse == 0


def test_the_only_variant_of_a_format_is_compared_though_its_precision_has_changed(bundle):
    def alone(variant: Variant) -> Manifest:
        artifacts = tuple(one for one in bundle.manifest.artifacts if one.variant == variant)
        return bundle.manifest.model_copy(update={"artifacts": artifacts, "variants": (variant,)})

    changes = compare_bundles(alone(HALF), alone(SINGLE)).changes
    assert {change.format for change in changes} == {"coreml"}
    assert next(change for change in changes if change.metric == "bytes").standing == "better"
    assert next(change for change in changes if change.metric == "relative error").standing == "worse"
