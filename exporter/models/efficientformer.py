"""EfficientFormer V1: pooling blocks on feature maps, then attention blocks on tokens (arXiv 2206.01191).

Module names are those of timm's checkpoints.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.classifier import Classifier
from exporter.models.layers import LayerScale, LayerScale2d, Mlp, Stage, offset_indices
from exporter.models.seeded import Fill, Spread
from exporter.models.weights.key_map import KeyMap

OUTPUT_STRIDE = 32


@dataclass(frozen=True)
class EfficientFormerConfig:
    """Free parameters of the architecture; the defaults are those of every published model."""

    widths: tuple[int, ...]
    """Channels of each stage; stage i runs at 1 / (4 * 2**i) of the image size."""
    depths: tuple[int, ...]
    """Blocks of each stage."""
    attention_blocks: int
    """How many trailing blocks of the last stage have attention in place of pooling."""
    mlp_ratio: int = 4
    num_heads: int = 8
    key_dim: int = 32
    value_dim: int = 128


CONFIGS = {
    "efficientformer_l1": EfficientFormerConfig((48, 96, 224, 448), (3, 2, 6, 4), 1),
    "efficientformer_l3": EfficientFormerConfig((64, 128, 320, 512), (4, 4, 12, 6), 4),
    "efficientformer_l7": EfficientFormerConfig((96, 192, 384, 768), (6, 6, 18, 8), 8),
}

OFFICIAL = KeyMap(
    "snap-research/EfficientFormer",
    (
        (r"^patch_embed\.0\.", "stem.conv1."),
        (r"^patch_embed\.1\.", "stem.norm1."),
        (r"^patch_embed\.3\.", "stem.conv2."),
        (r"^patch_embed\.4\.", "stem.norm2."),
        *((rf"^network\.{2 * stage}\.(\d+)\.", rf"stages.{stage}.blocks.\1.") for stage in range(4)),
        *((rf"^network\.{2 * stage - 1}\.proj\.", f"stages.{stage}.downsample.conv.") for stage in range(1, 4)),
        *((rf"^network\.{2 * stage - 1}\.norm\.", f"stages.{stage}.downsample.norm.") for stage in range(1, 4)),
        (r"\.layer_scale_(\d)$", r".ls\1.gamma"),
        (r"^dist_head\.", "head_dist."),
    ),
)


def _transformers(config: EfficientFormerConfig) -> KeyMap:
    """Keys of Hugging Face's transformers, in which attention blocks are counted by themselves."""
    first = config.depths[-1] - config.attention_blocks + 1  # after the pooling blocks and `ToTokens`
    return KeyMap(
        "transformers",
        (
            (r"^efficientformer\.", ""),
            (r"^patch_embed\.convolution(\d)\.", r"stem.conv\1."),
            (r"^patch_embed\.batchnorm_before\.", "stem.norm1."),
            (r"^patch_embed\.batchnorm_after\.", "stem.norm2."),
            (r"^encoder\.last_stage\.meta4D_layers\.blocks\.(\d+)\.", r"stages.3.blocks.\1."),
            *(
                (rf"^encoder\.last_stage\.meta3D_layers\.blocks\.{index}\.", f"stages.3.blocks.{first + index}.")
                for index in range(config.attention_blocks)
            ),
            *(
                (rf"^encoder\.intermediate_stages\.{2 * stage}\.meta4D_layers\.blocks\.(\d+)\.",
                 rf"stages.{stage}.blocks.\1.")
                for stage in range(3)
            ),
            *(
                (rf"^encoder\.intermediate_stages\.{2 * stage - 1}\.projection\.", f"stages.{stage}.downsample.conv.")
                for stage in (1, 2, 3)
            ),
            *(
                (rf"^encoder\.intermediate_stages\.{2 * stage - 1}\.norm\.", f"stages.{stage}.downsample.norm.")
                for stage in (1, 2, 3)
            ),
            (r"\.mlp\.convolution(\d)\.", r".mlp.fc\1."),
            (r"\.mlp\.batchnorm_before\.", ".mlp.norm1."),
            (r"\.mlp\.batchnorm_after\.", ".mlp.norm2."),
            (r"\.mlp\.linear_in\.", ".mlp.fc1."),
            (r"\.mlp\.linear_out\.", ".mlp.fc2."),
            (r"\.token_mixer\.projection\.", ".token_mixer.proj."),
            (r"\.layernorm(\d)\.", r".norm\1."),
            (r"^layernorm\.", "norm."),
            (r"\.layer_scale_(\d)$", r".ls\1.gamma"),
            (r"^classifier\.", "head."),
            (r"^distillation_classifier\.", "head_dist."),
        ),
    )  # fmt: skip


class ConvMlp(nn.Module):
    """1x1 convolutions with batch norm: [B, C, H, W] -> [B, C, H, W]."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(dim, hidden, 1)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Conv2d(hidden, dim, 1)
        self.norm2 = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm2(self.fc2(self.act(self.norm1(self.fc1(x)))))


class Pooling(nn.Module):
    """3x3 average over the pixels inside the map, less the pixel itself (arXiv 2111.11418 §3.2)."""

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False) - x


class Attention(nn.Module):
    """Multi-head attention with a learned bias per absolute offset: tokens [B, resolution², dim] -> the same shape."""

    attention_bias_idxs: Tensor

    def __init__(self, dim: int, resolution: int, num_heads: int, key_dim: int, value_dim: int) -> None:
        super().__init__()
        self.num_heads, self.key_dim, self.value_dim = num_heads, key_dim, value_dim
        self.attention_biases = nn.Parameter(torch.zeros(num_heads, resolution**2))
        self.register_buffer("attention_bias_idxs", offset_indices(resolution, resolution))
        self.qkv = nn.Linear(dim, num_heads * (2 * key_dim + value_dim))
        self.proj = nn.Linear(num_heads * value_dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, _ = x.shape
        # Checkpoints interleave q, k and v head by head, not as three thirds of the projection.
        qkv = self.qkv(x).reshape(batch, tokens, self.num_heads, -1).transpose(1, 2)
        q, k, v = qkv.split([self.key_dim, self.key_dim, self.value_dim], dim=-1)
        bias = self.attention_biases[:, self.attention_bias_idxs][None]
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(out.transpose(1, 2).reshape(batch, tokens, -1))


class MetaBlock4d(nn.Module):
    """Pooling, then an MLP, on a feature map [B, C, H, W]."""

    def __init__(self, dim: int, mlp_ratio: int) -> None:
        super().__init__()
        self.token_mixer = Pooling()
        self.ls1 = LayerScale2d(dim)
        self.mlp = ConvMlp(dim, dim * mlp_ratio)
        self.ls2 = LayerScale2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.token_mixer(x))
        return x + self.ls2(self.mlp(x))


class MetaBlock3d(nn.Module):
    """Attention, then an MLP, on tokens [B, N, C], each behind a layer norm."""

    def __init__(self, dim: int, resolution: int, config: EfficientFormerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.token_mixer = Attention(dim, resolution, config.num_heads, config.key_dim, config.value_dim)
        self.ls1 = LayerScale(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, dim * config.mlp_ratio, nn.GELU)
        self.ls2 = LayerScale(dim)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.token_mixer(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class ToTokens(nn.Module):
    """[B, C, H, W] -> [B, H*W, C], row-major. It has no weights, yet holds an index in the checkpoint's block list."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).transpose(1, 2)


class Downsample(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))


class EfficientFormer(Classifier):
    """A published EfficientFormer: stem, four stages, and the mean of a classifier's and a distilled one's logits."""

    size_multiple = OUTPUT_STRIDE
    heads = ("head", "head_dist")
    fill = Fill(spreads=((r"\.attention_biases$", Spread(0, 2)),))

    def __init__(
        self, config: EfficientFormerConfig, image_size: int = 224, in_channels: int = 3, num_classes: int = 1000
    ) -> None:
        super().__init__(image_size, in_channels, num_classes)
        self.key_maps = (OFFICIAL, _transformers(config))
        first, last = config.widths[0], config.widths[-1]
        self.stem = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(in_channels, first // 2, 3, stride=2, padding=1),
                norm1=nn.BatchNorm2d(first // 2),
                act1=nn.ReLU(),
                conv2=nn.Conv2d(first // 2, first, 3, stride=2, padding=1),
                norm2=nn.BatchNorm2d(first),
                act2=nn.ReLU(),
            )
        )
        downsamples = [nn.Identity(), *(Downsample(a, b) for a, b in pairwise(config.widths))]
        blocks: list[list[nn.Module]] = [
            [MetaBlock4d(width, config.mlp_ratio) for _ in range(depth)]
            for width, depth in zip(config.widths, config.depths, strict=True)
        ]
        if config.attention_blocks:
            resolution = image_size // OUTPUT_STRIDE
            blocks[-1][-config.attention_blocks :] = [
                ToTokens(),
                *(MetaBlock3d(last, resolution, config) for _ in range(config.attention_blocks)),
            ]
        self.stages = nn.Sequential(*map(Stage, downsamples, blocks))
        self.norm = nn.LayerNorm(last)
        self.head = nn.Linear(last, num_classes)
        self.head_dist = nn.Linear(last, num_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """The last stage's tokens [B, N, C]."""
        x = self.stages(self.stem(x))
        return x if x.ndim == 3 else x.flatten(2).transpose(1, 2)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        pooled = self.norm(x).mean(1)
        return pooled if pre_logits else (self.head(pooled) + self.head_dist(pooled)) / 2
