"""A .tflite file as objects, and written so that it is small, with names of modules.

As the converter writes it, a tensor's name lists the classes that it was captured in, several hundred characters. A
channel in integers has a scale and a zero point of eight bytes, twice, as its bias has them too: where layers are
narrow these are an eighth of a file, and most say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIGNMENT = 16
"""Bytes that a tensor's data begins at multiples of, which kernels read fastest from"""


def read(file: bytes) -> Any:
    """A file's `ModelT`, with the data of all tensors within, where others have it behind the model."""
    from ai_edge_litert.schema_py_generated import Model, ModelT

    model = ModelT.InitFromObj(Model.GetRootAs(file))
    for buffer in model.buffers:
        if buffer.offset:
            buffer.data = np.frombuffer(file, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def compact(file: bytes) -> bytes:
    """The same model: each tensor named by its module, and each array of numbers written once."""
    model = read(file)
    for graph in model.subgraphs:
        names = _unique(module_path(tensor.name.decode()) for tensor in graph.tensors)
        for tensor, name in zip(graph.tensors, names, strict=True):
            tensor.name = name
    builder = _Sharing()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def module_path(name: str) -> str:
    """'model.stem.conv' from '…Classify/…MobileViT_model/…ConvNorm_stem/…Conv2d_conv;…' or 'model.stem.conv;2'."""
    first = name.partition(";")[0].removesuffix("_dequant").removesuffix("_quantized")  # by the quantiser
    if "<locals>" in first:  # of what PyTorch wraps a module in
        return first.rpartition(".")[2]
    if "/" not in first:
        return first
    parts = [part.rpartition(".")[2].partition("_")[2] for part in first.split("/")]
    return ".".join(part for part in parts if part) or first


def _unique(names: Iterator[str]) -> Iterator[str]:
    seen = Counter[str]()
    for name in names:
        yield f"{name};{seen[name]}" if seen[name] else name
        seen[name] += 1


class _Sharing(flatbuffers.Builder):  # type: ignore[misc]  # which has no types
    """Writes an array of numbers that is there already as a reference to it."""

    def __init__(self) -> None:
        super().__init__(1024)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:
        key = x.dtype.str, x.tobytes()
        if key not in self._written:
            if x.dtype == np.uint8:  # of a tensor
                self.Prep(_ALIGNMENT, x.size)
            self._written[key] = super().CreateNumpyVector(x)
        return self._written[key]
