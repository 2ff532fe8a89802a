"""Conformance vectors on disk: inputs, and what PyTorch makes of them, by which every artefact is judged."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exporter.budgets import BUNDLE_VALUES
from exporter.errors import BundleError

Tensors = dict[str, NDArray[np.float32]]
"""Tensor name -> its values of several runs, stacked along the first axis"""

Shape = tuple[int | str, ...]
"""Extents of a tensor; a word stands for a number, the same wherever it stands, and at least one"""
Shapes = Mapping[str, Shape]
"""Of the tensors of a file"""

_INPUT, _OUTPUT = "input.", "output."
"""How names in a file begin"""


def vectors_file(graph: str) -> str:
    """Where a graph's conformance vectors are, relative to the bundle."""
    return f"vectors/{graph}.safetensors"


def write_vectors(path: Path, inputs: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[np.float32]]) -> None:
    """Write conformance vectors as safetensors; images are stored as the uint8 they are."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {f"{_INPUT}{name}": value for name, value in inputs.items()}
    tensors |= {f"{_OUTPUT}{name}": value for name, value in outputs.items()}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path)


def read_vectors(path: Path, wanted: Shapes | None = None) -> tuple[Tensors, Tensors]:
    """Inverse of `write_vectors`, all in float32.

    Raises `BundleError` where they cannot be read. With `wanted`, as for a file that somebody else may have made, that
    goes for other tensors too, before their values are read, and for values that are not finite.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            names = list(file.keys())
            if wanted is not None:
                _check(path, {name: tuple(file.get_slice(name).get_shape()) for name in names}, wanted)
            tensors = {name: file.get_tensor(name).astype("float32") for name in names}
    except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:  # KeyError: a type numpy does not have
        raise BundleError(f"The conformance vectors {path} cannot be read: {error}.") from error
    if wanted is not None and not all(np.isfinite(values).all() for values in tensors.values()):
        raise BundleError(f"The conformance vectors {path} are not finite; export the model again.")
    given, expected = (
        {name.removeprefix(side): values for name, values in tensors.items() if name.startswith(side)}
        for side in (_INPUT, _OUTPUT)
    )
    return given, expected


def shapes_of(inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> Shapes:
    """The shapes that a file of such tensors has."""
    return {f"{_INPUT}{name}": shape for name, shape in inputs.items()} | {
        f"{_OUTPUT}{name}": shape for name, shape in outputs.items()
    }


def _check(path: Path, found: Mapping[str, tuple[int, ...]], wanted: Shapes) -> None:
    BUNDLE_VALUES.check(sum(map(prod, found.values())), path, BundleError)
    numbers: dict[str, int] = {}
    fit = found.keys() == wanted.keys() and all(
        len(shape) == len(wanted[name])
        and all(has == (numbers.setdefault(one, has) if isinstance(one, str) else one) > 0
                for has, one in zip(shape, wanted[name], strict=True))
        for name, shape in found.items()
    )  # fmt: skip
    if not fit:
        raise BundleError(f"The conformance vectors {path} are not those of the manifest; export the model again.")
