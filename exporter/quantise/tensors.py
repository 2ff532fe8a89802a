"""The tensors of a captured program that a runtime holds as integers, told apart from mere views of them."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import Tensor, fx

from exporter.operations.of_program import operator_name

aten = torch.ops.aten

VIEWS = frozenset(
    {
        aten.reshape.default,
        aten.view.default,
        aten.flatten.using_ints,
        aten.transpose.int,
        aten.permute.default,
        aten.unsqueeze.default,
        aten.squeeze.dim,
        aten.squeeze.default,
        aten.pixel_shuffle.default,
        aten.pixel_unshuffle.default,
        aten.contiguous.default,
        aten.clone.default,
        aten.alias.default,
        aten.detach.default,
    }
)
"""Operators whose result has the same values in another order or shape: its integers are those of their operand"""
PARTS = frozenset(
    {
        operator.getitem,
        aten.chunk.default,
        aten.split.Tensor,
        aten.split_with_sizes.default,
        aten.unbind.int,
        aten.select.int,
        aten.slice.Tensor,
    }
)
"""Operators that cut: runtimes want the range of the whole for the parts"""


def source(node: fx.Node) -> fx.Node:
    """The node that computed the values of `node`, which may be a view or a part of them."""
    while node.target in VIEWS | PARTS:
        node = node.all_input_nodes[0]
    return node


def is_float(node: fx.Node) -> bool:
    """Whether the result is one tensor of floating-point numbers."""
    value = node.meta.get("val")
    return isinstance(value, Tensor) and value.dtype.is_floating_point


def readers(node: fx.Node) -> Iterator[fx.Node]:
    """Nodes that compute with a result, whichever view or part of it they are given."""
    for user in node.users:
        if user.target in VIEWS | PARTS:
            yield from readers(user)
        else:
            yield user


def operands(node: fx.Node) -> list[fx.Node]:
    """The sources of what an operator computes with; of a layer, without its weights."""
    given: list[Any] = (
        [node.args[0]] if node.target in (aten.conv2d.default, aten.linear.default) else node.all_input_nodes
    )
    return [source(one) for one in given if is_float(one)]


def operators(graph: fx.Graph, kinds: Collection[str]) -> list[fx.Node]:
    """The operators of `kinds` that compute one tensor of floats."""
    calls = [node for node in graph.nodes if node.op == "call_function" and is_float(node)]
    return [node for node in calls if operator_name(node) in kinds]


def in_integers(graph: fx.Graph, kinds: Collection[str]) -> list[fx.Node]:
    """What operators of `kinds` read and write, in the order of the program; constants that they add, too."""
    found: dict[fx.Node, None] = {}
    for node in operators(graph, kinds):
        found |= dict.fromkeys([*operands(node), node])
    return sorted(found, key=list(graph.nodes).index)
