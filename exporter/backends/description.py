"""What a file says of its own inputs and outputs, against what they are to be."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from exporter.errors import BackendError

Described = tuple[str, str, tuple[int, ...]]
"""Name of an input or output, the type of its elements in the format's own word, and its shape"""


def check_description(path: Path, found: Iterable[Described], wanted: Iterable[Described]) -> str:
    """Say that a file describes the right inputs and outputs, in any order; raises `BackendError` if it does not."""
    has, needs = sorted(found), sorted(wanted)
    if has != needs:
        raise BackendError(f"{path.name} has inputs and outputs {_text(has)}, and the graph has {_text(needs)}.")
    return "inputs and outputs match"


def _text(described: Iterable[Described]) -> str:
    return ", ".join(f"{name} {type} {list(shape)}" for name, type, shape in described) or "none"
