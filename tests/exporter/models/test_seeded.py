"""Seeded weights: the same everywhere, decided by key and shape alone, and strong enough to show a missing branch."""

import numpy as np
import pytest
import torch

from exporter.models.registry import create_model
from exporter.models.seeded import seeded_tensor
from exporter.models.weights import seed_weights
from tests.models import SMALLEST, reduced

FAMILIES = list(SMALLEST)


def test_two_fresh_models_get_the_same_values():
    first, second = create_model("mobilevit_xxs"), create_model("mobilevit_xxs")
    seed_weights(first)
    seed_weights(second)
    for (key, value), other in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(value, other), key


def test_seeding_replaces_whatever_the_model_held():
    model, _ = reduced("efficientformer")
    before = model.state_dict()["head.weight"].clone()
    with torch.no_grad():
        model.head.weight.zero_()
    seed_weights(model)
    assert torch.equal(model.head.weight, before)


def test_values_are_fixed_for_all_time():
    # Printed by the generator that made the golden outputs; another NumPy or another machine gives the same.
    expected = np.array([0.10053634643554688, -0.6528053283691406, 0.5593665838241577], np.float32)
    np.testing.assert_array_equal(seeded_tensor("a.weight", (2, 3))[0], expected)


def test_a_value_does_not_depend_on_the_other_keys():
    whole, _ = reduced("mobilevit")
    for key, value in whole.state_dict().items():
        alone = seeded_tensor(key, tuple(value.shape))
        assert alone is None or np.array_equal(value.numpy(), alone), key


def test_keys_of_equal_shape_get_different_values():
    first, second = (seeded_tensor(f"blocks.{index}.fc.weight", (8, 8)) for index in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("key", ["ls1.gamma", "layer_scale_1", "layer_scale_2"])
def test_layer_scales_are_around_one_half(key):
    values = seeded_tensor(f"stages.0.blocks.0.{key}", (512,))
    assert abs(values.mean() - 0.5) < 0.02
    assert 0.05 < values.std() < 0.2


@pytest.mark.parametrize("branch", ["mlp.fc2", "token_mixer.proj"])
def test_the_last_norms_of_efficientformer_v2s_branches_are_around_one_half(branch):
    values = seeded_tensor(f"stages.2.blocks.5.{branch}.bn.weight", (512,))
    assert abs(values.mean() - 0.5) < 0.02


def test_other_norms_are_around_one():
    assert abs(seeded_tensor("stages.2.blocks.5.mlp.fc1.bn.weight", (512,)).mean() - 1) < 0.02


def test_running_variances_are_positive_and_differ_from_one():
    values = seeded_tensor("bn.running_var", (512,))
    assert values.min() >= 1
    assert values.std() > 0.01


@pytest.mark.parametrize("leaf", ["bias", "running_mean", "attention_biases"])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_bias_or_running_mean_is_zero(family, leaf):
    tables = {key: value for key, value in reduced(family)[0].state_dict().items() if key.endswith(f".{leaf}")}
    assert tables or (leaf == "attention_biases" and family.startswith("mobilevit"))
    for key, value in tables.items():
        assert value.std() > 0, key


@pytest.mark.parametrize("leaf", ["attention_bias_idxs", "num_batches_tracked"])
def test_indices_and_counters_keep_the_models_own_value(leaf):
    assert seeded_tensor(f"block.{leaf}", (4, 4)) is None


def test_an_unknown_kind_of_weight_is_an_error():
    with pytest.raises(KeyError, match=r"block\.temperature"):
        seeded_tensor("block.temperature", (4,))


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_depend_on_the_image(family):
    model, _ = reduced(family)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 3, model.image_size, model.image_size, generator=generator)
    with torch.inference_mode():
        first, second = model(images)
    assert (first - second).norm() > 0.01 * first.norm()
