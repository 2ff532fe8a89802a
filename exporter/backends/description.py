"""What a file says of its own inputs and outputs, against what they are to be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from exporter.errors import BackendError

Description = Mapping[str, tuple[str, tuple[int, ...]]]
"""Name of an input or output -> the type of its elements, in the format's own word, and its shape"""


def check_description(path: Path, found: Description, wanted: Description) -> str:
    """Say that a file describes the right inputs and outputs; raises `BackendError` if it does not."""
    if found != wanted:
        raise BackendError(f"{path.name} has inputs and outputs {_text(found)}, and the graph has {_text(wanted)}.")
    return "inputs and outputs match"


def _text(description: Description) -> str:
    return ", ".join(f"{name} {type} {list(shape)}" for name, (type, shape) in description.items()) or "none"
