"""Prices between points that are known: exact where cost is a polynomial, and never beyond the points."""

from random import Random

import pytest
import torch

from exporter.slim.architecture import Piece
from exporter.slim.prices.interpolated import Interpolated, corners
from exporter.slim.prices.table import Price
from tests.exporter.slim.small import SPACES, TRACKER, V2

EVERY = pytest.mark.parametrize("space", [*SPACES.values(), TRACKER], ids=[*SPACES, "efficienttam"])


class Weights:
    """A price list by which each piece costs its weights: they grow with the widths as the work does."""

    def __init__(self, space):
        self.space, self.asked = space, []

    def of(self, pieces):
        self.asked += pieces
        return {piece: Price(weights(self.space, piece), "measured") for piece in pieces}


def weights(space, piece):
    with torch.device("meta"):
        module, _ = space.module(piece)
    return float(sum(value.numel() for value in module.parameters()))


@EVERY
def test_every_piece_lies_on_the_grid_of_its_space(space):
    for architecture in [space.parent, space.smallest, *(space.drawn(Random(seed)) for seed in range(20))]:
        for piece in space.pieces(architecture):
            grid = space.grid(piece)
            for corner in corners(piece, grid):
                assert all(number in points for number, points in zip(corner.numbers, grid, strict=True))


@EVERY
def test_the_points_suffice_to_tell_all_weights(space):
    prices = Interpolated(space, Weights(space))
    for seed in range(10):
        for piece, price in prices.of(space.pieces(space.drawn(Random(seed)))).items():
            assert price.ms == pytest.approx(weights(space, piece)), piece


def test_a_point_itself_is_as_it_was_measured():
    piece = Piece("head", (2, 48))
    assert Interpolated(V2, Weights(V2)).of([piece]) == {piece: Price(weights(V2, piece), "measured")}


def test_few_points_suffice_for_all_architectures():
    exact = Weights(V2)
    prices, drawn = Interpolated(V2, exact), [V2.drawn(Random(seed)) for seed in range(200)]
    pieces = {piece for one in drawn for piece in V2.pieces(one)}
    found = prices.of(pieces)
    assert len(set(exact.asked)) < len(pieces) / 2
    assert {price.how for price in found.values()} == {"measured", "interpolated"}


def test_nothing_is_told_beyond_the_points():
    with pytest.raises(ValueError, match="64 is not between 8 and 48"):
        corners(Piece("head", (2, 64)), ((2,), (8, 48)))


def test_a_price_is_not_less_than_the_least_of_its_points():
    """Three points that no parabola through them stays above: timings are not smooth."""

    class Jagged:
        def of(self, pieces):
            times = {16: 1.0, 32: 1.1, 48: 9.0}
            return {piece: Price(times[piece.numbers[1]], "measured") for piece in pieces}

    piece = Piece("head", (2, 20))
    assert Interpolated(V2, Jagged()).of([piece])[piece].ms == 1.0
