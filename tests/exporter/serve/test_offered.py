"""Which bundles and packs the app is given: others are refused in a sentence that says what makes a right one."""

import shutil
import zipfile

import pytest

from exporter.errors import BundleError, VitexportError
from exporter.manifest import Manifest, Variant
from exporter.serve.offered import offered_bundles, offered_packs
from latency_db.packs import PackedKernel, PackManifest
from tests.sealed import seal_again


@pytest.fixture
def bundle(tracker_bundle, tmp_path):
    """A copy of a sound one, to be changed."""
    return shutil.copytree(tracker_bundle.path, tmp_path / "tracker")


def test_a_sound_tracker_is_offered_under_its_folders_name(bundle):
    (offered,) = offered_bundles([bundle])
    assert (offered.name, offered.trained) == ("tracker", False)


def test_what_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match=r"is no bundle, .*`vitexport MODEL` makes one"):
        offered_bundles([tmp_path])


def test_a_classifier_is_refused(two_precisions):
    with pytest.raises(BundleError, match=r"mobilevit_xxs, which follows no object, .*`vitexport efficienttam_nano"):
        offered_bundles([two_precisions])


def test_formats_that_no_browser_runs_are_refused(bundle):
    manifest = Manifest.model_validate_json((bundle / "manifest.json").read_bytes())
    changes = {
        name: tuple(one.model_copy(update={"format": "coreml"}) for one in getattr(manifest, name))
        for name in ("artifacts", "rollouts", "latencies")
    }
    seal_again(bundle, **changes, variants=(Variant("coreml", "fp32"),), findings=())
    with pytest.raises(
        BundleError, match=r"has coreml, none of which a browser runs: .* --format tflite --format onnx`"
    ):
        offered_bundles([bundle])


def test_a_failed_verification_is_refused(bundle):
    manifest = Manifest.model_validate_json((bundle / "manifest.json").read_bytes())
    failed = manifest.artifacts[0].verification.model_copy(update={"status": "failed", "detail": "It is off by 1."})
    artifacts = (manifest.artifacts[0].model_copy(update={"verification": failed}), *manifest.artifacts[1:])
    seal_again(bundle, artifacts=artifacts)
    with pytest.raises(BundleError, match=r"failed verification \(onnx .*: It is off by 1\.\): `vitexport verify .*"):
        offered_bundles([bundle])


def test_an_altered_file_is_refused(bundle):
    file = bundle / "onnx/track_step.onnx"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(BundleError, match="was altered after export"):
        offered_bundles([bundle])


def test_a_file_that_is_not_listed_is_refused(bundle):
    (bundle / "secret.txt").write_text("secret")
    with pytest.raises(BundleError, match="which it does not list"):
        offered_bundles([bundle])


def test_two_of_one_name_are_refused(bundle, tmp_path):
    other = shutil.copytree(bundle, tmp_path / "elsewhere/tracker")
    with pytest.raises(BundleError, match=r"Two bundles are called tracker, .* rename"):
        offered_bundles([bundle, other])


def test_what_is_no_kernel_pack_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"")
    (tmp_path / "text.zip").write_text("text")
    for name in ("photos.zip", "text.zip"):
        with pytest.raises(VitexportError, match="is no kernel pack: pass a zip that `vitexport bench --pack` made"):
            offered_packs([tmp_path / name])
    with pytest.raises(VitexportError, match="cannot be read"):
        offered_packs([tmp_path / "missing.zip"])


def pack(path, runtime, unit="cpu"):
    """A pack of one kernel, without its artefact, which nobody reads here."""
    key = "conv 1x3x224x224>1x32x112x112 k3x3 s2x2 conv2d+relu float32"
    kernel = PackedKernel(key=key, file="kernels/conv.x", sha256="0" * 64, inputs=(), uses=1)
    manifest = PackManifest(
        schema=1,
        made_by="a test",
        toolchain={},
        target="iphone15",
        runtime=runtime,
        unit=unit,
        precision="fp32",
        kernels=(kernel,),
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", manifest.model_dump_json(by_alias=True))
    return path


@pytest.mark.parametrize(
    ("runtime", "unit"),
    [("coreml", "all"), ("executorch", "cpu"), ("tflite", "gpu"), ("tflite", "npu"), ("onnx", "npu")],
)
def test_kernels_that_no_browser_runs_are_refused(tmp_path, runtime, unit):
    path = pack(tmp_path / "kernels.zip", runtime, unit)
    with pytest.raises(VitexportError) as refused:
        offered_packs([path])
    assert str(refused.value) == (
        f"{path} has kernels in {runtime} with --unit {unit}, which no browser runs: "
        "`vitexport bench --pack kernels-browser.zip --target browser` makes those that it does."
    )


@pytest.mark.parametrize(("runtime", "unit"), [("tflite", "cpu"), ("onnx", "cpu"), ("onnx", "gpu")])
@pytest.mark.parametrize("name", ["kernels.zip", "KERNELS.ZIP"])
def test_others_are_offered_under_their_files_name(tmp_path, runtime, unit, name):
    (offered,) = offered_packs([pack(tmp_path / name, runtime, unit)])
    assert offered.name == name
