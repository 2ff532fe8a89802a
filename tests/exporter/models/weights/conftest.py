"""A small model, and weights that are not what it holds."""

import pytest

from exporter.models.classifier import Classifier
from tests.exporter.models.weights.states import State
from tests.models import reduced


@pytest.fixture
def model() -> Classifier:
    return reduced("mobilevit")


@pytest.fixture
def trained(model) -> State:
    """A checkpoint of `model` that differs from what the model holds in every entry."""
    return {key: value + 1 for key, value in model.state_dict().items()}
