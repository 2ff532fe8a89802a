"""An architecture's weights are its supernet's: what is built computes what the supernet does."""

from random import Random

import pytest
import torch

from exporter.models.weights.loading import seed_weights
from exporter.slim.axes import Axis, grouped, sliced
from exporter.slim.carving import built, skeleton, tensors_of
from exporter.slim.ranking import rank_channels
from exporter.slim.supernets.metapaths import MetaPaths
from exporter.slim.supernets.slimmable import Slimmable
from tests.exporter.slim.small import MOBILEVIT, V1, V2, pictures, walk


def slimmable_of(space):
    parent = space.build(space.parent)
    seed_weights(parent)
    return Slimmable(parent, space).eval()


@pytest.fixture
def slimmable():
    return slimmable_of(V2)


SLIMMABLE = pytest.mark.parametrize("space", [V2, MOBILEVIT], ids=["efficientformerv2", "mobilevit"])


@pytest.fixture
def metapaths():
    supernet = MetaPaths(V1).eval()
    filled_apart(supernet)
    return supernet


def filled_apart(supernet):
    """Weights under which every branch matters, each its own."""
    generator = torch.Generator().manual_seed(1)
    for name, value in supernet.named_parameters():
        if not name.startswith("alphas"):
            scale = 0.3 if value.ndim == 1 else value[0].numel() ** -0.5
            mean = 1.0 if value.ndim == 1 and name.endswith(("weight", "gamma")) else 0.0
            value.data = mean + scale * torch.randn(value.shape, generator=generator)


@torch.no_grad()
def test_a_slice_is_its_parent_with_all_other_channels_silenced(slimmable):
    """Of the second generation, where nothing is normalised over channels; the parent is masked, not sliced."""
    narrow = V2.narrowed(0.5)
    masked = V2.build(V2.parent).eval()
    masked.load_state_dict(slimmable.parent.state_dict())
    sizes = {key: value.shape for key, value in tensors_of(skeleton(V2, narrow)).items()}
    for key, value in masked.named_parameters():
        axis = V2.axes(key)[0]
        if axis is not None:
            value[sizes[key][0] :] = 0
    alone = built(V2, narrow, slimmable.weights(narrow))
    assert float((alone(pictures()) - masked(pictures())).abs().max()) < 1e-4 * float(masked(pictures()).abs().max())


@torch.no_grad()
@SLIMMABLE
@pytest.mark.parametrize("seed", range(4))
def test_what_is_built_computes_what_the_slimmable_network_does(space, seed):
    slimmable, architecture = slimmable_of(space), space.drawn(Random(seed))
    alone, within = built(space, architecture, slimmable.weights(architecture)), slimmable(pictures(), architecture)
    assert float((alone(pictures()) - within).abs().max()) <= 1e-6


@torch.no_grad()
def test_what_is_built_computes_what_the_chosen_branches_do(metapaths):
    """Blocks that are dropped are paths of nothing; attention where it was decided for."""
    for architecture in as_wide_as_the_parent():
        decide(metapaths, architecture)
        alone, within = built(V1, architecture, metapaths.weights(architecture)), metapaths(pictures())
        assert float((alone(pictures()) - within).abs().max()) <= 1e-6 * max(1, float(within.abs().max()))


def as_wide_as_the_parent():
    """From the parent to one block a stage, without attention: each time the first move that keeps the widths."""
    found = [V1.parent]
    while left := [after for move, after in V1.moves(found[-1]) if move.kind != "width"]:
        found.append(left[-1])
    assert len(found) == 1 + sum(V1.config.depths) - len(V1.config.depths) + V1.config.attention_blocks
    return found


def decide(metapaths, architecture):
    """Have each path take one branch alone."""
    plain = architecture.config.depths[-1] - architecture.config.attention_blocks
    for entry, alphas in metapaths.alphas.items():
        stage, block = map(int, entry.split("_"))
        kept = architecture.kept[stage]
        choice = 0 if block not in kept else 2 if stage == 3 and kept.index(block) >= plain else 1
        alphas.data = torch.full_like(alphas, -1e4)
        alphas.data[choice] = 1e4


@torch.no_grad()
@SLIMMABLE
def test_ranking_changes_the_order_of_channels_and_no_result(space):
    parent = slimmable_of(space).parent
    weights = tensors_of(parent)
    before = parent(pictures())
    unranked = {key: value.clone() for key, value in weights.items() if value.ndim == 4 and any(space.axes(key))}
    rank_channels(weights, space)
    assert float((parent(pictures()) - before).abs().max()) < 1e-4 * float(before.abs().max())
    assert all(not torch.equal(value, weights[key]) for key, value in unranked.items())


@torch.no_grad()
def test_ranking_a_network_of_paths_changes_no_result(metapaths):
    before = metapaths(pictures())
    rank_channels(metapaths.tensors(), V1)
    assert float((metapaths(pictures()) - before).abs().max()) < 1e-4 * float(before.abs().max())


@torch.no_grad()
def test_the_first_channels_are_those_of_the_largest_weights(slimmable):
    mlp = slimmable.parent.stages[0].blocks[0].mlp
    fc2 = mlp.fc2.conv.weight
    fc2[:, 5] *= 10
    mlp.fc1.conv.weight[5] *= 10
    loudest = fc2[:, 5].abs().sum()
    rank_channels(tensors_of(slimmable.parent), V2)
    assert fc2[:, 0].abs().sum() == pytest.approx(float(loudest))


def test_gradients_reach_the_weights_that_an_architecture_has_and_no_others(slimmable):
    slimmable.train()(pictures(4), V2.smallest).square().mean().backward()
    weight = slimmable.parent.stages[1].blocks[0].mlp.fc1.conv.weight
    assert weight.grad[: 8 * 1, :8].abs().sum() > 0
    assert weight.grad[8 * 1 :].abs().sum() == 0


def test_each_width_has_batch_norms_of_its_own(slimmable):
    norm = slimmable.parent.stages[0].blocks[0].mlp.fc2.bn
    before = norm.running_mean.clone()
    slimmable.train()(pictures(4), V2.smallest)
    assert torch.equal(norm.running_mean, before)
    slimmable(pictures(4), V2.parent)
    assert not torch.equal(norm.running_mean, before)


def test_every_weight_of_every_architecture_has_its_place(slimmable, metapaths):
    for space, supernet in ((V1, metapaths), (V2, slimmable), (MOBILEVIT, slimmable_of(MOBILEVIT))):
        for architecture in walk(space, seed=1):
            module = skeleton(space, architecture)
            found = supernet.weights(architecture)
            assert {key: value.shape for key, value in tensors_of(module).items()} == {
                key: value.shape for key, value in found.items()
            }


def test_an_axis_of_several_parts_keeps_the_first_channels_of_each():
    value = torch.arange(12.0).reshape(1, 12)
    assert sliced(value, (None, Axis("width", parts=3)), (1, 6)).tolist() == [[0, 1, 4, 5, 8, 9]]


def test_an_axis_without_a_group_is_not_cut():
    with pytest.raises(ValueError, match="axis 1 stays whole"):
        sliced(torch.zeros(4, 4), (Axis("width"), None), (2, 2))


def test_all_channels_of_a_group_are_as_many(slimmable, metapaths):
    """Else the table of a family would mix up two widths."""
    mobilevit = tensors_of(slimmable_of(MOBILEVIT).parent)
    for space, weights in ((V1, metapaths.tensors()), (V2, tensors_of(slimmable.parent)), (MOBILEVIT, mobilevit)):
        for group, members in grouped((value, space.axes(key)) for key, value in weights.items()).items():
            sizes = {one.value.shape[one.place] // one.parts for one in members}
            assert sizes == {max(space.channels(group))}, group
