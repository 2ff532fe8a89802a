"""Rewrites for LiteRT: ranks that its converter changes on its own, kept at four.

torch's decompositions fold the heads of attention into the batch, and the converter drops leading axes of one element
and reshapes that seem to change nothing. LiteRT's CPU kernels do not mind. Its GPU delegate maps every tensor to batch,
height, width and channels, from the left, and then computes something else without a word: attention of rank 3 (LiteRT
#8619), sums and products of two computed tensors of different rank (#8980), padding of rank 3 (#9272). XNNPACK does
mind one thing: attention of one head would become a fully connected layer with changing weights.
"""

import torch
from torch import Tensor, fx

from exporter.rewrites.attention import attention_arguments
from exporter.rewrites.editing import call, calls, replace, shape_of

aten = torch.ops.aten


@torch.library.custom_op("vitexport::product", mutates_args=())
def product(left: Tensor, right: Tensor) -> Tensor:
    """[a, b, m, k] times [a, b, k, n]: `matmul`, which stays whole and of rank 4."""
    return left @ right


@product.register_fake
def _(left: Tensor, right: Tensor) -> Tensor:
    return left @ right


@torch.library.custom_op("vitexport::as_shaped", mutates_args=())
def as_shaped(x: Tensor) -> Tensor:
    """`x` itself, in a shape that no conversion may change."""
    return x.clone()


@as_shaped.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


_as_shaped = torch.ops.vitexport.as_shaped.default


_RESHAPING = (
    aten.view.default,
    aten.reshape.default,
    aten.unsqueeze.default,
    aten.squeeze.dim,
    aten.flatten.using_ints,
    aten.select.int,
    aten.index.Tensor,
)


def products_in_rank_four(module: fx.GraphModule) -> None:
    """Attention as product, softmax, product, and other products of batches, in rank 4 for LiteRT's GPU delegate."""
    for node in calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, mask, scale = attention_arguments(node)
        if len(shape_of(query)) > 4 or (mask is not None and not mask.meta["val"].is_floating_point()):
            continue
        with module.graph.inserting_before(node):
            scaled = call(module, aten.mul.Tensor, _of_rank(module, query, 4), scale)
            scores = _times(module, scaled, call(module, aten.transpose.int, _of_rank(module, key, 4), 2, 3))
            if mask is not None:
                scores = call(module, aten.add.Tensor, scores, _of_rank(module, mask, 4))
            found = _times(module, call(module, aten.softmax.int, scores, -1), _of_rank(module, value, 4))
            result = call(module, aten.reshape.default, found, list(shape_of(node)))
        replace(module, node, result)
    for node in [node for kind in (aten.matmul.default, aten.bmm.default) for node in calls(module, kind)]:
        left, right = node.args
        if not 3 <= len(shape_of(left)) == len(shape_of(right)) <= 4 or shape_of(left)[:-2] != shape_of(right)[:-2]:
            continue
        with module.graph.inserting_before(node):
            found = _times(module, _of_rank(module, left, 4), _of_rank(module, right, 4))
            result = call(module, aten.reshape.default, found, list(shape_of(node)))
        replace(module, node, result)


def _times(module: fx.GraphModule, left: fx.Node, right: fx.Node) -> fx.Node:
    return call(module, torch.ops.vitexport.product.default, left, right)


def constants_on_the_right(module: fx.GraphModule) -> None:
    """Products of a constant and a computed tensor, transposed: LiteRT's GPU delegate takes it as weights only."""
    for node in calls(module, torch.ops.vitexport.product.default):
        left, right = node.args
        if left.op != "get_attr" or right.op == "get_attr":
            continue
        with module.graph.inserting_before(node):
            found = _times(module, *(call(module, aten.transpose.int, operand, 2, 3) for operand in (right, left)))
            result = call(module, aten.transpose.int, found, 2, 3)
        replace(module, node, result)


def elementwise_of_equal_rank(module: fx.GraphModule) -> None:
    """Sums, differences and products of tensors in one rank, for LiteRT's GPU delegate.

    Feature maps are left alone: the converter moves their channels to the end, and has to see through sums for that.
    """
    kinds = (aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor)
    for node in [node for kind in kinds for node in calls(module, kind)]:
        rank = len(shape_of(node))
        if not all(isinstance(operand, fx.Node) for operand in node.args):
            continue
        computed = [operand for operand in node.args if operand.op != "get_attr"]
        if any(len(shape_of(operand)) < 2 for operand in node.args if operand not in computed):
            continue  # a bias, which is aligned from the right
        if all(len(shape_of(operand)) == 4 and operand.target not in _RESHAPING for operand in computed):
            continue
        with module.graph.inserting_before(node):
            node.args = tuple(
                call(module, _as_shaped, _of_rank(module, operand, rank)) if operand in computed else operand
                for operand in node.args
            )


def pads_in_rank_four(module: fx.GraphModule) -> None:
    """Padding with a constant, in the one rank in which LiteRT's GPU delegate does it rightly."""
    for node in [node for kind in (aten.pad.default, aten.constant_pad_nd.default) for node in calls(module, kind)]:
        source, *rest = node.args
        if len(shape_of(node)) > 4 or (len(rest) > 1 and rest[1] not in ("constant", None, 0, 0.0)):
            continue
        shape = shape_of(node)
        with module.graph.inserting_before(node):
            whole = call(module, _as_shaped, _of_rank(module, source, 4))
            padded = call(module, _as_shaped, call(module, node.target, whole, *rest, **node.kwargs))
            result = call(module, aten.reshape.default, padded, list(shape))
        replace(module, node, result)


def clamps_in_two_steps(module: fx.GraphModule) -> None:
    """A clamp to 0 … 1 as a maximum and a minimum: LiteRT's GPU delegate has no operator for both at once."""
    for node in calls(module, aten.clamp.default):
        source, *limits = node.args
        if tuple(limits) != (0.0, 1.0):
            continue
        with module.graph.inserting_before(node):
            above = call(module, _as_shaped, call(module, aten.relu.default, source))
            result = call(module, aten.clamp.default, above, None, 1.0)
        replace(module, node, result)


def _of_rank(module: fx.GraphModule, node: fx.Node, rank: int) -> fx.Node:
    """`node` with axes of one element in front."""
    missing = rank - len(shape_of(node))
    return call(module, aten.reshape.default, node, [1] * missing + list(shape_of(node))) if missing > 0 else node
