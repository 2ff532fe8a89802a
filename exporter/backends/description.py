"""What a file says of its own inputs and outputs, against what they are to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from exporter.errors import BackendError
from exporter.manifest import TensorSpec

Described = tuple[str, str, tuple[int, ...]]
"""Name of an input or output, the type of its elements in the format's own word, and its shape"""


def check_description(
    path: Path, found: Iterable[Described], wanted: Iterable[TensorSpec], words: Mapping[str, str]
) -> str:
    """Say that a file describes the right inputs and outputs, in any order; raises `BackendError` if it does not.

    `words` are the format's own for the types of `TensorSpec`, where they are others.
    """
    has = sorted(found)
    needs = sorted((spec.name, words.get(spec.dtype, spec.dtype), spec.shape) for spec in wanted)
    if has != needs:
        raise BackendError(f"{path.name} has inputs and outputs {_text(has)}, and should have {_text(needs)}.")
    return "inputs and outputs match"


def _text(described: Iterable[Described]) -> str:
    return ", ".join(f"{name} {type} {list(shape)}" for name, type, shape in described) or "none"
