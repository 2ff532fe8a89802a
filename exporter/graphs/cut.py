"""Cuts a model into the graphs of its task, and builds that of a bundle again."""

import importlib
from collections.abc import Mapping

from exporter.graphs.capture import Graph, Part, capture
from exporter.graphs.tasks import TASKS
from exporter.manifest import Manifest
from exporter.models.model import Model
from exporter.models.registry import PUBLISHED_CLASSES, ModelInfo, create_model, family_named, family_of, model_info


def graphs_of(model: Model) -> tuple[Graph, ...]:
    """The graphs of a model, in the order in which an app meets them. Raises `InputShapeError` for what has none."""
    return captured(_parts(model))


def every_frame(model: Model) -> tuple[Graph, ...]:
    """The graphs of a model that an app runs on every picture or frame; others, of seconds each, are not captured."""
    wanted = TASKS[family_of(model).task].every_frame
    return captured({name: part for name, part in _parts(model).items() if name in wanted})


def captured(parts: Mapping[str, Part]) -> tuple[Graph, ...]:
    """Name -> part, as graphs."""
    return tuple(
        capture(name, part.module.eval().requires_grad_(False), part.inputs, part.outputs)
        for name, part in parts.items()
    )


def _parts(model: Model) -> Mapping[str, Part]:
    family = family_of(model)
    parts: Mapping[str, Part] = importlib.import_module(f"exporter.graphs.{TASKS[family.task].module}").parts(
        model, family
    )
    return parts


def info_of(manifest: Manifest) -> ModelInfo:
    """The row of the model that a bundle was made from; a slimmed one's is as the manifest describes it."""
    model = manifest.model
    if model.architecture is None:
        return model_info(model.name)
    return ModelInfo(
        name=model.name,
        family=family_named(model.family),
        parameters=model.parameters,
        gmacs=0.0,
        own_image_size=model.image_size,
        architecture=model.architecture,
    )


def model_of(manifest: Manifest) -> Model:
    """A model like the one that a bundle was made from, with the framework's initial weights."""
    model = manifest.model
    return create_model(
        info_of(manifest),
        model.image_size,
        num_classes=model.num_classes or PUBLISHED_CLASSES,
        multi_label=model.task == "multilabel",
    )
