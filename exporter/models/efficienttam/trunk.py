"""The image encoder: a plain vision transformer with windowed and global attention, and a neck.

Everything is for one image, batch 1, and in rank 4 at most.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.efficienttam.config import PATCH, EfficientTAMConfig
from exporter.models.efficienttam.layers import ChannelNorm, Mlp, map_of, merge_heads, split_heads

_EPSILON = 1e-6


class PatchEmbed(nn.Module):
    """Image [1, 3, S, S] -> map [1, width, S/16, S/16]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, stride=PATCH)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


class SelfAttention(nn.Module):
    """Attention over the tokens of a map [side, side, width], as a whole or within windows.

    The published model pads the map with zeros to whole windows *before* the projection to queries, keys and values,
    and attends to the padding. Projecting first is a tenth cheaper, and padding with zeros then is the same without
    two biases: what the keys' bias adds to the logits of a query is the same for all its keys, so softmax does not see
    it; and since its weights add up to one, the values' bias may be added to the result.
    """

    def __init__(self, width: int, heads: int, window: int | None) -> None:
        super().__init__()
        self.heads = heads
        self.window = window
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        side, _, width = x.shape
        of_queries, of_values = self.qkv.bias[:width], self.qkv.bias[2 * width :]
        bias = F.pad(of_queries, (0, 2 * width))
        qkv = F.linear(x, self.qkv.weight, bias)
        if self.window is not None:
            padding = -side % self.window
            qkv = _windows(F.pad(qkv, (0, 0, 0, padding, 0, padding)), self.window)
        qkv = qkv.reshape(-1, side * side if self.window is None else self.window**2, 3 * width)
        q, k, v = (split_heads(part, self.heads) for part in qkv.chunk(3, dim=-1))
        out = merge_heads(F.scaled_dot_product_attention(q, k, v))
        if self.window is not None:
            out = _joined(out, self.window, side + padding)[:side, :side]
        return F.linear(out.reshape(side, side, width), self.proj.weight, self.proj(of_values))


def _windows(x: Tensor, size: int) -> Tensor:
    """[H, W, C] -> [windows, size * size, C]; whole rows of windows move, so that rank 4 is enough."""
    height, width, channels = x.shape
    rows = x.reshape(height // size, size, width // size, size * channels).transpose(1, 2)
    return rows.reshape(-1, size * size, channels)


def _joined(x: Tensor, size: int, side: int) -> Tensor:
    """The inverse of `_windows`, for a square map: [windows, size * size, C] -> [side, side, C]."""
    channels = x.shape[-1]
    rows = x.reshape(side // size, side // size, size, size * channels).transpose(1, 2)
    return rows.reshape(side, side, channels)


class Block(nn.Module):
    """Pre-norm transformer block over a map [side, side, width]."""

    def __init__(self, width: int, heads: int, window: int | None, hidden: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, _EPSILON)
        self.attn = SelfAttention(width, heads, window)
        self.norm2 = nn.LayerNorm(width, _EPSILON)
        self.mlp = Mlp((width, hidden, width), F.gelu)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Trunk(nn.Module):
    """Image [1, 3, S, S] -> map [1, width, S/16, S/16]."""

    def __init__(self, config: EfficientTAMConfig) -> None:
        super().__init__()
        self.pretrained_grid = config.pretrained_grid
        # A class token comes first; it is in the checkpoints, and in no use.
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.pretrained_grid**2, config.width))
        self.patch_embed = PatchEmbed(config.width)
        hidden = config.trunk_hidden or (4 * config.width,) * config.depth
        self.blocks = nn.Sequential(
            *(
                Block(config.width, config.heads, None if index in config.global_blocks else config.window, channels)
                for index, channels in enumerate(hidden)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        patches = self.patch_embed(x)
        positions = map_of(self.pos_embed[:, 1:], self.pretrained_grid)
        patches = patches + F.interpolate(positions, patches.shape[2:], mode="bicubic")
        return self.blocks(patches[0].permute(1, 2, 0)).permute(2, 0, 1)[None]


class NeckLevel(nn.Module):
    """[1, width, g, g] -> [1, C, g, g]"""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.conv_1x1 = nn.Conv2d(width, channels, 1, bias=False)
        self.norm_0 = ChannelNorm(channels)
        self.conv_3x3 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm_1 = ChannelNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm_1(self.conv_3x3(self.norm_0(self.conv_1x1(x))))


class Neck(nn.Module):
    """One level, under the name that the checkpoints give it."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([NeckLevel(width, channels)])

    def forward(self, x: Tensor) -> Tensor:
        return self.convs[0](x)


class ImageEncoder(nn.Module):
    """Normalised image [1, 3, S, S] -> features [1, C, S/16, S/16]."""

    def __init__(self, config: EfficientTAMConfig) -> None:
        super().__init__()
        self.trunk = Trunk(config)
        self.neck = Neck(config.width, config.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.neck(self.trunk(x))
