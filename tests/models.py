"""Reduced models: every kind of block of their family, at sizes that convert in seconds."""

from functools import cache
from typing import Literal

import numpy as np

from exporter.backends.runner import Arrays
from exporter.graphs.capture import Graph
from exporter.graphs.cut import graphs_of
from exporter.media.images import to_input, verification_images
from exporter.models.classifier import Classifier
from exporter.models.efficientformer import EfficientFormer, EfficientFormerConfig
from exporter.models.efficientformer_v2 import EfficientFormerV2, EfficientFormerV2Config
from exporter.models.efficienttam.config import EfficientTAMConfig
from exporter.models.efficienttam.model import EfficientTAM
from exporter.models.mobilevit import MobileViT, MobileViTConfig
from exporter.models.mobilevit_v2 import MobileViTV2, MobileViTV2Config
from exporter.models.weights.loading import seed_weights

NUM_CLASSES = 16

SMALLEST = {
    "efficientformer": "efficientformer_l1",
    "efficientformerv2": "efficientformerv2_s0",
    "mobilevit": "mobilevit_xxs",
    "mobilevitv2": "mobilevitv2_050",
}
"""Family -> its smallest published model."""


def reduced_tracker(pooling: Literal[0, 1, 2] = 2) -> EfficientTAM:
    """A seeded tracker of a narrow trunk at 256 pixels, a size at which its windows are padded."""
    return _seeded_tracker(EfficientTAMConfig(64, 1, image_size=256, pooling=pooling, depth=4, global_blocks=(3,)))


@cache
def tracker_graphs(pooling: Literal[0, 1, 2] = 2) -> tuple[Graph, ...]:
    """The graphs of `reduced_tracker`, which takes ten seconds to capture."""
    return graphs_of(reduced_tracker(pooling))


def small_tracker() -> EfficientTAM:
    """A seeded tracker that converts in seconds: pooled, of one memory layer, of four padded windows at 160 pixels.

    At 128 pixels Core AI 1.0 takes the 32 channels of a mask's features for the 32 rows of its map, or the reverse.
    """
    config = EfficientTAMConfig(
        64, 1, image_size=160, pooling=2, depth=2, global_blocks=(1,), window=6, memory_layers=1
    )
    return _seeded_tracker(config)


def _seeded_tracker(config: EfficientTAMConfig) -> EfficientTAM:
    model = EfficientTAM(config).eval().requires_grad_(False)
    seed_weights(model)
    return model


def reduced(family: str) -> Classifier:
    """A seeded model of a few blocks."""
    model: Classifier
    match family:
        case "efficientformer":
            config = EfficientFormerConfig((16, 24, 32, 48), (1, 1, 1, 2), attention_blocks=1)
            model = EfficientFormer(config, image_size=96, num_classes=NUM_CLASSES)
        case "efficientformerv2":
            v2 = EfficientFormerV2Config((8, 16, 24, 32), ((2,), (2,), (2, 2), (2, 2)), attention_blocks=(0, 0, 1, 1))
            model = EfficientFormerV2(v2, image_size=64, num_classes=NUM_CLASSES)
        case "mobilevit":
            # 96 pixels make the last stage 3x3: an odd size, which is resized to whole patches and back.
            vit = MobileViTConfig((8, 16, 24, 32, 40), (16, 24, 32), 64, expansion=2, layers=(1, 1, 1))
            model = MobileViT(vit, image_size=96, num_classes=NUM_CLASSES)
        case "mobilevitv2":
            vit2 = MobileViTV2Config(16, (16, 24, 32, 48, 64), layers=(1, 1, 1))
            model = MobileViTV2(vit2, image_size=96, num_classes=NUM_CLASSES)
    model.eval()
    seed_weights(model)
    return model


@cache
def classifier_graph(family: str) -> Graph:
    """The graph of a reduced classifier."""
    (graph,) = graphs_of(reduced(family))
    return graph


def classifier_pictures(family: str) -> Arrays:
    """The verification pictures for a reduced classifier [16, 1, 3, S, S]."""
    pixels = verification_images(classifier_graph(family).inputs[0].shape[-1])
    return {"image": np.stack([to_input(picture) for picture in pixels])}
