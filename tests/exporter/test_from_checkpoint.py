"""An export from a checkpoint as a training script leaves it: its classes, its averaged weights, and what is said."""

import math

import pytest
import torch

from exporter import pipeline
from exporter.errors import WeightsError
from exporter.inference.classify import classify_photo
from exporter.media.images import classifier_input, sample_photo
from exporter.media.photos.reading import read_photo
from exporter.models.registry import create_model
from exporter.models.weights.loading import seed_weights


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Weights of a model with one class, and their average over training."""
    model = create_model("mobilevit_xxs", 64, num_classes=1)
    seed_weights(model)
    state = model.state_dict()
    worse = {key: value * 0.5 if value.is_floating_point() else value for key, value in state.items()}
    path = tmp_path_factory.mktemp("training") / "best.pth.tar"
    torch.save({"epoch": 3, "state_dict": worse, "state_dict_ema": {f"module.{k}": v for k, v in state.items()}}, path)
    return path


@pytest.fixture(scope="module")
def bundle(checkpoint, tmp_path_factory):
    return pipeline.export(
        "mobilevit_xxs",
        formats=["onnx"],
        weights=checkpoint,
        image_size=64,
        out=tmp_path_factory.mktemp("out"),
        workers=1,
    )


def test_the_classes_are_those_of_the_file(bundle):
    assert bundle.manifest.model.num_classes == 1
    assert bundle.manifest.artifacts[0].outputs[0].shape == (1, 1)


def test_which_weights_were_taken_is_recorded_and_said(bundle):
    assert bundle.manifest.weights.key == "state_dict_ema"
    assert "The averaged weights, 'state_dict_ema', were taken" in " ".join(bundle.manifest.warnings)


def test_agreement_on_the_best_of_one_class_is_not_claimed(bundle):
    parity = bundle.manifest.artifacts[0].verification.outputs["logits"]
    assert (parity.top1, parity.top5, parity.labels) == (None, None, 1)
    assert "top-1" not in (bundle.path / "report.html").read_text().split("<h2>Agreement, output by output</h2>")[1]


def test_the_probability_of_one_class_is_a_sigmoid(bundle):
    photo = sample_photo("flower.jpg")
    ((prediction,),) = classify_photo(bundle, photo).values()
    image = classifier_input(read_photo(photo), 64, bundle.manifest.preprocessing)
    logit = float(bundle.runner("onnx", "classify")({"image": image})["logits"][0, 0])
    assert prediction.probability == pytest.approx(1 / (1 + math.exp(-logit)))
    assert 0 < prediction.probability < 1


def test_classes_that_are_asked_for_and_are_not_the_files_are_refused_before_anything_is_made(checkpoint, tmp_path):
    with pytest.raises(WeightsError, match="it has 1 classes and the model 5, so pass --num-classes 1"):
        pipeline.export(
            "mobilevit_xxs", formats=["onnx"], weights=checkpoint, image_size=64, num_classes=5, out=tmp_path, workers=1
        )
    assert list(tmp_path.iterdir()) == []
