"""Bugs planted in a saved Core ML package: what a converter that is wrong in one place would write."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import coremltools as ct
import numpy as np

Kind = Literal["changed weight", "swapped axis", "wrong pad"]
KINDS: tuple[Kind, ...] = ("changed weight", "swapped axis", "wrong pad")

_WEIGHTS = "Data/com.apple.CoreML/weights/weight.bin"
_HALF = 1
"""A blob's mark for half precision"""
_MODEL = "Data/com.apple.CoreML/model.mlmodel"


@dataclass(frozen=True)
class PlantedBug:
    kind: Kind
    operation: str
    """Name of what the operation with the bug computes"""


def plant(package: Path, kind: Kind, seed: int) -> PlantedBug:
    """Alter a package in one place."""
    spec = ct.utils.load_spec(str(package))
    (function,) = spec.mlProgram.functions.values()
    (block,) = function.block_specializations.values()
    constants = {op.outputs[0].name: op for op in block.operations if op.type == "const"}
    places = [place for op in block.operations for place in _PLACES[kind](op, constants)]
    place = random.Random(seed).choice(places)
    place.alter(package)
    (package / _MODEL).write_bytes(spec.SerializeToString())
    return PlantedBug(kind, place.operation)


@dataclass(frozen=True)
class _Weight:
    """One value of a weight changes its sign and doubles."""

    operation: str
    offset: int

    def alter(self, package: Path) -> None:
        content = bytearray((package / _WEIGHTS).read_bytes())
        _, kind, size, start = struct.unpack_from("<IIQQ", content, self.offset)
        dtype = np.dtype(np.float16 if kind == _HALF else np.float32)
        values = np.frombuffer(content, dtype, size // dtype.itemsize, start).copy()
        values[np.argsort(-np.abs(values))[len(values) // 4]] *= -2  # a value of ordinary size
        content[start : start + size] = values.tobytes()
        (package / _WEIGHTS).write_bytes(content)


@dataclass(frozen=True)
class _Integers:
    """Integers of a constant become others."""

    operation: str
    constant: Any
    becomes: list[int]

    def alter(self, package: Path) -> None:
        self.constant.attributes["val"].immediateValue.tensor.ints.values[:] = self.becomes


def _weights(op: Any, constants: dict[str, Any]) -> list[_Weight]:
    if op.type not in ("conv", "linear"):
        return []
    value = constants[op.inputs["weight"].arguments[0].name].attributes["val"]
    return (
        [_Weight(op.outputs[0].name, value.blobFileValue.offset)]
        if value.WhichOneof("value") == "blobFileValue"
        else []
    )


def _axes(op: Any, constants: dict[str, Any]) -> list[_Integers]:
    """Softmax along the axis before; a transpose that swaps two axes of the same extent more."""
    if op.type == "softmax":
        constant = constants[op.inputs["axis"].arguments[0].name]
        return [_Integers(op.outputs[0].name, constant, [axis - 1 for axis in _ints(constant)])]
    if op.type == "transpose":
        constant = constants[op.inputs["perm"].arguments[0].name]
        perm = _ints(constant)
        extents = [dimension.constant.size for dimension in op.outputs[0].type.tensorType.dimensions]
        for a in range(len(perm)):
            for b in range(a):
                if extents[a] == extents[b] > 1:
                    perm[a], perm[b] = perm[b], perm[a]
                    return [_Integers(op.outputs[0].name, constant, perm)]
    return []


def _pads(op: Any, constants: dict[str, Any]) -> list[_Integers]:
    """Rows of padding move from the end to the beginning."""
    if op.type not in ("conv", "avg_pool"):
        return []
    constant = constants[op.inputs["pad"].arguments[0].name]
    before, after, *rest = _ints(constant)
    return [_Integers(op.outputs[0].name, constant, [before + after, 0, *rest])] if after else []


def _ints(constant: Any) -> list[int]:
    return list(constant.attributes["val"].immediateValue.tensor.ints.values)


_PLACES: dict[Kind, Any] = {"changed weight": _weights, "swapped axis": _axes, "wrong pad": _pads}
