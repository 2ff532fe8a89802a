"""Where convolution and transformer meet: the bridge blocks of arXiv 2303.12557 §3.2.

A program has maps [B, C, H, W], which convolutions, pools and resizes keep, and tokens, in which a reshape has merged H
and W or taken them apart. A bridge reaches from where values leave the form of a map to where they are a map again;
where they never are, to the last of them. All that happens at one size of map, between two that make it smaller, is one
bridge: the paper counts three in a MobileViT, one in EfficientFormer v1 and two in v2.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from exporter.quantise.simulated import LAYERS
from exporter.quantise.tensors import VIEWS

aten = torch.ops.aten

Size = tuple[int, int]
"""Height and width"""


@dataclass(frozen=True)
class Bridge:
    """A stretch of a program in which values change between maps and tokens."""

    size: Size
    """Height and width of the map that it is made from"""
    layers: tuple[str, ...]
    """Convolutions and linear layers: those before tokens, those among them and those that read the map again"""
    outputs: tuple[str, ...]
    """Nodes at which it is a map again, or the last tokens"""


def bridges(graph: fx.Graph) -> tuple[Bridge, ...]:
    """The bridges of a captured program, in its order."""
    maps = set[fx.Node]()
    tokens: dict[fx.Node, frozenset[Size]] = {}
    """Those made from maps -> the sizes of these"""
    found: dict[Size, _Stretch] = {}
    for node in graph.nodes:
        if node.op == "output":
            break
        sizes = frozenset[Size]().union(*(tokens.get(one, frozenset()) for one in node.all_input_nodes))
        if sizes and _is_map_again(node, sizes):
            for size in sizes:
                found[size].layers.update({node: None} if node.target in LAYERS else {})
                found[size].outputs[node] = None
            maps.add(node)
        elif sizes:
            tokens[node] = sizes
            for size in sizes:
                found[size].layers.update({node: None} if node.target in LAYERS else {})
        elif (left := _left(node, maps)) is not None:
            tokens[node] = frozenset({left})
            found.setdefault(left, _Stretch()).layers.update(_layers_before(node))
        elif _is_map(node, maps):
            maps.add(node)
    last = [node for node in tokens if not any(user in tokens for user in node.users)]
    for size, stretch in found.items():
        if not stretch.outputs:
            stretch.outputs.update({node: None for node in last if size in tokens[node]})
    return tuple(stretch.bridge(size) for size, stretch in found.items())


class _Stretch:
    """A bridge in the making; nodes in the order in which they are met."""

    def __init__(self) -> None:
        self.layers: dict[fx.Node, None] = {}
        self.outputs: dict[fx.Node, None] = {}

    def bridge(self, size: Size) -> Bridge:
        return Bridge(size, tuple(node.name for node in self.layers), tuple(node.name for node in self.outputs))


def _is_map(node: fx.Node, maps: Collection[fx.Node]) -> bool:
    """Whether the last two axes are height and width: of an image, of what a convolution computes, or made of such."""
    if node.op == "placeholder" or node.target is aten.conv2d.default:
        return len(_shape(node)) == 4
    return any(one in maps for one in node.all_input_nodes) and len(_shape(node)) in (3, 4)


def _left(node: fx.Node, maps: Collection[fx.Node]) -> Size | None:
    """Height and width of the map that `node` is another order or shape of; None where it still is that map."""
    if node.target not in VIEWS or node.all_input_nodes[0] not in maps:
        return None
    before, after = _shape(node.all_input_nodes[0]), _shape(node)
    size = (before[-2], before[-1])
    if size == (1, 1):
        return None
    rank = len(before)
    arguments: list[Any] = list(node.args[1:])
    if node.target is aten.permute.default:
        kept = [axis % rank for axis in arguments[0]][-2:] == [rank - 2, rank - 1]
    elif node.target is aten.transpose.int:
        kept = all(axis % rank < rank - 2 for axis in arguments)
    else:
        kept = tuple(after[-2:]) == size
    return None if kept else size


def _is_map_again(node: fx.Node, sizes: frozenset[Size]) -> bool:
    """Whether `node`, which is given tokens, takes them for a map: a convolution does, and whatever joins a map."""
    shapes = [_shape(one) for one in node.all_input_nodes if one.op != "get_attr"]
    maps = all(len(shape) == 4 and tuple(shape[2:]) in sizes for shape in shapes)
    return maps and (node.target is aten.conv2d.default or len(shapes) > 1)


def _layers_before(node: fx.Node) -> dict[fx.Node, None]:
    """The layers whose results `node` is made of, without a layer between."""
    found: dict[fx.Node, None] = {}
    waiting = [node.all_input_nodes[0]]
    while waiting:
        one = waiting.pop()
        if one.target in LAYERS:
            found[one] = None
        else:
            waiting += [given for given in one.all_input_nodes if given.op != "get_attr"]
    return found


def _shape(node: fx.Node) -> list[int]:
    value = node.meta.get("val")
    return list(value.shape) if isinstance(value, Tensor) else []
