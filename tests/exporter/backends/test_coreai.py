"""Core AI assets: written here, and run by the interpreter in Apple's wheel."""

import _thread
import asyncio
import shutil
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import exporter
from exporter.backends import FORMATS, all_formats, coreai
from exporter.backends.interface import LowerOptions
from exporter.bundle import Bundle
from exporter.errors import BackendError
from exporter.manifest import Variant
from exporter.media.images import to_input, verification_images
from exporter.verify.artifact import verify
from exporter.verify.case import Case
from exporter.verify.tolerances import TOLERANCES
from tests.models import SMALLEST, classifier_graph


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    """Reduced classifiers by family and precision, each made once."""
    folder, made = tmp_path_factory.mktemp("coreai"), {}

    def asset(family, precision="fp32"):
        if (family, precision) not in made:
            graph = classifier_graph(family)
            path = folder / f"{family}-{precision}.aimodel"
            made[family, precision] = graph, path, coreai.lower(graph, path, LowerOptions(precision))
        return made[family, precision]

    return asset


def pictures(graph, count):
    """Inputs of a classifier, and what PyTorch makes of them, stacked along a new first axis."""
    given = [to_input(pixels) for pixels in verification_images(graph.inputs[0].shape[-1])[-count:]]
    with torch.inference_mode():
        expected = [graph.module(torch.from_numpy(image))["logits"].numpy() for image in given]
    return {"image": np.stack(given)}, {"logits": np.stack(expected)}


def case(graph, path, precision, count):
    """A classifier's asset and a few pictures."""
    return Case(Variant("coreai", precision), graph.name, path, graph.inputs, graph.outputs, *pictures(graph, count))


@pytest.mark.parametrize(
    ("family", "precision"), [*((family, "fp32") for family in SMALLEST), ("efficientformer", "fp16")]
)
def test_a_classifier_agrees_with_pytorch(assets, family, precision):
    graph, path, _ = assets(family, precision)
    verdict = verify(case(graph, path, precision, 2))
    assert verdict.status == "passed", verdict.detail
    assert verdict.outputs["logits"].relative <= TOLERANCES[precision].outputs.relative
    assert verdict.runtime.startswith("Core AI 1.")


GRAPHS = ("encode_image", "prompt_points", "prompt_mask", "track_first", "track_step")


@pytest.mark.parametrize("name", GRAPHS)
def test_a_trackers_graph_agrees_with_pytorch(followed_tracker, tmp_path, name):
    assert set(followed_tracker.graphs) == set(GRAPHS)
    graph, path = followed_tracker.graphs[name], tmp_path / f"{name}.aimodel"
    coreai.lower(graph, path, LowerOptions("fp32"))
    # The last of them: a step with a full memory, a prompt with all that may be in one, an empty mask.
    given, expected = ({key: values[-1:] for key, values in side.items()} for side in followed_tracker.vectors[name])
    verdict = verify(
        replace(followed_tracker.case(Variant("coreai", "fp32"), name, path), given=given, expected=expected)
    )
    assert verdict.status == "passed", verdict.detail
    assert max(parity.relative for parity in verdict.outputs.values()) <= 1e-4


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_inputs_and_outputs_have_the_graphs_names_and_shapes_in_single_precision(assets, precision):
    graph, path, _ = assets("efficientformer", precision)
    assert coreai.inspect(path, graph.inputs, graph.outputs) == "inputs and outputs match"
    (logits,) = graph.outputs
    for change in ({"name": "scores"}, {"shape": (1, 7)}):
        with pytest.raises(BackendError, match="has inputs and outputs image float32"):
            coreai.inspect(path, graph.inputs, [logits.model_copy(update=change)])


def test_half_precision_halves_the_weights(assets):
    sizes = [sum(file.stat().st_size for file in assets("efficientformer", p)[1].iterdir()) for p in ("fp16", "fp32")]
    assert sizes[0] < 0.6 * sizes[1]


def test_the_census_counts_what_the_format_has_one_operator_for_as_one(assets):
    _, _, lowered = assets("mobilevit")
    assert lowered.operators["layer_norm"] == 9
    assert lowered.operators["sdpa_maskless"] == 3
    assert lowered.operators["conv2d"] > 30
    assert not {"constant", "output", "invoke"} & set(lowered.operators)
    assert lowered.min_os == "iOS27"


def test_an_asset_says_nothing_of_this_machines_folders(assets):
    _, path, _ = assets("mobilevit")
    home = str(Path(__file__).parent.parent).encode()
    assert not [file for file in path.iterdir() if home in file.read_bytes()]


def test_what_the_runner_returned_survives_its_next_call(assets):
    graph, path, _ = assets("mobilevitv2")
    given, _ = pictures(graph, 2)
    runner = coreai.load(path)
    first = runner({"image": given["image"][0]})["logits"]
    kept = first.copy()
    assert not np.array_equal(runner({"image": given["image"][1]})["logits"], kept)
    assert np.array_equal(first, kept)


def test_the_runner_works_inside_an_event_loop_too(assets):
    """As in a notebook."""
    graph, path, _ = assets("mobilevitv2")
    given, expected = pictures(graph, 1)

    async def cell():
        return coreai.load(path)({"image": given["image"][0]})["logits"]

    assert np.allclose(asyncio.run(cell()), expected["logits"][0], atol=1e-4 * np.abs(expected["logits"]).max())


def test_a_thread_of_the_runtimes_own_is_waited_for():
    """Python would end it otherwise, if it ended itself, and Swift then the process."""
    before, left = set(sys._current_frames()), []

    def deliver():
        time.sleep(0.2)
        left.append(True)

    _thread.start_new_thread(deliver, ())  # one that Python's `threading` knows nothing of
    while not left and before.issuperset(sys._current_frames()):
        time.sleep(0.001)
    coreai._let_go(before)
    assert left


def test_a_thread_that_was_there_before_is_not_waited_for(monkeypatch):
    """As in a process that somebody else's runtime is at home in."""
    stay = threading.Event()
    _thread.start_new_thread(lambda: stay.wait(), ())  # with a frame of its own in Python
    known = {thread.ident for thread in threading.enumerate()}
    while known.issuperset(sys._current_frames()):
        time.sleep(0.001)
    monkeypatch.setattr(coreai, "sleep", lambda seconds: pytest.fail("it waits"))
    coreai._let_go(set(sys._current_frames()))
    stay.set()


def test_half_precision_is_the_artefacts_and_not_the_graphs(assets):
    graph, _, _ = assets("efficientformer", "fp16")
    given, expected = pictures(graph, 1)
    with torch.inference_mode():
        logits = graph.program.module()(image=torch.from_numpy(given["image"][0]))["logits"].numpy()
    assert np.abs(logits - expected["logits"][0]).max() <= 1e-5 * np.abs(expected["logits"]).max()


def test_a_damaged_asset_fails_verification_in_one_sentence(assets, tmp_path):
    graph, path, _ = assets("mobilevitv2")
    damaged = tmp_path / "damaged.aimodel"
    shutil.copytree(path, damaged)
    program = damaged / "main.mlirb"
    program.write_bytes(program.read_bytes()[:1000])
    verdict = verify(case(graph, damaged, "fp32", 1))
    assert verdict.status == "failed"
    assert verdict.detail.startswith("damaged.aimodel is damaged: ")
    assert "\n" not in verdict.detail
    program.unlink()
    with pytest.raises(BackendError, match="cannot be read"):
        coreai.load(damaged)


def test_a_verification_whose_time_is_up_says_how_many_inputs_it_had(assets):
    graph, path, _ = assets("mobilevitv2")
    verdict = verify(case(graph, path, "fp32", 3), seconds=0)
    assert (verdict.status, verdict.vectors, verdict.left_out) == ("passed", 1, 2)
    assert "on 1 of 3 inputs; then its 0 s were up" in verdict.detail


def test_all_formats_are_all_but_it():
    assert set(FORMATS) - set(all_formats()) == {"coreai"}


def test_it_runs_where_it_is_named_or_alone(tmp_path):
    bundle = exporter.export(
        "mobilevit_xxs", formats=["onnx", "coreai"], weights="random", image_size=64, out=tmp_path, workers=1
    )
    assert [artifact.verification.status for artifact in bundle.manifest.artifacts] == ["passed", "passed"]
    assert [variant.format for variant, _ in bundle.runners()] == ["onnx"]
    assert [variant.format for variant, _ in bundle.runners(["coreai"])] == ["coreai"]
    alone = Bundle(bundle.path, bundle.manifest.model_copy(update={"variants": (Variant("coreai", "fp32"),)}))
    assert [variant.format for variant, _ in alone.runners()] == ["coreai"]
