"""Rewrites for ExecuTorch's XNNPACK delegate: what it has no operator for, said in operators that it has.

Each operator outside ends a delegated piece and starts another, and runs in a portable kernel; so a norm or a split in
every layer costs more than its arithmetic.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import torch
from torch import fx

from exporter.rewrites.attention import attention_arguments
from exporter.rewrites.editing import add_constant, call, calls, constant, filled, merged, replace, shape_of

aten = torch.ops.aten


def attention_as_matmuls(module: fx.GraphModule) -> None:
    """Scaled dot-product attention as product, softmax, product, in rank 3.

    ExecuTorch would decompose it into a softmax that is safe for fully masked rows (any, eq, where, …), none of which
    is delegated. Rank 3, because a product of rank 4 becomes one of rank 3 between two expansions that are not.
    """
    for node in calls(module, aten.scaled_dot_product_attention.default):
        query, key, value, mask, scale = attention_arguments(node)
        shape = shape_of(node)
        *batch, queries, _ = shape_of(query)
        keys = shape_of(key)[-2]
        with module.graph.inserting_before(node):
            scaled = call(module, aten.mul.Tensor, query, scale)
            transposed = call(module, aten.transpose.int, merged(module, key), 1, 2)
            scores = call(module, aten.bmm.default, merged(module, scaled), transposed)
            if mask is not None:
                whole = call(module, aten.reshape.default, scores, [*batch, queries, keys])
                scores = merged(module, call(module, aten.add.Tensor, whole, mask))
            weights = call(module, aten.softmax.int, scores, -1)
            out = call(module, aten.bmm.default, weights, merged(module, value))
            result = call(module, aten.reshape.default, out, list(shape))
        replace(module, node, result)


def matmuls_in_rank_three(module: fx.GraphModule) -> None:
    """A product of two rank-4 tensors with equal leading axes, as one of rank 3.

    ExecuTorch decomposes it into expansions otherwise, which are not delegated even where they change nothing.
    """
    for node in calls(module, aten.matmul.default):
        left, right = node.args
        if len(shape_of(left)) != 4 or shape_of(left)[:2] != shape_of(right)[:2]:
            continue
        with module.graph.inserting_before(node):
            product = call(module, aten.bmm.default, merged(module, left), merged(module, right))
            result = call(module, aten.reshape.default, product, list(shape_of(node)))
        replace(module, node, result)


def softmax_in_rank_three(module: fx.GraphModule) -> None:
    """Softmax over the last axis of a rank-4 tensor, as a softmax over the same axis of a rank-3 one.

    XNNPACK keeps what a convolution returns in NHWC and, as of ExecuTorch 1.4, applies a softmax that follows to the
    wrong axis: talking-head attention comes out with an error above 100 %. A reshape in front restores NCHW.
    """
    for node in calls(module, aten.softmax.int):
        shape = shape_of(node)
        if len(shape) != 4 or node.args[1] not in (-1, 3):
            continue
        with module.graph.inserting_before(node):
            softmax = call(module, aten.softmax.int, merged(module, node.args[0]), -1, *node.args[2:])
            result = call(module, aten.reshape.default, softmax, list(shape))
        replace(module, node, result)


def convolutions_in_parts(module: fx.GraphModule) -> None:
    """A convolution that is only split along its channels, as a convolution for each part.

    That saves the copies. And for channels that fill no tile of its best kernel, as MobileViTv2's 1 + 128 + 128 do,
    XNNPACK computes all of them with a narrower one; in parts only the one channel takes that.
    """
    for node in _splits(module):
        layer = node.args[0]
        if layer.target is not aten.conv2d.default or len(layer.users) > 1 or _split_axis(node) != 1:
            continue
        # conv2d(input, weight, bias, stride, padding, dilation, groups)
        arguments = list(layer.args)
        given = [place for place, value in enumerate(arguments[:3]) if place and value is not None]
        parameters = {place: value for place in given if (value := constant(module, arguments[place])) is not None}
        if len(parameters) < len(given) or arguments[6:] not in ([], [1]):
            continue
        for user, start, end in _parts(node):
            for place, value in parameters.items():
                arguments[place] = add_constant(module, user, "part", value[start:end])
            with module.graph.inserting_before(user):
                replace(module, user, call(module, aten.conv2d.default, *arguments))


def splits_as_slices(module: fx.GraphModule) -> None:
    """`split` and `chunk` as slices: XNNPACK has the second."""
    for node in _splits(module):
        for user, start, end in _parts(node):
            with module.graph.inserting_before(user):
                replace(module, user, call(module, aten.slice.Tensor, node.args[0], _split_axis(node), start, end))


def _splits(module: fx.GraphModule) -> list[Any]:
    kinds = (aten.split_with_sizes.default, aten.split.Tensor, aten.chunk.default)
    return [node for kind in kinds for node in calls(module, kind)]


def _split_axis(node: Any) -> int:
    axis: int = node.args[2] if len(node.args) > 2 else node.kwargs.get("dim", 0)
    return axis % len(shape_of(node.args[0]))


def _parts(node: Any) -> Iterator[tuple[fx.Node, int, int]]:
    """What takes a part of a split, and where that part starts and ends along the axis."""
    ends = list(accumulate(part.shape[_split_axis(node)] for part in node.meta["val"]))
    for user in list(node.users):
        index = user.args[1]
        yield user, ends[index - 1] if index else 0, ends[index]


def indices_as_slices(module: fx.GraphModule) -> None:
    """`x[i]` and `x[None]` as a slice and a reshape: XNNPACK has those, and neither `select` nor `unsqueeze`."""
    for node in calls(module, aten.select.int):
        x, axis, index = node.args
        first = index % shape_of(x)[axis]
        with module.graph.inserting_before(node):
            part = call(module, aten.slice.Tensor, x, axis, first, first + 1)
            replace(module, node, call(module, aten.reshape.default, part, list(shape_of(node))))
    for node in calls(module, aten.unsqueeze.default):
        with module.graph.inserting_before(node):
            replace(module, node, call(module, aten.reshape.default, node.args[0], list(shape_of(node))))


def layer_norm_as_arithmetic(module: fx.GraphModule) -> None:
    """Layer norm over the last axis as differences, products and two means, each a linear layer of one output.

    XNNPACK has no norm, and a mean only over the two inner axes of a rank-4 tensor.
    """
    for node in calls(module, aten.layer_norm.default):
        x, axes, gain, bias, epsilon = (*node.args, *(None, None, 1e-5)[len(node.args) - 2 :])[:5]
        if len(axes) != 1:
            continue
        width = axes[0]
        with module.graph.inserting_before(node):
            average = filled(module, node, width, 1 / width)
            mean = call(module, aten.linear.default, x, average)
            centred = call(module, aten.sub.Tensor, x, mean)
            square = call(module, aten.mul.Tensor, centred, centred)
            offset = filled(module, node, None, epsilon)
            variance = call(module, aten.linear.default, square, average, offset)
            result = call(module, aten.mul.Tensor, centred, call(module, aten.rsqrt.default, variance))
            if gain is not None:
                result = call(module, aten.mul.Tensor, result, gain)
            if bias is not None:
                result = call(module, aten.add.Tensor, result, bias)
        replace(module, node, result)


def group_norm_as_arithmetic(module: fx.GraphModule) -> None:
    """Group norm with one group, on a map, as differences, products and means: over positions, then over channels.

    ExecuTorch's own kernel is outside the delegate and sums in single precision, one element after the other, which
    costs MobileViTv2 up to 9e-5 of its output.
    """
    for node in calls(module, aten.group_norm.default):
        x, groups, gain, bias, epsilon = (*node.args, *(None, None, 1e-5)[len(node.args) - 2 :])[:5]
        channels = shape_of(x)[1]
        if groups != 1 or len(shape_of(x)) != 4:
            continue
        with module.graph.inserting_before(node):
            average = filled(module, node, channels, 1 / channels)
            offset = filled(module, node, None, epsilon)
            centred = call(module, aten.sub.Tensor, x, _mean_of_map(module, x, average))
            square = call(module, aten.mul.Tensor, centred, centred)
            factor = call(module, aten.rsqrt.default, _mean_of_map(module, square, average, offset))
            result = call(module, aten.mul.Tensor, centred, factor)
            for operation, weight in ((aten.mul.Tensor, gain), (aten.add.Tensor, bias)):
                if weight is not None:
                    along_channels = call(module, aten.reshape.default, weight, [1, channels, 1, 1])
                    result = call(module, operation, result, along_channels)
        replace(module, node, result)


def sum_as_average_pool(module: fx.GraphModule) -> None:
    """The sum along the rows of a map, as an average pool one row long, times its length: XNNPACK has no sum."""
    for node in calls(module, aten.sum.dim_IntList):
        x, axes, *keep = node.args
        shape = shape_of(x)
        if len(shape) != 4 or list(axes) not in ([-1], [3]) or keep != [True]:
            continue
        if shape[3] == 1:
            replace(module, node, x)
            continue
        row = [1, shape[3]]
        with module.graph.inserting_before(node):
            average = call(module, aten.avg_pool2d.default, x, row, row, [0, 0], False, False)
            result = call(module, aten.mul.Tensor, average, float(shape[3]))
        replace(module, node, result)


def means_that_keep_axes(module: fx.GraphModule) -> None:
    """The mean of a map with its axes kept, that of tokens as a linear layer: the forms that XNNPACK has."""
    for node in calls(module, aten.mean.dim):
        x, axes, *keep = node.args
        shape = shape_of(x)
        axes = sorted(axis % len(shape) for axis in axes)
        with module.graph.inserting_before(node):
            if (len(shape), axes, keep) == (4, [2, 3], []):
                mean = call(module, aten.mean.dim, x, [2, 3], True)
            elif (len(shape), axes, keep) == (3, [1], []):
                average = filled(module, node, shape[1], 1 / shape[1])
                mean = call(module, aten.linear.default, call(module, aten.transpose.int, x, 1, 2), average)
            else:
                continue
            result = call(module, aten.reshape.default, mean, list(shape_of(node)))
        replace(module, node, result)


def _mean_of_map(module: fx.GraphModule, x: fx.Node, average: fx.Node, *offset: fx.Node) -> fx.Node:
    """Mean over all of a map [1, C, H, W] but its batch axis, plus an offset: [1, 1, 1, 1]."""
    by_channel = call(module, aten.mean.dim, x, [2, 3], True)
    flat = call(module, aten.reshape.default, by_channel, [1, -1])
    return call(module, aten.reshape.default, call(module, aten.linear.default, flat, average, *offset), [1, 1, 1, 1])
