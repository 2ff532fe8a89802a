"""EfficientFormer's supernet (arXiv 2206.01191 §4.2): in each place of a stage pooling, attention and nothing compete.

X' = Σ softmax((α + ε) / τ) · branch(X), with α learned beside the weights and ε drawn anew for each batch: uniform in
0–1, as the paper has it. How τ falls it does not say. Attention turns the map into
tokens and back, so that any branch may follow any other; what is cut out has all attention last (`decoded`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from exporter.models.efficientformer import EfficientFormer, MetaBlock3d
from exporter.models.layers import Stage
from exporter.slim.architecture import Architecture
from exporter.slim.carving import Weights, carved, source_of, tensors_of
from exporter.slim.spaces.efficientformer import EfficientFormerSpace
from exporter.slim.spaces.stages import resolution

WITH_ATTENTION = 2
"""Last stages that may have attention: its cost grows with the square of the tokens (§4.2)"""
HOT, COLD = 5.0, 0.5
"""τ at the beginning and at the end, between which it falls exponentially: ours"""
LEAST = 1e-6
"""Probability of nothing that an importance is divided by at least"""


class MetaPaths(nn.Module):
    """All blocks of a parent, each with the branches that it may be."""

    def __init__(self, space: EfficientFormerSpace) -> None:
        super().__init__()
        self.space = space
        config = space.config
        self.parent = EfficientFormer(
            replace(config, attention_blocks=0), space.image_size, space.in_channels, space.num_classes
        )
        """With pooling everywhere"""
        self.attention = nn.ModuleDict(
            {
                _entry(stage, block): MetaBlock3d(width, resolution(space.image_size, stage), config)
                for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True))
                if stage >= len(config.depths) - WITH_ATTENTION
                for block in range(depth)
            }
        )
        self.alphas = nn.ParameterDict(
            {
                _entry(stage, block): nn.Parameter(torch.zeros(3 if _entry(stage, block) in self.attention else 2))
                for stage, depth in enumerate(config.depths)
                for block in range(depth)
            }
        )
        """(stage, block) -> of nothing, of pooling and, where it may be, of attention"""

    def forward(self, x: Tensor, temperature: float = COLD, noise: torch.Generator | None = None) -> Tensor:
        """Normalised image -> logits; `noise` draws what each α is disturbed by, nothing without."""
        x = self.parent.stem(x)
        for stage, module in enumerate(self.parent.stages):
            assert isinstance(module, Stage)
            x = module.downsample(x)
            for block, pooling in enumerate(module.blocks):
                entry = _entry(stage, block)
                alphas: Tensor = self.alphas[entry]
                disturbed = alphas if noise is None else alphas + torch.rand(alphas.shape, generator=noise).to(x.device)
                x = self._mixed(x, pooling, entry, (disturbed / temperature).softmax(0))
        return self.parent.forward_head(x.flatten(2).transpose(1, 2))

    def _mixed(self, x: Tensor, pooling: nn.Module, entry: str, shares: Tensor) -> Tensor:
        nothing, pooled, *attended = shares
        mixed = nothing * x + pooled * pooling(x)
        for share in attended:
            tokens = self.attention[entry](x.flatten(2).transpose(1, 2))
            mixed = mixed + share * tokens.transpose(1, 2).reshape(x.shape)
        return mixed

    def probabilities(self, stage: int, block: int) -> tuple[float, ...]:
        """Of nothing, of pooling and, where it may be, of attention: softmax of α."""
        return tuple(self.alphas[_entry(stage, block)].detach().softmax(0).tolist())

    def importance(self, stage: int, block: int) -> float:
        """What speaks for a block, against nothing: the ratio of the probabilities (§4.2)."""
        nothing, *others = self.probabilities(stage, block)
        return sum(others) / max(nothing, LEAST)

    def decoded(self) -> Architecture:
        """With every block, each as what has most weight; where slimming begins.

        Of the last stage so many blocks have attention as prefer it, and stand last: a network turns its maps into
        tokens once. In the stage before none can.
        """
        last = len(self.space.config.depths) - 1
        shares = [self.probabilities(last, block) for block in range(self.space.config.depths[last])]
        attending = sum(attention > pooling for _, pooling, attention in shares)
        return replace(self.space.parent, config=replace(self.space.config, attention_blocks=attending))

    def weights(self, architecture: Architecture) -> Weights:
        return carved(self.space, architecture, self.tensors())

    @torch.no_grad()
    def inherit(self, parent: Weights) -> None:
        """Take the weights of a trained parent, for each of its blocks in the branch that it is."""
        origins, own = self.space.origins(self.space.parent), self.tensors()
        for key, value in parent.items():
            own[source_of(key, origins)].copy_(value)

    def tensors(self) -> Mapping[str, Tensor]:
        """All weights, by the names that the space knows."""
        attending = (
            (f"stages.{entry.replace('_', '.attention.')}.{key}", value)
            for entry, block in self.attention.items()
            for key, value in tensors_of(block).items()
        )
        return {**tensors_of(self.parent), **dict(attending)}


def temperature(share: float) -> float:
    """τ when a share of the training is done."""
    return float(HOT * (COLD / HOT) ** share)


def _entry(stage: int, block: int) -> str:
    return f"{stage}_{block}"
