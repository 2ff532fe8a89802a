"""MobileViT's space: widths of stages and of their tokens, transformer layers, and the ratios of their MLPs.

What all published models have alike stays so: the stem, and how many inverted residuals a stage has. What enters the
classifier stays as wide as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from random import Random

from torch import Tensor, nn

from exporter.models.layers import PATCH, InvertedResidual, make_divisible, whole_patches
from exporter.models.mobilevit import STEM_WIDTH, MobileViT, MobileViTBlock, MobileViTConfig, TransformerLayer
from exporter.slim.architecture import Architecture, Move, Outline, Piece
from exporter.slim.axes import Axes, Axis, Layer, axes_of
from exporter.slim.spaces.stages import (
    Kept,
    Stages,
    Widths,
    changed,
    dropped,
    knots,
    narrower,
    removals,
    share_of,
    some_blocks,
    some_widths,
    widths_down,
)

_RESIDUAL = r"stages\.(\d)\.(\d)"
_LAYER = r"stages\.(\d)\.1\.transformer\.(\d+)"
_EXPANDED, _WIDTH, _DIM, _HIDDEN = r"expanded.\1.\2", r"width.\1", r"dim.\1", r"hidden.\1.\2"


@cache
def _layers(heads: int) -> tuple[Layer, ...]:
    per_head = r"head.\1.\2"
    return (
        Layer(r"stem\.(?:conv|bn)"),
        Layer(r"stages\.0\.0\.conv1_1x1\.conv", "expanded.0.0"),
        *(Layer(rf"stages\.({at})\.(0)\.conv1_1x1\.conv", _EXPANDED, f"width.{at - 1}") for at in (1, 2, 3, 4)),
        Layer(rf"{_RESIDUAL}\.conv1_1x1\.conv", _EXPANDED, _WIDTH),
        Layer(rf"{_RESIDUAL}\.(?:conv1_1x1\.bn|conv2_kxk\.(?:conv|bn))", _EXPANDED),
        Layer(rf"{_RESIDUAL}\.conv3_1x1\.conv", _WIDTH, _EXPANDED),
        Layer(rf"{_RESIDUAL}\.conv3_1x1\.bn", _WIDTH),
        Layer(r"stages\.(\d)\.1\.conv_kxk\.conv", _WIDTH, _WIDTH),
        Layer(r"stages\.(\d)\.1\.conv_1x1", _DIM, _WIDTH),
        Layer(rf"{_LAYER}\.attn\.qkv", Axis(per_head, 3 * heads), _DIM),
        Layer(rf"{_LAYER}\.attn\.proj", _DIM, Axis(per_head, heads)),
        Layer(rf"{_LAYER}\.mlp\.fc1", _HIDDEN, _DIM),
        Layer(rf"{_LAYER}\.mlp\.fc2", _DIM, _HIDDEN),
        Layer(rf"{_LAYER}\.norm\d", _DIM),
        Layer(r"stages\.(\d)\.1\.norm", _DIM),
        Layer(r"stages\.(\d)\.1\.conv_proj\.conv", _WIDTH, _DIM),
        Layer(r"stages\.(\d)\.1\.conv_fusion\.conv", _WIDTH, Axis(_WIDTH, 2)),
        Layer(r"stages\.(\d)\.1\.(?:conv_kxk|conv_proj|conv_fusion)\.bn", _WIDTH),
        Layer(r"final_conv\.conv", None, "width.4"),
        Layer(r"final_conv\.bn"),
        Layer(r"head\.fc"),
    )


@dataclass(frozen=True)
class MobileViTSpace(Stages):
    """All that a MobileViT has in it."""

    config: MobileViTConfig
    ratios: tuple[float, ...] = (0.5, 1, 1.5, 2)
    """What MLPs may have, if the parent has no less"""

    @property
    def _first(self) -> int:
        """Stage from which on there are transformers."""
        return len(self.config.conv_blocks)

    @cached_property
    def widths(self) -> tuple[Widths, ...]:
        """For each stage, all that it may have. The first has a shortcut if it is as wide as the stem, or has none."""
        first, *others = (widths_down(width, self.notch, self.least) for width in self.config.widths)
        alike = first[-1] == STEM_WIDTH
        return (tuple(one for one in first if (one == STEM_WIDTH) == alike), *others)

    @cached_property
    def _dims(self) -> tuple[Widths, ...]:
        """Likewise of each late stage's tokens."""
        return tuple(widths_down(dim, self.notch, self.least) for dim in self.config.dims)

    @property
    def parent(self) -> Architecture:
        return Architecture(self.config, self._all_stages(tuple(tuple(range(count)) for count in self.config.layers)))

    def _all_stages(self, late: Kept) -> Kept:
        return (*((),) * self._first, *late)

    @property
    def smallest(self) -> Architecture:
        late = len(self.config.layers)
        config = replace(
            self.config,
            widths=tuple(options[0] for options in self.widths),
            dims=tuple(options[0] for options in self._dims),
            layers=(1,) * late,
            mlp_ratios=tuple(self._ratios(place)[0] for place in range(late)),
        )
        return Architecture(config, self._all_stages(((0,),) * late))

    def _ratios(self, late: int) -> tuple[float, ...]:
        most = self.config.mlp_ratios[late]
        return (*(one for one in self.ratios if one < most), most)

    def drawn(self, random: Random) -> Architecture:
        kept = some_blocks(random, self.config.layers)
        config = replace(
            self.config,
            widths=some_widths(random, self.widths),
            dims=tuple(map(random.choice, self._dims)),
            layers=tuple(map(len, kept)),
            mlp_ratios=tuple(random.choice(self._ratios(late)) for late in range(len(kept))),
        )
        return Architecture(config, self._all_stages(kept))

    def moves(self, architecture: Architecture) -> Iterator[tuple[Move, Architecture]]:
        config: MobileViTConfig = architecture.config
        for stage, place in removals(architecture.kept):
            kept = dropped(architecture.kept, stage, place)
            layers = tuple(map(len, kept[self._first :]))
            yield Move("block", stage, place), Architecture(replace(config, layers=layers), kept)
        for stage, widths in narrower(config.widths, self.widths):
            yield Move("width", stage), replace(architecture, config=replace(config, widths=widths))
        for late, (dim, ratio) in enumerate(zip(config.dims, config.mlp_ratios, strict=True)):
            stage = self._first + late
            if below := [one for one in self._dims[late] if one < dim]:
                dims = changed(config.dims, late, below[-1])
                yield Move("tokens", stage), replace(architecture, config=replace(config, dims=dims))
            if less := [one for one in self._ratios(late) if one < ratio]:
                ratios = changed(config.mlp_ratios, late, less[-1])
                yield Move("hidden", stage), replace(architecture, config=replace(config, mlp_ratios=ratios))

    def narrowed(self, share: float) -> Architecture:
        widths, dims = share_of(share, self.widths), share_of(share, self._dims)
        return replace(self.parent, config=replace(self.config, widths=widths, dims=dims))

    def channels(self, group: str) -> Sequence[int]:
        kind, place, *block = group.split(".")
        stage = int(place)
        if kind == "width":
            return self.widths[stage]
        if kind == "expanded":
            before = stage if block != ["0"] else stage - 1
            widths = self.widths[before] if before >= 0 else (STEM_WIDTH,)
            return sorted({make_divisible(width * self.config.expansion) for width in widths})
        dims = self._dims[stage - self._first]
        if kind == "head":
            return [dim // self.config.num_heads for dim in dims]
        if kind == "hidden":
            return sorted({int(dim * ratio) for dim in dims for ratio in self._ratios(stage - self._first)})
        return dims

    def build(self, architecture: Architecture) -> MobileViT:
        return MobileViT(architecture.config, self.image_size, self.in_channels, self.num_classes)

    def axes(self, key: str) -> Axes:
        return axes_of(key, _layers(self.config.num_heads))

    def origins(self, architecture: Architecture) -> Mapping[str, str]:
        return {
            f"stages.{stage}.1.transformer.{place}.": f"stages.{stage}.1.transformer.{layer}."
            for stage, layers in enumerate(architecture.kept)
            for place, layer in enumerate(layers)
        }

    def outlines(self, architecture: Architecture) -> tuple[Outline, ...]:
        config: MobileViTConfig = architecture.config
        found = []
        for stage, (width, layers) in enumerate(zip(config.widths, architecture.kept, strict=True)):
            blocks = dict.fromkeys(range(config.conv_blocks[stage]), "convolution") if stage < self._first else {}
            if layers:
                late = stage - self._first
                told = f"{config.dims[late]} channels, {config.mlp_ratios[late]:g}×"
                blocks = dict.fromkeys(layers, told)
            found.append(Outline(f"stage {stage + 1}", width, blocks))
        return tuple(found)

    def pieces(self, architecture: Architecture) -> tuple[Piece, ...]:
        config: MobileViTConfig = architecture.config
        found = [Piece("stem", ())]
        for stage, (before, width) in enumerate(pairwise((STEM_WIDTH, *config.widths))):
            side = self._sides[stage]
            found.append(
                Piece("downsample", (self._sides[stage - 1], before, width)) if stage else Piece("first", (width,))
            )
            if stage < self._first:
                found += [Piece("residual", (side, width))] * (config.conv_blocks[stage] - 1)
                continue
            late = stage - self._first
            dim, hidden = config.dims[late], int(config.dims[late] * config.mlp_ratios[late])
            found.append(Piece("around transformers", (side, width, dim)))
            found += [Piece("transformer", (side, dim, hidden))] * config.layers[late]
        return (*found, Piece("head", (self._sides[-1], config.widths[-1])))

    @cached_property
    def _sides(self) -> tuple[int, ...]:
        """Of the maps of each stage; the stem halves, and so does each stage but the first."""
        sides = [-(-self.image_size // 2)]
        for _ in self.config.widths[1:]:
            sides.append(-(-sides[-1] // 2))
        return tuple(sides)

    def stage_of(self, side: int) -> int:
        return self._sides.index(side)

    def grid(self, piece: Piece) -> tuple[tuple[int, ...], ...]:
        match piece.kind, piece.numbers:
            case "stem", _:
                return ()
            case "first", _:
                return (knots(self.widths[0]),)
            case "downsample", (side, _, _):
                before = self.stage_of(side)
                return (side,), knots(self.widths[before]), knots(self.widths[before + 1], 2)
            case "around transformers", (side, _, _):
                stage = self.stage_of(side)
                return (side,), knots(self.widths[stage]), knots(self._dims[stage - self._first], 2)
            case "transformer", (side, _, _):
                late = self.stage_of(side) - self._first
                dims, ratios = self._dims[late], self._ratios(late)
                return (side,), knots(dims), knots((int(dims[0] * ratios[0]), int(dims[-1] * ratios[-1])))
            case (("residual" | "head"), (side, _)):
                return (side,), knots(self.widths[self.stage_of(side)])
        raise ValueError(f"a MobileViT has no piece {piece}")

    def module(self, piece: Piece) -> tuple[nn.Module, tuple[int, ...]]:
        heads, expansion = self.config.num_heads, self.config.expansion
        match piece.kind, piece.numbers:
            case "stem", ():
                whole = MobileViT(self.config, self.image_size, self.in_channels, 1)
                return whole.stem, (self.in_channels, self.image_size, self.image_size)
            case "first", (width,):
                return InvertedResidual(STEM_WIDTH, width, 1, expansion), (STEM_WIDTH, self._sides[0], self._sides[0])
            case "downsample", (side, before, width):
                return InvertedResidual(before, width, 2, expansion), (before, side, side)
            case "residual", (side, width):
                return InvertedResidual(width, width, 1, expansion), (width, side, side)
            case "around transformers", (side, width, dim):
                return MobileViTBlock(width, dim, 0, heads, 1), (width, side, side)
            case "transformer", (side, dim, hidden):
                return _Layer(dim, heads, hidden), (whole_patches(side) ** 2, dim)
            case "head", (side, width):
                return _Head(width, self.config.final_width, self.num_classes), (width, side, side)
        raise ValueError(f"a MobileViT has no piece {piece}")


class _Layer(TransformerLayer):
    """Over the tokens of all positions in a patch, one position after the other: [B, P · N, dim] -> the same shape."""

    def __init__(self, dim: int, num_heads: int, hidden: int) -> None:
        super().__init__(dim, num_heads, (hidden + 0.5) / dim)  # of which the whole part is taken

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(PATCH**2 * len(x), -1, x.shape[-1])).reshape(x.shape)


class _Head(nn.Module):
    """What follows the last stage of a MobileViT, on maps [B, C, H, W]."""

    def __init__(self, width: int, final_width: int, num_classes: int) -> None:
        super().__init__()
        whole = MobileViTConfig((width,), (), final_width, 1, conv_blocks=(1,), layers=(), mlp_ratios=())
        model = MobileViT(whole, num_classes=num_classes)
        self.final_conv, self.head = model.final_conv, model.head

    forward = MobileViT.forward_head
