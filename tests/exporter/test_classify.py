"""Classifying a photo with what a bundle holds."""

import pytest

from exporter.backends import NotExecutableError
from exporter.classify import classify_photo, imagenet_labels
from exporter.errors import BundleError, ImageError
from exporter.images import sample_photo


def test_every_format_that_runs_here_gives_the_same_five_classes(bundles):
    answers = classify_photo(bundles["mobilevit"], sample_photo("china.jpg"))
    assert list(answers) == ["executorch", "tflite", "onnx"]
    indices = [[prediction.index for prediction in answer] for answer in answers.values()]
    assert len(indices[0]) == 5
    assert indices[0] == indices[1] == indices[2]


def test_probabilities_fall_and_belong_to_all_classes(bundles):
    (answer,) = classify_photo(bundles["mobilevit"], sample_photo("flower.jpg"), ["tflite"], top=1000).values()
    probabilities = [prediction.probability for prediction in answer]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1)


def test_different_photos_get_different_answers(bundles):
    china, flower = (
        classify_photo(bundles["efficientformer"], sample_photo(name), ["onnx"])["onnx"]
        for name in ("china.jpg", "flower.jpg")
    )
    assert china != flower


def test_a_format_that_cannot_run_here_is_an_error_if_asked_for(bundles):
    with pytest.raises(NotExecutableError, match="Apple"):
        classify_photo(bundles["mobilevit"], sample_photo("china.jpg"), ["coreml"])


def test_an_unreadable_photo_is_an_error(bundles, tmp_path):
    with pytest.raises(ImageError, match="There is no image"):
        classify_photo(bundles["mobilevit"], tmp_path / "none.jpg")


def test_labels_are_a_thousand_different_names():
    labels = imagenet_labels()
    assert len(labels) == len(set(labels)) == 1000
    assert (labels[0], labels[985], labels[999]) == ("tench", "daisy", "toilet tissue")


def test_a_tracker_is_no_classifier(tracker_bundle):
    with pytest.raises(BundleError, match="which is no classifier"):
        classify_photo(tracker_bundle, sample_photo("flower.jpg"))
