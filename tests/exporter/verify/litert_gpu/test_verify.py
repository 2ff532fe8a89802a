"""TFLite files on LiteRT's GPU delegate: what is right agrees, what it miscomputes fails, what it refuses is said."""

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from threading import get_native_id

import numpy as np
import pytest
import torch

import exporter
from exporter.backends import backend
from exporter.backends.interface import LowerOptions
from exporter.cli.other_hosts import print_host
from exporter.errors import DriverError
from exporter.graphs.cut import graphs_of
from exporter.manifest import Variant
from exporter.media.images import to_input, verification_images
from exporter.vectors import write_vectors
from exporter.verify.artifact import verify
from exporter.verify.case import Case, case_of
from exporter.verify.litert_gpu import driver
from exporter.verify.litert_gpu.verify import verify_on_gpu
from tests.exporter.cli.command_line import run
from tests.exporter.lint.examples import EXAMPLES
from tests.exporter.lint.test_rules import graph_of
from tests.models import SMALLEST, reduced
from tests.sealed import seal_again
from tests.system_programs import require

TFLITE = Variant("tflite", "fp32")


@pytest.fixture(autouse=True)
def swiftshader():
    require("chromium")


def relative(result):
    return max(output.relative for output in result.against_pytorch.outputs.values())


@pytest.fixture(scope="module")
def classifiers(bundles, tmp_path_factory):
    """A model of every family, an input each, in one run.

    MobileViTs at the bundles' 64 pixels attend to one token only, which the delegate does not take: theirs are reduced.
    """
    folder, cases = tmp_path_factory.mktemp("reduced"), []
    for family in ("efficientformer", "efficientformerv2"):
        bundle = bundles[family]
        (artifact,) = (one for one in bundle.manifest.artifacts if one.variant == TFLITE)
        cases.append(replace(case_of(bundle, artifact), graph=family))
    for family in ("mobilevit", "mobilevitv2"):
        (graph,) = graphs_of(reduced(family))
        path = folder / f"{family}.tflite"
        backend("tflite").lower(graph, path, LowerOptions("fp32"))
        picture = to_input(verification_images(graph.inputs[0].shape[-1])[-1])
        with torch.inference_mode():
            logits = graph.module(torch.from_numpy(picture))["logits"].numpy()
        given, expected = {"image": picture[None]}, {"logits": logits[None]}
        cases.append(Case(TFLITE, family, path, graph.inputs, graph.outputs, given, expected))
    return verify_on_gpu(cases, seconds=0)


@pytest.mark.parametrize("family", SMALLEST)
def test_a_classifier_is_taken_as_a_whole_and_agrees(classifiers, family):
    (found,) = [one for one in classifiers.results if one.graph == family]
    assert (found.status, found.detail) == ("passed", "")  # a runner refuses what is accelerated in part only
    assert found.against_pytorch.runtime.endswith(", GPU delegate")
    assert relative(found) <= 1e-4


def test_a_trackers_trunk_agrees(followed_tracker, lowered_tracker):
    case = followed_tracker.case(TFLITE, "encode_image", lowered_tracker("tflite", "encode_image").path)
    (found,) = verify_on_gpu([case], seconds=0).results
    assert found.status == "passed", found.detail
    assert relative(found) <= 1e-4


@pytest.fixture
def hazard(tmp_path):
    """What a rule of the lint warns of, as a file of our converter without our rewrites."""

    def made(rule: str) -> Case:
        example, _ = EXAMPLES[rule]
        graph, path = graph_of(example), tmp_path / f"{rule}.tflite"
        backend("tflite").lower(graph, path, LowerOptions("fp32", rewrites=()))
        x = np.random.default_rng(0).standard_normal((1, *graph.inputs[0].shape), np.float32)
        cpu = backend("tflite").load(path)({"x": x[0]})
        return Case(TFLITE, rule, path, graph.inputs, graph.outputs, {"x": x}, {"y": cpu["y"][None]})

    return made


def test_padding_of_rank_three_is_right_on_the_cpu_and_fails_on_the_delegate(hazard):
    case = hazard("litert-gpu-pad-rank")
    padded = {"y": np.pad(case.given["x"], ((0, 0), (0, 0), (1, 0), (0, 0)))}
    on_cpu = verify(replace(case, expected=padded))
    assert on_cpu.status == "passed", on_cpu.detail
    found = verify_on_gpu([case])
    assert found.results[0].status == "failed"
    assert found.results[0].detail.startswith("y is off by ")
    assert found.verdict.sentence == "litert-gpu-pad-rank fails on LiteRT's GPU delegate."


def test_what_the_delegate_rejects_is_not_taken_and_its_reason_is_shown(hazard, capsys):
    rejected, wrong = hazard("litert-gpu-refused"), hazard("litert-gpu-pad-rank")
    found = verify_on_gpu([rejected, wrong])
    first, second = found.results
    assert (first.status, first.detail) == ("not taken", "BROADCAST_TO: Operation is not supported.")
    assert second.status == "failed"  # it ran after that in the same process
    print_host(found)
    said = capsys.readouterr().out
    assert "litert-gpu-refused not taken: BROADCAST_TO: Operation is not supported.\n" in said
    assert "\nAdapter: " in said
    assert said.endswith("litert-gpu-refused is not taken.\n")


def test_what_is_no_tflite_file_at_all_fails(tmp_path):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"\x10\0\0\0TFL3" + b"\xff" * 64)
    x = {"x": np.ones((1, 1, 8), np.float32)}
    (found,) = verify_on_gpu([Case(TFLITE, "classify", broken, (), (), x, x)]).results
    assert found.status == "failed"
    assert found.detail.startswith("broken.tflite does not run (")


def test_a_crash_costs_one_artefact(hazard):
    case, crashed = hazard("litert-gpu-pad-rank"), []
    many = replace(case, given={"x": np.repeat(case.given["x"], 20_000, 0)})

    def crash(what, share):
        if not crashed:
            crashed.extend(map(int, Path(f"/proc/self/task/{get_native_id()}/children").read_text().split()))
            os.kill(crashed[-1], signal.SIGSEGV)

    first, second = verify_on_gpu([many, case], crash).results
    assert first.detail == "litert-gpu-pad-rank.tflite does not run (its process crashed: SIGSEGV)"
    assert second.detail.startswith("y is off by ")


def test_without_a_driver_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    for variable in driver.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DriverError, match=r"needs a Vulkan driver, .*: apt-get install chromium libvulkan1, or"):
        driver.environment(chromium=tmp_path)


def test_a_driver_beside_chromium_wherever_that_is_will_do(monkeypatch, tmp_path):
    for variable in driver.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    home, programs = tmp_path / "opt", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    (home / driver.SWIFTSHADER).touch()
    (home / "chromium").touch(mode=0o755)
    (programs / "chromium").symlink_to(home / "chromium")
    monkeypatch.setenv("PATH", str(programs))
    assert driver.environment(chromium=tmp_path)["VK_ICD_FILENAMES"] == str(home / driver.SWIFTSHADER)


def test_the_users_own_driver_goes_first_and_is_named_if_the_delegate_takes_none_of_it(hazard, monkeypatch, tmp_path):
    case = hazard("litert-gpu-pad-rank")
    monkeypatch.setenv("VK_ICD_FILENAMES", str(tmp_path / "mine.json"))
    with pytest.raises(DriverError, match=r"takes no Vulkan driver of this machine \(VK_ICD_FILENAMES=.*mine\.json\)"):
        verify_on_gpu([case])


def test_nothing_to_run_needs_no_driver(tracker_bundle, monkeypatch):
    monkeypatch.setenv("VK_ICD_FILENAMES", "none.json")
    found = exporter.verify_bundle_on_gpu(tracker_bundle)
    assert (found.processors, found.verdict.outcome) == ((), "open")
    assert found.verdict.sentence == "Nothing was run by LiteRT's GPU delegate; onnx is not covered."


def test_the_command_line_exits_1_for_an_artefact_that_disagrees(bundles, tmp_path):
    """A bundle of two inputs, of which PyTorch is made to say something else."""
    path, bundle = tmp_path / "bundle", bundles["efficientformerv2"]
    shutil.copytree(bundle.path, path)
    (graph,) = bundle.manifest.graphs
    given, expected = ({name: values[:2] for name, values in side.items()} for side in bundle.vectors(graph.name))
    expected["logits"][1] *= 1.01
    write_vectors(path / graph.vectors, given, expected)
    seal_again(path)
    done = run("verify", str(path), "--gpu", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    found = json.loads(done.stdout)
    assert found["verdict"]["outcome"] == "failed"
    assert {"commit", "cpu", "threads"} <= set(found["provenance"])
    assert "backend=Vulkan" in found["processors"][0]["description"]
    statuses = {one["format"]: one["status"] for one in found["results"]}
    assert statuses.pop("tflite") == "failed"
    assert set(statuses.values()) == {"not covered"}


@pytest.mark.parametrize("option", [["--explain"], ["--arch", "arm64"], ["--against", "old"]])
def test_the_command_line_combines_it_with_no_other_verification(option):
    done = run("verify", "bundle", "--gpu", *option)
    assert done.returncode == 2
    assert "--gpu" in done.stderr
