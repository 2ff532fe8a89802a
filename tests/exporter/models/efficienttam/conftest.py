"""The model that the goldens are of, and its features of their videos: computed once, and not to be changed."""

from collections.abc import Callable
from functools import cache

import pytest
from torch import Tensor

from exporter.models.efficienttam import CONFIGS, EfficientTAM
from exporter.models.weights.loading import seed_weights
from tests.exporter.models.efficienttam.official import GOLDEN_MODEL, normalised_video

FeaturesOf = Callable[[int], Tensor]


@pytest.fixture(scope="session")
def model() -> EfficientTAM:
    model = EfficientTAM(CONFIGS[GOLDEN_MODEL]).eval().requires_grad_(False)
    seed_weights(model)
    return model


@pytest.fixture(scope="session")
def video_features(model: EfficientTAM) -> Callable[[int], FeaturesOf]:
    """Number of frames of a video -> frame number -> features [1, 256, 32, 32]."""

    @cache
    def features_of_video(frames: int) -> FeaturesOf:
        video = normalised_video(frames)
        return cache(lambda frame: model(video[frame : frame + 1]))

    return features_of_video


@pytest.fixture(scope="session")
def first_features(video_features: Callable[[int], FeaturesOf]) -> Tensor:
    """Features of the first frame, which is the same in videos of every length."""
    return video_features(10)(0)
