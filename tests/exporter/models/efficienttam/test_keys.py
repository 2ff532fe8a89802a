"""Checkpoints of the authors load as they are, and what they do not say is as published."""

import pytest
import torch

from exporter.models.efficienttam import CONFIGS, EfficientTAM
from exporter.models.efficienttam.config import NANO
from exporter.models.efficienttam.layers import ChannelNorm
from tests.exporter.models.efficienttam.official import official_models

OFFICIAL = official_models()
PARAMETERS = {"s": 34_055_842, "ti": 17_866_018}


def weightless(name: str) -> EfficientTAM:
    """The model with shapes and keys, but without memory for its weights."""
    with torch.device("meta"):
        return EfficientTAM(CONFIGS[name])


@pytest.mark.parametrize("name", OFFICIAL)
def test_keys_and_shapes_are_the_official_ones_in_their_order(name):
    ours = [(key, list(value.shape)) for key, value in weightless(name).state_dict().items()]
    assert ours == list(OFFICIAL[name]["state_dict"].items())


@pytest.mark.parametrize("name", OFFICIAL)
def test_the_number_of_parameters_is_that_of_the_published_model(name):
    parameters = sum(value.numel() for value in weightless(name).parameters())
    assert parameters == OFFICIAL[name]["parameters"] == PARAMETERS[name.split("_")[1]]


@pytest.mark.parametrize("name", ["efficienttam_s", "efficienttam_ti"])
def test_every_component_has_as_many_parameters_as_the_published_one(name):
    model = weightless(name)
    for component, count in OFFICIAL[name]["parameters_per_component"].items():
        if component.startswith("("):  # what belongs to no component
            parameters = [value for key, value in model.named_parameters() if "." not in key]
        else:
            parameters = list(model.get_submodule(component).parameters())
        assert sum(value.numel() for value in parameters) == count, component


def test_everything_stored_is_a_parameter_but_the_gaussian_matrix():
    model = weightless("efficienttam_ti")
    assert model.state_dict().keys() - dict(model.named_parameters()).keys() == {
        "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"
    }


def test_norms_of_the_trunk_and_over_channels_of_maps_have_a_smaller_epsilon_than_others():
    norms = [item for item in weightless("efficienttam_ti").named_modules() if isinstance(item[1], torch.nn.LayerNorm)]
    assert len(norms) > 50
    for name, norm in norms:
        small = name.startswith("image_encoder.trunk.") or isinstance(norm, ChannelNorm)
        assert norm.eps == (1e-6 if small else 1e-5), name


def test_every_official_model_can_be_built_by_its_name():
    assert CONFIGS.keys() >= OFFICIAL.keys()


@pytest.mark.parametrize("name", [name for name, config in CONFIGS.items() if config is not NANO])
def test_the_name_says_width_size_and_pooling(name):
    _, trunk, *details = name.split("_")
    config = CONFIGS[name]
    assert (config.width, config.heads) == {"s": (384, 6), "ti": (192, 3)}[trunk]
    assert config.image_size == (512 if "512x512" in details else 1024)
    assert config.pooling == next((int(detail) for detail in details if detail in "12"), 0)
