"""What of a graph gets fewer bits, and how, as data. Each backend has schemes of its own, by the precision's name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from exporter.errors import BackendError
from exporter.quantise.observed import Affine, Range, Reading, affine, nearly_all, symmetric


@dataclass(frozen=True)
class Integers:
    """What a runtime makes of few bits where ranges are fixed: what a fit of weights and ranges has to know of it.

    Weights have eight bits and are symmetric, each output channel with a scale of its own; a tensor of activations has
    one range.
    """

    kinds: tuple[str, ...] = (
        "aten.conv2d.default",
        "aten.linear.default",
        "aten.add.Tensor",
        "aten.sub.Tensor",
        "aten.mul.Tensor",
    )
    """Operators of a captured program that read and write integers, products with weights among them"""
    greatest_weight: int = 127
    """Whose negative is the least; of what comes last, whose weights alone are integers, all of eight bits are used"""
    symmetric: bool = False
    """Whether activations reach as far below zero as above it"""
    activation_bits: int = 8

    def greatest(self, last: bool) -> int:
        """The greatest integer of a layer's weights."""
        return 127 if last else self.greatest_weight

    def affine(self, range: Range) -> Affine:
        """The integers of activations in a range."""
        return (symmetric if self.symmetric else affine)(range, self.activation_bits)


class Activations(NamedTuple):
    """Integers of a fixed range."""

    bits: int
    symmetric: bool

    def __str__(self) -> str:
        return f"of {self.bits} bits {'around zero' if self.symmetric else 'from the least to the greatest'}"


@dataclass(frozen=True)
class Scheme:
    """Of a graph in a format."""

    kinds: tuple[str, ...] = ()
    """Operators that it is about, in the words of the format; those that a graph lacks are passed over"""
    weights_only: tuple[str, ...] = ()
    """Others, of which only the weights get fewer bits"""
    weights: Literal["linear", "palette", "sparse"] = "linear"
    """Integers that are evenly spaced, for each output channel; one of few values; or those that are not near zero"""
    bits: int = 8
    """Of a weight"""
    activations: Literal["static", "dynamic"] | None = None
    """Integers, whose range is that of calibration inputs, or of each run; None: they stay"""
    reading: Reading = nearly_all
    """How a static range is read off what was observed"""
    integers: Integers = Integers()
    """What a fit takes static integers to be"""
    kept: tuple[str, ...] = ()
    """Patterns (`re.search`) of what stays as it is: names of operators in files, paths of modules in programs"""

    @property
    def by_weights(self) -> tuple[str, ...]:
        """Operators that compute as before, with weights that had fewer bits."""
        return self.weights_only if self.activations else (*self.kinds, *self.weights_only)

    @property
    def calibrated(self) -> bool:
        """Whether it takes calibration inputs."""
        return self.activations == "static"

    def refuse_unmatched(self, file: str, kinds: Iterable[str], names: Iterable[str]) -> None:
        """Raise `BackendError` where a rule matches nothing: it would be believed to have had an effect.

        `kinds` and `names` are those of the operators in `file`.
        """
        wanted = (*self.kinds, *self.weights_only)
        if wanted and not set(wanted) & set(kinds):
            raise BackendError(f"{file} has none of the operators {', '.join(wanted)}, so nothing is quantised.")
        known = list(names)
        for pattern in self.kept:
            if not any(re.search(pattern, name) for name in known):
                raise BackendError(f"{file} has no operator whose name has {pattern!r}, which was to stay as it is.")

    def refuse_activations(self, format: str, *able: Activations) -> None:
        """Raise `BackendError` for activations in fixed ranges that are none of those that a format is able to have."""
        wanted = Activations(self.integers.activation_bits, self.integers.symmetric)
        if self.calibrated and wanted not in able:
            raise BackendError(f"{format} has no activations {wanted}: take such {' or '.join(map(str, able))}.")

    def keeps(self, name: str) -> bool:
        """Whether an operator of this name stays as it is."""
        return any(re.search(pattern, name) for pattern in self.kept)
