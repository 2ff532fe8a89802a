"""The models by which estimates on this machine are judged.

The table of kernels is built from the registered classifiers at their own sizes and at further ones
(`exporter/bench/host/plan.py`), and calibrated by these models at their own sizes; no held-out model has one of those
sizes at those widths and depths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from exporter.models.registry import MODELS, create_model

if TYPE_CHECKING:
    from torch import nn

    from exporter.graphs.capture import Graph


@dataclass(frozen=True)
class HostModel:
    """A classifier that is timed here."""

    name: str
    size: int
    build: Callable[[], Any]
    """Makes the network in eval mode."""

    @property
    def label(self) -> str:
        return f"{self.name}-{self.size}"

    def graph(self) -> Graph:
        """With seeded weights."""
        from exporter.graphs.classifier import parts
        from exporter.graphs.cut import captured, graphs_of
        from exporter.models.weights.loading import seed_weights

        network = self.build()
        if self.name.startswith("inverted_residuals"):
            return captured(parts(network, MODELS["mobilevit_s"].family))[0]
        seed_weights(network)
        return graphs_of(network)[0]


def registered(name: str, size: int | None = None) -> HostModel:
    side = size or MODELS[name].image_size
    return HostModel(name, side, lambda: create_model(name, side))


def variant(name: str, family: str, size: int, config: Callable[[Any], Any]) -> HostModel:
    """A model of a family that nobody has published; `config` makes its configuration from the family's module."""

    def build() -> nn.Module:
        from importlib import import_module

        module = import_module(f"exporter.models.{MODELS[family].family.module}")
        architecture = getattr(module, MODELS[family].family.class_name)
        network: nn.Module = architecture(config(module), size, 3, 1000).eval()
        return network

    return HostModel(name, size, build)


def inverted_residuals(name: str, size: int, widths: tuple[int, ...], expansion: int) -> HostModel:
    """Inverted residuals with ReLU6 and depthwise convolutions, two a stage (arXiv 1801.04381)."""

    def build() -> nn.Module:
        import torch
        from torch import Tensor, nn

        from exporter.models.classifier import Classifier

        def layer(
            read: int, written: int, window: int, stride: int = 1, groups: int = 1, act: bool = True
        ) -> nn.Module:
            conv = nn.Conv2d(read, written, window, stride, window // 2, groups=groups, bias=False)
            return nn.Sequential(conv, nn.BatchNorm2d(written), nn.ReLU6() if act else nn.Identity())

        class Block(nn.Module):
            def __init__(self, read: int, written: int, stride: int) -> None:
                super().__init__()
                wide = read * expansion
                self.body = nn.Sequential(
                    layer(read, wide, 1), layer(wide, wide, 3, stride, wide), layer(wide, written, 1, act=False)
                )
                self.same = read == written and stride == 1

            def forward(self, x: Tensor) -> Tensor:
                made: Tensor = self.body(x)
                return x + made if self.same else made

        class InvertedResiduals(Classifier):
            def __init__(self) -> None:
                super().__init__(size, 3, 1000)
                stages: list[nn.Module] = [layer(3, widths[0], 3, 2)]
                for read, written in pairwise(widths):
                    stages += [Block(read, written, 2), Block(written, written, 1)]
                self.stages, self.fc = nn.Sequential(*stages), nn.Linear(widths[-1], 1000)

            def forward_features(self, x: Tensor) -> Tensor:
                made: Tensor = self.stages(x)
                return made

            def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
                pooled: Tensor = x.mean((2, 3))
                return pooled if pre_logits else self.fc(pooled)

        torch.manual_seed(0)
        return InvertedResiduals().eval()

    return HostModel(name, size, build)


HELD_OUT = (
    registered("efficientformer_l1", 160),
    registered("efficientformer_l1", 288),
    registered("efficientformer_l3", 192),
    registered("efficientformerv2_s0", 160),
    registered("efficientformerv2_s1", 192),
    registered("efficientformerv2_s2", 288),
    registered("efficientformerv2_l", 160),
    registered("mobilevit_xxs", 192),
    registered("mobilevit_xs", 224),
    registered("mobilevit_s", 192),
    registered("mobilevit_s", 288),
    registered("mobilevitv2_050", 288),
    registered("mobilevitv2_075", 224),
    registered("mobilevitv2_100", 192),
    registered("mobilevitv2_150", 160),
    variant(
        "efficientformer_narrow", "efficientformer_l1", 224,
        lambda family: family.EfficientFormerConfig((40, 80, 192, 384), (2, 2, 5, 3), 1),
    ),
    variant(
        "efficientformer_wide", "efficientformer_l1", 192,
        lambda family: family.EfficientFormerConfig((56, 112, 256, 480), (3, 3, 8, 4), 2),
    ),
    variant(
        "efficientformerv2_narrow", "efficientformerv2_s0", 224,
        lambda family: family.EfficientFormerV2Config(
            (24, 40, 80, 160), ((4,) * 2, (4,) * 2, (4,) * 5, (4,) * 4), (0, 0, 2, 2)
        ),
    ),
    variant(
        "efficientformerv2_wide", "efficientformerv2_s0", 192,
        lambda family: replace(family.CONFIGS["efficientformerv2_s1"], widths=(40, 56, 128, 256)),
    ),
    variant(
        "mobilevit_narrow", "mobilevit_s", 256,
        lambda family: family.MobileViTConfig((24, 40, 56, 72, 88), (80, 104, 128), 352, expansion=3),
    ),
    variant(
        "mobilevit_deep", "mobilevit_s", 224,
        lambda family: replace(family.CONFIGS["mobilevit_xs"], layers=(3, 5, 4)),
    ),
    variant("mobilevitv2_0625", "mobilevitv2_100", 256, lambda family: family.scaled(0.625)),
    variant("mobilevitv2_1125", "mobilevitv2_100", 192, lambda family: family.scaled(1.125)),
    inverted_residuals("inverted_residuals", 224, (24, 32, 48, 96, 160), 5),
)  # fmt: skip
"""24 models and variants that the table was not built from"""
