"""A classifier is one graph, `classify`: from camera pixels to logits."""

from collections.abc import Mapping

from torch import Tensor, nn

from exporter.errors import InputShapeError
from exporter.graphs.capture import Part
from exporter.graphs.normalisation import Normalisation
from exporter.graphs.tasks import CLASSIFY
from exporter.manifest import TensorSpec
from exporter.models.classifier import Classifier
from exporter.models.registry import Family


class Classify(nn.Module):
    """RGB 0–255 [1, 3, S, S] -> {"logits": [1, num_classes]}; the normalisation is inside."""

    def __init__(self, model: Classifier, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.model = model
        self.normalise = Normalisation(mean, std)

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"logits": self.model(self.normalise(image))}


def parts(model: Classifier, family: Family) -> Mapping[str, Part]:
    """What becomes the one graph of a classifier. Raises `InputShapeError` for a model that does not take RGB."""
    if model.in_channels != 3:
        raise InputShapeError(
            f"Graphs take RGB images, and this {type(model).__name__} has {model.in_channels} input channels."
        )
    size = model.image_size
    image = TensorSpec(
        name="image",
        shape=(1, 3, size, size),
        dtype="float32",
        layout="NCHW",
        value_range=(0, 255),
        kind="image",
        meaning="RGB",
    )
    logits = TensorSpec(
        name="logits",
        shape=(1, model.num_classes),
        dtype="float32",
        layout="NC",
        kind="label_scores" if model.multi_label else "class_scores",
        meaning="label scores before a sigmoid" if model.multi_label else "class scores before softmax",
    )
    return {CLASSIFY: Part(Classify(model, family.mean, family.std), (image,), (logits,))}
