"""Fewer bits from the command line: what is gained and lost is said, and `--strict` makes too great a loss an error."""

import re

import pytest

from exporter.bundle import Bundle
from exporter.exit_codes import FAILED
from exporter.manifest import Variant
from exporter.verify.artifact import verify_bundle
from tests.exporter.cli.command_line import QUICK, run

NAME = "mobilevit_xxs-host-64px-w8-palette4-untrained"


@pytest.fixture(scope="module")
def compressed(tmp_path_factory):
    """An export to Core ML with weights of eight bits, which do little harm, and of four, which do."""
    out = tmp_path_factory.mktemp("out")
    precisions = ("--precision", "w8", "--precision", "palette4")
    return out, run("mobilevit_xxs", *QUICK, "--format", "coreml", *precisions, "--strict", "--out", str(out))


@pytest.fixture(scope="module")
def integers(tmp_path_factory):
    """An export to TFLite with integers alone."""
    out = tmp_path_factory.mktemp("out")
    done = run("mobilevit_xxs", *QUICK, "--format", "tflite", "--precision", "int8", "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out / "mobilevit_xxs-host-64px-int8-untrained", done


def test_too_great_a_loss_is_an_error_where_that_is_asked_for_and_the_bundle_is_there(compressed):
    out, done = compressed
    assert done.returncode == FAILED
    assert re.search(r"coreml palette4 is too far from PyTorch: logits has an SQNR of 1\d\.\d dB", done.stdout)
    assert "w8 is too far" not in done.stdout
    Bundle.open(out / NAME).check()


def test_verifying_again_says_so_again(compressed):
    out, _ = compressed
    again = run("verify", str(out / NAME), "--strict")
    assert "coreml palette4 is too far from PyTorch" in again.stdout
    assert again.returncode == FAILED


def test_a_bundle_says_what_fewer_bits_gain_on_full_precision_which_it_does_not_hold(integers):
    path, done = integers
    manifest = Bundle.open(path).manifest
    (compression,) = manifest.compressions
    assert manifest.variants == (Variant("tflite", "int8"),)
    assert (compression.variant, compression.full) == (Variant("tflite", "int8"), "fp32")
    assert compression.size < 0.5
    (speed,) = compression.speeds
    assert speed.graph == "classify"
    assert "integers: " in compression.quantised["classify"]
    assert compression.calibration == "24 crops of photographs and synthetic pictures"
    assert re.search(r"tflite int8 +0\.\d\d × +\d\.\d\d × +\d\d\.\d dB +fp32", done.stdout)
    report = (path / "report.html").read_text()
    assert "Fewer bits" in report
    assert "Where eight bits lose most" in report
    (lost,) = manifest.sensitivities
    assert (lost.graph, len(lost.worst)) == ("classify", 10)
    assert lost.sqnr < min(lost.kinds.values()) <= lost.worst[0].sqnr


def test_what_apps_give_and_get_stays_as_it_is(integers):
    path, _ = integers
    bundle = Bundle.open(path)
    (artifact,) = bundle.manifest.artifacts
    assert [spec.dtype for spec in (*artifact.inputs, *artifact.outputs)] == ["float32", "float32"]
    ((_, verification),) = verify_bundle(bundle)
    assert verification.status == "passed"
    assert verification.detail.startswith("Has an SQNR of ")
