"""The conformance set of a tracker's bundle: what is in it, and that it can be followed by what the manifest says."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from exporter.backends.runner import Arrays, Runner
from exporter.errors import BundleError
from exporter.inference.steps import ReferenceSteps
from exporter.inference.tracker import follow_prompted
from exporter.media.sample_clip import crossing_clip
from exporter.models.efficienttam.config import MEMORY_SLOTS, POINTER_SLOTS
from exporter.verify.conformance import COVERING, recorded_sequence
from exporter.verify.parity import mask_iou
from exporter.verify.record import CLICKED, FAR, FRAMES, NEAR, RESTARTED


@pytest.fixture(scope="module")
def tensors(trained_bundle) -> Arrays:
    return load_file(trained_bundle.path / trained_bundle.manifest.sequence.file)


@pytest.fixture(scope="module")
def masks(tensors) -> np.ndarray:
    """What was seen of each object [2, F, S/4, S/4]."""
    return tensors["output.mask_logits"][:, :, 0] > 0


@pytest.fixture(scope="module")
def truth(masks) -> np.ndarray:
    """What is to be seen of each object, at the size of the masks."""
    size = 4 * masks.shape[-1]
    _, visible = crossing_clip(FRAMES, size, size)
    return visible.reshape(2, FRAMES, size // 4, 4, size // 4, 4).mean((3, 5)) >= 0.5


def test_the_file_holds_frames_prompts_and_answers(tensors):
    assert {name: (values.dtype.name, values.shape) for name, values in tensors.items()} == {
        "input.frames": ("uint8", (FRAMES, 256, 256, 3)),
        "input.prompt_frame": ("int32", (3,)),
        "input.prompt_object": ("int32", (3,)),
        "input.points": ("float32", (3, 4, 2)),
        "input.labels": ("float32", (3, 4)),
        "output.mask_logits": ("float32", (2, FRAMES, 1, 64, 64)),
        "output.iou": ("float32", (2, FRAMES)),
        "output.object_score": ("float32", (2, FRAMES)),
    }
    assert all(np.isfinite(values).all() for values in tensors.values())


def test_one_object_is_prompted_by_a_box_and_another_by_a_click_and_once_more_by_points_of_both_labels(tensors):
    prompts = zip(
        *(tensors[f"input.{name}"].tolist() for name in ("prompt_frame", "prompt_object", "labels")), strict=True
    )
    assert list(prompts) == [
        (0, FAR, [2, 3, -2, -2]),
        (CLICKED, NEAR, [1, -2, -2, -2]),
        (RESTARTED, NEAR, [1, 1, 0, 0]),
    ]


def test_before_its_first_prompt_there_is_nothing_of_an_object(tensors):
    for name in ("mask_logits", "iou", "object_score"):
        values = tensors[f"output.{name}"][NEAR]
        assert not values[:CLICKED].any()
        assert all(one.any() for one in values[CLICKED:])


def test_both_banks_of_the_first_object_drop_what_is_oldest(trained_bundle, tensors):
    """It is prompted once, so that from some frame on there is more to remember than a bank has slots."""
    shapes = {spec.name: spec.shape[0] for spec in trained_bundle.graph("track_step").inputs}
    assert (shapes["memory"], shapes["pointers"]) == (MEMORY_SLOTS, POINTER_SLOTS)
    (prompted,) = tensors["input.prompt_frame"][tensors["input.prompt_object"] == FAR]
    assert FRAMES - prompted > POINTER_SLOTS > MEMORY_SLOTS
    (_, clicked) = tensors["input.prompt_frame"][tensors["input.prompt_object"] == NEAR] - CLICKED
    assert clicked > MEMORY_SLOTS


def test_the_first_object_is_hidden_and_found_again(masks, truth):
    hidden = np.flatnonzero(~truth[FAR].any((1, 2)))
    assert len(hidden) >= 4
    ious = np.array([mask_iou(a, b) for a, b in zip(truth[FAR], masks[FAR], strict=True)])
    assert ious[: hidden[0] - 3].min() > 0.8
    assert masks[FAR, hidden].mean((1, 2)).max() < COVERING[0]
    assert ious[-4:].min() > 0.8


def test_the_object_in_front_is_followed_throughout(masks, truth):
    assert min(mask_iou(a, b) for a, b in zip(truth[NEAR, CLICKED:], masks[NEAR, CLICKED:], strict=True)) > 0.8


def test_an_object_that_was_started_anew_is_another_than_one_that_went_on(trained_tracker, tensors):
    recorded = trained_tracker.recorded
    steps = ReferenceSteps(trained_tracker.graphs["track_step"].module.model)
    once = {frame: prompts for frame, prompts in recorded.prompts.items() if frame != RESTARTED}
    followed = [seen.results for seen in follow_prompted(steps, recorded.frames, once)]
    went_on = np.stack([seen[NEAR].mask_logits for seen in followed[CLICKED:]])
    differences = np.abs(went_on - recorded.expected["mask_logits"][NEAR, CLICKED:]).max((1, 2, 3))
    assert differences[: RESTARTED - CLICKED].max() < 1e-3
    assert differences[RESTARTED - CLICKED :].min() > 0.1


def altered(trained_bundle, tensors, folder: Path, **changes) -> Path:
    """A folder with the bundle's sequence, of which some tensors are others."""
    path = folder / trained_bundle.manifest.sequence.file
    path.parent.mkdir()
    save_file({**tensors, **{f"input.{name}": np.ascontiguousarray(value) for name, value in changes.items()}}, path)
    return folder


def test_a_sequence_is_read_as_it_was_written(trained_bundle, tensors, tmp_path):
    manifest = trained_bundle.manifest
    folder = altered(trained_bundle, tensors, tmp_path)
    read = recorded_sequence(folder, manifest.sequence, manifest.model.image_size)
    assert np.array_equal(np.stack(read.frames), tensors["input.frames"])
    assert [(frame, *prompts) for frame, prompts in read.prompts.items()] == [
        (0, FAR),
        (CLICKED, NEAR),
        (RESTARTED, NEAR),
    ]
    assert read.prompted.sum(1).tolist() == [FRAMES, FRAMES - CLICKED]


@pytest.mark.parametrize(
    ("name", "place", "value", "complaint"),
    [
        ("prompt_frame", 0, FRAMES, "object 0 is prompted in frame 24"),
        ("prompt_frame", 1, -1, "object 1 is prompted in frame -1"),
        ("prompt_object", 0, 2, "object 2 is prompted in frame 0"),
        ("prompt_object", 0, 1, "an object has none"),
        ("prompt_frame", 2, CLICKED, f"object 1 is prompted twice in frame {CLICKED}"),
        ("labels", (1, 0), -1, "The label of a point is"),
        ("labels", (1, 0), 0.5, "No point is on the object"),
        ("labels", (2, 0), -2, "absent points come last"),
        ("labels", (1, 0), -2, "There is no prompt"),
        ("points", (1, 0, 0), 1000, "is outside the frame"),
        ("points", (1, 3, 0), 5, "absent points come last"),
    ],
)
def test_prompts_that_are_none_are_refused_in_one_sentence(
    trained_bundle, tensors, tmp_path, name, place, value, complaint
):
    changed = tensors[f"input.{name}"].copy()
    changed[place] = value
    folder, manifest = altered(trained_bundle, tensors, tmp_path, **{name: changed}), trained_bundle.manifest
    with pytest.raises(BundleError, match=complaint) as error:
        recorded_sequence(folder, manifest.sequence, manifest.model.image_size)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("format", ["onnx", "tflite"])
def test_an_app_follows_it_by_what_the_manifest_says(trained_bundle, format):
    """Nothing of vitexport is used but what runs a graph: names and shapes are read from manifest.json."""
    manifest = json.loads((trained_bundle.path / "manifest.json").read_text())
    runners = {graph["name"]: trained_bundle.runner(format, graph["name"]) for graph in manifest["graphs"]}
    file = load_file(trained_bundle.path / manifest["sequence"]["file"])
    logits = file["output.mask_logits"]
    compared = 0
    for frame, seen in enumerate(app(manifest, runners, file)):
        for one, result in seen.items():
            assert mask_iou(result["mask_logits"][0] > 0, logits[one, frame] > 0) >= 0.999
            assert np.abs(result["mask_logits"][0] - logits[one, frame]).max() < 1e-2
            assert float(result["iou"].item()) == pytest.approx(file["output.iou"][one, frame], abs=1e-3)
            assert (result["object_score"].item() > 0) == (file["output.object_score"][one, frame] > 0)
            compared += 1
    assert compared == FRAMES + FRAMES - CLICKED


def app(manifest: dict, runners: Mapping[str, Runner], file: Arrays):
    """What an app sees in each frame: object -> the outputs of its graph."""
    state, after_prompt = manifest["state"], "track_first" if "track_first" in runners else "track_step"
    objects: dict[int, tuple[str, Arrays]] = {}
    for frame in range(manifest["sequence"]["frames"]):
        image = file["input.frames"][frame].transpose(2, 0, 1)[None].astype(np.float32)
        features = runners["encode_image"]({"image": image})["features"]
        seen = {one: runners[graph]({"features": features, **given}) for one, (graph, given) in objects.items()}
        objects = {one: ("track_step", remembered(outputs, state)) for one, outputs in seen.items()}
        for prompt in np.flatnonzero(file["input.prompt_frame"] == frame):
            one = int(file["input.prompt_object"][prompt])
            given = {name: file[f"input.{name}"][prompt][None] for name in ("points", "labels")}
            seen[one] = runners["prompt_points"]({"features": features, **given})
            objects[one] = (after_prompt, remembered(seen[one], state))
        yield seen


def remembered(outputs: Arrays, state: Mapping[str, str]) -> Arrays:
    return {given: outputs[output] for output, given in state.items()}
