"""Which kernels to time on a machine, in which order: those that models use most, then those that tell most.

Models are the registered classifiers. First come their kernels at their own size, by how often they are there; then,
of their kernels at a smaller and a larger size, those of which a process that knows the first ones would be least sure,
times how often they are there. Before all comes a program that does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from device_profiles.vocabulary import Runtime
from exporter.models.registry import MODELS, ModelInfo
from latency_db.kernel import Kernel
from latency_db.operators.features import features, kernel_class
from latency_db.operators.gaussian_process import Array, Hyperparameters, Regression
from latency_db.operators.process import Scaling
from latency_db.operators.table import as_tabled
from latency_db.registered import shipped_index

FURTHER_SIZES = (128, 320)
"""Image sizes in pixels whose kernels are candidates beside those at each model's own: the ends of what people run"""

MOST_MACS = 500_000_000
"""Of one kernel: more takes several milliseconds, whose law smaller ones of its class show"""

CALL = Kernel.of_key("elementwise 1x1>1x1 relu float32")
"""Takes as long as calling a program does: what it computes is next to nothing. That time is in each kernel's, and in a
whole model's once."""

_AT_ONCE = 128
"""Kernels that are chosen before the process is asked again"""
_LENGTH, _SLOPE, _AMPLITUDE, _NOISE = np.exp((1.0, -1.0, -1.0, -3.5))
"""What `latency_db.fitting.kernel_hyperparameters` believes before there are data"""


def classifiers() -> list[ModelInfo]:
    return [info for info in MODELS.values() if info.family.task == "classify"]


def planned(runtime: Runtime, further: Sequence[int] = FURTHER_SIZES) -> list[Kernel]:
    """Kernels as tables name them, the first to be timed first."""
    own, others = Counter[Kernel](), Counter[Kernel]()
    for info in classifiers():
        own += _kernels(info.name, info.image_size, runtime)
        for size in further:
            others += _kernels(info.name, size, runtime)
    first = [kernel for kernel, _ in own.most_common()]
    for kernel in first:
        others.pop(kernel, None)
    return [CALL, *first, *_least_sure(first, others)]


def _kernels(model: str, size: int, runtime: Runtime) -> Counter[Kernel]:
    """Kernel -> how often a model has it"""
    graphs = shipped_index().workload(model, size, runtime, "cpu").graphs
    counts = Counter(kernel for kernels in graphs.values() for kernel in kernels if kernel.macs <= MOST_MACS)
    tabled = Counter[Kernel]()
    for kernel, count in counts.items():
        if kernel.dtype == "float32":
            tabled[as_tabled(kernel, runtime)] += count
    return tabled


def _least_sure(known: Sequence[Kernel], candidates: Counter[Kernel]) -> list[Kernel]:
    """Candidates by deviation times use, asked again after every few of a class."""
    ranked: list[tuple[float, Kernel]] = []
    for name in sorted({kernel_class(kernel) for kernel in candidates}):
        have = [kernel for kernel in known if kernel_class(kernel) == name]
        left = [kernel for kernel in candidates if kernel_class(kernel) == name]
        while left:
            worth = _deviations(have, left) * np.log1p([candidates[kernel] for kernel in left])
            order = np.argsort(-worth)[:_AT_ONCE]
            ranked += [(float(worth[place]), left[place]) for place in order]
            have += [left[place] for place in order]
            left = [kernel for place, kernel in enumerate(left) if place not in set(order.tolist())]
    return [kernel for _, kernel in sorted(ranked, key=lambda one: -one[0])]


def _deviations(known: Sequence[Kernel], asked: Sequence[Kernel]) -> Array:
    """[asked] standard deviations of the logarithms of their times, given that `known` were measured."""
    matrix = features([*known, *asked])
    scaling = Scaling.of(matrix)
    inputs = scaling.apply(matrix)
    count = inputs.shape[1]
    belief = Hyperparameters(np.full(count, _LENGTH), np.full(count, _SLOPE), float(_AMPLITUDE), float(_NOISE))
    if not known:
        return np.full(len(asked), belief.amplitude)
    regression = Regression(inputs[: len(known)], np.zeros(len(known)), belief)
    return regression.predict(inputs[len(known) :])[1]
