"""Gaussian process regression with a linear trend: what is alike is expected to take alike, and the rest to follow
power laws.

The covariance is that of an unknown constant, of unknown slopes along each feature, and of a Matérn process of order
3/2 with a length of its own for each feature (Rasmussen and Williams 2006, §2.7 and §4.2). Inputs are standardised.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CONSTANT = 2.0
"""Standard deviation of the unknown constant; targets are logarithms of times from which their mean is taken."""


@dataclass(frozen=True)
class Hyperparameters:
    """What is believed before there are data. Deviations are those of logarithms of times."""

    lengths: Array
    """[features] over which the process changes; infinite of a feature that it does not depend on"""
    slopes: Array
    """[features] standard deviations of the trend's"""
    amplitude: float
    """Standard deviation of the process about its trend"""
    noise: float
    """Standard deviation of a measurement"""


@dataclass(frozen=True)
class Regression:
    """A process given measurements."""

    inputs: Array
    """[rows, features]"""
    targets: Array
    """[rows]"""
    hyperparameters: Hyperparameters

    def predict(self, inputs: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of a measurement at each of [n, features]; both [n]."""
        across = covariance(inputs, self.inputs, self.hyperparameters)
        prior = CONSTANT**2 + self.hyperparameters.amplitude**2 + ((inputs * self.hyperparameters.slopes) ** 2).sum(1)
        known = np.einsum("ij,ij->i", across @ self._inverse, across)
        return across @ self._weights, np.sqrt(np.maximum(prior - known, 0) + self.hyperparameters.noise**2)

    def left_out(self, groups: Sequence[Hashable]) -> tuple[Array, Array]:
        """What each target would miss its prediction by, were its whole group not there, and the deviation predicted.

        Both [rows]. No regression is done again (Rasmussen and Williams 2006, §5.4.2, in blocks).
        """
        residuals, deviations = np.empty(len(groups)), np.empty(len(groups))
        members: dict[Hashable, list[int]] = {}
        for row, group in enumerate(groups):
            members.setdefault(group, []).append(row)
        for rows in members.values():
            block = np.linalg.inv(self._inverse[np.ix_(rows, rows)])
            residuals[rows] = block @ self._weights[rows]
            deviations[rows] = np.sqrt(np.diag(block))
        return residuals, deviations

    @property
    def evidence(self) -> float:
        """Logarithm of how likely the targets are under the hyperparameters, up to a constant."""
        _, logarithm = np.linalg.slogdet(self._inverse)
        return float(logarithm - self.targets @ self._weights) / 2

    @cached_property
    def _inverse(self) -> Array:
        among = covariance(self.inputs, self.inputs, self.hyperparameters)
        among[np.diag_indices_from(among)] += self.hyperparameters.noise**2
        return np.asarray(np.linalg.inv(among), dtype=np.float64)

    @cached_property
    def _weights(self) -> Array:
        return self._inverse @ self.targets


def covariance(first: Array, second: Array, hyperparameters: Hyperparameters) -> Array:
    """[n, m] between what is measured at [n, features] and at [m, features], without noise."""
    trend = (first * hyperparameters.slopes**2) @ second.T
    scaled = distances(first / hyperparameters.lengths, second / hyperparameters.lengths)
    return CONSTANT**2 + trend + hyperparameters.amplitude**2 * matern(scaled)


def matern(distance: Array) -> Array:
    """Correlation at a distance in lengths."""
    root = np.sqrt(3) * distance
    return (1 + root) * np.exp(-root)


def distances(first: Array, second: Array) -> Array:
    """[n, m] Euclidean"""
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))
