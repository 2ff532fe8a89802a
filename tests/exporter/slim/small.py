"""Small parents with every kind of block, and what they take."""

from random import Random

import torch
from torch import Tensor

from exporter.models.efficientformer import EfficientFormerConfig
from exporter.models.efficientformer_v2 import EfficientFormerV2Config
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.mobilevit import MobileViTConfig
from exporter.slim.architecture import Architecture, Space
from exporter.slim.spaces.efficientformer import EfficientFormerSpace
from exporter.slim.spaces.efficientformer_v2 import EfficientFormerV2Space
from exporter.slim.spaces.efficienttam import EfficientTAMSpace
from exporter.slim.spaces.mobilevit import MobileViTSpace

SIZE, CLASSES = 64, 5

V1 = EfficientFormerSpace(EfficientFormerConfig((16, 32, 48, 64), (2, 2, 3, 3), attention_blocks=1), SIZE, CLASSES)
V2 = EfficientFormerV2Space(
    EfficientFormerV2Config((16, 24, 32, 48), ((4, 4), (4, 3), (4, 3, 4), (4, 3, 3)), (0, 0, 2, 2)), SIZE, CLASSES
)
MOBILEVIT = MobileViTSpace(
    MobileViTConfig((24, 32, 40, 48, 64), (48, 64, 80), 96, expansion=2, layers=(2, 3, 2)), SIZE, CLASSES
)
SPACES = {"efficientformer": V1, "efficientformerv2": V2, "mobilevit": MOBILEVIT}

TRACKER = EfficientTAMSpace(
    EfficientTAMConfig(
        width=32, heads=2, image_size=64, pooling=2, depth=3, global_blocks=(0, 2), trunk_hidden=(128, 64, 128),
        window=2, pretrained_grid=4, channels=64, memory_layers=2, hidden=64, memory_hidden=(64, 32),
    ),
    SIZE,
)  # fmt: skip


def pictures(count: int = 2, seed: int = 0) -> Tensor:
    """Normalised [count, 3, S, S]"""
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def walk(space: Space, seed: int = 0) -> list[Architecture]:
    """From the parent down to where no move is left, each time by one at random."""
    random, found = Random(seed), [space.parent]
    while moves := list(space.moves(found[-1])):
        found.append(random.choice(moves)[1])
    return found
