"""A checkpoint that does not fit: the cause in a sentence, and ten names at most."""

import pytest
import torch

from exporter.errors import WeightsError
from exporter.models.registry import create_model
from exporter.models.weights.loading import load_weights
from tests.models import reduced


def refusal(model, state) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(model, state)
    return str(caught.value)


def test_missing_unexpected_and_mis_shaped_entries_are_named_in_one_error(model, trained):
    del trained["stem.conv.weight"], trained["stem.bn.bias"]
    trained["neck.weight"] = torch.zeros(1)
    trained["final_conv.bn.weight"] = torch.zeros(5)
    message = refusal(model, trained)
    assert "missing stem.conv.weight, stem.bn.bias" in message
    assert "unexpected neck.weight" in message
    assert "mis-shaped final_conv.bn.weight [5] instead of [64]" in message


def test_the_model_is_named_with_what_it_was_built_for(trained):
    message = refusal(reduced("mobilevitv2"), trained)
    assert "does not fit MobileViTV2 with 16 classes and 3 input channels at 96 pixels" in message


def test_of_many_names_a_few_are_given_and_the_rest_counted(trained):
    model = reduced("efficientformer")
    message = refusal(model, trained)
    known = {*model.state_dict(), *trained}
    assert 0 < sum(word.strip("(),;:.") in known for word in message.split()) <= 10
    assert " more" in message
    assert len(message) < 600


def test_a_checkpoint_of_another_published_model_names_it():
    with pytest.raises(WeightsError, match="it fits mobilevit_xxs, so export that"):
        load_weights(create_model("mobilevit_xs"), create_model("mobilevit_xxs", num_classes=5).state_dict())


def test_a_checkpoint_of_the_same_model_with_more_in_it_is_not_sent_back_to_it():
    model = create_model("mobilevit_xxs")
    message = refusal(model, {**model.state_dict(), "neck.weight": torch.zeros(1)})
    assert "unexpected neck.weight" in message
    assert "it fits" not in message


def test_a_checkpoint_of_another_architecture_is_called_that(model):
    message = refusal(model, {"conv1.weight": torch.zeros(64, 3, 7, 7), "layer1.0.bn1.weight": torch.zeros(64)})
    assert "has none of the model's entries, so it is of another architecture" in message


def test_weights_without_a_head_are_called_that(model, trained):
    headless = {key: value for key, value in trained.items() if not key.startswith("head.")}
    assert "it has no classifier, so pass weights that were trained to classify" in refusal(model, headless)


def test_a_part_of_a_head_is_no_missing_head(model, trained):
    del trained["head.fc.bias"]
    message = refusal(model, trained)
    assert "no classifier" not in message
    assert "missing head.fc.bias" in message


def test_weights_for_another_purpose_are_called_that(model, trained):
    segments = {key: value for key, value in trained.items() if not key.startswith(("head.", "final_conv."))}
    segments["segmentation_head.classifier.convolution.weight"] = torch.zeros(21, 4, 1, 1)
    assert "it is for segmentation, so pass weights that were trained to classify" in refusal(model, segments)


def test_another_number_of_classes_is_named_with_what_to_do(model, trained):
    trained["head.fc.weight"], trained["head.fc.bias"] = torch.zeros(5, 64), torch.zeros(5)
    assert "it has 5 classes and the model 16, so pass --num-classes 5" in refusal(model, trained)
