"""Artefacts as arm64 code: every family and a tracker agree, what is wrong fails, what is not covered says why."""

import json
import shutil
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.cli.other_hosts import print_host
from exporter.manifest import TensorSpec, Variant
from exporter.vectors import write_vectors
from exporter.verify.arm64.cpus import CPU_MODELS
from exporter.verify.arm64.verify import verify_bundle_on_arm64, verify_on_arm64
from exporter.verify.case import Case, case_of, cases_of
from tests.exporter.cli.command_line import run
from tests.exporter.verify.arm64.models import picky_model
from tests.models import SMALLEST
from tests.sealed import keep_only
from tests.small_network import network, pictures

A76, I8MM = CPU_MODELS
BAR = 1e-5
"""Of the range of an output, between arm64 and x86-64"""


def relative(verification):
    return max(output.relative for output in verification.outputs.values())


@pytest.fixture(scope="module")
def classifiers(arm64, bundles):
    """Every family's smallest model: TFLite and ONNX on every core, an input each, in one run."""
    cases = [replace(case, graph=family) for family in SMALLEST for case in cases_of(bundles[family])]
    return verify_on_arm64(cases, seconds=0)


@pytest.mark.parametrize("family", SMALLEST)
def test_a_classifier_is_the_same_on_both_cores_in_both_formats(classifiers, family):
    ran = [one for one in classifiers.results if one.graph == family and one.processor is not None]
    assert {(one.format, one.processor) for one in ran} == {
        (format, cpu.name) for format in ("tflite", "onnx") for cpu in CPU_MODELS
    }
    for one in ran:
        assert one.status == "passed", one.detail
        assert relative(one.against_here) <= BAR
        assert relative(one.against_pytorch) <= 1e-4


def test_integers_are_the_same_on_both_cores_by_dot_products_and_by_i8mm(arm64, tmp_path):
    """Kernels for products of eight bits differ most between cores; a sum of integers is exact in all of them."""
    graph, shown = network(), pictures(1, 1)[0]
    given = {name: values[None] for name, values in shown.items()}
    with torch.no_grad():
        expected = {"logits": graph.module(torch.from_numpy(shown["image"]))["logits"].numpy()[None]}
    cases = []
    for format, precision in product(("tflite", "onnx"), ("int8", "int8-dynamic")):
        path, variant = tmp_path / f"{precision}.{format}", Variant(format, precision)
        backend(format).lower(graph, path, LowerOptions(precision, calibration=pictures(0)))
        cases.append(Case(variant, graph.name, path, graph.inputs, graph.outputs, given, expected))
    found = verify_on_arm64(cases, seconds=0)
    assert len(found.results) == len(cases) * len(CPU_MODELS)
    for one in found.results:
        assert one.status == "passed", one.detail
        assert relative(one.against_here) <= BAR


def test_every_graph_of_a_tracker_is_the_same_in_tflite(arm64, followed_tracker, lowered_tracker):
    """On one core, because a step at 256 pixels takes 20 s."""
    variant = Variant("tflite", "fp32")
    cases = [
        followed_tracker.case(variant, graph, lowered_tracker("tflite", graph).path)
        for graph in followed_tracker.graphs
    ]
    found = verify_on_arm64(cases, seconds=0, cpus=[A76])
    assert_every_graph_is_the_same(found, [A76])


def test_every_graph_of_a_tracker_is_the_same_in_onnx(arm64, tracker_bundle):
    found = verify_bundle_on_arm64(tracker_bundle, seconds=0)
    assert_every_graph_is_the_same(found, CPU_MODELS)


def assert_every_graph_is_the_same(found, cpus):
    graphs = ("encode_image", "prompt_points", "prompt_mask", "track_first", "track_step")
    assert {(one.graph, one.processor) for one in found.results} == {
        (graph, cpu.name) for graph in graphs for cpu in cpus
    }
    for one in found.results:
        assert one.status == "passed", one.detail
        assert relative(one.against_here) <= BAR


def test_the_table_and_its_sentence_say_what_ran_where_and_what_did_not(classifiers, capsys):
    print_host(classifiers)
    *table, _, last = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in table if line.startswith("onnx")] == [A76.name] * 4 + [I8MM.name] * 4
    assert "1 of 16" in table[1]
    assert len([line for line in table if line.startswith("executorch is not covered: ")]) == 1
    assert last.startswith("On arm64 (cortex-a76 and i8mm) tflite and onnx agree with x86-64 within ")
    assert last.endswith("coreml and executorch are not covered.")


def test_what_is_seen_of_the_cores_is_recorded(classifiers):
    a76, i8mm = classifiers.processors
    assert a76.description.startswith("qemu-aarch64 version ")
    assert i8mm.description.endswith(", -cpu max,sve=off,sme=off")
    assert "asimddp" in a76.features
    assert "i8mm" in i8mm.features
    assert a76.missing is i8mm.missing is None


@pytest.fixture
def picky(tmp_path):
    """An artefact that says one thing on x86-64 and another on arm64, and what it says of 1 and of 3e9 on x86-64."""
    x, y = (
        TensorSpec(name=name, shape=(4,), dtype="float32", layout="C", kind="memory", meaning="a number")
        for name in "xy"
    )
    given = {"x": np.array([[1, 1, 1, 1], [1, 1, 1, 3e9]], np.float32)}
    expected = {"y": np.array([[1, 1, 1, 1], [1, 1, 1, -(2**31)]], np.float32)}
    path = picky_model(tmp_path / "picky.onnx")
    return Case(Variant("onnx", "fp32"), "picky", path, (x,), (y,), given, expected)


def test_an_artefact_that_is_other_on_arm64_fails(arm64, picky):
    (found,) = verify_on_arm64([picky], cpus=[A76]).results
    assert found.status == "failed"
    assert found.detail.startswith("compared with x86-64, y is off by 2.0e+00 of its range")
    assert verify_on_arm64([picky], cpus=[A76], seconds=0).verdict.outcome == "passed"  # the first input is harmless


def test_a_core_that_the_emulator_lacks_is_said_and_not_run(arm64, picky, capsys):
    other = type(A76)("m5", "cortex-m5", A76.part, A76.has, A76.lacks)
    found = verify_on_arm64([picky], cpus=[other, A76], seconds=0)
    assert [one.processor for one in found.results] == [A76.name]
    print_host(found)
    assert "m5: qemu-aarch64-static cannot run as cortex-m5 (" in capsys.readouterr().out


def test_nothing_to_run_needs_nothing(bundles, monkeypatch):
    monkeypatch.setenv("PATH", "")
    bundle = bundles["mobilevit"]
    (artifact,) = (one for one in bundle.manifest.artifacts if one.format == "executorch")
    found = verify_on_arm64([case_of(bundle, artifact)])
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
    keep_only(path, "onnx")
    command = ["verify", str(path), "--arch", "arm64"]
    done = run(*command, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert found["verdict"]["outcome"] == "failed"
    assert {"commit", "cpu", "threads"} <= set(found["provenance"])
    for one in found["results"]:
        assert one["against_here"]["status"] == "passed"
        assert one["detail"].startswith("compared with PyTorch, logits is off by ")
    refused = run(*command, "--explain")
    assert refused.returncode == 2
    assert "leave them out" in refused.stderr


def test_a_whole_bundle_is_verified_by_one_call(arm64, bundles):
    seen = []
    found = verify_bundle_on_arm64(bundles["efficientformerv2"], lambda what, share: seen.append((what, share)), 0)
    assert found.verdict.outcome == "passed"
    assert {one.status for one in found.results if one.format == "coreml"} == {"not covered"}
    assert ("i8mm: onnx classify, 1 of 16", 0.75) in seen
