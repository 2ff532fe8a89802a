"""Where convolution and transformer meet: the bridge blocks of arXiv 2303.12557 §3.2.

A program has maps [B, C, H, W], which convolutions, pools and resizes keep, and tokens, in which a reshape has merged H
and W or taken them apart. A bridge reaches from where values leave the form of a map to where they are a map again;
where they never are, to the last of them. All that happens at one size of map, between two that make it smaller, is one
bridge: the paper counts three in a MobileViT, one in EfficientFormer v1 and two in v2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from exporter.quantise.simulated import LAYERS
from exporter.quantise.tensors import VIEWS

aten = torch.ops.aten


@dataclass(frozen=True)
class Bridge:
    """A stretch of a program in which values change between maps and tokens."""

    size: tuple[int, int]
    """Height and width of the map that it is made from"""
    layers: tuple[str, ...]
    """Convolutions and linear layers in it: those before tokens are made, among them, and those that read the map again"""
