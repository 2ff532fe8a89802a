"""Position encodings mean what their definitions say, and are the tables that the authors compute."""

from cmath import exp
from math import cos, sin, tau

import numpy as np
import pytest
import torch
from torch import Tensor

from exporter.models.efficienttam.layers import map_of
from exporter.models.efficienttam.positions import halves_order, rotary_tables, rotated, sine_encoding
from tests.exporter.models.efficienttam.official import assert_golden, samples

ROUNDING = 2e-7  # of values in -1–1 that were computed in float64 and stored in float32


def test_the_sine_encoding_is_its_definition():
    side, channels = 5, 16
    encoding = sine_encoding(side, channels).reshape(side, side, channels)
    for row, column, channel in np.ndindex(side, side, channels):
        axis, index = divmod(channel, channels // 2)  # all channels of the row come first
        place = (row, column)[axis]
        angle = (place + 1) / (side + 1e-6) * tau / 10_000 ** (2 * (index // 2) / (channels // 2))
        expected = cos(angle) if index % 2 else sin(angle)
        assert encoding[row, column, channel] == pytest.approx(expected, abs=ROUNDING)


def test_the_sine_encoding_of_features_is_the_official_one():
    assert_golden(samples(map_of(sine_encoding(32, 256)[None], 32)), "enc_pos_sub", tolerance=1e-5)


def test_the_sine_encoding_of_the_memory_is_the_official_one(model):
    encoding = map_of(model.memory_positions[None], 32)
    assert_golden(samples(encoding, channels=4), "video_memory_pos_sub", tolerance=1e-5)


def test_the_position_encoding_of_prompts_is_the_official_one(model):
    encoding = map_of(model.sam_prompt_encoder.dense_positions(), 32)
    assert_golden(samples(encoding), "dense_pe_sub", tolerance=1e-4)


def test_rotary_angles_grow_with_the_column_in_the_first_half_and_with_the_row_in_the_second():
    side, channels = 5, 16
    cosines, sines = rotary_tables(side, channels)
    for row, column, pair in np.ndindex(side, side, channels // 2):
        axis, index = divmod(pair, channels // 4)
        turn = exp(1j * (column, row)[axis] * 10_000 ** (-4 * index / channels))
        at = row * side + column, pair
        assert complex(cosines[at], sines[at]) == pytest.approx(turn, abs=ROUNDING)


def test_the_first_members_of_pairs_come_before_the_second_ones():
    assert halves_order(8).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]


def test_rotation_in_halves_gives_the_products_of_complex_rotation_of_interleaved_pairs():
    side, channels = 6, 32
    cosines, sines = (table.double() for table in rotary_tables(side, channels))
    query, key = torch.randn(2, side * side, channels, dtype=torch.float64)

    def turned(x: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.reshape(len(x), -1, 2))
        return torch.view_as_real(pairs * torch.complex(cosines, sines)).flatten(1)

    def turned_in_halves(x: Tensor) -> Tensor:
        return rotated(x[:, halves_order(channels)], cosines, sines)

    expected = turned(query) @ turned(key).T
    torch.testing.assert_close(turned_in_halves(query) @ turned_in_halves(key).T, expected, rtol=0, atol=1e-10)
