"""The memory: how a frame enters it (`MemoryEncoder`), and how a later frame reads it (`MemoryAttention`)."""

from itertools import pairwise
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.efficienttam.config import POOL, EfficientTAMConfig
from exporter.models.efficienttam.layers import ChannelNorm, map_of, tokens_of
from exporter.models.efficienttam.positions import halves_order, rotary_tables, rotated, sine_encoding

_POSITION_SHARE = 0.1
"""How much of the position encoding is added to the features in front."""
_POOLED_WEIGHT = log(POOL * POOL)
"""Added to the logits of a pooled token, it makes that count as often as the tokens it stands for."""

MASK_SCALE, MASK_OFFSET = 20.0, -10.0
"""What the memory encoder makes of a mask in 0–1."""


class RotaryAttention(nn.Module):
    """One head of attention with rotary position encoding; what queries and keys come from is the subclass's."""

    order: Tensor
    cosines: Tensor
    sines: Tensor

    def __init__(self, channels: int, side: int, key_channels: int) -> None:
        super().__init__()
        self.side = side
        self.q_proj = nn.Linear(channels, channels)
        self.k_proj = nn.Linear(key_channels, channels)
        self.v_proj = nn.Linear(key_channels, channels)
        self.out_proj = nn.Linear(channels, channels)
        cosines, sines = rotary_tables(side, channels)
        self.register_buffer("order", halves_order(channels), persistent=False)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def project(self, layer: nn.Linear, x: Tensor) -> Tensor:
        """Queries or keys [..., C] with their channels in `halves_order`, for which the weights are permuted."""
        return F.linear(x, layer.weight[self.order], layer.bias[self.order])

    def rotate(self, x: Tensor) -> Tensor:
        """Queries or keys [..., N, C] of a whole map, turned by where each stands."""
        return rotated(x, self.cosines, self.sines)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """[1, Q, C], [1, K, C] twice -> [1, Q, C]; `bias` [1, 1, 1, K] is added to the logits of each query."""
        out = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None], bias)
        return self.out_proj(out[:, 0])


class RotarySelfAttention(RotaryAttention):
    """Features attend to each other: [1, N, C] -> [1, N, C]."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__(channels, side, channels)

    def forward(self, x: Tensor) -> Tensor:
        q, k = (self.rotate(self.project(layer, x)) for layer in (self.q_proj, self.k_proj))
        return self.attend(q, k, self.v_proj(x))


class MemoryCrossAttention(RotaryAttention):
    """Features attend to the memory: [1, N, C] -> [1, N, C]."""

    def __init__(self, config: EfficientTAMConfig, side: int) -> None:
        super().__init__(config.channels, side, config.memory_channels)
        self.pooling = config.pooling

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None, pooled: bool
    ) -> Tensor:
        """`memory` and `positions` [M, N, D], `pointers` [1, P, D]: tokens of frames and of object pointers.

        `bias` [1, 1, 1, K] masks keys: those of frames, pooled or not, then those of pointers, which are not rotated.
        """
        q = self.rotate(self.project(self.q_proj, x))
        k = self.rotate(self.project(self.k_proj, memory + positions))
        if pooled:
            # Values are not rotated, so they may be pooled before they are projected: a quarter of the work.
            k, memory = self._pool(k), self._pool(memory)
            if self.pooling == 1:
                bias = _weighted(bias, k.shape[0] * k.shape[1], pointers.shape[1], x)
            else:
                # The authors' second variant adds the constant to every channel of the keys. That is another function,
                # which its checkpoints were trained with.
                k = k + _POOLED_WEIGHT
        k = torch.cat([k.reshape(1, -1, k.shape[-1]), self.project(self.k_proj, pointers)], dim=1)
        v = torch.cat([self.v_proj(memory).reshape(1, -1, k.shape[-1]), self.v_proj(pointers)], dim=1)
        return self.attend(q, k, v, bias)

    def _pool(self, x: Tensor) -> Tensor:
        """Means of 2x2 squares of the map: [M, N, C] -> [M, N / 4, C], without leaving the tokens' layout."""
        frames, _, channels = x.shape
        half = self.side // POOL
        rows = x.reshape(frames * half, POOL, half, POOL * channels)
        pairs = rows[:, 0] + rows[:, 1]
        return ((pairs[..., :channels] + pairs[..., channels:]) * (1 / POOL**2)).reshape(frames, -1, channels)


def _weighted(bias: Tensor | None, spatial: int, pointers: int, like: Tensor) -> Tensor:
    """The logits' bias [1, 1, 1, K] by which each of the first `spatial` keys counts as the tokens behind it."""
    weight = torch.cat([like.new_full((spatial,), _POOLED_WEIGHT), like.new_zeros(pointers)])
    return weight[None, None, None] if bias is None else bias + weight


class MemoryLayer(nn.Module):
    """Pre-norm transformer layer; the submodules have the checkpoints' names."""

    def __init__(self, config: EfficientTAMConfig, side: int, hidden: int) -> None:
        super().__init__()
        channels = config.channels
        self.self_attn = RotarySelfAttention(channels, side)
        self.cross_attn_image = MemoryCrossAttention(config, side)
        self.linear1 = nn.Linear(channels, hidden)
        self.linear2 = nn.Linear(hidden, channels)
        self.norm1 = nn.LayerNorm(channels)
        self.norm2 = nn.LayerNorm(channels)
        self.norm3 = nn.LayerNorm(channels)

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None, pooled: bool
    ) -> Tensor:
        x = x + self.self_attn(self.norm1(x))
        x = x + self.cross_attn_image(self.norm2(x), memory, positions, pointers, bias, pooled)
        return x + self.linear2(self.linear1(self.norm3(x)).relu())


class MemoryAttention(nn.Module):
    """Features [1, C, g, g] that know what the memory holds, in the same shape."""

    positions: Tensor

    def __init__(self, config: EfficientTAMConfig, side: int) -> None:
        super().__init__()
        self.side = side
        self.pooling = config.pooling
        hidden = config.memory_hidden or (config.hidden,) * config.memory_layers
        self.layers = nn.ModuleList(MemoryLayer(config, side, channels) for channels in hidden)
        self.norm = nn.LayerNorm(config.channels)
        self.register_buffer("positions", _POSITION_SHARE * sine_encoding(side, config.channels), persistent=False)

    def forward(
        self, features: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """`memory` and `positions` [M, N, D], `pointers` [1, P, D]; `bias` [1, 1, 1, K] masks keys.

        The pooled variants do not pool the memory of a single frame.
        """
        pooled = self.pooling > 0 and len(memory) > 1
        x = tokens_of(features) + self.positions
        for layer in self.layers:
            x = layer(x, memory, positions, pointers, bias, pooled)
        return map_of(self.norm(x), self.side)


class MaskDownsampler(nn.Module):
    """Mask [1, 1, S, S] -> [1, C, S/16, S/16] by four strided convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (1, 4, 16, 64, channels)
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), ChannelNorm(after), nn.GELU()]
        self.encoder = nn.Sequential(*layers, nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)


class FuserLayer(nn.Module):
    """ConvNeXt block (arXiv 2201.03545 §2.6) over a map [1, C, g, g]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), 1e-6))
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = ChannelNorm(channels)
        self.pwconv1 = nn.Linear(channels, 4 * channels)
        self.pwconv2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.gelu(self.pwconv1(self.norm(self.dwconv(x)).permute(0, 2, 3, 1)))
        return x + (self.gamma * self.pwconv2(hidden)).permute(0, 3, 1, 2)


class Fuser(nn.Module):
    """Two layers, under the name that the checkpoints give them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(FuserLayer(channels), FuserLayer(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MemoryEncoder(nn.Module):
    """Features [1, C, g, g] and a mask in 0–1 [1, 1, S, S] -> a frame's memory [1, N, D]."""

    def __init__(self, config: EfficientTAMConfig) -> None:
        super().__init__()
        channels = config.channels
        self.mask_downsampler = MaskDownsampler(channels)
        self.pix_feat_proj = nn.Conv2d(channels, channels, 1)
        self.fuser = Fuser(channels)
        self.out_proj = nn.Conv2d(channels, config.memory_channels, 1)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        scaled = mask * MASK_SCALE + MASK_OFFSET
        fused = self.fuser(self.pix_feat_proj(features) + self.mask_downsampler(scaled))
        return tokens_of(self.out_proj(fused))
