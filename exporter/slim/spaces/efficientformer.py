"""EfficientFormer's space (arXiv 2206.01191 §4.2): widths of stages, their blocks, and which of these have attention.

The paper's supernet may have attention in the last two stages. A published network turns its maps into tokens once,
within the last stage, so that attention can only be there: in blocks that follow all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from torch import nn

from exporter.models.efficientformer import (
    Downsample,
    EfficientFormer,
    EfficientFormerConfig,
    MetaBlock3d,
    MetaBlock4d,
    ToTokens,
)
from exporter.slim.architecture import Architecture, Move, Outline, Piece
from exporter.slim.axes import Axes, Layer, axes_of
from exporter.slim.spaces.stages import (
    Stages,
    dropped,
    knots,
    narrower,
    removals,
    resolution,
    share_of,
    some_blocks,
    some_widths,
)

_BLOCK = r"stages\.(\d)\.((?:blocks|attention)\.\d+)"
"""One with pooling, or with attention in its place (`slim.supernets.metapaths`)"""
LAYERS = (
    Layer(r"stem\.conv1", "stem"),
    Layer(r"stem\.norm1", "stem"),
    Layer(r"stem\.conv2", "width.0", "stem"),
    Layer(r"stem\.norm2", "width.0"),
    *(Layer(rf"stages\.{at}\.downsample\.conv", f"width.{at}", f"width.{at - 1}") for at in (1, 2, 3)),
    Layer(r"stages\.(\d)\.downsample\.norm", r"width.\1"),
    Layer(rf"{_BLOCK}\.mlp\.fc1", r"hidden.\1.\2", r"width.\1"),
    Layer(rf"{_BLOCK}\.mlp\.norm1", r"hidden.\1.\2"),
    Layer(rf"{_BLOCK}\.mlp\.fc2", r"width.\1", r"hidden.\1.\2"),
    Layer(rf"{_BLOCK}\.(?:mlp\.norm2|ls\d|norm\d)", r"width.\1"),
    Layer(rf"{_BLOCK}\.token_mixer\.qkv", None, r"width.\1"),
    Layer(rf"{_BLOCK}\.token_mixer\.proj", r"width.\1"),
    Layer(rf"{_BLOCK}\.token_mixer"),
    Layer(r"norm", "width.3"),
    Layer(r"head(?:_dist)?", None, "width.3"),
)


@dataclass(frozen=True)
class EfficientFormerSpace(Stages):
    """All that an EfficientFormer has in it."""

    config: EfficientFormerConfig
    notch: int = 16
    """Of which all widths are multiples (§4.2)"""

    @property
    def parent(self) -> Architecture:
        return Architecture(self.config, tuple(tuple(range(depth)) for depth in self.config.depths))

    @property
    def smallest(self) -> Architecture:
        widths = tuple(options[0] for options in self.widths)
        depths = (1,) * len(widths)
        return Architecture(
            replace(self.config, widths=widths, depths=depths, attention_blocks=0), ((0,),) * len(widths)
        )

    def drawn(self, random: Random) -> Architecture:
        kept = some_blocks(random, self.config.depths)
        config = replace(
            self.config,
            widths=some_widths(random, self.widths),
            depths=tuple(map(len, kept)),
            attention_blocks=random.randint(0, len(kept[-1])),
        )
        return Architecture(config, kept)

    def moves(self, architecture: Architecture) -> Iterator[tuple[Move, Architecture]]:
        config: EfficientFormerConfig = architecture.config
        for stage, block in removals(architecture.kept):
            yield Move("block", stage, block), self.without(architecture, stage, block)
        if config.attention_blocks:
            place = config.depths[-1] - config.attention_blocks
            demoted = replace(config, attention_blocks=config.attention_blocks - 1)
            yield Move("attention", len(config.depths) - 1, place), replace(architecture, config=demoted)
        for stage, widths in narrower(config.widths, self.widths):
            yield Move("width", stage), replace(architecture, config=replace(config, widths=widths))

    def without(self, architecture: Architecture, stage: int, block: int) -> Architecture:
        """What is left when a stage loses a block, with attention or not."""
        config: EfficientFormerConfig = architecture.config
        kept = dropped(architecture.kept, stage, block)
        attends = stage == len(kept) - 1 and block >= config.depths[-1] - config.attention_blocks
        depths = tuple(len(blocks) for blocks in kept)
        left = replace(config, depths=depths, attention_blocks=config.attention_blocks - attends)
        return Architecture(left, kept)

    def narrowed(self, share: float) -> Architecture:
        widths = share_of(share, self.widths)
        return replace(self.parent, config=replace(self.config, widths=widths))

    def channels(self, group: str) -> Sequence[int]:
        kind, *place = group.split(".")
        if kind == "stem":
            return [width // 2 for width in self.widths[0]]
        widths = self.widths[int(place[0])]
        return [width * self.config.mlp_ratio for width in widths] if kind == "hidden" else widths

    def build(self, architecture: Architecture) -> EfficientFormer:
        return EfficientFormer(architecture.config, self.image_size, self.in_channels, self.num_classes)

    def axes(self, key: str) -> Axes:
        return axes_of(key, LAYERS)

    def origins(self, architecture: Architecture) -> Mapping[str, str]:
        config: EfficientFormerConfig = architecture.config
        plain = config.depths[-1] - config.attention_blocks
        found = {}
        for stage, blocks in enumerate(architecture.kept):
            for place, block in enumerate(blocks):
                attends = stage == len(architecture.kept) - 1 and place >= plain
                own = f"stages.{stage}.blocks.{place + attends}."  # after `ToTokens`, which has an index
                found[own] = f"stages.{stage}.{'attention' if attends else 'blocks'}.{block}."
        return found

    def outlines(self, architecture: Architecture) -> tuple[Outline, ...]:
        config: EfficientFormerConfig = architecture.config
        plain = [*config.depths[:-1], config.depths[-1] - config.attention_blocks]
        return tuple(
            Outline(
                f"stage {stage + 1}",
                width,
                {block: "pooling" if place < plain[stage] else "attention" for place, block in enumerate(blocks)},
            )
            for stage, (width, blocks) in enumerate(zip(config.widths, architecture.kept, strict=True))
        )

    def pieces(self, architecture: Architecture) -> tuple[Piece, ...]:
        config: EfficientFormerConfig = architecture.config
        found = [Piece("stem", (config.widths[0],))]
        for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            side = resolution(self.image_size, stage)
            if stage:
                found.append(Piece("downsample", (2 * side, config.widths[stage - 1], width)))
            attending = config.attention_blocks if stage == len(config.depths) - 1 else 0
            found += [Piece("pooling", (side, width))] * (depth - attending)
            if attending:
                found += [Piece("tokens", (side, width)), *[Piece("attention", (side, width))] * attending]
        return (*found, Piece("head", (side, width)))

    def grid(self, piece: Piece) -> tuple[tuple[int, ...], ...]:
        match piece.kind, piece.numbers:
            case "stem", _:
                return (knots(self.widths[0]),)
            case "downsample", (side, _, _):
                stage = self.stage_of(side)
                return (side,), knots(self.widths[stage], 2), knots(self.widths[stage + 1], 2)
            case _, (side, _):
                return (side,), knots(self.widths[self.stage_of(side)])
        raise ValueError(f"an EfficientFormer has no piece {piece}")

    def module(self, piece: Piece) -> tuple[nn.Module, tuple[int, ...]]:
        match piece.kind, piece.numbers:
            case "stem", (width,):
                narrow = replace(self.config, widths=(width,), depths=(1,), attention_blocks=0)
                shape = (self.in_channels, self.image_size, self.image_size)
                return EfficientFormer(narrow, self.image_size, self.in_channels, 1).stem, shape
            case "downsample", (side, before, after):
                return Downsample(before, after), (before, side, side)
            case "pooling", (side, width):
                return MetaBlock4d(width, self.config.mlp_ratio), (width, side, side)
            case "tokens", (side, width):
                return ToTokens(), (width, side, side)
            case "attention", (side, width):
                return MetaBlock3d(width, side, self.config), (side * side, width)
            case "head", (side, width):
                return _Head(width, self.num_classes), (side * side, width)
        raise ValueError(f"an EfficientFormer has no piece {piece}")


class _Head(nn.Module):
    """What follows the last stage of an EfficientFormer, on tokens [B, N, C]."""

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)
        self.head_dist = nn.Linear(width, num_classes)

    forward = EfficientFormer.forward_head
