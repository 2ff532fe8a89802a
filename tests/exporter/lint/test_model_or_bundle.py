"""`vitexport lint`: what it finds in models and bundles, what it prints, and how it exits."""

import json
import shutil

import pytest

import exporter
from exporter.backends import tflite
from exporter.backends.interface import LowerOptions
from exporter.bundle import Bundle
from exporter.graphs.cut import graphs_of
from exporter.lint import findings
from exporter.lint.subject import Subject, of_program
from exporter.manifest import Variant
from tests.exporter.cli.command_line import assert_one_sentence, run
from tests.models import SMALLEST, reduced
from tests.sealed import seal_again

TFLITE = Variant("tflite", "fp32")
VARIANTS = [
    Variant("coreml", "fp16"),
    Variant("executorch", "fp32", "xnnpack"),
    TFLITE,
    Variant("onnx", "fp32"),
]


@pytest.fixture(scope="module")
def hazardous(bundles, tmp_path_factory):
    """A bundle with a TFLite file as the converter makes it when left to itself."""
    path = tmp_path_factory.mktemp("hazardous") / "bundle"
    shutil.copytree(bundles["efficientformerv2"].path, path)
    file = path / "tflite/classify.tflite"
    (graph,) = graphs_of(reduced("efficientformerv2"))
    tflite.lower(graph, file, LowerOptions("fp32", rewrites=()))
    seal_again(path)
    return path


@pytest.mark.parametrize("family", SMALLEST)
def test_no_published_family_has_an_error(bundles, family):
    found = bundles[family].manifest.findings
    assert "half-epsilon" in {one.rule for one in found}
    assert not [one for one in found if one.severity == "error"]


@pytest.mark.parametrize("graph", ["encode_image", "prompt_points", "prompt_mask", "track_first", "track_step"])
def test_no_file_of_a_tracker_has_an_error(lowered_tracker, graph):
    operations = tuple(tflite.operations(lowered_tracker("tflite", graph).path))
    found = findings([Subject(graph, TFLITE, "artifact", operations, 17)])
    assert not [one for one in found if one.severity == "error"]


def test_no_graph_of_a_tracker_has_an_error_in_any_format(followed_tracker):
    for graph in followed_tracker.graphs.values():
        found = findings(of_program(graph, VARIANTS, 17))
        assert not [one for one in found if one.severity == "error"], graph.name


def test_a_model_is_looked_at_for_the_formats_of_its_target():
    found = exporter.lint_model("mobilevit_xxs", "iphone15", image_size=64)
    epsilon = next(one for one in found if one.rule == "half-epsilon")
    assert (epsilon.format, epsilon.graph, epsilon.seen_in, epsilon.severity) == (
        "coreml",
        "classify",
        "program",
        "warning",
    )
    assert epsilon.count == 21
    assert "model.stages.2.1.transformer.0.norm1" in epsilon.where
    assert "onnx" not in {one.format for one in found}


def test_a_bundle_keeps_what_was_found_at_its_export(bundles):
    bundle = bundles["mobilevit"]
    assert exporter.lint_bundle(bundle) == bundle.manifest.findings


def test_the_file_decides_over_the_program(bundles, hazardous):
    before, after = (
        {one.rule for one in exporter.lint_bundle(bundle) if one.severity == "error"}
        for bundle in (bundles["efficientformerv2"], Bundle.open(hazardous))
    )
    assert not before
    assert "litert-gpu-mixed-rank" in after


def test_an_error_exits_one_and_says_what_to_do(hazardous):
    done = run("lint", str(hazardous))
    assert done.returncode == 1
    assert "error  litert-gpu-mixed-rank, tflite: classify" in done.stdout
    assert "https://github.com/google-ai-edge/LiteRT/issues/8980" in done.stdout
    assert "1 note" in done.stdout.splitlines()[-1]


def test_a_model_without_errors_exits_zero_in_json_too():
    done = run("lint", "mobilevit_xxs", "--target", "pixel8", "--image-size", "64", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("mobilevit_xxx",), "mobilevit_xxs"),
        (("mobilevit_xxs", "--target", "nokia3310"), "nokia3310"),
        (("BUNDLE", "--precision", "fp16"), "--precision would be for an export"),
    ],
)
def test_a_mistake_is_one_sentence(bundles, arguments, complaint):
    path = str(bundles["mobilevit"].path)
    assert_one_sentence(run("lint", *(path if one == "BUNDLE" else one for one in arguments)), complaint)
