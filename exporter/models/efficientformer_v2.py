"""EfficientFormerV2: convolutional feed-forward blocks, talking-head attention late (arXiv 2212.08059).

Module names are those of timm's checkpoints.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from exporter.models.classifier import Classifier
from exporter.models.layers import ConvNormAct, LayerScale2d, Stage, offset_indices
from exporter.models.seeded import Fill, Spread
from exporter.models.weights.key_map import KeyMap

OUTPUT_STRIDE = 32


@dataclass(frozen=True)
class EfficientFormerV2Config:
    """Free parameters of the architecture; the defaults are those of every published model."""

    widths: tuple[int, ...]
    """Channels of each stage; stage i runs at 1 / (4 * 2**i) of the image size."""
    expansions: tuple[tuple[int, ...], ...]
    """For each stage, the feed-forward expansion of each of its blocks (and so the depth)."""
    attention_blocks: tuple[int, ...]
    """For each stage, how many of its trailing blocks have attention: none, but in the last two."""
    num_heads: int = 8
    key_dim: int = 32
    value_dim: int = 128
    downsample_key_dim: int = 16
    downsample_value_dim: int = 64


CONFIGS = {
    "efficientformerv2_s0": EfficientFormerV2Config(
        (32, 48, 96, 176), ((4,) * 2, (4,) * 2, (4, 3, 3, 3, 4, 4), (4, 3, 3, 4)), (0, 0, 2, 2)
    ),
    "efficientformerv2_s1": EfficientFormerV2Config(
        (32, 48, 120, 224), ((4,) * 3, (4,) * 3, (4, 4, 3, 3, 3, 3, 4, 4, 4), (4, 4, 3, 3, 4, 4)), (0, 0, 2, 2)
    ),
    "efficientformerv2_s2": EfficientFormerV2Config(
        (32, 64, 144, 288), ((4,) * 4, (4,) * 4, (4, 4, *(3,) * 6, *(4,) * 4), (4, 4, 3, 3, 3, 3, 4, 4)), (0, 0, 4, 4)
    ),
    "efficientformerv2_l": EfficientFormerV2Config(
        (40, 80, 192, 384),
        ((4,) * 5, (4,) * 5, (*(4,) * 4, *(3,) * 7, *(4,) * 4), (*(4,) * 3, *(3,) * 4, *(4,) * 3)),
        (0, 0, 6, 6),
    ),
}

OFFICIAL = KeyMap(
    "snap-research/EfficientFormer",
    (
        (r"^patch_embed\.0\.", "stem.conv1.conv."),
        (r"^patch_embed\.1\.", "stem.conv1.bn."),
        (r"^patch_embed\.3\.", "stem.conv2.conv."),
        (r"^patch_embed\.4\.", "stem.conv2.bn."),
        *((rf"^network\.{2 * stage}\.(\d+)\.", rf"stages.{stage}.blocks.\1.") for stage in range(4)),
        *(
            (rf"^network\.{2 * stage - 1}\.(?:proj|conv)\.", f"stages.{stage}.downsample.conv.conv.")
            for stage in (1, 2, 3)
        ),
        *((rf"^network\.{2 * stage - 1}\.(?:norm|bn)\.", f"stages.{stage}.downsample.conv.bn.") for stage in (1, 2, 3)),
        (r"^network\.5\.attn\.", "stages.3.downsample.attn."),
        (r"\.(stride_conv|q|k|v|v_local)\.0\.", r".\1.conv."),
        (r"\.(stride_conv|q|k|v|v_local)\.1\.", r".\1.bn."),
        (r"\.q\.local\.0\.", ".q.local."),
        (r"\.q\.proj\.0\.", ".q.proj.conv."),
        (r"\.q\.proj\.1\.", ".q.proj.bn."),
        (r"\.proj\.1\.", ".proj.conv."),
        (r"\.proj\.2\.", ".proj.bn."),
        (r"\.mlp\.(fc1|mid|fc2)\.", r".mlp.\1.conv."),
        (r"\.mlp\.norm1\.", ".mlp.fc1.bn."),
        (r"\.mlp\.mid_norm\.", ".mlp.mid.bn."),
        (r"\.mlp\.norm2\.", ".mlp.fc2.bn."),
        (r"\.layer_scale_(\d)$", r".ls\1.gamma"),
        (r"^dist_head\.", "head_dist."),
    ),
)


def conv_norm(
    in_channels: int, out_channels: int, kernel_size: int = 1, stride: int = 1, groups: int = 1
) -> ConvNormAct:
    """Convolution and batch norm without activation; every convolution of this family has a bias."""
    return ConvNormAct(in_channels, out_channels, kernel_size, stride, groups, bias=True)


class FeedForward(nn.Module):
    """Inverted bottleneck with a depthwise 3x3 in the middle: [B, C, H, W] -> [B, C, H, W]."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = ConvNormAct(dim, hidden, bias=True, act=nn.GELU)
        self.mid = ConvNormAct(hidden, hidden, 3, groups=hidden, bias=True, act=nn.GELU)
        self.fc2 = conv_norm(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.mid(self.fc1(x)))


class Attention(nn.Module):
    """Talking-head attention with a local value branch: [B, dim, R, R] -> [B, dim, R, R].

    With `strided`, attention runs at half the resolution and its result is upsampled (arXiv 2212.08059 §3.3).
    """

    attention_bias_idxs: Tensor

    def __init__(self, dim: int, resolution: int, config: EfficientFormerV2Config, strided: bool) -> None:
        super().__init__()
        grid = resolution // 2 if strided else resolution
        self.num_heads, self.key_dim, self.value_dim = config.num_heads, config.key_dim, config.value_dim
        keys, values = self.num_heads * self.key_dim, self.num_heads * self.value_dim
        self.attention_biases = nn.Parameter(torch.zeros(self.num_heads, grid**2))
        self.register_buffer("attention_bias_idxs", offset_indices(grid, grid), persistent=False)
        self.stride_conv = conv_norm(dim, dim, 3, stride=2, groups=dim) if strided else nn.Identity()
        self.q = conv_norm(dim, keys)
        self.k = conv_norm(dim, keys)
        self.v = conv_norm(dim, values)
        self.v_local = conv_norm(values, values, 3, groups=values)
        self.talking_head1 = nn.Conv2d(self.num_heads, self.num_heads, 1)
        self.talking_head2 = nn.Conv2d(self.num_heads, self.num_heads, 1)
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear") if strided else nn.Identity()
        self.act = nn.GELU()
        self.proj = conv_norm(values, dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stride_conv(x)
        batch, _, height, width = x.shape
        q = (self.q(x) * self.key_dim**-0.5).reshape(batch, self.num_heads, self.key_dim, -1).transpose(2, 3)
        k = self.k(x).reshape(batch, self.num_heads, self.key_dim, -1)
        v = self.v(x)
        scores = q @ k + self.attention_biases[:, self.attention_bias_idxs]
        weights = self.talking_head2(self.talking_head1(scores).softmax(-1))
        # v and out keep channels before positions, so that the result is a feature map without a transpose.
        out = v.reshape(batch, self.num_heads, self.value_dim, -1) @ weights.transpose(2, 3)
        out = out.reshape(batch, -1, height, width) + self.v_local(v)
        return self.proj(self.act(self.upsample(out)))


class QueryDownsample(nn.Module):
    """Queries at half resolution: a learned depthwise 3x3 beside plain subsampling, then a projection."""

    def __init__(self, dim: int, keys: int) -> None:
        super().__init__()
        self.local = nn.Conv2d(dim, dim, 3, stride=2, padding=1, groups=dim)
        self.proj = conv_norm(dim, keys)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(self.local(x) + x[:, :, ::2, ::2])


class AttentionDownsample(nn.Module):
    """Attention from a half-resolution grid to the full one: [B, in, R, R] -> [B, out, R/2, R/2]."""

    attention_bias_idxs: Tensor

    def __init__(self, in_channels: int, out_channels: int, resolution: int, config: EfficientFormerV2Config) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.key_dim, self.value_dim = config.downsample_key_dim, config.downsample_value_dim
        keys, values = self.num_heads * self.key_dim, self.num_heads * self.value_dim
        self.attention_biases = nn.Parameter(torch.zeros(self.num_heads, resolution**2))
        self.register_buffer("attention_bias_idxs", offset_indices(resolution, resolution, 2), persistent=False)
        self.q = QueryDownsample(in_channels, keys)
        self.k = conv_norm(in_channels, keys)
        self.v = conv_norm(in_channels, values)
        self.v_local = conv_norm(values, values, 3, stride=2, groups=values)
        self.act = nn.GELU()
        self.proj = conv_norm(values, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        q = (self.q(x) * self.key_dim**-0.5).reshape(batch, self.num_heads, self.key_dim, -1).transpose(2, 3)
        k = self.k(x).reshape(batch, self.num_heads, self.key_dim, -1)
        v = self.v(x)
        scores = q @ k + self.attention_biases[:, self.attention_bias_idxs]
        out = v.reshape(batch, self.num_heads, self.value_dim, -1) @ scores.softmax(-1).transpose(2, 3)
        out = out.reshape(batch, -1, height // 2, width // 2) + self.v_local(v)
        return self.proj(self.act(out))


class Downsample(nn.Module):
    """Strided convolution, joined in the last stage by attention: [B, in, R, R] -> [B, out, R/2, R/2]."""

    def __init__(self, in_channels: int, out_channels: int, attn: nn.Module | None) -> None:
        super().__init__()
        self.conv = conv_norm(in_channels, out_channels, 3, stride=2)
        self.attn = attn

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv(x)
        return out if self.attn is None else out + self.attn(x)


class Block(nn.Module):
    """Attention where there is a `token_mixer`, then the feed-forward block: [B, C, H, W] -> [B, C, H, W]."""

    def __init__(self, dim: int, expansion: int, token_mixer: nn.Module | None) -> None:
        super().__init__()
        self.token_mixer = token_mixer
        if token_mixer is not None:
            self.ls1 = LayerScale2d(dim)
        self.mlp = FeedForward(dim, dim * expansion)
        self.ls2 = LayerScale2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        if self.token_mixer is not None:
            x = x + self.ls1(self.token_mixer(x))
        return x + self.ls2(self.mlp(x))


DAMPED = r"\.(mlp\.fc2|token_mixer\.proj)\.bn\.weight$"
"""Pattern of the keys of the last norms of residual branches."""
DAMPING = 0.5
"""What seeded weights of those norms are multiplied by. Without it activations grow through V2-L's 47 branches until
attention is a hard maximum: then rounding alone moves single-precision PyTorch by 8e-5 of its output from double
precision, and parity would measure that. With it, 3e-7."""


class EfficientFormerV2(Classifier):
    """A published EfficientFormerV2: stem, four stages, and the mean of a classifier's and a distilled one's logits."""

    size_multiple = OUTPUT_STRIDE
    heads = ("head", "head_dist")
    key_maps = (OFFICIAL,)
    fill = Fill(spreads=((r"\.attention_biases$", Spread(0, 2)), (DAMPED, Spread(DAMPING, 0.1 * DAMPING))))

    def __init__(
        self, config: EfficientFormerV2Config, image_size: int = 224, in_channels: int = 3, num_classes: int = 1000
    ) -> None:
        super().__init__(image_size, in_channels, num_classes)
        first, last = config.widths[0], config.widths[-1]
        self.stem = nn.Sequential(
            OrderedDict(
                conv1=ConvNormAct(in_channels, first // 2, 3, stride=2, bias=True, act=nn.GELU),
                conv2=ConvNormAct(first // 2, first, 3, stride=2, bias=True, act=nn.GELU),
            )
        )
        self.stages = nn.Sequential(*(_stage(config, index, image_size) for index in range(len(config.widths))))
        self.norm = nn.BatchNorm2d(last)
        self.head = nn.Linear(last, num_classes)
        self.head_dist = nn.Linear(last, num_classes)

    def forward_features(self, x: Tensor) -> Tensor:
        """The last stage's feature map [B, C, S/32, S/32]."""
        return self.stages(self.stem(x))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        pooled = self.norm(x).mean((2, 3))
        return pooled if pre_logits else (self.head(pooled) + self.head_dist(pooled)) / 2


def _stage(config: EfficientFormerV2Config, index: int, image_size: int) -> Stage:
    """Stage `index`: attention stands in trailing blocks, strided in the last stage but one."""
    width, resolution = config.widths[index], image_size // (4 * 2**index)
    from_last = len(config.widths) - 1 - index
    downsample: nn.Module = nn.Identity()
    if index > 0:
        previous = config.widths[index - 1]
        attn = AttentionDownsample(previous, width, 2 * resolution, config) if from_last == 0 else None
        downsample = Downsample(previous, width, attn)
    expansions = config.expansions[index]
    plain = len(expansions) - config.attention_blocks[index]
    blocks: list[nn.Module] = []
    for position, expansion in enumerate(expansions):
        mixer = Attention(width, resolution, config, strided=from_last == 1) if position >= plain else None
        blocks.append(Block(width, expansion, mixer))
    return Stage(downsample, blocks)
