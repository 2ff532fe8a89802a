"""Tables of kernels that were measured; shipped ones are `data/kernels/<runtime>/<device>.csv.gz`, a line a kernel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from latency_db.kernel import CONVOLUTIONS, Kernel
from latency_db.shipped_tables import DATA, read_lines

TABLES = DATA / "kernels"
COLUMNS = ("key", "n", "median_us", "min_us", "max_us")
"""Of a table: the kernel's key, how often it ran, and its times in µs."""

_NAMES_KEPT = 1 << 14
"""Kernels of which the name in tables is kept, as many as `latency_db.kernel` keeps"""


class NoKernelTable(ValueError):
    """There is no table of a device's kernels under a runtime."""


@dataclass(frozen=True)
class KernelTable:
    """What kernels took on one device under one runtime. A kernel may stand in several lines, measured apart."""

    runtime: str
    device: str
    kernels: tuple[Kernel, ...]
    us: NDArray[np.float64]
    """[kernels] median, µs"""
    runs: NDArray[np.int64]
    """[kernels] how many there were"""

    @classmethod
    def of(cls, runtime: str, device: str, us: Mapping[Kernel, float]) -> KernelTable:
        """Of what kernels took that were just measured, once each; they get the names that tables use."""
        kernels = tuple(as_tabled(kernel, runtime) for kernel in us)
        return cls(runtime, device, kernels, np.array(list(us.values())), np.ones(len(kernels), dtype=np.int64))

    @cached_property
    def by_key(self) -> dict[str, float]:
        """Key -> µs; the median of the lines that a kernel has."""
        times = defaultdict(list)
        for kernel, us in zip(self.kernels, self.us, strict=True):
            times[kernel.key].append(float(us))
        return {key: median(several) for key, several in times.items()}

    @cached_property
    def usual_rate(self) -> float:
        """µs for an element that a kernel reads or writes which multiplies nothing, else any kernel: the median."""
        moved = np.array([kernel.elements_read + kernel.elements_written for kernel in self.kernels], np.float64)
        only_move = np.array([not kernel.macs for kernel in self.kernels])
        rates = self.us / np.maximum(moved, 1)
        return float(np.median(rates[only_move] if only_move.any() else rates))

    def measured(self, kernels: Iterable[Kernel]) -> NDArray[np.float64]:
        """[kernels] µs of those that the table has; NaN of the others."""
        keys = (as_tabled(kernel, self.runtime).key for kernel in kernels)
        return np.array([self.by_key.get(key, np.nan) for key in keys], dtype=np.float64)

    def kernels_at(self, rows: NDArray[np.intp]) -> list[Kernel]:
        """Those that stand in these lines."""
        return [self.kernels[row] for row in rows]

    def lines(self, rows: NDArray[np.intp]) -> KernelTable:
        """The table with these lines only."""
        return replace(self, kernels=tuple(self.kernels_at(rows)), us=self.us[rows], runs=self.runs[rows])


def tabled_devices(runtime: str, folder: Path = TABLES) -> list[str]:
    """Ids of the devices that have a table under a runtime."""
    return sorted(path.name.removesuffix(".csv.gz") for path in (folder / runtime).glob("*.csv.gz"))


def read_table(runtime: str, device: str, folder: Path = TABLES) -> KernelTable:
    """Raises `NoKernelTable`, which names the devices that have one, where this has none."""
    path = folder / runtime / f"{device}.csv.gz"
    if not path.exists():
        others = ", ".join(tabled_devices(runtime, folder)) or "none"
        raise NoKernelTable(f"there is no table of {runtime} kernels for {device}; devices with one: {others}")
    lines = list(read_lines(path))
    return KernelTable(
        runtime,
        device,
        tuple(Kernel.of_key(line["key"]) for line in lines),
        np.array([float(line["median_us"]) for line in lines]),
        np.array([int(line["n"]) for line in lines]),
    )


@lru_cache(maxsize=_NAMES_KEPT)
def as_tabled(kernel: Kernel, runtime: str) -> Kernel:
    """A kernel of a graph under the names that a runtime's tables use, which do not tell what costs no time from what
    is the same.

    A batch norm is in the weights of the convolution before it; what is clamped, and whether it keeps its dimensions,
    makes no difference. PyTorch's tables do not say which of their products clamp.
    """
    renamed = {"addmm": "linear"} | _NAMES if kernel.kind == "linear" else _NAMES
    names = [renamed.get(name, name) for name in kernel.operations]
    if kernel.kind == "pooling" and not kernel.window and names[0] in _MEANS:
        names[0] = "mean"
    if kernel.kind in CONVOLUTIONS:
        names = [names[0], *(name for name in names[1:] if name != "batch_norm")]
    if kernel.kind in _PRODUCTS and runtime == "pytorch":
        names = [names[0], *(name for name in names[1:] if name not in _CLAMPS)]
    outputs = kernel.outputs
    if kernel.kind == "pooling" and len(outputs[0]) == 2 and len(kernel.inputs[0]) == 4:
        outputs = ((*outputs[0], 1, 1), *outputs[1:])
    return replace(kernel, operations=tuple(names), outputs=outputs)


def configuration(kernel: Kernel) -> str:
    """What kernels have in common that differ in no more than what is fused to them: they are nearly as fast.

    An estimate is tested on configurations that it has not seen, not on kernels.
    """
    read = kernel.inputs
    if kernel.kind != "elementwise" and len(kernel.operations) > 1 and len(read) > 1 and read[-1] == kernel.outputs[0]:
        read = read[:-1]
    return replace(kernel, operations=kernel.operations[:1], inputs=read).key


_PRODUCTS = CONVOLUTIONS | {"linear", "matmul"}
_CLAMPS = {"relu", "relu6"}
_MEANS = {"adaptive_avg_pool2d", "avg_pool2d", "mean"}
_NAMES = {
    "clamp": "relu6",
    "hardtanh": "relu6",
    "convolution": "conv2d",
    "concat": "cat",
    "hard_swish": "hardswish",
}
"""Operator -> the name that tables have for it"""
