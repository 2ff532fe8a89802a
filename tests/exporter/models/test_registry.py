"""The registry: models under timm's names, keys and figures, clear words for what they do not take, room for others."""

import re
import subprocess
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from exporter.errors import InputShapeError, UnknownModelError
from exporter.graphs.cut import graphs_of
from exporter.models.classifier import Classifier
from exporter.models.registry import MODELS, Family, ModelInfo, create_model, list_models, model_info
from exporter.models.seeded import Fill, Spread
from exporter.models.weights.key_map import KeyMap
from exporter.models.weights.loading import load_weights, seed_weights
from latency_db.registered import shipped_index
from tests.exporter.models.timm_reference import reference_models
from tests.models import SMALLEST, reduced

NAMES = [
    "efficientformer_l1",
    "efficientformer_l3",
    "efficientformer_l7",
    "efficientformerv2_s0",
    "efficientformerv2_s1",
    "efficientformerv2_s2",
    "efficientformerv2_l",
    "mobilevit_xxs",
    "mobilevit_xs",
    "mobilevit_s",
    "mobilevitv2_050",
    "mobilevitv2_075",
    "mobilevitv2_100",
    "mobilevitv2_125",
    "mobilevitv2_150",
    "mobilevitv2_175",
    "mobilevitv2_200",
]
OURS = "efficienttam_nano_256x256"
TRACKERS = [
    f"efficienttam_{width}{variant}{size}"
    for width in ("s", "ti")
    for size in ("", "_512x512")
    for variant in ("", "_1", "_2")
]
EFFICIENTFORMERS = [name for name in NAMES if name.startswith("efficientformer")]
REFERENCE = reference_models()


def weightless(name: str) -> Classifier:
    """The model with shapes and keys, but without memory for its weights."""
    with torch.device("meta"):
        return create_model(name)


def run(model: Classifier, *shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        return model(torch.rand(shape, generator=generator))


# Names


def test_classifiers_and_trackers_are_listed():
    assert list_models() == [*NAMES, *TRACKERS, OURS]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("mobilevit_*", ["mobilevit_xxs", "mobilevit_xs", "mobilevit_s"]),
        ("efficientformerv2_s?", ["efficientformerv2_s0", "efficientformerv2_s1", "efficientformerv2_s2"]),
        ("*_l[13]", ["efficientformer_l1", "efficientformer_l3"]),
        ("MobileViT_XS", ["mobilevit_xs"]),
        ("mobilevit", []),
    ],
)
def test_a_pattern_selects_names(pattern, names):
    assert list_models(pattern) == names


def test_names_are_found_in_any_case():
    assert model_info("MobileViT_XXS").name == "mobilevit_xxs"


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("efficientformer_l2", {"efficientformer_l1", "efficientformer_l3", "efficientformer_l7"}),
        ("mobilevitv2-100", {"mobilevitv2_100", "mobilevitv2_150", "mobilevitv2_200"}),
        ("mobilevit_m", {"mobilevit_s", "mobilevit_xs", "mobilevit_xxs"}),
    ],
)
def test_an_unknown_model_names_the_three_closest(name, closest):
    with pytest.raises(UnknownModelError) as caught:
        create_model(name)
    assert repr(name) in str(caught.value)
    assert set(re.findall(r"\w+", str(caught.value))) & set(NAMES) == closest


@pytest.mark.parametrize("name", ["", "resnet50", "?"])
def test_a_name_like_no_other_still_gets_three_suggestions(name):
    with pytest.raises(UnknownModelError) as caught:
        model_info(name)
    assert len(set(re.findall(r"\w+", str(caught.value))) & set(NAMES)) == 3


def test_the_registry_is_read_without_torch():
    code = (
        "import sys; from exporter.models.registry import list_models; list_models(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Agreement with timm


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_has_timms_keys_and_shapes_in_timms_order(name):
    ours = [(key, list(value.shape)) for key, value in weightless(name).state_dict().items()]
    assert ours == list(REFERENCE[name]["state_dict"].items())


@pytest.mark.parametrize("name", NAMES)
def test_the_parameter_count_is_timms(name):
    built = sum(parameter.numel() for parameter in weightless(name).parameters())
    assert built == MODELS[name].parameters == REFERENCE[name]["params"]


@pytest.mark.parametrize("name", NAMES)
def test_preprocessing_is_timms(name):
    family, timm = model_info(name).family, REFERENCE[name]
    assert [3, family.image_size, family.image_size] == timm["input_size"]
    assert [list(family.mean), list(family.std)] == [timm["mean"], timm["std"]]
    assert (family.crop_pct, family.interpolation) == (timm["crop_pct"], timm["interpolation"])


@pytest.mark.parametrize("name", NAMES)
def test_the_row_describes_the_weights_that_timm_publishes(name):
    info, timm = model_info(name), REFERENCE[name]
    assert (info.hub_id, info.family.license) == (timm["default_hf_hub_id"], timm["license"])
    assert info.top1 == next(tag["top1"] for tag in timm["pretrained"] if tag["hf_hub_id"] == info.hub_id)
    assert info.gmacs == pytest.approx(timm["gmacs"], abs=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_multiply_accumulates_are_those_of_the_kernels_of_an_image_or_frame(name):
    graphs = shipped_index().workload(name, MODELS[name].image_size, "tflite", "cpu").graphs
    counted = sum(kernel.macs for kernels in graphs.values() for kernel in kernels)
    assert MODELS[name].gmacs == pytest.approx(counted / 1e9, rel=1e-3)


@pytest.mark.parametrize("name", EFFICIENTFORMERS)
def test_the_authors_keys_map_to_ours(name):
    official, names = REFERENCE[name]["official"], weightless(name).key_maps[0]
    assert names.source == "snap-research/EfficientFormer"
    renamed = {key: names.named(key) for key in official["state_dict"]}
    assert {key: ours for key, ours in renamed.items() if key not in official["dropped"]} == official["to_timm"]


# Trackers


@pytest.mark.parametrize("name", TRACKERS)
def test_a_trackers_weights_are_those_of_its_name_or_of_the_model_it_was_trained_as(name):
    info = model_info(name)
    assert info.hub_id == "yunyangx/efficient-track-anything"
    pooled_at_512 = name.endswith(("_1_512x512", "_2_512x512"))
    assert info.hub_file == f"{name.removesuffix('_512x512') if pooled_at_512 else name}.pt"
    assert info.image_size == (512 if name.endswith("_512x512") else 1024)
    assert info.trained_at == (1024 if pooled_at_512 else info.image_size)


def test_our_own_tracker_is_found_by_its_short_name_and_is_as_large_as_its_row_says():
    info = model_info("EfficientTAM_nano")
    assert info is MODELS[OURS]
    assert (info.image_size, info.trained_at, info.source) == (256, 256, "shipped with vitexport")
    built = create_model(OURS)
    assert sum(parameter.numel() for parameter in built.parameters()) == info.parameters


@pytest.mark.parametrize(
    ("options", "complaint"), [({"image_size": 500}, "a multiple of 32"), ({"num_classes": 3}, "no classes")]
)
def test_what_a_tracker_cannot_be_built_for_is_refused(options, complaint):
    with pytest.raises(InputShapeError, match=complaint):
        create_model("efficienttam_ti", **options)


# What a model is built for


@pytest.mark.parametrize("name", SMALLEST.values())
def test_a_new_model_is_in_eval_mode(name):
    assert not any(module.training for module in create_model(name).modules())


@pytest.mark.parametrize("name", SMALLEST.values())
def test_the_default_image_size_is_the_familys(name):
    assert create_model(name).image_size == model_info(name).family.image_size


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("efficientformer_l1", 225),
        ("efficientformer_l1", 48),
        ("efficientformerv2_s0", 240),
        ("efficientformerv2_s0", 0),
        ("efficientformer_l1", -32),
    ],
)
def test_an_efficientformer_refuses_sizes_that_are_no_multiple_of_32(name, size):
    with pytest.raises(InputShapeError, match=rf"{name} cannot take image size {size}: use a multiple of 32 from 32"):
        create_model(name, size)


@pytest.mark.parametrize("name", ["mobilevit_xxs", "mobilevitv2_050"])
@pytest.mark.parametrize("size", [31, 0, -64])
def test_a_mobilevit_refuses_sizes_below_32(name, size):
    with pytest.raises(InputShapeError, match=rf"{name} cannot take image size {size}: use any size from 32 pixels"):
        create_model(name, size)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("efficientformer_l1", 32),
        ("efficientformer_l1", 64),
        ("efficientformer_l3", 64),
        ("efficientformerv2_s0", 32),
        ("efficientformerv2_s0", 96),
        ("efficientformerv2_s0", 160),
        ("mobilevit_xxs", 32),
        ("mobilevit_xxs", 75),
        ("mobilevitv2_050", 32),
        ("mobilevitv2_050", 75),
    ],
)
def test_an_accepted_size_runs(name, size):
    logits = run(create_model(name, size), 1, 3, size, size)
    assert logits.shape == (1, 1000)
    assert logits.isfinite().all()


@pytest.mark.parametrize("family", ["mobilevit", "mobilevitv2"])
def test_one_mobilevit_takes_every_size_and_rectangles(family):
    model = reduced(family)
    for size in ((96, 96), (64, 96), (75, 51), (33, 32)):
        assert run(model, 2, 3, *size).shape == (2, model.num_classes)


@pytest.mark.parametrize("name", SMALLEST.values())
def test_num_classes_sets_the_width_of_the_logits(name):
    assert run(create_model(name, 64, num_classes=7), 2, 3, 64, 64).shape == (2, 7)


@pytest.mark.parametrize("name", SMALLEST.values())
def test_in_channels_sets_what_the_stem_takes(name):
    assert run(create_model(name, 64, in_channels=1), 1, 1, 64, 64).shape == (1, 1000)


@pytest.mark.parametrize("name", SMALLEST.values())
@pytest.mark.parametrize("nothing", [{"num_classes": 0}, {"in_channels": 0}])
def test_a_model_without_classes_or_channels_is_refused(name, nothing):
    with pytest.raises(InputShapeError, match="at least one input channel and one class"):
        create_model(name, **nothing)


# What a model is fed


@pytest.mark.parametrize("family", SMALLEST)
@pytest.mark.parametrize(
    "shape", [(1, 1, 96, 96), (1, 4, 96, 96), (1, 96, 96, 3), (3, 96, 96), (1, 3, 96), (1, 3, 1, 96, 96)]
)
def test_a_tensor_of_another_layout_is_refused_with_what_to_do(family, shape):
    model = reduced(family)
    with pytest.raises(
        InputShapeError, match=r"takes \[batch, 3, H, W\].*create the model with the .* in_channels"
    ) as e:
        run(model, *shape)
    assert str(list(shape)) in str(e.value)


@pytest.mark.parametrize("family", ["efficientformer", "efficientformerv2"])
@pytest.mark.parametrize("size", [(128, 128), (32, 32), (64, 96)])
def test_a_tensor_of_another_size_is_refused_where_the_bias_tables_fix_it(family, size):
    model = reduced(family)
    fixed = f"{model.image_size}x{model.image_size} pixels"
    with pytest.raises(InputShapeError, match=rf"{fixed}, not .*create the model with the image_size"):
        run(model, 1, 3, *size)


# Another family


class Averaged(Classifier):
    """A linear classifier of the mean colour, with a temperature, which no other family has."""

    heads = ("head",)
    key_maps = (KeyMap("elsewhere", ((r"^fc\.", "head."),)),)
    fill = Fill(spreads=((r"^temperature$", Spread(8, 0.5)),))

    def __init__(self, config: float, image_size: int = 64, in_channels: int = 3, num_classes: int = 1000) -> None:
        super().__init__(image_size, in_channels, num_classes)
        self.head = nn.Linear(in_channels, num_classes)
        self.temperature = nn.Parameter(torch.tensor([config]))

    def forward_features(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def forward_head(self, x: torch.Tensor, pre_logits: bool = False) -> torch.Tensor:
        pooled = x.mean((2, 3))
        return pooled if pre_logits else self.head(pooled) / self.temperature


def test_a_family_is_a_module_and_a_row(monkeypatch):
    module = ModuleType("exporter.models.averaged")
    module.CONFIGS, module.Averaged = {"averaged_1": 2.0}, Averaged
    family = Family(
        "averaged", "averaged", "Averaged", "classify", 64, (0.5,) * 3, (0.5,) * 3, 1.0,
        "bilinear", "nobody/{}", "model.safetensors", "mit", "unpublished",
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(MODELS, "averaged_1", ModelInfo("averaged_1", family, 4001, 0.0))

    model = create_model("averaged_1", num_classes=5)
    assert model.temperature.item() == 2
    seed_weights(model)
    assert model.temperature.item() == pytest.approx(8, abs=2)
    load_weights(model, {"fc.weight": torch.ones(5, 3), "fc.bias": torch.zeros(5), "temperature": torch.ones(1)})
    (graph,) = graphs_of(model)
    logits = graph.program.module()(image=torch.full((1, 3, 64, 64), 255.0))["logits"]
    torch.testing.assert_close(logits, torch.full((1, 5), 3.0))
