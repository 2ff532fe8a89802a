"""Weights of ours, which come with the package: the file, and the card that says what they are."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from exporter.manifest import WeightsCard


def shipped_file(model: str) -> Path:
    """The checkpoint of the registered model `model`, in half precision."""
    return Path(str(resources.files("exporter") / "data" / f"{model}.safetensors"))


def weights_card(model: str) -> WeightsCard:
    """What it was trained on, under which licence it comes, and how good it was found to be."""
    return WeightsCard.model_validate_json(shipped_file(model).with_suffix(".json").read_text(encoding="utf-8"))
