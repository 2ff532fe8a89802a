"""Deterministic weights with which every branch of a model moves its output.

Under the framework's own initialisation parity proves little: layer scales start at 1e-5, so a model without its
token mixers agrees with the whole one to 1e-4. Here layer scales are about 0.5, biases and running statistics are
not zero, and each value depends on its key and shape alone, so that the same weights come out everywhere.

What all models share stands here; a family's class says in its `fill` what differs.
"""

import re
import zlib
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORDS = 4
_WORD_MAX = 2**16 - 1
_SUM_STD = 2**16 * (_WORDS / 12) ** 0.5  # of a sum of _WORDS uniform 16-bit words


class Spread(NamedTuple):
    """Mean and standard deviation of the values of a state-dict entry."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Fill:
    """How a family's seeded weights differ from those of every family.

    The rules are pairs (pattern, what it gives); the first whose pattern is found in an entry's key decides.
    """

    gain: float = 1.05
    """Standard deviation, times √fan-in, of the weights of convolutions and linear layers"""
    gains: tuple[tuple[str, float], ...] = ()
    """The same, of single layers"""
    spreads: tuple[tuple[str, Spread], ...] = ()
    """Entries of other kinds, such as bias tables and embeddings, and norms and biases that are not as everywhere"""

    def gain_of(self, key: str) -> float:
        """The gain of the weights `key`."""
        return next((gain for pattern, gain in self.gains if re.search(pattern, key)), self.gain)

    def spread_of(self, key: str) -> Spread | None:
        """The spread that the family asks for in the entry `key`; None where it leaves it to the rules of all."""
        return next((spread for pattern, spread in self.spreads if re.search(pattern, key)), None)


_VECTORS = {
    "running_mean": Spread(0, 0.1),
    "gamma": Spread(0.5, 0.1),
    "weight": Spread(1, 0.1),
    "bias": Spread(0, 0.02),
}
"""Last part of a key -> the spread of such entries in every family: of norms and layer scales, and of all biases."""


def seeded_tensor(key: str, shape: tuple[int, ...], fill: Fill) -> NDArray[np.float32]:
    """Values for the floating-point state-dict entry `key` of a model with this fill.

    Raises `KeyError` for a kind of entry that neither all families nor this one have a rule for.
    """
    leaf = key.rpartition(".")[2]
    noise = _noise(zlib.crc32(key.encode()), shape)
    if spread := fill.spread_of(key):
        values = spread.mean + spread.deviation * noise
    elif leaf == "running_var":
        values = 1 + 0.1 * np.abs(noise)
    elif leaf == "weight" and len(shape) > 1:
        values = noise * (fill.gain_of(key) / prod(shape[1:]) ** 0.5)
    elif leaf in _VECTORS:
        values = _VECTORS[leaf].mean + _VECTORS[leaf].deviation * noise
    else:
        raise KeyError(f"no rule for seeding {key!r}: the fill of its family's class needs one")
    return values.astype(np.float32)


def _noise(seed: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Bell-shaped noise of mean 0 and variance 1, from raw Philox bits: the same in every release of NumPy."""
    words = np.random.Philox(key=seed).random_raw(prod(shape)).view(np.uint16).reshape(-1, _WORDS)
    total = words.sum(axis=1, dtype=np.int64)
    return ((total - _WORDS * _WORD_MAX // 2) / _SUM_STD).reshape(shape)
