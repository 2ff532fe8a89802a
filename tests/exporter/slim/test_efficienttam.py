"""The tracker's space: whatever is taken away, an app takes what is left in place of its parent."""

from random import Random

import pytest
import torch

from exporter.models.efficienttam.config import NANO, EfficientTAMConfig
from exporter.models.efficienttam.reference import Memory, PointPrompt, fused, prompt
from exporter.models.weights.loading import seed_weights
from exporter.slim.carving import built, skeleton, tensors_of
from exporter.slim.ranking import rank_channels
from exporter.slim.spaces.efficienttam import WINDOW, EfficientTAMSpace
from exporter.slim.supernets.slimmable import Slimmable
from tests.exporter.slim.small import TRACKER, pictures, walk


@pytest.fixture
def supernet():
    parent = TRACKER.build(TRACKER.parent)
    seed_weights(parent)
    return Slimmable(parent, TRACKER).eval()


def image():
    return pictures(1)


@torch.no_grad()
def test_whatever_is_taken_away_features_and_memory_have_their_shapes():
    parent = TRACKER.build(TRACKER.parent)
    for architecture in walk(TRACKER)[::3]:
        left = TRACKER.build(architecture).eval()
        assert left(image()).shape == parent(image()).shape == (1, 64, 4, 4)
        assert left.memory_positions.shape == parent.memory_positions.shape
        assert isinstance(architecture.config, EfficientTAMConfig)


def test_each_knob_is_turned_on_the_way():
    path = walk(TRACKER, seed=3)
    config = path[-1].config
    assert (config.depth, config.memory_layers, config.global_blocks, config.width) == (1, 1, (), 16)
    assert config.trunk_hidden == (TRACKER.config.trunk_hidden[path[-1].kept[0][0]] // 4,)
    assert config.memory_hidden == (TRACKER.config.memory_hidden[path[-1].kept[1][0]] // 4,)


def test_a_block_that_attends_to_the_whole_map_may_be_one_of_windows():
    moves = {move: left for move, left in TRACKER.moves(TRACKER.parent) if move.kind == "attention"}
    assert [left.config.global_blocks for left in moves.values()] == [(2,), (0,)]


def test_where_all_attend_to_the_whole_map_windows_get_a_size():
    """Those of the published models are hardly smaller than the map of the smallest."""
    space = EfficientTAMSpace(NANO, 256)
    assert space.config.window == WINDOW
    assert sum(move.kind == "attention" for move, _ in space.moves(space.parent)) == NANO.depth


def test_blocks_that_attend_to_the_whole_map_move_up_when_one_goes():
    left = {move.block: one for move, one in TRACKER.moves(TRACKER.parent) if str(move).startswith("without trunk")}
    assert [one.config.global_blocks for one in left.values()] == [(1,), (0, 1), (0,)]
    assert [one.config.trunk_hidden for one in left.values()] == [(64, 128), (128, 128), (128, 64)]


def test_a_layer_that_reads_the_memory_goes_with_its_channels_or_has_fewer():
    left = {str(move): one for move, one in TRACKER.moves(TRACKER.parent) if "memory" in str(move)}
    assert {move: (one.kept[1], one.config.memory_hidden) for move, one in left.items()} == {
        "without memory, block 1": ((1,), (32,)),
        "without memory, block 2": ((0,), (64,)),
        "less within memory, block 1": ((0, 1), (48, 32)),
        "less within memory, block 2": ((0, 1), (64, 24)),
    }


def reading(model):
    """What attention to the memory makes of a second image."""
    first, second = model(pictures(1)), model(pictures(1, seed=1))
    given = PointPrompt(torch.tensor([[[20.0, 30.0]]]), torch.ones(1, 1))
    return fused(model, second, 1, Memory({0: prompt(model, first, given)}))


@torch.no_grad()
def test_a_layer_with_fewer_channels_is_the_parents_with_the_others_silenced(supernet):
    rank_channels(tensors_of(supernet.parent), TRACKER)
    [narrower] = [one for move, one in TRACKER.moves(TRACKER.parent) if str(move) == "less within memory, block 2"]
    whole = reading(supernet.parent)
    carved = reading(built(TRACKER, narrower, supernet.weights(narrower)))
    supernet.parent.memory_attention.layers[1].linear2.weight[:, 24:] = 0
    silenced = reading(supernet.parent)
    assert float((carved - silenced).abs().max()) <= 1e-5 < float((carved - whole).abs().max())


@torch.no_grad()
@pytest.mark.parametrize("seed", range(3))
def test_what_is_built_computes_what_the_supernet_does(supernet, seed):
    architecture = TRACKER.drawn(Random(seed))
    alone = built(TRACKER, architecture, supernet.weights(architecture))
    assert float((alone(image()) - supernet(image(), architecture)).abs().max()) <= 1e-6


@torch.no_grad()
def test_ranking_changes_no_result(supernet):
    before = reading(supernet.parent)
    rank_channels(tensors_of(supernet.parent), TRACKER)
    assert float((reading(supernet.parent) - before).abs().max()) < 1e-4 * float(before.abs().max())


def test_every_weight_has_its_place(supernet):
    for architecture in walk(TRACKER, seed=1):
        own = tensors_of(skeleton(TRACKER, architecture))
        assert {key: value.shape for key, value in own.items()} == {
            key: value.shape for key, value in supernet.weights(architecture).items()
        }


@torch.no_grad()
def test_pieces_have_all_weights_and_take_what_they_say():
    for architecture in walk(TRACKER)[::4]:
        whole = sum(value.numel() for value in TRACKER.build(architecture).parameters())
        parts = 0
        for piece in TRACKER.pieces(architecture):
            module, shape = TRACKER.module(piece)
            module.eval()(torch.randn(1, *shape))
            parts += sum(value.numel() for value in module.parameters())
        assert parts == whole
