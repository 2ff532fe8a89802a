"""Says why a checkpoint does not fit a model: in a sentence, with the cause if it is known and a few of the names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor

from exporter.models.classifier import Classifier
from exporter.models.model import Model
from exporter.models.registry import MODELS, create_model
from exporter.models.weights.sets import needed, tensors_in, weight_sets

_FACTOR = 3
"""A checkpoint has between a third and three times a model's parameters: with another head, or twice."""

_OTHER_HEADS = {
    "segmentation_head.": "segmentation",
    "seg_head.": "segmentation",
    "decode_head.": "segmentation",
    "bbox_head.": "detection",
    "rpn_head.": "detection",
    "roi_head": "detection",
}
"""In the names of entries -> what the model is for"""

_NAMES_OF_A_KIND = 3
"""Missing, unexpected and mis-shaped entries that are named, so that there are less than ten."""


def mismatch(model: Model, state: Mapping[str, Tensor], content: Mapping[Any, Any]) -> str | None:
    """What is wrong with `state`, under the model's names; None where it fits.

    `content` is the checkpoint that it is from.
    """
    own = model.state_dict()
    missing = [key for key in needed(model) if key not in state]
    unexpected = [key for key in state if key not in own]
    mis_shaped = [
        f"{key} {list(value.shape)} instead of {list(own[key].shape)}"
        for key, value in state.items()
        if key in own and value.shape != own[key].shape
    ]
    if not (missing or unexpected or mis_shaped):
        return None
    if fitting := _models_that_fit(content, model):
        return f"does not fit {model.summary}: it fits {' or '.join(fitting[:3])}, so export that"
    listed = [*_listed("missing", missing), *_listed("unexpected", unexpected), *_listed("mis-shaped", mis_shaped)]
    cause = _cause(model, state, missing)
    return f"does not fit {model.summary}{f': {cause}' if cause else ''} ({'; '.join(listed)})"


def class_count(model: Classifier, state: Mapping[str, Tensor]) -> int | None:
    """How many classes the heads in a state dict tell apart; None where it has none, or heads that differ."""
    rows = {len(value) for key, value in state.items() if model.in_head(key) and value.ndim}
    return rows.pop() if len(rows) == 1 else None


def _cause(model: Model, state: Mapping[str, Tensor], missing: list[str]) -> str | None:
    """What would explain it, and what to do."""
    for head, purpose in _OTHER_HEADS.items():
        if any(head in key for key in state):
            return f"it is for {purpose}, so pass weights that were trained to classify"
    if not any(key in state for key in needed(model)):
        return "it has none of the model's entries, so it is of another architecture"
    if isinstance(model, Classifier):
        count = class_count(model, state)
        if count not in (None, model.num_classes):
            return (
                f"it has {count} classes and the model {model.num_classes}, so pass --num-classes {count} "
                f"(num_classes={count} in Python)"
            )
        if missing and not any(map(model.in_head, state)):
            return "it has no classifier, so pass weights that were trained to classify"
    return None


def _models_that_fit(content: Mapping[Any, Any], but: Model) -> list[str]:
    """The published models, but for one like `but`, that a checkpoint has all of, whatever its classes and size."""
    sizes = [sum(value.numel() for value in tensors) for tensors in tensors_in(content)]
    found = []
    for name, info in MODELS.items():
        if info.own_image_size:  # of the same weights as a larger one
            continue
        if not any(1 / _FACTOR < size / info.parameters < _FACTOR for size in sizes):
            continue
        other = _without_values(name)
        if _has_all_of(other, but.state_dict()):
            continue
        sets = weight_sets(content, needed(other), other.key_maps)
        if any(_has_all_of(other, one.key_map.applied(one.state)) for one in sets[:1]):
            found.append(name)
    return found


def _has_all_of(model: Model, state: Mapping[str, Tensor]) -> bool:
    """Whether a state dict has the model's entries, whatever the classes and the image size that it is for."""
    return all(key in state and shape in (None, state[key].shape) for key, shape in needed(model).items())


@cache
def _without_values(name: str) -> Model:
    with torch.device("meta"):
        return create_model(name)


def _listed(label: str, names: Iterable[str]) -> list[str]:
    names = list(names)
    more = len(names) - _NAMES_OF_A_KIND
    return [f"{label} {', '.join(names[:_NAMES_OF_A_KIND])}{f' and {more} more' if more > 0 else ''}"] if names else []
