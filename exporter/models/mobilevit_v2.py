"""MobileViTv2: MobileViT with attention in linear time (arXiv 2206.02680).

Module names are those of timm's checkpoints.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.classifier import Classifier
from exporter.models.layers import (
    STRONG_CONVOLUTIONS,
    ConvNormAct,
    fold,
    inverted_residuals,
    make_divisible,
    unfold,
    whole_patches,
)
from exporter.models.mobilevit_keys import CVNETS, TRANSFORMERS


@dataclass(frozen=True)
class MobileViTV2Config:
    """Free parameters of the architecture; the defaults are those of every published model."""

    stem_width: int
    widths: tuple[int, ...]
    """Output channels of the five stages."""
    expansion: float = 2
    """Expansion of the inverted residuals."""
    conv_blocks: tuple[int, ...] = (1, 2)
    """Inverted residuals in each stage before the transformers begin."""
    layers: tuple[int, ...] = (2, 4, 3)
    """Transformer layers in each of the last stages."""
    dim_ratio: float = 0.5
    """Transformer width as a share of the stage's channels."""
    mlp_ratio: int = 2


def scaled(multiplier: float) -> MobileViTV2Config:
    """The configuration of the published model with this width multiplier."""
    return MobileViTV2Config(int(32 * multiplier), tuple(int(c * multiplier) for c in (64, 128, 256, 384, 512)))


CONFIGS = {f"mobilevitv2_{percent:03d}": scaled(percent / 100) for percent in (50, 75, 100, 125, 150, 175, 200)}


class SeparableAttention(nn.Module):
    """Separable self-attention (arXiv 2206.02680 §3.2) over [B, dim, P, N], softmax along N."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.qkv_proj = nn.Conv2d(dim, 1 + 2 * dim, 1)
        self.out_proj = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.qkv_proj(x).split([1, self.dim, self.dim], dim=1)
        context = (key * query.softmax(-1)).sum(-1, keepdim=True)
        return self.out_proj(value.relu() * context)


class ConvMlp(nn.Module):
    """1x1 convolutions: [B, dim, P, N] -> [B, dim, P, N]."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(dim, hidden, 1)
        self.act = nn.SiLU()
        self.fc2 = nn.Conv2d(hidden, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class LinearTransformerLayer(nn.Module):
    """Pre-norm layer over [B, dim, P, N]; each norm takes one mean and variance over dim, P and N together."""

    def __init__(self, dim: int, mlp_ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(1, dim)
        self.attn = SeparableAttention(dim)
        self.norm2 = nn.GroupNorm(1, dim)
        self.mlp = ConvMlp(dim, dim * mlp_ratio)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class MobileViTV2Block(nn.Module):
    """Local convolution and a transformer across patches: [B, C, H, W] -> [B, C, H, W], odd sizes made even."""

    def __init__(self, channels: int, dim: int, layers: int, mlp_ratio: int) -> None:
        super().__init__()
        self.conv_kxk = ConvNormAct(channels, channels, 3, groups=channels, act=nn.SiLU)
        self.conv_1x1 = nn.Conv2d(channels, dim, 1, bias=False)
        self.transformer = nn.Sequential(*(LinearTransformerLayer(dim, mlp_ratio) for _ in range(layers)))
        self.norm = nn.GroupNorm(1, dim)
        self.conv_proj = ConvNormAct(dim, channels)

    def forward(self, x: Tensor) -> Tensor:
        height, width = whole_patches(x.shape[2]), whole_patches(x.shape[3])
        if (height, width) != tuple(x.shape[2:]):
            # Unlike in MobileViT v1 the corners are aligned, and the even size is kept.
            x = F.interpolate(x, (height, width), mode="bilinear", align_corners=True)
        patches = unfold(self.conv_1x1(self.conv_kxk(x)))
        return self.conv_proj(fold(self.norm(self.transformer(patches)), height, width))


class MobileViTV2(Classifier):
    """A published MobileViTV2: stem, convolutional stages, stages with linear transformers, and a classifier."""

    any_size = True
    key_maps = (TRANSFORMERS, CVNETS)
    fill = STRONG_CONVOLUTIONS

    def __init__(
        self, config: MobileViTV2Config, image_size: int = 256, in_channels: int = 3, num_classes: int = 1000
    ) -> None:
        super().__init__(image_size, in_channels, num_classes)
        self.stem = ConvNormAct(in_channels, config.stem_width, 3, stride=2, act=nn.SiLU)
        stages: list[nn.Module] = []
        convolutional = len(config.conv_blocks)
        for index, (before, width) in enumerate(pairwise((config.stem_width, *config.widths))):
            count = config.conv_blocks[index] if index < convolutional else 1
            blocks = inverted_residuals(before, width, 1 if index == 0 else 2, config.expansion, count)
            if index >= convolutional:
                dim = make_divisible(config.dim_ratio * width)
                blocks.append(MobileViTV2Block(width, dim, config.layers[index - convolutional], config.mlp_ratio))
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Sequential(OrderedDict(fc=nn.Linear(config.widths[-1], num_classes)))

    def forward_features(self, x: Tensor) -> Tensor:
        """The last stage's feature map [B, C, ~S/32, ~S/32]."""
        return self.stages(self.stem(x))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        pooled = x.mean((2, 3))
        return pooled if pre_logits else self.head(pooled)
