"""Export: from a name to a verified bundle, or to a clear refusal and nothing on disk."""

import json

import pytest
import torch

import exporter
from exporter.errors import (
    BackendError,
    BundleError,
    InputShapeError,
    UnknownDeviceError,
    UnknownModelError,
    VerificationError,
    WeightsError,
)
from exporter.models.registry import create_model
from exporter.models.weights.loading import seed_weights
from tests.models import SMALLEST


@pytest.mark.parametrize("family", SMALLEST)
def test_every_format_of_every_family_is_made_and_what_can_run_here_agrees(bundles, family):
    manifest = bundles[family].manifest
    verdicts = {artifact.format: artifact.verification.status for artifact in manifest.artifacts}
    assert verdicts == {"coreml": "passed", "executorch": "passed", "tflite": "passed", "onnx": "passed"}


def test_a_bundle_holds_what_its_manifest_names(bundles):
    bundle = bundles["mobilevit"]
    files = {"manifest.json", "SHA256SUMS", "report.html", *(artifact.file for artifact in bundle.manifest.artifacts)}
    files |= {graph.vectors for graph in bundle.manifest.graphs}
    assert all((bundle.path / file).exists() for file in files)
    assert {path.name for path in bundle.path.iterdir()} == {file.split("/")[0] for file in files}


def test_everybody_may_read_a_bundle(bundles):
    for path in (bundles["mobilevit"].path, *bundles["mobilevit"].path.rglob("*")):
        needed = 0o755 if path.is_dir() else 0o644
        assert path.stat().st_mode & needed == needed, path


def test_the_manifest_says_what_was_made_of_what(bundles):
    manifest = bundles["mobilevit"].manifest
    assert (manifest.model.typed_name, manifest.model.name, manifest.model.image_size) == ("mobilevit_xxs",) * 2 + (64,)
    assert manifest.model.parameters == 1_272_024
    assert (manifest.weights.kind, manifest.weights.trained, manifest.weights.trained_at) == ("seeded", False, None)
    assert manifest.target.id == "host"
    assert manifest.formats == ("coreml", "executorch", "tflite", "onnx")
    coreml = manifest.artifacts[0]
    assert (coreml.precision, coreml.min_os, coreml.latency) == ("fp16", "iOS17", None)
    assert coreml.compute_units == ("cpu", "gpu", "npu")
    assert {a.precision for a in manifest.artifacts[1:]} == {"fp32"}
    assert (coreml.inputs[0].dtype, manifest.artifacts[1].inputs[0].dtype) == ("image", "float32")
    assert (coreml.outputs[0].dtype, manifest.artifacts[1].outputs[0].dtype) == ("float16", "float32")
    assert {spec.dtype for graph in manifest.graphs for spec in (*graph.inputs, *graph.outputs)} == {"float32"}
    assert coreml.toolchain["coremltools"].startswith("9.")


def test_the_manifest_says_what_its_figures_were_measured_with(bundles):
    found = bundles["mobilevit"].manifest.provenance
    assert {"vitexport", "commit", "torch", "python", "host", "cpu", "threads"} <= set(found)
    assert all(found.values())


def test_every_tensor_says_what_it_is(bundles, tracker_bundle):
    (classify,) = bundles["mobilevit"].manifest.graphs
    assert [spec.kind for spec in (*classify.inputs, *classify.outputs)] == ["image", "class_scores"]
    kinds = {
        spec.name: spec.kind for graph in tracker_bundle.manifest.graphs for spec in (*graph.inputs, *graph.outputs)
    }
    assert kinds == {
        "image": "image",
        "features": "features",
        "points": "points",
        "labels": "point_labels",
        "mask": "mask",
        "mask_logits": "mask_logits",
        "iou": "score",
        "object_score": "score",
        "memory": "memory",
        "memory_valid": "flags",
        "pointers": "pointers",
        "pointers_valid": "flags",
        "next_memory": "memory",
        "next_memory_valid": "flags",
        "next_pointers": "pointers",
        "next_pointers_valid": "flags",
    }


def test_an_untrained_bundle_says_so_in_its_name_and_in_capitals(bundles):
    bundle = bundles["mobilevit"]
    assert bundle.path.name == "mobilevit_xxs-host-64px-untrained"
    assert any(warning.startswith("UNTRAINED") for warning in bundle.manifest.warnings)


def test_vectors_reproduce_pytorch(bundles):
    given, expected = bundles["efficientformerv2"].vectors("classify")
    assert len(given["image"]) == 16
    model = create_model("efficientformerv2_s0", 64)
    seed_weights(model)
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    for image, logits in zip(given["image"], expected["logits"], strict=True):
        with torch.inference_mode():
            answer = model((torch.from_numpy(image) / 255 - mean) / std)
        assert torch.allclose(answer, torch.from_numpy(logits), atol=1e-5 * float(answer.abs().max()))


@pytest.mark.parametrize(
    ("request_", "error", "complaint"),
    [
        ({"model": "mobilevit_m"}, UnknownModelError, "closest are"),
        ({"target": "pixel88"}, UnknownDeviceError, "closest are"),
        ({"formats": ["tensorrt"]}, BackendError, "no format 'tensorrt'"),
        ({"precision": "fp16"}, BackendError, "executorch offers fp32, int8, int8-dynamic and mixed here, not fp16"),
        ({"delegate": "qnn"}, BackendError, "xnnpack and coreml, not 'qnn'"),
        ({"delegate": "coreml", "formats": ["onnx"]}, BackendError, "add --format executorch"),
        ({"delegate": "coreml", "target": "pixel8"}, BackendError, "Apple systems only, not on Google Pixel 8"),
        ({"formats": []}, BackendError, "no format to make"),
        ({"min_ios": 12, "formats": ["coreml"]}, BackendError, "iOS 12 is too old"),
        ({"min_ios": 17, "formats": ["onnx"]}, BackendError, "add --format coreml"),
        ({"image_size": 16}, InputShapeError, "from 32 pixels up"),
        ({"weights": "no/such.pt"}, WeightsError, "There is no weights file"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence_and_leaves_nothing(tmp_path, request_, error, complaint):
    with pytest.raises(error, match=complaint) as raised:
        exporter.export(
            **{"model": "mobilevit_xxs", "weights": "random", "out": tmp_path / "out", "workers": 1, **request_}
        )
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_is_used_and_named(own_weights):
    bundle = own_weights.bundle
    assert bundle.path.name == "efficientformer_l1-host-64px"
    weights = bundle.manifest.weights
    assert (weights.kind, weights.source, weights.trained) == ("file", "three.pt", True)
    assert bundle.manifest.graphs[0].outputs[0].shape == (1, 3)


def test_interpolated_bias_tables_are_a_warning_in_the_manifest(own_weights):
    assert any("interpolated to 64 pixels" in warning for warning in own_weights.bundle.manifest.warnings)


def test_progress_goes_from_nothing_to_all(own_weights):
    shares = [share for _, share in own_weights.steps]
    assert (shares[0], shares[-1]) == (0, 1)
    assert shares == sorted(shares)
    assert "onnx: lower classify" in [what for what, _ in own_weights.steps]


def test_an_export_says_when_the_bundle_was_made_whose_place_it_takes(own_weights, bundles):
    assert own_weights.replaced == own_weights.earlier
    assert own_weights.bundle.manifest.created > own_weights.earlier
    assert bundles["mobilevit"].replaced is None


def test_an_artefact_that_disagrees_leaves_the_evidence_and_no_bundle(tmp_path):
    # Single precision cannot hold these weights' answer: the head cancels features of 10000 down to about 1, and
    # what is left depends on the order of a sum. Verification has to notice that two runtimes do not agree.
    model = create_model("mobilevit_xxs", 64, num_classes=3)
    seed_weights(model)
    state = model.state_dict()
    state["final_conv.bn.bias"].fill_(1e4)
    state["head.fc.bias"].copy_(-1e4 * state["head.fc.weight"].sum(1))
    torch.save(state, tmp_path / "wild.pt")
    out = tmp_path / "out"
    with pytest.raises(VerificationError, match=r"logits is off by .*The evidence is in .*\.failed"):
        exporter.export(
            "mobilevit_xxs",
            formats=["onnx"],
            weights=tmp_path / "wild.pt",
            image_size=64,
            num_classes=3,
            out=out,
            workers=1,
        )
    assert [path.name for path in out.iterdir()] == ["mobilevit_xxs-host-64px.failed"]
    manifest = json.loads((out / "mobilevit_xxs-host-64px.failed" / "manifest.json").read_text())
    assert manifest["artifacts"][0]["verification"]["status"] == "failed"


def test_an_interrupted_export_leaves_nothing(tmp_path):
    def interrupt(what: str, share: float) -> None:
        if "verify" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exporter.export(
            "mobilevit_xxs",
            formats=["onnx"],
            weights="random",
            image_size=64,
            out=tmp_path,
            progress=interrupt,
            workers=1,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_not_touched(tmp_path):
    (tmp_path / "mobilevit_xxs-host-64px-untrained").mkdir()
    with pytest.raises(BundleError, match="is no bundle"):
        exporter.export("mobilevit_xxs", formats=["onnx"], weights="random", image_size=64, out=tmp_path, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mobilevit_xxs-host-64px-untrained"]


def test_a_tracker_says_what_its_graphs_remember(tracker_bundle):
    manifest = tracker_bundle.manifest
    assert [graph.name for graph in manifest.graphs] == [
        "encode_image", "prompt_points", "prompt_mask", "track_first", "track_step",
    ]  # fmt: skip
    assert manifest.state["next_memory"] == "memory"
    assert (manifest.model.num_classes, manifest.preprocessing.resize) == (None, "square")
    assert "Following objects" in (tracker_bundle.path / "report.html").read_text()
