"""A kernel as an artefact that a runtime here can be timed with, laid out as within a model.

Models keep pictures with their channels last under XNNPACK, and in blocks of channels under ONNX Runtime. A kernel that
took and gave them channels first would mostly reorder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from device_profiles.vocabulary import Runtime
from exporter.bench.timing.timekeeper import Timed
from exporter.errors import VitexportError, describe
from latency_db.kernel import Kernel, Shape

if TYPE_CHECKING:
    from exporter.graphs.capture import Graph

RUNTIMES: tuple[Runtime, ...] = ("onnx", "executorch", "tflite")
"""That kernels can be timed with here"""

_OF_PICTURES = {"conv", "depthwise_conv", "transposed_conv", "resampling"}


class NotMade(VitexportError):
    """A kernel of which no artefact can be made."""


@dataclass(frozen=True)
class KernelFolder:
    """Where kernels' artefacts are kept, by runtime and key; one that is there is not made again."""

    path: Path

    def made(self, kernel: Kernel, runtime: str) -> Timed:
        """Raises `NotMade`, also where it was tried before."""
        name = hashlib.sha256(kernel.key.encode()).hexdigest()[:20]
        folder = self.path / runtime
        folder.mkdir(parents=True, exist_ok=True)
        file, facts = folder / name, folder / f"{name}.json"
        if not facts.exists():
            facts.write_text(json.dumps(_described(kernel, runtime, file)))  # last: an artefact beside it is whole
        known = json.loads(facts.read_text())
        if "error" in known:
            raise NotMade(known["error"])
        shapes = {input: tuple(shape) for input, shape in known["shapes"].items()}
        return Timed(file, shapes, channels_last=tuple(known["channels_last"]))


def _described(kernel: Kernel, runtime: str, file: Path) -> Mapping[str, object]:
    try:
        made = make(kernel, runtime, file)
    except VitexportError as error:
        return {"error": str(error)}
    except Exception as error:  # whatever a toolchain throws
        return {"error": f"'{kernel.key}' cannot be made: {describe(error)}"}
    facts = asdict(made)
    return {"key": kernel.key, "shapes": facts["shapes"], "channels_last": facts["channels_last"]}


def make(kernel: Kernel, runtime: str, file: Path) -> Timed:
    """Write the artefact. Raises `VitexportError` for a kernel that cannot be written, else what the toolchain does."""
    if runtime == "onnx":
        from exporter.bench.kernels.onnx_kernels import onnx_kernel

        return Timed(file, onnx_kernel(kernel, file))
    from exporter.backends import backend
    from exporter.backends.interface import LowerOptions

    graph, channels_last = _graph(kernel, permuted=runtime == "tflite")
    backend(runtime).lower(graph, file, LowerOptions("fp32"))
    shapes = {spec.name: spec.shape for spec in graph.inputs}
    return Timed(file, shapes, channels_last=() if runtime == "tflite" else channels_last)


def _graph(kernel: Kernel, permuted: bool) -> tuple[Graph, tuple[str, ...]]:
    """And which inputs have their channels last: by their strides, or, `permuted`, by their shapes."""
    import torch
    from torch import Tensor, nn

    from exporter.bench.kernels.modules import kernel_program
    from exporter.graphs.capture import Graph
    from exporter.manifest import TensorSpec
    from exporter.rewrites import rewrite
    from exporter.rewrites.folds import FOLDS
    from exporter.tracing.lean import lean_traces

    program = kernel_program(kernel)
    pictures = of_pictures(kernel)

    class Laid(nn.Module):
        """Takes inputs by name, and pictures as they are laid out."""

        def __init__(self) -> None:
            super().__init__()
            self.kernel = program.module

        def forward(
            self, x0: Tensor, x1: Tensor | None = None, x2: Tensor | None = None, x3: Tensor | None = None,
            x4: Tensor | None = None, x5: Tensor | None = None,
        ) -> dict[str, Tensor]:  # fmt: skip
            given = [x for x in (x0, x1, x2, x3, x4, x5) if x is not None]
            if pictures and permuted:
                given = [x.movedim(-1, -3) if x.dim() > 2 else x for x in given]
            made = self.kernel(*given)
            results = list(made) if isinstance(made, list | tuple) else [made]
            if pictures and permuted:
                results = [x.movedim(-3, -1) if x.dim() == 4 else x for x in results]
            return {f"y{place}": x for place, x in enumerate(results)}

    last = tuple(f"x{place}" for place, x in enumerate(program.inputs) if pictures and x.dim() == 4)
    given = dict[str, Tensor]()
    for place, x in enumerate(program.inputs):
        name = f"x{place}"
        if permuted:
            given[name] = x.movedim(-3, -1).contiguous() if pictures and x.dim() > 2 else x
        else:
            given[name] = x.contiguous(memory_format=torch.channels_last) if name in last else x
    module = Laid().eval().requires_grad_(False)
    with lean_traces(), torch.no_grad():
        exported = rewrite(torch.export.export(module, (), given), FOLDS)
        made = module(**given)
    inputs, outputs = (
        tuple(
            TensorSpec(
                name=name, shape=tuple(x.shape), dtype="float32", layout="", kind="features", meaning="of a kernel"
            )
            for name, x in tensors.items()
        )
        for tensors in (given, made)
    )
    return Graph("kernel", module, exported, inputs, outputs), last


def of_pictures(kernel: Kernel) -> bool:
    """Whether rows and columns are the last two axes of what it reads; else they are tokens' or attention's."""
    [read, *others], made = kernel.inputs, kernel.outputs[0]
    if kernel.kind in _OF_PICTURES:
        return len(read) == 4
    if len(read) != 4:
        return False
    if kernel.kind == "pooling":
        return bool(kernel.window) or (made[:2] == read[:2] and set(made[2:]) <= {1})
    if kernel.kind == "normalisation":
        return kernel.operations[0] != "layer_norm"
    return kernel.kind == "elementwise" and any(_is_channels(shape, read[1]) for shape in others)


def _is_channels(shape: Shape, channels: int) -> bool:
    """Whether there is one number for each channel."""
    return channels > 1 and shape[-3:] == (channels, 1, 1)
