"""Weights of a model: from a file, from the hub, or seeded; what does not fit is refused before anything is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from exporter.budgets import CLASSES
from exporter.errors import WeightsError
from exporter.manifest import WeightsCard
from exporter.models.classifier import Classifier
from exporter.models.model import Model
from exporter.models.registry import PUBLISHED_CLASSES, ModelInfo, create_model
from exporter.models.seeded import seeded_tensor
from exporter.models.weights.checkpoint_file import read_checkpoint
from exporter.models.weights.hub import Hub, official_file
from exporter.models.weights.mismatch import class_count, mismatch
from exporter.models.weights.sets import Choice, WeightSet, choose, is_index
from exporter.models.weights.shipped import shipped_file, weights_card
from exporter.models.weights.sound_tensors import refuse_values

StateDict = Mapping[str, Tensor]


@dataclass(frozen=True)
class Fitted:
    """What was made of a checkpoint to fit a model."""

    key: str = ""
    """Where in the checkpoint the weights were; "" for the checkpoint itself"""
    resized: tuple[str, ...] = ()
    """Bias tables that were interpolated because the checkpoint is for another image size"""
    notes: tuple[str, ...] = ()
    """What a user should know of it, a sentence each"""


@dataclass(frozen=True)
class LoadedWeights:
    """Where a model's weights came from."""

    kind: Literal["hub", "shipped", "file", "seeded"]
    source: str
    """Hub id, "shipped with vitexport", file name, or "seeded", with what could not be had."""
    sha256: str
    """Of the file; of keys and values in key order where there is none."""
    trained_at: int | None
    """Image size in pixels that they were trained at; None where nobody said, or nobody trained them."""
    fitted: Fitted = Fitted()
    card: WeightsCard | None = None
    """What is known of weights that come with this package"""

    @property
    def trained(self) -> bool:
        return self.kind != "seeded"


@dataclass(frozen=True)
class _Checkpoint:
    """A file of weights that has been read."""

    path: Path
    content: Mapping[Any, Any]
    kind: Literal["hub", "shipped", "file"]
    source: str
    trained_at: int | None
    card: WeightsCard | None = None


def model_with_weights(
    info: ModelInfo,
    choice: str,
    image_size: int | None = None,
    num_classes: int | None = None,
    multi_label: bool = False,
    key: str | None = None,
) -> tuple[Model, LoadedWeights]:
    """Build a published model and fill it as `provide_weights` does; raises what that and `create_model` raise.

    Without `num_classes` it has as many as the file of weights or, where there is none, the published model.
    """

    def create(classes: int) -> Model:
        return create_model(info, image_size, num_classes=classes, multi_label=multi_label)

    model = create(PUBLISHED_CLASSES if num_classes is None else num_classes)
    checkpoint = _checkpoint(info, choice, Hub())
    if checkpoint is None:
        return model, _seeded(model, info, choice)
    chosen = choose(model, checkpoint.content, key, str(checkpoint.path))
    if num_classes is None and isinstance(model, Classifier):
        classes = class_count(model, _own_names(model, chosen.taken))
        if classes not in (None, model.num_classes):
            CLASSES.check(classes, checkpoint.path, WeightsError)
            model = create(classes)
    return model, _filled(model, checkpoint, chosen)


def provide_weights(
    model: Model, info: ModelInfo, choice: str, hub: Hub | None = None, key: str | None = None
) -> LoadedWeights:
    """Fill `model` as `choice` says: "auto", "required", "random", or the path of a checkpoint.

    "auto" takes the weights that come with the package, or official ones from the local cache or the hub, and falls
    back to seeded ones; "required" does not.
    `key` names a set of weights in a file that holds several. Raises `WeightsError`.
    """
    checkpoint = _checkpoint(info, choice, hub or Hub())
    if checkpoint is None:
        return _seeded(model, info, choice)
    return _filled(model, checkpoint, choose(model, checkpoint.content, key, str(checkpoint.path)))


def load_weights(model: Model, source: str | Path | StateDict, key: str | None = None) -> Fitted:
    """Load a checkpoint file or a state dict, under timm's keys, those of the authors' repository or transformers'.

    Prefixes and wrappers of training are seen through; of several sets of weights in it `key` names one. Bias tables of
    a checkpoint for another image size are interpolated. Raises `WeightsError` with the cause and some of the names
    where it does not fit, leaving the model as it was.
    """
    content = read_checkpoint(Path(source)) if isinstance(source, str | Path) else source
    name = str(source) if isinstance(source, str | Path) else "The state dict"
    return _load(model, content, choose(model, content, key, name), name)


def seed_weights(model: Model) -> LoadedWeights:
    """Fill the model with deterministic weights as its family wants them; indices and counters keep their values."""
    state = model.state_dict()
    digest = hashlib.sha256()
    for key in sorted(key for key, value in state.items() if value.is_floating_point()):
        values = seeded_tensor(key, tuple(state[key].shape), model.fill)
        state[key].copy_(torch.from_numpy(values))
        digest.update(key.encode())
        digest.update(values.tobytes())
    return LoadedWeights("seeded", "seeded", digest.hexdigest(), None)


def _seeded(model: Model, info: ModelInfo, choice: str) -> LoadedWeights:
    """Seeded weights, because they were asked for, or because no others could be had."""
    seeded = seed_weights(model)
    return seeded if choice == "random" else replace(seeded, source=f"seeded ({info.source} could not be had)")


def _checkpoint(info: ModelInfo, choice: str, hub: Hub) -> _Checkpoint | None:
    """The file that `choice` asks for; None where weights are to be seeded."""
    if choice == "random":
        return None
    if choice not in ("auto", "required"):
        path = Path(choice)
        return _Checkpoint(path, read_checkpoint(path), "file", path.name, None)
    if info.checkpoint is not None:
        path = info.checkpoint
        return _Checkpoint(path, read_checkpoint(path), "file", info.source, info.image_size)
    if info.shipped:
        path = shipped_file(info.name)
        return _Checkpoint(
            path, read_checkpoint(path), "shipped", info.source, info.trained_at, weights_card(info.name)
        )
    published = official_file(info.hub_id, info.hub_file, hub)
    if published is not None:
        return _Checkpoint(published, read_checkpoint(published), "hub", info.source, info.trained_at)
    if choice == "required":
        raise WeightsError(
            f"The weights {info.source} are neither in the local cache nor to be had from the hub; "
            f"connect, or pass --weights FILE with a checkpoint of {info.name}."
        )
    return None


def _filled(model: Model, checkpoint: _Checkpoint, chosen: Choice) -> LoadedWeights:
    fitted = _load(model, checkpoint.content, chosen, str(checkpoint.path))
    return LoadedWeights(
        checkpoint.kind,
        checkpoint.source,
        _file_sha256(checkpoint.path),
        checkpoint.trained_at,
        fitted,
        checkpoint.card,
    )


def _load(model: Model, content: Mapping[Any, Any], chosen: Choice, source: str) -> Fitted:
    """Fill a model with the weights that were chosen in a checkpoint, which messages call `source`."""
    own, found = model.state_dict(), chosen.taken
    state = _own_names(model, found)
    others = " or ".join(one.name for one in chosen.others)
    refuse_values(state, own, f"{source} ({found.name})" if others else source, others)
    state, resized = _fit_shapes(state, own)
    if problem := mismatch(model, state, content):
        raise WeightsError(f"{source} {problem}.")
    model.load_state_dict({**own, **state})
    return Fitted(found.name, resized, tuple(_notes(chosen)))


def _own_names(model: Model, found: WeightSet) -> dict[str, Tensor]:
    """The weights of a set under the model's names, without indices, which follow from the image size."""
    state = {key: value for key, value in found.key_map.applied(found.state).items() if not is_index(key)}
    first, *others = model.heads if isinstance(model, Classifier) else ("",)
    for head in others:
        for entry in ("weight", "bias"):
            if f"{first}.{entry}" in state:
                state.setdefault(f"{head}.{entry}", state[f"{first}.{entry}"])
    return state


def _notes(chosen: Choice) -> Iterator[str]:
    found = chosen.taken
    if chosen.others:
        mixed = "" if found.statistics_of is None else f" with the running statistics of {found.statistics_of!r}"
        others = " or ".join(one.name for one in chosen.others)
        yield f"The averaged weights, {found.name!r}{mixed}, were taken; --weights-key {others} takes the others."
    if chosen.averages:
        yield f"The averaged weights in {' and '.join(map(repr, chosen.averages))} do not fit as well, and were left."
    if found.left_out:
        yield f"Beside the weights, {found.name!r}, entries that the model does not need were left: {found.left_out}."
    if found.key_map.bgr is not None:
        yield f"These weights are for blue, green, red, as {found.key_map.source} has them; they were turned to RGB."


def _fit_shapes(state: dict[str, Tensor], own: StateDict) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Layer scales as vectors, bias tables at the model's resolution; names of the tables that were interpolated."""
    fitted, resized = dict(state), []
    for key, value in state.items():
        if key not in own or value.shape == own[key].shape:
            continue
        if key.endswith(".gamma") and value.numel() == own[key].numel():
            fitted[key] = value.flatten()
        elif key.endswith(".attention_biases") and (table := _resized_table(value, own[key].shape)) is not None:
            fitted[key] = table
            resized.append(key)
    return fitted, tuple(resized)


def _resized_table(table: Tensor, shape: torch.Size) -> Tensor | None:
    """Biases [heads, side²] stretched over the offsets of another resolution; None where they are not such a table."""
    if table.ndim != 2 or table.shape[0] != shape[0]:
        return None
    before, after = round(table.shape[1] ** 0.5), round(shape[1] ** 0.5)
    if not before or before**2 != table.shape[1]:
        return None
    grid = table.float().reshape(1, -1, before, before)
    return F.interpolate(grid, (after, after), mode="bilinear", align_corners=True).reshape(shape)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
