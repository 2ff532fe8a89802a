"""The memory: how a frame enters it (`MemoryEncoder`), and how a later frame reads it (`MemoryAttention`)."""

from itertools import pairwise
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.efficienttam.config import CHANNELS, MEMORY_CHANNELS, POOL, EfficientTAMConfig
from exporter.models.efficienttam.layers import ChannelNorm, map_of, tokens_of
from exporter.models.efficienttam.positions import halves_order, rotary_tables, rotated, sine_encoding

_HIDDEN = 2048
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

    def __init__(self, side: int, key_channels: int) -> None:
        super().__init__()
        self.side = side
        self.q_proj = nn.Linear(CHANNELS, CHANNELS)
        self.k_proj = nn.Linear(key_channels, CHANNELS)
        self.v_proj = nn.Linear(key_channels, CHANNELS)
        self.out_proj = nn.Linear(CHANNELS, CHANNELS)
        cosines, sines = rotary_tables(side, CHANNELS)
        self.register_buffer("order", halves_order(CHANNELS), persistent=False)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def project(self, layer: nn.Linear, x: Tensor) -> Tensor:
        """Queries or keys [..., 256] with their channels in `halves_order`, for which the weights are permuted."""
        return F.linear(x, layer.weight[self.order], layer.bias[self.order])

    def rotate(self, x: Tensor) -> Tensor:
        """Queries or keys [..., N, 256] of a whole map, turned by where each stands."""
        return rotated(x, self.cosines, self.sines)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
        """[1, Q, 256], [1, K, 256] twice -> [1, Q, 256]; `bias` [1, 1, 1, K] is added to the logits of each query."""
        out = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None], bias)
        return self.out_proj(out[:, 0])


class RotarySelfAttention(RotaryAttention):
    """Features attend to each other: [1, N, 256] -> [1, N, 256]."""

    def __init__(self, side: int) -> None:
        super().__init__(side, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        q, k = (self.rotate(self.project(layer, x)) for layer in (self.q_proj, self.k_proj))
        return self.attend(q, k, self.v_proj(x))


class MemoryCrossAttention(RotaryAttention):
    """Features attend to the memory: [1, N, 256] -> [1, N, 256]."""

    def __init__(self, side: int, pooling: int) -> None:
        super().__init__(side, MEMORY_CHANNELS)
        self.pooling = pooling

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None, pooled: bool
    ) -> Tensor:
        """`memory` and `positions` [M, N, 64], `pointers` [1, P, 64]: tokens of frames and of object pointers.

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
        k = torch.cat([k.reshape(1, -1, CHANNELS), self.project(self.k_proj, pointers)], dim=1)
        v = torch.cat([self.v_proj(memory).reshape(1, -1, CHANNELS), self.v_proj(pointers)], dim=1)
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

    def __init__(self, side: int, pooling: int) -> None:
        super().__init__()
        self.self_attn = RotarySelfAttention(side)
        self.cross_attn_image = MemoryCrossAttention(side, pooling)
        self.linear1 = nn.Linear(CHANNELS, _HIDDEN)
        self.linear2 = nn.Linear(_HIDDEN, CHANNELS)
        self.norm1 = nn.LayerNorm(CHANNELS)
        self.norm2 = nn.LayerNorm(CHANNELS)
        self.norm3 = nn.LayerNorm(CHANNELS)

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None, pooled: bool
    ) -> Tensor:
        x = x + self.self_attn(self.norm1(x))
        x = x + self.cross_attn_image(self.norm2(x), memory, positions, pointers, bias, pooled)
        return x + self.linear2(self.linear1(self.norm3(x)).relu())


class MemoryAttention(nn.Module):
    """Features [1, 256, g, g] that know what the memory holds, in the same shape."""

    positions: Tensor

    def __init__(self, config: EfficientTAMConfig, side: int) -> None:
        super().__init__()
        self.side = side
        self.pooling = config.pooling
        self.layers = nn.ModuleList(MemoryLayer(side, config.pooling) for _ in range(config.memory_layers))
        self.norm = nn.LayerNorm(CHANNELS)
        self.register_buffer("positions", _POSITION_SHARE * sine_encoding(side, CHANNELS), persistent=False)

    def forward(
        self, features: Tensor, memory: Tensor, positions: Tensor, pointers: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        """`memory` and `positions` [M, N, 64], `pointers` [1, P, 64]; `bias` [1, 1, 1, K] masks keys.

        The pooled variants do not pool the memory of a single frame.
        """
        pooled = self.pooling > 0 and len(memory) > 1
        x = tokens_of(features) + self.positions
        for layer in self.layers:
            x = layer(x, memory, positions, pointers, bias, pooled)
        return map_of(self.norm(x), self.side)


class MaskDownsampler(nn.Module):
    """Mask [1, 1, S, S] -> [1, 256, S/16, S/16] by four strided convolutions."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (1, 4, 16, 64, CHANNELS)
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), ChannelNorm(after), nn.GELU()]
        self.encoder = nn.Sequential(*layers, nn.Conv2d(CHANNELS, CHANNELS, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x)


class FuserLayer(nn.Module):
    """ConvNeXt block (arXiv 2201.03545 §2.6) over a map [1, 256, g, g]."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((CHANNELS,), 1e-6))
        self.dwconv = nn.Conv2d(CHANNELS, CHANNELS, 7, padding=3, groups=CHANNELS)
        self.norm = ChannelNorm(CHANNELS)
        self.pwconv1 = nn.Linear(CHANNELS, 4 * CHANNELS)
        self.pwconv2 = nn.Linear(4 * CHANNELS, CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        hidden = F.gelu(self.pwconv1(self.norm(self.dwconv(x)).permute(0, 2, 3, 1)))
        return x + (self.gamma * self.pwconv2(hidden)).permute(0, 3, 1, 2)


class Fuser(nn.Module):
    """Two layers, under the name that the checkpoints give them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(FuserLayer(), FuserLayer())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class MemoryEncoder(nn.Module):
    """Features [1, 256, g, g] and a mask in 0–1 [1, 1, S, S] -> a frame's memory [1, N, 64]."""

    def __init__(self) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownsampler()
        self.pix_feat_proj = nn.Conv2d(CHANNELS, CHANNELS, 1)
        self.fuser = Fuser()
        self.out_proj = nn.Conv2d(CHANNELS, MEMORY_CHANNELS, 1)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        scaled = mask * MASK_SCALE + MASK_OFFSET
        fused = self.fuser(self.pix_feat_proj(features) + self.mask_downsampler(scaled))
        return tokens_of(self.out_proj(fused))
