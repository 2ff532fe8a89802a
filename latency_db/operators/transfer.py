"""A device without a table, from devices that have one and a few kernels that were measured on it: its anchors.

From another device's time of a kernel to this one's leads a ratio, which differs by class, size and time. It is a
process whose hyperparameters are chosen, among few, by how likely they make the anchors. The devices whose processes
make them likeliest are the most alike; the two of them are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from latency_db.coverage import quantile
from latency_db.kernel import Kernel
from latency_db.operators import conformal
from latency_db.operators.estimates import KernelEstimates, KernelEstimator
from latency_db.operators.features import SIZE_COLUMNS, features, kernel_class
from latency_db.operators.gaussian_process import Array, Hyperparameters, Regression
from latency_db.operators.process import Scaling
from latency_db.operators.table import configuration

MOST_ALIKE = 2
FEWEST_ANCHORS = 5

_CLASS, _POWER, _AMPLITUDE = (0.15, 0.4), (0.05, 0.2), (0.15, 0.3, 0.6)
_LENGTH, _NOISE = (1.5, 3.0, 6.0), (0.08, 0.2)
"""Deviations of a ratio's logarithm by class, with the other device's time, and otherwise; over which length of all
features; and of a single kernel. A hundred anchors can choose among so many, and ten are not misled."""


class TooFewAnchors(ValueError):
    """So few kernels were measured that not even one ratio is known."""


@dataclass(frozen=True)
class Bridge:
    """From one device's estimates to those of the new device."""

    source: KernelEstimator
    scaling: Scaling
    """Of the source's table and its times"""
    classes: tuple[str, ...]
    regression: Regression
    level: float
    """Mean of the anchors' ratio, in logarithms"""

    def predict(self, kernels: Sequence[Kernel]) -> tuple[Array, Array, Array]:
        """Logarithm of µs, the ratio's standard deviation, and by how much the source's own logarithm may be off where
        it is outside its table, 0 elsewhere; NaN where the source knows nothing.

        Within its table, what the source errs by is among what the anchors' ratios deviate by.
        """
        found = self.source.estimate(kernels)
        theirs = np.log(found.us)
        mean, deviation = self.regression.predict(_inputs(kernels, theirs, self.scaling, self.classes))
        own = np.where(found.methods == "outside the table", np.log(found.high / found.low) / 2, 0.0)
        return theirs + self.level + mean, deviation, own


@dataclass(frozen=True)
class TransferredEstimator:
    """Estimates kernels on a device that has anchors only."""

    bridges: tuple[Bridge, ...]
    """From the most alike device first"""
    quantile: float

    def estimate(self, kernels: Sequence[Kernel]) -> KernelEstimates:
        """Anchors, too, are estimated by `transfer`; outside a source's table this says so. Each kernel has the mean of
        the sources that know its class; `unknown` are those whose class none has."""
        bridged = np.array([bridge.predict(kernels) for bridge in self.bridges])
        known = ~np.isnan(bridged[:, 0])
        shares = known / np.maximum(known.sum(0), 1)
        mean, deviation, own = np.einsum("sqk,sk->qk", np.nan_to_num(bridged), shares)
        mean[~known.any(0)] = np.nan
        # What a source errs by beyond its table and how the devices differ have nothing to do with each other.
        width = np.hypot(conformal.half_widths(self.quantile, deviation), own)
        methods = np.where(np.isnan(mean), "unknown", np.where(own > 0, "transfer outside the table", "transfer"))
        return KernelEstimates(np.exp(mean), np.exp(mean - width), np.exp(mean + width), methods)


def transfer(anchors: Sequence[Kernel], us: Array, sources: Sequence[KernelEstimator]) -> TransferredEstimator:
    """From what anchors took, in µs, on a new device. Raises `TooFewAnchors`.

    Anchors of a class that some source lacks are left out for all: sources compare by the same anchors only. Raises
    `ValueError` without a source.
    """
    if not sources:
        raise ValueError("No device has a table to transfer from: measure a whole table of this one.")
    theirs = np.log([source.estimate(anchors).us for source in sources])
    usable = np.flatnonzero(~np.isnan(theirs).any(axis=0)).tolist()
    if len(usable) < FEWEST_ANCHORS:
        of_known = f"{len(usable)} of {len(anchors)} measured kernels are of classes that all sources know"
        raise TooFewAnchors(f"{of_known}: measure {FEWEST_ANCHORS} such or more")
    known, took = [anchors[row] for row in usable], np.log(us[usable])
    bridges = (_bridge(known, took, *pair) for pair in zip(theirs[:, usable], sources, strict=True))
    alike = tuple(sorted(bridges, key=lambda it: -it.regression.evidence)[:MOST_ALIKE])
    groups = [configuration(kernel) for kernel in known]
    residuals, deviations = np.mean([bridge.regression.left_out(groups) for bridge in alike], axis=0)
    return TransferredEstimator(alike, quantile(conformal.scores(residuals, deviations)))


def _bridge(anchors: Sequence[Kernel], took: Array, theirs: Array, source: KernelEstimator) -> Bridge:
    """Of anchors that the source knows, with logarithms of what they took and of the source's estimates."""
    known = source.table
    classes = tuple(sorted(source.processes))
    scaling = Scaling.of(_sizes(known.kernels, np.log(known.us)))
    ratios = took - theirs
    level = float(ratios.mean())
    inputs = _inputs(anchors, theirs, scaling, classes)
    beliefs = _beliefs(int(scaling.varying.sum()) - 1, len(classes))
    tried = (Regression(inputs, ratios - level, belief) for belief in beliefs)
    return Bridge(source, scaling, classes, max(tried, key=lambda regression: regression.evidence), level)


def _beliefs(sizes: int, classes: int) -> list[Hyperparameters]:
    """One for each choice. Classes and the time have slopes only; sizes have none."""
    return [
        Hyperparameters(
            lengths=np.array([length] * sizes + [np.inf] * (1 + classes)),
            slopes=np.array([0.0] * sizes + [power] + [by_class] * classes),
            amplitude=amplitude,
            noise=noise,
        )
        for by_class, power, amplitude, length, noise in product(_CLASS, _POWER, _AMPLITUDE, _LENGTH, _NOISE)
    ]


def _inputs(kernels: Sequence[Kernel], theirs: Array, scaling: Scaling, classes: Sequence[str]) -> Array:
    """[kernels, sizes, the source's time and which class it is]"""
    own = np.array([[kernel_class(kernel) == name for name in classes] for kernel in kernels], dtype=np.float64)
    return np.hstack([scaling.apply(_sizes(kernels, theirs)), own.reshape(len(kernels), len(classes))])


def _sizes(kernels: Sequence[Kernel], theirs: Array) -> Array:
    return np.column_stack([features(kernels)[:, SIZE_COLUMNS], theirs])
