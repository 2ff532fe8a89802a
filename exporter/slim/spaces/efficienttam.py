"""EfficientTAM's space: blocks of its trunk, which of them attend to the whole map, the trunk's width, the layers that
read the memory, and the hidden channels of both.

What a tracker remembers and what it is asked with stay as they are, so that an app takes a slimmed one in place of its
parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from random import Random

import torch
from torch import Tensor, nn

from exporter.graphs.tracker import TrackStep
from exporter.models.efficienttam.config import MEMORY_SLOTS, PATCH, POINTER_SLOTS, EfficientTAMConfig
from exporter.models.efficienttam.model import EfficientTAM
from exporter.models.efficienttam.trunk import Block, Neck, Trunk
from exporter.slim.architecture import Architecture, Move, Outline, Piece
from exporter.slim.axes import Axes, Axis, Layer, axes_of
from exporter.slim.spaces.stages import (
    Kept,
    Widths,
    changed,
    dropped,
    knots,
    nearest,
    removals,
    share_of,
    some_blocks,
)

TRUNK, MEMORY = 0, 1
"""The stages that have blocks to lose"""
NAMES, GROUPS = ("trunk", "memory"), ("hidden", "memory")
"""For each stage: what it is called, and the group of its blocks' hidden channels"""
WINDOW = 8
"""Tokens a side, of a parent whose blocks all attend to the whole map"""
_BLOCK = r"image_encoder\.trunk\.blocks\.(\d+)"
_LAYER = r"memory_attention\.layers\.(\d+)"


@cache
def _layers(heads: int) -> tuple[Layer, ...]:
    return (
        Layer(rf"{_BLOCK}\.norm\d", "width"),
        Layer(rf"{_BLOCK}\.attn\.qkv", Axis(r"head.\1", 3 * heads), "width"),
        Layer(rf"{_BLOCK}\.attn\.proj", "width", Axis(r"head.\1", heads)),
        Layer(rf"{_BLOCK}\.mlp\.layers\.0", r"hidden.\1", "width"),
        Layer(rf"{_BLOCK}\.mlp\.layers\.1", "width", r"hidden.\1"),
        Layer(r"image_encoder\.trunk\.patch_embed\.proj", "width"),
        Layer(r"image_encoder\.trunk", third="width"),
        Layer(r"image_encoder\.neck\.convs\.0\.conv_1x1", None, "width"),
        Layer(rf"{_LAYER}\.linear1", r"memory.\1"),
        Layer(rf"{_LAYER}\.linear2", None, r"memory.\1"),
        Layer(r".*"),
    )


@dataclass(frozen=True)
class EfficientTAMSpace:
    """All that an EfficientTAM has in it."""

    given: EfficientTAMConfig
    """The parent's"""
    image_size: int
    notch: int = 4
    """Channels of a head that the trunk is narrowed by"""
    least: float = 0.5
    """Share of the parent's width that it keeps"""
    quarters: tuple[float, ...] = (0.25, 0.5, 0.75)
    """Shares of their hidden channels that blocks and layers may have"""

    @cached_property
    def config(self) -> EfficientTAMConfig:
        """The parent's, with what it leaves open filled in."""
        given = self.given
        hidden = given.trunk_hidden or (4 * given.width,) * given.depth
        memory_hidden = given.memory_hidden or (given.hidden,) * given.memory_layers
        window = given.window if len(given.global_blocks) < given.depth else WINDOW
        return replace(given, trunk_hidden=hidden, memory_hidden=memory_hidden, window=window)

    @property
    def side(self) -> int:
        """Of the map, in tokens"""
        return self.image_size // PATCH

    @property
    def parent(self) -> Architecture:
        kept = tuple(range(self.config.depth)), tuple(range(self.config.memory_layers))
        return Architecture(self.config, kept)

    @property
    def smallest(self) -> Architecture:
        attending = () if self._windows or 0 not in self.config.global_blocks else (0,)
        hidden = (self._hidden(TRUNK, 0)[0],), (self._hidden(MEMORY, 0)[0],)
        return self._of(((0,), (0,)), self._widths[0], attending, hidden)

    def _of(self, kept: Kept, width: int, global_blocks: tuple[int, ...], hidden: Kept) -> Architecture:
        """Of each stage, which blocks are kept, and their hidden channels."""
        config = replace(
            self.config,
            width=width,
            depth=len(kept[TRUNK]),
            global_blocks=global_blocks,
            trunk_hidden=hidden[TRUNK],
            memory_layers=len(kept[MEMORY]),
            memory_hidden=hidden[MEMORY],
        )
        return Architecture(config, kept)

    @cached_property
    def _widths(self) -> Widths:
        """All that the trunk may have: multiples of a notch in each head."""
        heads = self.config.heads
        each = self.config.width // heads
        lowest = -(-int(each * self.least) // self.notch) * self.notch
        return tuple(heads * one for one in dict.fromkeys((*range(lowest, each, self.notch), each)))

    def _hidden(self, stage: int, block: int) -> tuple[int, ...]:
        """All that a block of the parent may have between its linear layers."""
        most = hidden_of(self.config)[stage][block]
        return (*(int(share * most) for share in self.quarters), most)

    @property
    def _windows(self) -> bool:
        """Whether attention in windows takes less than to the whole map."""
        return self.side > self.config.window

    def drawn(self, random: Random) -> Architecture:
        kept = some_blocks(random, (self.config.depth, self.config.memory_layers))
        blocks = kept[TRUNK]
        attending = tuple(
            place
            for place, block in enumerate(blocks)
            if block in self.config.global_blocks and (not self._windows or random.random() < 0.5)
        )
        trunk, memory = (
            tuple(random.choice(self._hidden(stage, block)) for block in blocks) for stage, blocks in enumerate(kept)
        )
        return self._of(kept, random.choice(self._widths), attending, (trunk, memory))

    def moves(self, architecture: Architecture) -> Iterator[tuple[Move, Architecture]]:
        config: EfficientTAMConfig = architecture.config
        kept = architecture.kept
        for stage, place in removals(kept):
            yield Move("block", stage, place, NAMES[stage]), self._without(architecture, stage, place)
        if self._windows:
            for place in config.global_blocks:
                left = tuple(one for one in config.global_blocks if one != place)
                windowed = replace(config, global_blocks=left)
                yield Move("attention", TRUNK, place, NAMES[TRUNK]), replace(architecture, config=windowed)
        if below := [one for one in self._widths if one < config.width]:
            yield (
                Move("width", TRUNK, stage_name=NAMES[TRUNK]),
                replace(architecture, config=replace(config, width=below[-1])),
            )
        for stage, hidden in enumerate(hidden_of(config)):
            for place, (block, channels) in enumerate(zip(kept[stage], hidden, strict=True)):
                if below := [one for one in self._hidden(stage, block) if one < channels]:
                    less = changed(hidden_of(config), stage, changed(hidden, place, below[-1]))
                    narrower = self._of(kept, config.width, config.global_blocks, less)
                    yield Move("hidden", stage, place, NAMES[stage]), narrower

    def _without(self, architecture: Architecture, stage: int, place: int) -> Architecture:
        config: EfficientTAMConfig = architecture.config
        kept, hidden = (dropped(own, stage, place) for own in (architecture.kept, hidden_of(config)))
        attending = config.global_blocks
        if stage == TRUNK:
            attending = tuple(one - (one > place) for one in attending if one != place)
        return self._of(kept, config.width, attending, hidden)

    def narrowed(self, share: float) -> Architecture:
        width = nearest(share, self._widths)
        kept = self.parent.kept
        trunk, memory = (
            share_of(share, [self._hidden(stage, block) for block in blocks]) for stage, blocks in enumerate(kept)
        )
        return self._of(kept, width, self.config.global_blocks, (trunk, memory))

    def channels(self, group: str) -> Sequence[int]:
        kind, *block = group.split(".")
        if kind in GROUPS:
            return self._hidden(GROUPS.index(kind), int(block[0]))
        return [width // self.config.heads for width in self._widths] if kind == "head" else self._widths

    def build(self, architecture: Architecture) -> EfficientTAM:
        return EfficientTAM(architecture.config, self.image_size)

    def axes(self, key: str) -> Axes:
        return axes_of(key, _layers(self.config.heads))

    def origins(self, architecture: Architecture) -> Mapping[str, str]:
        names = ("image_encoder.trunk.blocks", "memory_attention.layers")
        return {
            f"{name}.{place}.": f"{name}.{block}."
            for name, blocks in zip(names, architecture.kept, strict=True)
            for place, block in enumerate(blocks)
        }

    def outlines(self, architecture: Architecture) -> tuple[Outline, ...]:
        config: EfficientTAMConfig = architecture.config
        trunk = {
            block: f"{'whole map' if place in config.global_blocks else 'windows'}, {config.trunk_hidden[place]} hidden"
            for place, block in enumerate(architecture.kept[TRUNK])
        }
        memory = {
            layer: f"attention to the memory, {hidden} hidden"
            for layer, hidden in zip(architecture.kept[MEMORY], config.memory_hidden, strict=True)
        }
        return Outline(NAMES[TRUNK], config.width, trunk), Outline(NAMES[MEMORY], config.channels, memory)

    def pieces(self, architecture: Architecture) -> tuple[Piece, ...]:
        config: EfficientTAMConfig = architecture.config
        blocks = (
            Piece("block", (config.width, 0 if place in config.global_blocks else config.window, channels))
            for place, channels in enumerate(config.trunk_hidden)
        )
        step = Piece("track step", (config.memory_layers, sum(config.memory_hidden)))
        return Piece("patches", (config.width,)), *blocks, Piece("neck", (config.width,)), step

    def grid(self, piece: Piece) -> tuple[tuple[int, ...], ...]:
        widths = knots(self._widths)
        match piece.kind, piece.numbers:
            case "block", (_, window, _):
                return widths, (window,), self._hidden_of_all(TRUNK)
            case "track step", (layers, _):
                return (layers,), tuple(layers * hidden for hidden in self._hidden_of_all(MEMORY))
        return (widths,)

    def _hidden_of_all(self, stage: int) -> tuple[int, ...]:
        """The least and the most hidden channels that a block of the stage may have"""
        blocks = self.parent.kept[stage]
        return knots(sorted({one for block in blocks for one in self._hidden(stage, block)}), 2)

    def module(self, piece: Piece) -> tuple[nn.Module, tuple[int, ...]]:
        match piece.kind, piece.numbers:
            case "patches", (width,):
                config = replace(self.config, width=width, depth=0, trunk_hidden=())
                return Trunk(config), (3, self.image_size, self.image_size)
            case "block", (width, window, hidden):
                return _Block(width, self.config.heads, window or None, hidden), (self.side**2, width)
            case "neck", (width,):
                return Neck(width, self.config.channels), (width, self.side, self.side)
            case "track step", (layers, hidden):
                each = tuple(hidden // layers + (layer < hidden % layers) for layer in range(layers))
                config = replace(self.config, memory_layers=layers, memory_hidden=each)
                model = EfficientTAM(config, self.image_size)
                return _TrackStep(model), (self.config.channels, self.side, self.side)
        raise ValueError(f"an EfficientTAM has no piece {piece}")


def hidden_of(config: EfficientTAMConfig) -> Kept:
    """Of each stage, its blocks' hidden channels"""
    return config.trunk_hidden, config.memory_hidden


class _Block(Block):
    """Over tokens, row by row: [1, g · g, width] -> the same shape."""

    def forward(self, x: Tensor) -> Tensor:
        side = round(x.shape[1] ** 0.5)
        return super().forward(x.reshape(side, side, -1)).reshape(x.shape)


class _TrackStep(nn.Module):
    """A tracker without its image encoder, in the middle of a video: features [1, C, g, g] -> all that a step gives."""

    def __init__(self, model: EfficientTAM) -> None:
        super().__init__()
        model.image_encoder = nn.Identity()  # type: ignore[assignment]
        self.step = TrackStep(model)

    def forward(self, features: Tensor) -> list[Tensor]:
        """What it remembers is made of the features, so that no part of it is a constant."""
        channels = self.step.model.config.memory_channels
        memory = features[0, :channels].flatten(1).t().expand(MEMORY_SLOTS, -1, -1)
        pointers = features.mean((2, 3)).expand(POINTER_SLOTS, -1)
        valid = torch.ones(MEMORY_SLOTS), torch.ones(POINTER_SLOTS)
        return list(self.step(features, memory, valid[0], pointers, valid[1]).values())
