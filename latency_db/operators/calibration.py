"""What a graph takes beside its kernels on one machine, fitted to graphs that were timed there whole.

    µs = Σ over classes that multiply (factor · Σ of the class's kernels)
       + Σ over the others (rate · megabytes that the class's kernels read and write)
       + graph + kernels · number + weights · megabytes

Kernels that multiply nothing move what within a graph is in the caches, and is not when they are timed alone: what they
take alone tells less than how much they move. All is fitted to the prices that kernels would have, had nothing of their
configurations been measured: so are most kernels of a new model, and what the processes err by in one direction is made
good. Each model is left out once, at all its sizes, and asked for with these prices and with what was measured of
its kernels. Intervals are as wide as the worse of the two requires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latency_db.coverage import quantile
from latency_db.kernel import Kernel
from latency_db.operators.features import kernel_class
from latency_db.operators.gaussian_process import Array

WHOLE = ("graph", "kernels", "weights")
"""What a graph costs besides its kernels grows with: nothing, their number, and the bytes of weights, which in a model
are in no near cache when their turn comes."""

TRUSTS = (1.0, 0.3, 0.1, 0.03, 0.01)
"""How many graphs' squared relative errors a class's factor is worth that is 1 off: kernels are believed where graphs
do not contradict them. The one is taken with which models that are left out are missed by least."""
_TRUST_WHOLE = 1e-4
"""The same of the other terms, each as a share of the whole"""

FEWEST_MODELS = 6
"""That factors are fitted to"""


@dataclass(frozen=True)
class Priced:
    """A graph's kernels, each with its price."""

    kernels: Sequence[Kernel]
    us: Array
    """[kernels] µs"""
    difficulty: float
    """By how much their sum may be off, in logarithms, up to a factor (`conformal.difficulty`)"""


@dataclass(frozen=True)
class GraphTimed:
    """A graph that was timed whole."""

    model: str
    """The same of one model's graphs at several sizes, which know of each other"""
    us: float
    known: Priced
    """By all that was measured"""
    unseen: Priced
    """As if nothing of its kernels' configurations had been measured"""


@dataclass(frozen=True)
class Calibration:
    """From the prices of a graph's kernels to what it takes."""

    factors: Mapping[str, float]
    """Class -> by what the sum of its kernels that multiply is multiplied; 1 of one that is not named"""
    rates: Mapping[str, float]
    """Class -> µs for a megabyte that its other kernels move; those of one that is not named are worth their price"""
    whole: Mapping[str, float]
    """Name of `WHOLE` -> µs for one (for a megabyte of weights)"""
    quantile: float
    """Of |ln(measured / estimated)| in units of a graph's difficulty, each graph left out of the fit"""
    graphs: int
    """That it was fitted to"""

    def of_kernels(self, priced: Priced) -> Array:
        """[kernels] µs that each adds to its graph"""
        added = np.empty(len(priced.kernels))
        for place, (kernel, us) in enumerate(zip(priced.kernels, priced.us.tolist(), strict=True)):
            name, multiplies, size = term(kernel, us)
            if multiplies:
                added[place] = self.factors.get(name, 1.0) * us
            else:
                added[place] = self.rates[name] * size if name in self.rates else us
        return added

    def total(self, priced: Priced) -> float:
        """µs"""
        beside = sum(self.whole.get(name, 0.0) * size for name, size in whole_of(priced.kernels).items())
        return float(self.of_kernels(priced).sum()) + beside

    def half_width(self, difficulty: float) -> float:
        """Of a graph's interval, in logarithms"""
        return self.quantile * difficulty


NOT_CALIBRATED = Calibration({}, {}, {}, quantile=5.0, graphs=0)
"""Nothing is known of a device on which no graph was timed. Its sums are taken to be off by as much as those of the
worst of ten phones' GPUs were without overheads (`unfitted` of `data/estimator/overheads.csv.gz`)."""


def term(kernel: Kernel, us: float) -> tuple[str, bool, float]:
    """A kernel's class, whether it multiplies, and what the class is multiplied with: the kernel's price, else the
    megabytes that it moves"""
    if kernel.macs > 0:
        return kernel_class(kernel), True, us
    return kernel_class(kernel), False, (kernel.bytes_read + kernel.bytes_written) / 1e6


def whole_of(kernels: Sequence[Kernel]) -> dict[str, float]:
    """What the terms for the whole are multiplied by"""
    weights = sum(kernel.bytes_read - 4 * kernel.elements_read for kernel in kernels)
    return dict(zip(WHOLE, (1.0, float(len(kernels)), weights / 1e6), strict=True))


def calibrated(graphs: Sequence[GraphTimed]) -> Calibration:
    """Relative errors are made least, with no term below 0 and factors near 1.

    Raises `ValueError` with those of fewer than `FEWEST_MODELS`.
    """
    models = np.array([graph.model for graph in graphs])
    if (count := len(set(models.tolist()))) < FEWEST_MODELS:
        raise ValueError(f"A machine is calibrated by {FEWEST_MODELS} models or more, and {count} were timed.")
    named = {term(kernel, 0.0)[:2] for graph in graphs for kernel in graph.known.kernels}
    factors, rates = (sorted(name for name, multiplies in named if multiplies is which) for which in (True, False))
    known = np.array([_shares(graph.known, graph.us, factors, rates) for graph in graphs])
    unseen = np.array([_shares(graph.unseen, graph.us, factors, rates) for graph in graphs])
    terms = np.empty_like(unseen)
    for model in set(models.tolist()):
        others = models != model
        terms[~others] = _fitted(unseen[others], models[others], len(factors))
    asked = (
        np.abs(np.log(np.einsum("gt,gt->g", shares, terms))) / np.array([one.difficulty for one in priced])
        for shares, priced in (
            (known, [graph.known for graph in graphs]),
            (unseen, [graph.unseen for graph in graphs]),
        )
    )
    fitted = iter(_fitted(unseen, models, len(factors)).tolist())
    return Calibration(
        dict(zip(factors, fitted, strict=False)),
        dict(zip(rates, fitted, strict=False)),
        dict(zip(WHOLE, fitted, strict=True)),
        max(quantile(scores) for scores in asked),
        len(graphs),
    )


def _shares(priced: Priced, us: float, factors: Sequence[str], rates: Sequence[str]) -> list[float]:
    """[terms] what each has to be multiplied with to give the share of the measured time that it explains"""
    sums = {(name, True): 0.0 for name in factors} | {(name, False): 0.0 for name in rates}
    for kernel, price in zip(priced.kernels, priced.us.tolist(), strict=True):
        name, multiplies, size = term(kernel, price)
        sums[name, multiplies] += size
    return [value / us for value in (*sums.values(), *whole_of(priced.kernels).values())]


def _fitted(shares: Array, models: NDArray[np.str_], factors: int) -> Array:
    """[terms] with whichever of `TRUSTS` misses least of these graphs, each model left out: no other chooses it."""
    missed = {trust: _left_out(shares, models, factors, trust).mean() for trust in TRUSTS}
    return _least_squares(shares, factors, min(TRUSTS, key=lambda trust: missed[trust]))


def _left_out(shares: Array, models: NDArray[np.str_], factors: int, trust: float) -> Array:
    """[graphs] by how much, in logarithms, each is missed whose model is left out of the fit"""
    said = np.empty(len(shares))
    for model in set(models.tolist()):
        others = models != model
        said[~others] = shares[~others] @ _least_squares(shares[others], factors, trust)
    return np.abs(np.log(said))


def _least_squares(shares: Array, factors: int, trust: float) -> Array:
    """[terms] not below 0, such that `shares` [graphs, terms] of the measured times add up to 1.

    A term that would be negative is left out for good, which is not always the very best.
    """
    scale = np.maximum(shares.mean(0), 1e-12)
    unit = np.concatenate([np.ones(factors), 1 / scale[factors:]])
    centre = np.concatenate([np.ones(factors), np.zeros(len(scale) - factors)])
    weight = np.concatenate([np.full(factors, trust), np.full(len(scale) - factors, _TRUST_WHOLE)]) * len(shares)
    matrix = shares * unit
    terms, kept = np.zeros(len(scale)), np.arange(len(scale))
    while len(kept):
        columns = matrix[:, kept]
        normal = columns.T @ columns + np.diag(weight[kept])
        found = np.linalg.solve(normal, columns.T @ np.ones(len(shares)) + weight[kept] * centre[kept])
        if (found >= 0).all():
            terms[kept] = found
            break
        kept = np.delete(kept, np.argmin(found))
    return np.asarray(terms * unit, dtype=np.float64)
