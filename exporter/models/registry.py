"""The models by name: where their weights are published, what images they expect, and how to build one.

Everything here is data, readable without torch; the architectures are imported when a model is built.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exporter.budgets import CLASSES, IMAGE_SIZE
from exporter.errors import InputShapeError, MissingPackageError, UnknownModelError, closest
from exporter.manifest import Interpolation, Preprocessing, TaskName

if TYPE_CHECKING:
    from exporter.models.classifier import Classifier
    from exporter.models.model import Model

SMALLEST_IMAGE = 32

PUBLISHED_CLASSES = 1000
"""Of every published classifier: those of ImageNet-1k."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Family:
    """Models that share an architecture and a way of being trained."""

    name: str
    module: str
    """Module of `exporter.models` that holds `CONFIGS` and the class."""
    class_name: str
    task: TaskName
    image_size: int
    """Side in pixels that the published weights were trained at, unless a model says otherwise."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Normalisation of RGB in 0–1 that the published weights were trained with."""
    crop_pct: float | None
    """Share of the resized shorter side that the centre crop keeps; None where the picture is resized as a whole."""
    interpolation: Interpolation
    hub_id: str
    """Repository of the published weights, in which {} is the name of their model."""
    hub_file: str
    """File in it, likewise."""
    license: str
    paper: str

    @property
    def preprocessing(self) -> Preprocessing:
        """How a photograph becomes a model's input."""
        return Preprocessing(
            resize="shorter_side_then_center_crop" if self.crop_pct else "square",
            crop_pct=self.crop_pct,
            interpolation=self.interpolation,
        )


@dataclass(frozen=True)
class ModelInfo:
    """A published model: one row of the registry; or a slimmed one, which has its architecture in a file."""

    name: str
    family: Family
    parameters: int
    gmacs: float
    """Multiply-accumulates of convolutions, linear layers and matrix products for one image, in units of 1e9; for a
    tracker, of a frame with a full memory."""
    top1: float | None = None
    """ImageNet-1k top-1 in percent, as timm publishes it for these weights; not measured here."""
    own_image_size: int | None = None
    """Default image size, where it is not the family's."""
    trained_as: str | None = None
    """The model whose weights were published, where this one's were not."""
    shipped: bool = False
    """Whether it is ours, not the authors', and its weights come with this package."""
    architecture: Mapping[str, Any] | None = field(default=None, hash=False)
    """What its class is built from, where that is not the family's configuration of its name"""
    checkpoint: Path | None = None
    """The file with its weights, where it is known by that"""
    classes: tuple[str, ...] = ()
    """Their names, in the order of the logits, where it was trained on others than ImageNet's"""

    @property
    def image_size(self) -> int:
        """The side in pixels of the image that the model takes by default."""
        return self.own_image_size or self.family.image_size

    @property
    def trained_at(self) -> int:
        """The side in pixels of the images that the published weights were trained on."""
        return MODELS[self.trained_as].image_size if self.trained_as else self.image_size

    @property
    def hub_id(self) -> str:
        return self.family.hub_id.format(self.trained_as or self.name)

    @property
    def hub_file(self) -> str:
        return self.family.hub_file.format(self.trained_as or self.name)

    @property
    def source(self) -> str:
        """What to call its weights: the repository, and the file where it holds those of several models."""
        if self.shipped:
            return "shipped with vitexport"
        if self.checkpoint is not None:
            return self.checkpoint.name
        return self.hub_id if "{}" in self.family.hub_id else f"{self.hub_id}/{self.hub_file}"


_EFFICIENTFORMER = Family(
    "efficientformer", "efficientformer", "EfficientFormer", "classify", 224, IMAGENET_MEAN, IMAGENET_STD, 0.95,
    "bicubic", "timm/{}.snap_dist_in1k", "model.safetensors", "apache-2.0", "arXiv 2206.01191",
)  # fmt: skip
_EFFICIENTFORMER_V2 = Family(
    "efficientformerv2", "efficientformer_v2", "EfficientFormerV2", "classify", 224, IMAGENET_MEAN, IMAGENET_STD, 0.95,
    "bicubic", "timm/{}.snap_dist_in1k", "model.safetensors", "apache-2.0", "arXiv 2212.08059",
)  # fmt: skip
_MOBILEVIT = Family(
    "mobilevit", "mobilevit", "MobileViT", "classify", 256, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 0.9,
    "bicubic", "timm/{}.cvnets_in1k", "model.safetensors", "cvnets-license", "arXiv 2110.02178",
)  # fmt: skip
_MOBILEVIT_V2 = Family(
    "mobilevitv2", "mobilevit_v2", "MobileViTV2", "classify", 256, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 0.888,
    "bicubic", "timm/{}.cvnets_in1k", "model.safetensors", "cvnets-license", "arXiv 2206.02680",
)  # fmt: skip

_EFFICIENTTAM = Family(
    "efficienttam", "efficienttam", "EfficientTAM", "track", 1024, IMAGENET_MEAN, IMAGENET_STD, None, "bicubic",
    "yunyangx/efficient-track-anything", "{}.pt", "apache-2.0", "arXiv 2411.18933",
)  # fmt: skip

# Parameters and multiply-accumulates at 1000 classes and the default image size; top-1 from timm 1.0.31's
# results-imagenet.csv.
MODELS = {
    info.name: info
    for info in (
        ModelInfo("efficientformer_l1", _EFFICIENTFORMER, 12_289_928, 1.2913, 80.502),
        ModelInfo("efficientformer_l3", _EFFICIENTFORMER, 31_406_000, 3.9066, 82.562),
        ModelInfo("efficientformer_l7", _EFFICIENTFORMER, 82_229_328, 10.1193, 83.396),
        ModelInfo("efficientformerv2_s0", _EFFICIENTFORMER_V2, 3_600_256, 0.3959, 76.102),
        ModelInfo("efficientformerv2_s1", _EFFICIENTFORMER_V2, 6_185_560, 0.6520, 79.684),
        ModelInfo("efficientformerv2_s2", _EFFICIENTFORMER_V2, 12_710_112, 1.2469, 82.156),
        ModelInfo("efficientformerv2_l", _EFFICIENTFORMER_V2, 26_322_288, 2.5525, 83.642),
        ModelInfo("mobilevit_xxs", _MOBILEVIT, 1_272_024, 0.4074, 68.936),
        ModelInfo("mobilevit_xs", _MOBILEVIT, 2_317_848, 1.0259, 74.618),
        ModelInfo("mobilevit_s", _MOBILEVIT, 5_578_632, 2.0008, 78.298),
        ModelInfo("mobilevitv2_050", _MOBILEVIT_V2, 1_370_593, 0.4646, 70.156),
        ModelInfo("mobilevitv2_075", _MOBILEVIT_V2, 2_866_009, 1.0280, 75.612),
        ModelInfo("mobilevitv2_100", _MOBILEVIT_V2, 4_901_841, 1.8121, 78.088),
        ModelInfo("mobilevitv2_125", _MOBILEVIT_V2, 7_478_089, 2.8169, 79.682),
        ModelInfo("mobilevitv2_150", _MOBILEVIT_V2, 10_594_753, 4.0425, 80.380),
        ModelInfo("mobilevitv2_175", _MOBILEVIT_V2, 14_251_833, 5.4888, 80.870),
        ModelInfo("mobilevitv2_200", _MOBILEVIT_V2, 18_449_329, 7.1558, 81.148),
        ModelInfo("efficienttam_s", _EFFICIENTTAM, 34_055_842, 458.8648),
        ModelInfo("efficienttam_s_1", _EFFICIENTTAM, 34_055_842, 277.0669),
        ModelInfo("efficienttam_s_2", _EFFICIENTTAM, 34_055_842, 277.0669),
        ModelInfo("efficienttam_s_512x512", _EFFICIENTTAM, 34_055_842, 54.185, own_image_size=512),
        ModelInfo("efficienttam_s_1_512x512", _EFFICIENTTAM, 34_055_842, 42.5584, None, 512, "efficienttam_s_1"),
        ModelInfo("efficienttam_s_2_512x512", _EFFICIENTTAM, 34_055_842, 42.5584, None, 512, "efficienttam_s_2"),
        ModelInfo("efficienttam_ti", _EFFICIENTTAM, 17_866_018, 364.1095),
        ModelInfo("efficienttam_ti_1", _EFFICIENTTAM, 17_866_018, 182.3116),
        ModelInfo("efficienttam_ti_2", _EFFICIENTTAM, 17_866_018, 182.3116),
        ModelInfo("efficienttam_ti_512x512", _EFFICIENTTAM, 17_866_018, 35.0035, own_image_size=512),
        ModelInfo("efficienttam_ti_1_512x512", _EFFICIENTTAM, 17_866_018, 23.3769, None, 512, "efficienttam_ti_1"),
        ModelInfo("efficienttam_ti_2_512x512", _EFFICIENTTAM, 17_866_018, 23.3769, None, 512, "efficienttam_ti_2"),
        ModelInfo("efficienttam_nano_256x256", _EFFICIENTTAM, 3_655_138, 1.0108, own_image_size=256, shipped=True),
    )
}

ALIASES = {"efficienttam_nano": "efficienttam_nano_256x256"}
"""Short names of models, for those who type them."""


def list_models(pattern: str = "*") -> list[str]:
    """The names of the models that match a shell-style pattern."""
    return [name for name in MODELS if fnmatch(name, pattern.lower())]


def model_info(name: str) -> ModelInfo:
    """The registry's row for `name`, or that of a slimmed model by the path of its weights.

    Raises `UnknownModelError` with the nearest names.
    """
    if name.lower().endswith(".safetensors"):
        return _slimmed(Path(name))
    known = ALIASES.get(name.lower(), name.lower())
    try:
        return MODELS[known]
    except KeyError:
        raise UnknownModelError(
            f"There is no model {name!r}; closest are {closest(name.lower(), MODELS)} (`vitexport models` lists all)."
        ) from None


def _slimmed(weights: Path) -> ModelInfo:
    """A slimmed model's row, by the path of its weights."""
    from exporter.models.slimmed import read_card

    card = read_card(weights)
    return ModelInfo(
        name=weights.stem,
        family=model_info(card.parent).family,
        parameters=card.parameters,
        gmacs=card.gmacs,
        own_image_size=card.image_size,
        architecture=card.architecture,
        checkpoint=weights,
        classes=card.classes,
    )


def family_named(name: str) -> Family:
    """Raises `UnknownModelError`."""
    for info in MODELS.values():
        if info.family.name == name:
            return info.family
    raise UnknownModelError(f"There is no family {name!r} of models.")


def family_of(model: object) -> Family:
    """The family of a model that was built here, whatever its configuration."""
    return next(info.family for info in MODELS.values() if info.family.class_name == type(model).__name__)


def create_model(
    model: str | ModelInfo,
    image_size: int | None = None,
    *,
    in_channels: int = 3,
    num_classes: int = PUBLISHED_CLASSES,
    multi_label: bool = False,
) -> Model:
    """Build a model in eval mode, with the framework's initial weights; `load_weights` or `seed_weights` fills it.

    `model` is a name, the path of a slimmed model's weights, or a row of the registry.

    It takes the normalised image [B, in_channels, image_size, image_size] that its published weights were trained
    on and gives logits [B, num_classes], or, a tracker, features [1, 256, image_size / 16, image_size / 16]. With
    `multi_label` each logit is meant to be judged by itself, as that of a single class always is. Raises
    `UnknownModelError`, `InputShapeError`, and `MissingPackageError` where PyTorch is not installed.
    """
    info = model_info(model) if isinstance(model, str) else model
    try:
        family = importlib.import_module(f"exporter.models.{info.family.module}")
    except ModuleNotFoundError as missing:
        raise MissingPackageError(missing) from None
    architecture: Any = getattr(family, info.family.class_name)
    size = info.image_size if image_size is None else image_size
    if size < SMALLEST_IMAGE or size % architecture.size_multiple:
        rule = f"a multiple of {architecture.size_multiple}" if architecture.size_multiple > 1 else "any size"
        raise InputShapeError(f"{info.name} cannot take image size {size}: use {rule} from {SMALLEST_IMAGE} pixels up.")
    IMAGE_SIZE.check_option(size, InputShapeError)
    if info.family.task == "track":
        if (in_channels, num_classes, multi_label) != (3, PUBLISHED_CLASSES, False):
            raise InputShapeError(f"{info.name} takes RGB and has no classes: leave in_channels and num_classes out.")
        return _built(info, lambda config: architecture(config, size))
    if in_channels < 1 or num_classes < 1:
        raise InputShapeError(
            f"{info.name} cannot have {in_channels} input channels and {num_classes} classes: "
            "it needs at least one input channel and one class."
        )
    CLASSES.check_option(num_classes, InputShapeError)
    classifier: Classifier = _built(info, lambda config: architecture(config, size, in_channels, num_classes))
    classifier.multi_label = classifier.multi_label or multi_label
    return classifier


def _built(info: ModelInfo, build: Callable[[Any], Any]) -> Any:
    """A model in eval mode."""
    config = configuration(info)
    if info.architecture is not None:
        from exporter.models.architectures import refuse_beyond_memory

        refuse_beyond_memory(lambda: build(config), info.name)
    return build(config).eval()


def configuration(info: ModelInfo) -> Any:
    """What a model's class is built from: its family's configuration of its name, or what is said of its architecture.

    Raises `UnknownModelError` where that is none.
    """
    known: Any = importlib.import_module(f"exporter.models.{info.family.module}").CONFIGS
    if info.architecture is None:
        return known[info.name]
    from exporter.models.architectures import config_of

    return config_of(type(next(iter(known.values()))), info.architecture)
