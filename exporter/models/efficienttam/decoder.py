"""SAM 2's prompt encoder and mask decoder (arXiv 2408.00714 §4), without high-resolution features."""

from dataclasses import dataclass
from math import tau

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.efficienttam.layers import Attention, ChannelNorm, Mlp, map_of, tokens_of
from exporter.models.efficienttam.positions import grid_points
from exporter.models.point_labels import BOTTOM_RIGHT, PADDING

_HEAD_CHANNELS = 32
"""Of each head of the tokens' self attention; those of the cross attentions have half as many."""
_MASKS = 4
_UPSCALED = 32
"""Channels of the upscaled features that a mask is a weighted sum of."""
_STABILITY_DELTA, _STABILITY_THRESHOLD = 0.05, 0.98


class FourierEncoding(nn.Module):
    """Random Fourier features (arXiv 2006.10739) of points [..., 2], (x, y) in 0–1: [..., C]."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, channels // 2))

    def forward(self, points: Tensor) -> Tensor:
        angles = tau * ((2.0 * points - 1.0) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    """Encodes points and masks as the mask decoder takes them."""

    centres: Tensor

    def __init__(self, channels: int, side: int, image_size: int) -> None:
        super().__init__()
        self.side = side
        self.image_size = image_size
        self.pe_layer = FourierEncoding(channels)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, channels) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, channels)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, 4, 2, stride=2),
            ChannelNorm(4),
            nn.GELU(),
            nn.Conv2d(4, 16, 2, stride=2),
            ChannelNorm(16),
            nn.GELU(),
            nn.Conv2d(16, channels, 1),
        )
        self.no_mask_embed = nn.Embedding(1, channels)
        rows, columns = grid_points(side)
        centres = ((torch.stack([columns, rows], dim=-1) + 0.5) / side).float()
        self.register_buffer("centres", centres, persistent=False)

    def points(self, points: Tensor, labels: Tensor) -> Tensor:
        """Points [1, P, 2], pixels (x, y) of the S x S image, with labels [1, P] as floats -> tokens [1, P + 1, C].

        The last is the padding point that the authors append to every prompt.
        """
        places = torch.cat([points + 0.5, points.new_zeros(1, 1, 2)], dim=1) / self.image_size
        labels = torch.cat([labels, labels.new_full((1, 1), PADDING)], dim=1)[..., None]
        # By arithmetic instead of a gather, which delegates do not take: 1 where a label is the one of a column.
        known = torch.arange(PADDING, BOTTOM_RIGHT + 1, dtype=points.dtype, device=points.device)
        chosen = (1.0 - (labels - known).abs()).relu()
        table = torch.cat([self.not_a_point_embed.weight, *self.point_embeddings.parameters()])
        is_point = chosen[..., 1:].sum(-1, keepdim=True)
        return is_point * self.pe_layer(places) + chosen @ table

    def no_points(self) -> Tensor:
        """The tokens [1, 2, C] of a frame without a prompt: two padding points."""
        return self.not_a_point_embed.weight.expand(2, -1)[None]

    def no_mask(self) -> Tensor:
        """What stands for a mask [1, C, 1, 1] where there is none."""
        return self.no_mask_embed.weight[..., None, None]

    def mask(self, mask: Tensor) -> Tensor:
        """Mask logits [1, 1, 4g, 4g] -> [1, C, g, g]."""
        return self.mask_downscaling(mask)

    def dense_positions(self) -> Tensor:
        """Position encoding of the image's tokens: [1, N, C]."""
        return self.pe_layer(self.centres)[None]


class TwoWayLayer(nn.Module):
    """Tokens attend to each other and to the image, and the image to them; post-norm."""

    def __init__(self, channels: int, hidden: int, first: bool) -> None:
        super().__init__()
        heads = channels // _HEAD_CHANNELS
        self.first = first
        self.self_attn = Attention(channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.cross_attn_token_to_image = Attention(channels, heads, channels // 2)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp((channels, hidden, channels), F.relu)
        self.norm3 = nn.LayerNorm(channels)
        self.norm4 = nn.LayerNorm(channels)
        self.cross_attn_image_to_token = Attention(channels, heads, channels // 2)

    def forward(
        self, tokens: Tensor, image: Tensor, prompts: Tensor, positions: Tensor, bias: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Tokens and prompts [1, T, C], image and positions [1, N, C]; `bias` [1, 1, 1, T] masks tokens as keys."""
        if self.first:  # without positions, and without a residual
            tokens = self.self_attn(tokens, tokens, tokens, bias)
        else:
            placed = tokens + prompts
            tokens = tokens + self.self_attn(placed, placed, tokens, bias)
        tokens = self.norm1(tokens)
        tokens = tokens + self.cross_attn_token_to_image(tokens + prompts, image + positions, image)
        tokens = self.norm2(tokens)
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = image + self.cross_attn_image_to_token(image + positions, tokens + prompts, tokens, bias)
        return tokens, self.norm4(image)


class TwoWayTransformer(nn.Module):
    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayLayer(channels, hidden, first) for first in (True, False))
        self.final_attn_token_to_image = Attention(channels, channels // _HEAD_CHANNELS, channels // 2)
        self.norm_final_attn = nn.LayerNorm(channels)

    def forward(self, image: Tensor, positions: Tensor, prompts: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        """Prompts [1, T, C], image and positions [1, N, C] -> tokens [1, T, C], image [1, N, C]."""
        tokens = prompts
        for layer in self.layers:
            tokens, image = layer(tokens, image, prompts, positions, bias)
        attended = self.final_attn_token_to_image(tokens + prompts, image + positions, image)
        return self.norm_final_attn(tokens + attended), image


@dataclass(frozen=True)
class Decoded:
    """All that the mask decoder says: of a single mask first, then of three alternatives."""

    masks: Tensor
    """Logits [1, 4, 4g, 4g]"""
    ious: Tensor
    """Predicted IoUs in 0–1 [1, 4]"""
    tokens: Tensor
    """[1, 4, C]"""
    object_score: Tensor
    """Logit [1, 1]; positive where the object is in sight."""

    def best_of_three(self) -> "Selected":
        """The alternative with the highest predicted IoU, the first of equals."""
        chosen = _first_maximum(self.ious[:, 1:])
        return Selected(
            _weighted_sum(chosen, self.masks[:, 1:]),
            (chosen * self.ious[:, 1:]).sum(-1, keepdim=True),
            (chosen[..., None] * self.tokens[:, 1:]).sum(1),
        )

    def single(self) -> "Selected":
        """The single mask, or the best of three where it is not stable; its token is always the single mask's."""
        best = self.best_of_three()
        mask, iou = self.masks[:, :1], self.ious[:, :1]
        inner, outer = (flag(mask > level).sum((2, 3)) for level in (_STABILITY_DELTA, -_STABILITY_DELTA))
        # Not a quotient, so that a mask without an outer area counts as stable.
        stable = flag(inner >= _STABILITY_THRESHOLD * outer)
        token = self.tokens[:, 0]
        return either(stable, Selected(mask, iou, token), Selected(best.mask, best.iou, token))


@dataclass(frozen=True)
class Selected:
    """One mask: logits [1, 1, 4g, 4g], predicted IoU [1, 1], token [1, C]."""

    mask: Tensor
    iou: Tensor
    token: Tensor


def either(condition: Tensor, one: Selected, other: Selected) -> Selected:
    """`one` where the flag [1, 1] is 1, `other` where it is 0."""
    return Selected(
        choose(condition[..., None, None], one.mask, other.mask),
        choose(condition, one.iou, other.iou),
        choose(condition, one.token, other.token),
    )


def flag(condition: Tensor) -> Tensor:
    """A condition as a number: 1 where it is true, 0 where it is not."""
    return condition.float()


def choose(condition: Tensor, one: Tensor, other: Tensor | float) -> Tensor:
    """`one` where the flag is 1, `other` where it is 0; exact for what is finite, and every delegate has it."""
    return condition * one + (1.0 - condition) * other


def _first_maximum(values: Tensor) -> Tensor:
    """1 at the first greatest of values [1, K], 0 elsewhere."""
    return flag(torch.arange(values.shape[1], device=values.device) == values.argmax(-1, keepdim=True))


def _weighted_sum(weights: Tensor, maps: Tensor) -> Tensor:
    """[1, K], [1, K, H, W] -> [1, 1, H, W]"""
    return (weights[..., None, None] * maps).sum(1, keepdim=True)


class MaskDecoder(nn.Module):
    """Features and prompts -> masks; submodules have the checkpoints' names."""

    def __init__(self, config: EfficientTAMConfig, side: int) -> None:
        super().__init__()
        channels = config.channels
        self.side = side
        self.transformer = TwoWayTransformer(channels, config.hidden)
        self.iou_token = nn.Embedding(1, channels)
        self.mask_tokens = nn.Embedding(_MASKS, channels)
        self.obj_score_token = nn.Embedding(1, channels)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(channels, 2 * _UPSCALED, 2, stride=2),
            ChannelNorm(2 * _UPSCALED),
            nn.GELU(),
            nn.ConvTranspose2d(2 * _UPSCALED, _UPSCALED, 2, stride=2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(
            Mlp((channels, channels, channels, _UPSCALED), F.relu) for _ in range(_MASKS)
        )
        self.iou_prediction_head = Mlp((channels, channels, channels, _MASKS), F.relu)
        self.pred_obj_score_head = Mlp((channels, channels, channels, 1), F.relu)

    def forward(self, features: Tensor, positions: Tensor, prompts: Tensor, bias: Tensor | None = None) -> Decoded:
        """Features [1, C, g, g] with their positions [1, N, C], and prompts [1, P, C].

        `bias` [1, P] is added to the logits of a prompt wherever it is a key: 0, or very negative for one to ignore.
        """
        outputs = torch.cat([self.obj_score_token.weight, self.iou_token.weight, self.mask_tokens.weight])[None]
        if bias is not None:
            bias = torch.cat([bias.new_zeros(1, outputs.shape[1]), bias], dim=1)[:, None, None]
        tokens, image = self.transformer(tokens_of(features), positions, torch.cat([outputs, prompts], dim=1), bias)
        upscaled = self.output_upscaling(map_of(image, self.side))
        mask_tokens = tokens[:, 2 : 2 + _MASKS]
        weights = torch.stack([mlp(mask_tokens[:, i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], dim=1)
        masks = (weights @ upscaled.flatten(2)).reshape(1, _MASKS, *upscaled.shape[2:])
        return Decoded(
            masks, self.iou_prediction_head(tokens[:, 1]).sigmoid(), mask_tokens, self.pred_obj_score_head(tokens[:, 0])
        )
