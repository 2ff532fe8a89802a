"""The folds applied at capture: arithmetic on weights alone, done once in float64 instead of in every run."""

from typing import Any, TypeGuard, cast

import torch
from torch import Tensor, fx

from exporter.rewrites import Rewrite
from exporter.rewrites.editing import add_constant, constant

aten = torch.ops.aten

_CHANNEL_AXIS: dict[Any, int] = {aten.conv2d.default: -3, aten.linear.default: -1}
"""Layers that an affine map can be folded into -> axis of their output channels."""
_OF_A_SHAPE = (
    aten.ones_like.default,
    aten.zeros_like.default,
    aten.full_like.default,
    aten.new_ones.default,
    aten.new_zeros.default,
    aten.new_full.default,
)
_ATTENTION = aten.scaled_dot_product_attention.default


def fold_constants(module: fx.GraphModule) -> None:
    """Evaluate what depends on weights and shapes alone: gathered attention biases, reshaped layer scales, ones.

    Every runtime wants it: a gather in front of each attention would cost more than the addition it feeds, and LiteRT's
    GPU delegate refuses an operator all of whose operands are constants.
    """
    for node in list(module.graph.nodes):
        if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
            continue
        # Attention counts as random, because it could drop weights; in inference none does.
        if torch.Tag.nondeterministic_seeded in node.target.tags and node.target is not _ATTENTION:
            continue
        operands = {operand: _known(module, node, operand) for operand in node.all_input_nodes}
        if any(value is None for value in operands.values()):
            continue
        args, kwargs = fx.node.map_arg((node.args, node.kwargs), operands.__getitem__)
        result = node.target(*args, **kwargs)
        if isinstance(result, Tensor):
            node.replace_all_uses_with(add_constant(module, node, node.name, result))
            module.graph.erase_node(node)


def _known(module: fx.GraphModule, node: fx.Node, operand: fx.Node) -> Tensor | None:
    """The constant that `operand` is; where `node` asks for its shape only, any tensor of that shape."""
    if node.target in _OF_A_SHAPE:
        return torch.empty(operand.meta["val"].shape, dtype=operand.meta["val"].dtype)
    return constant(module, operand)


def merge_parallel_linears(module: fx.GraphModule) -> None:
    """Sum the weights of two linear layers whose outputs are summed: a distilled model's two heads become one."""
    for node in list(module.graph.nodes):
        if node.target is not aten.add.Tensor or node.kwargs:
            continue
        first, second = node.args
        if not all(isinstance(n, fx.Node) and n.target is aten.linear.default for n in (first, second)):
            continue
        if first.args[0] is not second.args[0] or len(first.users) > 1 or len(second.users) > 1:
            continue
        if (one := _parameters(module, first)) is None or (other := _parameters(module, second)) is None:
            continue
        if one[0].ndim != 2 or one[0].shape != other[0].shape:
            continue
        _set_parameters(module, first, one[0] + other[0], one[1] + other[1])
        node.replace_all_uses_with(first)
        module.graph.erase_node(node)


def fold_affine(module: fx.GraphModule) -> None:
    """Fold batch norm, layer scale and constant factors into the convolution or linear layer before them.

    Every runtime wants it. Some fuse batch norm themselves, none sees through all of the three.
    """
    for node in list(module.graph.nodes):
        if (found := _affine_of_layer(module, node)) is None:
            continue
        layer, scale, shift = found
        if (parameters := _parameters(module, layer)) is None:
            continue
        weight, bias = parameters
        _set_parameters(module, layer, weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), bias * scale + shift)
        node.replace_all_uses_with(layer)
        module.graph.erase_node(node)


def fold_subsampled_shortcut(module: fx.GraphModule) -> None:
    """A strided depthwise convolution plus every stride-th pixel of its input, as the convolution alone.

    The shortcut is 1 on the centre tap. XNNPACK has no strided slice, and elsewhere too it is a copy saved.
    """
    for node in list(module.graph.nodes):
        if node.target is not aten.add.Tensor or node.kwargs:
            continue
        for layer, shortcut in (node.args, node.args[::-1]):
            if not (_foldable(layer) and layer.target is aten.conv2d.default):
                continue
            stride = _depthwise_stride(layer)
            if stride is None or not _subsamples(shortcut, layer.args[0], stride):
                continue
            if (parameters := _parameters(module, layer)) is None:
                continue
            weight, bias = parameters
            tap = torch.zeros_like(weight)
            tap[:, :, weight.shape[2] // 2, weight.shape[3] // 2] = 1
            _set_parameters(module, layer, weight + tap, bias)
            node.replace_all_uses_with(layer)
            module.graph.erase_node(node)
            break


def _depthwise_stride(layer: Any) -> int | None:
    """Stride of a depthwise convolution that is centred on the pixels it keeps; None for any other layer."""
    # conv2d(input, weight, bias, stride, padding, dilation, groups)
    defaults: list[Any] = [None, [1, 1], [0, 0], [1, 1], 1]
    _, weight, _, stride, padding, dilation, groups = list(layer.args) + defaults[len(layer.args) - 2 :]
    channels, per_group, height, width = weight.meta["val"].shape
    centred = per_group == 1 and groups == channels and height == width and height % 2 == 1
    if centred and list(dilation) == [1, 1] and list(padding) == [height // 2] * 2 and stride[0] == stride[1]:
        return stride[0]
    return None


def _subsamples(node: Any, source: object, stride: int) -> bool:
    """Whether `node` is source[:, :, ::stride, ::stride]."""
    for axis in (3, 2):
        if not (isinstance(node, fx.Node) and node.target is aten.slice.Tensor):
            return False
        # slice(input, axis, start, end, step)
        arguments: list[Any] = [*node.args, *(0, None, None, 1)[len(node.args) - 1 :]]
        given, position, start, end, step = arguments
        whole = end is None or end >= given.meta["val"].shape[axis]
        if position != axis or start not in (0, None) or step != stride or not whole:
            return False
        node = given
    return node is source


FOLDS: tuple[Rewrite, ...] = (
    fold_constants,
    merge_parallel_linears,
    fold_subsampled_shortcut,
    fold_affine,
)


def _parameters(module: fx.GraphModule, layer: fx.Node) -> tuple[Tensor, Tensor] | None:
    """Weight and bias of a layer in float64, zeros for no bias; None where they are not constant."""
    weight = constant(module, layer.args[1])
    given = layer.args[2] if len(layer.args) > 2 else None
    bias = constant(module, given)
    if weight is None or (given is not None and bias is None):
        return None
    return weight.double(), torch.zeros(len(weight), dtype=torch.float64) if bias is None else bias.double()


def _set_parameters(module: fx.GraphModule, layer: fx.Node, weight: Tensor, bias: Tensor) -> None:
    """Give a layer new weights, in the precision of its output; other users of the old ones keep those."""
    dtype = layer.meta["val"].dtype
    weight_node = add_constant(module, layer, "weight", weight.to(dtype))
    bias_node = add_constant(module, layer, "bias", bias.to(dtype))
    layer.args = (layer.args[0], weight_node, bias_node, *layer.args[3:])


def _affine_of_layer(module: fx.GraphModule, node: fx.Node) -> tuple[fx.Node, Tensor, Tensor] | None:
    """(layer, scale, shift) where `node` is layer * scale + shift for each output channel, and its only user.

    Scale and shift are float64 vectors of the layer's output channels.
    """
    if node.target is aten.batch_norm.default:
        layer = node.args[0]
        if not (_foldable(layer) and _channel_axis(layer) == 1):
            return None
        affine = _batch_norm_affine(module, node)
        return None if affine is None else (layer, *affine)
    if node.target not in (aten.mul.Tensor, aten.div.Tensor):
        return None
    division = node.target is aten.div.Tensor
    for layer, factor in [node.args] if division else [node.args, node.args[::-1]]:
        if not (_foldable(layer) and _alike(layer, node)):
            continue
        if (scale := _channel_vector(module, factor, layer)) is not None:
            return layer, 1 / scale if division else scale, torch.zeros_like(scale)
    return None


def _foldable(node: object) -> TypeGuard[fx.Node]:
    return isinstance(node, fx.Node) and node.target in _CHANNEL_AXIS and len(node.users) == 1


def _channel_axis(layer: fx.Node) -> int:
    return _CHANNEL_AXIS[layer.target] % int(layer.meta["val"].ndim)


def _alike(a: fx.Node, b: fx.Node) -> bool:
    """Whether two results have the same shape and type: nothing was broadcast or promoted between them."""
    one, other = a.meta["val"], b.meta["val"]
    return bool(one.shape == other.shape and one.dtype == other.dtype)


def _batch_norm_affine(module: fx.GraphModule, node: fx.Node) -> tuple[Tensor, Tensor] | None:
    """Scale and shift of a batch norm over axis 1; None where it takes its statistics from the batch."""
    # batch_norm(input, weight, bias, running mean, running variance, training, momentum, epsilon, cudnn)
    gain, bias, mean, variance = (constant(module, argument) for argument in node.args[1:5])
    training, epsilon = node.args[5], cast(float, node.args[7])
    if training or mean is None or variance is None:
        return None
    scale = (variance.double() + epsilon).rsqrt()
    scale = scale if gain is None else scale * gain.double()
    return scale, -mean.double() * scale + (0 if bias is None else bias.double())


def _channel_vector(module: fx.GraphModule, factor: Any, layer: fx.Node) -> Tensor | None:
    """`factor` as a float64 vector of the layer's output channels; None where it varies along another axis."""
    value = torch.tensor(factor, dtype=torch.float64) if isinstance(factor, int | float) else constant(module, factor)
    output = layer.meta["val"]
    if value is None or value.ndim > output.ndim:
        return None
    axis = _channel_axis(layer)
    padded = value.reshape([1] * (output.ndim - value.ndim) + list(value.shape))
    if any(size != 1 for position, size in enumerate(padded.shape) if position != axis):
        return None
    return padded.flatten().double().expand(output.shape[axis])
