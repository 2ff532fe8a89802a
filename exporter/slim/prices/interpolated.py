"""Prices between those that are known: a space's pieces are a grid, of which a few points are enough.

What a piece does grows with its widths as a polynomial of low degree in each, so that is what prices are taken to be
between the points that its space names; beyond them none is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from exporter.slim.architecture import Piece, Space
from exporter.slim.prices.table import Price, PriceList


@dataclass(frozen=True, eq=False)
class Interpolated:
    """By what another list says of the points of a grid."""

    space: Space
    exact: PriceList

    def of(self, pieces: Iterable[Piece]) -> Mapping[Piece, Price]:
        shares = {piece: corners(piece, self.space.grid(piece)) for piece in pieces}
        known = self.exact.of(dict.fromkeys(corner for own in shares.values() for corner in own))
        return {piece: _between({corner: known[corner] for corner in own}, own) for piece, own in shares.items()}


def corners(piece: Piece, grid: Sequence[Sequence[int]]) -> dict[Piece, float]:
    """The points of a grid that a piece lies between -> how much each counts.

    Each of its numbers lies between the first and the last of its row; raises `ValueError` for one beyond them.
    """
    weighted = [_weights(number, points) for number, points in zip(piece.numbers, grid, strict=True)]
    found = {Piece(piece.kind, tuple(numbers)): 0.0 for numbers in product(*weighted)}
    for corner in found:
        found[corner] = prod(own[number] for own, number in zip(weighted, corner.numbers, strict=True))
    return found


def _weights(number: int, points: Sequence[int]) -> dict[int, float]:
    """Point -> its Lagrange polynomial at `number`; of a point itself that alone."""
    if number in points:
        return {number: 1.0}
    if not points[0] < number < points[-1]:
        raise ValueError(f"{number} is not between {points[0]} and {points[-1]}")
    return {one: prod((number - other) / (one - other) for other in points if other != one) for one in points}


def _between(known: Mapping[Piece, Price], shares: Mapping[Piece, float]) -> Price:
    """Not less than the least of them, and not more than the most."""
    prices = [price.ms for price in known.values()]
    ms = sum(share * known[corner].ms for corner, share in shares.items())
    [how, *others] = {price.how for price in known.values()}
    measured = how == "measured" and not others
    return Price(min(max(ms, min(prices)), max(prices)), "interpolated" if measured and len(known) > 1 else how)
