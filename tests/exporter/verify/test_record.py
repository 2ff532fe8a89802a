"""What PyTorch makes of each graph's inputs, as it is recorded."""

import numpy as np
import pytest
import torch

from exporter.vectors import read_vectors, vectors_file
from exporter.verify.conformance import COVERING, covering
from exporter.verify.record import FRAMES, EagerRunner, record_pictures
from tests.models import classifier_graph, classifier_pictures


@pytest.fixture(scope="module")
def graph():
    return classifier_graph("mobilevitv2")


@pytest.fixture(scope="module")
def pictures():
    return classifier_pictures("mobilevitv2")["image"]


def test_an_eager_runner_keeps_its_runs(graph, pictures):
    runner = EagerRunner(graph)
    outputs = [runner({"image": picture})["logits"] for picture in pictures[:3]]
    assert all(np.array_equal(kept["image"], one) for kept, one in zip(runner.inputs, pictures[:3], strict=True))
    assert all(np.array_equal(kept["logits"], one) for kept, one in zip(runner.outputs, outputs, strict=True))
    assert len({one.tobytes() for one in outputs}) == 3


def test_an_eager_runner_says_what_the_module_says(graph, pictures):
    with torch.inference_mode():
        expected = graph.module(torch.from_numpy(pictures[0]))["logits"].numpy()
    assert np.array_equal(EagerRunner(graph)({"image": pictures[0]})["logits"], expected)


def test_a_classifier_is_recorded_on_every_verification_picture(graph, pictures, tmp_path):
    record_pictures(graph, tmp_path)
    given, expected = read_vectors(tmp_path / vectors_file("classify"))
    assert np.array_equal(given["image"], pictures)
    assert expected["logits"].shape == (len(pictures), *graph.outputs[0].shape)


def test_a_trackers_steps_are_recorded_with_memories_of_different_fullness(followed_tracker):
    given, _ = followed_tracker.vectors["track_step"]
    assert given["memory_valid"].sum(1).tolist() == [2, 3, 7, 7]
    assert given["pointers_valid"].sum(1).tolist() == [2, 3, 8, 16]
    assert len(followed_tracker.vectors["track_first"][0]["memory"]) == 1
    assert len(followed_tracker.vectors["encode_image"][0]["image"]) == 2


def test_a_tracker_is_recorded_on_every_kind_of_prompt(followed_tracker):
    points, _ = followed_tracker.vectors["prompt_points"]
    assert points["labels"][:, 0].tolist() == [[1, -2, -2, -2], [2, 3, -2, -2], [2, 3, 0, 1]]
    masks, _ = followed_tracker.vectors["prompt_mask"]
    assert masks["mask"].any((1, 2, 3, 4)).tolist() == [True, False]


def test_the_sequence_counts_the_masks_that_say_something(followed_tracker):
    recorded = followed_tracker.recorded
    logits = recorded.expected["mask_logits"]
    assert (recorded.sequence.objects, recorded.sequence.frames) == logits.shape[:2] == (2, FRAMES)
    assert recorded.sequence.covering == covering(logits[recorded.prompted]) >= recorded.prompted.sum() / 2
    assert not recorded.says_little


def test_a_mask_says_something_if_it_is_neither_empty_nor_full():
    logits = np.full((3, 1, 20, 20), -1.0, np.float32)
    logits[1] = 1
    logits[2, 0, 0, : int(400 * COVERING[0])] = 1
    assert covering(logits) == 1
