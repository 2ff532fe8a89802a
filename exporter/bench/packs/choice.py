"""Which kernels go into a pack: those of the registered models, in the order in which they are best measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.models.registry import MODELS
from latency_db.kernel import Kernel
from latency_db.operators.anchors import anchors
from latency_db.registered import Index, NotInIndex


@dataclass(frozen=True)
class UsedKernel:
    kernel: Kernel
    uses: int
    """How often the registered models run it, each of their graphs once"""


def used_kernels(index: Index, runtime: str, unit: str, models: Sequence[str] = ()) -> list[UsedKernel]:
    """The kernels of registered models, by default of all, at the size that they were trained at, the most used first.

    Models that the index lacks at that size are left out. Raises `NotInIndex` where nobody has said what the runtime
    fuses on the unit.
    """
    counts = Counter[str]()
    missing: NotInIndex | None = None
    for name, info in MODELS.items():
        if models and name not in models:
            continue
        try:
            workload = index.workload(name, info.image_size, runtime, unit)
        except NotInIndex as error:
            missing = error
            continue
        counts.update(kernel.key for kernels in workload.graphs.values() for kernel in kernels)
    if not counts and missing is not None:
        raise missing
    return [
        UsedKernel(Kernel.of_key(key), uses) for key, uses in sorted(counts.items(), key=lambda it: (-it[1], it[0]))
    ]


def best_measured_first(used: list[UsedKernel], count: int) -> list[UsedKernel]:
    """At most `count` kernels that take numbers of single precision alone, those first that say most of all.

    What `masked_fill` fills by is a tensor of booleans, though its key has the dtype of what is filled.
    """
    floats = [one for one in used if one.kernel.dtype == "float32" and one.kernel.operations[0] != "masked_fill"]
    order = anchors([one.kernel for one in floats], [_weight(one) for one in floats], count)
    return [floats[position] for position in order]


def _weight(one: UsedKernel) -> float:
    """The root of what it does in all models: by work alone a few large kernels, by uses alone small ones would be all.

    A processor of a phone moves a byte in about the time of four multiply-accumulates.
    """
    work = one.kernel.macs + 4 * (one.kernel.bytes_read + one.kernel.bytes_written)
    return math.sqrt(one.uses * work)
