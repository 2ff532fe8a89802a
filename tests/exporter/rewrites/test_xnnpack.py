"""What XNNPACK has no operator for is said in operators that it has, and means the same."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, fx

from exporter.backends import executorch
from exporter.graphs.cut import graphs_of
from exporter.rewrites import xnnpack as passes
from exporter.rewrites.catalogue import rewritten as rewritten_by_name
from exporter.rewrites.editing import add_constant
from tests.exporter.rewrites.computation import random, rewritten
from tests.models import SMALLEST, reduced

aten = torch.ops.aten


@pytest.mark.parametrize("mask", [None, (1, 2, 5, 5), (5, 5)])
@pytest.mark.parametrize("scale", [None, 0.7])
def test_attention_becomes_two_products_around_a_softmax(mask, scale):
    key, value = random(3, 2, 5, 4), random(3, 2, 5, 6)

    def attend(query: Tensor, key: Tensor, value: Tensor, *bias: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query, key, value, *bias, scale=scale)

    weights = (key, value) if mask is None else (key, value, random(*mask))
    operators = rewritten(passes.attention_as_matmuls, random(3, 2, 5, 4), attend, *weights)
    assert aten.scaled_dot_product_attention.default not in operators
    assert {aten.bmm.default, aten.softmax.int} <= set(operators)


def test_products_of_rank_four_become_rank_three():
    operators = rewritten(passes.matmuls_in_rank_three, random(1, 3, 5, 4), lambda x, y: x @ y, random(1, 3, 4, 2))
    assert set(operators) == {aten.reshape.default, aten.bmm.default}


def test_products_that_broadcast_are_left_alone():
    operators = rewritten(passes.matmuls_in_rank_three, random(2, 3, 5, 4), lambda x, y: x @ y, random(1, 3, 4, 2))
    assert set(operators) == {aten.matmul.default}


def test_softmax_over_the_last_axis_of_a_map_becomes_rank_three():
    operators = rewritten(passes.softmax_in_rank_three, random(1, 4, 5, 7), lambda x: x.softmax(-1))
    assert set(operators) == {aten.reshape.default, aten.softmax.int}


def test_softmax_over_another_axis_is_left_alone():
    operators = rewritten(passes.softmax_in_rank_three, random(1, 4, 5, 7), lambda x: x.softmax(1))
    assert set(operators) == {aten.softmax.int}


def joined(parts: tuple[Tensor, ...]) -> Tensor:
    return parts[0] + 2 * parts[1] - 3 * parts[2].mean()


@pytest.mark.parametrize(
    "split",
    [
        lambda x: joined(x.chunk(3, dim=-1)),
        lambda x: joined(x.split([4, 4, 7], dim=1)),
        lambda x: joined(x.chunk(3)),
        lambda x: joined(x.split(5)),
    ],
)
def test_splits_become_slices(split):
    operators = rewritten(passes.splits_as_slices, random(15, 15, 15), split)
    assert aten.slice.Tensor in operators
    assert not set(operators) & {aten.chunk.default, aten.split.Tensor, aten.split_with_sizes.default}


def split_convolution(x: Tensor, *weights: Tensor) -> Tensor:
    return joined(F.conv2d(x, *weights).split([1, 4, 4], dim=1))


@pytest.mark.parametrize("bias", [(9,), None])
def test_a_convolution_that_is_only_split_becomes_one_for_each_part(bias):
    weights = (random(9, 6, 1, 1), random(*bias)) if bias else (random(9, 6, 1, 1),)
    operators = rewritten(passes.convolutions_in_parts, random(1, 6, 4, 5), split_convolution, *weights)
    assert operators[aten.conv2d.default] == 3
    assert aten.split_with_sizes.default not in operators


def test_a_part_that_nobody_takes_is_not_computed():
    def compute(x: Tensor, weight: Tensor) -> Tensor:
        first, _, last = F.conv2d(x, weight).chunk(3, dim=-3)
        return first + last

    operators = rewritten(passes.convolutions_in_parts, random(1, 6, 4, 5), compute, random(9, 6, 1, 1))
    assert operators == {aten.conv2d.default: 2, aten.add.Tensor: 1}


@pytest.mark.parametrize(
    "compute",
    [
        lambda x, w: joined(F.conv2d(x, w).split(3, dim=2)),
        lambda x, w: joined((y := F.conv2d(x, w)).split(3, dim=1)) + y.mean(),
        lambda x, w: joined(F.conv2d(x, w * x.mean()).split(3, dim=1)),
    ],
    ids=["rows", "read whole too", "computed weights"],
)
def test_other_split_convolutions_are_left_alone(compute):
    operators = rewritten(passes.convolutions_in_parts, random(1, 6, 9, 5), compute, random(9, 6, 1, 1))
    assert operators[aten.conv2d.default] == operators[aten.split.Tensor] == 1


def test_a_split_convolution_in_groups_is_left_alone():
    def compute(x: Tensor, weight: Tensor) -> Tensor:
        return joined(F.conv2d(x, weight, groups=3).split(3, dim=1))

    operators = rewritten(passes.convolutions_in_parts, random(1, 6, 9, 5), compute, random(9, 2, 1, 1))
    assert operators[aten.conv2d.default] == operators[aten.split.Tensor] == 1


def test_a_constant_has_storage_of_its_own():
    """ExecuTorch would write a slice as the tensor that it is part of."""
    module, whole = fx.GraphModule({}, fx.Graph()), random(4, 3)
    first = module.graph.placeholder("x")
    constant = getattr(module, add_constant(module, first, "part", whole[2:]).target)
    assert constant.untyped_storage().nbytes() == constant.nbytes
    assert torch.equal(constant, whole[2:])


@pytest.mark.parametrize("index", [0, 2, -1])
def test_indices_become_slices_and_reshapes(index):
    operators = rewritten(passes.indices_as_slices, random(3, 4, 5), lambda x: x[:, index] + x[0][index][None])
    assert not set(operators) & {aten.select.int, aten.unsqueeze.default}
    assert {aten.slice.Tensor, aten.reshape.default} <= set(operators)


@pytest.mark.parametrize("affine", [True, False])
def test_layer_norm_becomes_arithmetic(affine):
    weights = (random(6), random(6)) if affine else ()
    operators = rewritten(
        passes.layer_norm_as_arithmetic, random(2, 5, 6), lambda x, *w: F.layer_norm(x, (6,), *w, eps=1e-3), *weights
    )
    assert aten.layer_norm.default not in operators
    assert aten.rsqrt.default in operators


def test_group_norm_of_one_group_becomes_arithmetic():
    operators = rewritten(
        passes.group_norm_as_arithmetic,
        random(1, 6, 4, 5),
        lambda x, *w: F.group_norm(x, 1, *w, eps=1e-3),
        random(6),
        random(6),
    )
    assert aten.group_norm.default not in operators


def test_group_norm_of_several_groups_is_left_alone():
    operators = rewritten(
        passes.group_norm_as_arithmetic, random(1, 6, 4, 5), lambda x, *w: F.group_norm(x, 2, *w), random(6), random(6)
    )
    assert set(operators) == {aten.group_norm.default}


def test_a_sum_along_rows_becomes_an_average_pool():
    operators = rewritten(passes.sum_as_average_pool, random(1, 6, 4, 9), lambda x: x.sum(-1, keepdim=True))
    assert set(operators) == {aten.avg_pool2d.default, aten.mul.Tensor}


def test_a_sum_of_one_is_that_one():
    assert set(rewritten(passes.sum_as_average_pool, random(1, 6, 4, 1), lambda x: 2 * x.sum(-1, keepdim=True))) == {
        aten.mul.Tensor
    }


@pytest.mark.parametrize(("shape", "axes"), [((1, 6, 4, 5), (2, 3)), ((1, 6, 4, 5), (-1, -2)), ((2, 5, 6), (1,))])
def test_means_take_the_forms_that_xnnpack_has(shape, axes):
    operators = rewritten(passes.means_that_keep_axes, random(*shape), lambda x: x.mean(axes))
    assert aten.reshape.default in operators


@pytest.mark.parametrize("family", SMALLEST)
def test_all_rewrites_together_change_no_result_of_a_model(family):
    (graph,) = graphs_of(reduced(family))
    after = rewritten_by_name(graph.program, executorch.BACKEND.rewrites["xnnpack"])
    pixels = torch.randint(0, 256, graph.inputs[0].shape).float()
    expected, actual = (program.module()(image=pixels)["logits"] for program in (graph.program, after))
    assert (actual - expected).abs().max() <= 1e-5 * expected.abs().max()
