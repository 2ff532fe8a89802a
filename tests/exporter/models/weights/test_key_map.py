"""The names of others: of the authors' repositories and of transformers, to the same logits."""

import pytest
import torch

from exporter.models.classifier import Classifier
from exporter.models.efficientformer import EfficientFormer, EfficientFormerConfig
from exporter.models.registry import MODELS, create_model
from exporter.models.weights.key_map import KeyMap, unwrapped
from exporter.models.weights.loading import load_weights, seed_weights
from tests.exporter.models.timm_reference import reference_models
from tests.exporter.models.weights.states import holds, logits
from tests.models import SMALLEST, reduced


def test_rules_are_applied_one_after_the_other():
    assert KeyMap("elsewhere", ((r"^a\.", "b."), (r"^b\.", "c."))).named("a.weight") == "c.weight"


def test_pieces_are_joined_along_their_first_axis_in_the_order_of_their_numbers():
    names = KeyMap("elsewhere", ((r"^k\.", "qk."), (r"^q\.(.*)", r"qk.\1[0]"), (r"^qk\.(\w+)$", r"qk.\1[1]")))
    joined = names.applied({"k.weight": torch.ones(1, 2), "q.weight": torch.zeros(2, 2)})
    assert joined["qk.weight"].tolist() == [[0, 0], [0, 0], [1, 1]]


def test_only_a_rule_makes_pieces_and_only_of_what_can_be_joined():
    names = KeyMap("elsewhere", ((r"^q\.(.*)", r"qk.\1[0]"), (r"^k\.(.*)", r"qk.\1[1]")))
    own = {f"stem.weight[{number}]": torch.zeros(2) for number in range(3)}
    assert names.applied(own).keys() == own.keys()
    apart = names.applied({"k.weight": torch.ones(1, 2), "q.weight": torch.zeros(2, 3)})
    assert apart.keys() == {"qk.weight[0]", "qk.weight[1]"}


def test_a_first_convolution_for_blue_green_red_is_turned_to_red_green_blue():
    turned = KeyMap("elsewhere", (), bgr="stem.weight").applied({"stem.weight": torch.arange(3.0).reshape(1, 3, 1, 1)})
    assert turned["stem.weight"].flatten().tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    "wrapped",
    [
        "_orig_mod.a.b",
        "_orig_mod.module.a.b",
        "module._orig_mod.a.b",
        "module.module.a.b",
        "a._orig_mod.b",
        "a.module.b",
    ],
)
def test_what_training_wraps_modules_in_is_no_part_of_a_name(wrapped):
    assert unwrapped(wrapped) == "a.b"


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0"])
def test_weights_under_the_authors_keys_give_the_same_logits(name):
    under_timms_keys, under_the_authors = create_model(name), create_model(name)
    seed_weights(under_timms_keys)
    own, official = under_timms_keys.state_dict(), reference_models()[name]["official"]
    state = {
        key: own[official["to_timm"][key]].reshape(shape) if key in official["to_timm"] else torch.zeros(shape).long()
        for key, shape in official["state_dict"].items()
    }
    load_weights(under_the_authors, state)
    assert torch.equal(logits(under_the_authors), logits(under_timms_keys))


# Hugging Face's transformers


def transformers_mobilevit(generation: int):
    """A small model of transformers with other weights in every entry, in eval mode."""
    import transformers

    small = {"image_size": 64, "num_labels": 7, "hidden_dropout_prob": 0.0}
    if generation == 1:
        config = transformers.MobileViTConfig(
            hidden_sizes=[64, 80, 96], neck_hidden_sizes=[16, 16, 24, 48, 64, 80, 320], expand_ratio=2.0, **small
        )
        model = transformers.MobileViTForImageClassification(config)
    else:
        model = transformers.MobileViTV2ForImageClassification(
            transformers.MobileViTV2Config(width_multiplier=0.5, **small)
        )
    generator = torch.Generator().manual_seed(0)
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.add_(0.1 * torch.rand(value.shape, generator=generator))
    return model.eval()


@pytest.mark.parametrize(("generation", "name"), [(1, "mobilevit_xxs"), (2, "mobilevitv2_050")])
def test_a_mobilevit_of_transformers_gives_its_logits_for_the_picture_in_rgb(generation, name):
    theirs, ours = transformers_mobilevit(generation), create_model(name, 64, num_classes=7)
    fitted = load_weights(ours, theirs.state_dict())
    assert fitted.notes == (
        "These weights are for blue, green, red, as transformers has them; they were turned to RGB.",
    )
    rgb = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(ours(rgb), theirs(rgb.flip(1)).logits, rtol=1e-4, atol=1e-4)


def cvnets_name(key: str, v2: bool) -> str:
    """What Apple's CVNets calls an entry of a MobileViT, by the modules of its mobilevit.py and mobilevit_v2.py."""
    parts = key.replace(".bn.", ".norm.").split(".")
    entry = parts[-1]
    if parts[0] == "stem":
        return f"conv_1.block.{parts[1]}.{entry}"
    if parts[0] == "final_conv":
        return f"conv_1x1_exp.block.{parts[1]}.{entry}"
    if parts[0] == "head":
        return f"classifier.fc.{entry}"
    layer, inner = f"layer_{int(parts[1]) + 1}.{parts[2]}", parts[3:]
    residual = {"conv1_1x1": "exp_1x1", "conv2_kxk": "conv_3x3", "conv3_1x1": "red_1x1"}
    if inner[0] in residual:
        return f"{layer}.block.{residual[inner[0]]}.block.{inner[1]}.{entry}"
    if inner[0] in ("conv_kxk", "conv_1x1"):
        convolution = inner[1] if inner[0] == "conv_kxk" else "conv"
        place = {"conv_kxk": "0" if v2 else "conv_3x3", "conv_1x1": "1" if v2 else "conv_1x1"}[inner[0]]
        return f"{layer}.local_rep.{place}.block.{convolution}.{entry}"
    if inner[0] in ("conv_proj", "conv_fusion"):
        return f"{layer}.{ {'conv_proj': 'conv_proj', 'conv_fusion': 'fusion'}[inner[0]] }.block.{inner[1]}.{entry}"
    if inner[0] == "norm":
        return f"{layer}.global_rep.9.{entry}"
    within = {
        "norm1": "pre_norm_mha.0",
        "attn.qkv": "pre_norm_mha.1.qkv_proj",
        "attn.proj": "pre_norm_mha.1.out_proj",
        "attn.qkv_proj": "pre_norm_attn.1.qkv_proj.block.conv",
        "attn.out_proj": "pre_norm_attn.1.out_proj.block.conv",
        "norm2": "pre_norm_ffn.0",
        "mlp.fc1": "pre_norm_ffn.1.block.conv" if v2 else "pre_norm_ffn.1",
        "mlp.fc2": "pre_norm_ffn.3.block.conv" if v2 else "pre_norm_ffn.4",
    }
    return f"{layer}.global_rep.{inner[1]}.{within['.'.join(inner[2:-1])]}.{entry}"


@pytest.mark.parametrize("family", ["mobilevit", "mobilevitv2"])
def test_a_mobilevit_of_cvnets_is_loaded(family):
    (names,) = [one for one in reduced(family).key_maps if one.source == "apple/ml-cvnets"]
    own = reduced(family).state_dict()
    assert {key: names.named(cvnets_name(key, family == "mobilevitv2")) for key in own} == {key: key for key in own}


def test_names_of_cvnets_that_are_known():
    """As transformers' converters of apple/ml-cvnets have them."""
    (names,) = [one for one in reduced("mobilevitv2").key_maps if one.source == "apple/ml-cvnets"]
    assert names.named("layer_3.1.local_rep.0.block.norm.weight") == "stages.2.1.conv_kxk.bn.weight"
    assert names.named("layer_3.1.local_rep.1.block.conv.weight") == "stages.2.1.conv_1x1.weight"
    assert (
        names.named("layer_4.1.global_rep.3.pre_norm_ffn.3.block.conv.bias") == "stages.3.1.transformer.3.mlp.fc2.bias"
    )
    assert names.named("encoder.layer_5.1.global_rep.3.weight") == "stages.4.1.norm.weight"
    assert names.named("classifier.1.weight") == "head.fc.weight"


def transformers_name(key: str, config: EfficientFormerConfig) -> str:
    """What transformers 4 calls an entry of EfficientFormer, by the modules of its modeling_efficientformer.py."""
    module, _, entry = key.rpartition(".")
    if module in ("head", "head_dist"):
        return f"{ {'head': 'classifier', 'head_dist': 'distillation_classifier'}[module] }.{entry}"
    if module == "norm":
        return f"efficientformer.layernorm.{entry}"
    if module.startswith("stem."):
        names = {
            "conv1": "convolution1",
            "norm1": "batchnorm_before",
            "conv2": "convolution2",
            "norm2": "batchnorm_after",
        }
        return f"efficientformer.patch_embed.{names[module.removeprefix('stem.')]}.{entry}"
    _, stage, kind, *rest = key.split(".")
    if kind == "downsample":
        layer = {"conv": "projection", "norm": "norm"}[rest[0]]
        return f"efficientformer.encoder.intermediate_stages.{2 * int(stage) - 1}.{layer}.{entry}"
    block, *inner = rest
    pooling = config.depths[-1] - config.attention_blocks
    attends = stage == "3" and int(block) > pooling
    if stage == "3":
        where = (
            f"last_stage.meta{'3D' if attends else '4D'}_layers.blocks.{int(block) - pooling - 1 if attends else block}"
        )
    else:
        where = f"intermediate_stages.{2 * int(stage)}.meta4D_layers.blocks.{block}"
    if inner[0].startswith("ls"):
        return f"efficientformer.encoder.{where}.layer_scale_{inner[0][2]}"
    within = {
        "mlp.fc1": "mlp.linear_in" if attends else "mlp.convolution1",
        "mlp.fc2": "mlp.linear_out" if attends else "mlp.convolution2",
        "mlp.norm1": "mlp.batchnorm_before",
        "mlp.norm2": "mlp.batchnorm_after",
        "norm1": "layernorm1",
        "norm2": "layernorm2",
        "token_mixer.proj": "token_mixer.projection",
    }
    inside = ".".join(inner[:-1])
    return f"efficientformer.encoder.{where}.{within.get(inside, inside)}.{entry}"


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformer_l3"])
def test_an_efficientformer_of_transformers_is_loaded(name):
    with torch.device("meta"):
        ours = create_model(name)
    assert isinstance(ours, EfficientFormer)
    own = ours.state_dict()
    config = EfficientFormerConfig(**MODEL_SHAPES[name])
    (names,) = [one for one in ours.key_maps if one.source == "transformers"]
    assert {key: names.named(transformers_name(key, config)) for key in own} == {key: key for key in own}


MODEL_SHAPES = {
    "efficientformer_l1": {"widths": (48, 96, 224, 448), "depths": (3, 2, 6, 4), "attention_blocks": 1},
    "efficientformer_l3": {"widths": (64, 128, 320, 512), "depths": (4, 4, 12, 6), "attention_blocks": 4},
}


def test_names_of_transformers_that_are_known():
    """As snap-research/efficientformer-l1-300 on the hub has them."""
    (names,) = [one for one in reduced("efficientformer").key_maps if one.source == "transformers"]
    assert (
        names.named("efficientformer.encoder.intermediate_stages.1.projection.weight")
        == "stages.1.downsample.conv.weight"
    )
    assert names.named("efficientformer.patch_embed.batchnorm_before.running_mean") == "stem.norm1.running_mean"
    assert names.named("distillation_classifier.bias") == "head_dist.bias"


# Heads


@pytest.mark.parametrize("family", ["efficientformer", "efficientformerv2"])
def test_a_model_without_a_distilled_head_has_the_logits_of_the_one_it_has(family):
    whole, single = reduced(family), reduced(family)
    state = whole.state_dict()
    load_weights(single, {key: value for key, value in state.items() if not key.startswith("head_dist.")})
    assert holds(
        single, state | {key.replace("head.", "head_dist."): state[key] for key in ("head.weight", "head.bias")}
    )


@pytest.mark.parametrize("name", [name for name in MODELS if name in SMALLEST.values()])
def test_every_head_of_a_family_is_known(name):
    with torch.device("meta"):
        few, many = create_model(name, num_classes=3), create_model(name, num_classes=5)
    assert isinstance(few, Classifier)
    differing = {key for key, value in few.state_dict().items() if value.shape != many.state_dict()[key].shape}
    assert differing == {key for key in few.state_dict() if few.in_head(key)}
