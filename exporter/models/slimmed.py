"""A slimmed model on disk: weights in safetensors, and beside them a card that says what they are the weights of.

`vitexport slim` writes both, and all commands take the path of the weights where they take a model's name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from exporter.budgets import CLASSES, IMAGE_SIZE, MANIFEST_FILE
from exporter.errors import UnknownModelError

SUFFIX = ".safetensors"


class Card(BaseModel):
    """NAME.json beside NAME.safetensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: Literal["vitexport slim"] = "vitexport slim"
    version: Literal[1] = 1
    parent: str = Field(pattern="^[a-z0-9_]+$")
    """The registered model that parts were taken away from"""
    architecture: dict[str, Any]
    """What its family's class is built from (`architectures.described`)"""
    image_size: int = Field(ge=1, le=IMAGE_SIZE.most)
    classes: tuple[str, ...] = Field(default=(), max_length=CLASSES.most)
    """Their names, in the order of the logits; none of a tracker"""
    parameters: int = Field(ge=1)
    gmacs: float = Field(ge=0)
    trained_on: str
    accuracy: float | None = None
    """Of what was kept apart to judge with"""
    parent_accuracy: float | None = None


def read_card(weights: Path) -> Card:
    """That of a slimmed model by the path of its weights.

    Raises `UnknownModelError` where there is no such file, or no card beside it.
    """
    file = weights.with_suffix(".json")
    if not weights.is_file():
        raise UnknownModelError(f"{weights} is not there: name a model of `vitexport models`, or a slimmed checkpoint.")
    try:
        if file.stat().st_size > MANIFEST_FILE.most:
            raise ValueError("too large")
        return Card.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        raise UnknownModelError(
            f"{weights} has no card of a slimmed model beside it, {file.name}: pass a model's name, and this file as "
            "--weights."
        ) from None
