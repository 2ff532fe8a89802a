"""Runs a TFLite file with LiteRT's GPU delegate, all of it or none: what it leaves to the CPU says nothing about it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from exporter.errors import BackendError


class GpuRunner:
    def __init__(self, path: Path) -> None:
        from ai_edge_litert.compiled_model import CompiledModel
        from ai_edge_litert.hardware_accelerator import HardwareAccelerator
        from ai_edge_litert.options import GpuOptions, Options

        self.runtime = f"LiteRT {metadata.version('ai-edge-litert')}, GPU delegate"
        # In half precision, the delegate's own choice where a driver has it, a wrong graph would hide among roundings.
        options = Options(HardwareAccelerator.GPU, gpu_options=GpuOptions(enforce_f32=True))
        self._model = CompiledModel.from_file(str(path), options=options)
        if not self._model.is_fully_accelerated():
            raise BackendError(f"LiteRT's GPU delegate leaves a part of {path.name} to the CPU.")
        ((self._name, signature),) = self._model.get_signature_list().items()
        self._given, self._made = (
            dict(zip(signature[side], create(0), strict=True))
            for side, create in (
                ("inputs", self._model.create_input_buffers),
                ("outputs", self._model.create_output_buffers),
            )
        )
        details = self._model.get_output_tensor_details(self._name)
        self._shapes = {name: tuple(details[name]["shape"]) for name in self._made}

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        for name, buffer in self._given.items():
            buffer.write(np.ascontiguousarray(inputs[name]))
        self._model.run_by_name(self._name, self._given, self._made)
        return {
            name: np.array(self._made[name].read(prod(shape), np.float32)).reshape(shape)
            for name, shape in self._shapes.items()
        }


def load(path: Path, threads: int | None = None) -> GpuRunner:
    """`threads` is for other runtimes: a driver takes as many as it likes."""
    return GpuRunner(path)
