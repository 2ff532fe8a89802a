"""What ranges are read off: pictures and what a tracker is given, never what artefacts are verified on."""

import numpy as np
import pytest
from PIL import Image

from exporter.calibration.following import FRAMES
from exporter.calibration.inputs import calibration
from exporter.calibration.pictures import CROPS, MOST, sample_pictures
from exporter.errors import ImageError
from exporter.graphs.tasks import ENCODE_IMAGE, PROMPT_MASK, PROMPT_POINTS, TRACK_FIRST, TRACK_STEP
from exporter.media.images import to_input, verification_images
from exporter.models.registry import model_info
from tests.models import classifier_graph, reduced, small_tracker

CLASSIFIERS, TRACKERS = model_info("mobilevit_xxs").family, model_info("efficienttam_ti").family


@pytest.fixture(scope="module")
def tracker_inputs(followed_tracker):
    return calibration(small_tracker(), TRACKERS, list(followed_tracker.graphs.values())).inputs


def folder_of(path, *sizes):
    random = np.random.default_rng(0)
    path.mkdir()
    for index, (width, height) in enumerate(sizes):
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{index}.png")
    return path


def test_sample_pictures_are_the_same_in_every_run_and_none_is_verified_on():
    pictures = sample_pictures(64)
    assert all(np.array_equal(*pair) for pair in zip(pictures, sample_pictures(64), strict=True))
    verified = [to_input(pixels) for pixels in verification_images(64)]
    assert not any(np.array_equal(one, other) for one in pictures for other in verified)
    assert len(pictures) == CROPS + 4
    assert all(one.shape == (1, 3, 64, 64) and one.min() >= 0 and one.max() <= 255 for one in pictures)


def test_a_classifier_is_given_pictures():
    found = calibration(reduced("mobilevit"), CLASSIFIERS, [classifier_graph("mobilevit")])
    assert {name: len(runs) for name, runs in found.inputs.items()} == {"classify": CROPS + 4}
    assert found.source == "24 crops of photographs and synthetic pictures"


def test_pictures_of_a_folder_are_taken_as_the_model_takes_photos(tmp_path):
    folder = folder_of(tmp_path / "own", (80, 60), (50, 90))
    found = calibrated_on(folder)
    size = reduced("mobilevit").image_size
    assert [run["image"].shape for run in found.inputs["classify"]] == [(1, 3, size, size)] * 2
    assert found.source == "2 pictures of a folder"


def test_a_folder_that_is_missing_or_empty_is_refused(tmp_path):
    for folder in (tmp_path / "missing", folder_of(tmp_path / "empty")):
        with pytest.raises(ImageError, match="has no pictures: put some dozens into it"):
            calibrated_on(folder)


def test_folders_in_it_count_and_notes_beside_pictures_do_not(tmp_path):
    folder = folder_of(tmp_path / "own", (80, 60))
    folder_of(folder / "class", (80, 60))
    (folder / "notes.txt").write_text("no picture")
    assert len(calibrated_on(folder).inputs["classify"]) == 2


def test_a_broken_picture_is_named(tmp_path):
    folder = folder_of(tmp_path / "own", (80, 60))
    (folder / "broken.jpg").write_text("no picture")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        calibrated_on(folder)


def test_of_a_large_folder_pictures_are_taken_from_all_of_it(tmp_path):
    folder = folder_of(tmp_path / "own", *[(8, 8)] * (MOST + 40))
    assert len(calibrated_on(folder).inputs["classify"]) == MOST


def test_a_tracker_needs_more_than_two_frames(tmp_path, followed_tracker):
    folder = folder_of(tmp_path / "own", *[(80, 60)] * 2)
    with pytest.raises(ImageError, match="has 2 pictures: a tracker follows through 3 at least"):
        calibration(small_tracker(), TRACKERS, list(followed_tracker.graphs.values()), folder)


def calibrated_on(folder):
    return calibration(reduced("mobilevit"), CLASSIFIERS, [classifier_graph("mobilevit")], folder)


def test_a_trackers_graphs_are_given_what_they_are_while_objects_are_followed(tracker_inputs):
    counts = {name: len(runs) for name, runs in tracker_inputs.items()}
    assert counts == {
        ENCODE_IMAGE: CROPS + 4 + FRAMES,
        PROMPT_POINTS: 3,
        PROMPT_MASK: 2,
        TRACK_FIRST: 3,
        TRACK_STEP: 3 * (FRAMES - 2),
    }


def test_a_trackers_memory_is_among_them_empty_at_first_and_full_at_last(tracker_inputs):
    filled = [run["memory_valid"].sum() for run in tracker_inputs[TRACK_STEP]]
    assert min(filled) == 2
    assert max(filled) == 7


def test_pictures_of_a_folder_are_a_trackers_frames(tmp_path, followed_tracker):
    folder = folder_of(tmp_path / "own", *[(80, 60)] * 4)
    found = calibration(small_tracker(), TRACKERS, list(followed_tracker.graphs.values()), folder)
    assert len(found.inputs[ENCODE_IMAGE]) == 4 + 4
    assert found.source == "4 pictures of a folder, and an object followed in 4 frames"
