"""90 % intervals of a cell's roofline: conformal, scaled by how hard a graph is.

A graph is as hard as the measured ones that are most like it were when they were held out, and harder the less alike
they are. The scaled residuals of all cells have one quantile, which is what an interval's half width is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_NEIGHBOURS = 3
_LEAST = 0.01
"""Of a difficulty: a log residual of one per cent is the noise of a measurement."""
_FAR = 4.0
"""More than any two compositions are apart, which is 2"""


def composition(features: Array, of: Array) -> Array:
    """What graphs [graphs, features] are made of, in units of the mean of others [rows, features]; rows sum to 1."""
    mean = of.mean(0)
    parts = features / np.where(mean > 0, mean, 1.0)
    return parts / parts.sum(1, keepdims=True)


def difficulty(asked: Array, known: Array, residuals: Array, apart: NDArray[np.bool_] | None = None) -> Array:
    """The log residual to expect of graphs, [asked].

    `asked` [asked, features] and `known` [known, features] are compositions; `residuals` [known] are those of known
    graphs when they were held out; `apart` [asked, known] says which of these must not be looked at.
    """
    distances = np.stack([np.abs(known - one).sum(1) for one in asked])
    if apart is not None:
        distances = np.where(apart, _FAR, distances)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :_NEIGHBOURS]
    sizes = np.minimum(np.abs(residuals), 1.0)
    usual = float(np.median(sizes))
    mean = (sizes[nearest].sum(1) + usual) / (_NEIGHBOURS + 1)
    return (mean + _LEAST) * (1 + np.take_along_axis(distances, nearest, axis=1).mean(1))
