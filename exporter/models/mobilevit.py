"""MobileViT: inverted residuals with transformers between pixels of equal patch position (arXiv 2110.02178).

Module names are those of timm's checkpoints.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.classifier import Classifier
from exporter.models.layers import (
    STRONG_CONVOLUTIONS,
    ConvNormAct,
    Mlp,
    fold,
    inverted_residuals,
    unfold,
    whole_patches,
)
from exporter.models.mobilevit_keys import CVNETS, TRANSFORMERS

STEM_WIDTH = 16


@dataclass(frozen=True)
class MobileViTConfig:
    """Free parameters of the architecture; the defaults are those of every published model."""

    widths: tuple[int, ...]
    """Output channels of the five stages."""
    dims: tuple[int, ...]
    """Transformer width in each of the last stages."""
    final_width: int
    """Channels that enter the classifier."""
    expansion: float
    """Expansion of the inverted residuals."""
    conv_blocks: tuple[int, ...] = (1, 3)
    """Inverted residuals in each stage before the transformers begin."""
    layers: tuple[int, ...] = (2, 4, 3)
    """Transformer layers in each of the last stages."""
    mlp_ratios: tuple[float, ...] = (2, 2, 2)
    """Hidden channels of the transformers' MLPs, as multiples of their width, in each of the last stages."""
    num_heads: int = 4


CONFIGS = {
    "mobilevit_xxs": MobileViTConfig((16, 24, 48, 64, 80), (64, 80, 96), 320, expansion=2),
    "mobilevit_xs": MobileViTConfig((32, 48, 64, 80, 96), (96, 120, 144), 384, expansion=4),
    "mobilevit_s": MobileViTConfig((32, 64, 96, 128, 160), (144, 192, 240), 640, expansion=4),
}


class Attention(nn.Module):
    """Multi-head self-attention over tokens [B, N, dim]."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, dim = x.shape
        q, k, v = (
            part.reshape(batch, tokens, self.num_heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1)
        )
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, tokens, dim))


class TransformerLayer(nn.Module):
    """Pre-norm transformer layer over tokens [B, N, dim]."""

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, int(dim * mlp_ratio), nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class MobileViTBlock(nn.Module):
    """Local convolution, transformer across patches, fusion with the input: [B, C, H, W] -> the same shape."""

    def __init__(self, channels: int, dim: int, layers: int, num_heads: int, mlp_ratio: float) -> None:
        super().__init__()
        self.conv_kxk = ConvNormAct(channels, channels, 3, act=nn.SiLU)
        self.conv_1x1 = nn.Conv2d(channels, dim, 1, bias=False)
        self.transformer = nn.Sequential(*(TransformerLayer(dim, num_heads, mlp_ratio) for _ in range(layers)))
        self.norm = nn.LayerNorm(dim)
        self.conv_proj = ConvNormAct(dim, channels, act=nn.SiLU)
        self.conv_fusion = ConvNormAct(2 * channels, channels, 3, act=nn.SiLU)

    def forward(self, x: Tensor) -> Tensor:
        local = self.conv_1x1(self.conv_kxk(x))
        height, width = local.shape[2:]
        whole = whole_patches(height), whole_patches(width)
        resize = whole != (height, width)
        if resize:
            local = F.interpolate(local, whole, mode="bilinear", align_corners=False)
        patches = unfold(local).permute(0, 2, 3, 1)  # attention runs within each position: [B, P, N, C]
        tokens = self.norm(self.transformer(patches.flatten(0, 1)))
        out = fold(tokens.reshape(patches.shape).permute(0, 3, 1, 2), *whole)
        if resize:
            out = F.interpolate(out, (height, width), mode="bilinear", align_corners=False)
        return self.conv_fusion(torch.cat([x, self.conv_proj(out)], dim=1))


class MobileViT(Classifier):
    """A published MobileViT: stem, convolutional stages, stages with transformers, and a classifier."""

    any_size = True
    key_maps = (TRANSFORMERS, CVNETS)
    fill = STRONG_CONVOLUTIONS

    def __init__(
        self, config: MobileViTConfig, image_size: int = 256, in_channels: int = 3, num_classes: int = 1000
    ) -> None:
        super().__init__(image_size, in_channels, num_classes)
        self.stem = ConvNormAct(in_channels, STEM_WIDTH, 3, stride=2, act=nn.SiLU)
        stages: list[nn.Module] = []
        convolutional = len(config.conv_blocks)
        for index, (before, width) in enumerate(pairwise((STEM_WIDTH, *config.widths))):
            count = config.conv_blocks[index] if index < convolutional else 1
            blocks = inverted_residuals(before, width, 1 if index == 0 else 2, config.expansion, count)
            if index >= convolutional:
                late = index - convolutional
                dim, layers, ratio = config.dims[late], config.layers[late], config.mlp_ratios[late]
                blocks.append(MobileViTBlock(width, dim, layers, config.num_heads, ratio))
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.final_conv = ConvNormAct(config.widths[-1], config.final_width, act=nn.SiLU)
        self.head = nn.Sequential(OrderedDict(fc=nn.Linear(config.final_width, num_classes)))

    def forward_features(self, x: Tensor) -> Tensor:
        """The last stage's feature map [B, C, ⌈S/32⌉, ⌈S/32⌉]."""
        return self.stages(self.stem(x))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        pooled = self.final_conv(x).mean((2, 3))
        return pooled if pre_logits else self.head(pooled)
