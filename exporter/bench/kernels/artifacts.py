"""A kernel as an artefact that a runtime here can be timed with, and the folder that keeps such artefacts."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from device_profiles import load
from device_profiles.vocabulary import Runtime
from exporter.backends import backend, installed, toolchain_versions
from exporter.bench.timing.timekeeper import Timed
from exporter.errors import VitexportError, describe
from latency_db.kernel import Kernel

if TYPE_CHECKING:
    from exporter.bench.kernels.graphs import Layout

RUNTIMES: tuple[Runtime, ...] = ("onnx", "executorch", "tflite")
"""That kernels can be timed with here"""

LAYOUTS: dict[str, Layout] = {"executorch": "channels last", "tflite": "permuted"}
"""Runtime -> how it keeps pictures within a model; `onnx_blocks.py` is about the third."""


class NotMade(VitexportError):
    """A kernel of which no artefact can be made."""


def runtimes_here(asked: Collection[str], among: Sequence[Runtime] = RUNTIMES) -> list[Runtime]:
    """Those of `among` that are asked for; if none is, those that are installed.

    Raises `BackendError`, which says how to install it, for one that is not, and where none is.
    """
    wanted = [runtime for runtime in among if runtime in asked]
    found = wanted or [runtime for runtime in among if installed(backend(runtime))]
    for runtime in found or among[:1]:
        toolchain_versions(backend(runtime))
    return found


@dataclass(frozen=True)
class KernelFolder:
    """Where kernels' artefacts are kept, by `build_of` their runtime and by key; one that is there is not made
    again."""

    path: Path

    def made(self, kernel: Kernel, runtime: str) -> Timed:
        """Raises `NotMade` where nobody knows how, or the toolchain refuses; `OSError` where there is no room."""
        folder = self.path / build_of(runtime)
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(kernel.key.encode()).hexdigest()[:20]
        file, facts = folder / name, folder / f"{name}.json"
        if not facts.exists():
            made = asdict(_made(kernel, runtime, file))
            unfinished = facts.with_suffix(".part")
            unfinished.write_text(
                json.dumps({"key": kernel.key, "shapes": made["shapes"], "channels_last": made["channels_last"]})
            )
            unfinished.replace(facts)  # last: an artefact beside it is whole
        known = json.loads(facts.read_text())
        shapes = {input: tuple(shape) for input, shape in known["shapes"].items()}
        return Timed(file, shapes, channels_last=tuple(known["channels_last"]))


def _made(kernel: Kernel, runtime: str, file: Path) -> Timed:
    try:
        return make(kernel, runtime, file)
    except VitexportError as error:
        raise NotMade(str(error)) from error
    except (OSError, MemoryError):
        raise  # the machine's, and another time there may be room
    except Exception as error:  # whatever a toolchain throws
        raise NotMade(f"'{kernel.key}' cannot be made: {describe(error)}") from error


@cache
def build_of(runtime: str) -> str:
    """A name for what decides an artefact beside what it is made of: the toolchain's versions and, as ONNX Runtime
    optimises for it, the processor."""
    versions = toolchain_versions(backend(runtime))
    decisive = [*sorted(versions.items()), load("host").soc, platform.machine()]
    return f"{runtime}-{hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:12]}"


def make(kernel: Kernel, runtime: str, file: Path) -> Timed:
    """Write the artefact. Raises `VitexportError` for a kernel that cannot be written, else what the toolchain does."""
    if runtime == "onnx":
        from exporter.bench.kernels.onnx_kernels import onnx_kernel

        return Timed(file, onnx_kernel(kernel, file))
    from exporter.backends.interface import LowerOptions
    from exporter.bench.kernels.graphs import channels_last, kernel_graph

    layout = LAYOUTS[runtime]
    graph = kernel_graph(kernel, layout=layout)
    backend(runtime).lower(graph, file, LowerOptions("fp32"))
    shapes = {spec.name: spec.shape for spec in graph.inputs}
    return Timed(file, shapes, channels_last=channels_last(kernel) if layout == "channels last" else ())
