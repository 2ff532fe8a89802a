"""Classifying a photo with what a bundle holds."""

import pytest

from exporter.errors import BundleError, ImageError
from exporter.inference.classify import classify_photo, imagenet_labels
from exporter.media.images import sample_photo


def test_every_format_that_runs_here_gives_the_same_five_classes(bundles):
    answers = classify_photo(bundles["mobilevit"], sample_photo("china.jpg"))
    assert list(answers) == ["executorch", "tflite", "onnx", "coreml"]  # what is interpreted comes last
    indices = [[prediction.index for prediction in answer] for answer in answers.values()]
    assert len(indices[0]) == 5
    assert indices[0] == indices[1] == indices[2]
    assert indices[0][0] == indices[3][0]  # half precision may exchange near classes


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


def test_a_format_that_is_asked_for_answers_alone(bundles):
    assert list(classify_photo(bundles["mobilevit"], sample_photo("china.jpg"), ["coreml"])) == ["coreml"]


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
