"""What a manifest says of the model: where its weights come from, what it takes, and what graphs it is cut into."""

from __future__ import annotations

from math import prod
from typing import Any, Literal

from pydantic import Field, model_validator

from exporter.budgets import BUNDLE_VALUES, CLASSES, IMAGE_SIZE
from exporter.manifest.part import Count, InnerPath, Part

TaskName = Literal["classify", "multilabel", "track"]
Interpolation = Literal["bicubic", "bilinear"]
Kind = Literal[
    "image",
    "class_scores",
    "label_scores",
    "features",
    "points",
    "point_labels",
    "mask",
    "mask_logits",
    "score",
    "memory",
    "pointers",
    "flags",
]
"""What the numbers of a tensor are, which decides how they are stored, shown and compared."""


class TensorSpec(Part):
    """An input or output of a graph."""

    name: str
    shape: tuple[Count, ...] = Field(max_length=6)
    dtype: Literal["float32", "float16", "image"] = Field(
        description="Of graphs and vectors float32. Of an artefact 'float16' where apps give and take half precision, "
        "and 'image' where they give Core ML's image type, 8 bits a channel."
    )
    layout: str = Field(description="Names of the axes, for instance NCHW.")
    value_range: tuple[float, float] | None = Field(default=None, description="Least and greatest; null is unbounded.")
    kind: Kind = Field(
        description="What the numbers are. 'image' is RGB, 'class_scores' are logits of classes of which one is right "
        "(softmax), 'label_scores' those of labels that are each right or not (sigmoid), 'mask_logits' are "
        "positive on the object, 'memory' holds frames of a tracker, the prompted one by the sign of its mask."
    )
    meaning: str = Field(description="The same for people, with what the kind leaves open.")

    @model_validator(mode="after")
    def _fits_into_memory(self) -> TensorSpec:
        if prod(self.shape) > BUNDLE_VALUES.most:
            raise ValueError(f"{self.name} would have {prod(self.shape):,} values")
        return self


class ModelEntry(Part):
    typed_name: str = Field(description="The name as it was asked for.")
    name: str = Field(description="The registry's name of what was exported.")
    family: str
    task: TaskName = Field(description="What the model is for, which decides its graphs and how they are judged.")
    paper: str
    image_size: int = Field(ge=1, le=IMAGE_SIZE.most, description="Side of the square input in pixels.")
    num_classes: int | None = Field(ge=1, le=CLASSES.most, description="null for a tracker.")
    classes: tuple[str, ...] = Field(
        default=(),
        max_length=CLASSES.most,
        description="Names in the order of the scores; none where they are ImageNet's, or not known.",
    )
    parameters: Count
    architecture: dict[str, Any] | None = Field(
        default=None, description="What its family's class is built from, of a slimmed model; null of a registered one."
    )


class Quality(Part):
    """How good a model was found to be, by the project itself."""

    metric: str = Field(description="Such as 'J&F', as DAVIS 2017 defines it.")
    data: str = Field(description="What it was measured on.")
    value: float


class WeightsCard(Part):
    """What is known of weights that come with the exporter."""

    trained_on: str
    license: str
    date: str = Field(description="Day on which training ended.")
    quality: tuple[Quality, ...]


class Weights(Part):
    kind: Literal["hub", "shipped", "file", "seeded"]
    source: str = Field(
        description="Hub id, 'shipped with vitexport', file name, or 'seeded', with what could not be had."
    )
    sha256: str
    trained: bool = Field(description="False for seeded weights: the outputs then mean nothing.")
    trained_at: Count | None = Field(description="Image size in pixels the weights were trained at; null is unknown.")
    key: str = Field(default="", description="Where in its file the weights were, joined by dots; empty: all of it.")
    card: WeightsCard | None = Field(default=None, description="null for weights of others, and for seeded ones.")


class Preprocessing(Part):
    """How a photograph becomes the graph's input; normalisation is inside the graph and not listed."""

    resize: Literal["shorter_side_then_center_crop", "square"] = Field(
        description="'square' resizes to image_size x image_size and does not keep the aspect ratio."
    )
    crop_pct: float | None = Field(
        gt=0.1,
        le=1,
        description="Resize the shorter side to round-down(image_size / crop_pct), then crop; null without a crop.",
    )
    interpolation: Interpolation


class GraphEntry(Part):
    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    vectors: InnerPath = Field(description="Conformance vectors: inputs and PyTorch's outputs, relative to the bundle.")
