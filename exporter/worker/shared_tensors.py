"""Tensors in memory that two processes share: a file that both have mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exporter.manifest import TensorSpec


class SharedTensors:
    """Named float32 tensors of fixed shapes, one after the other in a file."""

    def __init__(self, file: Path, specs: Sequence[TensorSpec]) -> None:
        self._shapes = {spec.name: spec.shape for spec in specs}
        sizes = [prod(spec.shape) for spec in specs]
        with file.open("ab") as made:
            made.truncate(4 * sum(sizes))
        memory = np.memmap(file, np.float32, "r+", shape=(sum(sizes),))
        parts = np.split(memory, np.cumsum(sizes)[:-1])
        self._tensors = {spec.name: part.reshape(spec.shape) for spec, part in zip(specs, parts, strict=True)}

    def write(self, values: Mapping[str, NDArray[np.float32]]) -> None:
        """Let the other process see these; raises `ValueError` where names or shapes are others."""
        shapes = {name: value.shape for name, value in values.items()}
        if shapes != self._shapes:
            raise ValueError(f"there are {shapes}, and the manifest says {self._shapes}")
        for name, shared in self._tensors.items():
            shared[...] = values[name]

    def read(self) -> dict[str, NDArray[np.float32]]:
        """Copies of what is there."""
        return {name: np.array(shared) for name, shared in self._tensors.items()}
