"""What slimming ends with: weights, and the card by which they are exported like those of any registered model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import save_file

from exporter.graphs.cut import every_frame
from exporter.models.architectures import described
from exporter.models.classifier import Classifier
from exporter.models.model import Model
from exporter.models.slimmed import SUFFIX, Card
from exporter.operations.macs import macs
from exporter.operations.of_program import operations
from exporter.slim.architecture import Architecture


def gmacs(model: Model) -> float:
    """Multiply-accumulates for one image, in units of 1e9; of a tracker those of the graphs that run for each frame."""
    return sum(macs(one) for graph in every_frame(model) for one in operations(graph.program)) / 1e9


@dataclass(frozen=True)
class Origin:
    """What a slimmed model was made of, and how good both are."""

    parent: str
    """A registered model's name"""
    trained_on: str
    accuracy: float | None = None
    """Of what was kept apart to judge with"""
    parent_accuracy: float | None = None
    classes: tuple[str, ...] = ()
    """In the order of the logits; none of a tracker"""


def save(path: Path, model: Model, architecture: Architecture, origin: Origin) -> Path:
    """Write NAME.safetensors and NAME.json; returns the path of the first, which commands take as a model's name."""
    if isinstance(model, Classifier) and model.num_classes != len(origin.classes):
        raise ValueError(f"{len(origin.classes)} names are given for {model.num_classes} classes")
    file = path.with_name(path.name + SUFFIX)
    file.parent.mkdir(parents=True, exist_ok=True)
    card = Card(
        **asdict(origin),
        architecture=described(architecture.config),
        image_size=model.image_size,
        parameters=sum(value.numel() for value in model.parameters()),
        gmacs=round(gmacs(model), 6),
    )
    card_file = file.with_suffix(".json")
    card_file.write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    save_file({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}, file)
    file.chmod(card_file.stat().st_mode)  # others may read it, too
    return file
