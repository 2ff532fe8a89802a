"""The free parameters of a family's models as JSON: how a model that the registry does not have is described."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError

from exporter.budgets import WEIGHTS_FILE
from exporter.errors import UnknownModelError, describe
from exporter.models.model import Model

_BYTES = 4
"""Of a weight in memory"""
_LARGEST, _LONGEST = 1 << 16, 1 << 10
"""Number, and count of numbers, in a description that is built to see how large the model would be"""


def described(config: Any) -> dict[str, Any]:
    """As JSON has it."""
    found: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return found


def config_of(kind: type, description: Mapping[str, Any]) -> Any:
    """The configuration, of the dataclass `kind`, that is described; raises `UnknownModelError` if it is none."""
    try:
        if unknown := description.keys() - {field.name for field in fields(kind)}:
            raise ValueError(f"it has no {min(unknown)}")
        _refuse_large(description)
        return TypeAdapter(kind).validate_json(json.dumps(description), strict=True)
    except ValueError as error:
        cause = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UnknownModelError(f"What is said of the model's architecture is no {kind.__name__}: {cause}.") from None


def refuse_beyond_memory(build: Callable[[], Model], name: str) -> None:
    """Raise `UnknownModelError` for a model that cannot be built, or has more weights than any."""
    try:
        with torch.device("meta"):
            model = build()
    except Exception as error:
        cause = describe(error)
        raise UnknownModelError(f"No model can be built of what is said of {name}'s architecture: {cause}.") from None
    WEIGHTS_FILE.check(_BYTES * sum(value.numel() for value in model.parameters()), name, UnknownModelError)


def _refuse_large(value: Any) -> None:
    if isinstance(value, int | float) and not -1 <= value <= _LARGEST:
        raise ValueError(f"{value} is no number of channels, heads or blocks")
    if isinstance(value, list | tuple | dict):
        if len(value) > _LONGEST:
            raise ValueError(f"it has {len(value)} parts in a row")
        for part in value.values() if isinstance(value, dict) else value:
            _refuse_large(part)
