"""Every architecture of a space is a valid one of its family, and the parts that it is priced by are what it is."""

import pytest
import torch

from exporter.models.efficientformer import EfficientFormerConfig
from exporter.slim.spaces.stages import narrower, widths_down
from tests.exporter.slim.small import SPACES, V1, V2, pictures, walk

EVERY = pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))


@EVERY
@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_taken_away_a_network_is_left(space, seed):
    path = walk(space, seed)
    assert len(path) > 10
    for architecture in path[:: max(1, len(path) // 6)]:
        with torch.no_grad():
            assert space.build(architecture).eval()(pictures()).shape == (2, 5)


@EVERY
def test_each_move_takes_weights_away(space):
    def size(architecture):
        return sum(value.numel() for value in space.build(architecture).parameters())

    for architecture in walk(space)[::5]:
        for move, left in space.moves(architecture):
            assert size(left) < size(architecture), move


@EVERY
def test_an_architecture_is_a_value(space):
    assert len({space.parent, *walk(space), *walk(space)}) == len(walk(space))


def test_what_is_left_of_the_first_generation_is_a_configuration_of_its_own():
    for architecture in walk(V1):
        config = architecture.config
        assert isinstance(config, EfficientFormerConfig)
        assert all(width % 16 == 0 for width in config.widths)
        assert list(config.widths) == sorted(config.widths)
        assert min(config.depths) >= 1
        assert config.attention_blocks <= config.depths[-1]
        assert config.depths == tuple(map(len, architecture.kept))


def test_the_first_block_with_attention_loses_it_first():
    for space, stage in ((V1, 3), (V2, 2)):
        move = next(move for move, _ in space.moves(space.parent) if move.kind == "attention" and move.stage == stage)
        plain = 3 - (1 if space is V1 else 2)
        assert move.block == plain


def test_a_removed_block_with_attention_takes_its_attention_with_it():
    left = {move: one for move, one in V2.moves(V2.parent) if move.kind == "block" and move.stage == 3}
    assert [one.config.attention_blocks[3] for one in left.values()] == [2, 1, 1]


def test_no_stage_is_wider_than_the_next():
    assert dict(narrower((16, 16, 48), ((8, 16), (8, 16), (16, 48)))) == {0: (8, 16, 48), 2: (16, 16, 16)}


def test_widths_are_multiples_of_a_notch_and_the_parents():
    assert widths_down(224, 16, 0.8) == (192, 208, 224)
    assert widths_down(40, 16, 0.25) == (16, 32, 40)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.3])
def test_uniform_narrowing_keeps_every_block(share):
    narrow = V2.narrowed(share)
    assert narrow.kept == V2.parent.kept
    assert all(abs(a - share * b) <= 8 for a, b in zip(narrow.config.widths, V2.config.widths, strict=True))


@EVERY
def test_pieces_in_a_row_are_as_large_as_the_network(space):
    """By weights; the second generation's drawn ones too."""
    for architecture in walk(space)[::4]:
        whole = sum(value.numel() for value in space.build(architecture).parameters())
        parts = sum(
            value.numel() for piece in space.pieces(architecture) for value in space.module(piece)[0].parameters()
        )
        assert parts == whole


@pytest.mark.parametrize("space", [V1, V2], ids=["efficientformer", "efficientformerv2"])
def test_each_piece_takes_what_the_one_before_gives(space):
    """Where none is within another."""
    x = pictures(1)
    for piece in space.pieces(space.parent):
        module, shape = space.module(piece)
        assert x.shape[1:] == shape, piece
        with torch.no_grad():
            x = module.eval()(x)
    assert x.shape == (1, 5)
