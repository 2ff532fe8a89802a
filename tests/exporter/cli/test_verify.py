"""`vitexport verify`: artefacts again from disk, against PyTorch and against an earlier bundle."""

import json
import re
import shutil

import onnx
import pytest

from exporter.bundle import Bundle
from exporter.contents import MANIFEST
from exporter.vectors import read_vectors, write_vectors
from tests.exporter.cli.command_line import QUICK, assert_one_sentence, run
from tests.sealed import seal_again


def test_every_output_in_every_format_is_shown_with_one_sentence(bundles):
    done = run("verify", str(bundles["mobilevit"].path))
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("graph "))
    assert re.split(r"  +", lines[header])[-4:] == ["max abs", "relative", "PSNR, dB", "task metric"]
    rows = [line.split() for line in lines[header + 1 : -2]]
    assert rows[0][:2] == ["classify", "logits"]
    for row, format in zip(rows[-3:], ("executorch", "tflite", "onnx"), strict=True):
        assert format in row
        assert row[-2:] == ["top-1", "100.0%"]
    assert "formats agree with PyTorch within" in lines[-1]


def test_precisions_of_one_format_are_verified_each_by_its_own_tolerance(two_precisions):
    done = run("verify", str(two_precisions), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["verdict"]["outcome"] == "passed"
    assert found["verdict"]["sentence"].startswith("3 variants agree with PyTorch")
    half, single, onnx = found["artifacts"]
    for entry, identity in ((half, "coreml fp16"), (single, "coreml fp32"), (onnx, "onnx fp32")):
        assert f"{entry['format']} {entry['precision']}" == identity
        assert (entry["delegate"], entry["graph"], entry["status"]) == (None, "classify", "passed")
    assert half["tolerance"]["relative"] > single["tolerance"]["relative"] == onnx["tolerance"]["relative"]


def test_what_was_measured_says_on_what(two_precisions):
    content = json.loads(run("verify", str(two_precisions), "--json").stdout)
    assert content["provenance"] == json.loads((two_precisions / MANIFEST).read_text())["provenance"]
    assert {"commit", "cpu", "threads"} <= content["provenance"].keys()
    assert (content["rollouts"], content["explained"], content["regression"]) == ([], None, None)


def test_a_trackers_sequence_is_followed_again(tracker_bundle):
    done = json.loads(run("verify", str(tracker_bundle.path), "--json").stdout)
    assert done["artifacts"][-1]["graph"] == "track_step"
    assert {entry["status"] for entry in (*done["artifacts"], *done["rollouts"])} == {"passed"}
    assert [entry["format"] for entry in done["rollouts"]] == ["onnx"]
    assert "objects are followed as by PyTorch in 24 frames." in done["verdict"]["sentence"]


def test_a_failed_verification_exits_one(onnx_bundle):
    vectors = onnx_bundle / "vectors" / "classify.safetensors"
    given, expected = read_vectors(vectors)
    write_vectors(vectors, {"image": given["image"].astype("uint8")}, {"logits": expected["logits"] + 1})
    seal_again(onnx_bundle)
    done = run("verify", str(onnx_bundle))
    assert done.returncode == 1
    assert "logits is off by" in done.stdout


def test_a_bundle_of_which_nothing_can_run_here_proves_nothing_and_exits_one(tmp_path):
    formats = ["--format", "executorch", "--delegate", "coreml"]
    assert run("mobilevit_xxs", *QUICK, *formats, "--out", str(tmp_path)).returncode == 0
    (bundle,) = tmp_path.iterdir()
    done = run("verify", str(bundle))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "No format was executed here, so agreement with PyTorch is not proved."


@pytest.fixture
def larger(onnx_bundle, tmp_path):
    """The same bundle with an artefact of twice the size, from a later version."""
    path = tmp_path / "larger"
    shutil.copytree(onnx_bundle, path)
    manifest = Bundle.open(path).manifest
    (artifact,) = manifest.artifacts
    model = onnx.load(path / artifact.file)
    model.metadata_props.add(key="more", value="." * artifact.bytes)
    onnx.save(model, path / artifact.file)
    seal_again(path, provenance=manifest.provenance | {"vitexport": "99.0"})
    return path


def test_a_bundle_that_is_worse_than_an_earlier_one_exits_one(onnx_bundle, larger):
    worse = run("verify", str(larger), "--against", str(onnx_bundle))
    assert worse.returncode == 1
    assert re.search(r"^onnx +classify +bytes .* 1% more +worse", worse.stdout, re.MULTILINE)
    assert worse.stdout.splitlines()[-1] == f"{larger} is worse than {onnx_bundle} in 1 figure."
    better = run("verify", str(onnx_bundle), "--against", str(larger))
    assert better.returncode == 0
    assert "Note: vitexport: 99.0 in the old bundle, " in better.stdout
    assert better.stdout.splitlines()[-1] == f"{onnx_bundle} is no worse than {larger}."


def test_a_regression_can_be_read_by_a_program(onnx_bundle, larger):
    done = run("verify", str(larger), "--against", str(onnx_bundle), "--json")
    assert done.returncode == 1
    regression = json.loads(done.stdout)["regression"]
    assert regression["worse"] == 1
    (worse,) = (change for change in regression["changes"] if change["standing"] == "worse")
    assert (worse["format"], worse["graph"], worse["metric"]) == ("onnx", "classify", "bytes")
    assert 2 * worse["old"] < worse["new"] < 2.1 * worse["old"]


def test_bundles_that_cannot_be_compared_are_refused_before_anything_runs(bundles, tracker_bundle, tmp_path):
    bundle = str(bundles["mobilevit"].path)
    assert_one_sentence(run("verify", bundle, "--against", str(tracker_bundle.path)), "cannot be compared")
    assert_one_sentence(run("verify", bundle, "--against", str(tmp_path)), "is no bundle")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--weights", "some.pt"], "--weights is for --explain: add it."),
        (["--arch", "arm64", "--explain"], "--arch goes with none of --against, --explain and --strict"),
        (["--gpu", "--against", "older"], "--gpu goes with none of --against, --explain and --strict"),
        (["--gpu", "--arch", "arm64"], "--gpu and --arch are other machines"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, complaint):
    assert_one_sentence(run("verify", "any-folder", *options), complaint)
