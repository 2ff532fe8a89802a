"""Artefacts as arm64 code: every family and a tracker agree, what is wrong fails, what is not covered says why."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from exporter import terminal
from exporter.arm64.cpus import CPU_MODELS
from exporter.arm64.verify import verify_bundle_on_arm64, verify_on_arm64
from exporter.bundle import MANIFEST, digest, write_vectors
from exporter.child.case import Case
from exporter.manifest import TensorSpec
from tests.exporter.arm64.models import picky_model
from tests.models import SMALLEST

A76, I8MM = CPU_MODELS
BAR = 1e-5
"""Of the range of an output, between arm64 and x86-64"""


def relative(verification):
    return max(output.relative for output in verification.outputs.values())


@pytest.fixture(scope="module")
def classifiers(arm64, bundles):
    """Every family's smallest model: TFLite and ONNX on every core, an input each, in one run."""
    cases = [
        Case(a.format, family, bundles[family].path / a.file, a.precision, a.outputs, *bundles[family].vectors(a.graph))
        for family in SMALLEST
        for a in bundles[family].manifest.artifacts
    ]
    return verify_on_arm64(cases, seconds=0)


@pytest.mark.parametrize("family", SMALLEST)
def test_a_classifier_is_the_same_on_both_cores_in_both_formats(classifiers, family):
    ran = [one for one in classifiers.results if one.graph == family and one.core is not None]
    assert {(one.format, one.core) for one in ran} == {
        (format, cpu.name) for format in ("tflite", "onnx") for cpu in CPU_MODELS
    }
    for one in ran:
        assert one.status == "passed", one.detail
        assert relative(one.against_host) <= BAR
        assert relative(one.against_pytorch) <= 1e-4


def test_every_graph_of_a_tracker_is_the_same_in_tflite(arm64, followed_tracker, lowered_tracker):
    """On one core, because a step at 256 pixels takes 20 s."""
    tracker = followed_tracker
    cases = [
        Case("tflite", name, lowered_tracker("tflite", name).path, "fp32", graph.outputs, *tracker.recorded[name])
        for name, graph in tracker.graphs.items()
    ]
    found = verify_on_arm64(cases, seconds=0, cpus=[A76])
    assert_every_graph_is_the_same(found, [A76])


def test_every_graph_of_a_tracker_is_the_same_in_onnx(arm64, tracker_bundle):
    found = verify_bundle_on_arm64(tracker_bundle, seconds=0)
    assert_every_graph_is_the_same(found, CPU_MODELS)


def assert_every_graph_is_the_same(found, cpus):
    graphs = ("encode_image", "prompt_points", "prompt_mask", "track_first", "track_step")
    assert {(one.graph, one.core) for one in found.results} == {(graph, cpu.name) for graph in graphs for cpu in cpus}
    for one in found.results:
        assert one.status == "passed", one.detail
        assert relative(one.against_host) <= BAR


def test_the_table_and_its_sentence_say_what_ran_where_and_what_did_not(classifiers, capsys):
    terminal.print_arm64(classifiers)
    *table, _, last = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in table if line.startswith("onnx")] == [A76.name] * 4 + [I8MM.name] * 4
    assert "1 of 16" in table[1]
    assert len([line for line in table if line.startswith("executorch is not covered: ")]) == 1
    assert last.startswith("On arm64 (cortex-a76 and i8mm) tflite and onnx agree with x86-64 within ")
    assert last.endswith("coreml and executorch are not covered.")


def test_what_is_seen_of_the_cores_is_recorded(classifiers):
    a76, i8mm = classifiers.cores
    assert classifiers.emulator.startswith("qemu-aarch64 version ")
    assert "asimddp" in a76.features
    assert "i8mm" in i8mm.features
    assert a76.missing is i8mm.missing is None


@pytest.fixture
def picky(tmp_path):
    """An artefact that says one thing on x86-64 and another on arm64, and what it says of 1 and of 3e9 on x86-64."""
    outputs = (TensorSpec(name="y", shape=(4,), dtype="float32", layout="C", meaning="x"),)
    given = {"x": np.array([[1, 1, 1, 1], [1, 1, 1, 3e9]], np.float32)}
    expected = {"y": np.array([[1, 1, 1, 1], [1, 1, 1, -(2**31)]], np.float32)}
    return Case("onnx", "picky", picky_model(tmp_path / "picky.onnx"), "fp32", outputs, given, expected)


def test_an_artefact_that_is_other_on_arm64_fails(arm64, picky):
    (found,) = verify_on_arm64([picky], cpus=[A76]).results
    assert found.status == "failed"
    assert found.detail.startswith("compared with x86-64, y is off by 2.0e+00 of its range")
    assert verify_on_arm64([picky], cpus=[A76], seconds=0).verdict.outcome == "passed"  # the first input is harmless


def test_a_core_that_the_emulator_lacks_is_said_and_not_run(arm64, picky, capsys):
    other = type(A76)("m5", "cortex-m5", A76.part, A76.has, A76.lacks)
    found = verify_on_arm64([picky], cpus=[other, A76], seconds=0)
    assert [one.core for one in found.results] == [A76.name]
    terminal.print_arm64(found)
    assert "m5: qemu-aarch64-static cannot run as cortex-m5 (" in capsys.readouterr().out


def test_nothing_to_run_needs_nothing(bundles, monkeypatch):
    monkeypatch.setenv("PATH", "")
    bundle = bundles["mobilevit"]
    artifact = bundle.artifact("executorch", "classify")
    case = Case(
        "executorch", "classify", bundle.path / artifact.file, "fp32", artifact.outputs, *bundle.vectors("classify")
    )
    found = verify_on_arm64([case])
    assert (found.verdict.outcome, found.verdict.sentence) == (
        "open",
        "Nothing was run on arm64; executorch is not covered.",
    )


def test_the_command_line_exits_1_for_an_artefact_that_disagrees(arm64, bundles, tmp_path):
    """A bundle of an ONNX file and two inputs, of which PyTorch is made to say something else."""
    path, manifest = tmp_path / "bundle", bundles["mobilevit"].manifest
    shutil.copytree(bundles["mobilevit"].path, path)
    (graph,) = manifest.graphs
    given, expected = (
        {name: values[:2] for name, values in side.items()} for side in bundles["mobilevit"].vectors(graph.name)
    )
    expected["logits"][1] *= 1.01
    write_vectors(path / graph.vectors, given, expected)
    graph = graph.model_copy(update={"vectors_sha256": digest(path / graph.vectors)})
    only = tuple(artifact for artifact in manifest.artifacts if artifact.format == "onnx")
    content = manifest.model_copy(update={"graphs": (graph,), "artifacts": only}).model_dump_json()
    (path / MANIFEST).write_text(content)
    command = [sys.executable, "-c", "from exporter.cli import main; main()", "verify", str(path), "--arch", "arm64"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert found["verdict"]["outcome"] == "failed"
    for one in found["results"]:
        assert one["against_host"]["status"] == "passed"
        assert one["detail"].startswith("compared with PyTorch, logits is off by ")
    refused = subprocess.run([*command, "--explain"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "leave them out" in refused.stderr


def test_a_whole_bundle_is_verified_by_one_call(arm64, bundles):
    seen = []
    found = verify_bundle_on_arm64(bundles["efficientformerv2"], lambda what, share: seen.append((what, share)), 0)
    assert found.verdict.outcome == "passed"
    assert {one.status for one in found.results if one.format == "coreml"} == {"not covered"}
    assert ("i8mm: onnx classify, 1 of 16", 0.75) in seen
