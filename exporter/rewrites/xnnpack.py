"""Rewrites for ExecuTorch's XNNPACK delegate: what it has no operator for, said in operators that it has.

Each operator outside ends a delegated piece and starts another, and runs in a portable kernel; so a norm or a split in
every layer costs more than its arithmetic.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx

from exporter.rewrites import add_constant

aten = torch.ops.aten


def attention_as_matmuls(module: fx.GraphModule) -> None:
    """Scaled dot-product attention as product, softmax, product, in rank 3.

    ExecuTorch would decompose it into a softmax that is safe for fully masked rows (any, eq, where, …), none of which
    is delegated. Rank 3, because a product of rank 4 becomes one of rank 3 between two expansions that are not.
    """
    for node in _calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, *rest = node.args
        mask = rest[0] if rest else node.kwargs.get("attn_mask")
        shape = node.meta["val"].shape
        *batch, queries, width = _shape(query)
        keys = _shape(key)[-2]
        scale = node.kwargs.get("scale") or width**-0.5
        with module.graph.inserting_before(node):
            scaled = _call(module, aten.mul.Tensor, query, scale)
            transposed = _call(module, aten.transpose.int, _merged(module, key), 1, 2)
            scores = _call(module, aten.bmm.default, _merged(module, scaled), transposed)
            if mask is not None:
                whole = _call(module, aten.reshape.default, scores, [*batch, queries, keys])
                scores = _merged(module, _call(module, aten.add.Tensor, whole, mask))
            weights = _call(module, aten.softmax.int, scores, -1)
            out = _call(module, aten.bmm.default, weights, _merged(module, value))
            result = _call(module, aten.reshape.default, out, list(shape))
        _replace(module, node, result)


def matmuls_in_rank_three(module: fx.GraphModule) -> None:
    """A product of two rank-4 tensors with equal leading axes, as one of rank 3.

    Left as it is, it is decomposed into expansions, which are not delegated even where they change nothing.
    """
    for node in _calls(module, aten.matmul.default):
        left, right = node.args
        if len(_shape(left)) != 4 or _shape(left)[:2] != _shape(right)[:2]:
            continue
        with module.graph.inserting_before(node):
            product = _call(module, aten.bmm.default, _merged(module, left), _merged(module, right))
            result = _call(module, aten.reshape.default, product, list(node.meta["val"].shape))
        _replace(module, node, result)


def softmax_in_rank_three(module: fx.GraphModule) -> None:
    """Softmax over the last axis of a rank-4 tensor, as a softmax over the same axis of a rank-3 one.

    XNNPACK keeps what a convolution returns in NHWC and, as of ExecuTorch 1.4, applies a softmax that follows to the
    wrong axis: talking-head attention comes out with an error above 100 %. A reshape in front restores NCHW.
    """
    for node in _calls(module, aten.softmax.int):
        shape = node.meta["val"].shape
        if len(shape) != 4 or node.args[1] not in (-1, 3):
            continue
        with module.graph.inserting_before(node):
            softmax = _call(module, aten.softmax.int, _merged(module, node.args[0]), -1, *node.args[2:])
            result = _call(module, aten.reshape.default, softmax, list(shape))
        _replace(module, node, result)


def splits_as_slices(module: fx.GraphModule) -> None:
    """`split` and `chunk` as slices: XNNPACK has the second."""
    kinds = (aten.split_with_sizes.default, aten.split.Tensor, aten.chunk.default)
    for node in [node for kind in kinds for node in _calls(module, kind)]:
        axis = node.args[2] if len(node.args) > 2 else node.kwargs.get("dim", 0)
        sizes = [part.shape[axis] for part in node.meta["val"]]
        starts = [sum(sizes[:index]) for index in range(len(sizes))]
        for user in list(node.users):
            start, size = starts[user.args[1]], sizes[user.args[1]]
            with module.graph.inserting_before(user):
                _replace(module, user, _call(module, aten.slice.Tensor, node.args[0], axis, start, start + size))


def indices_as_slices(module: fx.GraphModule) -> None:
    """`x[i]` and `x[None]` as a slice and a reshape: XNNPACK has those, and neither `select` nor `unsqueeze`."""
    for node in _calls(module, aten.select.int):
        x, axis, index = node.args
        first = index % _shape(x)[axis]
        with module.graph.inserting_before(node):
            part = _call(module, aten.slice.Tensor, x, axis, first, first + 1)
            _replace(module, node, _call(module, aten.reshape.default, part, list(node.meta["val"].shape)))
    for node in _calls(module, aten.unsqueeze.default):
        with module.graph.inserting_before(node):
            _replace(module, node, _call(module, aten.reshape.default, node.args[0], list(node.meta["val"].shape)))


def layer_norm_as_arithmetic(module: fx.GraphModule) -> None:
    """Layer norm over the last axis as differences, products and two means, each a linear layer of one output.

    XNNPACK has no norm, and a mean only over the two inner axes of a rank-4 tensor.
    """
    for node in _calls(module, aten.layer_norm.default):
        x, axes, gain, bias, epsilon = (*node.args, *(None, None, 1e-5)[len(node.args) - 2 :])[:5]
        if len(axes) != 1:
            continue
        width = axes[0]
        with module.graph.inserting_before(node):
            average = _filled(module, node, width, 1 / width)
            mean = _call(module, aten.linear.default, x, average)
            centred = _call(module, aten.sub.Tensor, x, mean)
            square = _call(module, aten.mul.Tensor, centred, centred)
            offset = _filled(module, node, None, epsilon)
            variance = _call(module, aten.linear.default, square, average, offset)
            result = _call(module, aten.mul.Tensor, centred, _call(module, aten.rsqrt.default, variance))
            if gain is not None:
                result = _call(module, aten.mul.Tensor, result, gain)
            if bias is not None:
                result = _call(module, aten.add.Tensor, result, bias)
        _replace(module, node, result)


def group_norm_as_arithmetic(module: fx.GraphModule) -> None:
    """Group norm with one group, on a map, as differences, products and means: over positions, then over channels.

    ExecuTorch's own kernel is outside the delegate and sums in single precision, one element after the other, which
    costs MobileViTv2 up to 9e-5 of its output.
    """
    for node in _calls(module, aten.group_norm.default):
        x, groups, gain, bias, epsilon = (*node.args, *(None, None, 1e-5)[len(node.args) - 2 :])[:5]
        channels = _shape(x)[1]
        if groups != 1 or len(_shape(x)) != 4:
            continue
        with module.graph.inserting_before(node):
            average = _filled(module, node, channels, 1 / channels)
            offset = _filled(module, node, None, epsilon)
            centred = _call(module, aten.sub.Tensor, x, _mean_of_map(module, x, average))
            square = _call(module, aten.mul.Tensor, centred, centred)
            factor = _call(module, aten.rsqrt.default, _mean_of_map(module, square, average, offset))
            result = _call(module, aten.mul.Tensor, centred, factor)
            for operation, weight in ((aten.mul.Tensor, gain), (aten.add.Tensor, bias)):
                if weight is not None:
                    along_channels = _call(module, aten.reshape.default, weight, [1, channels, 1, 1])
                    result = _call(module, operation, result, along_channels)
        _replace(module, node, result)


def sum_as_average_pool(module: fx.GraphModule) -> None:
    """The sum along the rows of a map, as an average pool one row long, times its length: XNNPACK has no sum."""
    for node in _calls(module, aten.sum.dim_IntList):
        x, axes, *keep = node.args
        shape = _shape(x)
        if len(shape) != 4 or list(axes) not in ([-1], [3]) or keep != [True]:
            continue
        if shape[3] == 1:
            _replace(module, node, x)
            continue
        row = [1, shape[3]]
        with module.graph.inserting_before(node):
            average = _call(module, aten.avg_pool2d.default, x, row, row, [0, 0], False, False)
            result = _call(module, aten.mul.Tensor, average, float(shape[3]))
        _replace(module, node, result)


def means_that_keep_axes(module: fx.GraphModule) -> None:
    """The mean of a map with its axes kept, that of tokens as a linear layer: the forms that XNNPACK has."""
    for node in _calls(module, aten.mean.dim):
        x, axes, *keep = node.args
        shape = _shape(x)
        axes = sorted(axis % len(shape) for axis in axes)
        with module.graph.inserting_before(node):
            if (len(shape), axes, keep) == (4, [2, 3], []):
                mean = _call(module, aten.mean.dim, x, [2, 3], True)
            elif (len(shape), axes, keep) == (3, [1], []):
                average = _filled(module, node, shape[1], 1 / shape[1])
                mean = _call(module, aten.linear.default, _call(module, aten.transpose.int, x, 1, 2), average)
            else:
                continue
            result = _call(module, aten.reshape.default, mean, list(node.meta["val"].shape))
        _replace(module, node, result)


def _mean_of_map(module: fx.GraphModule, x: fx.Node, average: fx.Node, *offset: fx.Node) -> fx.Node:
    """Mean over all of a map [1, C, H, W] but its batch axis, plus an offset: [1, 1, 1, 1]."""
    by_channel = _call(module, aten.mean.dim, x, [2, 3], True)
    flat = _call(module, aten.reshape.default, by_channel, [1, -1])
    return _call(module, aten.reshape.default, _call(module, aten.linear.default, flat, average, *offset), [1, 1, 1, 1])


def _calls(module: fx.GraphModule, target: Any) -> list[Any]:
    """Nodes that call an operator; as Any, because fx types each argument as everything it could be."""
    return [node for node in module.graph.nodes if node.target is target]


def _call(module: fx.GraphModule, target: Any, *args: Any) -> fx.Node:
    """A call whose result's shape is known, so that later passes can ask for it."""
    node = module.graph.call_function(target, args)
    node.meta["val"] = target(*fx.node.map_arg(args, _blank))
    return node


def _blank(node: fx.Node) -> Tensor:
    """A tensor without storage, of the shape and type of the node's result."""
    value = node.meta["val"]
    return torch.empty(value.shape, dtype=value.dtype, device="meta")


def _filled(module: fx.GraphModule, node: fx.Node, width: int | None, value: float) -> fx.Node:
    """A constant in the precision of `node`: the weight [1, width] of a linear layer, or without width its bias [1]."""
    shape = (1,) if width is None else (1, width)
    return add_constant(module, node, "filled", torch.full(shape, value, dtype=node.meta["val"].dtype))


def _replace(module: fx.GraphModule, node: fx.Node, result: fx.Node) -> None:
    node.replace_all_uses_with(result)
    module.graph.erase_node(node)


def _shape(node: Any) -> Sequence[int]:
    return node.meta["val"].shape


def _merged(module: fx.GraphModule, node: Any) -> fx.Node:
    """A rank-4 tensor with its first two axes as one."""
    return _call(module, aten.reshape.default, node, [-1, *_shape(node)[2:]])
