"""Conformance vectors on disk: inputs, and what PyTorch makes of them, by which every artefact is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.errors import BundleError
from exporter.manifest import TensorSpec

Tensors = dict[str, NDArray[np.float32]]
"""Tensor name -> its values of several runs, stacked along the first axis"""


def vectors_file(graph: str) -> str:
    """Where a graph's conformance vectors are, relative to the bundle."""
    return f"vectors/{graph}.safetensors"


def write_vectors(path: Path, inputs: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[np.float32]]) -> None:
    """Write conformance vectors as safetensors; images are stored as the uint8 they are."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {f"input.{name}": value for name, value in inputs.items()}
    tensors |= {f"output.{name}": value for name, value in outputs.items()}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path)


def read_vectors(path: Path) -> tuple[Tensors, Tensors]:
    """Inverse of `write_vectors`, all in float32; raises `BundleError`."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = {key: value.astype("float32") for key, value in load_file(path).items()}
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:  # KeyError: a type numpy does not have
        raise BundleError(f"The conformance vectors {path} cannot be read: {error}.") from error
    given, expected = (
        {key.removeprefix(side): value for key, value in tensors.items() if key.startswith(side)}
        for side in ("input.", "output.")
    )
    return given, expected


def check_vectors(
    path: Path, vectors: tuple[Tensors, Tensors], inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]
) -> None:
    """Raise `BundleError` unless these are at least one run of a graph with such inputs and outputs, all finite."""
    counts = set[int]()
    for tensors, specs in zip(vectors, (inputs, outputs), strict=True):
        if {name: value.shape[1:] for name, value in tensors.items()} != {spec.name: spec.shape for spec in specs}:
            raise BundleError(f"The conformance vectors {path} are not of this graph; export the model again.")
        counts |= {len(value) for value in tensors.values()}
    if len(counts) != 1 or counts == {0}:
        raise BundleError(f"The conformance vectors {path} are of no run, or of parts of runs; export the model again.")
    if not all(np.isfinite(value).all() for tensors in vectors for value in tensors.values()):
        raise BundleError(f"The conformance vectors {path} are not finite; export the model again.")
