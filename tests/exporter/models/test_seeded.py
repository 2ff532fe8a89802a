"""Seeded weights: the same everywhere, decided by key and shape alone, and strong enough to show a missing branch."""

import numpy as np
import pytest
import torch

from exporter.models.efficientformer_v2 import EfficientFormerV2
from exporter.models.registry import create_model
from exporter.models.seeded import Fill, Spread, seeded_tensor
from exporter.models.weights.loading import seed_weights
from tests.models import SMALLEST, reduced, reduced_tracker

FAMILIES = list(SMALLEST)
NOTHING = Fill()
"""Of a family that says nothing of its own."""


def test_two_fresh_models_get_the_same_values():
    first, second = create_model("mobilevit_xxs"), create_model("mobilevit_xxs")
    seed_weights(first)
    seed_weights(second)
    for (key, value), other in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(value, other), key


def test_seeding_replaces_whatever_the_model_held():
    model = reduced("efficientformer")
    before = model.state_dict()["head.weight"].clone()
    with torch.no_grad():
        model.head.weight.zero_()
    seed_weights(model)
    assert torch.equal(model.head.weight, before)


def test_values_are_fixed_for_all_time():
    # Printed by the generator that made the golden outputs; another NumPy or another machine gives the same.
    expected = np.array([0.10053634643554688, -0.6528053283691406, 0.5593665838241577], np.float32)
    np.testing.assert_array_equal(seeded_tensor("a.weight", (2, 3), NOTHING)[0], expected)


DIGESTS = {
    "efficientformer_l1": "c0e28530abffb88e03aee5b22c9e25e3db96aa44833175ca315291317f7198d3",
    "efficientformerv2_s0": "4c1c6b48073316494b546b81300c0c9365d9a55751ba9c46f32b2dfc07502bfc",
    "mobilevit_xxs": "2a78eaf42c9c1fef8cee4a5cdc8fc4bd715bbccb060811c8d52ba57a2e8ad77f",
    "mobilevitv2_050": "739661905939edbc163734e74e5ca6e76ee3aff3f945a749ffed592c19097930",
    "efficienttam": "7cbf2fa938a8502747670d55c9f104795b0d586f077fb15b0ee8066dc66bebcb",
}
"""Registered or reduced model -> SHA-256 of the keys and seeded values of it."""


@pytest.mark.parametrize("name", DIGESTS)
def test_the_values_of_every_family_are_fixed_for_all_time(name):
    build = {"efficienttam": reduced_tracker}.get(name, lambda: create_model(name))
    assert seed_weights(build()).sha256 == DIGESTS[name]


def test_a_value_does_not_depend_on_the_other_keys():
    model = reduced("mobilevit")
    for key, value in model.state_dict().items():
        if value.is_floating_point():
            alone = seeded_tensor(key, tuple(value.shape), model.fill)
            np.testing.assert_array_equal(value.numpy(), alone, key)


def test_keys_of_equal_shape_get_different_values():
    first, second = (seeded_tensor(f"blocks.{index}.fc.weight", (8, 8), NOTHING) for index in range(2))
    assert not np.array_equal(first, second)


def test_layer_scales_are_around_one_half():
    values = seeded_tensor("stages.0.blocks.0.ls1.gamma", (512,), NOTHING)
    assert abs(values.mean() - 0.5) < 0.02
    assert 0.05 < values.std() < 0.2


@pytest.mark.parametrize("branch", ["mlp.fc2", "token_mixer.proj"])
def test_the_last_norms_of_efficientformer_v2s_branches_are_around_one_half(branch):
    values = seeded_tensor(f"stages.2.blocks.5.{branch}.bn.weight", (512,), EfficientFormerV2.fill)
    assert abs(values.mean() - 0.5) < 0.02


def test_other_norms_are_around_one():
    for fill in (NOTHING, EfficientFormerV2.fill):
        assert abs(seeded_tensor("stages.2.blocks.5.mlp.fc1.bn.weight", (512,), fill).mean() - 1) < 0.02


def test_running_variances_are_positive_and_differ_from_one():
    values = seeded_tensor("bn.running_var", (512,), NOTHING)
    assert values.min() >= 1
    assert values.std() > 0.01


@pytest.mark.parametrize("leaf", ["bias", "running_mean", "attention_biases"])
@pytest.mark.parametrize("family", FAMILIES)
def test_no_bias_or_running_mean_is_zero(family, leaf):
    tables = {key: value for key, value in reduced(family).state_dict().items() if key.endswith(f".{leaf}")}
    assert tables or (leaf == "attention_biases" and family.startswith("mobilevit"))
    for key, value in tables.items():
        assert value.std() > 0, key


def test_indices_and_counters_keep_the_models_own_value():
    model = reduced("efficientformer")
    state = model.state_dict()
    own = {key: value for key, value in state.items() if key.endswith(("attention_bias_idxs", "num_batches_tracked"))}
    assert {key.rpartition(".")[2] for key in own} == {"attention_bias_idxs", "num_batches_tracked"}
    before = {key: value.add_(7).clone() for key, value in own.items()}
    seed_weights(model)
    for key, value in model.state_dict().items():
        assert key not in before or torch.equal(value, before[key]), key


def test_an_unknown_kind_of_weight_is_an_error():
    with pytest.raises(KeyError, match=r"block\.temperature"):
        seeded_tensor("block.temperature", (4,), NOTHING)


def test_a_family_says_how_a_kind_of_weight_of_its_own_is_spread():
    fill = Fill(spreads=((r"\.temperature$", Spread(5, 0.1)), (r"\.first\.bias$", Spread(-3, 0.1))))
    assert seeded_tensor("block.temperature", (4,), fill) == pytest.approx(5, abs=0.5)
    assert seeded_tensor("block.first.bias", (4,), fill) == pytest.approx(-3, abs=0.5)
    np.testing.assert_array_equal(
        seeded_tensor("block.second.bias", (4,), fill), seeded_tensor("block.second.bias", (4,), NOTHING)
    )


def test_a_family_says_how_strong_its_layers_are_and_which_are_stronger():
    fill = Fill(gain=2.0, gains=((r"^head\.", 4.0),))
    for key, times in (("stem.weight", 2.0), ("head.weight", 4.0)):
        weight, usual = (seeded_tensor(key, (64, 3, 3, 3), each) for each in (fill, Fill(gain=1.0)))
        np.testing.assert_array_equal(weight, usual * np.float32(times))
    np.testing.assert_array_equal(seeded_tensor("head.bias", (4,), fill), seeded_tensor("head.bias", (4,), NOTHING))


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_depend_on_the_image(family):
    model = reduced(family)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(2, 3, model.image_size, model.image_size, generator=generator)
    with torch.inference_mode():
        first, second = model(images)
    assert (first - second).norm() > 0.01 * first.norm()
