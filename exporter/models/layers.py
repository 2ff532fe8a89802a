"""Layers that more than one model family uses.

Submodule names (`conv`, `bn`, `gamma`, `fc1`, …) are those of the published checkpoints, so they may not be renamed.
All feature maps are NCHW; token tensors are [batch, tokens, channels].
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.seeded import Fill

PATCH = 2
"""Side in pixels of the patches between which the MobileViTs attend."""

STRONG_CONVOLUTIONS = Fill(gains=((r"(\.conv|conv_1x1)\.weight$", 1.55),))
"""Seeded weights for strided inverted residuals, which have no shortcut: with a gain near 1 the output would hardly
depend on the image."""


class ConvNormAct(nn.Module):
    """Convolution with padding k//2, batch norm, optional activation: [B, in, H, W] -> [B, out, H/stride, W/stride]."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        stride: int = 1,
        groups: int = 1,
        bias: bool = False,
        act: Callable[[], nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, kernel_size // 2, groups=groups, bias=bias
        )
        self.bn = nn.BatchNorm2d(out_channels)
        self.act = act()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


class InvertedResidual(nn.Module):
    """MobileNetV2 block (arXiv 1801.04381 §3.3) with SiLU; the shortcut exists where shape is preserved."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, expansion: float) -> None:
        super().__init__()
        hidden = make_divisible(in_channels * expansion)
        self.has_shortcut = stride == 1 and in_channels == out_channels
        self.conv1_1x1 = ConvNormAct(in_channels, hidden, act=nn.SiLU)
        self.conv2_kxk = ConvNormAct(hidden, hidden, 3, stride, groups=hidden, act=nn.SiLU)
        self.conv3_1x1 = ConvNormAct(hidden, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv3_1x1(self.conv2_kxk(self.conv1_1x1(x)))
        return x + out if self.has_shortcut else out


def inverted_residuals(
    in_channels: int, out_channels: int, stride: int, expansion: float, count: int
) -> list[nn.Module]:
    """A list of `count` inverted residuals, of which the first changes the width and the resolution."""
    first = InvertedResidual(in_channels, out_channels, stride, expansion)
    return [first, *(InvertedResidual(out_channels, out_channels, 1, expansion) for _ in range(count - 1))]


class Mlp(nn.Module):
    """Two linear layers over the last axis: [..., dim] -> [..., dim]."""

    def __init__(self, dim: int, hidden: int, act: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = act()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class LayerScale(nn.Module):
    """Learned gain per channel (arXiv 2103.17239 §3) of a token tensor [..., dim]."""

    def __init__(self, dim: int, init: float = 1e-5) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((dim,), init))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class LayerScale2d(LayerScale):
    """Learned gain per channel of a feature map [B, dim, H, W]."""

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma[:, None, None]


class Stage(nn.Module):
    """A change of resolution and width, then blocks that keep both."""

    def __init__(self, downsample: nn.Module, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.downsample = downsample
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(self.downsample(x))


def offset_indices(height: int, width: int, query_stride: int = 1) -> Tensor:
    """Where in a table of absolute offsets (LeViT, arXiv 2104.01136 §4.2) the bias of a query/key pair stands.

    Keys lie on a grid of `height` x `width`; queries on every `query_stride`-th of its points. Returns int64
    [queries, keys] with values |Δy| * width + |Δx|, an index into a table of height * width entries.
    """
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    keys = torch.stack([ys.flatten(), xs.flatten()])
    queries = torch.stack([ys[::query_stride, ::query_stride].flatten(), xs[::query_stride, ::query_stride].flatten()])
    dy, dx = (queries[:, :, None] - keys[:, None, :]).abs()
    return dy * width + dx


def whole_patches(pixels: int) -> int:
    """How many pixels are as many whole patches as `pixels` needs."""
    return -(-pixels // PATCH) * PATCH


def unfold(x: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C, P, N]: the N patches' pixels at each of the P positions in a patch, both row-major."""
    return F.pixel_unshuffle(x, PATCH).reshape(*x.shape[:2], PATCH * PATCH, -1)


def fold(x: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `unfold`: [B, C, P, N] -> [B, C, H, W]."""
    return F.pixel_shuffle(x.reshape(len(x), -1, height // PATCH, width // PATCH), PATCH)


def make_divisible(channels: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `channels`, at most 10 % below it (MobileNet's rounding rule)."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
