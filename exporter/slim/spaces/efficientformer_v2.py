"""EfficientFormerV2's space (arXiv 2212.08059 §3.4): widths of stages, their blocks, which of these have attention, and
the expansion of each feed-forward part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from torch import Tensor, nn

from exporter.models.efficientformer_v2 import (
    Attention,
    AttentionDownsample,
    Block,
    Downsample,
    EfficientFormerV2,
    EfficientFormerV2Config,
)
from exporter.models.layers import LayerScale2d
from exporter.slim.architecture import Architecture, Move, Outline, Piece
from exporter.slim.axes import Axes, Layer, axes_of
from exporter.slim.spaces.stages import (
    Stages,
    changed,
    dropped,
    knots,
    narrower,
    removals,
    resolution,
    share_of,
    some_blocks,
    some_widths,
)

_BLOCK = r"stages\.(\d)\.blocks\.(\d+)"
_HIDDEN, _WIDTH = r"hidden.\1.\2", r"width.\1"
LAYERS = (
    Layer(r"stem\.conv1\.(?:conv|bn)", "stem"),
    Layer(r"stem\.conv2\.conv", "width.0", "stem"),
    Layer(r"stem\.conv2\.bn", "width.0"),
    *(Layer(rf"stages\.{at}\.downsample\.conv\.conv", f"width.{at}", f"width.{at - 1}") for at in (1, 2, 3)),
    Layer(r"stages\.(\d)\.downsample\.conv\.bn", _WIDTH),
    Layer(r"stages\.3\.downsample\.attn\.q\.local", "width.2"),
    Layer(r"stages\.3\.downsample\.attn\.(?:q\.proj|k|v)\.conv", None, "width.2"),
    Layer(r"stages\.3\.downsample\.attn\.proj\.(?:conv|bn)", "width.3"),
    Layer(r"stages\.3\.downsample\.attn(?:\..+)?"),
    Layer(rf"{_BLOCK}\.mlp\.fc1\.conv", _HIDDEN, _WIDTH),
    Layer(rf"{_BLOCK}\.mlp\.(?:fc1\.bn|mid\.(?:conv|bn))", _HIDDEN),
    Layer(rf"{_BLOCK}\.mlp\.fc2\.conv", _WIDTH, _HIDDEN),
    Layer(rf"{_BLOCK}\.(?:mlp\.fc2\.bn|ls\d)", _WIDTH),
    Layer(rf"{_BLOCK}\.token_mixer\.(?:stride_conv|proj)\.(?:conv|bn)", _WIDTH),
    Layer(rf"{_BLOCK}\.token_mixer\.[qkv]\.conv", None, _WIDTH),
    Layer(rf"{_BLOCK}\.token_mixer(?:\..+)?"),
    Layer(r"norm", "width.3"),
    Layer(r"head(?:_dist)?", None, "width.3"),
)


@dataclass(frozen=True)
class EfficientFormerV2Space(Stages):
    """All that an EfficientFormerV2 has in it."""

    config: EfficientFormerV2Config
    expansions: tuple[int, ...] = (1, 2, 3, 4)
    """What feed-forward parts may have, if the parent has no less"""

    @property
    def parent(self) -> Architecture:
        return Architecture(self.config, tuple(tuple(range(len(blocks))) for blocks in self.config.expansions))

    @property
    def smallest(self) -> Architecture:
        expansions = tuple((min(self.expansions),) for _ in self.config.expansions)
        config = replace(
            self.config,
            widths=tuple(widths[0] for widths in self.widths),
            expansions=expansions,
            attention_blocks=(0,) * len(expansions),
        )
        return Architecture(config, tuple((blocks[0],) for blocks in self.parent.kept))

    def drawn(self, random: Random) -> Architecture:
        widths = some_widths(random, self.widths)
        kept = some_blocks(random, tuple(map(len, self.config.expansions)))
        expansions, attention = [], []
        for stage, (blocks, parents) in enumerate(zip(kept, self.config.expansions, strict=True)):
            expansions.append(tuple(random.choice(self._expansions(parents[block])) for block in blocks))
            able = sum(block >= len(parents) - self.config.attention_blocks[stage] for block in blocks)
            attention.append(random.randint(0, able))
        config = replace(self.config, widths=widths, expansions=tuple(expansions), attention_blocks=tuple(attention))
        return Architecture(config, kept)

    def _expansions(self, parents: int) -> tuple[int, ...]:
        return (*(one for one in self.expansions if one < parents), parents)

    def moves(self, architecture: Architecture) -> Iterator[tuple[Move, Architecture]]:
        config: EfficientFormerV2Config = architecture.config
        for stage, place in removals(architecture.kept):
            yield Move("block", stage, place), self._without(architecture, stage, place)
        for stage, count in enumerate(config.attention_blocks):
            if count:
                left = changed(config.attention_blocks, stage, count - 1)
                demoted = replace(config, attention_blocks=left)
                place = len(architecture.kept[stage]) - count
                yield Move("attention", stage, place), replace(architecture, config=demoted)
        for stage, widths in narrower(config.widths, self.widths):
            yield Move("width", stage), replace(architecture, config=replace(config, widths=widths))
        for stage, expansions in enumerate(config.expansions):
            for place, expansion in enumerate(expansions):
                if below := [one for one in self.expansions if one < expansion]:
                    less = changed(config.expansions, stage, changed(expansions, place, below[-1]))
                    yield Move("hidden", stage, place), replace(architecture, config=replace(config, expansions=less))

    def _without(self, architecture: Architecture, stage: int, place: int) -> Architecture:
        config: EfficientFormerV2Config = architecture.config
        kept, expansions = dropped(architecture.kept, stage, place), dropped(config.expansions, stage, place)
        count = config.attention_blocks[stage]
        attends = place >= len(config.expansions[stage]) - count
        attention = changed(config.attention_blocks, stage, count - attends)
        return Architecture(replace(config, expansions=expansions, attention_blocks=attention), kept)

    def narrowed(self, share: float) -> Architecture:
        return replace(self.parent, config=replace(self.config, widths=share_of(share, self.widths)))

    def channels(self, group: str) -> Sequence[int]:
        kind, *place = group.split(".")
        if kind == "stem":
            return [width // 2 for width in self.widths[0]]
        widths = self.widths[int(place[0])]
        if kind == "width":
            return widths
        parents = self.config.expansions[int(place[0])][int(place[1])]
        return sorted({width * expansion for width in widths for expansion in self._expansions(parents)})

    def build(self, architecture: Architecture) -> EfficientFormerV2:
        return EfficientFormerV2(architecture.config, self.image_size, self.in_channels, self.num_classes)

    def axes(self, key: str) -> Axes:
        return axes_of(key, LAYERS)

    def origins(self, architecture: Architecture) -> Mapping[str, str]:
        return {
            f"stages.{stage}.blocks.{place}.": f"stages.{stage}.blocks.{block}."
            for stage, blocks in enumerate(architecture.kept)
            for place, block in enumerate(blocks)
        }

    def outlines(self, architecture: Architecture) -> tuple[Outline, ...]:
        config: EfficientFormerV2Config = architecture.config
        found = []
        for stage, (width, blocks) in enumerate(zip(config.widths, architecture.kept, strict=True)):
            plain = len(blocks) - config.attention_blocks[stage]
            expansions = config.expansions[stage]
            told = {
                block: f"{'attention, ' if place >= plain else ''}{expansions[place]}×"
                for place, block in enumerate(blocks)
            }
            found.append(Outline(f"stage {stage + 1}", width, told))
        return tuple(found)

    def pieces(self, architecture: Architecture) -> tuple[Piece, ...]:
        config: EfficientFormerV2Config = architecture.config
        last = len(config.widths) - 1
        found = [Piece("stem", (config.widths[0],))]
        for stage, (width, expansions) in enumerate(zip(config.widths, config.expansions, strict=True)):
            side = resolution(self.image_size, stage)
            if stage:
                kind = "attention downsample" if stage == last else "downsample"
                found.append(Piece(kind, (2 * side, config.widths[stage - 1], width)))
            kind = "strided attention" if stage == last - 1 else "attention"
            found += [Piece(kind, (side, width))] * config.attention_blocks[stage]
            found += [Piece("feed-forward", (side, width, expansion)) for expansion in expansions]
        return (*found, Piece("head", (side, width)))

    def grid(self, piece: Piece) -> tuple[tuple[int, ...], ...]:
        match piece.kind, piece.numbers:
            case "stem", _:
                return (knots(self.widths[0]),)
            case (("downsample" | "attention downsample"), (side, _, _)):
                stage = self.stage_of(side)
                return (side,), knots(self.widths[stage], 2), knots(self.widths[stage + 1], 2)
            case "feed-forward", (side, _, _):
                stage = self.stage_of(side)
                most = max(self.config.expansions[stage])
                return (side,), knots(self.widths[stage]), knots(self._expansions(most), 2)
            case _, (side, _):
                return (side,), knots(self.widths[self.stage_of(side)])
        raise ValueError(f"an EfficientFormerV2 has no piece {piece}")

    def module(self, piece: Piece) -> tuple[nn.Module, tuple[int, ...]]:
        match piece.kind, piece.numbers:
            case "stem", (width,):
                narrow = replace(self.config, widths=(width,), expansions=((1,),), attention_blocks=(0,))
                shape = (self.in_channels, self.image_size, self.image_size)
                return EfficientFormerV2(narrow, self.image_size, self.in_channels, 1).stem, shape
            case "downsample", (side, before, after):
                return Downsample(before, after, None), (before, side, side)
            case "attention downsample", (side, before, after):
                attention = AttentionDownsample(before, after, side, self.config)
                return Downsample(before, after, attention), (before, side, side)
            case (("attention" | "strided attention"), (side, width)):
                mixer = Attention(width, side, self.config, strided=piece.kind == "strided attention")
                return _Mixing(width, mixer), (width, side, side)
            case "feed-forward", (side, width, expansion):
                return Block(width, expansion, None), (width, side, side)
            case "head", (side, width):
                return _Head(width, self.num_classes), (width, side, side)
        raise ValueError(f"an EfficientFormerV2 has no piece {piece}")


class _Mixing(nn.Module):
    """The first half of a block with attention: [B, C, H, W] -> the same shape."""

    def __init__(self, width: int, mixer: nn.Module) -> None:
        super().__init__()
        self.token_mixer = mixer
        self.ls1 = LayerScale2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.ls1(self.token_mixer(x))


class _Head(nn.Module):
    """What follows the last stage of an EfficientFormerV2, on maps [B, C, H, W]."""

    def __init__(self, width: int, num_classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Linear(width, num_classes)
        self.head_dist = nn.Linear(width, num_classes)

    forward = EfficientFormerV2.forward_head
